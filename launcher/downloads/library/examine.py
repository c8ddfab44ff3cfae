"""Whether files are a complete model, and which: judged by their headers, never by their names.

A model is complete when every part of its set is there, every header can be read whole and belongs to the set, and every file
reaches to where its last tensor ends. (The sizes of tensor types that this engine lacks are unknown; of such a file only
the offsets are checked. The engine cannot load it anyway.)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePath

from launcher.catalog.gguf import GgufHeader, check_set, read_header
from launcher.catalog.gguf_bytes import shown
from launcher.core.errors import UserError
from launcher.core.units import gb
from launcher.core.words import joined, say
from launcher.downloads.library.tools.candidate import Candidate

UNKNOWN = "unknown"
_ANY_SIZE = 2**60
_HOLE_BYTES = 4096
# gguf-py's GGUFType, and llama.cpp's name for projectors: files that go with a model.
_GOES_WITH = frozenset({"adapter", "mmproj", "projector", "imatrix"})
_PROJECTOR = "clip"
_TOTALS = ("split.count", "split.tensors.count")
_log = logging.getLogger("launcher.downloads")


class Kind(StrEnum):
    """What files turn out to be. ASIDE is sound, but no model (an adapter, a vocabulary)."""

    MODEL = "model"
    BROKEN = "broken"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the headers say; "" where they do not.

    Attributes:
        why: of BROKEN: one or two sentences with the numbers.
        model: the catalog's id.
        name: the catalog's, else the header's; printable.
        quant: as the header names it.
    """

    kind: Kind
    why: str = ""
    architecture: str = UNKNOWN
    model: str = ""
    name: str = ""
    quant: str = ""


def examine(candidate: Candidate) -> Verdict:
    """Read all headers of a file set.

    Raises:
        FileNotFoundError: a file vanished meanwhile.
    """
    n_missing = candidate.count - len(candidate.files)
    if n_missing:
        here = say("{size} are here.", size=gb(sum(f.stat().st_size for f in candidate.files)))
        gone = say("{n} of the {count} files of this model are missing.", n=n_missing, count=candidate.count)
        return Verdict(Kind.BROKEN, joined(gone, here))
    headers: list[GgufHeader] = []
    for path in candidate.files:
        try:
            headers.append(read_header(path))
        except UserError as error:
            why = _why(path, error)
            named = say("{name}: {text}", name=shown(path.name, 120), text=why) if candidate.count > 1 else why
            return Verdict(Kind.BROKEN, named)
    try:
        check_set(headers, [str(path) for path in candidate.files])
    except UserError as error:
        return Verdict(Kind.BROKEN, error.why)
    stranger = next((i for i, header in enumerate(headers) if _is_of_another(headers[0], header)), None)
    if stranger is not None:
        name = shown(candidate.files[stranger].name, 120)
        return Verdict(Kind.BROKEN, say("By its header {name} is part of another model.", name=name))
    return _what(candidate, tuple(headers))


def _is_of_another(first: GgufHeader, other: GgufHeader) -> bool:
    """Whether a part counts other totals than the first one, where it does: the engine does not look, and loads a mixture."""
    return any(other.metadata.get(key, first.metadata.get(key)) != first.metadata.get(key) for key in _TOTALS)


def _why(path: Path, error: UserError) -> str:
    """What is wrong with a file, in words that a person can act on."""
    cause = error.__cause__
    if isinstance(cause, FileNotFoundError):
        raise cause
    if isinstance(cause, OSError):
        return say("It cannot be read: {text}.", text=cause.strerror or cause)
    size = path.stat().st_size
    with path.open("rb") as file:
        beginning = file.read(_HOLE_BYTES)
    if size and not any(beginning):
        return say("It begins with zeros: an interrupted download left {size} without content.", size=gb(size))
    needed = _needed_bytes(path)
    if needed is not None and needed > size:
        missing = needed - size
        if gb(size) == gb(needed):  # rounded, nothing would be missing
            return say("{n} of {needed} bytes are missing.", n=f"{missing:,}", needed=f"{needed:,}")
        return say("{here} of {needed} are here.", here=gb(size), needed=gb(needed))
    return error.why


def _needed_bytes(path: Path) -> int | None:
    """Where the last tensor ends, by the header; None where the header itself is not whole."""
    try:
        header = read_header(path, _ANY_SIZE)
    except UserError:
        return None
    return header.data_offset + max((t.offset + (t.size_bytes or 0) for t in header.tensors), default=0)


def _what(candidate: Candidate, headers: tuple[GgufHeader, ...]) -> Verdict:
    """Which model complete files are."""
    from launcher.catalog import load
    from launcher.catalog.facts import model_name, quant_name
    from launcher.catalog.identify import identify

    metadata = headers[0].metadata
    architecture = metadata.get("general.architecture")
    if metadata.get("general.type") in _GOES_WITH or architecture == _PROJECTOR:
        return Verdict(Kind.ASIDE)
    if not any(header.tensors for header in headers):
        return Verdict(Kind.ASIDE)  # a vocabulary, as llama.cpp's sources hold some
    known = Verdict(
        Kind.MODEL,
        architecture=shown(architecture, 40) if isinstance(architecture, str) else UNKNOWN,
        name=shown(model_name(headers[0]), 120).strip(),
        quant=quant_name(headers[0]),
    )
    # What a program calls the model is a name like a file's ("deepseek-r1:8b-llama-distill-q4_K_M").
    path = PurePath(f"{candidate.name.replace(':', '-')}.gguf") if candidate.name else candidate.files[0]
    try:
        found = identify(load(), Path(path), headers, candidate.repo)
    except UserError as error:
        _log.info("%s cannot be loaded by this engine: %s", ascii(str(candidate.files[0])), error)
        return known
    quant = known.quant or found.quant_name
    if found.variant is None:
        return replace(known, quant=quant)
    return replace(known, model=found.variant.id, name=found.variant.short_name, quant=quant)
