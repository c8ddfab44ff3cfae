"""The record of moves under way, so that one that was killed is either finished or undone, and never half of both.

BRINGING: every file is brought beside its new place under a waiting name. The old place is untouched; stopping here undoes it.
SWITCHING: waiting files take their names and the lists name the new place. Cut off here, it is done again.
DROPPING: the new place counts; the old files go, at the next start if not now.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from launcher.core.downloads import DownloadRequest
from launcher.core.errors import NextStep, UserError
from launcher.core.paths import data_dir, hub_cache_dir
from launcher.downloads.disk.cache import RepoCache, size_of
from launcher.downloads.disk.json_file import SharedFile

WAITING_SUFFIX = ".launcher.moving"


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a move.

    Attributes:
        sha256: of a finished file; None of a partial one and of its map.
        stays: it is another tool's: copied, and left where it is.
        is_shared: another snapshot leads to it too: it may not simply lose its name.
    """

    source: str
    target: str
    size_bytes: int
    sha256: str | None = None
    stays: bool = False
    is_shared: bool = False

    @property
    def waiting(self) -> Path:
        """Where it is until the switch."""
        return Path(self.target + WAITING_SUFFIX)


class Phase(StrEnum):
    """How far a move is."""

    BRINGING = "bringing"
    SWITCHING = "switching"
    DROPPING = "dropping"


@dataclass(frozen=True, slots=True)
class Move:
    """An item on its way.

    Attributes:
        before: the item where it was, pinned.
        after: the same where it goes.
        is_installed: it is complete and in the library; else it is an unfinished download.
        brought: sha256 of the finished files that were not at the new place before.
        compared: sha256 of those that were read at the new place, and are right.
    """

    before: DownloadRequest
    after: DownloadRequest
    pieces: tuple[Piece, ...]
    is_installed: bool
    phase: Phase = Phase.BRINGING
    brought: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Moves:
    moves: tuple[Move, ...] = ()

    def without(self, move: Move) -> tuple[Move, ...]:
        """The others; the same item has one move at a time."""
        return tuple(m for m in self.moves if m.before != move.before)


_FILE = SharedFile("moves.json", _Moves())


def moves() -> tuple[Move, ...]:
    """Those that have not ended."""
    return _FILE.read().moves


def write(move: Move) -> None:
    """Remember a move, or its new state."""
    _FILE.change(lambda before: _Moves((*before.without(move), move)))


def forget(move: Move) -> None:
    """It has ended."""
    _FILE.change(lambda before: _Moves(before.without(move)))


def undo(move: Move) -> None:
    """Give back what is not switched: waiting files go, a file that could only be renamed gets its old name.

    Where the other disk is away, the record stays until it is here again.
    """
    root = RepoCache.for_request(move.after).root
    if not root.exists() and root != hub_cache_dir():
        return
    with contextlib.suppress(OSError):
        for piece in move.pieces:
            source = Path(piece.source)
            if size_of(source) is None and size_of(piece.waiting) == piece.size_bytes:
                piece.waiting.replace(source)
            else:
                piece.waiting.unlink(missing_ok=True)
        forget(move)


@contextmanager
def one_at_a_time() -> Generator[None]:
    """Two moves would wear both disks out, and one may not tidy away what the other is doing.

    Raises:
        UserError: "move_running".
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(data_dir() / "moving.lock", timeout=0):
            yield
    except Timeout:
        raise UserError(
            "move_running",
            "Another model is being moved.",
            "Models are moved one after the other.",
            (NextStep("Try again when it has ended", "retry"),),
        ) from None
