"""A stretch of formatted text: paragraphs, lists, quotes, tables and formulas in one selectable document."""

from __future__ import annotations

import math
import re
from typing import Any

from PySide6.QtCore import QMimeData, QRectF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPaintEvent,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from launcher.ui.chat.document_text import RAW_PROPERTY, RULE_PROPERTY, markdown_between, mime_of
from launcher.ui.chat.formula_objects import (
    FORMULA_OBJECT,
    NUMBER_PROPERTY,
    OBJECT,
    SOURCE_PROPERTY,
    FormulaObjects,
    alignment,
)
from launcher.ui.chat.typesetter import FormulaImage, FormulaKey, Typesetter
from launcher.ui.theme import Role, current, font, px

QUOTE_BAR_PX = 3
# A formula on a line of its own brings its own space below.
FORMULA_LINE = 2
# Qt looks for the end of a word from every line it breaks: a word of 200,000 letters takes it a minute.
_LONG_WORD_CHARS = 2000
_LONG_WORD = re.compile(rf"[!-\u2e7f]{{{_LONG_WORD_CHARS},}}")
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
        self._objects = FormulaObjects(self)
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
        self.document().documentLayout().registerHandler(FORMULA_OBJECT, self._objects)
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
        shown = visible(text)
        anywhere = QTextOption.WrapMode.WrapAnywhere
        # A word grows while it streams, and a mark that is shown takes eight letters.
        if self.wordWrapMode() != anywhere and _LONG_WORD.search(cursor.block().text()[-_LONG_WORD_CHARS:] + shown):
            self.setWordWrapMode(anywhere)
        cursor.insertText(shown, shape)

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
        """What is dragged or copied: words with the LaTeX of formulas, rich text, Markdown."""
        cursor = self.textCursor()
        return mime_of(markdown_between(self.document(), cursor.selectionStart(), cursor.selectionEnd()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The list of messages scrolls, not the text."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars beside quotes and rules between paragraphs, then the text."""
        painter = QPainter(self.viewport())
        layout = self.document().documentLayout()
        colour = QColor(current().border)
        bottom = 0.0
        level_before = 0
        block = self.document().begin()
        while block.isValid():
            # The lines stand lower than the block by what a line has over its letters.
            area = block.layout().boundingRect().translated(layout.blockBoundingRect(block).topLeft())
            level = block.blockFormat().intProperty(QTextFormat.Property.BlockQuoteLevel)
            for i in range(level):
                top = bottom if i < level_before else area.top()
                painter.fillRect(QRectF(i * px(14), top, QUOTE_BAR_PX, area.bottom() - top + 2), colour)
            if block.blockFormat().boolProperty(RULE_PROPERTY):
                painter.fillRect(QRectF(0, round(area.center().y()), self.width(), 1), colour)
            bottom, level_before = area.bottom(), level
            block = block.next()
        painter.end()
        super().paintEvent(event)

    def _insert_object(
        self, cursor: QTextCursor, picture: FormulaImage, source: str, around: QTextCharFormat, is_display: bool
    ) -> int:
        number = self._objects.add(picture)
        shape = QTextCharFormat()
        shape.setFont(around.font())
        shape.setObjectType(FORMULA_OBJECT)
        shape.setVerticalAlignment(alignment(picture, around.font(), is_display))
        shape.setProperty(SOURCE_PROPERTY, source)
        shape.setProperty(NUMBER_PROPERTY, number)
        cursor.insertText(OBJECT, shape)
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
                shape.setVerticalAlignment(alignment(picture, shape.font(), key.is_display))
                anchor.setCharFormat(shape)
                self.document().markContentsDirty(anchor.selectionStart(), 1)
                continue
            around = QTextCharFormat()
            around.setFont(shape.font())
            around.setForeground(QColor(current().text))
            anchor.insertText(str(shape.property(SOURCE_PROPERTY)), _as_source(around))
        self.height_changed.emit()

    def _on_anchor_clicked(self, url: QUrl) -> None:
        # Encoded: letters that only look Latin are shown as what they are (punycode).
        self.link_activated.emit(bytes(url.toEncoded().data()).decode("ascii", "replace"))


def _as_source(around: QTextCharFormat) -> QTextCharFormat:
    """A formula that cannot be set is shown as it was written."""
    shape = QTextCharFormat(around)
    shape.setFont(font(Role.MONO))
    shape.setProperty(RAW_PROPERTY, True)
    return shape
