"""What holds a transfer up: the line, or this machine. Pure: no clock, no threads."""

from __future__ import annotations

_SETTLED_S = 0.2
_MEMORY_S = 2.0
_LINE_IS_SLOWER = 3.0


class Pace:
    """Time that connections waited for bytes, against the time that they had to do with them (writing, checksums, speed limits).

    More connections help only against the line. Where the disk, the processor or a limit is slower than the line, they make the
    disk's head jump and leave the hash behind. Both times grow alike on a busy machine, so their ratio is what counts.
    """

    def __init__(self) -> None:
        self._waited_s = self._worked_s = 0.0
        self._last_s: float | None = None

    def add(self, waited_s: float, worked_s: float, now_s: float) -> None:
        """A connection received something and dealt with it. What is long ago counts less and less."""
        self._last_s = now_s
        self._waited_s += waited_s
        self._worked_s += worked_s
        if self._waited_s + self._worked_s > _MEMORY_S:
            self._waited_s /= 2
            self._worked_s /= 2

    def opened(self, now_s: float) -> None:
        """A connection is answered and waits for its first bytes."""
        self._last_s = now_s if self._last_s is None else self._last_s

    def is_line_slower(self, now_s: float) -> bool:
        """Whether another connection may bring more; False before that is known."""
        if self._last_s is None:
            return False
        waited_s = self._waited_s + max(0.0, now_s - self._last_s)
        return waited_s + self._worked_s >= _SETTLED_S and waited_s > _LINE_IS_SLOWER * self._worked_s
