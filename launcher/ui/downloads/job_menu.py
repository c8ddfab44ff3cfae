"""What else can be done with a download: its order, its own speed limit, its place."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from launcher.ui.downloads.words import LIMITS_BYTES_S, limit_words


class Move(Enum):
    """Where in the order an item goes."""

    TOP = "top"
    UP = "up"
    DOWN = "down"


class JobMenu(QMenu):
    """Made when it is opened, gone when it is closed.

    Signals:
        move_chosen(Move): another place in the order.
        limit_chosen(int | None): bytes per second; None is no limit of its own.
        other_limit_chosen(): a limit that the list does not have.
        folder_chosen(): another disk.
        link_chosen(): the link, to be copied.
        reveal_chosen(): its folder, to be shown.
    """

    move_chosen = Signal(object)
    limit_chosen = Signal(object)
    other_limit_chosen = Signal()
    folder_chosen = Signal()
    link_chosen = Signal()
    reveal_chosen = Signal()

    def __init__(self, limit_bytes_s: int | None, *, is_first: bool, is_last: bool, parent: QWidget) -> None:
        """Make the menu.

        Args:
            limit_bytes_s: the item's own limit now.
            is_first: nothing stands above it.
            is_last: nothing stands below it.
            parent: the card.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        moves = (
            (Move.TOP, self.tr("Move to the top"), is_first, ""),
            (Move.UP, self.tr("Move up"), is_first, "Alt+Up"),
            (Move.DOWN, self.tr("Move down"), is_last, "Alt+Down"),
        )
        for move, text, is_there, keys in moves:
            action = self._add(text, move)
            action.setEnabled(not is_there)
            if keys:
                # Shown here; the card itself listens, also while no menu is open.
                action.setShortcut(QKeySequence(keys))
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.addSeparator()
        self._add_limits(limit_bytes_s)
        self.addAction(self.tr("Use another disk…")).triggered.connect(self.folder_chosen)
        self.addSeparator()
        self.addAction(self.tr("Copy the link")).triggered.connect(self.link_chosen)
        self.addAction(self.tr("Show in the folder")).triggered.connect(self.reveal_chosen)

    def _add(self, text: str, move: Move) -> QAction:
        action = self.addAction(text)
        action.setData(move)
        action.triggered.connect(self._on_move_triggered)
        return action

    def _add_limits(self, limit_bytes_s: int | None) -> None:
        menu = self.addMenu(self.tr("Speed limit"))
        group = QActionGroup(menu)
        offered = LIMITS_BYTES_S if limit_bytes_s in LIMITS_BYTES_S else (*LIMITS_BYTES_S, limit_bytes_s)
        for limit in offered:
            action = menu.addAction(limit_words(limit))
            action.setCheckable(True)
            action.setChecked(limit == limit_bytes_s)
            action.setData(limit)
            action.setActionGroup(group)
            action.triggered.connect(self._on_limit_triggered)
        menu.addAction(self.tr("Other…")).triggered.connect(self.other_limit_chosen)

    def _on_move_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.move_chosen.emit(action.data())

    def _on_limit_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.limit_chosen.emit(action.data())
