"""The quiet way past a download: the built-in model, with what it is beside the words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from launcher.ui.components import SecondaryButton, frame
from launcher.ui.theme import Role, current, font, px

_PADDING, _GAP, _RADIUS = 15, 8, 8


class TryButton(SecondaryButton):
    """Says "Try it now", and in muted words what is tried and how small it is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(self.tr("Try it now"), parent)
        self._note = ""
        self.hide()

    def set_size(self, size_bytes: int) -> None:
        """The size of the built-in model's file."""
        from launcher.catalog import builtin  # Home is painted before the catalog is loaded

        self._note = self.tr("tiny demonstration model, built in, {size}").format(size=builtin.size_words(size_bytes))
        self.setAccessibleName(builtin.try_words(size_bytes))
        self.setToolTip(builtin.honest_words())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for both texts."""
        width = self._width(Role.BODY_STRONG, self.text()) + px(_GAP) + self._width(Role.BODY, self._note)
        return QSize(round(width + 2 * px(_PADDING) + 0.5), px(34))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame, words, note."""
        tokens = current()
        painter = QPainter(self)
        fill = tokens.border if self.isDown() else tokens.raised if self.underMouse() else tokens.surface
        frame(painter, QRectF(self.rect()), _RADIUS, fill, tokens.outline)
        left = float(px(_PADDING))
        for role, text, ink in ((Role.BODY_STRONG, self.text(), tokens.text), (Role.BODY, self._note, tokens.muted)):
            painter.setFont(font(role))
            painter.setPen(QColor(ink))
            width = self._width(role, text)
            painter.drawText(QRectF(left, 0, width + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
            left += width + px(_GAP)
        painter.end()

    def _width(self, role: Role, text: str) -> float:
        return QFontMetricsF(font(role)).horizontalAdvance(text)
