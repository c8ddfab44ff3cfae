"""One window per user: a second start gives its files to the first and ends, also while the first is still opening."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QLockFile, QObject, Signal, Slot

from launcher.app.start_request import Start
from launcher.core.paths import data_dir
from launcher.services.tasks import TaskRunner

if TYPE_CHECKING:
    from launcher.app.start_channel import StartServer

_PATIENCE_MS = 15_000
_PAUSE_S = 0.05


class Instance(QObject):
    """This process's claim to be the one with the window.

    Signals:
        other_started(Start): the program was started once more; its process has ended.
    """

    other_started = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # A lock besides the socket, because a name can be taken only after others were asked, and two may ask at once.
        self._lock = QLockFile(str(data_dir() / "window.lock"))
        # Never by age: a window may be open for weeks; a dead process is noticed all the same.
        self._lock.setStaleLockTime(0)
        self._tasks = TaskRunner("instance", self)
        self._server: StartServer | None = None

    def claim(self, start: Start) -> bool:
        """Become the one, or give the start to the one that runs; waits at most 15 s for it to open or to end.

        Returns:
            True when this process shall show the window, False when the running one took the start.
        """
        patience = QDeadlineTimer(_PATIENCE_MS)
        while not self._lock.tryLock(0) and self._is_held_here() and not patience.hasExpired():
            from launcher.app.start_channel import hand_over  # only a second start needs sockets before its window

            if hand_over(start, patience):
                return False
            time.sleep(_PAUSE_S)
        # Without the lock: a hung window, or a folder that cannot be written. A second window is better than none.
        return True

    @Slot()
    def listen(self) -> None:
        """Take the starts of others, which wait until then; what that needs is loaded in a thread."""
        self._tasks.run(_load_channel, self._on_channel_loaded)

    def close(self) -> None:
        """Let the next start open a window of its own; called when the event loop has ended."""
        self._tasks.close()
        if self._server is not None:
            self._server.close()

    def release(self) -> None:
        """Called last, when nothing of ours is written any more."""
        self._lock.unlock()

    def _on_channel_loaded(self, server: type[StartServer]) -> None:
        self._server = server(self)
        self._server.start_received.connect(self.other_started)
        self._server.listen()

    def _is_held_here(self) -> bool:
        """False for a lock that cannot be taken, or that a computer holds with which the home folder is shared."""
        if self._lock.error() is not QLockFile.LockError.LockFailedError:
            return False
        from PySide6.QtCore import QSysInfo

        _pid, host, _name = self._lock.getLockInfo()
        return host in ("", QSysInfo.machineHostName())


def _load_channel() -> type[StartServer]:
    from launcher.app.start_channel import StartServer

    return StartServer
