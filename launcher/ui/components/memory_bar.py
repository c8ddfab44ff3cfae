"""The stacked memory bar and its legend: colour, pattern and words, never colour alone."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from launcher.ui.components.flow_layout import FlowLayout
from launcher.ui.components.memory import MemoryParts, Part, part_name
from launcher.ui.components.motion import motion_ms
from launcher.ui.components.text import Run, Text
from launcher.ui.theme import Role, Tone, current, font, px

if TYPE_CHECKING:
    from PySide6.QtCore import QVariantAnimation

_LEAST_PART = 3.0
_LABEL_FROM = 130.0
_GLIDE_MS = 150


def paint_part(painter: QPainter, part: Part, area: QRectF) -> None:
    """Fill `area` with a part's colour and pattern."""
    tokens = current()
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    hairline = QColor(tokens.surface)
    hairline.setAlphaF(0.4)
    if part is Part.WEIGHTS:
        painter.fillRect(area, QColor(tokens.weights))
    elif part is Part.KV_CACHE:
        painter.fillRect(area, QColor(tokens.kv_cache))
        _diagonals(painter, area, QPen(hairline, 1.2), 5.0 * 2**0.5, rising=True)
    elif part is Part.COMPUTE:
        painter.fillRect(area, QColor(tokens.compute))
        x = area.left() + 3
        while x < area.right():
            painter.fillRect(QRectF(x, area.top(), 1, area.height()), hairline)
            x += 4
    else:
        painter.fillRect(area, QColor(tokens.surface))
        if part is Part.OTHER:
            _diagonals(painter, area, QPen(QColor(tokens.other_programs), 1.8), 4.3 * 2**0.5, rising=False)
    painter.restore()


def _diagonals(painter: QPainter, area: QRectF, pen: QPen, step: float, *, rising: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    height = area.height()
    x = area.left() - height
    while x < area.right() + height:
        top, bottom = (x + height, x) if rising else (x, x + height)
        painter.drawLine(QPointF(bottom, area.bottom()), QPointF(top, area.top()))
        x += step


class StackedBar(QWidget):
    """One device's memory as one bar. Heights at text size 1: 24 on pages, 22 in panels, 14 in meters, 10 in rows."""

    def __init__(self, parent: QWidget | None = None, *, height: int = 24) -> None:
        super().__init__(parent)
        self._height = px(height)
        self._parts: MemoryParts | None = None
        self._shares: tuple[float, ...] = ()
        self._glide: QVariantAnimation | None = None
        self._from: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(48)

    @property
    def parts(self) -> MemoryParts | None:
        """What is shown."""
        return self._parts

    def set_parts(self, parts: MemoryParts | None, *, glide: bool = False) -> None:
        """Show a device's memory.

        Args:
            parts: None shows an empty frame (nothing known yet).
            glide: let the borders move for 150 ms (another plan); live figures jump.
        """
        if parts == self._parts:
            return
        old = self._shares
        self._parts = parts
        total = max(1, parts.total_bytes) if parts else 1
        self._shares = tuple(size / total for size in parts.bytes_by_part.values()) if parts else ()
        self.setToolTip(parts.tool_tip() if parts else "")
        self.setAccessibleName(parts.sentence() if parts else "")
        if self._glide is not None:
            self._glide.stop()
        can_glide = glide and len(old) == len(self._shares) and self.isVisible()
        if can_glide and (duration := motion_ms(self, _GLIDE_MS)):
            self._from = old
            self._glide = self._glide or self._make_glide()
            self._glide.setDuration(duration)
            self._glide.start()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(200, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Parts with 1 px of surface between them, then the outline."""
        tokens = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        radius = min(float(px(5)), self._height / 3)
        clip = QPainterPath()
        clip.addRoundedRect(area, radius, radius)
        painter.save()
        painter.setClipPath(clip)
        painter.fillRect(area, QColor(tokens.surface))
        edges = self._edges(area)
        for part, left, right in edges:
            paint_part(painter, part, QRectF(left, area.top(), right - left, area.height()))
        for _, _, right in edges:
            painter.fillRect(QRectF(right, area.top(), 1, area.height()), QColor(tokens.surface))
        self._paint_overflow(painter, area)
        painter.restore()
        painter.setPen(QPen(QColor(tokens.outline), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        self._paint_label(painter, area)
        painter.end()

    def _paint_overflow(self, painter: QPainter, area: QRectF) -> None:
        """What is beyond the capacity: behind a line, and hatched."""
        parts = self._parts
        if parts is None or not parts.capacity_bytes or parts.used_bytes <= parts.capacity_bytes:
            return
        bad = QColor(current().bad)
        end = self._end_of_capacity(area)
        beyond = QRectF(end, area.top(), area.right() - end, area.height())
        painter.save()
        painter.setClipRect(beyond, Qt.ClipOperation.IntersectClip)
        painter.fillRect(beyond, QColor(current().soft_bad))
        _diagonals(painter, beyond, QPen(bad, 1.8), 4.3 * 2**0.5, rising=True)
        painter.fillRect(QRectF(end, area.top(), 2, area.height()), bad)
        painter.restore()

    def _end_of_capacity(self, area: QRectF) -> float:
        parts = self._parts
        if parts is None or not parts.capacity_bytes or parts.used_bytes <= parts.capacity_bytes:
            return area.right()
        end = area.left() + area.width() * parts.capacity_bytes / parts.total_bytes
        return min(end, area.right() - _LEAST_PART)

    def _edges(self, area: QRectF) -> list[tuple[Part, float, float]]:
        """Used parts with their borders; non-zero parts get at least 3 px, free takes what is left."""
        shares = self._now()
        shown = [
            (part, share) for part, share in zip(Part, shares, strict=False) if part is not Part.FREE and share > 0
        ]
        widths = [max(_LEAST_PART, share * area.width()) for _, share in shown]
        excess = sum(widths) - area.width()
        if excess > 0 and widths:
            widest = max(range(len(widths)), key=lambda i: widths[i])
            widths[widest] -= excess
        edges: list[tuple[Part, float, float]] = []
        left = area.left()
        for (part, _), width in zip(shown, widths, strict=True):
            right = round(left + width)
            edges.append((part, left, float(right)))
            left = float(right)
        return edges

    def _now(self) -> tuple[float, ...]:
        if self._glide is None or self._glide.state() != self._glide.State.Running:
            return self._shares
        at = float(self._glide.currentValue())
        return tuple(old + (new - old) * at for old, new in zip(self._from, self._shares, strict=True))

    def _paint_label(self, painter: QPainter, area: QRectF) -> None:
        parts = self._parts
        if parts is None or self._height < px(20):
            return
        edges = [(left, right) for part, left, right in self._edges(area) if part is Part.WEIGHTS]
        if not edges or edges[0][1] - edges[0][0] < _LABEL_FROM:
            return
        left, right = edges[0]
        right = min(right, self._end_of_capacity(area))
        words = f"{part_name(Part.WEIGHTS)} {parts.printed()[Part.WEIGHTS]} GiB"
        label_font = font(Role.SMALLEST_STRONG)
        if QFontMetricsF(label_font).horizontalAdvance(words) + 12 > right - left:
            return
        painter.setFont(label_font)
        painter.setPen(QColor(current().on_weights))
        painter.drawText(QRectF(left, 0, right - left, area.height()), Qt.AlignmentFlag.AlignCenter, words)

    def _make_glide(self) -> QVariantAnimation:
        from PySide6.QtCore import QEasingCurve, QVariantAnimation  # nothing moves in the first frame

        glide = QVariantAnimation(self)
        glide.setStartValue(0.0)
        glide.setEndValue(1.0)
        glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        glide.valueChanged.connect(self._on_glide_value_changed)
        return glide

    def _on_glide_value_changed(self) -> None:
        self.update()


class Swatch(QWidget):
    """14 px of a part's colour and pattern."""

    def __init__(self, part: Part, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part = part
        self.setFixedSize(px(14), px(14))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The part in a rounded square; light parts get an outline."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        clip = QPainterPath()
        clip.addRoundedRect(area, 3, 3)
        painter.save()
        painter.setClipPath(clip)
        paint_part(painter, self._part, area)
        painter.restore()
        if self._part in (Part.OTHER, Part.FREE) or current().name == "high-contrast":
            painter.setPen(QPen(QColor(current().outline), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.end()


class MemoryLegend(QWidget):
    """The legend under a bar, in bar order: swatch, name, figure in GiB."""

    def __init__(
        self, parent: QWidget | None = None, *, parts: Sequence[Part] = tuple(Part), is_compact: bool = False
    ) -> None:
        super().__init__(parent)
        self._texts: dict[Part, Text] = {}
        self._names = {part: part_name(part, is_short=is_compact) for part in parts}
        self._gap = " " if is_compact else "  "
        flow = FlowLayout(self, gap=7 if is_compact else 13)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for part in parts:
            entry = QWidget(self)
            row = QHBoxLayout(entry)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(5 if is_compact else 6)
            row.addWidget(Swatch(part, entry))
            text = Text([Run(self._names[part], Role.SMALLEST, Tone.MUTED)], parent=entry)
            self._texts[part] = text
            row.addWidget(text)
            flow.addWidget(entry)

    def set_parts(self, parts: MemoryParts | None, *, with_figures: Container[Part] = tuple(Part)) -> None:
        """Print the figures of these parts, or names alone when nothing is known."""
        figures = {p: text for p, text in parts.printed().items() if p in with_figures} if parts else {}
        for part, text in self._texts.items():
            runs = [Run(self._names[part], Role.SMALLEST, Tone.MUTED)]
            if part in figures:
                runs += [Run(self._gap, Role.SMALLEST), Run(figures[part], Role.SMALLEST_STRONG)]
            text.set_text(runs)
