"""The second half of a move: everything is brought, so now the new place counts and the old files go. Done twice, it is done once."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from launcher.downloads.disk import checks, folders, index, journal
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.checks import Known
from launcher.downloads.disk.journal import Journal
from launcher.downloads.moving import record as moving
from launcher.downloads.moving.record import Move, Phase

_log = logging.getLogger("launcher.downloads")


def finish(way: Move) -> None:
    """Everything after the copying; what was cut off is done again."""
    if way.phase is Phase.SWITCHING:
        _switch(way)
        way = replace(way, phase=Phase.DROPPING)
        moving.write(way)
    if _is_in_force(way):
        _drop_old(way)
    else:
        moving.forget(way)  # moved back, or removed, before the old files could go


def _switch(way: Move) -> None:
    target = RepoCache.for_request(way.after)
    folders.add_cache(str(target.root))
    for piece in way.pieces:
        if piece.waiting.exists():
            piece.waiting.replace(piece.target)
    commit = way.after.revision or ""
    for file in way.after.files:
        if target.finished(commit, file) is not None:
            target.link(commit, file)
    if way.is_installed:
        _take_results_along(way)
        target.write_ref(commit, is_newest=False)
        index.move(way.before, way.after, way.brought)
    else:
        _move_journals(way)


def _take_results_along(way: Move) -> None:
    """What is known of the files: the copies were compared; the same bytes under another name are what they were before."""
    known, target = Known(), RepoCache.for_request(way.after)
    results: list[tuple[Path, str, bool | None]] = []
    for piece, file in zip(way.pieces, way.after.files, strict=True):
        place = target.pointer(way.after.revision or "", file.name)
        before = known.of(Path(piece.source))
        if piece.sha256 in way.compared:
            results.append((place, piece.sha256 or "", True))
        elif before is not None:
            results.append((place, before.sha256, before.is_right))
        elif known.is_stale(Path(piece.source)):
            results.append((place, "", None))
    checks.remember(results)


def _move_journals(way: Move) -> None:
    source, target = RepoCache.for_request(way.before), RepoCache.for_request(way.after)
    for file in way.after.files:
        sha256 = file.sha256 or ""
        is_ours = sha256 in way.brought or target.part(sha256).exists()
        if is_ours and not target.journal(sha256).exists():
            old = journal.read(source.journal(sha256))
            journal.write(replace(old or Journal(way.after, file), request=way.after))


def _is_in_force(way: Move) -> bool:
    target = RepoCache.for_request(way.after)
    is_listed = any(s.request == way.after for s in index.installed_sets())
    return is_listed or any(target.journal(f.sha256 or "").exists() for f in way.after.files)


def _drop_old(way: Move) -> None:
    """Delete at the old place what was ours; what the system holds on to (Windows: a loaded model) goes at the next start."""
    source = RepoCache.for_request(way.before)
    staying = {p.sha256 for p in way.pieces if p.stays}
    try:
        for file in way.before.files:
            sha256 = file.sha256 or ""
            source.part(sha256).unlink(missing_ok=True)
            source.map(sha256).unlink(missing_ok=True)
            if sha256 not in staying:
                source.delete(way.before.revision or "", file)
            source.journal(sha256).unlink(missing_ok=True)
    except OSError as error:
        _log.warning("%s stays in %s for now: %s", way.before.key, source.root, error)
        return
    moving.forget(way)
