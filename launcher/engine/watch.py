"""When a worker counts as hung. Pure: it is told what was heard and seen, and says why it should be ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from launcher.core.words import say
from launcher.engine.vitals import Activity

# Less of one core, or fewer bytes a second, is what the heartbeat itself takes.
_MOVES_CPU_SHARE = 0.05
_MOVES_IO_BYTES_S = 64 * 1024
# Looks come every second: after such a gap this process was stopped or the computer slept, and the worker with it.
_SLEPT_S = 10.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the client waits, in seconds.

    Attributes:
        start_s: before its first message: its libraries come from a cold, slow disk, or past a virus scanner.
        hang_s: without any sign of life (a heartbeat comes every second) the worker counts as hung.
        stall_s: while it has something to do and its main thread finishes nothing, neither uses nor waits for the processor, and
            reads nothing.
        obey_s: for a stop or an unload, before it is killed.
        linger_s: for the stop of an answer while the worker is evidently computing: a graphics card cannot be interrupted, and
            one batch of a giant model takes long.
        save_s: to write the states of its chats before it ends; gigabytes on a slow disk take long.
        give_up_s: for a killed process to go; one that the system holds in a driver is left behind then.
    """

    start_s: float = 120.0
    hang_s: float = 30.0
    stall_s: float = 180.0
    obey_s: float = 2.0
    linger_s: float = 30.0
    save_s: float = 30.0
    give_up_s: float = 15.0


class Watch:
    """One worker's signs of life."""

    def __init__(self, patience: Patience, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._steps = -1
        self._activity: Activity | None = None
        self._has_spoken = False
        self._looked = self._heard = self._moved = clock()

    def hear(self, steps: int | None = None) -> None:
        """A message came; a heartbeat says how many steps its main thread has done, any other message is a step."""
        self._heard, self._has_spoken = self._clock(), True
        if steps is None or steps != self._steps:
            self._moved = self._heard
        if steps is not None:
            self._steps = steps

    def look(self, activity: Activity, *, is_working: bool) -> str:
        """About once a second. Returns why the worker should be ended, "" while all is well."""
        now = self._clock()
        seconds, self._looked = now - self._looked, now
        before, self._activity = self._activity, activity
        if seconds > _SLEPT_S:
            self._heard = self._moved = now
        elif not is_working or (before and _has_moved(before, activity, seconds)):
            self._moved = now
        most_s = self._patience.hang_s if self._has_spoken else self._patience.start_s
        if now - self._heard >= most_s:
            return say(
                "It gave no sign of life for {n} s, so the launcher ended it: it hung, alone or in a driver.",
                n=f"{most_s:.0f}",
            )
        if self._has_spoken and now - self._moved >= self._patience.stall_s:
            return say(
                "It did not get on for {n} s (no step of its work, no processor time, nothing read), so the launcher ended it: "
                "a driver or a disk does not answer.",
                n=f"{self._patience.stall_s:.0f}",
            )
        return ""

    def is_lively(self) -> bool:
        """It was heard of within the time that it has for a stop, and does something."""
        now = self._clock()
        return now - self._heard < self._patience.obey_s and now - self._moved < self._patience.obey_s


def _has_moved(before: Activity, now: Activity, seconds: float) -> bool:
    return (
        now.is_runnable  # on a computer so busy that it gets next to nothing it is slow, but hangs nowhere
        or now.cpu_s - before.cpu_s >= _MOVES_CPU_SHARE * seconds
        or now.io - before.io >= _MOVES_IO_BYTES_S * seconds
    ) and seconds > 0
