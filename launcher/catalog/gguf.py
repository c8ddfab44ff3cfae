"""Reads the header of GGUF files (v2, v3): metadata and tensor table, never the weights.

A file is untrusted input: every count, length and depth is checked before memory or time is spent on it, and large
arrays (vocabularies) are stepped over without building them. Format: ggml/docs/gguf.md.
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog.ggml_types import GGML_TYPES
from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb
from launcher.core.words import say

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...]

MAX_HEADER_BYTES = 512 * 2**20
_MAX_ENTRIES = 65_536
_MAX_TENSORS = 262_144
_MAX_STRING_BYTES = 8 * 2**20
_MAX_KEPT_ITEMS = 4096
_MAX_ARRAY_STRINGS = 4 * 2**20
_MAX_DEPTH = 2
_MAX_NAME_BYTES = 256
_MAX_DIMENSIONS = 4
_STRING, _ARRAY = 8, 9
_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_FIXED_BYTES = {kind: struct.calcsize("<" + code) for kind, code in _FIXED.items()}
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_MAX_SHARDS = 1024


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One row of the tensor table. `shape` as stored: the first dimension is the row length."""

    name: str
    shape: tuple[int, ...]
    type_number: int
    offset: int

    @property
    def size_bytes(self) -> int | None:
        """Bytes of the tensor; None for a type that this engine does not have."""
        kind = GGML_TYPES.get(self.type_number)
        if kind is None:
            return None
        elements = 1
        for n in self.shape:
            elements *= n
        return elements // kind.block_elements * kind.block_bytes


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The header of one file. `metadata` leaves out arrays of more than 4,096 items (vocabularies)."""

    version: int
    metadata: dict[str, Value]
    tensors: tuple[TensorInfo, ...]
    file_bytes: int


def read_header(path: Path) -> GgufHeader:
    """The header of one file.

    Raises:
        UserError: "not_gguf", "damaged_gguf" (truncated, impossible lengths or counts) or "unreadable_file".
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if size < 24:
                raise _damaged(path, "not_gguf", say("It has only {size} bytes.", size=size))
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reader(data, size, path).header()
    except (OSError, ValueError) as error:
        raise UserError(
            "unreadable_file",
            say("{name} cannot be read.", name=path.name),
            str(error),
            (NextStep("Choose another model", "choose_model"),),
        ) from error


def read_set(path: Path) -> tuple[GgufHeader, ...]:
    """The headers of a model: one file, or all shards of the set that `path` belongs to, in order.

    Raises:
        UserError: as `read_header`, or "shard_missing".
    """
    return tuple(read_header(p) for p in shard_paths(path))


def shard_paths(path: Path) -> tuple[Path, ...]:
    """The files of the set that `path` belongs to; itself when it is not a shard.

    Raises:
        UserError: "shard_missing", with the names.
    """
    match = _SHARD.search(path.name)
    if not match:
        return (path,)
    count = int(match[2])
    if not 1 <= count <= _MAX_SHARDS:
        raise _damaged(path, "damaged_gguf", say("A set of {count} shards is not plausible.", count=count))
    stem = path.name[: match.start()]
    paths = tuple(path.with_name(f"{stem}-{i:05d}-of-{count:05d}.gguf") for i in range(1, count + 1))
    missing = [p.name for p in paths if not p.exists()]
    if missing:
        raise UserError(
            "shard_missing",
            say("{n} of the {count} files of this model are missing.", n=len(missing), count=count),
            say("The first one is {name}.", name=missing[0]),
            (
                NextStep("Put all files into one folder"),
                NextStep("Download the model again", "download_again", str(path)),
            ),
        )
    return paths


class _Reader:
    """A cursor over the header bytes."""

    def __init__(self, data: mmap.mmap, size: int, path: Path) -> None:
        self._data = data
        self._end = min(size, MAX_HEADER_BYTES)
        self._size = size
        self._path = path
        self._at = 0

    def header(self) -> GgufHeader:
        if self._data[:4] != b"GGUF":
            raise _damaged(self._path, "not_gguf", say("It does not begin with the letters GGUF."))
        self._at = 4
        version = self._number(4)
        if version not in (2, 3):
            raise _damaged(
                self._path, "not_gguf", say("Its format version is {version}; 2 and 3 can be read.", version=version)
            )
        n_tensors = self._count(_MAX_TENSORS, say("tensors"))
        n_entries = self._count(_MAX_ENTRIES, say("metadata entries"))
        metadata: dict[str, Value] = {}
        for _ in range(n_entries):
            key = self._string(65_535)
            value = self._value(self._number(4), 0)
            if value is not None:
                metadata[key] = value
        tensors = tuple(self._tensor() for _ in range(n_tensors))
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 2**20:
            raise self._bad(say("Its alignment is not a sensible number."))
        start = -(-self._at // alignment) * alignment
        ends = [start + t.offset + size for t in tensors if (size := t.size_bytes) is not None]
        if ends and max(ends) > self._size:
            raise self._bad(
                say(
                    "Its tensors need {size}; the file has {there}. It is not complete.",
                    size=gb(max(ends)),
                    there=gb(self._size),
                )
            )
        return GgufHeader(version, metadata, tensors, self._size)

    def _tensor(self) -> TensorInfo:
        name = self._string(_MAX_NAME_BYTES)
        n_dimensions = self._number(4)
        if n_dimensions > _MAX_DIMENSIONS:
            raise self._bad(say("A tensor has {n_dimensions} dimensions.", n_dimensions=n_dimensions))
        shape = tuple(self._number(8) for _ in range(n_dimensions))
        product = 1
        for n in shape:
            product *= n
            if product > 2**50:
                raise self._bad(say("A tensor is larger than any model."))
        return TensorInfo(name, shape, self._number(4), self._number(8))

    def _value(self, kind: int, depth: int) -> Value | None:
        if kind in _FIXED:
            size = _FIXED_BYTES[kind]
            return struct.unpack_from("<" + _FIXED[kind], self._data, self._step(size))[0]
        if kind == _STRING:
            return self._string(_MAX_STRING_BYTES)
        if kind == _ARRAY:
            return self._array(depth + 1)
        raise self._bad(say("It holds a value of the unknown type {kind}.", kind=kind))

    def _array(self, depth: int) -> Value | None:
        """A short array of plain values; None for a long or nested one, which is stepped over."""
        if depth > _MAX_DEPTH:
            raise self._bad(say("Its metadata is nested too deeply."))
        kind = self._number(4)
        count = self._number(8)
        if kind in _FIXED:
            start = self._step(_FIXED_BYTES[kind] * count)
            if count > _MAX_KEPT_ITEMS:
                return None
            return struct.unpack_from(f"<{count}{_FIXED[kind]}", self._data, start)
        if count > _MAX_ARRAY_STRINGS or count * 8 > self._end - self._at:
            raise self._bad(say("An array claims {count} items.", count=count))
        if kind == _STRING:
            if count <= _MAX_KEPT_ITEMS:
                return tuple(self._string(_MAX_STRING_BYTES) for _ in range(count))
            self._skip_strings(count)
            return None
        if kind == _ARRAY:
            if count > _MAX_KEPT_ITEMS:
                raise self._bad(say("An array claims {count} arrays.", count=count))
            for _ in range(count):
                self._array(depth + 1)
            return None
        raise self._bad(say("It holds an array of the unknown type {kind}.", kind=kind))

    def _skip_strings(self, count: int) -> None:
        """Step over many strings (a vocabulary has 130,000): no Python objects but the length."""
        data, at, end = self._data, self._at, self._end
        read = struct.Struct("<Q").unpack_from
        for _ in range(count):
            if at + 8 > end:
                raise self._bad(say("It ends in the middle of its header."))
            at += 8 + read(data, at)[0]
        self._at = at
        self._step(0)

    def _string(self, limit: int) -> str:
        length = self._number(8)
        if length > limit:
            raise self._bad(say("A text claims {length} bytes.", length=length))
        start = self._step(length)
        return self._data[start : start + length].decode("utf-8", "replace")

    def _count(self, limit: int, what: str) -> int:
        count = self._number(8)
        if count > limit:
            raise self._bad(say("It claims {count} {what}.", count=count, what=what))
        return count

    def _number(self, size: int) -> int:
        start = self._step(size)
        return int.from_bytes(self._data[start : start + size], "little")

    def _step(self, size: int) -> int:
        """Move on by `size` bytes; returns where they begin."""
        start = self._at
        if start + size > self._end:
            raise self._bad(say("It ends in the middle of its header."))
        self._at = start + size
        return start

    def _bad(self, why: str) -> UserError:
        return _damaged(self._path, "damaged_gguf", why)


def _damaged(path: Path, code: str, why: str) -> UserError:
    what = (
        say("{name} is not a GGUF model file.", name=path.name)
        if code == "not_gguf"
        else say("{name} is damaged or not complete.", name=path.name)
    )
    return UserError(
        code,
        what,
        why,
        (NextStep("Download it again", "download_again", str(path)), NextStep("Choose another model", "choose_model")),
    )
