"""Icons for Qt's own widgets (menus, actions) and the window: none of them is in the first frame."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from launcher.core.paths import resource
from launcher.ui.theme.icons import paint_icon
from launcher.ui.theme.state import Tone


class _Engine(QIconEngine):
    """A QIcon that takes the theme's colour when it is painted, so menus follow a change of theme."""

    def __init__(self, name: str, tint: Tone | str) -> None:
        super().__init__()
        self._name = name
        self._tint: Tone | str = tint

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        tint = Tone.MUTED if mode == QIcon.Mode.Disabled else self._tint
        paint_icon(painter, self._name, tint, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        result = QPixmap(size)
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return result

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._tint)


def app_icon() -> QIcon:
    """The program's own, in the sizes that panels and switchers ask for."""
    drawing = QSvgRenderer(str(resource("app", "launcher.svg")))
    result = QIcon()
    for side in (16, 24, 32, 48, 64, 128):
        size = QPixmap(side, side)
        size.fill(Qt.GlobalColor.transparent)
        painter = QPainter(size)
        drawing.render(painter, QRectF(0, 0, side, side))
        painter.end()
        result.addPixmap(size)
    return result


def icon(name: str, tint: Tone | str = Tone.TEXT) -> QIcon:
    """An icon for Qt's own widgets (menus, actions); follows the theme when `tint` is a tone."""
    return QIcon(_Engine(name, tint))
