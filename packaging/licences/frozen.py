"""What a frozen folder consists of: its Python modules and files, and which component each is of. Needs PyInstaller for the modules."""

from __future__ import annotations

import csv
import functools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path, PurePosixPath

from launcher.services.licences import Known, normal

BUILDER = "pyinstaller"
"""Its start-up code is part of every frozen program."""

# Ours, or lists of others' files that say what the files themselves say already.
_OWN_FOLDERS = ("resources/", "engines/")
_OWN_FILES = ("pack.json", "sbom.cdx.json", "add-to-menu.sh", "install.sh", "README*", "*.desktop")


@dataclass
class Inside:
    """What was found in a folder.

    Attributes:
        known: names of entries of components.json.
        packages: Python packages, by normal name.
        system: files that are neither: libraries of the system that froze.
        unclear: what nothing accounts for, as sentences.
    """

    known: set[str] = field(default_factory=set[str])
    packages: set[str] = field(default_factory=set[str])
    system: list[Path] = field(default_factory=list[Path])
    unclear: list[str] = field(default_factory=list[str])


def look_into(folder: Path, known: Sequence[Known]) -> Inside:
    """Account for every file and every module of a frozen program.

    Args:
        folder: holds the executables and `_internal`, or is a macOS bundle.
        known: the entries of components.json.
    """
    found = Inside(packages={BUILDER})
    owners = _owners()
    for module in sorted(set(_modules(folder))):
        _take_module(module, owners, found)
    for path in _files(folder):
        _take_file(path, folder, owners, known, found)
    # What stands in components.json is told of there, not once more as a package.
    for entry in known:
        if entry.is_everywhere or found.packages.intersection(entry.packages):
            found.known.add(entry.name)
            found.packages -= set(entry.packages)
    return found


def _modules(folder: Path) -> Iterator[str]:
    """Names of the modules inside the executables."""
    from PyInstaller.archive.readers import (  # pyright: ignore[reportMissingImports, reportMissingTypeStubs]
        CArchiveReader,  # pyright: ignore[reportUnknownVariableType]
        NotAnArchiveError,  # pyright: ignore[reportUnknownVariableType]
    )

    programs = [p for p in sorted(folder.rglob("*")) if p.parent.name in (folder.name, "MacOS") and p.is_file()]
    n_programs = 0
    for path in programs:
        try:
            archive = CArchiveReader(str(path))  # pyright: ignore[reportUnknownVariableType]
        except NotAnArchiveError:
            continue
        n_programs += 1
        for name in archive.toc:  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            if str(name).endswith(".pyz"):  # pyright: ignore[reportUnknownArgumentType]
                yield from archive.open_embedded_archive(name).toc  # pyright: ignore[reportUnknownMemberType]
    if not n_programs:
        raise SystemExit(f"licences: {folder} holds no program made by PyInstaller")


def _files(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(base, name) for name in sorted(names))


@functools.cache
def _owners() -> dict[str, str]:
    """Path below site-packages -> the package that installed it."""
    owners: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = normal(distribution.metadata["Name"])
        # The record itself: its paths as objects take ten times as long.
        rows = csv.reader((distribution.read_text("RECORD") or "").splitlines())
        owners |= {row[0]: name for row in rows}
    return owners


def _take_module(module: str, owners: dict[str, str], found: Inside) -> None:
    top = module.partition(".")[0]
    if top == "launcher" or top in sys.stdlib_module_names:
        return
    if top.startswith(("pyi_rth_", "_pyi_rth")):
        return  # the builder's
    path = module.replace(".", "/")
    owner = owners.get(f"{path}.py") or owners.get(f"{path}/__init__.py")
    if owner is not None:
        found.packages.add(owner)
    elif not _is_namespace(path, owners):
        found.unclear.append(f"module {module}: no installed package has it")


def _is_namespace(path: str, owners: Iterable[str]) -> bool:
    """A folder without code of its own (jaraco), which the archive lists all the same."""
    return any(file.startswith(f"{path}/") for file in owners)


def _take_file(path: Path, folder: Path, owners: dict[str, str], known: Sequence[Known], found: Inside) -> None:
    inner = _inside(path.relative_to(folder))
    entry = next((k for k in known if any(fnmatchcase(path.name, pattern) for pattern in k.files)), None)
    if entry is not None:
        found.known.add(entry.name)
        return
    owner = owners.get(inner)
    if owner is not None:
        found.packages.add(owner)
        return
    if inner.startswith(_OWN_FOLDERS) or any(fnmatchcase(path.name, pattern) for pattern in _OWN_FILES):
        return
    if "lib-dynload/" in inner or ".dist-info/" in inner or path.name == "base_library.zip":
        return  # Python's, and the names of packages that are told of already
    if path.is_symlink() and path.exists():
        return  # what it points to is looked at itself
    if ".so" in path.suffixes or path.suffix in (".dll", ".dylib", ".pyd"):
        found.system.append(path)
        return
    found.unclear.append(f"file {inner}: no component has it")


def _inside(relative: Path) -> str:
    """The path as below site-packages."""
    parts = relative.parts
    for start in ("_internal", "Frameworks", "Resources"):
        if start in parts:
            parts = parts[parts.index(start) + 1 :]
            break
    return PurePosixPath(*parts).as_posix()
