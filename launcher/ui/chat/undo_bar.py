"""The undo after a deletion."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.ui.components import LinkButton, frame
from launcher.ui.components.text import ElidedLabel
from launcher.ui.theme import Role, current, px

_UNDO_MS = 10_000
_BELOW = 4  # blank, to what stands under it


class UndoBar(QWidget):
    """Says what was deleted, for ten seconds; it stays while the mouse or the keyboard is on it.

    Signals:
        undo_pressed(): bring it back.
    """

    undo_pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = ElidedLabel("", Role.SMALL, parent=self)
        self._button = LinkButton(self.tr("Undo"), self)
        self._button.clicked.connect(self._on_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(10), px(4), px(4), px(4) + px(_BELOW))
        row.addWidget(self._words, 1)
        row.addWidget(self._button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_UNDO_MS)
        self._timer.timeout.connect(self._on_over)
        self.hide()

    def offer(self, words: str) -> None:
        """Say what was deleted, and offer the undo."""
        self._words.set_text(words)
        self.show()
        self._timer.start()

    def withdraw(self) -> None:
        """There is nothing to undo any more."""
        self._timer.stop()
        self.hide()

    def enterEvent(self, event: QEvent) -> None:
        """It does not vanish under the mouse."""
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """The time begins again."""
        self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A frame."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()).adjusted(0, 0, 0, -px(_BELOW)), 8, current().surface, current().outline)
        painter.end()

    def _on_clicked(self) -> None:
        self._timer.stop()
        self.hide()
        self.undo_pressed.emit()

    def _on_over(self) -> None:
        if self._button.hasFocus():
            self._timer.start()
        else:
            self.hide()
