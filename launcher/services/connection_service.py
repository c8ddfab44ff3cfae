"""Whether anything can come from the hub, as far as this PC knows by itself: nothing is sent to find out."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from launcher.services.network import Unreachable, why_unreachable
from launcher.services.tasks import TaskRunner

_LOOK_EVERY_MS = 5000


class ConnectionService(QObject):
    """Looks every few seconds; a network that comes or goes is noticed without a restart.

    Signals:
        changed(Unreachable | None): why nothing can be fetched; None when nothing speaks against it. Told first by `start`.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("connection", self, serial=True)
        self._is_told = False
        self.why: Unreachable | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Look now, and again and again."""
        self._timer.start()
        self.look()

    @Slot()
    def look(self) -> None:
        """Look now; `changed` follows where it is different."""
        self._tasks.run(why_unreachable, self._on_looked)

    def close(self) -> None:
        """End the thread."""
        self._timer.stop()
        self._tasks.close()

    def _on_looked(self, why: Unreachable | None) -> None:
        if why != self.why or not self._is_told:
            self.why, self._is_told = why, True
            self.changed.emit(why)
