"""A model, or an unfinished download, to another folder or disk. Killed at any moment, it is whole in one of the two places."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from launcher.core.downloads import DownloadRequest, Installed
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.paths import hub_cache_dir
from launcher.core.words import say
from launcher.downloads.disk import checks, folders, index, journal, space
from launcher.downloads.disk.cache import RepoCache, size_of
from launcher.downloads.disk.checks import Known
from launcher.downloads.disk.index import InstalledSet
from launcher.downloads.disk.journal import Journal
from launcher.downloads.disk.lock import blob_lock
from launcher.downloads.disk.part import sha256_of
from launcher.downloads.moving import copying
from launcher.downloads.moving import record as moving
from launcher.downloads.moving.record import Move, Phase, Piece
from launcher.downloads.transfer.retry import StoppedError

_log = logging.getLogger("launcher.downloads")


def move(
    model: Installed, folder: str | None, on_progress: Callable[[int, int], None], stop: threading.Event
) -> Installed:
    """Move a model that we fetched into another folder, in the hub cache's layout. Blocks.

    Args:
        model: as `library.installed()` gave it.
        folder: where to; None is the hub cache.
        on_progress: (bytes done, all bytes); a byte that is copied counts half, the other half when it was read back.
        stop: set it to leave the model where it is.

    Returns:
        The model at its new place.

    Raises:
        StoppedError: `stop` was set; nothing has changed.
        UserError: "not_ours", "disk_full", "copy_damaged", "move_running", ...: the model is where it was.
    """
    with moving.one_at_a_time():
        finished = {_first_path(m.before): _first_path(m.after) for m in _tidy_others(model.path)}
        owner = index.owner_of(finished.get(model.path, model.path))
        if owner is None:
            raise not_ours(model)
        after = replace(owner.request, folder=_usable(folder))
        if RepoCache.for_request(after).root != RepoCache.for_request(owner.request).root:
            _carry(Move(owner.request, after, _finished_pieces(owner, after), is_installed=True), on_progress, stop)
    paths = tuple(str(p) for p in replace(owner, request=after).paths())
    on_progress(model.size_bytes, model.size_bytes)
    return Known().with_standing(replace(model, path=paths[0], files=paths), owner.installed_unix_s)


def move_partials(
    request: DownloadRequest, folder: str | None, on_progress: Callable[[int, int], None], stop: threading.Event
) -> DownloadRequest:
    """Move what an unfinished download has on the disk, so that it goes on at another place. Nothing may be fetching it. Blocks.

    Finished shards of the set go with it; those that another tool put there are copied.

    Returns:
        The request to go on with: pinned where the one that began was, and naming the new folder.

    Raises:
        StoppedError: `stop` was set; the old place is as it was.
        UserError: "disk_full", "copy_damaged", "already_downloading", ...: the old place is as it was.
    """
    exact = request if journal.is_pinned(request) else journal.begun(request.key) or request
    after = replace(exact, folder=_usable(folder))
    if RepoCache.for_request(after).root == RepoCache.for_request(exact).root or not journal.is_pinned(exact):
        return after
    with moving.one_at_a_time():
        _tidy_others(exact.key)
        pieces = _partial_pieces(exact, after)
        if not copying.is_same_disk(RepoCache.for_request(exact).root, RepoCache.for_request(after).root):
            # All of it, not only what is here: moving to a disk that is too small for the rest helps nobody.
            there = sum(size_of(p.waiting) or 0 for p in pieces)
            space.check_space(RepoCache.for_request(after).folder, max(0, exact.file_bytes - there), 0, 0)
        _carry(Move(exact, after, pieces, is_installed=False), on_progress, stop)
    return after


def tidy() -> tuple[DownloadRequest, ...]:
    """Finish or undo moves that were cut off by a crash. Call it at the start, before the queue reads its list.

    Returns:
        The unfinished downloads that are at a new place now.
    """
    try:
        with moving.one_at_a_time():
            return tuple(m.after for m in _tidy_others("") if not m.is_installed)
    except UserError:
        return ()  # another window is moving something at this moment


def not_ours(model: Installed) -> UserError:
    """Why a model stays where another program put it."""
    return UserError(
        "not_ours",
        say("{name} was not fetched by the launcher.", name=model.name),
        say("It lies in {path} and may be in use by another program, so it stays there.", path=model.path),
        (NextStep("Show it in its folder", "reveal", model.path),),
    )


def _tidy_others(but: str) -> tuple[Move, ...]:
    """Bring every cut-off move to an end, except that the copies of one are gone on with (`but`: its key, or its first file).

    Returns:
        Those whose new place counts.
    """
    switched: list[Move] = []
    for found in moving.moves():
        if found.phase is Phase.BRINGING:
            if but not in (found.before.key, _first_path(found.before)):
                moving.undo(found)
            continue
        switched.append(found)
        try:
            _finish(found)
        except OSError as error:  # its disk is away
            _log.warning("A move of %s cannot be finished yet: %s", found.before.key, error)
    return tuple(switched)


def _carry(way: Move, on_progress: Callable[[int, int], None], stop: threading.Event) -> None:
    """Bring everything to the other place, then let it count."""
    source, target = RepoCache.for_request(way.before), RepoCache.for_request(way.after)
    work = _Work(on_progress, sum(p.size_bytes for p in way.pieces))
    brought: list[str] = []
    compared: list[str] = []
    with ExitStack() as held:
        for file in way.before.files:
            held.enter_context(blob_lock(source, file))
            held.enter_context(blob_lock(target, file))
        moving.write(way)
        try:
            target.prepare()
            for piece in way.pieces:
                is_there = _is_there(piece, stop)
                if not is_there and piece.sha256:
                    brought.append(piece.sha256)
                if (is_there or _bring(piece, work, stop)) and piece.sha256:
                    compared.append(piece.sha256)
                work.piece_done(piece)
        except (UserError, StoppedError):
            moving.undo(way)
            raise
        except OSError as error:
            moving.undo(way)
            raise space.disk_error(error, target.folder, work.done_bytes) from error
        way = replace(way, phase=Phase.SWITCHING, brought=tuple(brought), compared=tuple(compared))
        moving.write(way)
        _finish(way)


class _Work:
    """Progress of all pieces: a byte counts half when it is written and half when it was read back."""

    def __init__(self, on_progress: Callable[[int, int], None], total_bytes: int) -> None:
        self._on_progress, self._total = on_progress, total_bytes
        self.done_bytes = 0
        self._halves = 0

    def add(self, count: int) -> None:
        self._halves += count
        self._on_progress(min(self._total, self.done_bytes + self._halves // 2), self._total)

    def piece_done(self, piece: Piece) -> None:
        self.done_bytes += piece.size_bytes
        self._halves = 0
        self._on_progress(self.done_bytes, self._total)


def _is_there(piece: Piece, stop: threading.Event) -> bool:
    """Whether the other folder has these very bytes already, in use by others."""
    target = Path(piece.target)
    if not piece.sha256 or size_of(target) != piece.size_bytes:
        return False
    found = sha256_of(target, stop.is_set)
    if found is None:
        raise StoppedError
    return found == piece.sha256


def _bring(piece: Piece, work: _Work, stop: threading.Event) -> bool:
    """Bring one file; returns whether it was read back and compared."""
    may_rename = not (piece.stays or piece.is_shared)
    return copying.bring(Path(piece.source), piece.waiting, piece.sha256, work.add, stop, may_rename=may_rename)


def _finish(way: Move) -> None:
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


def _finished_pieces(owner: InstalledSet, after: DownloadRequest) -> tuple[Piece, ...]:
    """The files of an installed set, once it is sure that they fit."""
    source, target = RepoCache.for_request(owner.request), RepoCache.for_request(after)
    pieces = tuple(
        _finished_piece(source, target, owner.request, f, stays=f.sha256 not in owner.fetched_sha256)
        for f in owner.request.files
    )
    if not copying.is_same_disk(source.root, target.root):
        needed = sum(p.size_bytes - (size_of(p.waiting) or size_of(Path(p.target)) or 0) for p in pieces)
        space.check_space(target.folder, max(0, needed), 0, 0)
    return pieces


def _finished_piece(
    source: RepoCache, target: RepoCache, request: DownloadRequest, file: ModelFile, *, stays: bool
) -> Piece:
    sha256, size = file.sha256 or "", file.size_bytes or 0
    commit = request.revision or ""
    found = source.finished(commit, file)
    if found is None:
        raise UserError(
            "not_complete",
            "The model is not complete.",
            say("{name} is missing or has another size.", name=file.name),
            (NextStep("Fetch it again", "download_again"),),
        )
    is_shared = source.is_used_elsewhere(commit, file)
    return Piece(str(found.resolve()), str(target.blob(sha256)), size, sha256, stays, is_shared)


def _partial_pieces(request: DownloadRequest, after: DownloadRequest) -> tuple[Piece, ...]:
    """Partial files, their maps, and the finished shards of the set."""
    source, target = RepoCache.for_request(request), RepoCache.for_request(after)
    pieces: list[Piece] = []
    for file in request.files:
        sha256 = file.sha256 or ""
        if source.finished(request.revision or "", file) is not None:
            stays = not source.journal(sha256).exists()
            pieces.append(_finished_piece(source, target, request, file, stays=stays))
            continue
        for old, new in ((source.part(sha256), target.part(sha256)), (source.map(sha256), target.map(sha256))):
            size = size_of(old)
            if size is not None:
                pieces.append(Piece(str(old), str(new), size))
    return tuple(pieces)


def _usable(folder: str | None) -> str | None:
    """A folder that models can go to; the hub cache is None, however it is written."""
    if folder is None or Path(folder) == hub_cache_dir():
        return None
    return folders.checked(folder)


def _first_path(request: DownloadRequest) -> str:
    return str(RepoCache.for_request(request).pointer(request.revision or "", request.files[0].name))
