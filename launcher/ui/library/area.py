"""The Downloads area of the window: what is being fetched, and what is here, under one item of the rail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from launcher.ui.components import SegmentedButtons
from launcher.ui.downloads import DownloadsPage

if TYPE_CHECKING:
    from launcher.ui.library.page import LibraryPage

DOWNLOADS, LIBRARY = "downloads", "library"


class DownloadsArea(QWidget):
    """Two pages, and the switch between them right of the title of the one that shows.

    Signals:
        shown(str): "downloads" or "library".
    """

    shown = Signal(str)

    def __init__(
        self, downloads: DownloadsPage, make_library: Callable[[], LibraryPage], parent: QWidget | None = None
    ) -> None:
        """Show the downloads; the library page is made when it is first shown."""
        super().__init__(parent)
        self._pages: dict[str, DownloadsPage | LibraryPage] = {DOWNLOADS: downloads}
        self._make_library = make_library
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        choices = ((DOWNLOADS, self.tr("Downloads")), (LIBRARY, self.tr("On this PC")))
        self._switch = SegmentedButtons(self.tr("Show"), choices, self)
        self._switch.chosen.connect(self.show_part)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(downloads)
        column.addWidget(self._stack)
        downloads.title_line.add(self._switch)

    @property
    def part(self) -> str:
        """Which page is shown."""
        return self._switch.key

    @Slot(str)
    def show_part(self, part: str) -> None:
        """Show "downloads" or "library"."""
        if part not in self._pages:
            self._pages[part] = self._make_library()
            self._stack.addWidget(self._pages[part])
        page = self._pages[part]
        focused = self.window().focusWidget() if self.isVisible() else None
        page.title_line.add(self._switch)
        self._switch.set_key(part)
        self._stack.setCurrentWidget(page)
        if focused is not None and self._switch.isAncestorOf(focused):
            focused.setFocus()  # the arrows go on switching where it stands now
        self.shown.emit(part)
