"""The tables of the chats file, version by version, and what its rows mean."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from launcher.chat.attachments import Attachment
from launcher.chat.chat_settings import ChatSettings
from launcher.chat.conversation import Conversation, Folder, Message, MessageState, Role, Summary
from launcher.core.codec import from_json, to_json
from launcher.core.generation import Timings

_log = logging.getLogger(__name__)
T = TypeVar("T")

# Script number i leads from version i to i + 1. Never change one that was released; add another, and a file of that version
# to tests/unit/chat_files.
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
    # Pins, folders, own titles; messages that can be deleted and edited; `pieces` is what a growing answer got since its row was
    # written. The former index of texts only is dropped by `Search`, which knows whether this SQLite can.
    """
ALTER TABLE chats ADD COLUMN is_named INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chats ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chats ADD COLUMN folder_id TEXT;
ALTER TABLE messages ADD COLUMN is_edited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN deleted_at REAL;
CREATE TABLE folders (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, is_folded INTEGER NOT NULL DEFAULT 0, deleted_at REAL
);
CREATE TABLE pieces (
    n INTEGER PRIMARY KEY, message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
    text TEXT NOT NULL, reasoning TEXT NOT NULL
);
CREATE INDEX pieces_of_message ON pieces(message_id, n);
CREATE INDEX growing_messages ON messages(chat_id) WHERE state = 'streaming';
""",
    # Texts of files that go with a message, and what a chat wants of its answers; both JSON.
    "ALTER TABLE messages ADD COLUMN attachments TEXT; ALTER TABLE chats ADD COLUMN settings TEXT;",
)
TABLES = ("folders", "chats", "messages", "pieces", "summaries")
"""Parents before those who refer to them."""

SAVE_SUMMARY = "INSERT OR REPLACE INTO summaries (chat_id, until_id, text, n_messages, model, created_at) VALUES (?, ?, ?, ?, ?, ?)"
SAVE_MESSAGE = (
    "INSERT INTO messages (id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings, is_edited,"
    " attachments) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET parent_id = excluded.parent_id,"
    " text = excluded.text, reasoning = excluded.reasoning, state = excluded.state, model = excluded.model,"
    " quant = excluded.quant, timings = excluded.timings, is_edited = excluded.is_edited,"
    " attachments = excluded.attachments"
)


def storable(text: str) -> str:
    """Half a surrogate pair cannot be written as UTF-8; a model that was stopped inside a character may leave one."""
    return text.encode("utf-8", "replace").decode("utf-8")


def message_values(chat_id: str, m: Message) -> tuple[object, ...]:
    """For `SAVE_MESSAGE`."""
    timings = None if m.timings is None else timings_value(m.timings)
    attachments = json.dumps(to_json(m.attachments)) if m.attachments else None
    return (
        m.id, chat_id, m.parent_id, m.role, storable(m.text), storable(m.reasoning), m.state, m.model, m.quant, m.created_at, timings,
        m.is_edited, attachments,
    )  # fmt: skip


def timings_value(timings: Timings) -> str:
    """For the column `timings`. New figures need no migration: what an older row lacks takes its default."""
    return json.dumps(to_json(timings))


def summary_values(chat_id: str, s: Summary) -> tuple[object, ...]:
    """For `SAVE_SUMMARY`. One that was written again replaces the old one, and is the newest."""
    return chat_id, s.until_id, storable(s.text), s.n_messages, s.model, s.created_at


CHAT_COLUMNS = "id, title, created_at, updated_at, leaf_id, cut_id, is_named, is_pinned, folder_id, settings"
SAVE_CHAT = f"INSERT INTO chats ({CHAT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant


def chat_values(chat: Conversation) -> tuple[object, ...]:
    """For `SAVE_CHAT`."""
    return (
        chat.id, storable(chat.title), chat.created_at, chat.updated_at, chat.leaf_id, chat.cut_id, chat.is_named, chat.is_pinned,
        chat.folder_id, settings_value(chat.settings),
    )  # fmt: skip


def settings_value(settings: ChatSettings) -> str | None:
    """For the column `settings`: NULL while nothing is set."""
    return None if settings == ChatSettings() else json.dumps(to_json(settings))


def to_conversation(
    row: sqlite3.Row, messages: tuple[Message, ...] = (), summaries: tuple[Summary, ...] = ()
) -> Conversation:
    """A row of `chats` with what belongs to it."""
    return Conversation(
        row["id"],
        row["title"],
        row["created_at"],
        row["updated_at"],
        messages,
        row["leaf_id"],
        row["cut_id"],
        summaries,
        is_named=bool(row["is_named"]),
        is_pinned=bool(row["is_pinned"]),
        folder_id=row["folder_id"],
        settings=_read(ChatSettings, row["settings"], ChatSettings(), row["id"]),
    )


def to_message(row: sqlite3.Row) -> Message:
    """A row of `messages`.

    Raises:
        ValueError: the row is damaged.
    """
    return Message(
        id=row["id"],
        role=Role(row["role"]),
        text=row["text"],
        parent_id=row["parent_id"],
        created_at=float(row["created_at"]),
        reasoning=row["reasoning"],
        state=MessageState(row["state"]),
        model=row["model"],
        quant=row["quant"],
        timings=_read(Timings | None, row["timings"], None, row["id"]),
        is_edited=bool(row["is_edited"]),
        attachments=_read(tuple[Attachment, ...], row["attachments"], (), row["id"]),
    )


def readable(rows: Iterable[sqlite3.Row]) -> Iterator[Message]:
    """The messages of rows; one with a value that no version wrote is left out, so that the rest of the chat opens."""
    for row in rows:
        try:
            yield to_message(row)
        except (ValueError, TypeError) as error:
            _log.warning("Message %s cannot be read: %s", row["id"], error)


def to_summary(row: sqlite3.Row) -> Summary:
    """A row of `summaries`."""
    return Summary(row["until_id"], row["text"], row["n_messages"], row["model"], row["created_at"])


def to_folder(row: sqlite3.Row) -> Folder:
    """A row of `folders`."""
    return Folder(row["id"], row["name"], bool(row["is_folded"]))


def _read(kind: Any, text: str | None, default: T, of: str) -> T:
    """A value kept as JSON; one that is damaged is left out, so that what it belongs to opens."""
    if not text:
        return default
    try:
        return from_json(kind, json.loads(text))
    except (ValueError, RecursionError) as error:
        _log.warning("A value of %s cannot be read: %s", of, error)
        return default
