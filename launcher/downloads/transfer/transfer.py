"""One file from the hub into its partial file, over several connections, hashed while it arrives, until its sha256 is right."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from launcher.catalog import hub, hub_errors
from launcher.core.downloads import DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.units import duration, gb
from launcher.core.words import joined, say
from launcher.downloads.disk.block_map import BlockMap
from launcher.downloads.disk.part import PartFile
from launcher.downloads.transfer.connection import Connection
from launcher.downloads.transfer.crew import Crew
from launcher.downloads.transfer.hasher import Hasher
from launcher.downloads.transfer.line import Lines
from launcher.downloads.transfer.progress import Meter
from launcher.downloads.transfer.repair import Repair
from launcher.downloads.transfer.retry import Backoff, Policy, StoppedError, TransientError
from launcher.downloads.transfer.schedule import Schedule, connections_for
from launcher.downloads.transfer.source import Source

__all__ = ["Policy", "StoppedError", "Transfer", "no_limit"]

_LOOK_S = 0.1


def no_limit(count: int) -> None:
    """A speed limit that is none."""


class Transfer:
    """Fetches one file. Call `run` once; the connections and the hasher work in threads that end with it.

    Attributes:
        changed: guards `schedule`, `crew` and `is_over`; notified when they change.
        suspects: places in the file where a connection broke: if the checksum is wrong, they are looked at first.
        is_over: stopped or failed.
    """

    def __init__(
        self,
        repo: str,
        commit: str,
        file: ModelFile,
        part: PartFile,
        block_map: BlockMap,
        meter: Meter,
        lines: Lines,
        stop: threading.Event,
        policy: Policy,
        throttle: Callable[[int], None] = no_limit,
        retry_now: threading.Event | None = None,
    ) -> None:
        self.file, self.part, self.block_map, self.meter, self.lines = file, part, block_map, meter, lines
        self.policy, self.throttle, self.stop = policy, throttle, stop
        self._retry_now = retry_now or threading.Event()
        self.source = Source(repo, commit, file, policy)
        size = file.size_bytes or 0
        present = block_map.present()
        width = connections_for(size - sum(present), policy.connections, policy.run_bytes)
        self._width = width if width == 1 or part.can_have_gaps() else 1
        self.changed = threading.Condition()
        self.schedule = Schedule(size, block_map.block_bytes, present, policy.run_bytes, self._width)
        self.backoff = Backoff(policy, self._gave_up)
        self.backoff.begin_at(self.schedule.present_bytes)
        self.crew = Crew(
            self._width, self.backoff, lambda: self.schedule.present_bytes, self._say_lost, self._say_connected
        )
        self.hasher = Hasher(part, block_map, self.schedule, self.changed, self._on_lost)
        self.suspects: set[int] = set()
        self.is_over = False
        self._problem: BaseException | None = None

    def run(self) -> None:
        """Until the partial file is complete and its checksum right.

        Raises:
            StoppedError: `stop` was set; the bytes stay.
            UserError: it cannot go on; the bytes stay.
            OSError: the disk refused; the bytes stay.
        """
        self.part.cut(self.schedule.size_bytes)
        self._work()
        if not self._is_right():  # first the disk is asked whether it kept what arrived, then the network
            self.hasher.compare_all()
            self._work()
        self.meter.enter(DownloadState.VERIFYING)
        if not self._is_right():
            self.source.ask_again()
            Repair(self).run()

    def _is_right(self) -> bool:
        return self.hasher.sha256() == self.file.sha256

    def _work(self) -> None:
        """All threads, until everything is there and hashed."""
        connections = [Connection(self, number) for number in range(self._width)]
        workers: list[Callable[[], None]] = [c.run for c in connections]
        workers.append(lambda: self.hasher.run(lambda: self.is_over))
        threads = [
            threading.Thread(target=self._guard, args=(work,), name=f"download-worker-{n}", daemon=True)
            for n, work in enumerate(workers)
        ]
        for thread in threads:
            thread.start()
        try:
            self._watch()
        finally:
            if not self.hasher.is_done:
                self.end(self._problem or StoppedError())
            for thread in threads:
                thread.join()
        if self._problem is not None:
            raise self._problem

    def end(self, problem: BaseException) -> None:
        """Stop all connections. The first problem is the one that is told."""
        with self.changed:
            self._problem = self._problem or problem
            self.is_over = self.crew.is_over = True
            self.changed.notify_all()
        self.lines.cut()

    def look(self) -> None:
        """Hear the user: stop, or no more waiting. Call it without the lock, often.

        Raises:
            StoppedError: `stop` was set.
        """
        if self.stop.is_set():
            raise StoppedError
        if self._retry_now.is_set():
            self._retry_now.clear()
            with self.changed:
                self.backoff.end_wait()
                self.changed.notify_all()

    def _watch(self) -> None:
        """What the caller's thread does meanwhile."""
        is_verifying = False
        while not self.hasher.is_done:
            self.look()
            with self.changed:
                if self.is_over:
                    return
                is_complete = self.schedule.is_complete
                self.meter.waits(self.crew.seconds_to_wait())
                self.changed.wait(_LOOK_S)
            if is_complete != is_verifying:
                is_verifying = is_complete
                self.meter.enter(DownloadState.VERIFYING if is_complete else DownloadState.DOWNLOADING)

    def _guard(self, work: Callable[[], None]) -> None:
        """A thread's body: what it raises is raised in the caller's thread, bugs too."""
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 - raised again by `run`
            self.end(problem)
        with self.changed:
            self.changed.notify_all()

    def _on_lost(self, count: int) -> None:
        self.meter.lost(count)
        note = say("{size} on the disk were not what had arrived; they are fetched again.", size=gb(count))
        self.meter.enter(DownloadState.DOWNLOADING, note)

    def _say_lost(self, note: str) -> None:
        self.meter.enter(DownloadState.DOWNLOADING, note)

    def _say_connected(self) -> None:
        self.meter.waits(None)
        lost_at_s, self.backoff.lost_at_s = self.backoff.lost_at_s, None
        if lost_at_s is None:
            return
        note = say(
            "The connection was lost for {time}. Continued at {size}.",
            time=duration(max(1, time.monotonic() - lost_at_s)),
            size=gb(self.schedule.present_bytes),
        )
        self.meter.enter(DownloadState.DOWNLOADING, note)

    def _gave_up(self, error: TransientError, tries: int) -> UserError:
        why = joined(
            error.why,
            say("Tried {n} times at {host}.", n=tries, host=hub_errors.host_of(hub.endpoint())),
            say("The {size} already here stay.", size=gb(self.schedule.present_bytes)),
        )
        return UserError(
            "connection_lost",
            "The download was interrupted.",
            why,
            (NextStep("Go on", "retry"),),
            str(error.__cause__ or ""),
        )
