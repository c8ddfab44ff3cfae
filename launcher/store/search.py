"""Full-text search over chats: an FTS5 index of trigrams, which finds any part of a word in any language."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress

from launcher.chat.conversation import Role, SearchHit

_log = logging.getLogger(__name__)

# The index keeps no text and no positions (a sixth of the usual size): what it names is read again in `messages`. Two line ends
# after each text make a trigram begin at every character, so that words of one or two (most Chinese words) are found too.
_INDEX = "CREATE VIRTUAL TABLE message_index USING fts5(text, reasoning, content='', tokenize='trigram', detail=none)"
_PAD = "char(10, 10)"
_OLD = f"'delete', old.n, old.text || {_PAD}, old.reasoning || {_PAD}"
_NEW = f"new.n, new.text || {_PAD}, new.reasoning || {_PAD}"
_REMOVE = (
    f"INSERT INTO message_index (message_index, rowid, text, reasoning) SELECT {_OLD} WHERE old.state <> 'streaming';"
)
_ADD = f"INSERT INTO message_index (rowid, text, reasoning) SELECT {_NEW} WHERE new.state <> 'streaming';"
# Triggers of this connection, not of the file: an SQLite without FTS5 must be able to write it.
_TRIGGERS = f"""
CREATE TEMP TRIGGER message_added AFTER INSERT ON main.messages BEGIN {_ADD} END;
CREATE TEMP TRIGGER message_gone AFTER DELETE ON main.messages BEGIN {_REMOVE} END;
CREATE TEMP TRIGGER message_changed AFTER UPDATE OF text, reasoning, state ON main.messages
WHEN (old.text, old.reasoning, old.state = 'streaming') IS NOT (new.text, new.reasoning, new.state = 'streaming')
BEGIN {_REMOVE} {_ADD} END;
CREATE VIRTUAL TABLE temp.index_terms USING fts5vocab('main', 'message_index', 'row');
"""
_TRIGRAM = 3
# So many trigrams begin with a short word that is common; its newest places are found faster by reading.
_MOST_TERMS = 1000
_LAST_CHARACTER = "\U0010ffff"
_SNIPPET_BEFORE, _SNIPPET_AFTER = 30, 90
_PHRASES = re.compile(r'"([^"]+)"|(\S+)')


class Words:
    """What is searched for: words that must all occur; a phrase in quotation marks is one of them. Case does not matter."""

    def __init__(self, text: str) -> None:
        found = (" ".join((phrase or word).split()) for phrase, word in _PHRASES.findall(text))
        self.all = tuple(dict.fromkeys(w for w in found if w.strip('"')))
        self._patterns = [re.compile(_pattern(w), re.IGNORECASE) for w in self.all]
        self._any = re.compile("|".join(_pattern(w) for w in sorted(self.all, key=len, reverse=True)), re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self.all)

    def are_in(self, *texts: str) -> bool:
        """Whether every word occurs in one of the texts."""
        return bool(self.all) and all(any(p.search(t) for t in texts) for p in self._patterns)

    def snippet(self, text: str) -> tuple[str, tuple[tuple[int, int], ...]] | None:
        """The text around the first hit on one line, and (start, end) of the hits in it; None without a hit."""
        first = self._any.search(text)
        if first is None:
            return None
        begin, end = max(0, first.start() - _SNIPPET_BEFORE), max(first.end(), first.start() + _SNIPPET_AFTER)
        piece = ("…" if begin else "") + " ".join(text[begin:end].split()) + ("…" if end < len(text) else "")
        return piece, tuple(m.span() for m in self._any.finditer(piece))


class Search:
    """The index of one chats file; its rows share their number with the messages."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Create the index if it is missing, fill it with what it lacks, and keep it up to date from now on."""
        self._db = db
        self.has_index = True
        try:
            self._open()
        except sqlite3.OperationalError as error:
            # SQLite was built without FTS5 or without trigrams: everything is found, more slowly.
            _log.info("Search works without an index: %s", error)
            self.has_index = False
        except sqlite3.DatabaseError as error:
            self.rebuild()
            _log.warning("The search index was damaged and is made anew: %s", error)

    def rebuild(self) -> None:
        """Make the index anew, because it is damaged.

        Raises:
            sqlite3.DatabaseError: the messages are damaged too.
        """
        db = self._db
        db.execute("DROP TABLE IF EXISTS temp.index_terms")
        for name in ("message_added", "message_gone", "message_changed"):
            db.execute(f"DROP TRIGGER IF EXISTS temp.{name}")
        # Dropped as the plain tables it consists of: FTS5 may refuse to touch what it cannot read.
        db.execute("PRAGMA writable_schema = ON")
        db.execute("DELETE FROM sqlite_master WHERE name = 'message_index'")
        db.execute("PRAGMA writable_schema = RESET")
        for part in ("data", "idx", "docsize", "config"):
            db.execute(f"DROP TABLE IF EXISTS message_index_{part}")
        self._open()

    def hits(self, words: Words) -> Iterator[tuple[str, SearchHit]]:
        """Chat ids and the messages in which every word occurs, the newest first; none of what is deleted."""
        wish = self._wishes(words)
        if wish is None:
            return
        # Crossed, so that SQLite goes through them from the newest on and stops where the reader has enough.
        narrowed = "message_index i CROSS JOIN messages m ON m.n = i.rowid" if wish else "messages m"
        rows = self._db.execute(
            f"SELECT m.n, m.id, m.chat_id, m.role, m.text, m.reasoning FROM {narrowed} CROSS JOIN chats c ON c.id = m.chat_id"  # noqa: S608
            f" WHERE {'i.message_index MATCH ? AND' if wish else ''} m.deleted_at IS NULL AND c.deleted_at IS NULL"
            f" ORDER BY {'i.rowid' if wish else 'm.n'} DESC",
            (wish,) if wish else (),
        )
        for row in rows:
            if words.are_in(row["text"], row["reasoning"]):
                yield row["chat_id"], _hit(row, words)

    def _open(self) -> None:
        db = self._db
        with suppress(sqlite3.OperationalError):
            db.execute("DROP TABLE IF EXISTS search")  # of earlier versions: the texts once more, without the thoughts
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'message_index'").fetchone():
            db.execute(_INDEX)
        db.executescript(_TRIGGERS)
        # Also after the file was used with an SQLite that has no FTS5.
        db.execute(
            "INSERT INTO message_index (rowid, text, reasoning)"  # noqa: S608 - constants
            f" SELECT n, text || {_PAD}, reasoning || {_PAD} FROM messages WHERE state <> 'streaming' AND n IN ("
            # Asked of an index, so that not every text is read at every start.
            "SELECT n FROM messages INDEXED BY messages_of_chat WHERE n NOT IN (SELECT id FROM message_index_docsize))"
        )

    def _wishes(self, words: Words) -> str | None:
        """All words in the index's language; "" when it cannot help and all messages are read, None when there is no hit."""
        wishes = [self._wish(part) for word in words.all for part in word.lower().split()] if self.has_index else []
        return None if None in wishes else " AND ".join(w for w in wishes if w)

    def _wish(self, word: str) -> str | None:
        """The word in the index's language; "" when reading is as good, None when it is nowhere."""
        if len(word) >= _TRIGRAM:
            return " AND ".join(_quoted(word[i : i + _TRIGRAM]) for i in range(len(word) - _TRIGRAM + 1))
        if len(word) == 1 and word.isascii():
            return ""  # more trigrams than it is worth to count
        rows = self._db.execute(
            "SELECT term FROM temp.index_terms WHERE term >= ? AND term < ? LIMIT ?",
            (word, word + _LAST_CHARACTER, _MOST_TERMS + 1),
        ).fetchall()
        if len(rows) > _MOST_TERMS:
            return ""
        return "(" + " OR ".join(_quoted(r["term"]) for r in rows) + ")" if rows else None


def _hit(row: sqlite3.Row, words: Words) -> SearchHit:
    for text, is_reasoning in ((row["text"], False), (row["reasoning"], True)):
        found = words.snippet(text)
        if found is not None:
            return SearchHit(row["id"], Role(row["role"]), *found, is_reasoning=is_reasoning)
    raise AssertionError("the words are in one of the two")


def _pattern(word: str) -> str:
    return r"\s+".join(re.escape(part) for part in word.split())


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'
