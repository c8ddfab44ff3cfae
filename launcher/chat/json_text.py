"""Answers that are JSON, as an answer is that follows a schema: found out, laid out, and written as a listing."""

from __future__ import annotations

import json
import re

_BEGINNING = re.compile(r'\s*(?:\{\s*(?:"|\}|\Z)|\[\s*(?:[\[{"\]]|-?[0-9]+\s*[,\]]|\Z))')
_MOST = 500_000
OPENING = "```json\n"
"""What stands before the JSON in `as_listing`."""
_CLOSING = "\n```\n"


def may_be_json(text: str) -> bool:
    """Whether a text that still grows begins as an object or a list does."""
    return bool(text.strip()) and _BEGINNING.match(text) is not None


def is_json(text: str) -> bool:
    """Whether a whole text is one JSON object or list. Numbers and words alone are no listing, nor is what is very long."""
    if len(text) > _MOST or not may_be_json(text):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def as_listing(text: str, *, is_whole: bool) -> str:
    """Markdown that shows JSON as a listing.

    Args:
        text: JSON, or the beginning of it.
        is_whole: it has ended: what came on one line is laid out. Nothing but blank space between its parts changes.
    """
    return OPENING + as_shown(text, is_whole=is_whole) + (_CLOSING if is_whole else "")


def as_shown(text: str, *, is_whole: bool) -> str:
    """The lines of that listing."""
    if not is_whole:
        return text
    plain = text.strip()
    return laid_out(plain) if "\n" not in plain else plain


def laid_out(text: str) -> str:
    """Valid JSON with a line for every part; strings and numbers stay letter by letter."""
    pieces: list[str] = []
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', text):
        part = match.group()
        if part in "]}":
            depth -= 1
            is_empty = bool(pieces) and pieces[-1].rstrip() in ("[", "{")
            pieces[-1:] = [pieces[-1].rstrip()] if is_empty else [pieces[-1], "\n" + "  " * depth]
            pieces.append(part)
        elif part in "[{":
            depth += 1
            pieces += [part + "\n" + "  " * depth]
        elif part == ",":
            pieces.append(",\n" + "  " * depth)
        else:
            pieces.append(": " if part == ":" else part)
    return "".join(pieces)
