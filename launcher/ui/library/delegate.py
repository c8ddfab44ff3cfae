"""Paints the rows of the library. No widgets in them, so hundreds of models scroll as one does."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from launcher.core.units import gb, rate
from launcher.core.words import known
from launcher.services.library_values import LibraryEntry
from launcher.ui.components import frame, paint_icon_line, paint_line, two_lines
from launcher.ui.library import words
from launcher.ui.library.rows import ROW_ROLE, BrokenRow, Heading, Row
from launcher.ui.theme import Role, Tone, colour, current, font, line_height, paint_icon, px

ROW_HEIGHT = 52
_HEADING_HEIGHT = 40
SIDE = 20
SIZE_WIDTH, FIT_WIDTH, USED_WIDTH = 84, 182, 108
"""Columns at the right, px; the name takes what they leave. On a narrow list the last use goes under the name."""

_NARROW = 620
_RIGHT = Qt.AlignmentFlag.AlignRight


def columns(area: QRectF) -> tuple[QRectF, QRectF, QRectF, QRectF | None]:
    """Name, size, fit and last use inside a row (or the head of the list)."""
    right = area.right() - px(SIDE)

    def take(width: int) -> QRectF:
        nonlocal right
        right -= px(width)
        return QRectF(right, area.top(), px(width), area.height())

    used = take(USED_WIDTH) if area.width() >= px(_NARROW) else None
    fit = take(FIT_WIDTH)
    size = take(SIZE_WIDTH)
    left = area.left() + px(SIDE)
    return QRectF(left, area.top(), max(0.0, right - left - px(8)), area.height()), size, fit, used


class LibraryDelegate(QStyledItemDelegate):
    """Paints one row."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Two lines; a heading has one."""
        height = _HEADING_HEIGHT if isinstance(index.data(ROW_ROLE), Heading) else ROW_HEIGHT
        return QSize(px(200), px(height))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Ground by state, then the content."""
        row: Row | None = index.data(ROW_ROLE)
        if row is None:
            return
        # PySide's stubs do not list the fields of style options.
        area = QRectF(option.rect)  # pyright: ignore
        state: QStyle.StateFlag = option.state  # pyright: ignore
        painter.save()
        if isinstance(row, Heading):
            paint_line(painter, area.adjusted(px(SIDE), px(8), 0, 0), row.text, Role.SMALL_STRONG, Tone.MUTED)
            _rule(painter, area)
        else:
            _ground(painter, area, state)
            if isinstance(row, BrokenRow):
                self._paint_broken(painter, area, row)
            else:
                self._paint_entry(painter, area, row)
        painter.restore()

    def _paint_entry(self, painter: QPainter, area: QRectF, entry: LibraryEntry) -> None:
        name, size, fit, used = columns(area)
        model = entry.model
        upper, lower = _lines(name)
        mark = self.tr("newer version") if entry.update is not None else ""
        left = _name(painter, upper, model.name, model.quant, room_for=mark)
        if mark:
            paint_line(painter, upper.adjusted(left + px(8), 0, 0, 0), mark, Role.SMALLEST_STRONG, Tone.ACCENT)
        icon, checked, tone = words.check_words(entry)
        origin = words.origin_words(model.origin)
        last_use = words.use_words(model.last_used_unix_s)
        if used is None:
            origin = f"{origin} · {last_use}"
        x = paint_line(painter, lower, f"{origin} · ", Role.SMALLEST, Tone.MUTED)
        paint_icon_line(painter, lower.adjusted(x, 0, 0, 0), icon, checked, Role.SMALLEST, tone)
        paint_line(painter, size.adjusted(0, 0, -px(12), 0), gb(model.size_bytes), Role.BODY, Tone.TEXT, _RIGHT)
        self._paint_fit(painter, fit, entry)
        if used is not None:
            paint_line(painter, used, last_use, Role.SMALL, Tone.MUTED, _RIGHT)

    def _paint_fit(self, painter: QPainter, area: QRectF, entry: LibraryEntry) -> None:
        icon, text, tone = words.entry_fit(entry)
        area = area.adjusted(px(8), 0, 0, 0)
        if entry.plan is None or not entry.plan.fits:
            paint_icon_line(painter, area, icon, text, Role.SMALL, tone)
            return
        upper, lower = _lines(area)
        paint_icon_line(painter, upper, icon, text, Role.SMALL, tone)
        speed = self.tr("{n} tokens/s").format(n=rate(entry.plan.speed.decode_tokens_s))
        paint_line(painter, lower.adjusted(px(16), 0, 0, 0), speed, Role.SMALLEST, Tone.MUTED)

    def _paint_broken(self, painter: QPainter, area: QRectF, row: BrokenRow) -> None:
        inner = area.adjusted(px(SIDE), 0, -px(SIDE), 0)
        side = px(16)
        place = QRectF(inner.left(), inner.center().y() - side / 2, side, side)
        paint_icon(painter, "triangle-alert", Tone.WARN, place)
        inner = inner.adjusted(side + px(10), 0, 0, 0)
        upper, lower = _lines(inner)
        size = gb(row.broken.size_bytes)
        paint_line(painter, upper, size, Role.SMALL, Tone.MUTED, _RIGHT)
        name = str(row.broken.path).replace("\\", "/").rpartition("/")[2]
        paint_line(painter, upper.adjusted(0, 0, -px(SIZE_WIDTH), 0), name, Role.BODY_MEDIUM, Tone.TEXT)
        reason = f"{words.origin_words(row.broken.origin)} · {known(row.broken.why)}"
        paint_line(painter, lower, reason, Role.SMALLEST, Tone.MUTED)


def _ground(painter: QPainter, area: QRectF, state: QStyle.StateFlag) -> None:
    tokens = current()
    is_chosen = bool(state & QStyle.StateFlag.State_Selected)
    is_under_mouse = bool(state & QStyle.StateFlag.State_MouseOver)
    fill = tokens.soft_accent if is_chosen else tokens.raised if is_under_mouse else tokens.surface
    painter.fillRect(area, QColor(fill))
    _rule(painter, area)
    if is_chosen:
        painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), QColor(tokens.accent))


def _rule(painter: QPainter, area: QRectF) -> None:
    painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), QColor(current().border))


def _lines(area: QRectF) -> tuple[QRectF, QRectF]:
    return two_lines(area, px(22), line_height(Role.SMALLEST))


def _name(painter: QPainter, area: QRectF, name: str, quant: str, room_for: str) -> float:
    """Name, then the quantisation as a chip; returns how much of the width they take."""
    chip_font, gap = font(Role.MONO_SMALL), px(8)
    chip_width = QFontMetricsF(chip_font).horizontalAdvance(quant) + px(14) if quant else 0.0
    mark_width = QFontMetricsF(font(Role.SMALLEST_STRONG)).horizontalAdvance(room_for) + gap if room_for else 0.0
    room = QRectF(area.left(), area.top(), max(0.0, area.width() - chip_width - gap - mark_width), area.height())
    used = paint_line(painter, room, name, Role.BODY_MEDIUM, Tone.TEXT)
    if not quant:
        return used
    tokens = current()
    height = px(20)
    chip = QRectF(area.left() + used + gap, area.center().y() - height / 2, chip_width, height)
    frame(painter, chip, 4, tokens.raised, tokens.border if tokens.name == "high-contrast" else None)
    painter.setFont(chip_font)
    painter.setPen(colour(Tone.MUTED))
    painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, quant)
    return used + gap + chip_width
