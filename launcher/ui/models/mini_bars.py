"""The small stacked bars of a table row: one per device, painted into the cell."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from launcher.core.plans import DeviceMemory
from launcher.ui.components import MemoryParts, Part, planned_parts
from launcher.ui.components.memory_bar import paint_part
from launcher.ui.theme import current, px

_LEAST_PART = 3.0
_GAP = 4
_CARD, _RAM = 52, 70


def paint_devices(painter: QPainter, devices: tuple[DeviceMemory, ...], left: float, top: float, height: float) -> None:
    """Bars from the left in the planner's order: cards first, RAM last and a little longer."""
    shares = [_CARD if d.kind == "gpu" else _RAM for d in devices]
    room = px(_CARD + _RAM + _GAP) - px(_GAP) * (len(devices) - 1)
    # One card and RAM, or RAM alone, keep their drawn widths; more devices share the same room.
    scale = min(px(100) / 100, room / max(1, sum(shares)))
    for device, share in zip(devices, shares, strict=True):
        width = max(6.0, share * scale)
        _paint_bar(painter, planned_parts(device.name, device), QRectF(round(left), top, round(width), height))
        left += width + px(_GAP)


def _paint_bar(painter: QPainter, parts: MemoryParts, area: QRectF) -> None:
    tokens = current()
    clip = QPainterPath()
    clip.addRoundedRect(area, 3, 3)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipPath(clip, Qt.ClipOperation.IntersectClip)
    painter.fillRect(area, QColor(tokens.surface))
    total = max(1, parts.total_bytes)
    used = [(part, size) for part, size in parts.bytes_by_part.items() if size and part is not Part.FREE]
    x = area.left()
    for part, size in used:
        width = max(_LEAST_PART, size / total * area.width())
        right = min(area.right(), x + width)
        paint_part(painter, part, QRectF(x, area.top(), right - x, area.height()))
        painter.fillRect(QRectF(right - 0.5, area.top(), 1, area.height()), QColor(tokens.surface))
        x = right
    painter.restore()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.outline), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 2.5, 2.5)
    painter.restore()
