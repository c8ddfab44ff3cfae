"""Opens a file of chats: what wrote it is told by what is in it, within limits of size."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from launcher.chat.imports import chatgpt, lm_studio, open_webui, own
from launcher.chat.imports.found import Imported, Json, LeftOut, Source, items, table
from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb
from launcher.core.words import say

MOST_BYTES = 512 * 10**6
"""Of one file; the largest exports of many years that people tell of have 300 MB."""
# Inside the archive that ChatGPT sends.
_CHATS_IN_ARCHIVE = re.compile(r"(?:^|/)conversations(?:-\d{1,6})?\.json$")
_BLANK = re.compile(r"[ \t\r\n]*")


def read_file(path: Path) -> Imported:
    """The chats of a file, whole or not at all. Slow for large files and in need of memory: for a process of its own.

    Args:
        path: .json of any of the known programs, or the .zip that ChatGPT sends.

    Raises:
        UserError: ("file_unreadable", "import_too_large", "import_unknown") nothing was taken.
    """
    try:
        with path.open("rb") as file:
            is_archive = file.read(4) == b"PK\x03\x04"
        found = _of_archive(path) if is_archive else _of_text(path.name, _read(path))
    except OSError as error:
        why = say("The system says: {error}.", error=error.strerror or error)
        raise _unreadable(path.name, why) from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise _unreadable(path.name, say("The archive is damaged or locked.")) from error
    if not found.chats and found.left_out[LeftOut.CHATS]:
        raise _unknown(path.name, LeftOut.CHATS.words(found.left_out[LeftOut.CHATS]))
    return found


def _read(path: Path) -> str:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise _too_large(path.name, size)
    return _decoded(path.name, path.read_bytes())


def _of_archive(path: Path) -> Imported:
    with zipfile.ZipFile(path) as archive:
        members = sorted(
            (m for m in archive.infolist() if _CHATS_IN_ARCHIVE.search(m.filename)), key=lambda m: m.filename
        )
        if not members:
            raise _unknown(path.name, say("The archive holds no conversations.json."))
        whole: Imported | None = None
        left = MOST_BYTES
        for member in members:
            # The size that an archive declares may be a lie: no more than that is unpacked.
            with archive.open(member) as file:
                data = file.read(left + 1)
            left -= len(data)
            if left < 0:
                raise _too_large(path.name, max(member.file_size, MOST_BYTES))
            part = _of_text(member.filename, _decoded(path.name, data))
            if whole is None:
                whole = part
            else:
                whole.chats += part.chats
                whole.left_out += part.left_out
    assert whole is not None  # noqa: S101 - there is a member
    return whole


def _of_text(name: str, content: str) -> Imported:
    try:
        if content[_blank(content, 0) : _blank(content, 0) + 1] == "[":
            return _of_list(name, content)
        return _of_object(name, table(json.loads(content)))
    except ValueError as error:  # of json: its words name the place
        raise _unknown(name, say("It is not JSON: {error}.", error=error)) from error
    except RecursionError as error:
        raise _unknown(name, say("It is nested too deep.")) from error


def _of_object(name: str, document: Json) -> Imported:
    if document.get("format") == own.FORMAT:
        return own.read(document, name)
    if lm_studio.is_chat(document):
        return _read_each(Source.LM_STUDIO, iter((document,)))
    if chatgpt.is_chat(document):
        return _read_each(Source.CHATGPT, iter((document,)))
    if open_webui.is_chat(document):
        return _read_each(Source.OPEN_WEBUI, iter((document,)))
    inner = items(document.get("conversations")) or items(document.get("chats"))
    source = _source(table(inner[0])) if inner else None
    if source is None:
        raise _unknown(name, say("None of the known programs writes such a file."))
    return _read_each(source, (table(e) for e in inner))


def _of_list(name: str, content: str) -> Imported:
    elements = _elements(content)
    first = next(elements, None)
    if first is None:
        raise _unknown(name, say("It is an empty list."))
    source = _source(first)
    if source is None:
        raise _unknown(name, say("None of the known programs writes such a file."))

    def every() -> Iterator[Json]:
        yield first
        yield from elements

    return _read_each(source, every())


def _source(chat: Json) -> Source | None:
    if chatgpt.is_chat(chat):
        return Source.CHATGPT
    if open_webui.is_chat(chat):
        return Source.OPEN_WEBUI
    return Source.LM_STUDIO if lm_studio.is_chat(chat) else None


def _read_each(source: Source, chats: Iterator[Json]) -> Imported:
    readers = {Source.CHATGPT: chatgpt.read, Source.LM_STUDIO: lm_studio.read, Source.OPEN_WEBUI: open_webui.read}
    found = Imported(source)
    for number, chat in enumerate(chats):
        if _source(chat) is source:
            readers[source](chat, number, found)
        else:
            found.left_out[LeftOut.CHATS] += 1
    return found


def _elements(content: str) -> Iterator[Json]:
    """The elements of a top-level list one after another, so that only one of them is in memory as values."""
    decoder = json.JSONDecoder()
    at = _blank(content, _blank(content, 0) + 1)
    if content[at : at + 1] == "]":
        return
    while True:
        value, at = decoder.raw_decode(content, at)
        yield table(value)
        at = _blank(content, at)
        mark = content[at : at + 1]
        if mark == "]":
            return
        if mark != ",":
            raise json.JSONDecodeError("a comma is missing", content[:0], at)
        at = _blank(content, at + 1)


def _blank(content: str, at: int) -> int:
    match = _BLANK.match(content, at)
    return match.end() if match else at


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unknown(name, say("It is not UTF-8 text.")) from error


def _unreadable(name: str, why: str) -> UserError:
    return UserError(
        "file_unreadable",
        say("{name} cannot be read.", name=name),
        why,
        (NextStep("Check the path"),),
    )


def _too_large(name: str, size_bytes: int) -> UserError:
    return UserError(
        "import_too_large",
        say("{name} is too large to be imported.", name=name),
        say("It has {size}; up to {most} are read.", size=gb(size_bytes), most=gb(MOST_BYTES)),
    )


def _unknown(name: str, why: str) -> UserError:
    return UserError(
        "import_unknown",
        say("{name} holds no chats that can be read.", name=name),
        why,
        (
            NextStep(
                "Choose conversations.json or the archive of ChatGPT, a .conversation.json of LM Studio, an export of Open WebUI, or one of this program"
            ),
        ),
    )
