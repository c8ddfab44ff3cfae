"""A stretch of formatted text: paragraphs, lists, quotes, tables and formulas in one selectable document."""

from __future__ import annotations

import math
import re
from typing import Any, cast

from PySide6.QtCore import QMimeData, QRect, QRectF, QSizeF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QImage,
    QPainter,
    QPaintEvent,
    QPyTextObject,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextList,
    QTextOption,
    QTextTable,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from launcher.ui.chat.typesetter import FormulaImage, FormulaKey, Typesetter
from launcher.ui.theme import Role, current, font, line_height, px

# What an object stands for, so that copying gives the LaTeX back.
SOURCE_PROPERTY = QTextFormat.Property.UserProperty + 1
_NUMBER_PROPERTY = QTextFormat.Property.UserProperty + 2
# A paragraph that is a line across the page.
RULE_PROPERTY = QTextFormat.Property.UserProperty + 3
_FORMULA_OBJECT = QTextFormat.ObjectTypes.UserObject.value + 1
_OBJECT = "\ufffc"
QUOTE_BAR_PX = 3
# The empty paragraphs that Qt keeps around a table have this state; they are hardly seen and not copied.
TABLE_EDGE = 1
# A formula on a line of its own brings its own space below.
FORMULA_LINE = 2
# Qt looks for the end of a word from every line it breaks: a word of 200,000 letters takes it a minute.
_LONG_WORD = re.compile(r"[!-\u2e7f]{2000,}")
# Marks that reorder text could make a link or a command read as another one (CVE-2021-42574); they are shown.
_BIDI = {c: f"\u2039U+{c:04X}\u203a" for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def visible(text: str) -> str:
    """Text with controls that reorder it made visible."""
    return text.translate(_BIDI)


def wrap_mode(text: str) -> QTextOption.WrapMode:
    """How lines of this text are broken: at words, but anywhere where a word has no end."""
    if _LONG_WORD.search(text):
        return QTextOption.WrapMode.WrapAnywhere
    return QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere


class Prose(QTextBrowser):
    """Read-only text of an answer. It has no scroll bars: its height is the height of its text.

    Signals:
        link_activated(str): the user wants to open an address; nothing is opened here.
        height_changed(): a formula arrived and the text is taller or lower now.
    """

    link_activated = Signal(str)
    height_changed = Signal()

    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._waiting: dict[FormulaKey, list[tuple[QTextCursor, int]]] = {}
        self._objects = _FormulaObjects(self)
        self._is_connected = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The rows say how wide the text is; left to the widget it is as wide as the widget was before it is arranged.
        self.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.viewport().setAutoFillBackground(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        # Tab leads through the controls of the page; text is reached with the mouse and through accessibility.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.document().documentLayout().registerHandler(_FORMULA_OBJECT, self._objects)
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(24)
        self.document().setDefaultFont(font(Role.CHAT))
        self.anchorClicked.connect(self._on_anchor_clicked)

    def height_at(self, width: int) -> int:
        """Height of the text at a width."""
        if self.lineWrapColumnOrWidth() != width:
            self.setLineWrapColumnOrWidth(width)
        return math.ceil(self.document().size().height())

    def end(self) -> QTextCursor:
        """A cursor at the end."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def reset(self) -> None:
        """Empty the text."""
        self._waiting.clear()
        self._objects.clear()
        self.clear()
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDefaultFont(font(Role.CHAT))

    def write(self, cursor: QTextCursor, text: str, shape: QTextCharFormat) -> None:
        """Put text of a user or a model at the cursor."""
        if _LONG_WORD.search(text):
            self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        cursor.insertText(visible(text), shape)

    def insert_formula(self, cursor: QTextCursor, key: FormulaKey, source: str, around: QTextCharFormat) -> None:
        """Put a formula at the cursor: at once if it is known, otherwise a blank of about its size until it is.

        Args:
            cursor: where.
            key: what.
            source: as the model wrote it, with delimiters: for copying, and shown when it cannot be set.
            around: format of the text it stands in.
        """
        if self._typesetter.has_formula(key):
            picture = self._typesetter.formula_image(key)
            if picture is None:
                self.write(cursor, source, _as_source(around))
            else:
                self._insert_object(cursor, picture, source, around, key.is_display)
            return
        size = key.size_px
        blank = FormulaImage(QImage(), min(size * 12, size * 0.35 * len(key.tex)), size, size * 0.75)
        position = cursor.position()
        number = self._insert_object(cursor, blank, source, around, key.is_display)
        anchor = QTextCursor(self.document())
        anchor.setPosition(position)
        self._waiting.setdefault(key, []).append((anchor, number))
        if not self._is_connected:
            self._is_connected = True
            self._typesetter.formula_set.connect(self._on_formula_set)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Nothing is ever loaded: no file, no address."""
        return QImage() if kind == QTextDocument.ResourceType.ImageResource.value else None

    def createMimeDataFromSelection(self) -> QMimeData:
        """Plain text with list markers and the LaTeX of formulas."""
        data = QMimeData()
        data.setText(self.selected_text())
        return data

    def selected_text(self) -> str:
        """The selection as plain text."""
        cursor = self.textCursor()
        return text_between(self.document(), cursor.selectionStart(), cursor.selectionEnd())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The list of messages scrolls, not the text."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars beside quotes and rules between paragraphs, then the text."""
        painter = QPainter(self.viewport())
        layout = self.document().documentLayout()
        colour = QColor(current().border)
        bottom = 0.0
        was_quote = False
        block = self.document().begin()
        while block.isValid():
            area = layout.blockBoundingRect(block)
            level = block.blockFormat().intProperty(QTextFormat.Property.BlockQuoteLevel)
            for i in range(level):
                top = bottom if was_quote else area.bottom() - block.layout().boundingRect().bottom()
                painter.fillRect(QRectF(i * px(14), top, QUOTE_BAR_PX, area.bottom() - top + 2), colour)
            if block.blockFormat().boolProperty(RULE_PROPERTY):
                painter.fillRect(QRectF(0, round(area.center().y()), self.width(), 1), colour)
            bottom, was_quote = area.bottom(), level > 0
            block = block.next()
        painter.end()
        super().paintEvent(event)

    def _insert_object(
        self, cursor: QTextCursor, picture: FormulaImage, source: str, around: QTextCharFormat, is_display: bool
    ) -> int:
        number = self._objects.add(picture)
        shape = QTextCharFormat()
        shape.setFont(around.font())
        shape.setObjectType(_FORMULA_OBJECT)
        shape.setVerticalAlignment(_alignment(picture, around.font(), is_display))
        shape.setProperty(SOURCE_PROPERTY, source)
        shape.setProperty(_NUMBER_PROPERTY, number)
        cursor.insertText(_OBJECT, shape)
        return number

    def _on_formula_set(self, key: FormulaKey) -> None:
        anchors = self._waiting.pop(key, None)
        if anchors is None:
            return
        picture = self._typesetter.formula_image(key)
        for anchor, number in anchors:
            anchor.movePosition(QTextCursor.MoveOperation.NextCharacter, QTextCursor.MoveMode.KeepAnchor)
            shape = anchor.charFormat()
            if picture is not None:
                self._objects.replace(number, picture)
                shape.setVerticalAlignment(_alignment(picture, shape.font(), key.is_display))
                anchor.setCharFormat(shape)
                self.document().markContentsDirty(anchor.selectionStart(), 1)
                continue
            around = QTextCharFormat()
            around.setFont(shape.font())
            around.setForeground(QColor(current().text))
            anchor.insertText(str(shape.property(SOURCE_PROPERTY)), _as_source(around))
        self.height_changed.emit()

    def _on_anchor_clicked(self, url: QUrl) -> None:
        self.link_activated.emit(url.toString())


def _as_source(around: QTextCharFormat) -> QTextCharFormat:
    """A formula that cannot be set is shown as it was written."""
    shape = QTextCharFormat(around)
    shape.setFont(font(Role.MONO))
    return shape


class _FormulaObjects(QPyTextObject):
    """Draws the formulas of one document on the baseline of the text around them.

    What Qt does with an inline object (QTextDocumentLayout::resizeInlineObject, QTextLine::draw): normally it stands on
    the baseline and has no descent; one aligned to the middle takes (h + x/2) / 2 above and (h - x/2) / 2 below the
    baseline, x being the x-height, and is drawn in the middle of the line. Most formulas hang no lower than the blank
    space between two lines, so they take the normal way and leave the line height as it is.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures: list[FormulaImage] = []

    def add(self, picture: FormulaImage) -> int:
        """Keep a picture; returns its number."""
        self._pictures.append(picture)
        return len(self._pictures) - 1

    def replace(self, number: int, picture: FormulaImage) -> None:
        """The picture of a formula that was blank so far."""
        self._pictures[number] = picture

    def clear(self) -> None:
        """Forget all."""
        self._pictures.clear()

    def intrinsicSize(self, doc: QTextDocument, position: int, format: QTextFormat) -> QSizeF:
        """Room in the line."""
        picture = self._pictures[format.intProperty(_NUMBER_PROPERTY)]
        shape = format.toCharFormat()
        if shape.verticalAlignment() != QTextCharFormat.VerticalAlignment.AlignMiddle:
            # At least as high as letters, so that a formula alone in a table cell stands as the words beside it.
            return QSizeF(picture.width, max(picture.ascent, QFontMetricsF(shape.font()).ascent()))
        half_x = QFontMetrics(shape.font()).xHeight() / 2
        descent = picture.height - picture.ascent
        return QSizeF(picture.width, max(2 * picture.ascent - half_x, 2 * descent + half_x))

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, doc: QTextDocument, position: int, format: QTextFormat
    ) -> None:
        """The picture, its baseline on that of the line."""
        picture = self._pictures[format.intProperty(_NUMBER_PROPERTY)]
        if picture.image.isNull():
            return
        area = QRectF(rect)
        baseline = area.bottom()
        if format.toCharFormat().verticalAlignment() == QTextCharFormat.VerticalAlignment.AlignMiddle:
            block = doc.findBlock(position)
            line = block.layout().lineForTextPosition(position - block.position())
            baseline = area.top() - (line.height() - area.height()) / 2 + line.ascent()
        # Whole pixels: a picture between two of them is blurred.
        dpr = painter.device().devicePixelRatioF()
        top = round((baseline - picture.ascent) * dpr) / dpr
        painter.drawImage(QRectF(round(area.left() * dpr) / dpr, top, picture.width, picture.height), picture.image)


def _alignment(picture: FormulaImage, around: QFont, is_display: bool) -> QTextCharFormat.VerticalAlignment:
    """Whether the blank space below the line is enough for what hangs below the baseline."""
    if is_display:
        return QTextCharFormat.VerticalAlignment.AlignMiddle
    measure = QFontMetricsF(around)
    blank = max(0.0, line_height(Role.CHAT) - measure.height())
    if picture.height - picture.ascent <= measure.descent() + blank:
        return QTextCharFormat.VerticalAlignment.AlignNormal
    return QTextCharFormat.VerticalAlignment.AlignMiddle


def text_between(document: QTextDocument, start: int, end: int) -> str:
    """Plain text of a range: formulas as their LaTeX, list items with their markers, cells parted by tabs."""
    lines: list[str] = []
    block = document.findBlock(start)
    previous_table = None
    while block.isValid() and block.position() < max(end, start + 1):
        if block.userState() == TABLE_EDGE:
            block = block.next()
            continue
        begin = max(0, start - block.position())
        text = _block_text(block, begin, min(block.length() - 1, end - block.position()))
        # None where there is none, whatever PySide's stubs say.
        items = cast("QTextList | None", block.textList())
        if begin == 0 and items is not None:
            text = f"{items.itemText(block)} {text}"
        table = cast("QTextTable | None", QTextCursor(block).currentTable())
        is_same_row = table is not None and table == previous_table and table.cellAt(QTextCursor(block)).column() > 0
        if is_same_row and lines:
            lines[-1] += "\t" + text
        else:
            lines.append(text)
        previous_table = table
        block = block.next()
    return "\n".join(lines)


def _block_text(block: QTextBlock, begin: int, end: int) -> str:
    text = block.text().encode("utf-16-le")[begin * 2 : end * 2].decode("utf-16-le", "replace")
    if _OBJECT not in text:
        return text.replace("\u2028", "\n").replace("\xa0", " ")
    pieces: list[str] = []
    cursor = QTextCursor(block)
    position = block.position() + begin
    for character in text:
        position += 2 if ord(character) > 0xFFFF else 1
        if character == _OBJECT:
            cursor.setPosition(position)
            pieces.append(str(cursor.charFormat().property(SOURCE_PROPERTY) or ""))
        else:
            pieces.append(character)
    return "".join(pieces).replace("\u2028", "\n").replace("\xa0", " ")
