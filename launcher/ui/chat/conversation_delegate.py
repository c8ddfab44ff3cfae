"""How the lines of the list of chats are painted."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from launcher.chat.conversation import SearchHit
from launcher.ui.chat.conversation_model import ConversationModel, ListRow
from launcher.ui.components import frame
from launcher.ui.theme import Role, Tone, current, font, line_height, paint_icon, px

_ROW, _HEADING, _FIRST_HEADING = 32, 32, 28
_SIDE, _INSIDE, _RADIUS = 10, 16, 6
_HIT_LINES = 2


class ConversationDelegate(QStyledItemDelegate):
    """Headings in muted, folders with a chevron, titles of 32 px, hits in two lines with the words marked."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Of a line."""
        row = _row_of(index)
        if row is None or row.heading:
            return QSize(0, px(_HEADING) if index.row() else px(_FIRST_HEADING))
        if row.hit is not None:
            return QSize(0, _HIT_LINES * line_height(Role.SMALLEST) + px(8))
        return QSize(0, px(_ROW))

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The field for a title covers its line."""
        editor.setGeometry(_area(option))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """One line."""
        row = _row_of(index)
        if row is None:
            return
        area = _area(option)
        painter.save()
        if row.heading:
            painter.setFont(font(Role.SMALL_MEDIUM))
            painter.setPen(QColor(current().muted))
            words = area.adjusted(px(_SIDE), 0, 0, -px(4))
            painter.drawText(words, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, row.heading)
        else:
            is_chosen = _paint_ground(painter, option, area)
            inside = px(_INSIDE) if row.is_inside or row.hit is not None else 0
            words = area.adjusted(px(_SIDE) + inside, 0, -px(_SIDE), 0)
            if row.hit is not None:
                _paint_hit(painter, words, row.hit)
            elif row.folder is not None:
                _paint_folder(painter, words, row)
            else:
                _paint_chat(painter, words, str(index.data()), row, is_chosen)
        painter.restore()


def _row_of(index: QModelIndex | QPersistentModelIndex) -> ListRow | None:
    model = index.model()
    return model.row(index) if isinstance(model, ConversationModel) else None


def _area(option: QStyleOptionViewItem) -> QRect:
    return option.rect  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem, area: QRect) -> bool:
    """Chosen, under the mouse, or neither; returns whether it is chosen."""
    tokens = current()
    state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
    is_chosen = bool(state & QStyle.StateFlag.State_Selected)
    if is_chosen:
        has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
        line = tokens.accent if has_focus or tokens.name == "high-contrast" else None
        frame(painter, QRectF(area), _RADIUS, tokens.soft_accent, line)
    elif state & QStyle.StateFlag.State_MouseOver:
        frame(painter, QRectF(area), _RADIUS, tokens.raised)
    return is_chosen


def _paint_chat(painter: QPainter, words: QRect, title: str, row: ListRow, is_chosen: bool) -> None:
    if row.entry is not None and row.entry.is_pinned:
        words = _with_icon_at_right(painter, words, "pin")
    elif row.entry is not None and row.entry.n_hits > len(row.entry.hits):
        words = _with_number_at_right(painter, words, row.entry.n_hits)
    _paint_line(painter, words, title, Role.SMALL_STRONG if is_chosen else Role.SMALL)


def _paint_folder(painter: QPainter, words: QRect, row: ListRow) -> None:
    folder = row.folder
    assert folder is not None  # noqa: S101 - the caller has one
    side = px(14)
    chevron = QRectF(words.left() - px(2), words.center().y() - side / 2 + 1, side, side)
    paint_icon(painter, "chevron-right" if folder.is_folded else "chevron-down", Tone.MUTED, chevron)
    picture = chevron.translated(side + px(4), 0)
    paint_icon(painter, "folder", Tone.MUTED, picture)
    words = words.adjusted(2 * side + px(10), 0, 0, 0)
    _paint_line(painter, _with_number_at_right(painter, words, row.n_chats), folder.name, Role.SMALL_MEDIUM)


def _paint_line(painter: QPainter, words: QRect, text: str, role: Role) -> None:
    painter.setFont(font(role))
    painter.setPen(QColor(current().text))
    shown = QFontMetricsF(font(role)).elidedText(text, Qt.TextElideMode.ElideRight, words.width())
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, shown)


def _with_icon_at_right(painter: QPainter, words: QRect, name: str) -> QRect:
    side = px(13)
    paint_icon(painter, name, Tone.MUTED, QRectF(words.right() - side, words.center().y() - side / 2 + 1, side, side))
    return words.adjusted(0, 0, -side - px(6), 0)


def _with_number_at_right(painter: QPainter, words: QRect, number: int) -> QRect:
    painter.setFont(font(Role.SMALLEST))
    painter.setPen(QColor(current().muted))
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, str(number))
    width = QFontMetricsF(font(Role.SMALLEST)).horizontalAdvance(str(number))
    return words.adjusted(0, 0, -round(width) - px(6), 0)


def _paint_hit(painter: QPainter, words: QRect, hit: SearchHit) -> None:
    """Two lines of the text, what was searched for marked by weight and ground."""
    tokens = current()
    layout = QTextLayout(hit.snippet, font(Role.SMALLEST))
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    shape = QTextCharFormat()
    shape.setFont(font(Role.SMALLEST))
    shape.setFontWeight(600)
    shape.setForeground(QColor(tokens.text))
    shape.setBackground(QColor(tokens.soft_warn))
    layout.setFormats([_range(start, end, shape) for start, end in hit.marks])
    layout.beginLayout()
    height = line_height(Role.SMALLEST)
    n_lines = 0
    for number in range(_HIT_LINES):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(words.width())
        line.setPosition(QPointF(0, number * height))
        n_lines += 1
    layout.endLayout()
    painter.setPen(QColor(tokens.muted))
    painter.setClipRect(words)
    top = words.top() + (words.height() - n_lines * height) / 2
    layout.draw(painter, QPointF(words.left(), top))


def _range(start: int, end: int, shape: QTextCharFormat) -> QTextLayout.FormatRange:
    found = QTextLayout.FormatRange()
    # Offsets of Qt count the halves of characters beyond the basic plane; close enough for a mark in a list.
    found.start, found.length, found.format = start, end - start, shape
    return found
