"""The text of a DOCX file (ECMA-376: a zip archive with `word/document.xml`), without loading anything it refers to."""

from __future__ import annotations

import io
import zipfile
from xml.parsers import expat

from launcher.core.errors import UserError
from launcher.core.units import gb
from launcher.core.words import say

_MOST_XML_BYTES = 100 * 10**6
_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT_WORDS = "http://purl.oclc.org/ooxml/wordprocessingml/main"


def docx_text(name: str, data: bytes, most_chars: int) -> str:
    """Paragraphs as lines, cells of tables parted by tabs.

    Raises:
        UserError: ("attachment_not_text", "attachment_too_large", "attachment_unreadable").
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "word/document.xml" not in archive.namelist():
            raise UserError(
                "attachment_not_text",
                say("{name} is not text.", name=name),
                say("It is an archive, not a DOCX document."),
            )
        # The size that an archive declares may be a lie: no more than the limit is unpacked.
        with archive.open("word/document.xml") as file:
            xml = file.read(_MOST_XML_BYTES + 1)
    if len(xml) > _MOST_XML_BYTES:
        raise UserError(
            "attachment_too_large",
            say("{name} is too large to be attached.", name=name),
            say("Unpacked it has more than {most}.", most=gb(_MOST_XML_BYTES)),
        )
    reader = _Reader(most_chars)
    try:
        reader.parse(xml)
    except (expat.ExpatError, ValueError) as error:
        raise UserError(
            "attachment_unreadable",
            say("{name} cannot be read.", name=name),
            say("Its document is damaged: {error}.", error=error),
        ) from error
    return reader.text()


class _Reader:
    """Collects text. Documents that declare anything (entities, external parts) are refused: Word writes no such thing."""

    def __init__(self, most_chars: int) -> None:
        self._pieces: list[str] = []
        self._n_chars, self._most_chars = 0, most_chars
        self._is_text = False
        self._is_in_cell = 0

    def parse(self, xml: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._take
        parser.StartDoctypeDeclHandler = self._refuse
        parser.Parse(xml, True)

    def text(self) -> str:
        lines = "".join(self._pieces).split("\n")
        return "\n".join(line.rstrip() for line in lines).strip()

    def _refuse(self, *_: object) -> None:
        raise ValueError("it declares a document type")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        del attributes
        name = _name(tag)
        if name == "t":
            self._is_text = True
        elif name == "tab":
            self._add("\t")
        elif name in ("br", "cr"):
            self._add("\n")
        elif name == "tc":
            self._is_in_cell += 1

    def _end(self, tag: str) -> None:
        name = _name(tag)
        if name == "t":
            self._is_text = False
        elif name == "p":
            self._add(" " if self._is_in_cell else "\n")
        elif name == "tc":
            self._is_in_cell -= 1
            self._add("\t")
        elif name == "tr":
            self._add("\n")

    def _take(self, data: str) -> None:
        if self._is_text:
            self._add(data)

    def _add(self, data: str) -> None:
        self._n_chars += len(data)
        # One more than allowed is enough to be told too large.
        if self._n_chars <= self._most_chars + 2:
            self._pieces.append(data)
        elif self._n_chars > self._most_chars * 4:
            raise ValueError("it does not end")


def _name(tag: str) -> str:
    space, _, name = tag.rpartition(" ")
    return name if space in (_WORDS, _STRICT_WORDS) else ""
