"""Surfaces: cards, cards that are one button, lines between sections, scrolling pages."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QSizePolicy, QWidget

from launcher.ui.components.focus_ring import FocusRing
from launcher.ui.components.paint import frame
from launcher.ui.theme import current

CARD_RADIUS = 12


class Card(QWidget):
    """A surface with a 1 px border and radius 12. Flat: no shadow."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Surface and border."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), CARD_RADIUS, current().surface, current().border)
        painter.end()


class ClickableCard(QPushButton):
    """A card that is one button and one focus stop. Put a layout in it; its labels must not take the mouse."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        FocusRing(self, CARD_RADIUS)

    def sizeHint(self) -> QSize:
        """What the content wants."""
        layout = self.layout()
        return layout.sizeHint() if layout else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """What the content needs."""
        layout = self.layout()
        return layout.minimumSize() if layout else super().minimumSizeHint()

    def hasHeightForWidth(self) -> bool:
        """As the content."""
        layout = self.layout()
        return bool(layout and layout.hasHeightForWidth())

    def heightForWidth(self, width: int) -> int:
        """As the content."""
        layout = self.layout()
        return layout.heightForWidth(width) if layout else -1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the card."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Border at rest; outline and raised under the mouse."""
        tokens = current()
        painter = QPainter(self)
        is_active = self.isEnabled() and (self.underMouse() or self.isDown())
        fill = tokens.raised if is_active else tokens.surface
        line = tokens.outline if is_active else tokens.border
        frame(painter, QRectF(self.rect()), CARD_RADIUS, fill, line, dashed=not self.isEnabled())
        painter.end()


class Divider(QWidget):
    """A 1 px line between sections, horizontal or vertical."""

    def __init__(self, parent: QWidget | None = None, *, vertical: bool = False) -> None:
        super().__init__(parent)
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """One line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current().border))
        painter.end()


class ScrollPage(QScrollArea):
    """A page on `window` that scrolls vertically when the window is small. Fill `content`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.content = QWidget()
        self.setWidget(self.content)
