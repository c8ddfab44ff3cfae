"""One of several, as rows: a name, what it means in muted, and its figure at the right (the drawing of dialogs)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QRadioButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from launcher.ui.components import FocusRing, frame
from launcher.ui.theme import Role, Tone, colour, current, font, px

_ROW = 36
_MOST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Option:
    """A row.

    Attributes:
        tone: of `figure`.
        problem: why it cannot be chosen; "" when it can.
    """

    name: str
    about: str = ""
    figure: str = ""
    tone: Tone = Tone.TEXT
    problem: str = ""


class Choices(QScrollArea):
    """A list of radio buttons; scrolls from nine rows on.

    Signals:
        chosen(int): the user picked a row.
    """

    chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._holder = QWidget()
        self._column = QVBoxLayout(self._holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setWidget(self._holder)
        self._group = QButtonGroup(self)
        self._group.idToggled.connect(self._on_id_toggled)
        self._rows: list[_Row] = []
        # Rows have a place only after the layout.
        self._placed = QTimer(self)
        self._placed.setSingleShot(True)
        self._placed.setInterval(0)
        self._placed.timeout.connect(self._show_chosen)

    def set_options(self, options: Sequence[Option], chosen: int = 0) -> None:
        """Show these; `chosen` is marked, without a signal."""
        self._group.blockSignals(True)
        for row in self._rows:
            self._group.removeButton(row)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [_Row(option, i == 0, self._holder) for i, option in enumerate(options)]
        for i, row in enumerate(self._rows):
            self._group.addButton(row, i)
            self._column.addWidget(row)
            row.show()
        if 0 <= chosen < len(self._rows) and self._rows[chosen].isEnabled():
            self._rows[chosen].setChecked(True)
        self._group.blockSignals(False)
        self.setFixedHeight(px(_ROW) * min(_MOST_ROWS, max(1, len(self._rows))))
        self._placed.start()

    @property
    def index(self) -> int:
        """The chosen row; -1 is none."""
        return self._group.checkedId()

    def focus_chosen(self) -> None:
        """The keyboard goes to the chosen row."""
        button = self._group.checkedButton()
        if button is not None:
            button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_chosen(self) -> None:
        button = self._group.checkedButton()
        if button is not None:
            self.ensureWidgetVisible(button)

    def _on_id_toggled(self, index: int, is_checked: bool) -> None:
        if is_checked:
            self.ensureWidgetVisible(self._rows[index])
            self.chosen.emit(index)


class _Row(QRadioButton):
    def __init__(self, option: Option, is_first: bool, parent: QWidget) -> None:
        super().__init__(option.name, parent)
        self._option, self._is_first = option, is_first
        self.setEnabled(not option.problem)
        words = [option.about, option.figure, option.problem]
        self.setAccessibleName(", ".join([option.name, *(w for w in words if w)]))
        self.setToolTip(option.problem or self.accessibleName())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        FocusRing(self, 6, reach=0)

    def sizeHint(self) -> QSize:
        return QSize(px(300), px(_ROW))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(160), px(_ROW))

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, option = current(), self._option
        painter = QPainter(self)
        if self.underMouse() and self.isEnabled():
            painter.fillRect(self.rect(), tokens.raised)
        if not self._is_first:
            painter.fillRect(0, 0, self.width(), 1, tokens.border)
        self._paint_knob(painter)
        left, right = float(px(30)), float(self.width() - px(4))
        right = self._write(painter, option.figure, Role.SMALL_STRONG, option.tone, (left, right), at_right=True)
        left = self._write(painter, option.name, Role.BODY_MEDIUM, Tone.TEXT, (left, right - px(12)))
        about = option.problem or option.about
        if about and right - left > px(40):
            self._write(painter, about, Role.SMALL, Tone.MUTED, (left + px(10), right - px(12)))
        painter.end()

    def _paint_knob(self, painter: QPainter) -> None:
        tokens = current()
        side = px(18)
        place = QRectF(px(4), (self.height() - side) / 2, side, side)
        is_on = self.isChecked()
        if is_on:
            frame(painter, place, side / 2, tokens.accent)
            inner = px(6)
            frame(painter, place.adjusted(inner, inner, -inner, -inner), inner / 2, tokens.on_accent)
        else:
            frame(painter, place, side / 2, tokens.surface, tokens.outline, dashed=not self.isEnabled())

    def _write(
        self,
        painter: QPainter,
        text: str,
        role: Role,
        tone: Tone,
        room: tuple[float, float],
        *,
        at_right: bool = False,
    ) -> float:
        """Write one line, elided to its room; returns where it ends (where it begins, at the right)."""
        left, right = room
        used = font(role)
        metrics = QFontMetricsF(used)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, max(0.0, right - left))
        width = metrics.horizontalAdvance(shown)
        start = right - width if at_right else left
        painter.setFont(used)
        painter.setPen(colour(tone if self.isEnabled() else Tone.MUTED))
        painter.drawText(QRectF(start, 0, width + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, shown)
        return start if at_right else start + width
