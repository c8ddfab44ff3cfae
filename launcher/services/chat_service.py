"""Chats, load history and settings on the disk, for the window: one thread owns the databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from launcher.chat.conversation import Conversation, ConversationEntry, Message, Summary
from launcher.core.errors import UserError
from launcher.core.paths import data_dir
from launcher.engine.kv_states import chat_states
from launcher.services.tasks import TaskRunner
from launcher.store.chats import ChatStore
from launcher.store.loads import LoadHistory, LoadRecord


@dataclass
class _Databases:
    """Opened and used in the serial thread only (sqlite connections belong to a thread)."""

    chats: ChatStore
    loads: LoadHistory


class ChatService(QObject):
    """Reads and writes conversations and the history of loads, in order, in a thread of its own.

    Signals:
        conversations_listed(tuple[ConversationEntry, ...]): all chats, newest first, or the hits of a search.
        conversation_opened(Conversation): with all its messages.
        loads_listed(tuple[LoadRecord, ...]): newest first.
        last_loads_listed(tuple[LastLoad, ...]): when each file was last loaded, with every `loads_listed`.
        store_failed(UserError): nothing that is already on the disk was lost; the text says what happened.
    """

    conversations_listed = Signal(object)
    conversation_opened = Signal(object)
    loads_listed = Signal(object)
    last_loads_listed = Signal(object)
    store_failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("store", self, serial=True)
        self._databases: _Databases | None = None
        self._words = ""

    def start(self) -> None:
        """Open the databases; the lists follow."""
        self.list_conversations()
        self.list_loads()

    def list_conversations(self) -> None:
        """`conversations_listed` follows, with the search words in force."""
        words = self._words

        def listed(db: _Databases) -> tuple[ConversationEntry, ...]:
            return db.chats.search(words) if words else db.chats.list()

        self._do(listed, self.conversations_listed.emit)

    def search(self, words: str) -> None:
        """List only chats that hold these words; "" lists all."""
        self._words = words.strip()
        self.list_conversations()

    def open(self, chat_id: str) -> None:
        """`conversation_opened` follows."""
        self._do(lambda db: db.chats.load(chat_id), self._on_loaded)

    def create(self, conversation: Conversation) -> None:
        """Put a new chat on the disk."""
        self._do(lambda db: db.chats.create(conversation))
        self.list_conversations()

    def save_message(self, chat_id: str, message: Message, *, makes_leaf: bool = True) -> None:
        """Add or replace a message."""
        self._do(lambda db: db.chats.save_message(chat_id, message, makes_leaf))

    def set_leaf(self, chat_id: str, message_id: str | None) -> None:
        """Remember which branch is open."""
        self._do(lambda db: db.chats.set_leaf(chat_id, message_id))

    def save_cut(self, chat_id: str, message_id: str | None, summary: Summary | None = None) -> None:
        """Remember which message is the oldest that is sent, and the summary of what lies before it."""
        self._do(lambda db: db.chats.save_cut(chat_id, message_id, summary))

    def rename(self, chat_id: str, title: str) -> None:
        """Give a chat another title."""
        self._do(lambda db: db.chats.rename(chat_id, title))
        self.list_conversations()

    def delete(self, chat_id: str) -> None:
        """Hide a chat; `restore` brings it back until the program ends."""
        self._do(lambda db: db.chats.delete(chat_id))
        self.list_conversations()

    def restore(self, chat_id: str) -> None:
        """Undo a delete."""
        self._do(lambda db: db.chats.restore(chat_id))
        self.list_conversations()

    def save_load(self, record: LoadRecord) -> None:
        """Add or update one load of the history."""
        self._do(lambda db: db.loads.save(record))
        self.list_loads()

    def list_loads(self) -> None:
        """`loads_listed` and `last_loads_listed` follow."""
        self._do(lambda db: db.loads.recent(), self.loads_listed.emit)
        self._do(lambda db: db.loads.last_loads(), self.last_loads_listed.emit)

    def run(self, work: Callable[[], None]) -> None:
        """Do another piece of disk work in order (writing a setting)."""
        self._tasks.run(work, None, self.store_failed.emit)

    def close(self) -> None:
        """Write what is pending, forget deleted chats, close the files."""
        self._tasks.run(self._close_databases)
        self._tasks.close()

    def _do(self, work: Callable[[_Databases], object], on_done: Callable[..., None] | None = None) -> None:
        self._tasks.run(lambda: work(self._opened()), on_done, self.store_failed.emit)

    def _opened(self) -> _Databases:
        if self._databases is None:
            chats = ChatStore(data_dir() / "chats.sqlite")
            self._databases = _Databases(chats, LoadHistory(data_dir() / "loads.sqlite"))
            if chats.notice is not None:
                self.store_failed.emit(chats.notice)
        return self._databases

    def _close_databases(self) -> None:
        if self._databases is not None:
            self._databases.chats.purge_deleted()
            # What the engine keeps of a chat goes with it.
            chat_states().keep_only(self._databases.chats.ids())
            self._databases.chats.close()
            self._databases.loads.close()

    def _on_loaded(self, conversation: Conversation | None) -> None:
        if conversation is None:
            self.store_failed.emit(UserError("chat_missing", "This chat is not on the disk any more."))
        else:
            self.conversation_opened.emit(conversation)
