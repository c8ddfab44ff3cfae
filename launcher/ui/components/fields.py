"""Fields: search and choice."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QWidget

from launcher.ui.components.focus_ring import FocusRing
from launcher.ui.components.paint import frame
from launcher.ui.theme import Role, Tone, current, font, paint_icon, px


class SearchField(QLineEdit):
    """A field with a magnifier; Esc empties it."""

    def __init__(self, name: str, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(True)
        self.setTextMargins(px(24), 0, 0, 0)
        self.setMinimumHeight(px(32))
        FocusRing(self, 8, reach=2)

    def event(self, event: QEvent) -> bool:
        """Take Esc before the window's shortcut does, while there is something to empty."""
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.ShortcutOverride and is_escape and self.text():
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties the field first, and only then means something else."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The field, and the magnifier on it."""
        super().paintEvent(event)
        painter = QPainter(self)
        side = px(16)
        paint_icon(painter, "search", Tone.MUTED, QRectF(px(10), (self.height() - side) / 2, side, side))
        painter.end()


class ComboBox(QComboBox):
    """A choice from a list, drawn as an outlined field with a chevron."""

    def __init__(self, name: str, parent: QWidget | None = None, *, height: int = 30, icon: str = "") -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._height = height
        self._icon = icon
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        FocusRing(self, 8, reach=2)

    def sizeHint(self) -> QSize:
        """The longest choice and the chevron."""
        metrics = QFontMetricsF(font(Role.SMALL_MEDIUM))
        widest = max((metrics.horizontalAdvance(self.itemText(i)) for i in range(self.count())), default=0.0)
        return QSize(math.ceil(widest) + self._text_left() + px(16) + px(18), px(self._height))

    def minimumSizeHint(self) -> QSize:
        """As wide as the longest choice."""
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls the page, it does not change a choice by accident."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame, chosen text, chevron."""
        tokens = current()
        painter = QPainter(self)
        is_on = self.isEnabled()
        fill = tokens.window if not is_on else tokens.raised if self.underMouse() else tokens.surface
        frame(painter, QRectF(self.rect()), 8, fill, tokens.outline if is_on else tokens.border, dashed=not is_on)
        side = px(16)
        left = self._text_left()
        if self._icon:
            paint_icon(painter, self._icon, Tone.MUTED, QRectF(px(11), (self.height() - side) / 2, side, side))
        room = QRectF(left, 0, self.width() - left - side - px(18), self.height())
        words_font = font(Role.SMALL)
        painter.setFont(words_font)
        painter.setPen(tokens.text if is_on else tokens.muted)
        words = QFontMetricsF(words_font).elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        place = QRectF(self.width() - side - px(11), (self.height() - side) / 2, side, side)
        paint_icon(painter, "chevron-down", Tone.MUTED, place)
        painter.end()

    def _text_left(self) -> int:
        return px(11) + (px(24) if self._icon else 0)
