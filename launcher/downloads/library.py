"""The models on the disk: ours and other tools', in the hub cache. Identified by their headers, not by their names."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from launcher.catalog import hub_files
from launcher.core.downloads import Installed
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.paths import hub_cache_dir
from launcher.core.words import say
from launcher.downloads import folders, index, journal
from launcher.downloads.cache import RepoCache, size_of
from launcher.downloads.index import InstalledSet
from launcher.downloads.space import disk_usage

UNKNOWN = "unknown"
_log = logging.getLogger("launcher.downloads")


@dataclass(frozen=True, slots=True)
class DiskUse:
    """The disk that models go to.

    Attributes:
        folder: the hub cache.
        models_bytes: all installed models, other tools' too.
        partial_bytes: our partial files.
    """

    folder: str
    total_bytes: int
    free_bytes: int
    models_bytes: int
    partial_bytes: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A complete set of model files in one snapshot."""

    repo: str
    commit: str
    group: hub_files.FileGroup
    folder: Path

    @property
    def first(self) -> Path:
        return self.folder.joinpath(*self.group.files[0].name.split("/"))


def installed() -> tuple[Installed, ...]:
    """Every complete model in the hub cache, ours first, then by name. Sidecars and incomplete shard sets are left out.

    Reads the first bytes of each file that it has not seen before; a file that is no model is listed as "unknown".
    """
    ours = {(s.request.repo, s.request.revision, f.name): s for s in index.installed_sets() for f in s.request.files}
    entries: dict[Path, Installed] = {}
    for found in _scan():
        entry = _entry(found, ours.get((found.repo, found.commit, found.group.files[0].name)))
        real = found.first.resolve()
        # The same bytes in two snapshots are one model; the snapshot that we know is the better witness.
        if real not in entries or (entry.origin == "launcher" and entries[real].origin != "launcher"):
            entries[real] = entry
    return tuple(sorted(entries.values(), key=lambda e: (e.origin != "launcher", e.name.lower(), e.quant)))


def disk_use(models: tuple[Installed, ...] | None = None) -> DiskUse:
    """How full the model disk is, and with what. `models`: what `installed()` said, to save a scan."""
    folder = hub_cache_dir()
    total, free = disk_usage(folder)
    models_bytes = sum(m.size_bytes for m in (installed() if models is None else models))
    return DiskUse(str(folder), total, free, models_bytes, sum(p.size_bytes for p in journal.partials()))


def remove(model: Installed) -> int:
    """Delete a model that we fetched; files that another snapshot or another tool uses stay.

    Returns:
        Bytes freed.

    Raises:
        UserError: "not_ours": another tool put it there.
    """
    owner = next((s for s in index.installed_sets() if str(s.paths()[0]) == model.path), None)
    if owner is None:
        raise UserError(
            "not_ours",
            say("{name} was not fetched by the launcher.", name=model.name),
            say(
                "It lies in {path} and may be in use by another program, so it is not deleted from here.",
                path=model.path,
            ),
            (NextStep("Show it in its folder", "reveal", model.path),),
        )
    cache = RepoCache.for_request(owner.request)
    ours = (f for f in owner.request.files if f.sha256 in owner.fetched_sha256)
    freed = sum(cache.delete(owner.request.revision or "", f) for f in ours)
    index.forget(owner)
    return freed


def _scan() -> Iterator[_Found]:
    for snapshot in (s for root in folders.roots() for s in sorted(root.glob("models--*--*/snapshots/*"))):
        names = (p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*.gguf"))
        files = [ModelFile(name, size_of(snapshot / name)) for name in sorted(names)]
        repo = snapshot.parent.parent.name.removeprefix("models--").replace("--", "/")
        for group in hub_files.group(f for f in files if f.size_bytes):
            if not group.missing and not hub_files.is_sidecar(group.files[0].name):
                yield _Found(repo, snapshot.name, group, snapshot)


def _entry(found: _Found, ours: InstalledSet | None) -> Installed:
    stat = found.first.stat()
    seen = _look(str(found.first), found.repo, found.group.size_bytes, stat.st_mtime_ns)
    entry = Installed(
        model=seen.model or found.repo,
        name=seen.name or PurePosixPath(found.group.stem).name,
        quant=found.group.quant or seen.quant,
        path=str(found.first),
        size_bytes=found.group.size_bytes,
        architecture=seen.architecture,
        origin="hf-cache",
        verified=False,
        repo=found.repo,
    )
    if ours is None or not ours.is_complete():
        return entry
    request = ours.request
    return replace(
        entry, model=request.model, name=request.short_name, quant=request.quant, origin="launcher", verified=True
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file's own header says; "" where it does not."""

    architecture: str = UNKNOWN
    model: str = ""
    name: str = ""
    quant: str = ""


@lru_cache(maxsize=512)
def _look(path: str, repo: str, size_bytes: int, changed_ns: int) -> _Seen:
    """Read a header. Size and time are part of the cache's key: a file that changed is read again."""
    del size_bytes, changed_ns
    from launcher.catalog import load
    from launcher.catalog.facts import model_name, quant_name
    from launcher.catalog.gguf import read_header, read_set
    from launcher.catalog.identify import identify

    try:
        header = read_header(Path(path))
    except (UserError, OSError) as error:
        _log.info("%s is not a readable model: %s", path, error)
        return _Seen()
    architecture = header.metadata.get("general.architecture")
    known = _Seen(
        architecture if isinstance(architecture, str) else UNKNOWN, "", model_name(header), quant_name(header)
    )
    try:
        found = identify(load(), Path(path), read_set(Path(path)), repo)
    except UserError:
        return known  # a model that this engine cannot load is installed all the same
    if found.variant is None:
        return known
    return replace(known, model=found.variant.id, name=found.variant.short_name)
