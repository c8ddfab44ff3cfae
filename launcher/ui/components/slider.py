"""The slider of the plan editor: a track of 4 px, a knob of 18, and a tick at the recommended value."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleValueChangeEvent,
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from launcher.ui.components.focus_ring import FocusRing
from launcher.ui.components.paint import frame
from launcher.ui.theme import current, px

_KNOB, _TRACK, _TICK_HEIGHT = 18, 4, 12
PAGE_STEPS = 10


class Slider(QSlider):
    """A horizontal slider. The knob jumps to the mouse; arrows move one step, Page ten, Home and End to the ends.

    Signals:
        moved(int): the user moved it (mouse or keyboard); values set by the program are silent.
        reset_requested(): double-clicked: back to the recommended value.
    """

    moved = Signal(int)
    reset_requested = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(name)
        self.setPageStep(PAGE_STEPS)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._recommended: int | None = None
        self._is_silent = False
        self.valueChanged.connect(self._on_value_changed)
        FocusRing(self, 8, reach=2)

    @property
    def recommended(self) -> int | None:
        """Where the tick is."""
        return self._recommended

    def set_scale(self, last: int, recommended: int | None) -> None:
        """Steps from 0 to `last`, with a tick at the recommended one (None for no tick)."""
        self._is_silent = True
        self.setRange(0, max(0, last))
        self._is_silent = False
        if recommended != self._recommended:
            self._recommended = recommended
            self.update()

    def show_value(self, value: int, words: str) -> None:
        """Move the knob without a signal; `words` are what the value means, for screen readers."""
        self._is_silent = True
        self.setValue(value)
        self._is_silent = False
        self.setToolTip(words)
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
            QAccessible.updateAccessibility(QAccessibleValueChangeEvent(self, words))

    def sizeHint(self) -> QSize:
        """Room for the knob, in a target of 28 px."""
        return QSize(px(120), px(28))

    def minimumSizeHint(self) -> QSize:
        """Half of that still works."""
        return QSize(px(60), px(28))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The knob comes to the mouse and follows it."""
        if event.button() != Qt.MouseButton.LeftButton or not self.isEnabled():
            event.ignore()
            return
        self.setSliderDown(True)
        self.setValue(self.value_at(event.position()))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Dragging."""
        if self.isSliderDown():
            self.setValue(self.value_at(event.position()))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The end of a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to the recommended value."""
        self.reset_requested.emit()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls the panel, it does not change a plan by accident."""
        event.ignore()

    def value_at(self, position: QPointF) -> int:
        """The step nearest to a point of this widget."""
        left, right = self._ends()
        share = (position.x() - left) / max(1.0, right - left)
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            share = 1 - share
        steps = self.maximum() - self.minimum()
        return self.minimum() + round(min(1.0, max(0.0, share)) * steps)

    def knob_at(self, value: int) -> QPointF:
        """The middle of the knob at a step."""
        left, right = self._ends()
        share = (value - self.minimum()) / max(1, self.maximum() - self.minimum())
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            share = 1 - share
        return QPointF(left + share * (right - left), self.height() / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track, filled part, tick, knob."""
        tokens = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on = self.isEnabled()
        accent = tokens.accent if is_on else tokens.outline
        middle, track = self.height() / 2, float(px(_TRACK))
        knob, start = self.knob_at(self.value()), self.knob_at(self.minimum())
        whole = QRectF(0, middle - track / 2, self.width(), track)
        frame(painter, whole, track / 2, tokens.surface, tokens.outline, dashed=not is_on)
        edge = whole.left() if start.x() <= knob.x() else whole.right()
        filled = QRectF(QPointF(min(edge, knob.x()), whole.top()), QPointF(max(edge, knob.x()), whole.bottom()))
        frame(painter, filled, track / 2, accent)
        if self._recommended is not None and is_on:
            x, height = self.knob_at(self._recommended).x(), px(_TICK_HEIGHT)
            painter.fillRect(QRectF(x - 1, middle - height / 2, 2, height), QColor(tokens.outline))
        side = float(px(_KNOB))
        painter.setBrush(QColor(tokens.raised if self.underMouse() and is_on else tokens.surface))
        painter.setPen(QPen(QColor(accent), 2.0))
        painter.drawEllipse(knob, side / 2 - 1, side / 2 - 1)
        painter.end()

    def _ends(self) -> tuple[float, float]:
        """Where the middle of the knob may be."""
        half = px(_KNOB) / 2
        return half, self.width() - half

    def _on_value_changed(self, value: int) -> None:
        if not self._is_silent:
            self.moved.emit(value)
