"""Chats, load history and settings on the disk, for the window: one thread owns the databases (chat_databases.py)."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from launcher.chat.chat_settings import ChatSettings
from launcher.chat.conversation import ChatList, Conversation, Folder, Message, MessageState, Summary
from launcher.core.errors import UserError
from launcher.core.generation import Timings
from launcher.services.chat_databases import ChatDatabases, Work
from launcher.services.tasks import TaskRunner
from launcher.store.chats import ChatStore
from launcher.store.loads import LoadHistory, LoadRecord

_log = logging.getLogger(__name__)
T = TypeVar("T")

SAVE_MS = 250
"""What a growing answer got is on the disk so long after it came, and the time that writing takes."""
_TRY_AGAIN_MS = 5000


class ChatService(QObject):
    """Reads and writes conversations and the history of loads, in order, in a thread of its own.

    Whether the chats file has damage is looked for in another thread, while chats are listed and opened. A write that fails
    because the disk is full or the file is locked is tried again, before all that follows it, until it is done.

    Signals:
        conversations_listed(ChatList): all chats, newest first, or the hits of a search.
        conversation_opened(Conversation): with all its messages.
        loads_listed(tuple[LoadRecord, ...]): newest first.
        last_loads_listed(tuple[LastLoad, ...]): when each file was last loaded, with every `loads_listed`.
        store_failed(UserError): nothing that is already on the disk was lost; the text says what happened.
        store_recovered(): what could not be written is written.
    """

    conversations_listed = Signal(object)
    conversation_opened = Signal(object)
    loads_listed = Signal(object)
    last_loads_listed = Signal(object)
    store_failed = Signal(object)
    store_recovered = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("store", self, serial=True)
        self._check = TaskRunner("store-check", self, serial=True)
        self._databases = ChatDatabases(self.store_failed.emit, self._on_mended)
        self._words = ""
        self._growing: dict[str, tuple[str, Message]] = {}
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(SAVE_MS)
        self._save_timer.timeout.connect(self._save_growing)
        self._again_timer = QTimer(self)
        self._again_timer.setInterval(_TRY_AGAIN_MS)
        self._again_timer.timeout.connect(self._on_again_due)

    def start(self) -> None:
        """Open the databases; the lists follow. Damage is looked for meanwhile."""
        self.list_conversations()
        self.list_loads()
        # After the lists: a file of an earlier version is brought to the newest first.
        self._tasks.run(lambda: None, self._begin_check)
        self._fill_index()

    # -- the list

    def list_conversations(self) -> None:
        """`conversations_listed` follows, with the search words in force."""
        words = self._words

        def listed(chats: ChatStore) -> ChatList:
            return chats.search(words) if words else chats.list()

        self._read(listed, self.conversations_listed.emit)

    def search(self, words: str) -> None:
        """List only chats that hold these words; "" lists all."""
        self._words = words.strip()
        self.list_conversations()

    def rename(self, chat_id: str, title: str) -> None:
        """Give a chat the user's own title."""
        self._write_and_list(lambda chats: chats.rename(chat_id, title))

    def set_title(self, chat_id: str, title: str) -> None:
        """Give a chat a title made from its messages, unless it has the user's own."""
        self._write_and_list(lambda chats: chats.set_title(chat_id, title))

    def pin(self, chat_id: str, is_pinned: bool) -> None:
        """Keep a chat at the top of the list, or let it go."""
        self._write_and_list(lambda chats: chats.pin(chat_id, is_pinned))

    def move(self, chat_id: str, folder_id: str | None) -> None:
        """Put a chat into a folder, or out of it."""
        self._write_and_list(lambda chats: chats.move(chat_id, folder_id))

    def save_folder(self, folder: Folder) -> None:
        """Add a folder, or give it another name or state."""
        self._write_and_list(lambda chats: chats.save_folder(folder))

    def add_folder(self, folder: Folder, chat_id: str) -> None:
        """Add a folder and put a chat into it."""
        self._write(lambda chats: chats.save_folder(folder))
        self.move(chat_id, folder.id)

    def delete_folder(self, folder_id: str) -> None:
        """Hide a folder; its chats stay. `restore_folder` brings it back until the program ends."""
        self._write_and_list(lambda chats: chats.delete_folder(folder_id))

    def restore_folder(self, folder_id: str) -> None:
        """Undo a delete."""
        self._write_and_list(lambda chats: chats.restore_folder(folder_id))

    # -- chats

    def open(self, chat_id: str) -> None:
        """`conversation_opened` follows."""
        self._read(lambda chats: chats.load(chat_id), self._on_loaded)

    def create(self, conversation: Conversation) -> None:
        """Put a new chat on the disk."""
        self._write_and_list(lambda chats: chats.create(conversation))

    def delete(self, chat_id: str) -> None:
        """Hide a chat; `restore` brings it back until the program ends."""
        self._write_and_list(lambda chats: chats.delete(chat_id))

    def restore(self, chat_id: str) -> None:
        """Undo a delete."""
        self._write_and_list(lambda chats: chats.restore(chat_id))

    # -- messages

    def save_message(self, chat_id: str, message: Message, *, makes_leaf: bool = True) -> None:
        """Add or replace a message; one that is growing may be given as often as it grows, and is written four times per second."""
        is_new = message.id not in self._growing
        if message.state is MessageState.STREAMING:
            self._growing[message.id] = (chat_id, message)
            if not is_new:
                if not self._save_timer.isActive():
                    self._save_timer.start()
                return
        else:
            self._growing.pop(message.id, None)
        self._write(lambda chats: chats.save_message(chat_id, message, makes_leaf))

    def save_timings(self, message_id: str, timings: Timings) -> None:
        """Keep figures that came after the end of an answer."""
        self._write(lambda chats: chats.save_timings(message_id, timings))

    def hide_messages(self, chat_id: str, message_ids: Iterable[str], leaf_id: str | None) -> None:
        """Delete messages; `show_messages` brings them back until the program ends. The open branch ends with `leaf_id` then."""
        ids = tuple(message_ids)
        self._write(lambda chats: chats.hide_messages(chat_id, ids, leaf_id))

    def show_messages(self, chat_id: str, message_ids: Iterable[str], leaf_id: str | None) -> None:
        """Undo `hide_messages`."""
        ids = tuple(message_ids)
        self._write(lambda chats: chats.show_messages(chat_id, ids, leaf_id))

    def set_leaf(self, chat_id: str, message_id: str | None) -> None:
        """Remember which branch is open."""
        self._write(lambda chats: chats.set_leaf(chat_id, message_id))

    def save_cut(self, chat_id: str, message_id: str | None, summary: Summary | None = None) -> None:
        """Remember which message is the oldest that is sent, and the summary of what lies before it."""
        self._write(lambda chats: chats.save_cut(chat_id, message_id, summary))

    def save_settings(self, chat_id: str, settings: ChatSettings) -> None:
        """Remember what a chat wants of its answers."""
        self._write(lambda chats: chats.save_settings(chat_id, settings))

    # -- loads and settings

    def save_load(self, record: LoadRecord) -> None:
        """Add or update one load of the history."""
        self._of_loads(lambda loads: loads.save(record), None)
        self.list_loads()

    def list_loads(self) -> None:
        """`loads_listed` and `last_loads_listed` follow."""
        for work, signal in ((LoadHistory.recent, self.loads_listed), (LoadHistory.last_loads, self.last_loads_listed)):
            self._of_loads(work, signal.emit)

    def with_chats(self, work: Callable[[ChatStore], T], on_done: Callable[[T], None]) -> None:
        """Do a piece of work on all chats, in order with the rest, and then `on_done(result)`; a UserError is `store_failed`."""
        self._read(work, on_done)

    def run(self, work: Callable[[], None]) -> None:
        """Do another piece of disk work in order (writing a setting)."""
        self._tasks.run(work, None, self.store_failed.emit)

    def close(self) -> None:
        """Write what is pending, forget what was deleted, close the files."""
        self._databases.end_search()
        self._check.close()
        self._save_growing()
        self._tasks.run(self._databases.close)
        self._tasks.close()

    # -- to the thread of the files

    def _write_and_list(self, work: Work) -> None:
        self._write(work)
        self.list_conversations()

    def _write(self, work: Work) -> None:
        self._tasks.run(lambda: self._databases.write(work), self._on_written, self._on_write_failed)

    def _read(self, work: Callable[[ChatStore], T], on_done: Callable[[T], None]) -> None:
        self._tasks.run(lambda: self._databases.read(work), on_done, self.store_failed.emit)

    def _of_loads(self, work: Callable[[LoadHistory], T], on_done: Callable[[T], None] | None) -> None:
        self._tasks.run(lambda: self._databases.of_loads(work), on_done, self.store_failed.emit)

    def _save_growing(self) -> None:
        for chat_id, message in self._growing.values():
            self._write(partial(_save, chat_id, message))

    # -- and back

    def _on_write_failed(self, error: UserError) -> None:
        self._again_timer.start()
        self.store_failed.emit(error)

    def _on_written(self, n_before: int) -> None:
        if n_before:
            self._again_timer.stop()
            self.store_recovered.emit()

    def _on_again_due(self) -> None:
        self._tasks.run(lambda: self._databases.write(None), self._on_written, None)

    def _fill_index(self, is_more: bool = True) -> None:
        """Block by block, so that whatever else is asked of the disk comes in between."""
        if is_more:
            self._tasks.run(lambda: self._databases.read(ChatStore.fill_index), self._fill_index, _note_no_fill)

    def _begin_check(self, _: None) -> None:
        self._databases.expect_search()
        self._check.run(self._databases.is_damaged, self._on_checked)

    def _on_checked(self, is_damaged: bool) -> None:
        if is_damaged:
            _log.warning("The chats file has damage")
            self._tasks.run(lambda: self._databases.mend(sqlite3.DatabaseError("quick_check found damage")))
            self.list_conversations()

    def _on_mended(self) -> None:
        """Called in the thread of the files."""
        self._tasks.run(lambda: True, self._fill_index)

    def _on_loaded(self, conversation: Conversation | None) -> None:
        if conversation is None:
            self.store_failed.emit(UserError("chat_missing", "This chat is not on the disk any more."))
        else:
            self.conversation_opened.emit(conversation)


def _note_no_fill(error: UserError) -> None:
    # Nothing is lost by it: the search reads what the index lacks, and the next start tries again.
    _log.info("The search index could not be filled: %s", error)


def _save(chat_id: str, message: Message, chats: ChatStore) -> None:
    chats.save_message(chat_id, message)
