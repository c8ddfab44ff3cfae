"""The map beside a partial file: which bytes of it are there, block by block, with their crc32. Survives SIGKILL at any instant.

    header   64 bytes: magic, sha256 of the wanted file, its size, block size, crc32 of all that
    record    8 bytes per block: bytes present from the block's start (the top bit: their crc32 is not known), crc32 of these bytes

A record is written in place after its bytes, so a killed program never leaves a record without them. A power cut can; the crc32
then tells (the hasher reads everything back). A record counts a prefix of its block, so a pause in the middle of a block loses
nothing, and a kill only what came since the last record: `Policy.record_s` seconds, or less than a block, on each connection.
1 MiB blocks: 8 records of 8 bytes for each 8 MiB cost nothing, and a damaged block is soon fetched again.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import zlib
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

BLOCK_BYTES = 1 << 20

_MAGIC = b"launcher map 1\r\n"
_HEADER = struct.Struct("<16s32sQII")
_RECORD = struct.Struct("<II")
_UNKNOWN = 1 << 31
_MAX_BLOCK = 1 << 28


class BlockMap:
    """An open map. Records may be written by several threads, each block by one at a time.

    Attributes:
        size_bytes: of the whole file.
        block_bytes: of every block but the last.
    """

    def __init__(self, path: Path, sha256: str, size_bytes: int, block_bytes: int, prefix_bytes: int = 0) -> None:
        """Open the map, or make one when there is none that is sound.

        Args:
            path: where it lies.
            sha256: of the file that is wanted.
            size_bytes: of the file that is wanted.
            block_bytes: for a new map; an old one keeps its own.
            prefix_bytes: for a new map: so many bytes are there already and have to be looked at.
        """
        self.size_bytes = size_bytes
        self._lock = threading.Lock()
        found = _read(path, sha256, size_bytes)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        if found is None:
            self.block_bytes = block_bytes
            self._words = _of_prefix(prefix_bytes, size_bytes, block_bytes)
            self._make(sha256)
        else:
            self.block_bytes, self._words = found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def __len__(self) -> int:
        return len(self._words) // 2

    def length_of(self, block: int) -> int:
        """Full length of a block; the last one is shorter."""
        return min(self.block_bytes, self.size_bytes - block * self.block_bytes)

    def present(self) -> Sequence[int]:
        """Bytes present in each block, as they stand in the records."""
        return [word & ~_UNKNOWN for word in self._words[::2]]

    def crc(self, block: int) -> int | None:
        """crc32 of the bytes present in a block; None when it is not known (then they have to be looked at)."""
        return None if self._words[2 * block] & _UNKNOWN else self._words[2 * block + 1]

    def write(self, block: int, length: int, crc: int) -> None:
        """Note that the first `length` bytes of a block are in the file. Call it after they were written.

        Raises:
            OSError: the disk refused.
        """
        data = _RECORD.pack(length, crc)
        self._words[2 * block], self._words[2 * block + 1] = length, crc
        self._write(_HEADER.size + block * _RECORD.size, data)

    def _make(self, sha256: str) -> None:
        """The records first, the header last: a map that was killed at birth is no map."""
        os.ftruncate(self._file, 0)
        words = self._words
        if sys.byteorder == "big":
            words = array("I", words)
            words.byteswap()
        self._write(_HEADER.size, words.tobytes())
        self._write(0, _header(sha256, self.size_bytes, self.block_bytes))

    def _write(self, offset: int, data: bytes) -> None:
        if hasattr(os, "pwrite"):
            while data:
                count = os.pwrite(self._file, data, offset)
                data, offset = data[count:], offset + count
            return
        with self._lock:
            os.lseek(self._file, offset, os.SEEK_SET)
            os.write(self._file, data)


def recorded_bytes(path: Path, sha256: str, size_bytes: int) -> int | None:
    """Bytes that a map says are present; None when there is no sound map of that file."""
    found = _read(path, sha256, size_bytes)
    return None if found is None else sum(word & ~_UNKNOWN for word in found[1][::2])


def _header(sha256: str, size_bytes: int, block_bytes: int) -> bytes:
    plain = _HEADER.pack(_MAGIC, bytes.fromhex(sha256), size_bytes, block_bytes, 0)[:-4]
    return plain + struct.pack("<I", zlib.crc32(plain))


def _read(path: Path, sha256: str, size_bytes: int) -> tuple[int, array[int]] | None:
    """Block size and records of a map; None when it is missing, damaged or of another file."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEADER.size)
            if len(head) != _HEADER.size:
                return None
            block_bytes = _HEADER.unpack(head)[3]
            if not 0 < block_bytes <= _MAX_BLOCK or head != _header(sha256, size_bytes, block_bytes):
                return None
            count = -(-size_bytes // block_bytes)
            data = stream.read(count * _RECORD.size + 1)
    except OSError:
        return None
    words = array("I")
    if len(data) != count * _RECORD.size or words.itemsize != 4:
        return None
    words.frombytes(data)
    if sys.byteorder == "big":
        words.byteswap()
    if any((word & ~_UNKNOWN) > block_bytes for word in words[::2]):
        return None
    last = size_bytes - (count - 1) * block_bytes
    return (block_bytes, words) if count == 0 or (words[2 * count - 2] & ~_UNKNOWN) <= last else None


def _of_prefix(prefix_bytes: int, size_bytes: int, block_bytes: int) -> array[int]:
    """Records of a file of which only the front is known to be written."""
    words = array("I", bytes(_RECORD.size * -(-size_bytes // block_bytes)))
    for block, start in enumerate(range(0, min(prefix_bytes, size_bytes), block_bytes)):
        words[2 * block] = min(block_bytes, min(prefix_bytes, size_bytes) - start) | _UNKNOWN
    return words
