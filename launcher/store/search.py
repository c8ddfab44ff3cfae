"""Full-text search over chats: FTS5 with trigrams where SQLite has it, LIKE where it has not and for short words."""

from __future__ import annotations

import logging
import re
import sqlite3

from launcher.chat.conversation import ConversationEntry

_log = logging.getLogger(__name__)
# Trigrams find any part of a word, also in Chinese, which has no spaces; shorter words need LIKE.
_SHORTEST_INDEXED = 3
_SNIPPET_BEFORE, _SNIPPET_AFTER = 30, 90


class Search:
    """The index of one chat database; its rows share their number with the messages."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Create the index if it is missing and fill it from the messages."""
        self._db = db
        self.has_index = True
        exists = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'search'").fetchone()
        try:
            if exists:
                db.execute("SELECT 1 FROM search LIMIT 1").fetchone()
            else:
                db.execute("CREATE VIRTUAL TABLE search USING fts5(text, tokenize='trigram')")
        except sqlite3.OperationalError as error:
            # Not an index file of ours: SQLite was built without FTS5 or without trigrams.
            _log.info("Search works without an index: %s", error)
            self.has_index = False
            return
        # Also after the file was used with an SQLite that has no FTS5.
        db.execute(
            "INSERT INTO search(rowid, text) SELECT n, text FROM messages WHERE n NOT IN (SELECT rowid FROM search)"
        )

    def put(self, n: int, text: str) -> None:
        """Index message number n."""
        if self.has_index:
            self._db.execute("DELETE FROM search WHERE rowid = ?", (n,))
            self._db.execute("INSERT INTO search(rowid, text) VALUES (?, ?)", (n, text))

    def forget_chat(self, chat_id: str) -> None:
        """Drop a chat's messages from the index, before they are deleted."""
        if self.has_index:
            self._db.execute("DELETE FROM search WHERE rowid IN (SELECT n FROM messages WHERE chat_id = ?)", (chat_id,))

    def find(self, words: str, limit: int) -> tuple[ConversationEntry, ...]:
        """One entry per chat in which all words occur, the last used first."""
        terms = words.split()
        if not terms:
            return ()
        in_titles = " AND ".join(["c.title LIKE ? ESCAPE '\\'"] * len(terms))
        in_messages, values = self._message_condition(terms)
        # Every piece put in is a constant of this file; the words travel as parameters.
        rows = self._db.execute(
            "SELECT c.id, c.title, c.updated_at, max(m.n) AS n, m.id AS message_id, m.text AS text FROM chats c"  # noqa: S608
            f" LEFT JOIN messages m ON m.chat_id = c.id AND {in_messages}"
            f" WHERE c.deleted_at IS NULL AND (m.n IS NOT NULL OR ({in_titles}))"
            " GROUP BY c.id ORDER BY c.updated_at DESC LIMIT ?",
            (*values, *(_like(t) for t in terms), limit),
        )
        return tuple(
            ConversationEntry(r["id"], r["title"], r["updated_at"], _snippet(r["text"] or "", terms), r["message_id"])
            for r in rows
        )

    def _message_condition(self, terms: list[str]) -> tuple[str, list[str]]:
        conditions: list[str] = []
        values: list[str] = []
        indexed = [t for t in terms if self.has_index and len(t) >= _SHORTEST_INDEXED]
        if indexed:
            conditions.append("m.n IN (SELECT rowid FROM search WHERE search MATCH ?)")
            values.append(" AND ".join('"' + t.replace('"', '""') + '"' for t in indexed))
        for term in terms:
            if term not in indexed:
                conditions.append("m.text LIKE ? ESCAPE '\\'")
                values.append(_like(term))
        return " AND ".join(conditions), values


def _like(term: str) -> str:
    return "%" + re.sub(r"([\\%_])", r"\\\1", term) + "%"


def _snippet(text: str, terms: list[str]) -> str:
    """The text around the first hit, on one line."""
    if not text:
        return ""
    match = re.search("|".join(re.escape(t) for t in terms), text, re.IGNORECASE)
    at = match.start() if match else 0
    begin = max(0, at - _SNIPPET_BEFORE)
    piece = " ".join(text[begin : at + _SNIPPET_AFTER].split())
    return ("…" if begin else "") + piece + ("…" if at + _SNIPPET_AFTER < len(text) else "")
