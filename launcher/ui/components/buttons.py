"""Buttons: filled (one per page), outlined, text, icon, and the red outline of deleting."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from launcher.ui.components.focus_ring import FocusRing
from launcher.ui.components.paint import frame
from launcher.ui.theme import Role, current, font, mix, paint_icon, px


class ButtonSize(Enum):
    """Height, side padding, radius, icon size, gap; px at scale 1."""

    LARGE = (46, 24, 8, 18, 10)
    MEDIUM = (34, 15, 8, 16, 8)
    SMALL = (28, 11, 6, 14, 8)


class ButtonKind(Enum):
    """How much a button asks for attention."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    LINK = "link"
    DANGER = "danger"


class _Colours(NamedTuple):
    fill: QColor | None
    line: QColor | None
    ink: QColor
    dashed: bool = False


class Button(QPushButton):
    """The base of all text buttons; use the named ones below."""

    def __init__(
        self,
        text: str,
        kind: ButtonKind,
        parent: QWidget | None = None,
        *,
        size: ButtonSize = ButtonSize.MEDIUM,
        icon: str = "",
        icon_filled: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setText(text)  # given to the constructor it would show Python the class of icons, 3 ms of names
        self._kind, self._size, self._icon, self._icon_filled = kind, size, icon, icon_filled
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)
        # Moving over a button repaints it; the palette's hover of Fusion is not used.
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        FocusRing(self, size.value[2])

    def set_kind(self, kind: ButtonKind) -> None:
        """Ask for more or less attention."""
        self._kind = kind
        self.updateGeometry()
        self.update()

    def set_icon_name(self, icon: str, filled: bool = False) -> None:
        """Another icon before the text; "" for none."""
        self._icon, self._icon_filled = icon, filled
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for icon, text and padding."""
        height, padding, _, icon, gap = self._size.value
        if self._size is ButtonSize.LARGE and self._kind is not ButtonKind.PRIMARY:
            padding -= 6
        width = QFontMetricsF(font(self._role())).horizontalAdvance(self.text()) + 2 * px(padding)
        if self._icon:
            width += px(icon) + px(gap)
        return QSize(round(width + 0.5), px(height))

    def minimumSizeHint(self) -> QSize:
        """Words on buttons are never cut."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the width."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame, icon, text."""
        painter = QPainter(self)
        colours = self._colours()
        _, _, radius, icon, gap = self._size.value
        frame(painter, QRectF(self.rect()), radius, colours.fill, colours.line, dashed=colours.dashed)
        text_font = font(self._role())
        text_width = QFontMetricsF(text_font).horizontalAdvance(self.text())
        content = text_width + (px(icon) + px(gap) if self._icon else 0)
        left = (self.width() - content) / 2
        if self._icon:
            side = px(icon)
            place = QRectF(left, (self.height() - side) / 2, side, side)
            paint_icon(painter, self._icon, colours.ink, place, self._icon_filled)
            left += side + px(gap)
        painter.setFont(text_font)
        painter.setPen(colours.ink)
        painter.drawText(QRectF(left, 0, text_width + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()

    def _role(self) -> Role:
        if self._size is ButtonSize.LARGE:
            return Role.SECTION if self._kind is ButtonKind.PRIMARY else Role.BODY_MEDIUM
        is_small = self._size is ButtonSize.SMALL
        if self._kind is ButtonKind.PRIMARY:
            return Role.SMALL_STRONG if is_small else Role.BODY_STRONG
        return Role.SMALL_MEDIUM if is_small else Role.BODY_MEDIUM

    def _colours(self) -> _Colours:
        tokens = current()
        if not self.isEnabled():
            is_contrast = tokens.name == "high-contrast"
            fill = None if self._kind is ButtonKind.LINK else QColor(tokens.window)
            line = None if self._kind is ButtonKind.LINK else QColor(tokens.border)
            return _Colours(fill, line, QColor(tokens.muted), dashed=is_contrast)
        if self._kind is ButtonKind.PRIMARY:
            accent = QColor(tokens.accent)
            share = 0.22 if self.isDown() else 0.1 if self.underMouse() else 0.0
            return _Colours(mix(accent, tokens.text, share), None, QColor(tokens.on_accent))
        rest = None if self._kind is ButtonKind.LINK else QColor(tokens.surface)
        fill = QColor(tokens.border) if self.isDown() else QColor(tokens.raised) if self.underMouse() else rest
        if self._kind is ButtonKind.LINK:
            return _Colours(fill, None, QColor(tokens.accent))
        if self._kind is ButtonKind.DANGER:
            return _Colours(fill, QColor(tokens.bad), QColor(tokens.bad))
        ink = QColor(tokens.window if self.isDown() and tokens.name == "high-contrast" else tokens.text)
        return _Colours(fill, QColor(tokens.outline), ink)


class PrimaryButton(Button):
    """The one filled button of a page; its text names the result and its cost."""

    def __init__(
        self, text: str, parent: QWidget | None = None, *, size: ButtonSize = ButtonSize.MEDIUM, icon: str = ""
    ) -> None:
        super().__init__(text, ButtonKind.PRIMARY, parent, size=size, icon=icon)


class SecondaryButton(Button):
    """An outlined button."""

    def __init__(
        self,
        text: str,
        parent: QWidget | None = None,
        *,
        size: ButtonSize = ButtonSize.MEDIUM,
        icon: str = "",
        icon_filled: bool = False,
    ) -> None:
        super().__init__(text, ButtonKind.SECONDARY, parent, size=size, icon=icon, icon_filled=icon_filled)


class DangerButton(Button):
    """Deletes something: red outline, never filled."""

    def __init__(self, text: str, parent: QWidget | None = None, *, size: ButtonSize = ButtonSize.MEDIUM) -> None:
        super().__init__(text, ButtonKind.DANGER, parent, size=size)


class LinkButton(Button):
    """A text button for the least important step."""

    def __init__(self, text: str, parent: QWidget | None = None, *, size: ButtonSize = ButtonSize.SMALL) -> None:
        super().__init__(text, ButtonKind.LINK, parent, size=size)


class IconButton(QPushButton):
    """A button that is only an icon; `name` is what a screen reader says and the tool tip shows."""

    def __init__(
        self,
        icon: str,
        name: str,
        parent: QWidget | None = None,
        *,
        side: int = 30,
        icon_size: int = 16,
        outlined: bool = False,
        checkable: bool = False,
    ) -> None:
        super().__init__(parent)
        self._icon, self._side, self._icon_size, self._is_outlined = icon, side, icon_size, outlined
        self.set_name(name)
        self.setCheckable(checkable)
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        FocusRing(self, 6)

    def set_name(self, name: str) -> None:
        """Name the action."""
        self.setAccessibleName(name)
        self.setToolTip(name)

    def set_icon_name(self, icon: str) -> None:
        """Show another icon."""
        self._icon = icon
        self.update()

    def sizeHint(self) -> QSize:
        """A square of at least 28 px."""
        side = px(max(28, self._side))
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """Never smaller: targets are 28 px or more."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Hover changes the fill."""
        self.update()
        super().enterEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill by state, then the icon."""
        tokens = current()
        painter = QPainter(self)
        fill: str | None = tokens.surface if self._is_outlined else None
        if self.isChecked():
            fill = tokens.soft_accent
        elif self.isDown():
            fill = tokens.border
        elif self.underMouse() and self.isEnabled():
            fill = tokens.raised
        line = tokens.outline if self._is_outlined else None
        if tokens.name == "high-contrast" and self.isChecked():
            line = tokens.accent
        frame(painter, QRectF(self.rect()), 6, fill, line, dashed=not self.isEnabled())
        ink = tokens.accent if self.isChecked() else tokens.muted if not self.isEnabled() else tokens.text
        side = px(self._icon_size)
        place = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        paint_icon(painter, self._icon, ink, place)
        painter.end()
