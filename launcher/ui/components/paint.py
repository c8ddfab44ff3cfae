"""Painting helpers of the components: frames whose lines are one sharp pixel."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen


def frame(
    painter: QPainter,
    rect: QRectF,
    radius: float,
    fill: QColor | str | None = None,
    line: QColor | str | None = None,
    width: float = 1.0,
    dashed: bool = False,
) -> None:
    """A rounded rectangle; the line lies inside `rect`, so neighbours never lose half a pixel."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QBrush(QColor(fill)) if fill is not None else Qt.BrushStyle.NoBrush)
    if line is None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, radius, radius)
    else:
        pen = QPen(QColor(line), width)
        if dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        half = width / 2
        inner = max(0.0, radius - half)
        painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), inner, inner)
    painter.restore()
