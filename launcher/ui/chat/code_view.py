"""Lines of a listing as a text in which can be selected; it never wraps, and scrolls sideways together with the lines around it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextLayout,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from launcher.chat.highlight import CodeKind, Span
from launcher.ui.chat.prose import visible
from launcher.ui.theme import Role, current, font, line_height, px

SIDE_PADDING = 14
"""Left and right of the code, px at 100 %."""
_TAB_COLUMNS = 8
# What Qt would take for the end of a line within a line.
_ENDS = {0x0D: None, 0x2028: " ", 0x2029: " "}
_LONG_LINE = 2000


def shown(code: str) -> str:
    """Code as it is put on the screen: one line for each of its lines, and nothing that reorders it."""
    return visible(code).translate(_ENDS)


def width_of(code: str) -> int:
    """What its widest line takes, px."""
    measure = QFontMetricsF(font(Role.MONO))
    lines = code.expandtabs(_TAB_COLUMNS).split("\n")
    if code.isascii():  # every letter is as wide as any other
        return round(measure.horizontalAdvance("0") * max(map(len, lines)))
    return round(max(_width(measure, line) for line in lines))


class CodeView(QTextEdit):
    """Some lines of the code: selectable, read only."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAcceptRichText(False)
        self.setLineWrapMode(QTextEdit.LineWrapMode.NoWrap)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The listing has one bar for all its lines; the one of these lines is only where their place is kept.
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalScrollBar().rangeChanged.connect(self._on_range_changed)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.document().setDocumentMargin(0)
        self.setViewportMargins(px(SIDE_PADDING), 0, px(SIDE_PADDING), 0)
        self.setTabStopDistance(_TAB_COLUMNS * QFontMetricsF(font(Role.MONO)).horizontalAdvance("0"))
        self._most = 0
        self.restyle()

    def restyle(self) -> None:
        """Font and text colour of the theme."""
        self.document().setDefaultFont(font(Role.MONO))
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.setCharFormat(self._format())
        cursor.setBlockFormat(self._line())

    def set_text(self, text: str) -> None:
        """Show these lines."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.setBlockFormat(self._line())
        cursor.insertText(text, self._format())

    def append_text(self, text: str) -> None:
        """Go on at the end."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text, self._format())

    def scroll_sideways(self, value: int, most: int) -> None:
        """Stand where the whole listing stands, `value` px of at most `most`, however short these lines are."""
        self._most = most
        self.horizontalScrollBar().setRange(0, most)
        self.horizontalScrollBar().setValue(value)

    def colour(self, text: str, found: tuple[Span, ...]) -> None:
        """Colour the listing without touching its text, as QSyntaxHighlighter does."""
        tokens = current()
        inks = {
            CodeKind.KEYWORD: QColor(tokens.code_keyword),
            CodeKind.FUNCTION: QColor(tokens.code_function),
            CodeKind.NUMBER: QColor(tokens.code_number),
            CodeKind.COMMENT: QColor(tokens.code_comment),
        }
        is_narrow = text.isascii() or max(text) <= "\uffff"
        block = self.document().begin()
        at = 0
        ranges: list[list[QTextLayout.FormatRange]] = []
        starts: list[int] = []
        while block.isValid():
            starts.append(at)
            ranges.append([])
            at += block.length() if is_narrow else len(block.text()) + 1
            block = block.next()
        line = 0
        for span in found:
            while line + 1 < len(starts) and starts[line + 1] <= span.start:
                line += 1
            here = line
            while here < len(starts) and starts[here] < span.end:
                begin = max(span.start, starts[here]) - starts[here]
                end = min(span.end, starts[here + 1] - 1 if here + 1 < len(starts) else span.end) - starts[here]
                if end > begin:
                    ranges[here].append(_range(text, starts[here], begin, end, inks[span.kind], is_narrow))
                here += 1
        block = self.document().begin()
        for formats in ranges:
            block.layout().setFormats(formats)
            block = block.next()
        self.document().markContentsDirty(0, self.document().characterCount())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Sideways here, up and down in the list of messages."""
        if event.angleDelta().x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        """The frame around it is painted by the block; Qt's own must stay away."""
        super().changeEvent(event)
        self.viewport().setAutoFillBackground(False)

    def _on_range_changed(self) -> None:
        # Qt measures these lines alone. It keeps the place when the range is mended before it looks at that.
        if self.horizontalScrollBar().maximum() != self._most:
            self.horizontalScrollBar().setRange(0, self._most)

    def _format(self) -> QTextCharFormat:
        shape = QTextCharFormat()
        shape.setFont(font(Role.MONO))
        shape.setForeground(QColor(current().text))
        return shape

    @staticmethod
    def _line() -> QTextBlockFormat:
        layout = QTextBlockFormat()
        layout.setLineHeight(line_height(Role.MONO), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        return layout


def _range(text: str, line: int, begin: int, end: int, ink: QColor, is_narrow: bool) -> QTextLayout.FormatRange:
    """A coloured piece of a line; Qt counts UTF-16 units."""
    piece = QTextLayout.FormatRange()
    shape = QTextCharFormat()
    shape.setForeground(ink)
    if is_narrow:
        start, length = begin, end - begin
    else:
        start = len(text[line : line + begin].encode("utf-16-le", "surrogatepass")) // 2
        length = len(text[line + begin : line + end].encode("utf-16-le", "surrogatepass")) // 2
    piece.start, piece.length, piece.format = start, length, shape
    return piece


def _width(measure: QFontMetricsF, line: str) -> float:
    # A line of a megabyte need not be measured letter by letter; Chinese ones are twice as wide.
    if len(line) < _LONG_LINE:
        return measure.horizontalAdvance(line)
    return measure.horizontalAdvance("0") * len(line) * (1 if line.isascii() else 2)
