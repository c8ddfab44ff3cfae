"""The life of a download job as a pure table: how it stands, what can happen, and how it stands then.

A job either rests (QUEUED, PAUSED, DONE, FAILED) or runs: a thread fetches it, or moves its files. A thread cannot be ended at
once, so what the user asks of a running job is kept as a wish, which comes true when the thread reports its end.

The rules that the tests hold this to: nothing leaves DONE except by a start; what the user paused goes on only by a start or a move; a full
disk is left only by room, a start, a move or the user's pause; what the program's end paused goes on at the next opening; an end
of a thread that does not run, and a slot for a job that does not wait, are bugs; everything else that does not fit is ignored,
because the world moved on while it was under way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from launcher.core.downloads import DownloadState, PauseReason
from launcher.core.errors import BugError

RUNNING = frozenset({DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING})


class Wish(StrEnum):
    """What shall come after the thread that runs. NONE: whatever it ends with."""

    NONE = ""
    PAUSE = "pause"
    CLOSE = "close"
    QUEUE = "queue"
    """Back to the waiting ones: started again while it stopped, or there are fewer slots now."""
    MOVE = "move"
    RESTART = "restart"
    CANCEL = "cancel"
    REMOVE = "remove"


class Event(StrEnum):
    """What can happen to a job."""

    # the user
    START = "start"
    PAUSE = "pause"
    MOVE = "move"
    RESTART = "restart"
    CANCEL = "cancel"
    REMOVE = "remove"
    # the queue
    SLOT = "slot"
    YIELD = "yield"
    ROOM = "room"
    OPEN = "open"
    CLOSE = "close"
    # the thread, on its way
    CHECK = "check"
    RECEIVE = "receive"
    VERIFY = "verify"
    # the thread's end
    DONE = "done"
    STOPPED = "stopped"
    MOVED = "moved"
    HELD_UP = "held_up"
    """Something is in the way that goes away by itself: another program has the file, the hub is not there."""
    DISK_FULL = "disk_full"
    FAILED = "failed"


ENDS = frozenset({Event.DONE, Event.STOPPED, Event.MOVED, Event.HELD_UP, Event.DISK_FULL, Event.FAILED})
_LEAVING = frozenset({Wish.CANCEL, Wish.REMOVE})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands.

    Attributes:
        pause_reason: while PAUSED, and only then.
        wish: what comes after the thread; a resting job has one only when it is over (`is_gone`).
    """

    state: DownloadState
    pause_reason: PauseReason | None = None
    wish: Wish = Wish.NONE

    @property
    def is_running(self) -> bool:
        """Whether a thread has it, or is about to (a move needs no slot)."""
        return self.state in RUNNING

    @property
    def is_leaving(self) -> bool:
        """Whether the user wants to see it no more."""
        return self.wish in _LEAVING

    @property
    def is_gone(self) -> bool:
        """Whether it can be taken off the list."""
        return self.is_leaving and not self.is_running


QUEUED = Standing(DownloadState.QUEUED)
DONE = Standing(DownloadState.DONE)
FAILED = Standing(DownloadState.FAILED)
PAUSED_BY_USER = Standing(DownloadState.PAUSED, PauseReason.USER)
PAUSED_DISK_FULL = Standing(DownloadState.PAUSED, PauseReason.DISK_FULL)
PAUSED_CLOSED = Standing(DownloadState.PAUSED, PauseReason.CLOSED)
CHECKING = Standing(DownloadState.CHECKING)

_UNFINISHED = (QUEUED, FAILED, PAUSED_BY_USER, PAUSED_DISK_FULL, PAUSED_CLOSED)

_RESTING: dict[tuple[Standing, Event], Standing] = {
    (QUEUED, Event.SLOT): CHECKING,
    (QUEUED, Event.PAUSE): PAUSED_BY_USER,
    (QUEUED, Event.CLOSE): PAUSED_CLOSED,
    (PAUSED_DISK_FULL, Event.PAUSE): PAUSED_BY_USER,
    (PAUSED_DISK_FULL, Event.ROOM): QUEUED,
    (PAUSED_CLOSED, Event.PAUSE): PAUSED_BY_USER,
    (PAUSED_CLOSED, Event.OPEN): QUEUED,
    # Who moves a job wants it to go on at the other place.
    **{(before, Event.MOVE): CHECKING for before in _UNFINISHED},
    **{(before, Event.START): QUEUED for before in (*_UNFINISHED, DONE)},
    **{(before, Event.RESTART): QUEUED for before in (*_UNFINISHED, DONE)},
    **{(before, Event.CANCEL): replace(before, wish=Wish.CANCEL) for before in (*_UNFINISHED, DONE)},
    **{(before, Event.REMOVE): replace(before, wish=Wish.REMOVE) for before in (*_UNFINISHED, DONE)},
}
"""A resting job. What is not here is ignored, or a bug (`_BUGS_AT_REST`)."""

_ON_THE_WAY = {
    Event.CHECK: DownloadState.CHECKING,
    Event.RECEIVE: DownloadState.DOWNLOADING,
    Event.VERIFY: DownloadState.VERIFYING,
}
_BUGS_AT_REST = frozenset({*_ON_THE_WAY, *ENDS})

_WISHES: dict[Event, tuple[Wish, frozenset[Wish]]] = {
    Event.START: (Wish.QUEUE, frozenset({Wish.PAUSE, Wish.CANCEL, Wish.REMOVE})),
    Event.YIELD: (Wish.QUEUE, frozenset({Wish.NONE})),
    Event.PAUSE: (Wish.PAUSE, frozenset({Wish.NONE, Wish.QUEUE, Wish.MOVE})),
    Event.MOVE: (Wish.MOVE, frozenset({Wish.NONE, Wish.QUEUE, Wish.PAUSE})),
    Event.CLOSE: (Wish.CLOSE, frozenset({Wish.NONE, Wish.QUEUE, Wish.MOVE})),
    Event.RESTART: (Wish.RESTART, frozenset(Wish) - {Wish.CLOSE}),
    Event.CANCEL: (Wish.CANCEL, frozenset(Wish) - {Wish.REMOVE}),
    Event.REMOVE: (Wish.REMOVE, frozenset(Wish)),
}
"""A running job: the wish that an event makes, and the wishes that give way to it. All other events are ignored."""

_UNDISTURBED = {
    Event.DONE: DONE,
    Event.MOVED: QUEUED,
    Event.HELD_UP: QUEUED,
    Event.DISK_FULL: PAUSED_DISK_FULL,
    Event.FAILED: FAILED,
    # It was not asked to stop: a bug ended the thread. Nothing starts it again by itself.
    Event.STOPPED: PAUSED_BY_USER,
}
_WISHED = {
    Wish.PAUSE: PAUSED_BY_USER,
    Wish.CLOSE: PAUSED_CLOSED,
    Wish.QUEUE: QUEUED,
    Wish.MOVE: CHECKING,
    Wish.RESTART: QUEUED,
    Wish.CANCEL: replace(PAUSED_BY_USER, wish=Wish.CANCEL),
    Wish.REMOVE: replace(PAUSED_BY_USER, wish=Wish.REMOVE),
}
_TRUER = frozenset(
    {(Event.FAILED, Wish.PAUSE), (Event.FAILED, Wish.CLOSE), (Event.DISK_FULL, Wish.CLOSE)}
    | {(Event.DONE, wish) for wish in Wish}
)
"""Ends that say more than the wish: a failure is told though it met a pause, and what is complete is complete."""


def after(now: Standing, event: Event) -> Standing:
    """How a job stands after an event; the same when the event means nothing to it.

    Raises:
        BugError: the event cannot happen to a job that stands so.
    """
    if not now.is_running:
        if event in _BUGS_AT_REST or (event is Event.SLOT and now != QUEUED):
            raise BugError(f"{event} of a download that is {now}")
        return _RESTING.get((now, event), now)
    if event is Event.SLOT:
        raise BugError(f"a slot for a download that is {now}")
    if event in ENDS:
        is_wished = now.wish is not Wish.NONE and (event, now.wish) not in _TRUER
        return _WISHED[now.wish] if is_wished else _UNDISTURBED[event]
    if event in _ON_THE_WAY:
        return replace(now, state=_ON_THE_WAY[event])
    wish, gives_way = _WISHES.get(event, (Wish.NONE, frozenset[Wish]()))
    return replace(now, wish=wish) if now.wish in gives_way else now


def found_again(saved: Standing) -> Standing:
    """How a job stands that was written down so, when the program opens again: no thread has it any more."""
    if saved.is_running:
        return _WISHED[saved.wish] if saved.wish is Wish.PAUSE else PAUSED_CLOSED
    return after(replace(saved, wish=Wish.NONE), Event.CLOSE)
