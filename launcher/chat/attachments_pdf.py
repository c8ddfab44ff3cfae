"""The text of a PDF, page by page, within limits of time and length. Pictures of text (scans) give none."""

from __future__ import annotations

import io
import logging
import time
from typing import Any, cast

from launcher.core.errors import UserError
from launcher.core.words import say

_MOST_SECONDS = 60.0
_MOST_PAGES = 5000


def pdf_text(name: str, data: bytes, most_chars: int) -> tuple[str, int, int]:
    """The text, the number of pages, and how many of them from the first were read.

    Fewer are read when time or length run out; a page that is damaged gives no text.

    Raises:
        UserError: ("attachment_unreadable", "attachment_locked").
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it tells of every small fault of a file
    deadline = time.monotonic() + _MOST_SECONDS
    try:
        reader = cast("Any", PdfReader(io.BytesIO(data), strict=False))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UserError(
                "attachment_locked",
                say("{name} is locked with a password.", name=name),
                "Text can be read only from a PDF without a password.",
            )
        n_pages = len(reader.pages)
        texts: list[str] = []
        n_chars = 0
        for number in range(min(n_pages, _MOST_PAGES)):
            if time.monotonic() > deadline or n_chars > most_chars:
                break
            texts.append(_page_text(reader, number))
            n_chars += len(texts[-1])
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OSError,
        NotImplementedError,
    ) as error:
        # pypdf raises all of these on damaged files.
        raise UserError(
            "attachment_unreadable",
            say("{name} cannot be read.", name=name),
            say("The PDF is damaged: {error}.", error=f"{type(error).__name__}: {error}"[:200]),
        ) from error
    return "\n\n".join(t.strip() for t in texts if t.strip()), n_pages, len(texts)


def _page_text(reader: Any, number: int) -> str:
    try:
        return str(reader.pages[number].extract_text() or "")
    except Exception:  # noqa: BLE001 - a damaged page can raise anything; the others are worth having
        return ""
