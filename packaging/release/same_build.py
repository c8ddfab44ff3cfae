"""Whether two builds are the same: `python packaging/release/same_build.py dist/launcher ../other/dist/launcher`. Standard library only.

Lists files that only one has, that differ (with the first place), and whose permissions or kind differ; 0 when there is nothing to list.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

_PIECE_BYTES = 1 << 20


def main(arguments: Sequence[str]) -> int:
    """Compare and print."""
    if len(arguments) != 2 or not all(Path(a).is_dir() for a in arguments):
        print(__doc__, file=sys.stderr)
        return 2
    one, other = map(Path, arguments)
    lines = differences(one, other)
    print("\n".join(lines) or f"the same: {len(_entries(one))} files and links")
    return 1 if lines else 0


def differences(one: Path, other: Path) -> list[str]:
    """What is not the same, a line for each."""
    first, second = _entries(one), _entries(other)
    lines = [f"only in {one}: {name}" for name in sorted(first.keys() - second.keys())]
    lines += [f"only in {other}: {name}" for name in sorted(second.keys() - first.keys())]
    for name in sorted(first.keys() & second.keys()):
        if why := _difference(first[name], second[name]):
            lines.append(f"{name}: {why}")
    return lines


def _entries(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for base, folders, names in os.walk(folder):
        links = [name for name in folders if Path(base, name).is_symlink()]
        for name in [*names, *links]:
            path = Path(base, name)
            found[path.relative_to(folder).as_posix()] = path
    return found


def _difference(one: Path, other: Path) -> str:
    first, second = one.lstat(), other.lstat()
    if first.st_mode != second.st_mode:
        return f"{stat.filemode(first.st_mode)} and {stat.filemode(second.st_mode)}"
    if one.is_symlink():
        ends = os.readlink(one), os.readlink(other)
        return "" if ends[0] == ends[1] else f"leads to {ends[0]} and {ends[1]}"
    if first.st_size != second.st_size:
        return f"{first.st_size} and {second.st_size} bytes"
    at = 0
    with one.open("rb") as left, other.open("rb") as right:
        while piece := left.read(_PIECE_BYTES):
            counterpart = right.read(_PIECE_BYTES)
            if piece != counterpart:
                place = next(i for i, (a, b) in enumerate(zip(piece, counterpart, strict=True)) if a != b)
                return f"differs from byte {at + place} on"
            at += len(piece)
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
