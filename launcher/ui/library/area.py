"""The Downloads area of the window: what is being fetched, and what is here, under one item of the rail."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from launcher.ui.components import SegmentedButtons
from launcher.ui.theme import px

DOWNLOADS, LIBRARY = "downloads", "library"
_NARROW_BELOW = 900


class DownloadsArea(QWidget):
    """Two pages and the switch between them.

    Signals:
        shown(str): "downloads" or "library".
    """

    shown = Signal(str)

    def __init__(self, downloads: QWidget, library: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages = {DOWNLOADS: downloads, LIBRARY: library}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = head = QHBoxLayout()
        head.setContentsMargins(32, 16, 32, 0)
        choices = ((DOWNLOADS, self.tr("Downloads")), (LIBRARY, self.tr("On this PC")))
        self._switch = SegmentedButtons(self.tr("Show"), choices, self)
        self._switch.chosen.connect(self.show_part)
        head.addWidget(self._switch)
        head.addStretch(1)
        column.addLayout(head)
        self._stack = QStackedWidget(self)
        for page in self._pages.values():
            self._stack.addWidget(page)
        column.addWidget(self._stack, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In line with the pages below, whose margins shrink in a narrow window."""
        super().resizeEvent(event)
        side = 20 if self.width() < px(_NARROW_BELOW) else 32
        self._head.setContentsMargins(side, 16, side, 0)

    @property
    def part(self) -> str:
        """Which page is shown."""
        return self._switch.key

    @Slot(str)
    def show_part(self, part: str) -> None:
        """Show "downloads" or "library"."""
        self._switch.set_key(part)
        self._stack.setCurrentWidget(self._pages[part])
        self.shown.emit(part)
