"""Reads what a Linux program or library needs from the system, from the file itself. Standard library only.

Source of the layout: System V ABI, "Object Files" and "Dynamic Linking" (64-bit, little-endian), and the GNU symbol versions.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"\x7fELF\x02\x01"  # 64-bit, little-endian
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 0, 1, 5, 10, 14, 15, 29
_VERSION = re.compile(rb"(?<=\0)(GLIBC|GLIBCXX|GCC)_(\d+(?:\.\d+)+)(?=\0)")


@dataclass(frozen=True, slots=True)
class Needs:
    """Of one file.

    Attributes:
        libraries: sonames that it links to.
        versions: highest symbol version by family ("GLIBC": (2, 34)).
        search_paths: where it has the loader look for them first (RPATH and RUNPATH), as it says: "$ORIGIN/../lib".
    """

    libraries: tuple[str, ...]
    versions: dict[str, tuple[int, ...]]
    search_paths: tuple[str, ...] = ()


def read(path: Path) -> Needs | None:
    """What the file needs; None for anything but a 64-bit ELF file that is linked dynamically."""
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            return None
    data = path.read_bytes()
    segments = _segments(data)
    dynamic = _dynamic(data, segments)
    if dynamic is None:
        return None
    _, entries = dynamic
    values = dict(entries)
    address, length = values[_DT_STRTAB], values[_DT_STRSZ]
    start = next(s[2] + address - s[3] for s in segments if s[0] == _PT_LOAD and s[3] <= address < s[3] + s[5])
    strings = data[start : start + length]
    libraries = tuple(_text(strings, value) for tag, value in entries if tag == _DT_NEEDED)
    own = _text(strings, values[_DT_SONAME]) if _DT_SONAME in values else ""
    paths = tuple(p for tag, v in entries if tag in (_DT_RPATH, _DT_RUNPATH) for p in _text(strings, v).split(":"))
    return Needs(libraries, {} if own == "libc.so.6" else _versions(strings), paths)


def drop_search_paths(path: Path) -> None:
    """Take RPATH and RUNPATH out of a file that `read` can read; their text stays among its strings, where nothing refers to it."""
    data = bytearray(path.read_bytes())
    dynamic = _dynamic(data, _segments(data))
    if dynamic is None:
        return
    start, entries = dynamic
    kept = [entry for entry in entries if entry[0] not in (_DT_RPATH, _DT_RUNPATH)]
    kept += [(_DT_NULL, 0)] * (len(entries) - len(kept))
    for i, entry in enumerate(kept):
        struct.pack_into("<qQ", data, start + 16 * i, *entry)
    path.write_bytes(data)


def _segments(data: bytes | bytearray) -> list[tuple[int, ...]]:
    """The program headers: kind, flags, offset, address, physical address, bytes in the file."""
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return [struct.unpack_from("<IIQQQQ", data, offset + size * i) for i in range(count)]


def _dynamic(data: bytes | bytearray, segments: list[tuple[int, ...]]) -> tuple[int, list[tuple[int, int]]] | None:
    """Where the dynamic table begins, and its (tag, value) up to its end; None without one."""
    segment = next((s for s in segments if s[0] == _PT_DYNAMIC), None)
    if segment is None:
        return None
    entries: list[tuple[int, int]] = []
    for at in range(segment[2], segment[2] + segment[5], 16):
        tag, value = struct.unpack_from("<qQ", data, at)
        if tag == _DT_NULL:
            break
        entries.append((tag, value))
    return segment[2], entries


def _versions(strings: bytes) -> dict[str, tuple[int, ...]]:
    highest: dict[str, tuple[int, ...]] = {}
    for family, number in _VERSION.findall(strings):
        found = tuple(int(n) for n in number.split(b"."))
        name = family.decode()
        highest[name] = max(found, highest.get(name, ()))
    return highest


def _text(strings: bytes, at: int) -> str:
    return strings[at : strings.index(b"\0", at)].decode("utf-8", "replace")
