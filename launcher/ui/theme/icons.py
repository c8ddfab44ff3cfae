"""Line icons (Lucide, ISC) from resources/icons, tinted and drawn crisp at any pixel ratio."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from launcher.core.paths import resource
from launcher.ui.theme.state import Tone, colour

_STROKE = 'stroke-width="1.7"'


@cache
def _source(name: str) -> str:
    text = resource("icons", f"{name}.svg").read_text("utf-8")
    return text.replace('stroke-width="2"', _STROKE)


def pixmap(name: str, tint: Tone | QColor | str, size: float, dpr: float = 1.0, filled: bool = False) -> QPixmap:
    """An icon as a pixmap of `size` logical pixels at device pixel ratio `dpr`.

    Args:
        name: file name under resources/icons without ".svg".
        tint: a tone of the theme, or a colour.
        size: width and height, logical pixels.
        dpr: of the device that it is painted on.
        filled: fill the shape too (the square of Stop).
    """
    ink = colour(tint) if isinstance(tint, Tone) else QColor(tint)
    side = round(size * dpr)
    key = f"launcher-icon:{name}:{ink.name()}:{side}:{filled}"
    found = QPixmap()
    # Qt's own cache, because pixmaps must not outlive the application object.
    if not QPixmapCache.find(key, found):
        found = _render(name, ink, side, filled)
        QPixmapCache.insert(key, found)
    result = QPixmap(found)
    result.setDevicePixelRatio(dpr)
    return result


def _render(name: str, ink: QColor, side: int, filled: bool) -> QPixmap:
    svg = _source(name).replace("currentColor", ink.name())
    if filled:
        svg = svg.replace('fill="none"', f'fill="{ink.name()}"')
    result = QPixmap(side, side)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return result


def paint_icon(painter: QPainter, name: str, tint: Tone | QColor | str, rect: QRectF, filled: bool = False) -> None:
    """Paint an icon centred in `rect`, as large as its smaller side."""
    size = min(rect.width(), rect.height())
    dpr = painter.device().devicePixelRatioF()
    top_left = rect.center() - QRectF(0, 0, size, size).center()
    # Whole device pixels, so that the strokes stay sharp.
    place = QRectF(round(top_left.x() * dpr) / dpr, round(top_left.y() * dpr) / dpr, size, size)
    source = pixmap(name, tint, size, dpr, filled)
    painter.drawPixmap(place, source, QRectF(source.rect()))
