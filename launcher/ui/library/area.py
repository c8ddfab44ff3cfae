"""The Downloads area of the window: what is being fetched, and what is here, under one item of the rail."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from launcher.ui.components import SegmentedButtons
from launcher.ui.downloads import DownloadsPage
from launcher.ui.library.page import LibraryPage

DOWNLOADS, LIBRARY = "downloads", "library"


class DownloadsArea(QWidget):
    """Two pages, and the switch between them right of the title of the one that shows.

    Signals:
        shown(str): "downloads" or "library".
    """

    shown = Signal(str)

    def __init__(self, downloads: DownloadsPage, library: LibraryPage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages = {DOWNLOADS: downloads, LIBRARY: library}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        choices = ((DOWNLOADS, self.tr("Downloads")), (LIBRARY, self.tr("On this PC")))
        self._switch = SegmentedButtons(self.tr("Show"), choices, self)
        self._switch.chosen.connect(self.show_part)
        self._stack = QStackedWidget(self)
        for page in self._pages.values():
            self._stack.addWidget(page)
        column.addWidget(self._stack)
        downloads.title_line.add(self._switch)

    @property
    def part(self) -> str:
        """Which page is shown."""
        return self._switch.key

    @Slot(str)
    def show_part(self, part: str) -> None:
        """Show "downloads" or "library"."""
        page = self._pages[part]
        focused = self.window().focusWidget() if self.isVisible() else None
        page.title_line.add(self._switch)
        self._switch.set_key(part)
        self._stack.setCurrentWidget(page)
        if focused is not None and self._switch.isAncestorOf(focused):
            focused.setFocus()  # the arrows go on switching where it stands now
        self.shown.emit(part)
