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
from launcher.core.paths import hub_cache_dir
from launcher.core.words import say
from launcher.downloads.disk import folders, index, journal, space
from launcher.downloads.disk.cache import RepoCache, size_of
from launcher.downloads.disk.checks import Known
from launcher.downloads.disk.lock import blob_lock
from launcher.downloads.disk.part import sha256_of
from launcher.downloads.moving import copying, pieces, switch
from launcher.downloads.moving import record as moving
from launcher.downloads.moving.record import Move, Phase, Piece
from launcher.downloads.stopped import StoppedError

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
        finished = {index.first_of(m.before): index.first_of(m.after) for m in _tidy_others(model.path)}
        owner = index.owner_of(finished.get(model.path, model.path))
        if owner is None:
            raise not_ours(model)
        after = replace(owner.request, folder=_usable(folder))
        if RepoCache.for_request(after).root != RepoCache.for_request(owner.request).root:
            _carry(Move(owner.request, after, pieces.of_installed(owner, after), is_installed=True), on_progress, stop)
    moved = replace(owner, request=after)
    on_progress(model.size_bytes, model.size_bytes)
    entry = replace(model, path=moved.first, files=tuple(map(str, moved.paths())))
    return Known().with_standing(entry, owner.installed_unix_s)


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
        _carry(Move(exact, after, pieces.of_partial(exact, after), is_installed=False), on_progress, stop)
    return after


def tidy() -> tuple[DownloadRequest, ...]:
    """Finish or undo moves that were cut off by a crash. Call it at the start, before the queue reads its list.

    Returns:
        The unfinished downloads that are at a new place now.
    """
    try:
        if not moving.moves():
            return ()
        with moving.one_at_a_time():
            return tuple(m.after for m in _tidy_others("") if not m.is_installed)
    except UserError:
        return ()  # another window is moving something at this moment
    except OSError as error:  # a full disk leaves no room for the lock
        _log.warning("Moves that were cut off are looked after at the next start: %s", error)
        return ()


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
            if but not in (found.before.key, index.first_of(found.before)):
                moving.undo(found)
            continue
        switched.append(found)
        try:
            switch.finish(found)
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
        switch.finish(way)


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


def _usable(folder: str | None) -> str | None:
    """A folder that models can go to; the hub cache is None, however it is written."""
    if folder is None or Path(folder) == hub_cache_dir():
        return None
    return folders.checked(folder)
