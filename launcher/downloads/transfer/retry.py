"""How patient a transfer is, and the one wait that all its connections share when the network fails."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from launcher.core.errors import UserError
from launcher.core.units import duration
from launcher.core.words import joined, say
from launcher.downloads.disk.block_map import BLOCK_BYTES
from launcher.downloads.stopped import StoppedError as StoppedError

_ADVANCE_BYTES = 1 << 20
_ODD_ATTEMPTS = 8
_MAX_PATIENT_WAIT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a transfer is, and how wide.

    Attributes:
        attempts: fruitless tries in a row before it gives up (1 MiB more than ever before starts the count again). None never
            gives up on lost connections, silence, and servers that ask to wait or have trouble.
        first_delay_s: before the second try; doubles up to `max_delay_s`, a fifth more or less by chance.
        stall_s: silence that counts as a lost connection.
        max_wait_s: the longest that a server may ask us to wait (with `attempts` None: an hour).
        connections: at once for one file; small files have fewer.
        run_bytes: the shortest piece worth a request of its own; a file of less than two has one connection.
        block_bytes: what is checked, and fetched again, as one.
        record_s: so often each connection notes what is there of an unfinished block: what a kill may cost.
    """

    attempts: int | None = 8
    first_delay_s: float = 1.0
    max_delay_s: float = 30.0
    connect_s: float = 10.0
    stall_s: float = 20.0
    max_wait_s: float = 120.0
    connections: int = 4
    run_bytes: int = 64 << 20
    block_bytes: int = BLOCK_BYTES
    record_s: float = 0.5


class TransientError(Exception):
    """Worth another try.

    Attributes:
        retry_after_s: how long the server asks to wait.
        error: what it means when there is no other try.
        is_odd: the server answers, but not as servers do; that is not waited out for ever.
        is_refusal: the server has too much to do; fewer connections may help.
    """

    def __init__(
        self,
        why: str,
        retry_after_s: float | None = None,
        error: UserError | None = None,
        *,
        is_odd: bool = False,
        is_refusal: bool = False,
    ) -> None:
        super().__init__(why)
        self.why, self.retry_after_s, self.error = why, retry_after_s, error
        self.is_odd, self.is_refusal = is_odd, is_refusal


class Backoff:
    """One wait for all connections. Call everything with the transfer's lock held.

    Args:
        policy: how patient to be.
        give_up: makes the final error from the last failure and the number of tries.
    """

    def __init__(self, policy: Policy, give_up: Callable[[TransientError, int], UserError]) -> None:
        self._policy, self._give_up = policy, give_up
        self._furthest = 0
        self._failures = 0
        self._failed_at = float("-inf")
        self.until_s: float | None = None
        self.lost_at_s: float | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether nobody may try at this moment."""
        if self.until_s is not None and time.monotonic() >= self.until_s:
            self.until_s = None
        return self.until_s is not None

    @property
    def left_s(self) -> float | None:
        """Until somebody may try; None when one may."""
        return max(0.0, self.until_s - time.monotonic()) if self.is_waiting and self.until_s is not None else None

    def end_wait(self) -> None:
        """The user does not want to wait."""
        self.until_s = None

    def pause(self, error: TransientError) -> None:
        """A connection failed while others receive: no new ones for a moment. That is no fruitless try."""
        delay = self._policy.first_delay_s * random.uniform(0.8, 1.2)  # noqa: S311 - spreads tries, keeps no secret
        asked = min(error.retry_after_s or 0.0, self._policy.max_wait_s)
        self.until_s = max(self.until_s or 0.0, time.monotonic() + max(delay, asked))

    def failed(self, error: TransientError, began_s: float, present_bytes: int) -> str:
        """Count a failed try of a request that began at `began_s`.

        Returns:
            What to tell the user; "" when the failure belongs to one that was counted already (one outage ends all connections).

        Raises:
            UserError: there is no other try.
        """
        if began_s < self._failed_at and error.retry_after_s is None:
            return ""
        now = time.monotonic()
        if present_bytes >= self._furthest + _ADVANCE_BYTES:
            self._failures = 0
        self._furthest = max(self._furthest, present_bytes)
        self._failures += 1
        self._failed_at = now
        self.lost_at_s = self.lost_at_s or now
        limit = _ODD_ATTEMPTS if self._policy.attempts is None and error.is_odd else self._policy.attempts
        if limit is not None and self._failures >= limit:
            raise self._give_up(error, self._failures) from error
        delay = self._delay_s(error)
        self.until_s = max(self.until_s or now, now + delay)
        return joined(error.why, say("Trying again in {time}.", time=duration(max(1, delay))))

    def begin_at(self, present_bytes: int) -> None:
        """What is there from earlier runs is no progress of this one."""
        self._furthest = present_bytes

    def _delay_s(self, error: TransientError) -> float:
        policy = self._policy
        delay = min(policy.first_delay_s * 2 ** min(self._failures - 1, 16), policy.max_delay_s)
        delay *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads tries, keeps no secret
        asked = error.retry_after_s or 0.0
        longest = _MAX_PATIENT_WAIT_S if policy.attempts is None else policy.max_wait_s
        if asked > longest:
            raise error.error or self._give_up(error, self._failures) from error
        return max(delay, asked)
