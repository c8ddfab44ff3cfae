"""Writes Markdown into documents through cursors. No HTML is made on the way, so no text of a model can become markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from markdown_it.token import Token
from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFontInfo,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextList,
    QTextListFormat,
    QTextTableFormat,
)
from shiboken6 import isValid

from launcher.chat.markdown import delimited, is_cut_off, parse
from launcher.ui.chat.document_text import RULE_PROPERTY, TABLE_EDGE
from launcher.ui.chat.formats import ANSWER, Look, character_format, code_format, line_format, link_format, opened
from launcher.ui.chat.prose import FORMULA_LINE, Prose
from launcher.ui.chat.typesetter import FormulaKey
from launcher.ui.theme import Role, current, px

PARAGRAPH_GAP = 8
HEADING_GAP = 16
ITEM_GAP = 4
_BELOW_FORMULA_GAP = 6
_QUOTE_INDENT = 14
# Formulas in STIX look small beside a UI font of the same size.
_FORMULA_SCALE = 1.15
# More cells than this are shown as they were written: laying them out would stop the window.
_MAX_TABLE_CELLS = 2000


class Flow(Protocol):
    """Where the pieces of a block go, one under the other."""

    def prose(self) -> Prose:
        """The text to go on with; a new one after a listing."""
        ...

    def code(self, language: str, code: str, indent: int) -> None:
        """A listing, moved right by `indent` px."""
        ...


@dataclass(slots=True)
class _List:
    is_ordered: bool
    number: int
    made: QTextList | None = None
    prose: Prose | None = None


@dataclass(slots=True)
class _State:
    lists: list[_List] = field(default_factory=lambda: list[_List]())
    quotes: int = 0
    starts_item: bool = False
    is_first: bool = True


class Writer:
    """Writes blocks to the end of a flow; one per call of `write_block`."""

    def __init__(self, flow: Flow, dpr: float, look: Look = ANSWER) -> None:
        self._flow = flow
        self._look = look
        self._number: int | None = None
        self._dpr = dpr
        self._state = _State()
        self._handlers: dict[str, Callable[[Token], None]] = {
            "bullet_list_open": self._open_list,
            "ordered_list_open": self._open_list,
            "bullet_list_close": self._close_list,
            "ordered_list_close": self._close_list,
            "list_item_open": self._open_item,
            "list_item_close": self._close_item,
            "blockquote_open": self._open_quote,
            "blockquote_close": self._close_quote,
            "fence": self._write_code,
            "code_block": self._write_code,
            "hr": self._write_rule,
            "math_block": self._write_formula_block,
        }

    def write_block(self, source: str, number: int | None = None) -> None:
        """Write one top-level block (or several); `number` of the item if it is one of an ordered list."""
        self._number = number
        tokens = parse(source)
        if is_cut_off(tokens):
            prose = self._flow.prose()
            prose.write(self._new_block(prose, PARAGRAPH_GAP), source.strip(), self._format())
            return
        i = 0
        while i < len(tokens):
            token = tokens[i]
            if token.type == "table_open":
                end = next(j for j in range(i, len(tokens)) if tokens[j].type == "table_close")
                first, last = token.map or [0, 0]
                self._write_table(tokens[i:end], "\n".join(source.split("\n")[first:last]))
                i = end
            elif token.type in ("paragraph_open", "heading_open"):
                self._write_text(tokens[i + 1], token)
                i += 2
            elif token.type in self._handlers:
                self._handlers[token.type](token)
            i += 1

    # -- blocks

    def _write_text(self, inline: Token, opening: Token) -> None:
        look = self._look
        role, gap = look.text, PARAGRAPH_GAP
        if opening.type == "heading_open":
            level = int(opening.tag[1:])
            role, gap = look.headings[level - 1] if level <= len(look.headings) else look.strong, HEADING_GAP
        shape = character_format(role, look.tone)
        if self._state.quotes:
            shape.setForeground(QColor(current().muted))
        prose = self._flow.prose()
        cursor = self._new_block(prose, gap, role)
        if opening.type == "heading_open":
            layout = cursor.blockFormat()
            layout.setHeadingLevel(int(opening.tag[1:]))
            cursor.setBlockFormat(layout)
        self._write_inline(prose, cursor, inline, shape)

    def _new_block(self, prose: Prose, gap: int, role: Role | None = None) -> QTextCursor:
        """Begin a paragraph with the indentation of the lists and quotes around it."""
        state = self._state
        role = role or self._look.text
        layout = line_format(role)
        cursor = prose.end()
        is_empty = prose.document().isEmpty()
        if state.lists:
            gap = ITEM_GAP if state.starts_item else gap - 2
        if cursor.block().userState() == FORMULA_LINE:
            gap = min(gap, _BELOW_FORMULA_GAP)
        layout.setTopMargin(0 if is_empty else px(gap))
        if state.quotes:
            layout.setLeftMargin(px(_QUOTE_INDENT) * state.quotes)
            layout.setProperty(QTextFormat.Property.BlockQuoteLevel, state.quotes)
        if state.lists and not state.starts_item:
            layout.setIndent(len(state.lists))
        if cursor.block().length() == 1 and (is_empty or cursor.block().userState() == TABLE_EDGE):
            cursor.block().setUserState(-1)
            cursor.setBlockFormat(layout)
        else:
            cursor.insertBlock(layout)
        cursor.setBlockCharFormat(character_format(role, self._look.tone))
        if state.lists and state.starts_item:
            self._mark_item(prose, cursor)
        return cursor

    def _mark_item(self, prose: Prose, cursor: QTextCursor) -> None:
        self._state.starts_item = False
        here = self._state.lists[-1]
        # Qt deletes a list with its last item: an empty item whose paragraph was taken for what follows.
        if here.made is not None and here.prose is prose and isValid(here.made):
            here.made.add(cursor.block())
            return
        shape = QTextListFormat()
        depth = len(self._state.lists)
        bullets = (QTextListFormat.Style.ListDisc, QTextListFormat.Style.ListCircle, QTextListFormat.Style.ListSquare)
        shape.setStyle(QTextListFormat.Style.ListDecimal if here.is_ordered else bullets[min(depth, 3) - 1])
        shape.setIndent(depth)
        # A listing inside the item begins a new document; numbers go on there.
        shape.setStart(here.number)
        here.made = cursor.createList(shape)
        here.prose = prose

    def _open_list(self, token: Token) -> None:
        is_ordered = token.type == "ordered_list_open"
        start = int(written) if is_ordered and (written := token.attrGet("start")) is not None else 1
        if is_ordered and self._number is not None and not self._state.lists:
            start, self._number = self._number, None
        self._state.lists.append(_List(is_ordered, start - 1))

    def _close_list(self, token: Token) -> None:
        self._state.lists.pop()

    def _open_item(self, token: Token) -> None:
        self._state.lists[-1].number += 1
        self._state.starts_item = True

    def _close_item(self, token: Token) -> None:
        if self._state.starts_item:  # an item without text
            self._new_block(self._flow.prose(), ITEM_GAP)

    def _open_quote(self, token: Token) -> None:
        self._state.quotes += 1

    def _close_quote(self, token: Token) -> None:
        self._state.quotes -= 1

    def _write_code(self, token: Token) -> None:
        if self._state.starts_item:
            self._new_block(self._flow.prose(), ITEM_GAP)
        state = self._state
        indent = 24 * len(state.lists) + px(_QUOTE_INDENT) * state.quotes
        words = token.info.split() if token.type == "fence" else []
        self._flow.code(words[0].strip("{}.`") if words else "", token.content.removesuffix("\n"), indent)

    def _write_rule(self, token: Token) -> None:
        prose = self._flow.prose()
        cursor = self._new_block(prose, PARAGRAPH_GAP)
        layout = cursor.blockFormat()
        layout.setLineHeight(px(8), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        layout.setProperty(RULE_PROPERTY, True)  # drawn by Prose
        cursor.setBlockFormat(layout)

    def _format(self) -> QTextCharFormat:
        return character_format(self._look.text, self._look.tone)

    def _write_formula_block(self, token: Token) -> None:
        prose = self._flow.prose()
        cursor = self._new_block(prose, PARAGRAPH_GAP)
        shape = self._format()
        if not token.meta["closed"]:
            prose.write(cursor, token.meta["source"], shape)
            return
        layout = cursor.blockFormat()
        layout.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        cursor.setBlockFormat(layout)
        cursor.block().setUserState(FORMULA_LINE)
        self._insert_formula(prose, cursor, token.content, token.meta["source"], shape, is_display=True)
        if token.info:
            prose.write(cursor, token.info, shape)

    def _write_table(self, tokens: list[Token], source: str) -> None:
        rows: list[list[tuple[Token, Token]]] = []
        for i, token in enumerate(tokens):
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                rows[-1].append((token, tokens[i + 1]))
        columns = max((len(row) for row in rows), default=0)
        if len(rows) * columns > _MAX_TABLE_CELLS:
            self._flow.code("", source, 0)
            return
        prose = self._flow.prose()
        tokens_now = current()
        shape = QTextTableFormat()
        shape.setBorderCollapse(True)
        shape.setBorder(1)
        shape.setBorderBrush(QColor(tokens_now.border))
        shape.setBorderStyle(QTextTableFormat.BorderStyle.BorderStyle_Solid)
        shape.setCellPadding(px(6))
        shape.setCellSpacing(0)
        shape.setTopMargin(0 if prose.document().isEmpty() else px(PARAGRAPH_GAP))
        shape.setBottomMargin(px(4))
        shape.setLeftMargin(24 * len(self._state.lists) + px(_QUOTE_INDENT) * self._state.quotes)
        if prose.document().isEmpty():
            self._shrink_table_edge(prose)
        table = prose.end().insertTable(len(rows), columns, shape)
        for r, row in enumerate(rows):
            for c, (opening, inline) in enumerate(row):
                cell = table.cellAt(r, c)
                text_format = character_format(
                    self._look.strong if opening.type == "th_open" else self._look.text, self._look.tone
                )
                if opening.type == "th_open":
                    background = cell.format()
                    background.setBackground(QColor(tokens_now.raised))
                    cell.setFormat(background)
                cursor = cell.firstCursorPosition()
                layout = QTextBlockFormat()
                layout.setAlignment(_alignment(opening))
                cursor.setBlockFormat(layout)
                self._write_inline(prose, cursor, inline, text_format)
        self._shrink_table_edge(prose)

    @staticmethod
    def _shrink_table_edge(prose: Prose) -> None:
        """Qt keeps empty paragraphs around a table; the next text takes over the one after it, otherwise they must not show."""
        cursor = prose.end()
        layout = QTextBlockFormat()
        layout.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor.setBlockFormat(layout)
        cursor.block().setUserState(TABLE_EDGE)

    # -- inside a paragraph

    def _write_inline(self, prose: Prose, cursor: QTextCursor, inline: Token, base: QTextCharFormat) -> None:
        stack = [base]
        for child in inline.children or []:
            shape = stack[-1]
            if child.type in ("text", "text_special"):
                prose.write(cursor, child.content, shape)
            elif child.type == "softbreak":
                cursor.insertText(" ", shape)
            elif child.type == "hardbreak":
                cursor.insertText("\u2028", shape)
            elif child.type == "code_inline":
                prose.write(cursor, child.content, code_format(shape))
            elif child.type in ("math_inline", "math_inline_double"):
                source = delimited(child)
                self._insert_formula(prose, cursor, child.content, source, shape, child.type == "math_inline_double")
            elif child.type == "image":
                # Pictures are named, never loaded.
                name = child.content or str(child.attrGet("src") or "")
                prose.write(cursor, f"[{name}]", link_format(shape, str(child.attrGet("src") or "")))
            elif child.nesting == 1:
                stack.append(opened(child, shape))
            elif child.nesting == -1 and len(stack) > 1:
                stack.pop()

    def _insert_formula(
        self, prose: Prose, cursor: QTextCursor, tex: str, source: str, shape: QTextCharFormat, is_display: bool
    ) -> None:
        size = QFontInfo(shape.font()).pixelSize() * _FORMULA_SCALE
        key = FormulaKey(tex, is_display, round(size, 1), shape.foreground().color().name(), self._dpr)
        prose.insert_formula(cursor, key, source, shape)


def _alignment(opening: Token) -> Qt.AlignmentFlag:
    style = str(opening.attrGet("style") or "")
    if "right" in style:
        return Qt.AlignmentFlag.AlignRight
    return Qt.AlignmentFlag.AlignHCenter if "center" in style else Qt.AlignmentFlag.AlignLeft
