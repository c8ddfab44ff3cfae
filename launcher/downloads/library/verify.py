"""Comparing a model's files with what their publisher says they are, and handing damaged ones back to the download."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from launcher.catalog import hub
from launcher.core.downloads import DownloadRequest, Installed, Origin
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.words import say
from launcher.downloads.disk import checks, index, journal, kept_maps
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.index import InstalledSet
from launcher.downloads.disk.journal import Journal
from launcher.downloads.disk.lock import blob_lock
from launcher.downloads.library import scan as library
from launcher.downloads.library.examine import Kind, examine
from launcher.downloads.library.tools.candidate import Candidate
from launcher.downloads.stopped import StoppedError

_BLOCK = 1 << 20
_log = logging.getLogger("launcher.downloads")

State = Literal["matches", "differs", "no_checksum"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it.

    Attributes:
        state: matches: every file is the publisher's; differs: `bad_files` are not; no_checksum: nobody says what (all of) them
            should be, but their headers are sound.
        sha256: of every file, as computed.
        expected_from: who says so, in words; "" where nobody does.
        bad_files: paths.
    """

    state: State
    sha256: tuple[str, ...]
    expected_from: str
    bad_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Expected:
    sha256: dict[str, str]
    source: str


def verify(model: Installed, on_progress: Callable[[int, int], None], stop: threading.Event) -> Verdict:
    """Read every file of a model and compare. Blocks.

    A model of ours that differs leaves the library at once: what is bad becomes a partial file again (see `repair`).

    Args:
        model: as `library.installed()` gave it.
        on_progress: (bytes read, all bytes).
        stop: set it to leave.

    Raises:
        StoppedError: `stop` was set.
        UserError: a file cannot be read.
    """
    owner = index.owner_of(model.path)
    files = owner.paths() if owner else tuple(Path(f) for f in model.files or (model.path,))
    try:
        expected = _expected(model, owner, files)
        sums = _sums(files, on_progress, stop)
    except OSError as error:
        raise UserError(
            "cannot_read",
            "The model cannot be read.",
            say("The system says: {text} ({folder}).", text=error.strerror or error, folder=error.filename or ""),
            (NextStep("Try again", "retry"),),
            str(error),
        ) from error
    right = [None if (e := expected.sha256.get(str(f))) is None else e == s for f, s in zip(files, sums, strict=True)]
    bad = tuple(str(f) for f, is_right in zip(files, right, strict=True) if is_right is False)
    source = expected.source
    if not bad and None in right:
        bad, source = _structure(model, files), ""
    checks.remember(zip(files, sums, right, strict=True))
    if bad:
        if owner is not None:
            _take_out(owner, bad)
        return Verdict("differs", sums, source, bad)
    return Verdict("no_checksum" if None in right else "matches", sums, source)


def repair(model: Installed) -> DownloadRequest:
    """What to start so that a damaged model is whole again: only what is bad is fetched, where a block map says what that is.

    Raises:
        UserError: "cannot_repair": nobody knows where it came from.
    """
    begun = journal.begun(f"{model.repo}::{model.quant}") if model.repo else None
    owner = index.owner_of(model.path)
    if begun is not None:
        return begun
    if owner is not None:
        return owner.request
    place = snapshot_of(model)
    if place is None or model.origin != Origin.HF_CACHE:
        raise UserError(
            "cannot_repair",
            say("{name} cannot be repaired from here.", name=model.name),
            "Another program fetched it, and where from is not known.",
            (NextStep("Fetch it again with that program"), NextStep("Show it", "reveal", model.path)),
        )
    names = tuple(ModelFile(Path(f).relative_to(place.folder).as_posix()) for f in model.files or (model.path,))
    return DownloadRequest(model.model, model.name, model.quant, place.repo, names, 0, place.commit, place.root)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a file in the hub cache's layout lies. `root`: None is the user's own cache."""

    root: str | None
    repo: str
    commit: str
    folder: Path


def snapshot_of(model: Installed) -> Snapshot | None:
    """The snapshot that a model lies in; None for other places."""
    path = Path(model.path)
    for folder in path.parents:
        repo = folder.parent.parent
        if folder.parent.name == "snapshots" and repo.name.startswith("models--") and hub.is_commit(folder.name):
            is_default = repo.parent == RepoCache.of("a/b").root
            name = repo.name.removeprefix("models--").replace("--", "/", 1)
            return Snapshot(None if is_default else str(repo.parent), model.repo or name, folder.name, folder)
    return None


def _expected(model: Installed, owner: InstalledSet | None, files: Sequence[Path]) -> _Expected:
    if owner is not None:
        sums = {str(p): f.sha256 for p, f in zip(files, owner.request.files, strict=True) if f.sha256}
        return _Expected(sums, say("{repo}, noted at the download", repo=owner.request.repo))
    by_place = {str(f): s for f in files if (s := library.expected_sha256(f)) is not None}
    if by_place:
        return _Expected(by_place, say("the name that {tool} keeps it under", tool=model.origin))
    published = _published(model)
    sums = {str(f): s for f in files if (s := published.get((f.name, f.stat().st_size)))}
    return _Expected(sums, say("the listing of {repo}", repo=model.repo) if sums else "")


def _published(model: Installed) -> dict[tuple[str, int], str]:
    """(name, size) -> sha256 of a repository's files: from the built-in catalog, else from the hub when it answers."""
    from launcher.catalog import load

    if not model.repo:
        return {}
    known = [f for v in load().variants for q in v.quants if q.repo.lower() == model.repo.lower() for f in q.files]
    sums = _by_name(known)
    if any((Path(f).name, Path(f).stat().st_size) not in sums for f in model.files or (model.path,)):
        try:
            sums |= _by_name(hub.list_files(model.repo, model.revision).files)
        except UserError as error:  # offline, or gone: never required
            _log.info("No checksums of %s: %s", model.repo, error)
    return sums


def _by_name(files: Sequence[ModelFile]) -> dict[tuple[str, int], str]:
    named = ((f.name.rpartition("/")[2], f.size_bytes or 0, f.sha256 or "") for f in files)
    return {(name, size): sha256 for name, size, sha256 in named if size and sha256}


def _sums(files: Sequence[Path], on_progress: Callable[[int, int], None], stop: threading.Event) -> tuple[str, ...]:
    block = memoryview(bytearray(_BLOCK))
    done = 0
    sums: list[str] = []
    total = sum(f.stat().st_size for f in files)
    for path in files:
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as stream:
            while count := stream.readinto(block):
                if stop.is_set():
                    raise StoppedError
                digest.update(block[:count])
                done += count
                on_progress(done, max(total, done))
        sums.append(digest.hexdigest())
    return tuple(sums)


def _structure(model: Installed, files: Sequence[Path]) -> tuple[str, ...]:
    """Where no checksum is published: what the headers alone tell."""
    found = examine(Candidate(Origin(model.origin), tuple(files), len(files)))
    return (str(files[0]),) if found.kind is Kind.BROKEN else ()


def _take_out(owner: InstalledSet, bad: Sequence[str]) -> None:
    """Make an unfinished download of a damaged model of ours: bad files are partial ones again, the others wait for them."""
    request, cache = owner.request, RepoCache.for_request(owner.request)
    commit = request.revision or ""
    with ExitStack() as held:
        for file in request.files:
            held.enter_context(blob_lock(cache, file))
        for file in request.files:
            if file.sha256 in owner.fetched_sha256:
                journal.write(Journal(request, file))
        for file in request.files:
            pointer = cache.pointer(commit, file.name)
            if str(pointer) not in bad or file.sha256 not in owner.fetched_sha256:
                continue
            sha256 = file.sha256 or ""
            kept_maps.give_back(sha256, cache.map(sha256))
            os.replace(pointer.resolve(), cache.part(sha256))
            pointer.unlink(missing_ok=True)
        index.forget(owner)
