"""The record beside a partial file: what it is and what it belongs to. Enough to continue, even when the queue's own file is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog import hub
from launcher.core.downloads import DownloadRequest
from launcher.core.models import ModelFile
from launcher.downloads.disk import folders as folder_list
from launcher.downloads.disk.cache import JOURNAL_SUFFIX, PART_SUFFIX, RepoCache, size_of
from launcher.downloads.disk.json_file import read_json, write_json
from launcher.downloads.disk.part import present_bytes


@dataclass(frozen=True, slots=True)
class Journal:
    """A partial file.

    Attributes:
        request: the whole item, pinned to a commit.
        file: which of its files this is.
    """

    request: DownloadRequest
    file: ModelFile


@dataclass(frozen=True, slots=True)
class Partial:
    """A file of an unfinished item: a partial one, or a finished shard whose set is not complete yet.

    Attributes:
        size_bytes: bytes of it that are there (a partial file's length says nothing: it has gaps).
        journal: None when the record beside a partial file is lost.
    """

    path: Path
    size_bytes: int
    journal: Journal | None


def is_pinned(request: DownloadRequest) -> bool:
    """Whether a request says everything, in sound form: commit, and name, size and sha256 of every file."""
    sound = all(hub.is_safe_name(f.name) and f.size_bytes and hub.is_sha256(f.sha256) for f in request.files)
    return hub.is_commit(request.revision) and bool(request.files) and sound


def write(journal: Journal) -> None:
    """Write it beside the partial file, in one step."""
    write_json(RepoCache.for_request(journal.request).journal(journal.file.sha256 or ""), journal)


def read(path: Path) -> Journal | None:
    """The journal in a file; None when it is not there or not one (then only the item's name is lost, no bytes)."""
    try:
        return read_json(Journal, path)
    except (OSError, ValueError):
        return None


def partials() -> Iterator[Partial]:
    """Every file of an unfinished item of ours, in every folder that models go to."""
    folders = sorted(f for root in folder_list.roots() for f in root.glob("models--*/blobs"))
    names = {
        p.with_name(p.name.removesuffix(s))
        for f in folders
        for s in (PART_SUFFIX, JOURNAL_SUFFIX)
        for p in f.glob(f"*{s}")
    }
    for blob in sorted(names):
        journal = read(blob.with_name(blob.name + JOURNAL_SUFFIX))
        part = blob.with_name(blob.name + PART_SUFFIX)
        path: Path | None = part
        if size_of(part) is None:
            path = _finished(journal) if journal else None
        if path is not None:
            size = _present(journal) if journal is not None and path == part else None
            yield Partial(path, size_of(path) or 0 if size is None else size, journal)


def begun(key: str) -> DownloadRequest | None:
    """The pinned request of an item that was begun: it is finished at the commit at which it began."""
    found = (p.journal.request for p in partials() if p.journal and p.journal.request.key == key)
    return next((r for r in found if is_pinned(r)), None)


def delete(request: DownloadRequest) -> int:
    """Delete what an unfinished item has on the disk. Returns the bytes freed."""
    freed = 0
    for partial in tuple(partials()):
        journal = partial.journal
        if journal is None or journal.request.key != request.key:
            continue
        cache = RepoCache.for_request(journal.request)
        if partial.path.name.endswith(PART_SUFFIX):
            partial.path.unlink(missing_ok=True)
            freed += partial.size_bytes
        else:
            freed += cache.delete(journal.request.revision or "", journal.file)
        cache.map(journal.file.sha256 or "").unlink(missing_ok=True)
        cache.journal(journal.file.sha256 or "").unlink(missing_ok=True)
    return freed


def fetched(request: DownloadRequest) -> tuple[str, ...]:
    """Checksums of the files of an item that we fetched, in this run or an earlier one."""
    cache = RepoCache.for_request(request)
    return tuple(f.sha256 for f in request.files if f.sha256 and cache.journal(f.sha256).exists())


def close(request: DownloadRequest) -> None:
    """The item is complete and in the library: its records have done their work."""
    cache = RepoCache.for_request(request)
    for file in request.files:
        cache.map(file.sha256 or "").unlink(missing_ok=True)
        cache.journal(file.sha256 or "").unlink(missing_ok=True)


def _present(journal: Journal) -> int | None:
    if not hub.is_sha256(journal.file.sha256) or not journal.file.size_bytes:
        return None
    return present_bytes(RepoCache.for_request(journal.request), journal.file)


def _finished(journal: Journal) -> Path | None:
    if not is_pinned(journal.request):
        return None
    return RepoCache.for_request(journal.request).finished(journal.request.revision or "", journal.file)
