"""The record beside a partial file: what it is and what it belongs to. Enough to continue, even when the queue's own file is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog import hub
from launcher.core.downloads import DownloadRequest
from launcher.core.models import ModelFile
from launcher.core.paths import hub_cache_dir
from launcher.downloads.cache import JOURNAL_SUFFIX, PART_SUFFIX, RepoCache, size_of
from launcher.downloads.json_file import read_json, write_json


@dataclass(frozen=True, slots=True)
class Journal:
    """A partial file.

    Attributes:
        request: the whole item, pinned to a commit.
        file: which of its files this is.
        is_bad: the complete bytes had the wrong checksum; the next start begins anew.
    """

    request: DownloadRequest
    file: ModelFile
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Partial:
    """A partial file found on the disk."""

    path: Path
    size_bytes: int
    journal: Journal | None


def is_pinned(request: DownloadRequest) -> bool:
    """Whether a request says everything, in sound form: commit, and name, size and sha256 of every file."""
    sound = all(hub.is_safe_name(f.name) and f.size_bytes and hub.is_sha256(f.sha256) for f in request.files)
    return hub.is_commit(request.revision) and bool(request.files) and sound


def write(journal: Journal) -> None:
    """Write it beside the partial file, in one step."""
    write_json(RepoCache.of(journal.request.repo).journal(journal.file.sha256 or ""), journal)


def read(path: Path) -> Journal | None:
    """The journal in a file; None when it is not there or not one (then only the item's name is lost, no bytes)."""
    try:
        return read_json(Journal, path)
    except (OSError, ValueError):
        return None


def partials() -> Iterator[Partial]:
    """Every partial file in the hub cache."""
    for part in sorted(hub_cache_dir().glob(f"models--*/blobs/*{PART_SUFFIX}")):
        size = size_of(part)
        if size is not None:
            yield Partial(part, size, read(part.with_name(part.name.removesuffix(PART_SUFFIX) + JOURNAL_SUFFIX)))


def begun(key: str) -> DownloadRequest | None:
    """The pinned request of an item that was begun: it is finished at the commit at which it began."""
    found = (p.journal.request for p in partials() if p.journal and p.journal.request.key == key)
    return next((r for r in found if is_pinned(r)), None)


def delete(request: DownloadRequest) -> int:
    """Delete the partial files of an item. Returns the bytes freed."""
    freed = 0
    for partial in tuple(partials()):
        if partial.journal and partial.journal.request.key == request.key:
            partial.path.unlink(missing_ok=True)
            partial.path.with_name(partial.path.name.removesuffix(PART_SUFFIX) + JOURNAL_SUFFIX).unlink(missing_ok=True)
            freed += partial.size_bytes
    return freed
