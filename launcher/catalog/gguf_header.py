"""The header of a GGUF file (v2, v3): metadata and tensor table, never the weights.

A file is untrusted input: every count, length and type is checked before memory or time is spent on it, and large
arrays (vocabularies) are stepped over. What passes is what llama.cpp itself would read (ggml/src/gguf.cpp of 0c1e57098:
same limits on names, alignment, dimensions, duplicates and the order of tensor data), so that a plan is never made for a
file that the engine refuses. Format: ggml/docs/gguf.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from launcher.catalog.ggml_types import GGML_TYPES
from launcher.catalog.gguf_bytes import Cursor, ReadBytes, not_gguf_file, shown
from launcher.core.units import gb, whole
from launcher.core.words import say

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...]

_MIN_BYTES = 24
_MAX_ENTRIES = 16_384
_MAX_TENSORS = 32_768
_MAX_NAME_BYTES = 63  # GGML_MAX_NAME with its closing zero
_MAX_KEY_BYTES = 4096
_MAX_DIMENSIONS = 4
_MAX_ELEMENTS = 2**50
_MAX_ARRAY_STRINGS = 2**21
# Kept in memory: short arrays and texts (a chat template has 10-30 kB); longer ones are stepped over.
_MAX_KEPT_ITEMS = 4096
_MAX_KEPT_TEXT_BYTES = 256 * 2**10
_MAX_KEPT_BYTES = 4 * 2**20
_ITEM_BYTES = 64
_MAX_ALIGNMENT = 2**16
_ALIGNMENT_KEY = "general.alignment"
_UINT32, _STRING, _ARRAY = 4, 8, 9
_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_FIXED_BYTES = {kind: struct.calcsize("<" + code) for kind, code in _FIXED.items()}


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
    """The header of one file.

    Attributes:
        metadata: without arrays of more than 4,096 items (vocabularies) and texts over 256 KiB.
        file_bytes: size of the whole file.
        data_offset: where the tensor data begins: so many bytes are the header, its padding included.
    """

    version: int
    metadata: dict[str, Value]
    tensors: tuple[TensorInfo, ...]
    file_bytes: int
    data_offset: int = 0


def parse_header(read: ReadBytes, file_bytes: int, name: str) -> GgufHeader:
    """The header of a file whose bytes `read` delivers, asked for front to back as they are needed.

    Args:
        read: see `ReadBytes`.
        file_bytes: size of the whole file; the tensor data has to fit, but is never asked for.
        name: file name or path, for errors.

    Raises:
        UserError: "not_gguf" or "damaged_gguf"; says at which byte and in which entry.
    """
    if file_bytes < _MIN_BYTES:
        raise not_gguf_file(name, say("It has only {size} bytes.", size=file_bytes))
    return _Reader(Cursor(read, file_bytes, name)).header()


class _Reader:
    """From bytes to a header."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._kept_bytes = 0
        self._alignment = 32

    def header(self) -> GgufHeader:
        cursor = self._cursor
        version = self._version()
        n_tensors = self._count(_MAX_TENSORS, say("tensors"))
        n_entries = self._count(_MAX_ENTRIES, say("metadata entries"))
        metadata = self._metadata(n_entries)
        tensors = tuple(self._tensors(n_tensors))
        cursor.place = ""
        # llama.cpp pads only where data follows: a shard of metadata alone may end right here.
        padding = -cursor.at % self._alignment if tensors else 0
        data_offset = min(cursor.at + padding, cursor.file_bytes)
        self._check_data(tensors, data_offset)
        return GgufHeader(version, metadata, tensors, cursor.file_bytes, data_offset)

    def _version(self) -> int:
        cursor = self._cursor
        magic = cursor.take(4)
        if magic != b"GGUF":
            if magic == b"vers":  # "version https://git-lfs.github.com/spec/v1"
                raise cursor.not_gguf(say("It is the pointer of a large file in git (LFS), not the file itself."))
            if magic.lstrip()[:1] == b"<":
                raise cursor.not_gguf(say("It is a web page."))
            raise cursor.not_gguf(say("It does not begin with the letters GGUF."))
        version = cursor.number(4)
        if version not in (2, 3):
            if version & 0xFFFF == 0:
                raise cursor.not_gguf(say("It was written for big-endian computers."))
            raise cursor.not_gguf(say("Its format version is {version}; 2 and 3 can be read.", version=version))
        return version

    def _metadata(self, n_entries: int) -> dict[str, Value]:
        cursor = self._cursor
        seen: set[str] = set()
        metadata: dict[str, Value] = {}
        for index in range(1, n_entries + 1):
            cursor.place = say("metadata entry {index}", index=index)
            key = self._name(_MAX_KEY_BYTES)
            cursor.place = say("the metadata entry “{key}”", key=shown(key))
            if key in seen:
                raise cursor.damaged(say("This entry is there twice."))
            seen.add(key)
            self._keep(_ITEM_BYTES + len(key))
            kind = cursor.number(4)
            value = self._value(kind)
            if key == _ALIGNMENT_KEY:
                self._align(kind, value)
            if value is not None:
                metadata[key] = value
        return metadata

    def _align(self, kind: int, value: Value | None) -> None:
        if kind != _UINT32 or not isinstance(value, int) or not 1 <= value <= _MAX_ALIGNMENT or value & (value - 1):
            raise self._cursor.damaged(say("Its alignment is not a sensible number."))
        self._alignment = value

    def _tensors(self, count: int) -> Iterable[TensorInfo]:
        cursor = self._cursor
        seen: set[str] = set()
        for index in range(1, count + 1):
            cursor.place = say("tensor {index}", index=index)
            name = self._name(_MAX_NAME_BYTES)
            cursor.place = say("the tensor “{name}”", name=shown(name))
            if name in seen:
                raise cursor.damaged(say("This tensor is there twice."))
            seen.add(name)
            yield self._tensor(name)

    def _tensor(self, name: str) -> TensorInfo:
        cursor = self._cursor
        n_dimensions = cursor.number(4)
        if n_dimensions > _MAX_DIMENSIONS:
            raise cursor.damaged(say("A tensor has {n_dimensions} dimensions.", n_dimensions=n_dimensions))
        shape = struct.unpack(f"<{n_dimensions}Q", cursor.take(8 * n_dimensions))
        elements = 1
        for n in shape:
            elements *= max(1, n)
            if elements > _MAX_ELEMENTS:
                raise cursor.damaged(say("A tensor is larger than any model."))
        tensor = TensorInfo(name, shape, cursor.number(4), cursor.number(8))
        kind = GGML_TYPES.get(tensor.type_number)
        row = shape[0] if shape else 1
        if kind is not None and row % kind.block_elements:
            why = say("Its rows have {row} elements, which {type} cannot store.", row=row, type=kind.name)
            raise cursor.damaged(why)
        return tensor

    def _check_data(self, tensors: Iterable[TensorInfo], data_offset: int) -> None:
        """The data of each tensor follows that of the one before, aligned, and ends inside the file."""
        cursor, alignment = self._cursor, self._alignment
        expected: int | None = 0
        least = 0
        for tensor in tensors:
            cursor.place = say("the tensor “{name}”", name=shown(tensor.name))
            if tensor.offset != expected and (
                expected is not None or tensor.offset < least or tensor.offset % alignment
            ):
                raise cursor.damaged(say("Its data are not where they must be."))
            size = tensor.size_bytes
            end = data_offset + tensor.offset + (size or 0)
            if end > cursor.file_bytes:
                there = gb(cursor.file_bytes)
                raise cursor.damaged(
                    say("Its tensors need {size}; the file has {there}. It is not complete.", size=gb(end), there=there)
                )
            # The size of a type that this engine lacks is not known: the next tensor may begin anywhere behind it.
            least = tensor.offset
            expected = None if size is None else tensor.offset + size + -size % alignment
        cursor.place = ""

    def _value(self, kind: int) -> Value | None:
        """One value; None for what is stepped over because nobody here needs it."""
        if kind in _FIXED:
            return struct.unpack("<" + _FIXED[kind], self._cursor.take(_FIXED_BYTES[kind]))[0]
        if kind == _STRING:
            return self._text()
        if kind == _ARRAY:
            return self._array()
        raise self._cursor.damaged(say("It holds a value of the unknown type {kind}.", kind=kind))

    def _array(self) -> Value | None:
        cursor = self._cursor
        kind, count = cursor.number(4), cursor.number(8)
        if kind in _FIXED:
            size = _FIXED_BYTES[kind] * count
            if count > _MAX_KEPT_ITEMS:
                cursor.skip(size)
                return None
            self._keep(_ITEM_BYTES * count)
            return struct.unpack(f"<{count}{_FIXED[kind]}", cursor.take(size))
        if kind == _STRING:
            if count > _MAX_ARRAY_STRINGS or count * 8 > cursor.file_bytes - cursor.at:
                raise cursor.damaged(say("An array claims {count} items.", count=whole(count)))
            if count > _MAX_KEPT_ITEMS:
                cursor.skip_strings(count)
                return None
            texts = [self._text() for _ in range(count)]
            return tuple(t for t in texts if t is not None) if None not in texts else None
        if kind == _ARRAY:
            raise cursor.damaged(say("It holds an array of arrays, which this engine does not read."))
        raise cursor.damaged(say("It holds an array of the unknown type {kind}.", kind=kind))

    def _text(self) -> str | None:
        """A text; None when it is too long to be of use here (some files hold a whole tokenizer as one)."""
        length = self._cursor.number(8)
        if length > _MAX_KEPT_TEXT_BYTES:
            self._cursor.skip(length)
            return None
        self._keep(_ITEM_BYTES + length)
        # Not refused where it is no UTF-8: the engine does not look, and these texts are only shown.
        return self._cursor.take(length).decode("utf-8", "replace")

    def _name(self, limit: int) -> str:
        """A key or a tensor's name: these decide, so they must be what they seem."""
        cursor = self._cursor
        length = cursor.number(8)
        if not 1 <= length <= limit:
            raise cursor.damaged(say("A name claims {length} bytes.", length=whole(length)))
        try:
            return cursor.take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise cursor.damaged(say("A name is not text (UTF-8).")) from None

    def _keep(self, size: int) -> None:
        """Count what stays in memory: many small values are one large one."""
        self._kept_bytes += size
        if self._kept_bytes > _MAX_KEPT_BYTES:
            raise self._cursor.damaged(say("Its metadata hold more text than those of any model."))

    def _count(self, limit: int, what: str) -> int:
        count = self._cursor.number(8)
        if count > limit:
            raise self._cursor.damaged(say("It claims {count} {what}.", count=whole(count), what=what))
        return count
