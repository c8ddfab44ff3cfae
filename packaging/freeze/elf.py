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
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME = 1, 5, 10, 14
_VERSION = re.compile(rb"(?<=\0)(GLIBC|GLIBCXX|GCC)_(\d+(?:\.\d+)+)(?=\0)")


@dataclass(frozen=True, slots=True)
class Needs:
    """Of one file.

    Attributes:
        libraries: sonames that it links to.
        versions: highest symbol version by family ("GLIBC": (2, 34)).
    """

    libraries: tuple[str, ...]
    versions: dict[str, tuple[int, ...]]


def read(path: Path) -> Needs | None:
    """What the file needs; None for anything but a 64-bit ELF file that is linked dynamically."""
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            return None
    data = path.read_bytes()
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQ", data, offset + size * i) for i in range(count)]
    dynamic = next((s for s in segments if s[0] == _PT_DYNAMIC), None)
    if dynamic is None:
        return None
    entries = [struct.unpack_from("<qQ", data, dynamic[2] + at) for at in range(0, dynamic[5], 16)]
    values = dict(entries)
    address, length = values[_DT_STRTAB], values[_DT_STRSZ]
    start = next(s[2] + address - s[3] for s in segments if s[0] == _PT_LOAD and s[3] <= address < s[3] + s[5])
    strings = data[start : start + length]
    libraries = tuple(_text(strings, value) for tag, value in entries if tag == _DT_NEEDED)
    own = _text(strings, values[_DT_SONAME]) if _DT_SONAME in values else ""
    return Needs(libraries, {} if own == "libc.so.6" else _versions(strings))


def _versions(strings: bytes) -> dict[str, tuple[int, ...]]:
    highest: dict[str, tuple[int, ...]] = {}
    for family, number in _VERSION.findall(strings):
        found = tuple(int(n) for n in number.split(b"."))
        name = family.decode()
        highest[name] = max(found, highest.get(name, ()))
    return highest


def _text(strings: bytes, at: int) -> str:
    return strings[at : strings.index(b"\0", at)].decode("utf-8", "replace")
