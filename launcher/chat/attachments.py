"""Texts that go with a message: what is kept of a file, and the form in which the model gets it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# To the model, so not translated: the form that DeepSeek recommends for files (README of DeepSeek-R1, "Official Prompts").
_NAME_MARK, _BEGIN_MARK, _END_MARK = "[file name]", "[file content begin]", "[file content end]"
_ANY_MARK = re.compile(r"\[(file (?:name|content begin|content end))\]", re.IGNORECASE)
# Control characters, and those that reorder or hide text.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_MOST_NAME_CHARS = 120


class AttachmentKind(StrEnum):
    """What a file was read as."""

    TEXT = "text"
    SOURCE = "source"
    MARKDOWN = "markdown"
    TABLE = "table"
    PDF = "pdf"
    DOCX = "docx"


@dataclass(frozen=True, slots=True)
class Attachment:
    """The text of a file, kept with the message it belongs to.

    Attributes:
        name: of the file, without its folder.
        text: what was read of it (untrusted).
        size_bytes: of the file.
        pages: of a PDF; 0 for what has none.
        pages_read: so many of them, from the first, are in the text.
        cut_chars: so many characters at the end of the file are not in the text, because the user cut them off.
    """

    name: str
    text: str
    kind: AttachmentKind = AttachmentKind.TEXT
    size_bytes: int = 0
    pages: int = 0
    pages_read: int = 0
    cut_chars: int = 0


def shown_name(name: str) -> str:
    """A file's name on one line, without characters that reorder or hide text; "file" when nothing is left."""
    plain = " ".join(_INVISIBLE.sub(" ", name).split())
    if len(plain) > _MOST_NAME_CHARS:
        plain = f"{plain[: _MOST_NAME_CHARS // 2]}…{plain[-_MOST_NAME_CHARS // 2 + 1 :]}"
    return plain or "file"


def with_attachments(text: str, attachments: Sequence[Attachment]) -> str:
    """The message as the model gets it: every file between marks, then what the user wrote.

    A file cannot end its own part: the same marks inside it are taken apart.
    """
    if not attachments:
        return text
    parts = [_marked(a) for a in attachments]
    return "\n".join([*parts, text] if text.strip() else parts)


def _marked(attachment: Attachment) -> str:
    name = _ANY_MARK.sub(r"(\1)", shown_name(attachment.name))
    content = _ANY_MARK.sub(r"(\1)", attachment.text)
    return f"{_NAME_MARK}: {name}\n{_BEGIN_MARK}\n{content}\n{_END_MARK}"
