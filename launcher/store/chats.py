"""Chats on the disk: one SQLite file, one writer. Nothing is deleted before the undo has passed; a damaged file is kept and salvaged."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from launcher.chat.chat_settings import ChatSettings
from launcher.chat.conversation import (
    ChatList,
    Conversation,
    ConversationEntry,
    Folder,
    Message,
    SearchHit,
    Summary,
)
from launcher.core.errors import UserError
from launcher.core.generation import Timings
from launcher.store import database, salvage
from launcher.store.chat_schema import (
    CHAT_COLUMNS,
    MIGRATIONS,
    SAVE_CHAT,
    SAVE_MESSAGE,
    SAVE_SUMMARY,
    chat_values,
    message_values,
    readable,
    settings_value,
    storable,
    summary_values,
    timings_value,
    to_conversation,
    to_folder,
    to_summary,
)
from launcher.store.growing import GrowingAnswers
from launcher.store.ownership import Ownership
from launcher.store.search import Search, Words

_log = logging.getLogger(__name__)
_ENTRY_COLUMNS = "c.id, c.title, c.updated_at, c.is_pinned, f.id AS folder_id"
_ENTRIES = (
    f"SELECT {_ENTRY_COLUMNS} FROM chats c LEFT JOIN folders f ON f.id = c.folder_id AND f.deleted_at IS NULL"  # noqa: S608 - constants
    " WHERE c.deleted_at IS NULL ORDER BY c.updated_at DESC, c.n DESC"
)
MOST_HITS = 200
"""So many messages are found by one search; the newest are."""
HITS_PER_CHAT = 3


class ChatStore:
    """All chats. Make it in the thread that uses it and close it there.

    Attributes:
        notice: what happened to a damaged file, for the user to read once; None normally.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, *, is_guest: bool = False) -> None:
        """Open or create the file; one that is no database is set aside, and what it still holds is taken over.

        A guest looks in beside the program whose file it is: while that runs, answers that grow are left to it, and so is
        a damaged file.

        Damage inside is not looked for here: `database.is_damaged` does it beside the work, and `recover` is for it.

        Raises:
            UserError: the file cannot be opened, or a newer program wrote it.
        """
        self.notice: UserError | None = None
        self._path, self._clock = path, clock
        path.parent.mkdir(parents=True, exist_ok=True)
        self._ownership = Ownership(path)
        if not is_guest:
            self._ownership.claim()
        self._is_owner = not is_guest or self._ownership.try_claim()
        try:
            self._open_or_salvage()
        except BaseException:
            self._ownership.release()
            raise

    def close(self, *, forgets_deleted: bool = True) -> None:
        """Forget what was deleted in this run, unless another program may still bring it back, and close the file."""
        if forgets_deleted:
            self.purge_deleted()
        self._db.close()
        self._ownership.release()

    def recover(self, error: sqlite3.DatabaseError) -> None:
        """Go on after damage was found: the index is made anew; otherwise the file is salvaged and `notice` says what was saved."""
        _log.warning("The chats file is damaged: %s", error)
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CORRUPT_VTAB:
            try:
                self._search.rebuild()
            except sqlite3.DatabaseError:
                _log.warning("The search index could not be made anew")
            else:
                return
        self._db.close()
        self._salvage(error)

    # -- the list

    def list(self, limit: int | None = None) -> ChatList:
        """All chats, the last used first, and all folders."""
        rows = self._db.execute(f"{_ENTRIES} LIMIT ?", (-1 if limit is None else limit,))
        return ChatList(tuple(_entry(r) for r in rows), self._folders())

    def search(self, text: str, limit: int = MOST_HITS) -> ChatList:
        """Chats in whose title or in one message of which every word occurs, the last used first.

        Args:
            text: words, and phrases in quotation marks.
            limit: so many messages are found at most, the newest.
        """
        words = Words(storable(text))
        if not words:
            return ChatList(words=text)
        found = list(islice(self._search.hits(words), limit + 1))
        hits: dict[str, list[SearchHit]] = defaultdict(list)
        for chat_id, hit in found[:limit]:
            hits[chat_id].append(hit)
        entries = tuple(
            replace(_entry(row), hits=tuple(hits[row["id"]][:HITS_PER_CHAT]), n_hits=len(hits[row["id"]]))
            for row in self._db.execute(_ENTRIES)
            if row["id"] in hits or words.are_in(row["title"])
        )
        return ChatList(entries, self._folders(), text, is_cut=len(found) > limit)

    def fill_index(self) -> bool:
        """Put some more messages into the index of an earlier version's file; returns whether there are more.

        The search finds everything meanwhile, more slowly.
        """
        return self._search.fill()

    def rename(self, chat_id: str, title: str) -> None:
        """Give a chat the user's own title; its place in the list stays."""
        self._db.execute("UPDATE chats SET title = ?, is_named = 1 WHERE id = ?", (storable(title), chat_id))

    def set_title(self, chat_id: str, title: str) -> None:
        """Give a chat a title made from its messages, unless it has the user's own."""
        self._db.execute("UPDATE chats SET title = ? WHERE id = ? AND is_named = 0", (storable(title), chat_id))

    def pin(self, chat_id: str, is_pinned: bool) -> None:
        """Keep a chat at the top of the list, or let it go."""
        self._db.execute("UPDATE chats SET is_pinned = ? WHERE id = ?", (is_pinned, chat_id))

    def move(self, chat_id: str, folder_id: str | None) -> None:
        """Put a chat into a folder, or out of it."""
        self._db.execute("UPDATE chats SET folder_id = ? WHERE id = ?", (folder_id, chat_id))

    def save_folder(self, folder: Folder) -> None:
        """Add a folder, or give it another name or state."""
        self._db.execute(
            "INSERT INTO folders (id, name, is_folded) VALUES (?, ?, ?)"
            " ON CONFLICT(id) DO UPDATE SET name = excluded.name, is_folded = excluded.is_folded",
            (folder.id, storable(folder.name), folder.is_folded),
        )

    def delete_folder(self, folder_id: str) -> None:
        """Hide a folder; its chats stay, outside. `restore_folder` brings it back until `purge_deleted`."""
        self._db.execute("UPDATE folders SET deleted_at = ? WHERE id = ?", (self._clock(), folder_id))

    def restore_folder(self, folder_id: str) -> None:
        """Undo `delete_folder`: chats that were not moved meanwhile are in it again."""
        self._db.execute("UPDATE folders SET deleted_at = NULL WHERE id = ?", (folder_id,))

    # -- chats

    def create(self, conversation: Conversation) -> None:
        """Add a chat with the messages it has."""
        self.create_all((conversation,))

    def create_all(self, conversations: Iterable[Conversation], folders: Iterable[Folder] = ()) -> None:
        """Add chats with the messages they have, and folders that are not there yet: all of it or, on any failure, nothing."""
        with database.transaction(self._db):
            self._db.executemany(
                "INSERT INTO folders (id, name, is_folded) VALUES (?, ?, ?) ON CONFLICT(id) DO NOTHING",
                ((f.id, storable(f.name), f.is_folded) for f in folders),
            )
            for chat in conversations:
                self._db.execute(SAVE_CHAT, chat_values(chat))
                self._db.executemany(SAVE_MESSAGE, (message_values(chat.id, m) for m in chat.messages))
                self._db.executemany(SAVE_SUMMARY, (summary_values(chat.id, s) for s in chat.summaries))

    def save_settings(self, chat_id: str, settings: ChatSettings) -> None:
        """Remember what a chat wants of its answers."""
        self._db.execute("UPDATE chats SET settings = ? WHERE id = ?", (settings_value(settings), chat_id))

    def load(self, chat_id: str) -> Conversation | None:
        """A chat with all its messages; None when there is none (or it was deleted)."""
        row = self._db.execute(
            f"SELECT {CHAT_COLUMNS} FROM chats WHERE id = ? AND deleted_at IS NULL",  # noqa: S608 - a constant
            (chat_id,),
        ).fetchone()
        if row is None:
            return None
        messages = self._db.execute(
            "SELECT * FROM messages WHERE chat_id = ? AND deleted_at IS NULL ORDER BY n", (chat_id,)
        )
        summaries = self._db.execute("SELECT * FROM summaries WHERE chat_id = ? ORDER BY n", (chat_id,))
        return to_conversation(
            row,
            tuple(self._growing.whole(m) for m in readable(messages)),
            tuple(to_summary(s) for s in summaries),
        )

    def delete(self, chat_id: str) -> None:
        """Hide a chat. `restore` brings it back until `purge_deleted`."""
        self._db.execute("UPDATE chats SET deleted_at = ? WHERE id = ?", (self._clock(), chat_id))

    def restore(self, chat_id: str) -> None:
        """Undo `delete`."""
        self._db.execute("UPDATE chats SET deleted_at = NULL WHERE id = ?", (chat_id,))

    def purge_deleted(self) -> int:
        """Remove for good what is hidden; returns how many chats."""
        with database.transaction(self._db):
            self._db.execute("DELETE FROM messages WHERE deleted_at IS NOT NULL")
            self._db.execute("DELETE FROM folders WHERE deleted_at IS NOT NULL")
            self._db.execute(
                "UPDATE chats SET folder_id = NULL WHERE folder_id IS NOT NULL AND folder_id NOT IN (SELECT id FROM folders)"
            )
            return self._db.execute("DELETE FROM chats WHERE deleted_at IS NOT NULL").rowcount

    def known_ids(self) -> tuple[frozenset[str], frozenset[str]]:
        """Ids of all chats and of all messages, hidden ones included: none of them can be given to another one."""
        return self.ids(), frozenset(row["id"] for row in self._db.execute("SELECT id FROM messages"))

    def ids(self) -> frozenset[str]:
        """Of all chats, hidden ones included."""
        return frozenset(row["id"] for row in self._db.execute("SELECT id FROM chats"))

    # -- messages

    def save_message(self, chat_id: str, message: Message, makes_leaf: bool = True) -> None:
        """Add or replace a message.

        Of a streaming answer only what is new since the last save is written, however long it is.

        Args:
            chat_id: a chat; one that a damaged file has lost is made again.
            message: its newest value.
            makes_leaf: the open branch ends with it from now on.
        """
        if self._growing.add(message):
            return
        with database.transaction(self._db):
            self._put(chat_id, message, makes_leaf)
        self._growing.note(message)

    def save_timings(self, message_id: str, timings: Timings) -> None:
        """Keep figures that came after the end of an answer; not of one that goes on meanwhile."""
        self._db.execute(
            "UPDATE messages SET timings = ? WHERE id = ? AND state <> 'streaming'",
            (timings_value(timings), message_id),
        )

    def hide_messages(self, chat_id: str, message_ids: Iterable[str], leaf_id: str | None) -> None:
        """Delete messages until `show_messages`, or for good with `purge_deleted`; the open branch ends with `leaf_id` then."""
        self._set_hidden(self._clock(), chat_id, message_ids, leaf_id)

    def show_messages(self, chat_id: str, message_ids: Iterable[str], leaf_id: str | None) -> None:
        """Undo `hide_messages`."""
        self._set_hidden(None, chat_id, message_ids, leaf_id)

    def set_leaf(self, chat_id: str, message_id: str | None) -> None:
        """Remember which branch is open."""
        self._db.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (message_id, chat_id))

    def save_cut(self, chat_id: str, message_id: str | None, summary: Summary | None = None) -> None:
        """Remember which message is the oldest that is sent, and the summary of what lies before it."""
        with database.transaction(self._db):
            self._db.execute("UPDATE chats SET cut_id = ? WHERE id = ?", (message_id, chat_id))
            if summary is not None:
                self._db.execute(SAVE_SUMMARY, summary_values(chat_id, summary))

    # -- inside

    def _open_or_salvage(self) -> None:
        if self._is_owner:
            salvage.finish(self._path)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if not database.is_damage(error) or not self._is_owner:
                raise database.failure(self._path, error) from error
            self._salvage(error)

    def _open(self) -> None:
        self._db = database.connect(self._path, MIGRATIONS, is_checked=False)
        try:
            self._search = Search(self._db)
            self._growing = GrowingAnswers(self._db)
            if self._is_owner:
                self._growing.end_all()
        except BaseException:
            self._db.close()
            raise

    def _put(self, chat_id: str, message: Message, makes_leaf: bool) -> None:
        now = self._clock()
        if not self._db.execute("SELECT 1 FROM chats WHERE id = ?", (chat_id,)).fetchone():
            self._db.execute(
                "INSERT INTO chats (id, title, created_at, updated_at) VALUES (?, '', ?, ?)", (chat_id, now, now)
            )
        self._db.execute(SAVE_MESSAGE, message_values(chat_id, message))
        self._db.execute("DELETE FROM pieces WHERE message_id = ?", (message.id,))
        if makes_leaf:
            self._db.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (message.id, chat_id))
        self._db.execute("UPDATE chats SET updated_at = ? WHERE id = ?", (now, chat_id))

    def _set_hidden(self, stamp: float | None, chat_id: str, ids: Iterable[str], leaf_id: str | None) -> None:
        with database.transaction(self._db):
            self._db.executemany("UPDATE messages SET deleted_at = ? WHERE id = ?", ((stamp, i) for i in ids))
            self._db.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (leaf_id, chat_id))

    def _folders(self) -> tuple[Folder, ...]:
        rows = self._db.execute("SELECT * FROM folders WHERE deleted_at IS NULL ORDER BY name COLLATE NOCASE, n")
        return tuple(to_folder(r) for r in rows)

    def _salvage(self, error: sqlite3.DatabaseError) -> None:
        self.notice = salvage.salvage(self._path, error)
        self._open()


def _entry(row: sqlite3.Row) -> ConversationEntry:
    return ConversationEntry(
        row["id"], row["title"], row["updated_at"], is_pinned=bool(row["is_pinned"]), folder_id=row["folder_id"]
    )
