"""What brings the world in line with the queue's list, in threads: workers that fetch or move, and the keeper who starts them.

The keeper gives slots, looks whether full disks have room again, writes the list, deletes partial files. Each running item has one
thread of its own (`worker`).
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.units import gb
from launcher.core.words import joined, say
from launcher.downloads.disk import journal, space
from launcher.downloads.queue import jobs
from launcher.downloads.queue.jobs import Job
from launcher.downloads.queue.lifecycle import Event, after
from launcher.downloads.queue.patience import Patience
from launcher.downloads.queue.roster import Roster
from launcher.downloads.queue.speed_limit import SpeedLimit
from launcher.downloads.queue.worker import End, Worker
from launcher.downloads.transfer.retry import Policy

_SAVE_AGAIN_S = 2.0
_COUNT_DOWN_S = 1.0
_log = logging.getLogger("launcher.downloads")


class Keeper:
    """The list and the threads. Read and change the attributes with `changed` held; tell of a change with `changed.notify_all()`.

    Args:
        jobs: every item.
        on_progress: told every change of an item; not twice at once for one item.
        at_once: items fetched at the same time.
        policy: how patient each fetch is.
        limit_bytes_s: for all items together; None is none.
        look_again_s: so often it looks whether an obstacle is gone.

    Attributes:
        limit: of all items together; has a lock of its own.
        workers: the items that have a thread.
        patience: when to look again after an obstacle.
        is_closing: nothing begins any more.
    """

    def __init__(
        self,
        jobs: Roster,
        on_progress: Callable[[DownloadProgress], None],
        at_once: int,
        policy: Policy,
        limit_bytes_s: int | None,
        look_again_s: float,
    ) -> None:
        self.changed = threading.Condition()
        self.jobs, self.at_once, self.policy = jobs, at_once, policy
        self.limit, self.patience = SpeedLimit(limit_bytes_s), Patience(look_again_s)
        self.workers: dict[str, Worker] = {}
        self.is_closing = False
        self._on_progress = on_progress
        # Taken before `changed`, never while holding it: a listener may call the queue from its callback.
        self._reporting = threading.RLock()
        self._reported: dict[str, DownloadProgress] = {}
        self._thread = threading.Thread(target=self._keep, name="download-keeper", daemon=True)

    def start(self) -> None:
        """From now on things happen."""
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """Pause everything, write the list and end the threads."""
        with self.changed:
            for job in self.jobs:
                self.apply(job.request.key, Event.CLOSE)
            self.is_closing = True
            workers = list(self.workers.values())
            for worker in workers:
                worker.stop.set()
            self.changed.notify_all()
        for worker in workers:
            worker.thread.join(timeout_s)
        self._thread.join(timeout_s)

    def apply(
        self, key: str, event: Event, news: dict[str, Any] | None = None, request: DownloadRequest | None = None
    ) -> None:
        """Let an event happen to an item. Call it with `changed` held."""
        if self.jobs.apply(key, event, news, request) and key in self.workers:
            self.workers[key].stop.set()
        self.changed.notify_all()

    def report(self, key: str) -> None:
        """Tell the listener an item's present state, one at a time and none twice."""
        with self._reporting:
            with self.changed:
                job = self.jobs.get(key)
                if job is None or job.standing.is_leaving or self._reported.get(key) is job.progress:
                    return
                self._reported[key] = job.progress
            self._on_progress(job.progress)

    # What the workers tell.

    def _pinned(self, exact: DownloadRequest) -> None:
        """The exact request is known: from now on the item means these very bytes."""
        with self.changed:
            self.jobs.put(replace(self.jobs[exact.key], request=exact))
            self.changed.notify_all()

    def _noted(self, progress: DownloadProgress) -> None:
        """Where a worker is. Its result is told by `_ended`, once it is off the list: who hears PAUSED may resume at once."""
        with self.changed:
            self.jobs.note(progress)
            if self.jobs.is_unsaved:
                self.changed.notify_all()
        self.report(progress.key)

    def _ended(self, key: str, end: End) -> None:
        """A worker's thread is over but for its last steps."""
        with self.changed:
            del self.workers[key]
            now = self.jobs[key]
            stands = after(now.standing, end.event)
            news: dict[str, Any] = dict(end.counters)
            if stands.state is DownloadState.FAILED or stands.pause_reason is PauseReason.DISK_FULL:
                news |= {"error": end.error, "note": ""}
            if end.event in (Event.HELD_UP, Event.DISK_FULL):
                self.patience.met(key, now.progress.done_bytes)
            if end.event is Event.HELD_UP and stands.state is DownloadState.QUEUED and end.error is not None:
                note = joined(end.error.what, end.error.why, say("It goes on by itself when that is over."))
                news |= {"note": note, "retry_in_s": self._wait_s(key)}
            self.apply(key, end.event, news, end.request)
        self.report(key)

    def _kept_bytes(self, request: DownloadRequest) -> int:
        """Space on the item's file system that is promised to others."""
        with self.changed:
            others = [(j.request, j.progress) for j in self.jobs.before_in_space(request.key)]
        return space.promised_bytes(request, others)

    # The keeper.

    def _keep(self) -> None:
        """Whatever is due, until close() and the last worker's end."""
        while True:
            with self.changed:
                self.changed.wait_for(self._is_due, self._sleep_s())
                if self.is_closing and not (self.workers or self.jobs.is_unsaved or self.jobs.to_delete):
                    return
                for job in self._startable():
                    self._launch(job)
                doomed, self.jobs.to_delete = self.jobs.to_delete, []
                unsaved = tuple(self.jobs) if self.jobs.is_unsaved else None
                self.jobs.is_unsaved = False
                full = [j for j in self.jobs.full() if not self.patience.left_s(j.request.key)]
                waiting = [key for key in self.jobs.queued() if self.jobs.wait(key, self._wait_s(key))]
            self._write(doomed, unsaved)
            for key in waiting:
                self.report(key)
            # One at a time: the next look counts what this one was promised.
            any(self._look_for_room(job) for job in full if not self.is_closing)

    def _is_due(self) -> bool:
        is_over = self.is_closing and not self.workers
        return self.jobs.is_unsaved or bool(self.jobs.to_delete) or is_over or bool(self._startable())

    def _sleep_s(self) -> float | None:
        """Until the next look at an obstacle, or the next figure of a count down; None when there is none."""
        left = [self.patience.left_s(j.request.key) for j in self.jobs.full()]
        left += [min(_COUNT_DOWN_S, s) for key in self.jobs.queued() if (s := self.patience.left_s(key))]
        return None if self.is_closing else min(left, default=None)

    def _wait_s(self, key: str) -> float | None:
        """Until the next try of an item, in whole seconds; None when it does not wait for an obstacle."""
        return float(math.ceil(self.patience.left_s(key))) or None

    def _look_for_room(self, job: Job) -> bool:
        """Queue an item again whose disk has room for its rest. Returns whether it was."""
        key = job.request.key
        rest = max(0, job.progress.total_bytes - job.progress.done_bytes)
        has_room = space.has_room(space.place(job.request), rest, self._kept_bytes(job.request))
        with self.changed:
            self.patience.looked(key)
            is_full = key in {j.request.key for j in self.jobs.full()}
            if not has_room or not is_full or self.is_closing:
                return False
            note = say("There is room on the disk again; {size} to go.", size=gb(rest))
            self.apply(key, Event.ROOM, {"note": note})
        self.report(key)
        return True

    def _write(self, doomed: list[DownloadRequest], unsaved: tuple[Job, ...] | None) -> None:
        for request in doomed:
            try:
                journal.delete(request)
            except OSError as error:
                _log.warning("What is here of %s could not be deleted: %s", request.key, error)
        try:
            if unsaved is not None:
                jobs.save(unsaved)
        except OSError as error:
            # A full disk, most likely. The downloads themselves say so; the list is written when there is room again.
            _log.warning("The list of downloads could not be written: %s", error)
            with self.changed:
                self.jobs.is_unsaved = not self.is_closing
                self.changed.wait_for(lambda: self.is_closing, _SAVE_AGAIN_S)

    def _startable(self) -> tuple[Job, ...]:
        fetching = sum(not w.is_moving for w in self.workers.values())
        startable = self.jobs.startable(self.workers, self.at_once - fetching, self.patience.left_s)
        return () if self.is_closing else startable

    def _launch(self, job: Job) -> None:
        key = job.request.key
        is_moving = job.standing.is_running
        limit = SpeedLimit(job.progress.limit_bytes_s, self.limit)
        worker = Worker(job.request, job.progress, self._noted, self._pinned, self._ended, limit)
        self.workers[key] = worker
        if is_moving:
            worker.move_to(self.jobs.targets.pop(key))
        else:
            self.apply(key, Event.SLOT, {"note": job.progress.note})
            worker.fetch(self.policy, lambda: self._kept_bytes(worker.request))
