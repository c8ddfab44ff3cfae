"""The speed of the last 60 s: line, predicted band, dotted base line while idle, dot on the newest value."""

from __future__ import annotations

import math
from collections import deque

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from launcher.core.units import rate
from launcher.ui.theme import Role, current, font, px

_POINTS = 120  # 60 s at 2 Hz
# Between the plot and its figures, and the height of a figure.
_LABEL_GAP, _LABEL = 6, 16


def scale_figure(largest: float) -> float:
    """The largest round number (1, 2, 3, 4, 5, 6, 8 x 10^n) not above `largest`."""
    if largest <= 0:
        return 1.0
    magnitude = 10 ** math.floor(math.log10(largest))
    steps = [step for step in (8, 6, 5, 4, 3, 2, 1) if step * magnitude <= largest * (1 + 1e-9)]
    return float(steps[0] * magnitude)


class Sparkline(QWidget):
    """Tokens per second over 60 s, scaled from 0."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: deque[float | None] = deque(maxlen=_POINTS)
        self._band: tuple[float, float] | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def add(self, value: float | None) -> None:
        """The newest half second; None while nothing is being answered."""
        self._values.append(value)
        self.update()

    def clear(self) -> None:
        """Forget everything (another model)."""
        self._values.clear()
        self.update()

    def set_band(self, band: tuple[float, float] | None) -> None:
        """The predicted range, or None."""
        self._band = band
        words = self.tr("predicted {low}–{high} tokens/s").format(low=rate(band[0]), high=rate(band[1])) if band else ""
        self.setAccessibleDescription(words)
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(160, px(66))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Band, base line, values, figures."""
        tokens = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        label_font = font(Role.SMALLEST)
        metrics = QFontMetricsF(label_font)
        top = self._top()
        figure = scale_figure(top)
        # Three digits at least, so that the plot does not change its width with every speed.
        figures_width = max(metrics.horizontalAdvance(words) for words in ("000", rate(figure)))
        label = px(_LABEL)
        plot = QRectF(0, label / 2, self.width() - math.ceil(figures_width) - px(_LABEL_GAP), self.height() - label)
        if self._band:
            low, high = (plot.bottom() - value / top * plot.height() for value in self._band)
            painter.fillRect(QRectF(plot.left(), high, plot.width(), max(2.0, low - high)), QColor(tokens.soft_accent))
        painter.setPen(QPen(QColor(tokens.outline), 1))
        painter.drawLine(QPointF(plot.left(), plot.bottom() + 0.5), QPointF(plot.right(), plot.bottom() + 0.5))
        self._paint_values(painter, plot, top)
        painter.setFont(label_font)
        painter.setPen(QColor(tokens.muted))
        for value in (0.0, figure):
            y = plot.bottom() - value / top * plot.height()
            words = "0" if value == 0 else rate(value)
            place = QRectF(plot.right(), y - label / 2, self.width() - plot.right(), label)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()

    def _top(self) -> float:
        largest = max((value for value in self._values if value is not None), default=0.0)
        return max(largest, self._band[1] if self._band else 0.0, 0.1) * 1.02

    def _paint_values(self, painter: QPainter, plot: QRectF, top: float) -> None:
        tokens = current()
        step = (plot.width() - 6) / (_POINTS - 1)
        start = plot.right() - 3 - step * (len(self._values) - 1)
        line = QPolygonF()
        idle = QPen(QColor(tokens.muted), 1.5, Qt.PenStyle.CustomDashLine)
        idle.setDashPattern([1.2, 2.0])
        ink = QPen(QColor(tokens.accent), 1.8)
        idle_from: float | None = None
        for i, value in enumerate(self._values):
            x = start + i * step
            if value is None:
                self._stroke(painter, line, ink)
                line = QPolygonF()
                idle_from = x if idle_from is None else idle_from
                continue
            if idle_from is not None:
                self._dots(painter, idle_from, x - step, plot.bottom() - 2, idle)
                idle_from = None
            line.append(QPointF(x, plot.bottom() - value / top * plot.height()))
        if idle_from is not None:
            self._dots(painter, idle_from, start + (len(self._values) - 1) * step, plot.bottom() - 2, idle)
        self._stroke(painter, line, ink)
        if line.size():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent))
            painter.drawEllipse(line.at(line.size() - 1), 3, 3)

    @staticmethod
    def _stroke(painter: QPainter, line: QPolygonF, pen: QPen) -> None:
        if line.size() > 1:
            painter.setPen(pen)
            painter.drawPolyline(line)

    @staticmethod
    def _dots(painter: QPainter, left: float, right: float, y: float, pen: QPen) -> None:
        if right > left:
            painter.setPen(pen)
            painter.drawLine(QPointF(left, y), QPointF(right, y))
