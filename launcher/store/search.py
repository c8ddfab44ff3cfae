"""Full-text search over chats: an FTS5 index of trigrams, which finds any part of a word in any language."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from heapq import merge
from typing import Any

from launcher.chat.conversation import Role, SearchHit
from launcher.chat.finding import Words

_log = logging.getLogger(__name__)

# The index keeps no text and no positions (a sixth of the usual size): what it names is read again in `messages`. Two line ends
# after each text make a trigram begin at every character, so that words of one or two (most Chinese words) are found too.
_TABLE = "text_index"
_INDEX = (
    f"CREATE VIRTUAL TABLE {_TABLE} USING fts5(text, reasoning, files, content='', tokenize='trigram', detail=none)"
)
_EARLIER = ("search", "message_index")
_PAD = "char(10, 10)"
_FILES = "file_texts"


def _values(row: str) -> str:
    """What the index gets of a row. A later version that makes other words of the same row needs an index of another name."""
    return f"{row}n, {row}text || {_PAD}, {row}reasoning || {_PAD}, {_FILES}({row}attachments)"


# A row that is not in the index yet must not be taken out of it: FTS5 would count wrongly from then on.
_IS_INDEXED = f"old.n IN (SELECT id FROM main.{_TABLE}_docsize)"  # noqa: S608 - constants
_REMOVE = (
    f"INSERT INTO {_TABLE} ({_TABLE}, rowid, text, reasoning, files) SELECT 'delete', {_values('old.')}"
    f" WHERE old.state <> 'streaming' AND {_IS_INDEXED};"
)
_ADD = f"INSERT INTO {_TABLE} (rowid, text, reasoning, files) SELECT {_values('new.')} WHERE new.state <> 'streaming';"
# Triggers of this connection, not of the file: an SQLite without FTS5 must be able to write it.
_TRIGGERS = f"""
CREATE TEMP TRIGGER message_added AFTER INSERT ON main.messages BEGIN {_ADD} END;
CREATE TEMP TRIGGER message_gone AFTER DELETE ON main.messages BEGIN {_REMOVE} END;
CREATE TEMP TRIGGER message_changed AFTER UPDATE OF text, reasoning, state, attachments ON main.messages
WHEN (old.text, old.reasoning, old.attachments, old.state = 'streaming')
    IS NOT (new.text, new.reasoning, new.attachments, new.state = 'streaming')
BEGIN {_REMOVE} {_ADD} END;
CREATE VIRTUAL TABLE temp.index_terms USING fts5vocab('main', '{_TABLE}', 'row');
"""
_TRIGRAM = 3
# So many trigrams begin with a short word that is common; its newest places are found faster by reading.
_MOST_TERMS = 1000
_LAST_CHARACTER = "\U0010ffff"
# One statement takes the texts of so many messages, so that nothing else waits long.
FILL_MESSAGES = 100
_READ_MESSAGES = 500
_COLUMNS = "m.n, m.id, m.chat_id, m.role, m.text, m.reasoning, m.attachments"


class Search:
    """The index of one chats file; its rows share their number with the messages."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Create the index if it is missing, and keep it up to date from now on; `fill` adds what it lacks, block by block."""
        self._db = db
        self._missing: list[int] = []  # numbers of messages that are not in the index yet, the newest last
        self._earlier: list[str] = []
        self.has_index = True
        db.create_function(_FILES, 1, _file_texts, deterministic=True)
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
        db.execute(f"DELETE FROM sqlite_master WHERE name = '{_TABLE}'")  # noqa: S608 - a constant
        db.execute("PRAGMA writable_schema = RESET")
        for part in ("data", "idx", "docsize", "config"):
            db.execute(f"DROP TABLE IF EXISTS {_TABLE}_{part}")
        self._open()

    def fill(self) -> bool:
        """Put the newest messages that the index lacks into it, one block of them; returns whether it lacks more.

        Until all are in, those outside are found by reading them.

        Raises:
            sqlite3.DatabaseError: the disk is full, or the file is damaged.
        """
        if not self.has_index:
            return False
        if self._earlier:
            # Dropping a large table takes a moment too.
            with suppress(sqlite3.OperationalError):
                self._db.execute(f"DROP TABLE IF EXISTS {self._earlier[-1]}")
            self._earlier.pop()
            return True
        block = self._missing[-FILL_MESSAGES:]
        if block:
            # One that was changed meanwhile is in already.
            self._db.execute(
                f"INSERT INTO {_TABLE} (rowid, text, reasoning, files) SELECT {_values('')} FROM messages"  # noqa: S608 - constants
                f" WHERE n IN ({_numbers(block)}) AND state <> 'streaming' AND n NOT IN (SELECT id FROM {_TABLE}_docsize)"
            )
            del self._missing[-len(block) :]
        return bool(self._missing)

    def hits(self, words: Words) -> Iterator[tuple[str, SearchHit]]:
        """Chat ids and the messages in which every word occurs, the newest first; none of what is deleted."""
        wish = self._wishes(words)
        places = [] if wish is None else [self._read_all(wish)]
        if wish != "" and self._missing:
            places.append(self._read_missing())
        for row in merge(*places, key=lambda r: -r["n"]):
            files = _file_texts(row["attachments"])
            if words.are_in(row["text"], row["reasoning"], files):
                yield row["chat_id"], _hit(row, words)

    def _read_all(self, wish: str) -> Iterator[sqlite3.Row]:
        # Crossed, so that SQLite goes through them from the newest on and stops where the reader has enough.
        source = f"{_TABLE} i CROSS JOIN messages m ON m.n = i.rowid" if wish else "messages m"
        yield from self._db.execute(
            f"SELECT {_COLUMNS} FROM {source} CROSS JOIN chats c ON c.id = m.chat_id"  # noqa: S608 - constants
            f" WHERE {f'i.{_TABLE} MATCH ? AND' if wish else ''} m.deleted_at IS NULL AND c.deleted_at IS NULL"
            f" ORDER BY {'i.rowid' if wish else 'm.n'} DESC",
            (wish,) if wish else (),
        )

    def _read_missing(self) -> Iterator[sqlite3.Row]:
        """What the index lacks, the newest first; of what came into it meanwhile nothing, it would be told twice."""
        for end in range(len(self._missing), 0, -_READ_MESSAGES):
            yield from self._db.execute(
                f"SELECT {_COLUMNS} FROM messages m CROSS JOIN chats c ON c.id = m.chat_id"  # noqa: S608 - constants
                f" WHERE m.n IN ({_numbers(self._missing[max(0, end - _READ_MESSAGES) : end])})"
                f" AND m.n NOT IN (SELECT id FROM {_TABLE}_docsize)"
                " AND m.deleted_at IS NULL AND c.deleted_at IS NULL ORDER BY m.n DESC"
            )

    def _open(self) -> None:
        db = self._db
        names = {row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self._earlier = [name for name in _EARLIER if name in names]
        if _TABLE not in names:
            db.execute(_INDEX)
        db.executescript(_TRIGGERS)
        db.execute(f"SELECT rowid FROM {_TABLE} WHERE {_TABLE} MATCH '\"any\"' LIMIT 1").fetchone()  # noqa: S608 - is it sound?
        # Everything the first time; later what was written with an SQLite that has no FTS5. Asked of an index, so that not every
        # text is read at every start.
        missing = db.execute(
            "SELECT n FROM messages INDEXED BY messages_of_chat"  # noqa: S608 - constants
            f" WHERE n NOT IN (SELECT id FROM {_TABLE}_docsize)"
        )
        self._missing = sorted(row["n"] for row in missing)

    def _wishes(self, words: Words) -> str | None:
        """All words in the index's language; "" when it cannot help and all messages are read, None when it has no hit."""
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
    for name, text in _files(row["attachments"]):
        found = words.snippet(text) or words.snippet(name)
        if found is not None:
            return SearchHit(row["id"], Role(row["role"]), *found, file_name=name)
    raise AssertionError("the words are in one of them")


def _files(attachments: str | None) -> list[tuple[str, str]]:
    """Names and texts of the files of a message; none of what is damaged."""
    if not attachments:
        return []
    try:
        found: Any = json.loads(attachments)
        return [(str(file["name"]), str(file["text"])) for file in found]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def _file_texts(attachments: str | None) -> str:
    """What the index gets of the files of a message; also asked by SQLite."""
    return "".join(f"{name}\n{text}\n\n" for name, text in _files(attachments))


def _numbers(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'
