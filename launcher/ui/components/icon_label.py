"""An icon that is only a picture beside words, or a state dot."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from launcher.ui.components.paint import frame
from launcher.ui.theme import Tone, colour, paint_icon, px


class IconLabel(QWidget):
    """A tinted icon; the words beside it carry the meaning."""

    def __init__(self, icon: str, tone: Tone = Tone.TEXT, size: int = 18, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon, self._tone = icon, tone
        self.setFixedSize(px(size), px(size))

    def set_icon(self, icon: str, tone: Tone) -> None:
        """Show another icon or tone."""
        self._icon, self._tone = icon, tone
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon."""
        painter = QPainter(self)
        paint_icon(painter, self._icon, self._tone, QRectF(self.rect()))
        painter.end()


class Dot(QWidget):
    """A state dot of 8 px; a word always stands beside it."""

    def __init__(self, tone: Tone = Tone.MUTED, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = tone
        self.setFixedSize(px(8), px(8))

    def set_tone(self, tone: Tone) -> None:
        """Another state."""
        self._tone = tone
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A filled circle."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), self.width() / 2, colour(self._tone))
        painter.end()
