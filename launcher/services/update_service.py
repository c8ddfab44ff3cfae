"""Asking the release feed off the GUI thread, when the user says so."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal, Slot

from launcher.catalog import releases
from launcher.catalog.releases import UpdateAnswer
from launcher.core.errors import UserError
from launcher.services import installation
from launcher.services.tasks import CLOSE_PATIENCE_S, TaskRunner


class UpdateService(QObject):
    """One check at a time; a new one forgets the one before.

    Signals:
        answered(UpdateAnswer, str): what the feed says, and how this copy is updated, in words.
        failed(UserError): why it cannot be told.
    """

    answered = Signal(object, str)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("updates", self, patience_s=CLOSE_PATIENCE_S)
        self._stop = threading.Event()

    def check(self, feed: str) -> None:
        """Ask; `answered` or `failed` follows, unless it is stopped before."""
        self.stop()
        stop = self._stop = threading.Event()

        def ask() -> tuple[UpdateAnswer, str]:
            return releases.look(feed, stop), installation.how_to_update(installation.find())

        def on_answered(result: tuple[UpdateAnswer, str]) -> None:
            if not stop.is_set():
                self.answered.emit(*result)

        def on_failed(error: UserError) -> None:
            if not stop.is_set():
                self.failed.emit(error)

        self._tasks.run(ask, on_answered, on_failed)

    @Slot()
    def stop(self) -> None:
        """Nobody waits for the answer any more."""
        self._stop.set()

    def close(self) -> None:
        """End the threads."""
        self.stop()
        self._tasks.close()
