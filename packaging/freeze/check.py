"""Looks at a finished folder as a bare computer would: what each file links to must be inside, or on the list of the system's.

And no file may have the loader look for it elsewhere first. `python check.py dist/launcher` prints what is needed from the system and
the size of each part; exit code 1 with what is missing.
"""

from __future__ import annotations

import posixpath
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import contents
import elf


@dataclass(slots=True)
class Findings:
    """Of a folder.

    Attributes:
        problems: sentences; a program with any must not be shipped.
        packages: Debian packages with what it takes from the system.
        symbols: highest symbol version of each family and the file that wants it.
    """

    problems: list[str] = field(default_factory=list[str])
    packages: set[str] = field(default_factory=set[str])
    optional_packages: set[str] = field(default_factory=set[str])
    symbols: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict[str, tuple[tuple[int, ...], str]])


def look(folder: Path) -> Findings:
    """Read every file of a Linux program."""
    found = Findings()
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    inside = {p.name for p in files}
    needed: set[str] = set()
    for path in files:
        if path.is_symlink() or (needs := elf.read(path)) is None:
            continue
        place = path.relative_to(folder).as_posix()
        found.problems += [
            f"{place} has the loader look in {search or 'the current folder'}, which is no folder of the program"
            for search in needs.search_paths
            if _leads_out(place, search)
        ]
        for library in needs.libraries:
            needed.add(library)
            if library not in inside:
                _note_library(found, place, library)
        for family, version in needs.versions.items():
            if version > found.symbols.get(family, ((), ""))[0]:
                found.symbols[family] = (version, place)
    for family, (version, place) in found.symbols.items():
        newest = contents.NEWEST_SYMBOLS.get(family, ())
        if version > newest:
            found.problems.append(f"{place} wants {family} {_dotted(version)}; {_dotted(newest)} is promised")
    found.problems += [
        f"{name} travels along, but nothing links to it"
        for name in sorted(contents.BUNDLED_LIBRARIES)
        if name in inside and name not in needed
    ]
    found.problems += [f"{link} leads nowhere" for link in _broken_links(folder)]
    return found


def _note_library(found: Findings, place: str, library: str) -> None:
    name = place.rsplit("/", 1)[-1]
    for key in (name, name.split(".", 1)[0]):
        if key in contents.OPTIONAL_LIBRARIES and contents.OPTIONAL_LIBRARIES[key][1].fullmatch(library):
            found.optional_packages.add(contents.OPTIONAL_LIBRARIES[key][0])
            return
    if library in contents.SYSTEM_LIBRARIES:
        found.packages.add(contents.SYSTEM_LIBRARIES[library])
    else:
        found.problems.append(f"{place} needs {library}, which is neither inside nor the system's")


def _leads_out(place: str, search: str) -> bool:
    """Whether RPATH or RUNPATH lead a file at `place` to where the program is not: a folder of whoever built it, or one for anybody to fill."""
    head, _, rest = search.partition("/")
    if head not in ("$ORIGIN", "${ORIGIN}"):
        return True
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(place), rest))
    return folder == ".." or folder.startswith(("../", "/"))


def _broken_links(folder: Path) -> Iterator[str]:
    return (p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.is_symlink() and not p.exists())


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(n) for n in version)


# --- sizes ------------------------------------------------------------------------------------------------------------

_PARTS = (
    ("engine packs", "engines/"),
    ("Qt's character tables (ICU)", "_internal/PySide6/Qt/lib/libicu"),
    ("Qt and PySide6", "_internal/PySide6/"),
    ("Qt and PySide6", "_internal/shiboken6/"),
    ("built-in model", "_internal/resources/models/"),
    ("catalog, texts, icons, licences", "_internal/resources/"),
    ("cryptography (the system's keyring)", "_internal/cryptography"),
    ("Python", "_internal/libpython"),
    ("Python", "_internal/base_library.zip"),
    ("Python", "_internal/python3"),
    ("system libraries that travel along", "_internal/lib"),
    ("our code and Python packages", ""),
)


def part_of(place: str) -> str:
    """The part of the program that a file belongs to, for the table of sizes."""
    return next(part for part, start in _PARTS if place.startswith(start))


def sizes(folder: Path) -> Counter[str]:
    """Bytes on the disk by part; a file with two names counts once."""
    counted: Counter[str] = Counter()
    seen: set[tuple[int, int]] = set()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        info = path.stat()
        if (info.st_dev, info.st_ino) not in seen:
            seen.add((info.st_dev, info.st_ino))
            counted[part_of(path.relative_to(folder).as_posix())] += info.st_size
    return counted


def report(folder: Path) -> int:
    """Print everything; returns the exit code."""
    counted = sizes(folder)
    for part, size_bytes in counted.most_common():
        print(f"  {size_bytes / 1e6:7.1f} MB  {part}")
    print(f"  {counted.total() / 1e6:7.1f} MB  together")
    if sys.platform != "linux":
        return 0
    found = look(folder)
    print("system packages:", " ".join(sorted(found.packages)))
    print("used where they are:", " ".join(sorted(found.optional_packages)))
    print("highest symbols:", ", ".join(f"{f} {_dotted(v)} ({p})" for f, (v, p) in sorted(found.symbols.items())))
    for problem in found.problems:
        print(f"check: {problem}", file=sys.stderr)
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(report(Path(sys.argv[1])))
