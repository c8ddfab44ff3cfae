"""A listing: head with language and Copy, coloured code that scrolls sideways and never wraps."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextLayout,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from launcher.chat.highlight import CodeKind, Span, label
from launcher.ui.chat.prose import visible
from launcher.ui.chat.typesetter import CodeKey, Typesetter
from launcher.ui.components import LinkButton, Text, frame
from launcher.ui.theme import Role, Tone, current, font, line_height, px

_HEAD = 30
_PADDING = 14
_COPIED_MS = 2000
RADIUS = 8


class CodeBlock(QWidget):
    """One listing.

    Signals:
        height_changed(): a scroll bar came or went.
    """

    height_changed = Signal()

    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._language = ""
        self._code = ""
        self._is_final = False
        self._label = Text("", Role.SMALL_MEDIUM, Tone.MUTED, self)
        self._copy = LinkButton(self.tr("Copy"), self)
        self._copy.set_icon_name("copy")
        self._copy.setAccessibleName(self.tr("Copy code"))
        self._copy.clicked.connect(self._on_copy_clicked)
        self._view = CodeView(self)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(_COPIED_MS)
        self._copied.timeout.connect(self._on_copied_over)
        typesetter.code_coloured.connect(self._on_code_coloured)

    @property
    def code(self) -> str:
        """The listing."""
        return self._code

    @property
    def language(self) -> str:
        """As it stands at the fence."""
        return self._language

    @property
    def view(self) -> CodeView:
        """The text itself, for selecting."""
        return self._view

    def set_code(self, language: str, code: str, is_final: bool) -> None:
        """Show a listing; one that grows is continued, and coloured when it is final."""
        if (language, code, is_final) == (self._language, self._code, self._is_final):
            return
        grows = code.startswith(self._code) and language == self._language and not self._is_final
        if language != self._language or not self._label.text():
            self._label.set_text(label(language) or self.tr("Text"))
        self._view.set_text(visible(code), visible(code[len(self._code) :]) if grows and self._code else None)
        self._language, self._code, self._is_final = language, code, is_final
        self.setAccessibleName(self.tr("Code, {language}").format(language=self._label.text()))
        if is_final:
            self._colour()

    def height_at(self, width: int) -> int:
        """Height of head, lines, padding and the scroll bar if it is needed."""
        return px(_HEAD) + self._view.height_at(width - 2)

    def restyle(self) -> None:
        """Take over a new theme."""
        self._view.restyle()
        self._colour()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Head above the code."""
        head = px(_HEAD)
        hint = self._copy.sizeHint()
        self._copy.setGeometry(
            self.width() - hint.width() - px(4), (head - hint.height()) // 2 + 1, hint.width(), hint.height()
        )
        self._label.setGeometry(px(13), 1, max(0, self._copy.x() - px(16)), head)
        self._view.setGeometry(1, head, self.width() - 2, self.height() - head - 1)
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame, head, line under it."""
        tokens = current()
        painter = QPainter(self)
        area = QRectF(self.rect())
        frame(painter, area, RADIUS, tokens.surface)
        clip = QPainterPath()
        clip.addRoundedRect(area, RADIUS, RADIUS)
        painter.save()
        painter.setClipPath(clip)
        painter.fillRect(QRectF(0, 0, self.width(), px(_HEAD)), QColor(tokens.raised))
        painter.fillRect(QRectF(0, px(_HEAD), self.width(), 1), QColor(tokens.border))
        painter.restore()
        frame(painter, area, RADIUS, None, tokens.border)
        painter.end()

    def _colour(self) -> None:
        found = self._typesetter.code_spans(CodeKey(self._language, self._code)) if self._is_final else ()
        # Colours are shown when the visible text is the listing itself, character by character.
        if found and visible(self._code) == self._code:
            self._view.colour(self._code, found)

    def _on_code_coloured(self, key: CodeKey) -> None:
        if self._is_final and key == CodeKey(self._language, self._code):
            self._colour()

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._code)
        self._copy.setText(self.tr("Copied"))
        self._copy.set_icon_name("check")
        self._copied.start()
        self.resizeEvent(QResizeEvent(self.size(), self.size()))

    def _on_copied_over(self) -> None:
        self._copy.setText(self.tr("Copy"))
        self._copy.set_icon_name("copy")
        self.resizeEvent(QResizeEvent(self.size(), self.size()))


class CodeView(QTextEdit):
    """The code itself: selectable, read only."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAcceptRichText(False)
        self.setLineWrapMode(QTextEdit.LineWrapMode.NoWrap)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.document().setDocumentMargin(0)
        self.setViewportMargins(px(_PADDING), px(7), px(_PADDING), 0)
        self._widest = 0.0
        self._lines = 1
        self.restyle()

    def restyle(self) -> None:
        """Font and text colour of the theme."""
        self.document().setDefaultFont(font(Role.MONO))
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.setCharFormat(self._format())
        cursor.setBlockFormat(self._line())

    def set_text(self, text: str, added: str | None) -> None:
        """Show `text`; `added` is its new end when only that has changed."""
        cursor = QTextCursor(self.document())
        if added is None:
            cursor.select(QTextCursor.SelectionType.Document)
            cursor.setBlockFormat(self._line())
            self._widest, self._lines = 0.0, 1
        else:
            cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text if added is None else added, self._format())
        measure = QFontMetricsF(font(Role.MONO))
        # Only what is new is measured; a line that goes on is measured whole.
        first = text.rfind("\n", 0, len(text) - len(added)) + 1 if added is not None else 0
        lines = text[first:].split("\n")
        self._lines = text.count("\n") + 1
        self._widest = max(self._widest, *(_width(measure, line) for line in lines))

    def height_at(self, width: int) -> int:
        """Lines, padding, and the scroll bar when the widest line does not fit."""
        bar = self.horizontalScrollBar().sizeHint().height() if self._widest > width - 2 * px(_PADDING) else 0
        return self._lines * line_height(Role.MONO) + 2 * px(7) + bar

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
    # A line of a megabyte need not be measured to know that it does not fit.
    return measure.horizontalAdvance(line.expandtabs(8)) if len(line) < 2000 else 1e6
