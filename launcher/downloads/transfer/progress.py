"""Progress of one item: counters, a smoothed rate, and a ticker that reports them while the worker is busy or stalled."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from launcher.core.downloads import DownloadProgress, DownloadState, PauseReason
from launcher.core.errors import UserError

TICK_S = 0.15
RATE_WINDOW_S = 5.0
_RATE_AFTER_S = 0.6


class Meter:
    """Counts and reports. The worker changes it, the ticker reads it; a lock keeps reports in order.

    `tick` hooks run in the ticker's thread about seven times a second (the worker may be blocked in a read).
    """

    def __init__(self, key: str, on_progress: Callable[[DownloadProgress], None]) -> None:
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._samples: deque[tuple[float, int]] = deque()
        self._now = DownloadProgress(key, DownloadState.CHECKING)
        self._received = 0
        self._done = 0
        self._retry_at_s: float | None = None
        self._ended = threading.Event()

    @property
    def received_bytes(self) -> int:
        """From the network in this run; never goes back."""
        return self._received

    def received(self, count: int) -> None:
        """Bytes came and were written."""
        with self._lock:
            self._received += count
            self._done += count

    def lost(self, count: int) -> None:
        """Bytes that were counted have to be fetched again."""
        with self._lock:
            self._done -= count
            self._now = replace(self._now, resumed_bytes=max(0, self._now.resumed_bytes - count))

    def sizes(self, total_bytes: int, resumed_bytes: int) -> None:
        """What there is to do and what is there already."""
        with self._lock:
            self._done = resumed_bytes
            self._now = replace(self._now, total_bytes=total_bytes, resumed_bytes=resumed_bytes)

    def waits(self, seconds: float | None) -> None:
        """Nobody is connected, and the next try is so far away; None when that is over. Counted down in the reports."""
        with self._lock:
            self._retry_at_s = None if seconds is None else time.monotonic() + seconds

    def note(self, note: str) -> None:
        """A sentence for the next report."""
        with self._lock:
            self._now = replace(self._now, note=note)

    def enter(self, state: DownloadState, note: str | None = None) -> None:
        """A new state, reported at once; None keeps the note."""
        with self._lock:
            if state is not self._now.state:
                self._samples.clear()
            self._now = replace(self._now, state=state, note=self._now.note if note is None else note)
            self._report()

    def end(
        self,
        state: DownloadState,
        *,
        error: UserError | None = None,
        pause_reason: PauseReason | None = None,
        paths: tuple[str, ...] = (),
        sha256: tuple[str, ...] = (),
    ) -> DownloadProgress:
        """The last report; nothing follows it."""
        with self._lock:
            self._ended.set()
            seconds = time.monotonic() - self._began
            # "Trying again in 4 s" is no longer true; "Continued at 2.9 GB" of a finished file still is.
            note = self._now.note if state is DownloadState.DONE else ""
            self._now = replace(
                self._now,
                state=state,
                done_bytes=self._done,
                rate_bytes_s=None,
                retry_in_s=None,
                pause_reason=pause_reason,
                seconds=seconds,
                note=note,
                error=error,
                paths=paths,
                sha256=sha256,
            )
            self._on_progress(self._now)
            return self._now

    def run_ticker(self, hook: Callable[[], None]) -> None:
        """Report until the end; the body of the ticker's thread."""
        while not self._ended.wait(TICK_S):
            hook()
            with self._lock:
                if not self._ended.is_set():
                    self._report()

    def _report(self) -> None:
        now = time.monotonic()
        rate = self._rate(now) if self._now.state is DownloadState.DOWNLOADING else None
        wait = None if self._retry_at_s is None else max(0.0, self._retry_at_s - now)
        self._now = replace(
            self._now, done_bytes=self._done, rate_bytes_s=rate, retry_in_s=wait, seconds=now - self._began
        )
        self._on_progress(self._now)

    def _rate(self, now: float) -> float | None:
        self._samples.append((now, self._received))
        while self._samples[0][0] < now - RATE_WINDOW_S:
            self._samples.popleft()
        since, count = self._samples[0]
        return (self._received - count) / (now - since) if now - since >= _RATE_AFTER_S else None
