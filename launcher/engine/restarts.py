"""An engine that dies again and again is not started for ever: pauses between restarts, and an end to them. Pure."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from launcher.core.errors import NextStep, UserError
from launcher.core.words import say

WINDOW_S = 120.0
"""Crashes longer ago do not count."""
MOST_CRASHES = 3
_PAUSES_S = (0.0, 0.0, 5.0)  # after no crash, one, two


class Restarts:
    """Remembers crashes. Only restarts that nobody clicked for ask it: what the user clicks is always tried."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._crashes: deque[float] = deque(maxlen=MOST_CRASHES)

    def note_crash(self) -> None:
        """The engine ended by itself."""
        self._crashes.append(self._clock())

    def pause_s(self) -> float:
        """How long to wait before the engine is started once more, in seconds.

        Raises:
            UserError: "engine_unstable": it stopped too often in a short time; the user decides.
        """
        now = self._clock()
        recent = self._recent(now)
        if len(recent) >= MOST_CRASHES:
            raise UserError(
                "engine_unstable",
                say("The engine is not started again by itself."),
                self.reason(),
                (
                    NextStep("Load again", "load_again"),
                    NextStep("Choose another model", "choose_model"),
                    NextStep("Copy report", "copy_report"),
                ),
            )
        since_last_s = now - recent[-1] if recent else WINDOW_S
        return max(0.0, _PAUSES_S[len(recent)] - since_last_s)

    def reason(self) -> str:
        """Why there is a pause or an end, in words."""
        n = len(self._recent(self._clock()))
        return say("It stopped {n} times within {minutes} minutes.", n=n, minutes=f"{WINDOW_S / 60:.0f}")

    def _recent(self, now: float) -> list[float]:
        return [at for at in self._crashes if now - at < WINDOW_S]
