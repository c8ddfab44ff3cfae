"""The row with a chevron that unfolds something in the chat: a thought, a summary."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QWidget

from launcher.ui.components import FocusRing, Run, frame
from launcher.ui.components.text import ElidedLabel
from launcher.ui.theme import Role, Tone, current, paint_icon, px

FOLD_ROW, FOLD_LEFT, FOLD_RADIUS = 34, 36, 8
"""Height of the row, left edge of the words, and the frame's corners; px at 100 %."""


class FoldHead(QPushButton):
    """Chevron, title, a count, first words."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_open = False
        self._line = ElidedLabel("", parent=self)
        self._line.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        FocusRing(self, FOLD_RADIUS)

    def set_words(self, title: str, count: str, preview: str, is_running: bool = False) -> None:
        """Show these words; the title and the count are what a screen reader says."""
        runs = [Run(title, Role.SMALL_STRONG, Tone.ACCENT if is_running else Tone.TEXT)]
        if count:
            runs.append(Run(f"  {count}", Role.SMALL, Tone.MUTED))
        if preview:
            runs.append(Run(f"    {preview}", Role.SMALL, Tone.MUTED))
        self._line.set_text(runs)
        self._line.setToolTip("")
        self.setAccessibleName(f"{title} {count}".strip())

    def set_open(self, is_open: bool) -> None:
        """Turn the chevron."""
        if is_open != self._is_open:
            self._is_open = is_open
            self.setAccessibleDescription(self.tr("Unfolded") if is_open else self.tr("Folded"))
            self.update()

    def resizeEvent(self, event: object) -> None:
        """The words take what the chevron leaves."""
        self._line.setGeometry(px(FOLD_LEFT), 0, max(0, self.width() - px(FOLD_LEFT) - px(12)), self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The chevron, and a fill under the mouse."""
        painter = QPainter(self)
        if self.underMouse():
            area = QRectF(self.rect()).adjusted(1, 1, -1, 0 if self._is_open else -1)
            frame(painter, area, FOLD_RADIUS - 1, current().raised)
        side = px(14)
        place = QRectF(px(13), (self.height() - side) / 2, side, side)
        paint_icon(
            painter,
            "chevron-down" if self._is_open else "chevron-right",
            Tone.ACCENT if self._is_open else Tone.MUTED,
            place,
        )
        painter.end()
