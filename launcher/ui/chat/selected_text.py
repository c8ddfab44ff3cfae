"""What is selected in the texts of a message, as Markdown."""

from __future__ import annotations

from PySide6.QtWidgets import QTextEdit

from launcher.ui.chat.answer_body import AnswerBody, BodyKind
from launcher.ui.chat.code_block import CodeBlock, CodeView
from launcher.ui.chat.document_text import markdown_between, plain_between
from launcher.ui.chat.text_spot import TextSpot


def view_text(view: QTextEdit, start: int, end: int) -> tuple[str, bool]:
    """The text between two positions, and whether it is code, which is copied as it is."""
    if start == end:
        return "", False
    if isinstance(view, CodeView):
        return plain_between(view.document(), start, end), True
    return markdown_between(view.document(), start, end), False


def body_markdown(body: AnswerBody, begin: TextSpot | None, end: TextSpot | None) -> str:
    """The Markdown between two spots of a body; None is its beginning or its end.

    What is selected as a whole is given as it was written; of the parts at the ends what is selected in their widgets.
    """
    first = 0 if begin is None else begin.path[1]
    last = body.n_parts - 1 if end is None else end.path[1]
    pieces: list[str] = []
    inner_from = first
    if begin is not None:
        pieces += _part(body, first, begin, end if last == first else None)
        inner_from = first + 1
    ends_inside = end is not None and (last > first or begin is None)
    inner_to = last if ends_inside else last + 1
    if inner_from < inner_to:
        pieces.append(body.source_between(inner_from, inner_to).strip("\n"))
    if ends_inside:
        pieces += _part(body, last, None, end)
    gap = "" if body.kind is BodyKind.PLAIN and len(pieces) < 2 else "\n" if body.kind is BodyKind.PLAIN else "\n\n"
    return gap.join(piece for piece in pieces if piece)


def _part(body: AnswerBody, number: int, begin: TextSpot | None, end: TextSpot | None) -> list[str]:
    region = body.region(number)
    pieces: list[str] = []
    for i, view in enumerate(() if region is None else region.views):
        low, high = 0, view.document().characterCount() - 1
        if begin is not None:
            if i < begin.path[2]:
                continue
            low = begin.position if i == begin.path[2] else 0
        if end is not None:
            if i > end.path[2]:
                continue
            high = min(high, end.position) if i == end.path[2] else high
        if low < high:
            pieces.append(_piece(body, view, low, high))
    return pieces


def _piece(body: AnswerBody, view: QTextEdit, low: int, high: int) -> str:
    if body.kind is BodyKind.PLAIN:
        return plain_between(view.document(), low, high)
    text, is_code = view_text(view, low, high)
    if not is_code:
        return text
    block = view.parentWidget()
    language = block.language if isinstance(block, CodeBlock) else ""
    fence = "````" if "```" in text else "```"
    return f"{fence}{language}\n{text}\n{fence}"
