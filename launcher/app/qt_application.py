"""The application object: on macOS a double-clicked file comes as an event, also into a program that runs, and not as an argument."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class QtApplication(QApplication):
    """Qt's application object.

    Signals:
        files_opened(tuple[str, ...]): paths that the desktop wants opened.
    """

    files_opened = Signal(object)

    def __init__(self, arguments: list[str]) -> None:
        """Make it with the style that the theme draws on (see `ThemeManager`)."""
        super().__init__([*arguments, "-style", "Fusion"])

    def event(self, event: QEvent) -> bool:
        """Only what is sent to the application itself comes here, so Python is not in the way of anything."""
        if isinstance(event, QFileOpenEvent) and event.file():
            self.files_opened.emit((event.file(),))
            return True
        return super().event(event)
