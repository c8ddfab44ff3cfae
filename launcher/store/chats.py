"""Chats on the disk: one SQLite file, one writer. Nothing is deleted before the undo has passed; a damaged file is kept and salvaged."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from launcher.chat.conversation import Conversation, ConversationEntry, Message, MessageState, Role, Summary
from launcher.core.codec import from_json, to_json
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import Timings
from launcher.core.words import joined, say
from launcher.store import database
from launcher.store.search import Search

_log = logging.getLogger(__name__)

# Script number i leads from version i to i + 1. Never change one that was released; add another.
MIGRATIONS: tuple[str, ...] = (
    """
CREATE TABLE chats (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, created_at REAL NOT NULL,
    updated_at REAL NOT NULL, leaf_id TEXT
);
CREATE TABLE messages (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    parent_id TEXT, role TEXT NOT NULL, text TEXT NOT NULL, reasoning TEXT NOT NULL DEFAULT '', state TEXT NOT NULL,
    model TEXT NOT NULL DEFAULT '', quant TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL, timings TEXT
);
CREATE INDEX messages_of_chat ON messages(chat_id, n);
""",
    # Deleting can be undone.
    "ALTER TABLE chats ADD COLUMN deleted_at REAL; CREATE INDEX chats_by_date ON chats(deleted_at, updated_at);",
    # What is sent of a chat that is longer than the context. `until_id` is no foreign key: a salvaged file may lack the message.
    """
ALTER TABLE chats ADD COLUMN cut_id TEXT;
CREATE TABLE summaries (
    n INTEGER PRIMARY KEY, chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE, until_id TEXT NOT NULL,
    text TEXT NOT NULL, n_messages INTEGER NOT NULL, model TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL,
    UNIQUE (chat_id, until_id)
);
""",
)
# Less than the second between two saves of the window, or one that comes a moment early would be lost.
STREAMING_SAVE_SECONDS = 0.5
_CHAT_COLUMNS = "id, title, created_at, updated_at, leaf_id, cut_id"
_SUMMARY_COLUMNS = "until_id, text, n_messages, model, created_at"


class ChatStore:
    """All chats. Make it in the thread that uses it and close it there.

    Attributes:
        notice: what happened to a damaged file, for the user to read once; None normally.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Open or create the file; a damaged one is set aside and what it still holds is taken over.

        Raises:
            UserError: the file cannot be opened, or a newer program wrote it.
        """
        self.notice: UserError | None = None
        self._clock, self._monotonic = clock, monotonic
        self._saved_at: dict[str, float] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = database.connect(path, MIGRATIONS)
        except sqlite3.DatabaseError as error:
            self._db = self._salvage(path, error)
        self._search = Search(self._db)
        # The program ended in the middle of an answer: what was saved of it is what there is.
        self._db.execute(
            "UPDATE messages SET state = ? WHERE state = ?", (MessageState.STOPPED, MessageState.STREAMING)
        )

    def close(self) -> None:
        """Forget chats deleted in this run and close the file."""
        self.purge_deleted()
        self._db.close()

    def create(self, conversation: Conversation) -> None:
        """Add a chat with the messages it has."""
        with database.transaction(self._db):
            self._insert_chat(conversation)
            for message in conversation.messages:
                self._put_message(conversation.id, message)
            for summary in conversation.summaries:
                self._put_summary(conversation.id, summary)

    def list(self, limit: int | None = None) -> tuple[ConversationEntry, ...]:
        """All chats, the last used first."""
        rows = self._db.execute(
            "SELECT id, title, updated_at FROM chats WHERE deleted_at IS NULL ORDER BY updated_at DESC, n DESC LIMIT ?",
            (-1 if limit is None else limit,),
        )
        return tuple(ConversationEntry(r["id"], r["title"], r["updated_at"]) for r in rows)

    def load(self, chat_id: str) -> Conversation | None:
        """A chat with all its messages; None when there is none (or it was deleted)."""
        row = self._db.execute(
            f"SELECT {_CHAT_COLUMNS} FROM chats WHERE id = ? AND deleted_at IS NULL",  # noqa: S608 - a constant
            (chat_id,),
        ).fetchone()
        if row is None:
            return None
        messages = self._db.execute("SELECT * FROM messages WHERE chat_id = ? ORDER BY n", (chat_id,))
        summaries = self._db.execute(
            f"SELECT {_SUMMARY_COLUMNS} FROM summaries WHERE chat_id = ? ORDER BY n",  # noqa: S608 - a constant
            (chat_id,),
        )
        return Conversation(
            **dict(row),
            messages=tuple(_message(m) for m in messages),
            summaries=tuple(_summary(s) for s in summaries),
        )

    def rename(self, chat_id: str, title: str) -> None:
        """Give a chat another title; its place in the list stays."""
        self._db.execute("UPDATE chats SET title = ? WHERE id = ?", (title, chat_id))

    def delete(self, chat_id: str) -> None:
        """Hide a chat. `restore` brings it back until `purge_deleted`."""
        self._db.execute("UPDATE chats SET deleted_at = ? WHERE id = ?", (self._clock(), chat_id))

    def restore(self, chat_id: str) -> None:
        """Undo `delete`."""
        self._db.execute("UPDATE chats SET deleted_at = NULL WHERE id = ?", (chat_id,))

    def purge_deleted(self) -> int:
        """Remove the hidden chats for good; returns how many."""
        with database.transaction(self._db):
            gone = self._db.execute("SELECT id FROM chats WHERE deleted_at IS NOT NULL").fetchall()
            for row in gone:
                self._search.forget_chat(row["id"])
                self._db.execute("DELETE FROM chats WHERE id = ?", (row["id"],))
        return len(gone)

    def ids(self) -> frozenset[str]:
        """Of all chats, hidden ones included."""
        return frozenset(row["id"] for row in self._db.execute("SELECT id FROM chats"))

    def save_message(self, chat_id: str, message: Message, makes_leaf: bool = True) -> bool:
        """Add or replace a message.

        A streaming answer is written at most twice per second; every other state at once.

        Args:
            chat_id: an existing chat.
            message: its newest value.
            makes_leaf: the open branch ends with it from now on.

        Returns:
            Whether it was written.
        """
        if message.state is MessageState.STREAMING:
            last = self._saved_at.get(message.id)
            if last is not None and self._monotonic() - last < STREAMING_SAVE_SECONDS:
                return False
            self._saved_at[message.id] = self._monotonic()
        else:
            self._saved_at.pop(message.id, None)
        with database.transaction(self._db):
            self._put_message(chat_id, message)
            if makes_leaf:
                self._db.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (message.id, chat_id))
            self._db.execute("UPDATE chats SET updated_at = ? WHERE id = ?", (self._clock(), chat_id))
        return True

    def set_leaf(self, chat_id: str, message_id: str | None) -> None:
        """Remember which branch is open."""
        self._db.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (message_id, chat_id))

    def save_cut(self, chat_id: str, message_id: str | None, summary: Summary | None = None) -> None:
        """Remember which message is the oldest that is sent, and the summary of what lies before it."""
        with database.transaction(self._db):
            self._db.execute("UPDATE chats SET cut_id = ? WHERE id = ?", (message_id, chat_id))
            if summary is not None:
                self._put_summary(chat_id, summary)

    def search(self, words: str, limit: int = 50) -> tuple[ConversationEntry, ...]:
        """Chats in which every word occurs in the title or in one message, the last used first; one hit per chat."""
        return self._search.find(words, limit)

    def _insert_chat(self, chat: Conversation) -> None:
        values = (chat.id, chat.title, chat.created_at, chat.updated_at, chat.leaf_id, chat.cut_id)
        self._db.execute(f"INSERT INTO chats ({_CHAT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608 - a constant

    def _put_message(self, chat_id: str, m: Message) -> None:
        timings = None if m.timings is None else json.dumps(to_json(m.timings))
        row = self._db.execute(
            "INSERT INTO messages (id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET parent_id = excluded.parent_id,"
            " text = excluded.text, reasoning = excluded.reasoning, state = excluded.state, model = excluded.model,"
            " quant = excluded.quant, timings = excluded.timings RETURNING n",
            (m.id, chat_id, m.parent_id, m.role, _storable(m.text), _storable(m.reasoning), m.state, m.model, m.quant, m.created_at, timings),
        ).fetchone()  # fmt: skip
        if m.state is not MessageState.STREAMING:
            self._search.put(row["n"], _storable(m.text))

    def _put_summary(self, chat_id: str, s: Summary) -> None:
        # One that was written again replaces the old one, and is the newest.
        self._db.execute(
            f"INSERT OR REPLACE INTO summaries (chat_id, {_SUMMARY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            (chat_id, s.until_id, _storable(s.text), s.n_messages, s.model, s.created_at),
        )

    def _salvage(self, path: Path, error: sqlite3.DatabaseError) -> sqlite3.Connection:
        kept = database.set_aside(path)
        _log.warning("The chats file is damaged (%s); kept as %s", error, kept)
        chats = database.readable_rows(kept, "chats", "n")
        messages = database.readable_rows(kept, "messages", "n")
        summaries = database.readable_rows(kept, "summaries", "n")
        self._db = database.connect(path, MIGRATIONS)
        self._search = Search(self._db)
        saved, lost = 0, 0
        with database.transaction(self._db):
            known = set[str]()
            for row in chats:
                try:
                    self._insert_chat(
                        Conversation(row["id"], row["title"], row["created_at"], row["updated_at"], (), row["leaf_id"])
                    )
                except (sqlite3.IntegrityError, IndexError):
                    lost += 1
                else:
                    known.add(row["id"])
            for row in messages:
                try:
                    self._adopt(row, known)
                except (sqlite3.IntegrityError, IndexError, ValueError):
                    lost += 1
                else:
                    saved += 1
            # A lost one is written again when it is needed: not counted.
            for row in summaries:
                if row["chat_id"] in known:
                    self._put_summary(row["chat_id"], _summary(row))
        self.notice = _damaged(kept, len(known), saved, lost)
        return self._db

    def _adopt(self, row: sqlite3.Row, known: set[str]) -> None:
        """Take over a salvaged message; a chat whose own row is lost gets a new one."""
        message = _message(row)
        chat_id: str = row["chat_id"]
        if chat_id not in known:
            stamp = message.created_at
            self._insert_chat(Conversation(chat_id, "", stamp, stamp, (), message.id))
            known.add(chat_id)
        self._put_message(chat_id, message)


def _storable(text: str) -> str:
    """Half a surrogate pair cannot be written as UTF-8; a model that was stopped inside a character may leave one."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _message(row: sqlite3.Row) -> Message:
    timings = None
    if row["timings"]:
        try:
            timings = from_json(Timings, json.loads(row["timings"]))
        except ValueError as error:
            _log.warning("The figures of message %s cannot be read: %s", row["id"], error)
    return Message(
        id=row["id"],
        role=Role(row["role"]),
        text=row["text"],
        parent_id=row["parent_id"],
        created_at=row["created_at"],
        reasoning=row["reasoning"],
        state=MessageState(row["state"]),
        model=row["model"],
        quant=row["quant"],
        timings=timings,
    )


def _summary(row: sqlite3.Row) -> Summary:
    return Summary(row["until_id"], row["text"], row["n_messages"], row["model"], row["created_at"])


def _damaged(kept: Path, chats: int, messages: int, lost: int) -> UserError:
    return UserError(
        "chats_damaged",
        "The file with your chats was damaged.",
        joined(
            say(
                "{chats} chats with {messages} messages were read from it and are here.", chats=chats, messages=messages
            ),
            say("{n} entries could not be read.", n=lost) if lost else "",
            say("The damaged file is kept as {name}.", name=kept.name),
        ),
        (NextStep("Show the file", "open_folder", str(kept.parent)),),
    )
