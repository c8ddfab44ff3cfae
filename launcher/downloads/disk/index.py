"""What we installed and verified: the one list that says which files in the shared cache are ours."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.catalog import hub_files
from launcher.core.downloads import DownloadRequest
from launcher.core.errors import UserError
from launcher.downloads.disk import checks
from launcher.downloads.disk.cache import RepoCache, size_of
from launcher.downloads.disk.json_file import SharedFile


@dataclass(frozen=True, slots=True)
class InstalledSet:
    """An item that is complete and verified.

    Attributes:
        request: pinned: commit, sizes and checksums.
        fetched_sha256: the files that we fetched; the others were in the cache before and belong to other tools.
        installed_unix_s: when.
        is_pinned: the user wants this revision, and no offers of newer ones.
    """

    request: DownloadRequest
    fetched_sha256: tuple[str, ...]
    installed_unix_s: float
    is_pinned: bool = False

    def paths(self) -> tuple[Path, ...]:
        """Where its files are, in shard order."""
        return _paths(self.request)

    @property
    def first(self) -> str:
        """The file to load; see `first_of`."""
        return first_of(self.request)

    def is_complete(self) -> bool:
        """Whether all files are still there in full size."""
        return all(
            size_of(path) == file.size_bytes for path, file in zip(self.paths(), self.request.files, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _Index:
    """`pinned`: first files of other tools' models that the user wants no newer revision of."""

    sets: tuple[InstalledSet, ...] = ()
    pinned: tuple[str, ...] = ()


# When it is damaged, the files stay in the cache and are found there; only "ours" is forgotten.
_FILE = SharedFile("library.json", _Index())


def installed_sets() -> tuple[InstalledSet, ...]:
    """All that is recorded, newest first, whether or not the files are still there."""
    return _FILE.read().sets


def first_of(request: DownloadRequest) -> str:
    """Where the file to load of a pinned item lies: the model's first, no sidecar.

    "" where it names no file, or one that would leave its folder.
    """
    models = (i for i, f in enumerate(request.files) if not hub_files.is_sidecar(f.name))
    try:
        return str(_paths(request)[next(models, 0)])
    except (UserError, IndexError):
        return ""


def find(key: str) -> InstalledSet | None:
    """The complete set of that key ("repo::quant"), or None."""
    return next((s for s in installed_sets() if s.request.key == key and s.is_complete()), None)


def owner_of(path: str) -> InstalledSet | None:
    """The set of ours that a file is the first of, or None."""
    return next((s for s in installed_sets() if s.first and s.first == path), None)


def is_verified(repo: str, sha256: str) -> bool:
    """Whether this blob was checked before."""
    return any(s.request.repo == repo and f.sha256 == sha256 for s in installed_sets() for f in s.request.files)


def record(request: DownloadRequest, fetched_sha256: tuple[str, ...]) -> None:
    """Remember a finished item; an older record of the same key at another commit stays, its files are still ours."""

    def add(before: _Index) -> _Index:
        old = before.sets
        same = next((s for s in old if (s.request.key, s.request.revision) == (request.key, request.revision)), None)
        ours = tuple(dict.fromkeys((*(same.fetched_sha256 if same else ()), *fetched_sha256)))
        is_pinned = request.keeps_revision or (same is not None and same.is_pinned)
        new = InstalledSet(request, ours, time.time(), is_pinned)
        return replace(before, sets=(new, *(s for s in old if s is not same)))

    new = _FILE.change(add).sets[0]
    # What was just hashed. Of files that were here before, older results (also that one has changed) stay as they are.
    pairs = zip(new.paths(), request.files, strict=True)
    checks.remember((p, f.sha256 or "", True) for p, f in pairs if f.sha256 in fetched_sha256 and p.exists())


def pin(path: str, *, is_pinned: bool) -> None:
    """Keep the model of a first file at its revision, or no more."""

    def change(before: _Index) -> _Index:
        sets = tuple(replace(s, is_pinned=is_pinned) if s.first == path else s for s in before.sets)
        others = tuple(p for p in before.pinned if p != path)
        is_ours = any(s.first == path for s in sets)
        return replace(before, sets=sets, pinned=(*others, path) if is_pinned and not is_ours else others)

    _FILE.change(change)


def pinned() -> frozenset[str]:
    """The first files of the models that are kept at their revision."""
    document = _FILE.read()
    return frozenset((*document.pinned, *(s.first for s in document.sets if s.is_pinned)))


def move(before: DownloadRequest, after: DownloadRequest, brought_sha256: tuple[str, ...]) -> None:
    """A set is at another place now, with `brought_sha256` as ours (the others were there before). Done twice, it is done once."""

    def change(document: _Index) -> _Index:
        found = next((s for s in document.sets if s.request == before), None)
        if found is None:
            return document
        new = replace(found, request=after, fetched_sha256=brought_sha256)
        # What another revision shares with it stays at the old place, and is that one's from now on.
        return replace(document, sets=tuple(new if s is found else _with_files_of(found, s) for s in document.sets))

    _FILE.change(change)


def forget(removed: InstalledSet) -> None:
    """Take a set off the list. A file that it shares with another revision in the same folder is that one's from now on."""

    def change(before: _Index) -> _Index:
        kept = (s for s in before.sets if s.request != removed.request)
        return replace(before, sets=tuple(_with_files_of(removed, s) for s in kept))

    _FILE.change(change)


def _with_files_of(removed: InstalledSet, heir: InstalledSet) -> InstalledSet:
    if (heir.request.repo, heir.request.folder) != (removed.request.repo, removed.request.folder):
        return heir
    inherited = {f.sha256 for f in heir.request.files} & set(removed.fetched_sha256)
    return replace(heir, fetched_sha256=tuple(dict.fromkeys((*heir.fetched_sha256, *filter(None, inherited)))))


def _paths(request: DownloadRequest) -> tuple[Path, ...]:
    cache = RepoCache.for_request(request)
    return tuple(cache.pointer(request.revision or "", f.name) for f in request.files)
