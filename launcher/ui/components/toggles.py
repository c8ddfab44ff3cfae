"""Switches, check boxes and segmented buttons."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QCheckBox, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from launcher.ui.components.focus_ring import FocusRing
from launcher.ui.components.paint import frame
from launcher.ui.theme import Role, current, font, paint_icon, px


def show_checked(button: QAbstractButton, is_checked: bool) -> None:
    """Show a value without a signal.

    Every control that is switched is shown its value this way and listened to by `toggled`: that is then what the user
    did, by mouse, keys or screen reader alike. Screen readers do not click such a button, they toggle it.
    """
    with QSignalBlocker(button):
        button.setChecked(is_checked)


class ToggleSwitch(QCheckBox):
    """An on/off switch, 34 x 20. Its words stand beside it; give it an accessible name.

    `set_locked` shows a switch that cannot be moved here and says why in the tool tip.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        FocusRing(self, 10, reach=2)

    def set_locked(self, reason: str) -> None:
        """Lock with a reason, or unlock with ""."""
        self.setEnabled(not reason)
        self.setToolTip(reason)
        self.setAccessibleDescription(reason)

    def sizeHint(self) -> QSize:
        """The switch in a target of 28 px."""
        return QSize(px(38), px(28))

    def minimumSizeHint(self) -> QSize:
        """Fixed."""
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        """The whole target."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track and knob."""
        tokens = current()
        painter = QPainter(self)
        width, height = px(34), px(20)
        track = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        is_on = self.isChecked()
        if not self.isEnabled():
            fill, line, knob = tokens.raised, tokens.outline, tokens.outline
        elif is_on:
            fill, line, knob = tokens.accent, tokens.accent, tokens.on_accent
        else:
            fill, line, knob = tokens.raised if self.underMouse() else tokens.surface, tokens.outline, tokens.outline
        frame(painter, track, height / 2, fill, line, dashed=not self.isEnabled() and tokens.name == "high-contrast")
        side = px(12)
        inset = (height - side) / 2
        left = track.right() - inset - side if is_on else track.left() + inset
        frame(painter, QRectF(left, track.top() + inset, side, side), side / 2, knob)
        painter.end()


class CheckBox(QCheckBox):
    """A check box of 18 px with its words."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        FocusRing(self, 4, reach=2)

    def sizeHint(self) -> QSize:
        """Box, gap and words."""
        width = QFontMetricsF(font(Role.BODY)).horizontalAdvance(self.text())
        return QSize(round(px(18) + (px(8) + width + 1 if self.text() else 0)), px(28))

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        """Box and words."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Box, tick, words."""
        tokens = current()
        painter = QPainter(self)
        side = px(18)
        box = QRectF(0, (self.height() - side) / 2, side, side)
        is_on = self.isChecked()
        fill = tokens.accent if is_on and self.isEnabled() else tokens.surface if self.isEnabled() else tokens.window
        frame(painter, box, 4, fill, tokens.accent if is_on and self.isEnabled() else tokens.outline)
        if is_on:
            paint_icon(
                painter, "check", tokens.on_accent if self.isEnabled() else tokens.muted, box.adjusted(2, 2, -2, -2)
            )
        painter.setFont(font(Role.BODY))
        painter.setPen(tokens.text if self.isEnabled() else tokens.muted)
        words = QRectF(side + px(8), 0, self.width(), self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()


class SegmentedButtons(QWidget):
    """One of two to four values.

    Signals:
        chosen(str): the key the user picked.
    """

    chosen = Signal(str)

    def __init__(self, name: str, choices: tuple[tuple[str, str], ...], parent: QWidget | None = None) -> None:
        """Make the row.

        Args:
            name: what is chosen, for screen readers.
            choices: (key, text) in order; the first is chosen at the start.
            parent: as for any widget.
        """
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._keys = [key for key, _ in choices]
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for i, (_, text) in enumerate(choices):
            button = _Segment(text, i == 0, i == len(choices) - 1, self)
            button.setAccessibleName(f"{name}: {text}")
            self._group.addButton(button, i)
            row.addWidget(button)
        self._group.button(0).setChecked(True)
        # Toggled, not clicked: screen readers toggle.
        self._group.idToggled.connect(self._on_id_toggled)

    @property
    def key(self) -> str:
        """The chosen key."""
        return self._keys[self._group.checkedId()]

    def set_key(self, key: str) -> None:
        """Choose without a signal."""
        with QSignalBlocker(self._group):
            self._button(key).setChecked(True)

    def set_locked(self, key: str, reason: str) -> None:
        """Lock one value with a reason, or unlock it with ""."""
        button = self._button(key)
        button.setEnabled(not reason)
        button.setToolTip(reason)
        button.setAccessibleDescription(reason)

    def _button(self, key: str) -> QAbstractButton:
        return self._group.button(self._keys.index(key))

    def _on_id_toggled(self, index: int, checked: bool) -> None:
        if checked:
            self.chosen.emit(self._keys[index])


class _Segment(QPushButton):
    def __init__(self, text: str, is_first: bool, is_last: bool, parent: QWidget) -> None:
        super().__init__(text, parent)
        self._is_first, self._is_last = is_first, is_last
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        FocusRing(self, 8)

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(font(Role.SMALL_STRONG)).horizontalAdvance(self.text()) + px(24)
        return QSize(round(width + 0.5), px(28))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        # The frame of the whole row, of which this segment shows its part.
        whole = area.adjusted(0 if self._is_first else -20, 0, 0 if self._is_last else 20, 0)
        clip = QPainterPath()
        clip.addRect(area)
        painter.setClipPath(clip)
        fill = tokens.accent if self.isChecked() else tokens.raised if self.underMouse() else tokens.surface
        frame(painter, whole, 8, fill, tokens.outline)
        if not self._is_last:
            painter.fillRect(QRectF(area.right() - 1, 1, 1, area.height() - 2), QColor(tokens.outline))
        painter.setFont(font(Role.SMALL_STRONG if self.isChecked() else Role.SMALL))
        painter.setPen(tokens.on_accent if self.isChecked() else tokens.text if self.isEnabled() else tokens.muted)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()
