"""Finding in the open chat, in a thread of its own: ten thousand messages are read without the window noticing."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal, Slot

from launcher.chat.finding import ChatFinder, FindRequest, Found
from launcher.services.tasks import TaskRunner


class FindService(QObject):
    """Answers the newest request; one that another has overtaken is left.

    Signals:
        found(Found): all places of the newest request.
    """

    found = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("find", self, serial=True)
        self._finder = ChatFinder()  # of the thread
        self._newest: FindRequest | None = None
        self._is_closed = threading.Event()

    @Slot(object)
    def find(self, request: FindRequest) -> None:
        """`found` follows, unless another request comes before."""
        self._newest = request
        self._tasks.run(lambda: self._find(request), self._on_found)

    def close(self) -> None:
        """End the thread."""
        self._newest = None
        self._is_closed.set()
        self._tasks.close()

    def _find(self, request: FindRequest) -> Found | None:
        if self._newest is not request:
            return None
        return self._finder.find(
            request.wish, request.messages, lambda: self._newest is not request or self._is_closed.is_set()
        )

    def _on_found(self, found: Found | None) -> None:
        if found is not None:
            self.found.emit(found)
