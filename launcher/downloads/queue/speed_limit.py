"""A speed limit that several connections share: a token bucket, first come, first served."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from launcher.core.errors import BugError

_SAVED_UP_S = 0.25
"""How much unused time may be spent at once later: a limit of 1 MB/s after an idle minute is still 1 MB/s."""
_LOOK_AGAIN_S = 0.25
"""A waiting connection looks this often whether it was stopped or the limit was changed."""
_SHORTEST_S = 0.001
"""What is owed less than this goes on at once; the next place is still counted from the exact sum."""


class SpeedLimit:
    """So many bytes in a second, for everyone who takes from it together.

    A taker gets a place behind all bytes asked for before it and goes on when the clock has paid for those. So a piece that is
    larger than the limit passes too, and the next one waits for it: the rate is right over time, whatever the size of the pieces.

    Args:
        bytes_s: None is no limit.
        parent: a limit above this one; what is taken here is taken there too.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        bytes_s: int | None = None,
        parent: SpeedLimit | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parent, self._clock = parent, clock
        self._lock = threading.Lock()
        self._bytes_s = _checked(bytes_s)
        self._asked = 0.0
        self._paid = 0.0
        self._paid_at_s = clock()

    @property
    def bytes_s(self) -> int | None:
        """The limit in force; None is none."""
        return self._bytes_s

    def set(self, bytes_s: int | None) -> None:
        """Change the limit; who waits at this moment hears of it within a quarter of a second."""
        with self._lock:
            self._pay()
            self._bytes_s = _checked(bytes_s)

    def take(self, count: int, stop: threading.Event) -> None:
        """Wait until `count` more bytes may be read; returns early, with nothing taken, when `stop` is set."""
        limits = (self, self._parent) if self._parent is not None else (self,)
        for limit in limits:
            if not limit._wait(count, stop):
                return

    def _wait(self, count: int, stop: threading.Event) -> bool:
        with self._lock:
            self._pay()
            place = self._asked
            self._asked += count
        while True:
            with self._lock:
                self._pay()
                seconds = 0.0 if self._bytes_s is None else (place - self._paid) / self._bytes_s
            if seconds < _SHORTEST_S:
                return True
            if stop.wait(min(seconds, _LOOK_AGAIN_S)):
                with self._lock:
                    self._asked -= count
                return False

    def _pay(self) -> None:
        """Let the passed time pay for what was asked for, and a little ahead. Call it with the lock held."""
        now = self._clock()
        passed, self._paid_at_s = now - self._paid_at_s, now
        if self._bytes_s is None:
            self._paid = self._asked
        else:
            self._paid = min(self._paid + passed * self._bytes_s, self._asked + _SAVED_UP_S * self._bytes_s)


def _checked(bytes_s: int | None) -> int | None:
    if bytes_s is not None and bytes_s <= 0:
        raise BugError(f"a speed limit of {bytes_s} bytes/s")
    return bytes_s
