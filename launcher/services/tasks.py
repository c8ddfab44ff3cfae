"""Running plain functions off the GUI thread."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from PySide6.QtCore import QObject, Qt, Signal, Slot

from launcher.core.errors import UserError

_log = logging.getLogger("launcher.services")
T = TypeVar("T")

CLOSE_PATIENCE_S = 2.0
"""Of runners whose tasks ask the network, a keyring or a disk that may have gone to sleep."""

UserErrorHandler = Callable[[UserError], None]
_Task = tuple[Callable[[], Any], Callable[[Any], None] | None, UserErrorHandler | None]


class TaskRunner(QObject):
    """Runs functions in worker threads and hands results back in the GUI thread.

    A UserError goes to the task's `on_error`; anything else is a bug and is raised in the GUI thread, where the exception hook
    reports it.

    Args:
        name: of the threads.
        parent: as for any object.
        serial: keep the tasks' order (one thread: the database); otherwise two run at once.
        patience_s: the longest that `close` waits. None: until everything is done, for tasks that must not be cut off (writing).
            Tasks that ask the network or a keyring may take long for nothing; the thread is left behind, and ends with the program.

    Signals:
        _finished: (callback, result), delivered in the thread that owns this object.
    """

    _finished = Signal(object, object)

    def __init__(self, name: str, parent: QObject, *, serial: bool = False, patience_s: float | None = None) -> None:
        super().__init__(parent)
        self._name, self._most, self._patience_s = f"launcher-{name}", 1 if serial else 2, patience_s
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._n_open = 0
        # Held while a result is sent, so that nothing is sent by an object that Qt may have deleted since.
        self._telling = threading.Lock()
        self._is_closed = False
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] | None = None,
        on_error: UserErrorHandler | None = None,
    ) -> None:
        """Do `work` in a thread, then `on_done(result)` or `on_error(UserError)` in the GUI thread."""
        with self._telling:
            if self._is_closed:
                return
            self._n_open += 1
            is_short = self._n_open > len(self._threads) < self._most
        self._tasks.put((work, on_done, on_error))
        if is_short:
            name = f"{self._name}_{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Finish what was asked for, no longer than the patience lasts; drop later results and end the threads."""
        with self._telling:
            self._is_closed = True
        for _thread in self._threads:
            self._tasks.put(None)
        until_s = None if self._patience_s is None else time.monotonic() + self._patience_s
        for thread in self._threads:
            thread.join(None if until_s is None else max(0.0, until_s - time.monotonic()))

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._do(*task)
            del task  # what it holds is not kept alive by a thread that waits
            with self._telling:
                self._n_open -= 1

    def _do(
        self,
        work: Callable[[], Any],
        on_done: Callable[[Any], None] | None,
        on_error: UserErrorHandler | None,
    ) -> None:
        try:
            result = work()
        except UserError as error:
            if on_error is None:
                _log.warning("a background task failed: %s", error)
            else:
                self._tell(on_error, error)
        except Exception as error:  # noqa: BLE001 - carried to the GUI thread and raised there
            self._tell(_raise, error)
        else:
            if on_done is not None:
                self._tell(on_done, result)

    def _tell(self, callback: Callable[[Any], None], result: object) -> None:
        with self._telling:
            if not self._is_closed:
                self._finished.emit(callback, result)

    @Slot(object, object)
    def _on_finished(self, callback: object, result: object) -> None:
        if not self._is_closed:
            cast("Callable[[Any], None]", callback)(result)


def _raise(error: Exception) -> None:
    raise error
