"""Until when something that was asked to end has time for it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

_MORE_S = 1.0


@dataclass
class _Asked:
    """Times of `time.monotonic`."""

    at: float
    until: float


class Deadlines:
    """Of operations, by their ids, and of the process itself (None). Not for several threads at once."""

    def __init__(self) -> None:
        self._asked: dict[int | None, _Asked] = {}

    def ask(self, operation: int | None, seconds: float) -> None:
        """It has so long from now on; asked once more it has no more time than before."""
        now = time.monotonic()
        self._asked.setdefault(operation, _Asked(now, now + seconds))

    def shorten(self, operation: int | None, seconds: float) -> None:
        """Somebody waits for it who has only so much time."""
        if asked := self._asked.get(operation):
            asked.until = min(asked.until, time.monotonic() + seconds)

    def drop(self, operation: int | None) -> None:
        """It has ended."""
        self._asked.pop(operation, None)

    def next_at(self) -> float:
        """When the first one is over, of `time.monotonic`; infinity while nothing was asked to end."""
        return min((a.until for a in self._asked.values()), default=math.inf)

    def missed(self, linger_s: float, may_linger: Callable[[int | None], bool]) -> dict[int | None, float]:
        """What has not ended in time, with the seconds since it was asked.

        Args:
            linger_s: for what may linger.
            may_linger: whether an operation gets more time, a second at once.
        """
        now = time.monotonic()
        missed: dict[int | None, float] = {}
        for operation, asked in self._asked.items():
            if now >= asked.until and may_linger(operation):
                asked.until = min(now + _MORE_S, asked.at + linger_s)
            if now >= asked.until:
                missed[operation] = now - asked.at
        return missed
