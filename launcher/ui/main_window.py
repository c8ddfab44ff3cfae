"""The window: rail, pages and status bar. It composes; pages and services know nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from launcher.ui.shell import NavRail, StatusBar
from launcher.ui.theme import px

if TYPE_CHECKING:
    from launcher.ui.drop_overlay import DropOverlay

NARROW_BELOW = 1000


class MainWindow(QMainWindow):
    """One window with pages. `app` adds the pages, connects them and saves the geometry.

    Signals:
        page_changed(str): key of the page now shown.
        new_chat_requested(): Ctrl+N.
        search_requested(): Ctrl+F; the page shown decides what is searched.
        chat_search_requested(): Ctrl+Shift+F; in all chats.
        stop_requested(): Esc; stops a running answer.
        meters_toggle_requested(): Ctrl+M.
        chat_settings_requested(): Ctrl+E.
        painted(): the first frame is being painted.
        closing(): the window is about to close.
        files_dropped(tuple[str, ...]): files and folders were dropped anywhere on it.
        link_dropped(str): a link to a model was.
    """

    page_changed = Signal(str)
    new_chat_requested = Signal()
    search_requested = Signal()
    chat_search_requested = Signal()
    stop_requested = Signal()
    meters_toggle_requested = Signal()
    chat_settings_requested = Signal()
    painted = Signal()
    closing = Signal()
    files_dropped = Signal(object)
    link_dropped = Signal(str)

    def __init__(self, title: str) -> None:
        """Make an empty window of 1280 x 800; `title` is the system's title bar text."""
        super().__init__()
        self.setWindowTitle(title)
        body = QWidget(self)
        # Each with its parent: every change of parent styles all that is inside anew.
        self.rail = NavRail(body)
        self.status_bar = StatusBar(body)
        self._stack = QStackedWidget(body)
        self._is_painted = False
        self._drop: DropOverlay | None = None
        self._keys: list[str] = []
        self._pages: dict[str, QWidget] = {}
        self._makers: dict[str, Callable[[], QWidget]] = {}
        self._regions: dict[str, tuple[QWidget, ...]] = {}
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self._stack, 1)
        column.addLayout(row, 1)
        column.addWidget(self.status_bar)
        self.setCentralWidget(body)
        self.rail.page_chosen.connect(self.show_page)
        self.setMinimumSize(640, 480)
        self.resize(1280, 800)

    @property
    def page_parent(self) -> QWidget:
        """Make a page with this parent: adding it then costs next to nothing."""
        return self._stack

    @property
    def page_key(self) -> str:
        """Key of the page shown; "" before the first is added."""
        return self._keys[self._stack.currentIndex()] if self._keys else ""

    def add_page(
        self,
        key: str,
        icon: str,
        title: str,
        page: QWidget | None = None,
        *,
        regions: Sequence[QWidget] = (),
        at_bottom: bool = False,
    ) -> None:
        """Add a page; the first one is shown.

        Args:
            key: for `show_page` and `page_changed`.
            icon: name of the rail icon.
            title: its word.
            page: the widget; the window takes it. None leaves the place empty until `set_page`.
            regions: parts that F6 visits one after the other (list, chat, meters); the whole page when empty.
            at_bottom: at the lower end of the rail (settings).
        """
        self._keys.append(key)
        page = page or QWidget(self._stack)
        self._pages[key] = page
        self._regions[key] = tuple(regions) or (page,)
        self.catch_drops(page)
        self._stack.addWidget(page)
        self.rail.add(key, icon, title, at_bottom=at_bottom)
        if len(self._keys) == 1:
            self.rail.set_current(key)

    def add_region(self, key: str, region: QWidget) -> None:
        """One more part of a page that F6 visits, after the others."""
        self._regions[key] = (*self._regions[key], region)

    def set_page(self, key: str, page: QWidget, *, regions: Sequence[QWidget] = ()) -> None:
        """Fill or replace a page; it stays shown if it was."""
        old = self._pages[key]
        was_shown = self._stack.currentWidget() is old
        index = self._stack.indexOf(old)
        self._stack.removeWidget(old)
        old.deleteLater()
        self.catch_drops(page)
        self._stack.insertWidget(index, page)
        self._pages[key] = page
        self._regions[key] = tuple(regions) or (page,)
        if was_shown:
            self._stack.setCurrentWidget(page)

    def set_page_when_shown(self, key: str, make: Callable[[], QWidget]) -> None:
        """Like `set_page`, with a page that is made when it is first shown: until then it takes no memory."""
        self._makers[key] = make
        if key == self.page_key:
            self._make_page(key)

    def _make_page(self, key: str) -> None:
        if key in self._makers:
            self.set_page(key, self._makers.pop(key)())

    def catch_drops(self, part: QWidget) -> None:
        """Take files also from the fields of a part that a page got after it was set."""
        if self._drop is not None:
            self._drop.catch_from(part)

    def page(self, key: str) -> QWidget:
        """The widget of a page; an empty one until it is filled."""
        return self._pages[key]

    def show_page(self, key: str) -> None:
        """Show a page and mark it in the rail."""
        is_new = key != self.page_key
        self._make_page(key)
        self._stack.setCurrentWidget(self._pages[key])
        self.rail.set_current(key)
        if is_new:
            self.page_changed.emit(key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Below 1000 px (at text size 1) the rail loses its words."""
        self.rail.set_compact(self.width() < px(NARROW_BELOW))
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell the first time."""
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            self.painted.emit()
            QTimer.singleShot(0, self._complete)

    def _complete(self) -> None:
        """What nobody can use before the frame is on the screen."""
        from launcher.ui.drop_overlay import DropOverlay

        self._add_shortcuts()
        self.setAcceptDrops(True)
        self._drop = DropOverlay(self)
        self._drop.files_dropped.connect(self.files_dropped)
        self._drop.link_dropped.connect(self.link_dropped)
        for page in self._pages.values():
            self._drop.catch_from(page)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say so before the window goes."""
        self.closing.emit()
        super().closeEvent(event)

    def _add_shortcuts(self) -> None:
        self._shortcut("Ctrl+N", self.new_chat_requested.emit)
        self._shortcut("Ctrl+F", self.search_requested.emit)
        self._shortcut("Ctrl+Shift+F", self.chat_search_requested.emit)
        self._shortcut("Ctrl+M", self.meters_toggle_requested.emit)
        self._shortcut("Ctrl+E", self.chat_settings_requested.emit)
        self._shortcut("Ctrl+K", self._on_models_shortcut)
        self._shortcut("F6", self._on_next_region_shortcut)
        self._shortcut("Shift+F6", self._on_previous_region_shortcut)
        self._shortcut("Esc", self.stop_requested.emit)

    def _shortcut(self, keys: str, slot: Callable[[], object]) -> None:
        from PySide6.QtGui import QKeySequence, QShortcut

        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.activated.connect(slot)

    def _on_models_shortcut(self) -> None:
        if "models" in self._pages:
            self.show_page("models")
            self._focus_into(self.page("models"))

    def _on_next_region_shortcut(self) -> None:
        self._move_region(1)

    def _on_previous_region_shortcut(self) -> None:
        self._move_region(-1)

    def _move_region(self, step: int) -> None:
        """Put the focus into the next region that can take it; the rail is one of them."""
        regions = [self.rail, *(r for r in self._regions.get(self.page_key, ()) if r.isVisible())]
        focus = self.focusWidget()
        here = next((i for i, r in enumerate(regions) if focus and (r is focus or r.isAncestorOf(focus))), 0)
        for distance in range(1, len(regions) + 1):
            if self._focus_into(regions[(here + step * distance) % len(regions)]):
                return

    @staticmethod
    def _focus_into(region: QWidget) -> bool:
        """Focus the first widget inside that takes the keyboard; a chosen rail button first."""
        candidates = [region, *region.findChildren(QWidget)]
        can = [w for w in candidates if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible() and w.isEnabled()]
        checked = [w for w in can if isinstance(region, NavRail) and w.property("checked")]
        if not can:
            return False
        (checked or can)[0].setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True
