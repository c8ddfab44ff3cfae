"""Engine packs on the disk: folders of llama.cpp's libraries with a manifest.

A pack is found in the program's own `engines` folder (beside a frozen program, `resources/engines` of a source tree), in the
folders that LAUNCHER_ENGINE_PACKS names, and in the data folder's `engines`. The libraries that came with the binding count as one
more, without a manifest. packaging/engine/build.py makes packs and describes them.

A manifest is untrusted: it names files by plain names only, each must be a regular file of the pack with the size and sha256
that is written there, and a library in the folder that it does not name makes the pack invalid (the engine loads by folder).
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from launcher.core import own_program
from launcher.core.codec import from_json
from launcher.core.engine_packs import BUILT_IN
from launcher.core.paths import data_dir, resource
from launcher.core.words import say

MANIFEST = "pack.json"
FOLDER = "engines"
PLACES_VARIABLE = "LAUNCHER_ENGINE_PACKS"
FORMAT = 1
BACKENDS = ("cpu", "rpc", "blas", "cuda", "rocm", "metal", "vulkan")

_MOST_MANIFEST_BYTES = 1 << 20
_MOST_FILES = 256
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
# ggml's own name of a backend's library; the part behind a second hyphen is a variant of the processor's.
_LIBRARY = re.compile(r"(?:lib)?ggml-([a-z]+)(?:-[a-z0-9_.]+)?\.(?:so|dylib|dll)")
_BACKEND_OF = {"hip": "rocm"}
_ANY_LIBRARY = re.compile(r".+\.(?:so|dylib|dll)(?:\.[0-9]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of a pack."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """pack.json.

    Attributes:
        format: `FORMAT`.
        binding_version: of llama-cpp-python; struct layouts change with every release, so it must be the same.
        llama_cpp: version of the native library, for people.
        system: "linux", "windows" or "macos".
        machine: "x86_64" or "arm64".
        build_flags: cmake arguments, for people.
        needs: what must be on the computer: {"nvidia_driver": "525.60", "rocm": "7.0", "macos": "13.3"}, each the oldest version.
    """

    format: int
    name: str
    backends: tuple[str, ...]
    binding_version: str
    system: str
    machine: str
    files: tuple[PackFile, ...]
    llama_cpp: str = ""
    build_flags: tuple[str, ...] = ()
    needs: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Pack:
    """A folder that says it is one.

    Attributes:
        manifest: None for the binding's own libraries, and where `problem` says why it cannot be read.
        problem: why it is no valid pack, in a sentence; "" when it is.
    """

    name: str
    folder: Path
    backends: tuple[str, ...] = ()
    manifest: Manifest | None = None
    problem: str = ""

    @property
    def is_built_in(self) -> bool:
        """It came with the binding."""
        return self.name == BUILT_IN

    @property
    def needs(self) -> dict[str, str]:
        """Of the manifest."""
        return self.manifest.needs if self.manifest else {}

    @property
    def version(self) -> str:
        """Of the binding it belongs to, as its manifest says; "" for the binding's own (`binding_version` reads that)."""
        return self.manifest.binding_version if self.manifest else ""


class PackError(Exception):
    """A folder is no valid pack; the text is a sentence for the user."""


def binding_version() -> str:
    """Of the installed llama-cpp-python; "" without one."""
    import importlib.metadata  # 20 ms and 2 MB that a window's start can do without

    try:
        return importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        return ""


def find_packs() -> list[Pack]:
    """Every pack there is, the invalid ones too; of two with one name the first found counts, the other gets a problem."""
    found: list[Pack] = []
    names: dict[str, Path] = {}
    for folder in _folders():
        pack = read_pack(folder)
        if pack.name in names and not pack.problem:
            where = say("Another pack of this name is in {folder}.", folder=names[pack.name])
            pack = Pack(pack.name, folder, pack.backends, pack.manifest, where)
        names.setdefault(pack.name, folder)
        found.append(pack)
    own = built_in()
    return [*found, own] if own else found


def built_in() -> Pack | None:
    """The binding's own libraries; None where a program is shipped with packs only."""
    folder = _binding_folder()
    if folder is None:
        return None
    names = library_names(folder)
    if not any("llama" in name for name in names):
        return None
    return Pack(BUILT_IN, folder, backends_of(names))


def read_pack(folder: Path) -> Pack:
    """The pack in a folder; one that is not valid has a `problem` instead of a manifest."""
    try:
        manifest = _read_manifest(folder / MANIFEST)
        _check_manifest(manifest)
        _check_files(folder, manifest)
    except PackError as error:
        name = folder.name.lower()
        return Pack(name if _NAME.fullmatch(name) else "?", folder, problem=str(error))
    return Pack(manifest.name, folder, manifest.backends, manifest)


def verify_content(pack: Pack) -> str:
    """Read every file; a sentence when one is not as the manifest says, else "". Reads the whole pack: up to a second or two."""
    import hashlib

    for file in pack.manifest.files if pack.manifest else ():
        try:
            with (pack.folder / file.name).open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            return say("{name} cannot be read: {why}.", name=file.name, why=error.strerror or error)
        if found != file.sha256.lower():
            return say("{name} is damaged: its checksum is not the manifest's.", name=file.name)
    return ""


def fingerprint(pack: Pack) -> str:
    """Changes with the manifest and with any library's name, size or time."""
    import hashlib  # not for a window's start

    digest = hashlib.sha256(str(pack.folder).encode("utf-8", "surrogateescape"))
    for name in [MANIFEST, *library_names(pack.folder)]:
        try:
            info = (pack.folder / name).stat()
        except OSError:
            continue
        digest.update(f"\0{name}\0{info.st_size}\0{info.st_mtime_ns}".encode())
    return digest.hexdigest()


def size_bytes(pack: Pack) -> int:
    """Of its libraries."""
    return sum((pack.folder / name).stat().st_size for name in library_names(pack.folder))


def library_names(folder: Path) -> list[str]:
    """The shared libraries in a folder, sorted; [] when it cannot be listed."""
    try:
        return sorted(entry.name for entry in os.scandir(folder) if _ANY_LIBRARY.fullmatch(entry.name))
    except OSError:
        return []


def backends_of(names: list[str]) -> tuple[str, ...]:
    """The ggml backends whose libraries are among these files."""
    found = {_BACKEND_OF.get(m.group(1), m.group(1)) for name in names if (m := _LIBRARY.fullmatch(name))}
    return tuple(b for b in BACKENDS if b in found)


# --- where packs are --------------------------------------------------------------------------------------------------


def places() -> list[Path]:
    """Folders that packs are looked for in, the program's own first."""
    own = _beside(program) if (program := own_program.folder()) else resource(FOLDER)
    named = [Path(p).expanduser() for p in os.environ.get(PLACES_VARIABLE, "").split(os.pathsep) if p.strip()]
    try:
        return [own, *named, data_dir() / FOLDER]
    except OSError:  # no home to write in: `launcher doctor` says so
        return [own, *named]


def _beside(program: Path) -> Path:
    """The frozen program's own packs; in a macOS bundle among its resources, since only programs may lie beside one there."""
    return program.parent / "Resources" / FOLDER if program.name == "MacOS" else program / FOLDER


def _folders() -> Iterator[Path]:
    seen: set[Path] = set()
    for place in places():
        for folder in (place, *_children(place)):
            resolved = folder.resolve()
            if (folder / MANIFEST).exists() and resolved not in seen:
                seen.add(resolved)
                yield folder.absolute()


def _children(place: Path) -> list[Path]:
    try:
        return sorted(p for p in place.iterdir() if p.is_dir())
    except OSError:
        return []


@cache
def _binding_folder() -> Path | None:
    spec = importlib.util.find_spec("llama_cpp")  # of a package without a parent: nothing is imported
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) / "lib" if locations else None


# --- the manifest -----------------------------------------------------------------------------------------------------


def _read_manifest(path: Path) -> Manifest:
    try:
        info = path.lstat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > _MOST_MANIFEST_BYTES:
            raise PackError(say("{name} is not a plain file of a sensible size.", name=MANIFEST))
        return from_json(Manifest, json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise PackError(say("{name} cannot be read: {why}.", name=MANIFEST, why=str(error)[:200])) from error


def _check_manifest(manifest: Manifest) -> None:
    if manifest.format != FORMAT:
        raise PackError(say("It has format {n}; this program knows {known}.", n=manifest.format, known=FORMAT))
    if not _NAME.fullmatch(manifest.name) or manifest.name in (BUILT_IN, "auto"):
        raise PackError(say("{name} is not a valid name for a pack.", name=repr(manifest.name[:40])))
    if not manifest.backends or not set(manifest.backends) <= set(BACKENDS):
        raise PackError(say("It names backends that this program does not know."))
    if not 0 < len(manifest.files) <= _MOST_FILES:
        raise PackError(say("It lists {n} files; 1 to {most} are allowed.", n=len(manifest.files), most=_MOST_FILES))


def _check_files(folder: Path, manifest: Manifest) -> None:
    listed: set[str] = set()
    for file in manifest.files:
        # Only a plain name: no folder, no drive, no stream, nothing that could lead out of the pack.
        if not _FILE_NAME.fullmatch(file.name) or file.name in listed:
            raise PackError(say("{name} is not a valid name for a file of a pack.", name=repr(file.name[:80])))
        listed.add(file.name)
        try:
            info = (folder / file.name).lstat()
        except OSError:
            raise PackError(say("{name} is missing.", name=file.name)) from None
        if not stat.S_ISREG(info.st_mode):
            raise PackError(say("{name} is not a plain file.", name=file.name))
        if info.st_size != file.bytes:
            found, told = f"{info.st_size:,}", f"{file.bytes:,}"
            raise PackError(say("{name} has {found} bytes instead of {told}.", name=file.name, found=found, told=told))
    strangers = [name for name in library_names(folder) if name not in listed]
    if strangers:
        raise PackError(say("It holds a library that its manifest does not list: {name}.", name=strangers[0][:80]))
    missing = set(manifest.backends) - set(backends_of(sorted(listed)))
    if missing:
        raise PackError(say("It has no library for {backend}.", backend=sorted(missing)[0]))
