"""Looks up what a pasted text offers to download, off the GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.plans import Wishes
from launcher.services.offers import Offer, look_up
from launcher.services.tasks import CLOSE_PATIENCE_S, TaskRunner


class LinkService(QObject):
    """Answers the newest question only.

    Signals:
        found(Offer): what the text offers.
        failed(UserError): why it offers nothing.
    """

    found = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("links", self, patience_s=CLOSE_PATIENCE_S)
        self._number = 0

    def look_up(self, text: str, machine: Machine | None, wishes: Wishes) -> None:
        """Find out; `found` or `failed` follows, unless another question comes first."""
        self._number += 1
        number = self._number

        def on_found(offer: Offer) -> None:
            if number == self._number:
                self.found.emit(offer)

        def on_failed(error: UserError) -> None:
            if number == self._number:
                self.failed.emit(error)

        self._tasks.run(lambda: look_up(text, machine, wishes), on_found, on_failed)

    def give_up(self) -> None:
        """Nobody waits for the answer any more."""
        self._number += 1

    def close(self) -> None:
        """End the threads."""
        self._tasks.close()
