"""Small meters: a thin bar, and label, value and bar together."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from launcher.ui.components.text import Text
from launcher.ui.theme import Role, Tone, current, px


class ThinBar(QWidget):
    """A share of something, 0..1; accent for ours, outline grey for use by others."""

    def __init__(self, name: str, parent: QWidget | None = None, *, height: int = 8, by_others: bool = False) -> None:
        super().__init__(parent)
        self._share: float | None = None
        self._height, self._by_others = px(height), by_others
        self._tone: Tone | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float | None, description: str = "") -> None:
        """Fill to `share`; None leaves the frame empty (unknown).

        Args:
            share: 0..1.
            description: the same in words with numbers, for screen readers and the tool tip.
        """
        self._share = None if share is None else min(1.0, max(0.0, share))
        self.setAccessibleDescription(description)
        self.setToolTip(description)
        self.update()

    def set_tone(self, tone: Tone | None) -> None:
        """Another colour (a paused download); None is the usual one."""
        self._tone = tone
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(60, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame and fill."""
        tokens = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        radius = self._height / 2
        clip = QPainterPath()
        clip.addRoundedRect(area, radius, radius)
        painter.save()
        painter.setClipPath(clip)
        painter.fillRect(area, QColor(tokens.surface))
        if self._share:
            ink = (
                getattr(tokens, self._tone.value)
                if self._tone
                else tokens.outline
                if self._by_others
                else tokens.accent
            )
            painter.fillRect(QRectF(0, 0, max(2.0, self._share * area.width()), area.height()), QColor(ink))
        painter.restore()
        painter.setPen(QPen(QColor(tokens.outline), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), radius - 0.5, radius - 0.5)
        painter.end()


class Meter(QWidget):
    """A label, its value and a bar, one above the other."""

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._label = label
        self._value = Text("–", Role.SMALL_MEDIUM, parent=self)
        self._bar = ThinBar(label, self, height=6)
        column.addWidget(Text(label, Role.SMALLEST, Tone.MUTED, self))
        column.addWidget(self._value)
        column.addSpacing(4)
        column.addWidget(self._bar)

    def set_value(self, words: str, share: float | None, description: str = "") -> None:
        """Show a value in words and as a share (0..1, None unknown)."""
        self._value.set_text(words)
        self._bar.set_share(share, description or f"{self._label}: {words}")
