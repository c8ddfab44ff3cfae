"""Export and import for the window: files are written and read off the GUI thread, and either can be ended."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from launcher.chat.conversation import ChatList, Conversation
from launcher.chat.imports import Imported
from launcher.core.errors import UserError
from launcher.services import chat_files, file_child
from launcher.services.chat_files import ChatForm, Exported, ImportReport
from launcher.services.chat_service import ChatService
from launcher.services.tasks import TaskRunner
from launcher.store.chats import ChatStore


class ChatFilesService(QObject):
    """Writes chats to files and takes chats of files in, one job after another.

    Signals:
        progressed(int, int): chats written so far, and of how many.
        exported(Exported): done.
        imported(ImportReport): done; the list of chats has them.
        failed(UserError): nothing half written or half taken in is left.
    """

    progressed = Signal(int, int)
    exported = Signal(object)
    imported = Signal(object)
    failed = Signal(object)

    def __init__(self, store: ChatService, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._tasks = TaskRunner("chat-files", self, serial=True)
        self._stop = threading.Event()

    def export_chat(self, chat: Conversation, form: ChatForm, target: Path) -> None:
        """Write one chat; `exported` or `failed` follows."""
        self._begin()
        work = partial(chat_files.write_chat, chat, (), form, target)
        self._tasks.run(work, self.exported.emit, self.failed.emit)

    def export_all(self, form: ChatForm, target: Path) -> None:
        """Write every chat: into one file (JSON) or a folder; `exported` or `failed` follows."""
        self._begin()
        self._store.with_chats(ChatStore.list, partial(self._on_listed, form, target))

    def import_files(self, paths: Sequence[Path]) -> None:
        """Take the chats of files in; `imported` or `failed` follows."""
        self._begin()
        self._tasks.run(partial(self._read, tuple(paths)), self._on_read, self.failed.emit)

    def stop(self) -> None:
        """End what is being done."""
        self._stop.set()

    def close(self) -> None:
        """End the thread; what it writes is ended first."""
        self._stop.set()
        self._tasks.close()

    def _begin(self) -> None:
        self._stop = threading.Event()

    def _on_listed(self, form: ChatForm, target: Path, listing: ChatList) -> None:
        ids = [e.id for e in listing.entries]
        stop = self._stop

        def on_written(n: int) -> bool:
            self.progressed.emit(n, len(ids))
            return not stop.is_set()

        work = partial(
            chat_files.write_chats, ids, partial(self._load, stop), listing.folders, form, target, on_written
        )
        self._tasks.run(work, self.exported.emit, self.failed.emit)

    def _load(self, stop: threading.Event, chat_id: str) -> Conversation | None:
        """A chat, out of the thread that owns the database; between two of them the window's own work is done."""
        box: queue.SimpleQueue[Conversation | None] = queue.SimpleQueue()

        def loaded(chats: ChatStore) -> None:
            chat: Conversation | None = None
            try:
                chat = chats.load(chat_id)
            finally:
                box.put(chat)

        self._store.with_chats(loaded, _nothing)
        while not stop.is_set():
            try:
                return box.get(timeout=0.1)
            except queue.Empty:
                continue
        return None

    def _read(self, paths: tuple[Path, ...]) -> tuple[Imported, ...]:
        return tuple(file_child.read_chats(path, self._stop) for path in paths)

    def _on_read(self, found: tuple[Imported, ...]) -> None:
        def taken(chats: ChatStore) -> ImportReport | UserError:
            try:
                return chat_files.take_in(chats, found)
            except UserError as error:
                return error

        self._store.with_chats(taken, self._on_taken)

    def _on_taken(self, report: ImportReport | UserError) -> None:
        if isinstance(report, UserError):
            self.failed.emit(report)
            return
        self._store.list_conversations()
        self.imported.emit(report)


def _nothing(_: None) -> None:
    """What is to be done is done in the thread itself."""


__all__ = ["ChatFilesService", "ChatForm", "Exported", "ImportReport"]
