"""Chips: labels of 22 px that cannot be clicked, and filters of 26 px that can."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QWidget

from launcher.ui.components.focus_ring import FocusRing
from launcher.ui.components.paint import frame
from launcher.ui.theme import Role, current, font, paint_icon, px


class ChipKind(Enum):
    """What a chip says; the value names the fill and the ink token."""

    NEUTRAL = ("raised", "muted")
    ACCENT = ("soft_accent", "accent")
    GOOD = ("soft_good", "good")
    WARN = ("soft_warn", "warn")
    BAD = ("soft_bad", "bad")


class Chip(QLabel):
    """A small label on a soft fill; `mono` for names of quantisations."""

    def __init__(
        self,
        text: str = "",
        kind: ChipKind = ChipKind.NEUTRAL,
        parent: QWidget | None = None,
        *,
        icon: str = "",
        mono: bool = False,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._kind, self._icon = kind, icon
        self._role = Role.MONO_SMALL if mono else Role.SMALL_MEDIUM
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        """Replace the words."""
        self.setText(text)
        self.updateGeometry()

    def set_kind(self, kind: ChipKind) -> None:
        """Change what it says."""
        self._kind = kind
        self.update()

    def sizeHint(self) -> QSize:
        """Text, icon and 8 px at the sides."""
        width = QFontMetricsF(font(self._role)).horizontalAdvance(self.text()) + px(16)
        if self._icon:
            width += px(20)
        return QSize(round(width + 0.5), px(22))

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Soft fill, icon, words."""
        tokens = current()
        fill, ink = (getattr(tokens, name) for name in self._kind.value)
        painter = QPainter(self)
        line = tokens.border if tokens.name == "high-contrast" else None
        frame(painter, QRectF(self.rect()), 4, fill, line)
        left = float(px(8))
        if self._icon:
            side = px(14)
            paint_icon(painter, self._icon, ink, QRectF(left, (self.height() - side) / 2, side, side))
            left += px(20)
        painter.setFont(font(self._role))
        painter.setPen(ink)
        painter.drawText(QRectF(left, 0, self.width(), self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()


class FilterChip(QPushButton):
    """A toggle of a list; checked shows a tick as well as the fill."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        FocusRing(self, 4)

    def sizeHint(self) -> QSize:
        """Room for the tick is kept only when checked."""
        width = QFontMetricsF(font(Role.SMALL_MEDIUM)).horizontalAdvance(self.text()) + px(20)
        if self.isChecked():
            width += px(20)
        # 28 px of target; the 26 px of the drawing are painted inside.
        return QSize(round(width + 0.5), px(28))

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def checkStateSet(self) -> None:
        """The tick changes the width."""
        super().checkStateSet()
        self.updateGeometry()

    def nextCheckState(self) -> None:
        """The tick changes the width."""
        super().nextCheckState()
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill, tick, words."""
        tokens = current()
        painter = QPainter(self)
        fill = tokens.soft_accent if self.isChecked() else tokens.border if self.underMouse() else tokens.raised
        ink = tokens.accent if self.isChecked() else tokens.muted
        line = tokens.border if tokens.name == "high-contrast" else None
        frame(painter, QRectF(self.rect()).adjusted(0, 1, 0, -1), 4, fill, line)
        left = float(px(10))
        if self.isChecked():
            side = px(14)
            paint_icon(painter, "check", ink, QRectF(left - px(2), (self.height() - side) / 2, side, side))
            left += px(18)
        painter.setFont(font(Role.SMALL_MEDIUM))
        painter.setPen(ink)
        painter.drawText(QRectF(left, 0, self.width(), self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()
