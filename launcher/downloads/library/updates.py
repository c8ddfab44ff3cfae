"""Newer revisions of installed models: looked for when the user asks, offered, never fetched by themselves."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog import hub, hub_files
from launcher.catalog.hub import RepoListing
from launcher.core.downloads import DownloadRequest, Installed, Origin
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.downloads.disk import index
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.library import scan as library
from launcher.downloads.library.verify import Snapshot, snapshot_of

_WITH_REVISIONS = (Origin.LAUNCHER, Origin.HF_CACHE)


@dataclass(frozen=True, slots=True)
class Update:
    """A newer revision of an installed model.

    Attributes:
        revision: the commit.
        file_bytes: what has to be fetched; files that did not change are not.
        request: to start for it. The old revision stays until the user removes it.
    """

    model: Installed
    revision: str
    file_bytes: int
    request: DownloadRequest


def look_for_updates(models: Sequence[Installed], stop: threading.Event) -> tuple[Update, ...]:
    """Compare the files of installed models with the newest commit of their repositories; one listing for each. Blocks.

    Pinned models are passed over, and those whose files have other names in the newest commit.

    Args:
        models: what `library.installed()` said; those of no repository are passed over.
        stop: set it to leave with what was found.

    Raises:
        UserError: no repository could be asked (offline, unreachable, ...).
    """
    pinned = index.pinned()
    by_repo: dict[str, list[tuple[Installed, Snapshot]]] = {}
    for model in models:
        place = snapshot_of(model)
        if place is not None and model.origin in _WITH_REVISIONS and model.path not in pinned:
            by_repo.setdefault(place.repo, []).append((model, place))
    found: list[Update] = []
    problems: list[UserError] = []
    for repo, wanting in by_repo.items():
        if stop.is_set():
            break
        try:
            newest = hub.list_files(repo)
        except UserError as error:
            problems.append(error)
            continue
        found += [u for model, place in wanting if (u := _update(model, place, newest)) is not None]
    if problems and len(problems) == len(by_repo):
        raise problems[0]
    return tuple({u.request.key + u.revision: u for u in found}.values())


def pin(model: Installed, pinned: bool) -> None:
    """Keep a model at its revision (no newer one is offered), or no more."""
    index.pin(model.path, is_pinned=pinned)


def _update(model: Installed, place: Snapshot, newest: RepoListing) -> Update | None:
    here = _files_here(model, place)
    if newest.commit == place.commit or not here:
        return None
    try:
        files = hub_files.select(newest.repo, newest.files, "", tuple(here))
    except UserError:
        return None  # renamed, withdrawn, or being uploaded at this moment
    if any(not hub.is_sha256(f.sha256) or not f.size_bytes for f in files):
        return None
    if {f.name: f.sha256 for f in files} == here:
        return None
    cache = RepoCache.of(place.repo, place.root)
    missing = sum(f.size_bytes or 0 for f in files if cache.finished(newest.commit, f) is None)
    if not missing:
        return None  # it is here already
    return Update(model, newest.commit, missing, _request(model, place, newest.commit, files))


def _request(model: Installed, place: Snapshot, commit: str, files: tuple[ModelFile, ...]) -> DownloadRequest:
    owner = index.owner_of(model.path)
    known = owner.request if owner else None
    size = sum(f.size_bytes or 0 for f in files)
    if known is not None:
        return DownloadRequest(
            known.model, known.short_name, known.quant, known.repo, files, size, commit, known.folder
        )
    return DownloadRequest(model.model, model.name, model.quant, place.repo, files, size, commit, place.root)


def _files_here(model: Installed, place: Snapshot) -> dict[str, str]:
    """Name in the repository -> sha256, of every file; {} where one is not known."""
    owner = index.owner_of(model.path)
    if owner is not None:
        return {f.name: f.sha256 for f in owner.request.files if f.sha256}
    sums = {
        Path(f).relative_to(place.folder).as_posix(): library.expected_sha256(f) for f in model.files or (model.path,)
    }
    return {} if None in sums.values() else {name: s for name, s in sums.items() if s}
