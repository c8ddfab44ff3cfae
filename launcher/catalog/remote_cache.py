"""Headers of models elsewhere, kept on the disk: the bytes before the tensor data of every file, and what they belong to.

    <cache>/headers/files/<key>/<file name>     exactly the header's bytes
    <cache>/headers/files/<key>/about.json      size of the whole file, its etag, how many bytes the header has
    <cache>/headers/sets/<key>.json             which files a source named when it was asked last

A file's key stands for its content (server and etag), so a re-upload never meets the old header. Everything here can be
fetched again: what cannot be read is fetched again, and the oldest goes when there is too much.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from launcher.catalog.gguf import GgufHeader, read_header
from launcher.core.codec import from_json, to_json
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.core.paths import cache_dir

MAX_CACHE_BYTES = 512 * 2**20
_SPOOL = "fetch-"
_SPOOL_LIFE_S = 24 * 3600
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class About:
    """What a header belongs to. `etag` is "" where the server names none."""

    total_bytes: int
    header_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class StoredSet:
    """The files that a source named, with their keys; `date` (ISO) is when the server was asked last."""

    repo: str | None
    revision: str | None
    files: tuple[ModelFile, ...]
    keys: tuple[str, ...]
    date: str


@dataclass(frozen=True, slots=True)
class CachedHeader:
    """A header that is here."""

    header: GgufHeader
    path: Path
    about: About


def key_of(*parts: str) -> str:
    """A folder's name for texts that may be anything."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def load_header(key: str, name: str) -> CachedHeader | None:
    """The header that is stored under a key; None where there is none, or a damaged one."""
    folder = _files() / key
    path = folder / _base(name)
    about = _read(About, folder / "about.json")
    if about is None:
        return None
    try:
        if path.stat().st_size != about.header_bytes:
            return None
        header = read_header(path, about.total_bytes)
    except (OSError, UserError):
        return None
    return CachedHeader(header, path, about) if header.data_offset == about.header_bytes else None


@contextmanager
def spool() -> Generator[BinaryIO]:
    """A temporary file beside the cache, so that `store_header` can move it there in one step."""
    folder = _files()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_SPOOL, dir=folder) as temporary:
        path = Path(temporary) / "header"
        with path.open("w+b") as stream:
            yield stream


def store_header(stream: BinaryIO, key: str, name: str, header: GgufHeader, etag: str) -> CachedHeader:
    """Keep the beginning of a spooled file. Two at once are no harm: both write the same."""
    stream.truncate(header.data_offset)
    stream.close()
    folder = _files() / key
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _base(name)
    os.replace(stream.name, path)
    about = About(header.file_bytes, header.data_offset, etag)
    _write(folder / "about.json", about)
    return CachedHeader(header, path, about)


def load_set(key: str) -> StoredSet | None:
    """What a source named last time."""
    found = _read(StoredSet, _sets() / f"{key}.json")
    return found if found and found.files and len(found.files) == len(found.keys) else None


def store_set(key: str, found: StoredSet) -> None:
    """Remember what a source named, then see that the cache stays small."""
    _sets().mkdir(parents=True, exist_ok=True)
    _write(_sets() / f"{key}.json", found)
    _drop_oldest(keep=frozenset(found.keys))


def _drop_oldest(keep: frozenset[str]) -> None:
    ages: list[tuple[float, int, Path]] = []
    for folder in _files().iterdir():
        with suppress(OSError):  # another fetch has just finished
            ages.append((folder.stat().st_mtime, sum(f.stat().st_size for f in folder.iterdir()), folder))
    total = 0
    for changed, size, folder in sorted(ages, reverse=True):
        if folder.name.startswith(_SPOOL):
            is_old = time.time() - changed > _SPOOL_LIFE_S  # of a fetch that was killed
        else:
            total += size
            is_old = total > MAX_CACHE_BYTES and folder.name not in keep
        if is_old:
            shutil.rmtree(folder, ignore_errors=True)


def _read(kind: type[T], path: Path) -> T | None:
    try:
        return from_json(kind, json.loads(path.read_text("utf-8")))
    except (OSError, ValueError):
        return None


def _write(path: Path, value: object) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as stream:
        json.dump(to_json(value), stream, ensure_ascii=False, indent=1)
    os.replace(stream.name, path)


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _files() -> Path:
    return cache_dir() / "headers" / "files"


def _sets() -> Path:
    return cache_dir() / "headers" / "sets"
