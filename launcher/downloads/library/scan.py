"""The models on the disk, whoever put them there. What they are is read from their headers; only what is complete is listed."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from launcher.catalog import builtin, hub
from launcher.catalog.gguf_bytes import shown
from launcher.core.downloads import Installed, Origin
from launcher.core.errors import UserError
from launcher.core.words import say
from launcher.downloads.disk import disks, folders, index, journal
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.checks import Known
from launcher.downloads.disk.disks import DiskUse
from launcher.downloads.disk.index import InstalledSet
from launcher.downloads.library.examine import Kind, Verdict
from launcher.downloads.library.seen import Seen
from launcher.downloads.library.tools import environment, folder, gpt4all, hub_cache, jan, llama_cpp, lm_studio, ollama
from launcher.downloads.library.tools.candidate import Candidate
from launcher.downloads.library.tools.environment import Environment

_TOOLS: tuple[Callable[[Environment], Iterator[Candidate]], ...] = (
    hub_cache.find,
    llama_cpp.find,
    lm_studio.find,
    ollama.find,
    jan.find,
    gpt4all.find,
)
_RANK = {origin: rank for rank, origin in enumerate(Origin)}
_OLLAMA_BLOB = re.compile(r"sha256-([0-9a-f]{64})")
_log = logging.getLogger("launcher.downloads")


@dataclass(frozen=True, slots=True)
class Broken:
    """A model file that is incomplete or damaged.

    Attributes:
        path: of the first file that is there.
        origin: whose it is.
        size_bytes: what is there of it.
        why: one or two sentences with the numbers.
    """

    path: str
    origin: Origin
    size_bytes: int
    why: str


@dataclass(frozen=True, slots=True)
class _Found:
    """A candidate whose files are there."""

    candidate: Candidate
    stats: tuple[os.stat_result, ...]
    ours: InstalledSet | None

    @property
    def origin(self) -> Origin:
        return Origin.LAUNCHER if self.ours else self.candidate.origin

    @property
    def first(self) -> Path:
        return self.candidate.files[0]

    @property
    def size_bytes(self) -> int:
        return sum(s.st_size for s in self.stats)

    def identities(self) -> tuple[object, ...]:
        """What tells each file from others, however it is reached."""
        return tuple(
            (s.st_dev, s.st_ino) if s.st_ino else str(path.resolve())
            for path, s in zip(self.candidate.files, self.stats, strict=True)
        )


def installed() -> tuple[Installed, ...]:
    """Every complete model on this machine, ours first, then by name. Sidecars, adapters and vocabularies are left out.

    Looks at the Hugging Face cache, our other folders, those of other tools (see `Environment.searches_tools`), and what the user
    added. Reads the header of each file that it has not seen before.
    """
    return scan()[0]


def broken() -> tuple[Broken, ...]:
    """Model files that are incomplete or damaged. What a tool is still fetching under another name is none of them."""
    return scan()[1]


def scan() -> tuple[tuple[Installed, ...], tuple[Broken, ...]]:
    """`installed()` and `broken()` in one go."""
    seen = Seen()
    models: list[Installed] = []
    problems: list[tuple[_Found, str]] = []
    used: set[object] = set()
    checked, pinned = Known(), index.pinned()
    for same in _by_files(_found()).values():
        # The same bytes may be reached in several ways, also as a set of which the name says that parts are missing.
        for found in sorted(same, key=lambda f: (f.candidate.count != len(f.stats), _RANK[f.origin])):
            verdict = _judge(seen, found)
            if verdict is not None and verdict.kind is Kind.MODEL:
                entry = _entry(found, verdict)
                recorded_unix_s = found.ours.installed_unix_s if found.ours else None
                models.append(replace(checked.with_standing(entry, recorded_unix_s), pinned=entry.path in pinned))
                used.update(found.identities())
                break
            if verdict is not None and verdict.kind is Kind.BROKEN:
                problems.append((found, verdict.why))
    seen.save()
    order = sorted(models, key=lambda m: (not m.is_ours, m.name.lower(), m.quant, m.path))
    return tuple(order), tuple(_broken(problems, used))


def disk_use(models: tuple[Installed, ...] | None = None) -> DiskUse:
    """How full the disk of the downloads folder is, and with what; and the other disks that models are on.

    Args:
        models: what `installed()` said, to save a scan.
    """
    return disks.disk_use(installed() if models is None else models)


def expected_sha256(path: str | Path) -> str | None:
    """The checksum that a file's place states: the Hugging Face cache and Ollama name blobs by it. None elsewhere."""
    try:
        real = Path(path).resolve()
    except (OSError, RuntimeError):
        return None
    if real.parent.name != "blobs":
        return None
    blob = _OLLAMA_BLOB.fullmatch(real.name)
    if blob:
        return blob[1]
    return real.name if hub.is_sha256(real.name) else None


def _candidates() -> Iterator[Candidate]:
    """All that may be a model, our own folders first."""
    here = environment.here()
    chosen = folders.read()
    for root in folders.roots():
        yield from hub_cache.models_in(root, Origin.HF_CACHE)
    if here.searches_tools:
        for find in _TOOLS:
            yield from find(here)
    for searched in chosen.searched:
        yield from folder.models_in(Path(searched))
    for path in chosen.files:
        yield from folder.adopted(Path(path))


def _found() -> Iterator[_Found]:
    ours = _our_sets()
    paths: set[tuple[Path, ...]] = set()
    for candidate in _candidates():
        if candidate.files in paths or builtin.is_builtin(candidate.files[0]):
            continue  # a folder that two tools share; the program's own file, which is nobody's to manage
        paths.add(candidate.files)
        try:
            stats = tuple(path.stat() for path in candidate.files)
        except OSError:
            continue  # vanished meanwhile
        yield _Found(candidate, stats, ours.get(str(candidate.files[0])))


def _our_sets() -> dict[str, InstalledSet]:
    """What we fetched, by the path of the file to load."""
    found: dict[str, InstalledSet] = {}
    for record in index.installed_sets():
        with suppress(UserError):  # a record with an unsafe name
            if record.first and record.is_complete():
                found.setdefault(record.first, record)
    return found


def _by_files(all_found: Iterable[_Found]) -> dict[object, list[_Found]]:
    """Two revisions of a set may share files: only what has all files in common is the same model."""
    groups: dict[object, list[_Found]] = {}
    for found in all_found:
        groups.setdefault(found.identities(), []).append(found)
    return groups


def _judge(seen: Seen, found: _Found) -> Verdict | None:
    """What the files are; None when they vanished meanwhile."""
    if not all(_is_text(str(path)) for path in found.candidate.files):
        # Neither the engine nor a settings file could be told of it.
        return Verdict(Kind.BROKEN, say("Its name is not valid text (UTF-8). Rename it to use it."))
    try:
        return seen.verdict(found.candidate, found.stats)
    except OSError as error:
        _log.info("A model file vanished while it was looked at: %s", error.strerror)
        return None


def _entry(found: _Found, verdict: Verdict) -> Installed:
    candidate = found.candidate
    stem = candidate.name or PurePosixPath(re.sub(r"(-\d{5}-of-\d{5})?\.gguf$", "", found.first.name)).name
    entry = Installed(
        model=verdict.model or candidate.repo or candidate.name or shown(stem, 120),
        # An Ollama blob's header says less than what the user typed to get it.
        name=verdict.name if verdict.model or not candidate.name else candidate.name,
        quant=candidate.quant or verdict.quant,
        path=str(found.first),
        size_bytes=found.size_bytes,
        architecture=verdict.architecture,
        origin=candidate.origin,
        verified=False,
        repo=candidate.repo,
        files=tuple(map(str, candidate.files)),
        revision=candidate.revision,
        installed_unix_s=found.stats[0].st_mtime,
    )
    if not entry.name:
        entry = replace(entry, name=shown(stem, 120))
    if found.ours is None:
        return entry
    request = found.ours.request
    return replace(
        entry,
        model=request.model,
        name=request.short_name,
        quant=request.quant,
        origin=Origin.LAUNCHER,
        files=tuple(map(str, found.ours.paths())),
        revision=request.revision,
        installed_unix_s=found.ours.installed_unix_s,
    )


def _broken(problems: Sequence[tuple[_Found, str]], used: set[object]) -> Iterator[Broken]:
    """Each problem once, without what we are fetching ourselves and what is part of a complete model."""
    unfinished = _unfinished()
    told: set[object] = set()
    for found, why in sorted(problems, key=lambda p: str(p[0].first)):
        identities = found.identities()
        if used.intersection(identities) or identities[0] in told or unfinished.intersection(found.candidate.files):
            continue
        told.add(identities[0])
        path = str(found.first)
        yield Broken(path if _is_text(path) else _as_text(path), found.origin, found.size_bytes, why)


def _unfinished() -> set[Path]:
    """Files of items of ours that are not complete yet: the downloads page tells of them."""
    paths: set[Path] = set()
    for partial in journal.partials():
        if partial.journal:
            request = partial.journal.request
            with suppress(UserError):
                cache = RepoCache.for_request(request)
                paths.update(cache.pointer(request.revision or "", f.name) for f in request.files)
    return paths


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_text(path: str) -> str:
    """A path that is no text, for showing only."""
    return path.encode("utf-8", "replace").decode()
