"""What a reader sees in a document of the chat, as plain lines."""

from __future__ import annotations

from typing import cast

from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument, QTextList, QTextTable

from launcher.ui.chat.document_text import TABLE_EDGE
from launcher.ui.chat.formula_objects import OBJECT, SOURCE_PROPERTY


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
    if OBJECT not in text:
        return text.replace("\u2028", "\n").replace("\xa0", " ")
    pieces: list[str] = []
    cursor = QTextCursor(block)
    position = block.position() + begin
    for character in text:
        position += 2 if ord(character) > 0xFFFF else 1
        if character == OBJECT:
            cursor.setPosition(position)
            pieces.append(str(cursor.charFormat().property(SOURCE_PROPERTY) or ""))
        else:
            pieces.append(character)
    return "".join(pieces).replace("\u2028", "\n").replace("\xa0", " ")
