"""Draws formulas inside a text document, on the baseline of the words around them."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSizeF
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QWidget

from launcher.ui.chat.typesetter import FormulaImage
from launcher.ui.theme import Role, line_height

# What an object stands for, so that copying gives the LaTeX back.
SOURCE_PROPERTY = QTextFormat.Property.UserProperty + 1
NUMBER_PROPERTY = QTextFormat.Property.UserProperty + 2
FORMULA_OBJECT = QTextFormat.ObjectTypes.UserObject.value + 1
OBJECT = "\ufffc"


class FormulaObjects(QPyTextObject):
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
        picture = self._pictures[format.intProperty(NUMBER_PROPERTY)]
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
        picture = self._pictures[format.intProperty(NUMBER_PROPERTY)]
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


def alignment(picture: FormulaImage, around: QFont, is_display: bool) -> QTextCharFormat.VerticalAlignment:
    """Whether the blank space below the line is enough for what hangs below the baseline."""
    if is_display:
        return QTextCharFormat.VerticalAlignment.AlignMiddle
    measure = QFontMetricsF(around)
    blank = max(0.0, line_height(Role.CHAT) - measure.height())
    if picture.height - picture.ascent <= measure.descent() + blank:
        return QTextCharFormat.VerticalAlignment.AlignNormal
    return QTextCharFormat.VerticalAlignment.AlignMiddle
