"""Files that are to go with a message, read as text within limits. Untrusted and slow: in a process of its own."""

from __future__ import annotations

import zipfile
from pathlib import Path

from launcher.chat.attachments import Attachment, AttachmentKind, shown_name
from launcher.chat.attachments_docx import docx_text
from launcher.chat.attachments_pdf import pdf_text
from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb
from launcher.core.words import say

MOST_BYTES = 64 * 10**6
"""Of one file."""
MOST_CHARS = 4_000_000
"""Of one file's text: about a million tokens, more than any context holds."""
_MARKDOWN = frozenset({".md", ".markdown", ".mdx", ".rst"})
_TABLES = frozenset({".csv", ".tsv"})
_PLAIN = frozenset({".txt", ".text", ".log", ""})


def read_attachment(path: Path) -> Attachment:
    """The text of a text, source, Markdown, CSV, PDF or DOCX file.

    Raises:
        UserError: ("attachment_too_large", "attachment_unreadable", "attachment_not_text", "attachment_empty").
    """
    name = shown_name(path.name)
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise _too_large(name, say("It has {size}; up to {most} are read.", size=gb(size), most=gb(MOST_BYTES)))
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(name, say("The system says: {error}.", error=error.strerror or error)) from error
    if data.startswith(b"%PDF-"):
        text, pages, read = pdf_text(name, data, MOST_CHARS)
        return _whole(Attachment(name, text, AttachmentKind.PDF, size, pages, read))
    if data.startswith(b"PK\x03\x04"):
        try:
            return _whole(Attachment(name, docx_text(name, data, MOST_CHARS), AttachmentKind.DOCX, size))
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise _unreadable(name, say("The archive in it is damaged or locked.")) from error
    return _whole(Attachment(name, plain_text(name, data), _kind(path.suffix.lower()), size))


def plain_text(name: str, data: bytes) -> str:
    """The text of a file of text: UTF-8, UTF-16 with its mark, or Latin-1 where it is clearly text.

    Raises:
        UserError: ("attachment_not_text").
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise _not_text(name) from error
    # Pictures, programs and archives have zeros; no text has.
    if b"\x00" in data[:65536]:
        raise _not_text(name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    n_odd = sum(1 for c in text[:65536] if c == "\ufffd" or (c < " " and c not in "\t\n\r\f"))
    if n_odd > len(text[:65536]) // 100:
        raise _not_text(name)
    return text


def _kind(suffix: str) -> AttachmentKind:
    if suffix in _MARKDOWN:
        return AttachmentKind.MARKDOWN
    if suffix in _TABLES:
        return AttachmentKind.TABLE
    return AttachmentKind.TEXT if suffix in _PLAIN else AttachmentKind.SOURCE


def _whole(attachment: Attachment) -> Attachment:
    if not attachment.text.strip():
        why = say("A scanned document is a picture of its text.") if attachment.kind is AttachmentKind.PDF else ""
        raise UserError("attachment_empty", say("{name} holds no text.", name=attachment.name), why)
    if len(attachment.text) > MOST_CHARS:
        n = f"{len(attachment.text):,}"
        why = say("It has {n} characters; up to {most} are read.", n=n, most=f"{MOST_CHARS:,}")
        raise _too_large(attachment.name, why)
    return attachment


def _too_large(name: str, why: str) -> UserError:
    return UserError(
        "attachment_too_large",
        say("{name} is too large to be attached.", name=name),
        why,
        (NextStep("Attach a part of it"),),
    )


def _unreadable(name: str, why: str) -> UserError:
    return UserError("attachment_unreadable", say("{name} cannot be read.", name=name), why)


def _not_text(name: str) -> UserError:
    return UserError(
        "attachment_not_text",
        say("{name} is not text.", name=name),
        say("Text, source, Markdown, CSV, PDF and DOCX files can be attached."),
    )
