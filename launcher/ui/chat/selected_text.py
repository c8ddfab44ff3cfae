"""What is selected in the texts of a message, as Markdown."""

from __future__ import annotations

from PySide6.QtWidgets import QTextEdit

from launcher.ui.chat.answer_body import AnswerBody, BodyKind
from launcher.ui.chat.code_block import CodeBlock
from launcher.ui.chat.code_view import CodeView
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
    for first, segment in [] if region is None else region.segments:
        last = first + (segment.n_slices if isinstance(segment, CodeBlock) else 1) - 1
        if (begin is not None and begin.path[2] > last) or (end is not None and end.path[2] < first):
            continue
        low = None if begin is None or begin.path[2] < first else (begin.path[2] - first, begin.position)
        high = None if end is None or end.path[2] > last else (end.path[2] - first, end.position)
        pieces.append(_code(segment, low, high) if isinstance(segment, CodeBlock) else _prose(body, segment, low, high))
    return [piece for piece in pieces if piece]


def _prose(body: AnswerBody, view: QTextEdit, low: tuple[int, int] | None, high: tuple[int, int] | None) -> str:
    length = view.document().characterCount() - 1
    begin, end = 0 if low is None else low[1], length if high is None else min(length, high[1])
    if begin >= end:
        return ""
    between = plain_between if body.kind is BodyKind.PLAIN else markdown_between
    return between(view.document(), begin, end)


def _code(block: CodeBlock, low: tuple[int, int] | None, high: tuple[int, int] | None) -> str:
    text = block.text_between(low, high)
    fence = "````" if "```" in text else "```"
    return f"{fence}{block.language}\n{text}\n{fence}" if text else ""
