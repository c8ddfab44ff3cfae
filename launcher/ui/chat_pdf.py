"""A conversation as a PDF. Runs in a process of its own (`file_worker`): laying a long chat out takes seconds in one piece."""

from __future__ import annotations

import os
import sys
from html import escape
from pathlib import Path

from PySide6.QtCore import QByteArray, QMarginsF, QObject, QRect, QRectF, QSizeF
from PySide6.QtGui import (
    QFontMetricsF,
    QGuiApplication,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPyTextObject,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtSvg import QSvgRenderer

from launcher.chat.conversation import Conversation, Message, Role
from launcher.chat.export import attachment_words, branch_note, date_of, end_note, thought_words, title_of, writer_of
from launcher.chat.export_formulas import Formulas
from launcher.chat.export_html import markdown_html
from launcher.chat.formulas import Formula
from launcher.core.errors import UserError
from launcher.core.words import say

_INK = "#16201F"
_OBJECT = QTextFormat.ObjectTypes.UserObject.value + 1
_NUMBER = QTextFormat.Property.UserProperty.value + 1
_FORMULA_PX = 16.0  # what `Formulas` draws for
_TEXT_PT = 10.5
_SOURCE = "formula:"
_STYLE = """
body{color:#16201F} h1{font-size:18pt} h2{font-size:14pt} h3,h4,h5,h6{font-size:12pt}
.muted{color:#55626A;font-size:9pt} .thought{color:#55626A;font-size:9pt} pre,code{font-family:monospace;font-size:9pt}
pre{white-space:pre-wrap} .keyword{color:#7A3E9D} .function{color:#0B6670} .number{color:#8A5300} .comment{color:#55626A}
a{color:#0B6670} blockquote{color:#55626A} th{text-align:left}
"""
# What our own renderer writes and Qt's does not know. Text cannot be taken for it: its marks are escaped.
_FOR_QT = (
    ("<figure>", '<table width="100%" cellpadding="6" bgcolor="#F2F4F5"><tr><td>'),
    ("</figure>", "</td></tr></table>"),
    ("<figcaption>", '<p class="muted">'),
    ("</figcaption>", "</p>"),
    ("<table>", '<table border="1" cellspacing="0" cellpadding="4" style="border-collapse:collapse">'),
)


def painting_application() -> QGuiApplication:
    """What Qt needs before it knows fonts; also where there is no display. Hold it while painting."""
    known = QGuiApplication.instance()
    if isinstance(known, QGuiApplication):
        return known
    if sys.platform == "linux":
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return QGuiApplication([])


def write(chat: Conversation, target: Path) -> int:
    """Write the open branch; the file is there whole or not at all. Returns the number of pages.

    Raises:
        UserError: ("export_failed") the file cannot be written.
    """
    application = painting_application()
    assert application is not None  # noqa: S101 - held until the end
    pictures = _Pictures()
    document = _document(chat, pictures)
    objects = _Objects(pictures, document)
    document.documentLayout().registerHandler(_OBJECT, objects)
    partial = target.with_name(f"{target.name}.part")
    try:
        with partial.open("wb"):
            pass
        writer = QPdfWriter(str(partial))
        writer.setTitle(title_of(chat))
        writer.setCreator("launcher")
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))  # the document has its own, with the page's number
        document.print_(writer)
        del writer
        os.replace(partial, target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UserError(
            "export_failed",
            say("{name} cannot be written.", name=target.name),
            say(
                "The system says: {error}. The folder is {parent}.", error=error.strerror or error, parent=target.parent
            ),
        ) from error
    return document.pageCount()


class _Pictures(Formulas):
    """Numbers the formulas, so that the text can be laid out with a place for each."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[Formula, bool]] = []

    def html(self, tex: str, source: str, is_display: bool) -> str:
        """A place that `_document` turns into the drawing; the source where there is none."""
        formula = self.drawn(tex, is_display, _INK)
        if formula is None:
            return f"<code>{escape(source)}</code>"
        self.all.append((formula, is_display))
        picture = f'<img src="{_SOURCE}{len(self.all) - 1}">'
        return f'<p align="center">{picture}</p>' if is_display else picture


def _document(chat: Conversation, pictures: _Pictures) -> QTextDocument:
    about = " · ".join(t for t in (date_of(chat.created_at), branch_note(chat)) if t)
    parts = [f"<h1>{escape(title_of(chat))}</h1>", f'<p class="muted">{escape(about)}</p>']
    parts += [_section(m, pictures) for m in chat.path()]
    document = _OwnDocument()
    document.setUndoRedoEnabled(False)
    font = QGuiApplication.font()
    font.setPointSizeF(_TEXT_PT)
    document.setDefaultFont(font)
    document.setDefaultStyleSheet(_STYLE)
    document.setHtml("\n".join(parts))
    _put_formulas(document)
    return document


class _OwnDocument(QTextDocument):
    """Loads nothing, whatever an address in it says."""

    def loadResource(self, type: int, name: object) -> object:
        return None


def _section(message: Message, pictures: _Pictures) -> str:
    parts = [f'<p class="muted"><br>{escape(writer_of(message))}</p>']
    parts += [f'<p class="muted">{escape(attachment_words(a))}</p>' for a in message.attachments]
    if message.role is Role.USER:
        text = f'<td bgcolor="#E9EDEF">{_plain(message.text)}</td>' if message.text.strip() else ""
        parts.append(f'<table cellpadding="8" align="right"><tr>{text}</tr></table>' if text else "")
        return "\n".join(parts)
    if message.reasoning.strip():
        parts.append(f'<p class="muted">{escape(thought_words(message))}</p>')
        parts.append(f'<blockquote><p class="thought">{_plain(message.reasoning.strip())}</p></blockquote>')
    body = markdown_html(message.text, pictures)
    for ours, qt in _FOR_QT:
        body = body.replace(ours, qt)
    parts.append(body)
    if note := end_note(message):
        parts.append(f'<p class="muted">{escape(note)}</p>')
    return "\n".join(parts)


def _plain(text: str) -> str:
    lines = escape(text).replace("\x00", "\ufffd").split("\n")
    return "<br>".join(line.replace("  ", "&nbsp; ") for line in lines)


def _put_formulas(document: QTextDocument) -> None:
    """Every place becomes an object that is drawn by `_Objects`, on the baseline of its line."""
    places: list[tuple[int, int]] = []
    block = document.begin()
    while block.isValid():
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            name = fragment.charFormat().toImageFormat().name() if fragment.charFormat().isImageFormat() else ""
            if name.startswith(_SOURCE):
                places.append((fragment.position(), int(name.removeprefix(_SOURCE))))
            fragments += 1
        block = block.next()
    cursor = QTextCursor(document)
    for position, number in places:
        cursor.setPosition(position)
        cursor.setPosition(position + 1, QTextCursor.MoveMode.KeepAnchor)
        shape = QTextCharFormat()
        shape.setObjectType(_OBJECT)
        shape.setProperty(_NUMBER, number)
        shape.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
        cursor.setCharFormat(shape)


class _Objects(QPyTextObject):
    """Draws formulas as shapes, so that they are as sharp as the letters.

    What Qt does with an object in the middle of its line (QTextDocumentLayout::resizeInlineObject): half of its height, moved
    up by a quarter of the x-height, is above the baseline.
    """

    def __init__(self, pictures: _Pictures, parent: QObject) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def intrinsicSize(self, doc: QTextDocument, position: int, format: QTextFormat) -> QSizeF:
        """Room in the line, in dots of the paper."""
        formula, scale = self._formula(doc, format)
        half_x = self._half_x(doc)
        ascent, descent = formula.ascent * scale, (formula.height - formula.ascent) * scale
        return QSizeF(formula.width * scale, max(2 * ascent - half_x, 2 * descent + half_x))

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, doc: QTextDocument, position: int, format: QTextFormat
    ) -> None:
        """The drawing, its baseline on that of the line."""
        formula, scale = self._formula(doc, format)
        block = doc.findBlock(position)
        line = block.layout().lineForTextPosition(position - block.position())
        area = QRectF(rect)
        baseline = area.top() - (line.height() - area.height()) / 2 + line.ascent()
        place = QRectF(area.left(), baseline - formula.ascent * scale, formula.width * scale, formula.height * scale)
        QSvgRenderer(QByteArray(formula.svg)).render(painter, place)

    def _formula(self, doc: QTextDocument, format: QTextFormat) -> tuple[Formula, float]:
        formula, _ = self._pictures.all[format.intProperty(_NUMBER)]
        dots = doc.documentLayout().paintDevice().logicalDpiY() if doc.documentLayout().paintDevice() else 96
        scale = _TEXT_PT / 72 * dots / _FORMULA_PX
        widest = doc.textWidth()
        return formula, min(scale, widest / formula.width) if widest > 0 else scale

    def _half_x(self, doc: QTextDocument) -> float:
        device = doc.documentLayout().paintDevice()
        measure = QFontMetricsF(doc.defaultFont(), device) if device else QFontMetricsF(doc.defaultFont())
        return measure.xHeight() / 2
