"""Carries out the next steps that errors offer as buttons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication

from launcher.core.errors import NextStep, StepAction

StepHandler = Callable[[str], None]


class Steps(QObject):
    """What each `StepAction` does in the window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._handlers: dict[str, StepHandler] = {
            StepAction.OPEN_PAGE: self._open_page,
            StepAction.OPEN_FOLDER: open_folder,
            StepAction.REVEAL: self._reveal,
        }

    def teach(self, action: StepAction, handler: StepHandler) -> None:
        """Teach another action; `handler` gets the step's argument."""
        self._handlers[action] = handler

    def teach_plain(self, action: StepAction, do: Callable[[], None]) -> None:
        """As `teach`, for an action that means the same whatever the step's argument."""
        self._handlers[action] = lambda _argument: do()

    @property
    def actions(self) -> frozenset[str]:
        """Everything that can be done."""
        return frozenset(self._handlers)

    @Slot(object)
    def carry_out(self, step: NextStep) -> None:
        """Do it."""
        handler = self._handlers.get(step.action)
        if handler is not None:
            handler(step.argument)

    def _open_page(self, address: str) -> None:
        url = QUrl(address, QUrl.ParsingMode.StrictMode)
        if url.scheme() in ("http", "https"):  # an error text may come from a server
            QDesktopServices.openUrl(url)

    def _reveal(self, path: str) -> None:
        open_folder(str(Path(path).parent))


def open_folder(path: str) -> None:
    """Show a folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def copy_text(text: str) -> None:
    """Put text on the clipboard."""
    QGuiApplication.clipboard().setText(text)
