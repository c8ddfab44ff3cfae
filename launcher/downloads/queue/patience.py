"""When to look again after an obstacle that goes away by itself: a full disk, a file that another program is fetching."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class _Wait:
    due_s: float
    delay_s: float
    done_bytes: int


class Patience:
    """One waiting time for each key; it doubles while nothing is gained in between.

    A job that starts, meets the same obstacle and stops again (a quota that the system does not tell, say) must not do so every
    few seconds for ever. Not thread-safe: the queue holds its lock.
    """

    def __init__(self, first_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._first_s, self._clock = first_s, clock
        self._waits: dict[str, _Wait] = {}

    def met(self, key: str, done_bytes: int) -> None:
        """An obstacle stopped it, with so many bytes done."""
        last = self._waits.get(key)
        is_stuck = last is not None and done_bytes <= last.done_bytes
        delay = min(last.delay_s * 2, max(_LONGEST_S, self._first_s)) if last and is_stuck else self._first_s
        self._waits[key] = _Wait(self._clock() + delay, delay, done_bytes)

    def looked(self, key: str) -> None:
        """It is still there: wait as long as before."""
        last = self._waits.get(key) or _Wait(0.0, self._first_s, 0)
        self._waits[key] = _Wait(self._clock() + last.delay_s, last.delay_s, last.done_bytes)

    def left_s(self, key: str) -> float:
        """Until it is time to look; 0 when it is, or when nothing is known of the key."""
        wait = self._waits.get(key)
        return max(0.0, wait.due_s - self._clock()) if wait else 0.0

    def forget(self, key: str) -> None:
        """No obstacle any more, or the user wants a try at once."""
        self._waits.pop(key, None)
