"""Part of a text document as Markdown, for copying what is selected in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QMimeData
from PySide6.QtGui import (
    QFont,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextList,
    QTextTable,
)

from launcher.chat.rich_text import to_html, to_plain
from launcher.ui.chat.formula_objects import OBJECT, SOURCE_PROPERTY

# Text that is to be copied as it is: a formula that could not be set. And code inside a sentence.
RAW_PROPERTY = QTextFormat.Property.UserProperty + 4
CODE_PROPERTY = QTextFormat.Property.UserProperty + 5
# The empty paragraphs that Qt keeps around a table have this state; they are hardly seen and not copied.
TABLE_EDGE = 1
# A paragraph that is a line across the page.
RULE_PROPERTY = QTextFormat.Property.UserProperty + 3
_MARKS = re.compile(r"([\\`*\[\]<$]|(?<![^\W_])_|_(?![^\W_])|~~)")
_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s)|[-+](?=\s)|>|\d{1,9}(?=[.)]\s)|={3,}|-{3,})")
_NESTED = "    "
MARKDOWN_TYPE = "text/markdown"


def mime_of(markdown: str) -> QMimeData:
    """For the clipboard: plain words, rich text, and the Markdown itself under its own type."""
    data = QMimeData()
    data.setText(to_plain(markdown))
    data.setHtml(to_html(markdown))
    data.setData(MARKDOWN_TYPE, markdown.encode("utf-8", "replace"))
    return data


def markdown_between(document: QTextDocument, start: int, end: int) -> str:
    """The Markdown that gives the text between two positions."""
    pieces: list[str] = []
    was_item = False
    block = document.findBlock(start)
    while block.isValid() and block.position() < max(end, start + 1):
        if block.userState() == TABLE_EDGE:
            block = block.next()
            continue
        # None where there is none, whatever PySide's stubs say.
        table = cast("QTextTable | None", QTextCursor(block).currentTable())
        if table is not None and not _is_inside_a_cell(table, start, end):
            text, is_item = _table(table, start, end), False
            block = document.findBlock(table.lastPosition()).next()
        else:
            text, is_item = _block(block, start, end)
            block = block.next()
        if pieces:
            pieces.append("\n" if is_item and was_item else "\n\n")
        pieces.append(text)
        was_item = is_item
    return "".join(pieces)


def plain_between(document: QTextDocument, start: int, end: int) -> str:
    """The letters between two positions, line for line."""
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    return cursor.selectedText().replace("\u2029", "\n").replace("\u2028", "\n").replace("\xa0", " ")


def _block(block: QTextBlock, start: int, end: int) -> tuple[str, bool]:
    """A paragraph, and whether it is an item of a list."""
    shape = block.blockFormat()
    quotes = "> " * shape.intProperty(QTextFormat.Property.BlockQuoteLevel)
    if shape.boolProperty(RULE_PROPERTY):
        return f"{quotes}---", False
    level = shape.headingLevel()
    text = inline_markdown(block, start, end, is_strong=level > 0)
    if start > block.position():  # its beginning is not selected
        return f"{quotes}{text}", False
    if level:
        return f"{quotes}{'#' * level} {text}", False
    text = _LINE_START.sub(r"\1\\\2", text) if not text[:1].isdigit() else _numbered(text)
    items = cast("QTextList | None", block.textList())
    if items is None:
        return f"{quotes}{_NESTED * shape.indent()}{text}", False
    marker = items.itemText(block)
    marker = marker if marker[:1].isdigit() else "-"
    return f"{quotes}{_NESTED * (items.format().indent() - 1)}{marker} {text}", True


def _numbered(text: str) -> str:
    """A year at the beginning of a paragraph is not a list."""
    return re.sub(r"^(\d{1,9})([.)])(?=\s)", r"\1\\\2", text)


def inline_markdown(block: QTextBlock, start: int, end: int, is_strong: bool = False) -> str:
    """The part of a paragraph between two positions of the document; `is_strong`: all of it is, so that it is not said."""
    runs: list[tuple[_Marks, str]] = []
    it = block.begin()
    while not it.atEnd():
        fragment = it.fragment()
        it += 1
        begin, stop = max(start, fragment.position()), min(end, fragment.position() + fragment.length())
        if begin >= stop:
            continue
        units = fragment.text().encode("utf-16-le", "surrogatepass")
        at = fragment.position()
        text = units[2 * (begin - at) : 2 * (stop - at)].decode("utf-16-le", "replace")
        marks, written = _run(fragment.charFormat(), text, is_strong)
        if runs and runs[-1][0] == marks:
            runs[-1] = (marks, runs[-1][1] + written)
        else:
            runs.append((marks, written))
    return "".join(marks.around(text) for marks, text in runs).replace("\u2028", "\\\n").replace("\xa0", " ")


@dataclass(frozen=True, slots=True)
class _Marks:
    strong: bool = False
    em: bool = False
    struck: bool = False
    code: bool = False
    href: str = ""

    def around(self, text: str) -> str:
        inner = text.strip()
        if not inner:
            return text
        lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        if self.code:
            fence = "`" * (max((len(m) for m in re.findall("`+", inner)), default=0) + 1)
            pad = " " if inner.startswith("`") or inner.endswith("`") else ""
            inner = f"{fence}{pad}{inner}{pad}{fence}"
        mark = ("**" if self.strong else "") + ("*" if self.em else "")
        inner = f"{mark}{inner}{mark[::-1]}"
        inner = f"~~{inner}~~" if self.struck else inner
        if self.href:
            inner = f"[{inner}](<{self.href}>)" if re.search(r"[\s()]", self.href) else f"[{inner}]({self.href})"
        return f"{lead}{inner}{trail}"


def _run(shape: QTextCharFormat, text: str, is_strong: bool) -> tuple[_Marks, str]:
    code = shape.boolProperty(CODE_PROPERTY)
    weight = shape.fontWeight()
    marks = _Marks(
        not is_strong and weight >= QFont.Weight.DemiBold.value,
        shape.fontItalic(),
        shape.fontStrikeOut(),
        code,
        shape.anchorHref() if shape.isAnchor() else "",
    )
    if OBJECT in text and shape.hasProperty(SOURCE_PROPERTY):
        return marks, str(shape.property(SOURCE_PROPERTY))
    if code or shape.boolProperty(RAW_PROPERTY):
        return marks, text
    return marks, _MARKS.sub(r"\\\1", text)


def _is_inside_a_cell(table: QTextTable, start: int, end: int) -> bool:
    cell = table.cellAt(start)
    return cell.isValid() and cell.firstPosition() <= start and end <= cell.lastPosition()


def _table(table: QTextTable, start: int, end: int) -> str:
    rows: list[list[str]] = []
    for r in range(table.rows()):
        cells = [table.cellAt(r, c) for c in range(table.columns())]
        if not any(cell.lastPosition() >= start and cell.firstPosition() < end for cell in cells):
            continue
        texts: list[str] = []
        for cell in cells:
            text = inline_markdown(cell.firstCursorPosition().block(), start, end, is_strong=r == 0)
            texts.append(text.replace("|", "\\|"))
        rows.append(texts)
    if not rows:
        return ""
    rows.insert(1, ["---"] * table.columns())
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
