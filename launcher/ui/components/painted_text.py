"""Texts and icons that delegates paint into rows: one elided line, two lines, an icon with words, a half circle."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from launcher.ui.theme import Role, Tone, colour, font, paint_icon, px

_LEFT = Qt.AlignmentFlag.AlignLeft


def paint_line(
    painter: QPainter, area: QRectF, text: str, role: Role, tone: Tone, align: Qt.AlignmentFlag = _LEFT
) -> float:
    """One line, elided; returns its width."""
    text_font = font(role)
    metrics = QFontMetricsF(text_font)
    painter.setFont(text_font)
    painter.setPen(colour(tone))
    # A text measures itself a hair wider than the room that was made for it.
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() + 0.5)
    painter.drawText(area, align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
    return metrics.horizontalAdvance(shown)


def paint_icon_line(painter: QPainter, area: QRectF, icon: str, text: str, role: Role, tone: Tone) -> None:
    """A small icon ("half" is the half circle, "" none), then the text."""
    side = px(13)
    if icon:
        place = QRectF(area.left(), area.center().y() - side / 2, side, side)
        if icon == "half":
            _paint_half(painter, place, colour(tone))
        else:
            paint_icon(painter, icon, tone, place)
        area = area.adjusted(side + px(3), 0, 0, 0)
    paint_line(painter, area, text, role, tone)


def two_lines(area: QRectF, upper: float, lower: float) -> tuple[QRectF, QRectF]:
    """Where two lines of these heights stand, centred together."""
    top = area.top() + (area.height() - upper - lower) / 2
    return QRectF(area.left(), top, area.width(), upper), QRectF(area.left(), top + upper, area.width(), lower)


def _paint_half(painter: QPainter, place: QRectF, ink: QColor) -> None:
    """A circle whose left half is filled: partly on the card."""
    circle = place.adjusted(1.5, 1.5, -1.5, -1.5)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(circle)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawPie(circle, 90 * 16, 180 * 16)
    painter.restore()
