"""Running plain functions off the GUI thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from PySide6.QtCore import QObject, Qt, Signal, Slot

from launcher.core.errors import UserError

_log = logging.getLogger("launcher.services")
T = TypeVar("T")

UserErrorHandler = Callable[[UserError], None]


class TaskRunner(QObject):
    """Runs functions in worker threads and hands results back in the GUI thread.

    `serial=True` keeps their order (one thread: the database); otherwise two run at once. A UserError goes to the
    task's `on_error`; anything else is a bug and is raised in the GUI thread, where the exception hook reports it.

    Signals:
        _finished: (callback, result), delivered in the thread that owns this object.
    """

    _finished = Signal(object, object)

    def __init__(self, name: str, parent: QObject, *, serial: bool = False) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1 if serial else 2, thread_name_prefix=f"launcher-{name}")
        self._closed = threading.Event()
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] | None = None,
        on_error: UserErrorHandler | None = None,
    ) -> None:
        """Do `work` in a thread, then `on_done(result)` or `on_error(UserError)` in the GUI thread."""
        if self._closed.is_set():
            return
        self._pool.submit(self._do, work, on_done, on_error)

    def close(self) -> None:
        """Finish what was started, drop later results, end the threads."""
        self._closed.set()
        self._pool.shutdown(wait=True)

    def _do(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] | None,
        on_error: UserErrorHandler | None,
    ) -> None:
        try:
            result = work()
        except UserError as error:
            if on_error is None:
                _log.warning("a background task failed: %s", error)
            else:
                self._finished.emit(on_error, error)
        except Exception as error:  # noqa: BLE001 - carried to the GUI thread and raised there
            self._finished.emit(_raise, error)
        else:
            if on_done is not None:
                self._finished.emit(on_done, result)

    @Slot(object, object)
    def _on_finished(self, callback: object, result: object) -> None:
        if not self._closed.is_set():
            cast("Callable[[Any], None]", callback)(result)


def _raise(error: Exception) -> None:
    raise error
