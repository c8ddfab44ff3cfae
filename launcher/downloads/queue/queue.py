"""The download queue: which items run, which wait, and what the user asked of them. Plain threads; no window needed.

Public methods only change what is wanted and return at once; how an item stands after each event is `lifecycle`'s table. A keeper
thread brings the world in line: it gives slots, looks whether full disks have room again, writes the list, deletes partial files.
Each running item has one thread of its own (`worker`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.units import gb
from launcher.core.words import joined, say
from launcher.downloads.disk import journal, space
from launcher.downloads.moving import move
from launcher.downloads.queue import jobs
from launcher.downloads.queue.jobs import Job
from launcher.downloads.queue.lifecycle import Event, after
from launcher.downloads.queue.patience import Patience
from launcher.downloads.queue.roster import Roster
from launcher.downloads.queue.speed_limit import SpeedLimit
from launcher.downloads.queue.worker import End, Worker
from launcher.downloads.transfer.retry import Policy

_LOOK_AGAIN_S = 5.0
_SAVE_AGAIN_S = 2.0
_log = logging.getLogger("launcher.downloads")


class DownloadQueue:
    """Items in order; at most `at_once` are fetched. Finds its items again after a restart or a crash. Blocks while it is made.

    Args:
        on_progress: called from the queue's threads at every change of an item; not twice at once for one item.
        at_once: items fetched at the same time.
        policy: how patient each fetch is; normally it never gives up on the network.
        limit_bytes_s: for all items together; None is none.
        resume_on_start: go on with what ran or waited when the program ended. What the user paused stays paused.
        look_again_s: so often it looks whether an obstacle (a full disk, a file that another program fetches) is gone.

    Attributes:
        note: a sentence for the user about the restart ("The list of downloads was damaged ..."), "" normally.
    """

    def __init__(
        self,
        on_progress: Callable[[DownloadProgress], None],
        at_once: int = 2,
        policy: Policy | None = None,
        *,
        limit_bytes_s: int | None = None,
        resume_on_start: bool = False,
        look_again_s: float = _LOOK_AGAIN_S,
    ) -> None:
        self._on_progress = on_progress
        self._at_once = at_once
        self._policy = policy or Policy(attempts=None)
        self._limit = SpeedLimit(limit_bytes_s)
        self._changed = threading.Condition()
        # Taken before `_changed`, never while holding it: a listener may call the queue from its callback.
        self._reporting = threading.RLock()
        self._reported: dict[str, DownloadProgress] = {}
        moved = {r.key: r for r in move.tidy()}
        found, self.note = jobs.load()
        self._jobs = Roster(replace(j, request=moved.get(j.request.key, j.request)) for j in found)
        self._workers: dict[str, Worker] = {}
        self._patience = Patience(look_again_s)
        self._jobs.is_unsaved = bool(self.note or moved)
        self._is_closing = False
        with self._changed:
            for job in self._jobs if resume_on_start else ():
                self._apply(job.request.key, Event.OPEN)
        self._keeper = threading.Thread(target=self._keep, name="download-keeper", daemon=True)
        self._keeper.start()

    # What the user sees and asks.

    def jobs(self) -> tuple[tuple[DownloadRequest, DownloadProgress], ...]:
        """Every item that is not forgotten, in order, with its last state."""
        with self._changed:
            return tuple((j.request, j.progress) for j in self._jobs if not j.standing.is_leaving)

    def start(self, request: DownloadRequest) -> str:
        """Begin, or go on with, an item. Returns its key.

        A known item that was begun keeps its exact request: it is finished at the commit, and in the folder, at which it began.
        """
        with self._changed:
            if not self._is_closing:
                self._jobs.want(request)
        self._ask(request.key, Event.START)
        return request.key

    def resume(self, key: str) -> None:
        """Go on where it stopped; nothing for an unknown or a finished item."""
        with self._changed:
            job = self._jobs.get(key)
            is_finished = job is None or job.progress.state is DownloadState.DONE
        if not is_finished:
            self._ask(key, Event.START)

    def retry_now(self, key: str) -> None:
        """End a wait for the network, for a disk or for another program, and try at once."""
        with self._changed:
            self._patience.forget(key)
            worker = self._workers.get(key)
            if worker is not None:
                worker.retry_now.set()
            self._changed.notify_all()
        if worker is None:
            self.resume(key)

    def pause(self, key: str) -> None:
        """Stop fetching, or moving; every byte and the item stay, and only the user starts it again."""
        self._ask(key, Event.PAUSE)

    def pause_all(self) -> None:
        """Pause everything that runs, waits, or would go on by itself."""
        for request, _progress in self.jobs():
            self.pause(request.key)

    def resume_all(self) -> None:
        """Go on with everything that is paused or failed."""
        for request, progress in self.jobs():
            if progress.state in (DownloadState.PAUSED, DownloadState.FAILED):
                self.resume(request.key)

    def cancel(self, key: str) -> None:
        """Stop and forget the item; its bytes stay on the disk, and starting the same item again goes on from them."""
        self._ask(key, Event.CANCEL)

    def remove(self, key: str) -> None:
        """Stop, forget the item and delete its partial files. A finished item is only forgotten: its model stays."""
        self._ask(key, Event.REMOVE)

    def restart(self, key: str) -> None:
        """Delete what is there and fetch the newest revision from the beginning, at the same place in the order."""
        self._ask(key, Event.RESTART)

    def change_folder(self, key: str, folder: str | None) -> None:
        """Stop, move what is there to another folder (None: the hub cache), and go on there. `pause` ends the move.

        When the move fails the item is FAILED with the reason, everything is where it was, and a start goes on there.
        """
        with self._changed:
            job = self._jobs.get(key)
            if job is None or job.progress.state is DownloadState.DONE or self._is_closing:
                return
            self._jobs.targets[key] = folder
            self._apply(key, Event.MOVE)
        self._report(key)

    def move(self, key: str, index: int) -> None:
        """Give an item another place in the order: the one in `jobs()` that it has afterwards. What runs goes on running."""
        with self._changed:
            if key in self._jobs:
                self._jobs.reorder(key, index)
                self._changed.notify_all()

    def set_item_limit(self, key: str, bytes_s: int | None) -> None:
        """Limit one item; None lifts it. At once, and remembered."""
        with self._changed:
            job = self._jobs.get(key)
            if job is None:
                return
            if worker := self._workers.get(key):
                worker.limit.set(bytes_s)
            self._jobs.put(replace(job, progress=replace(job.progress, limit_bytes_s=bytes_s)))
            self._changed.notify_all()
        self._report(key)

    def set_limit(self, bytes_s: int | None) -> None:
        """Limit all items together; None lifts it. At once."""
        self._limit.set(bytes_s)

    def set_at_once(self, count: int) -> None:
        """Fetch so many at a time; when there are more, the last in the order wait again."""
        with self._changed:
            self._at_once = count
            keys = [j.request.key for j in self._jobs]
            fetching = [k for k in keys if k in self._workers and not self._workers[k].is_moving]
            for key in fetching[count:]:
                self._apply(key, Event.YIELD)
            self._changed.notify_all()

    def set_connections(self, count: int) -> None:
        """Connections of one file, for items that start from now on."""
        with self._changed:
            self._policy = replace(self._policy, connections=count)

    def close(self, timeout_s: float = 5.0) -> None:
        """Pause everything, write the list and end the threads; next time the items are found again."""
        with self._changed:
            for job in self._jobs:
                self._apply(job.request.key, Event.CLOSE)
            self._is_closing = True
            workers = list(self._workers.values())
            for worker in workers:
                worker.stop.set()
            self._changed.notify_all()
        for worker in workers:
            worker.thread.join(timeout_s)
        self._keeper.join(timeout_s)

    # Changes of one item.

    def _ask(self, key: str, event: Event) -> None:
        with self._changed:
            if key not in self._jobs or self._is_closing:
                return
            if event is Event.START:
                self._patience.forget(key)
            self._apply(key, event)
        self._report(key)

    def _apply(
        self, key: str, event: Event, news: dict[str, Any] | None = None, request: DownloadRequest | None = None
    ) -> None:
        """Let an event happen to an item. Call it with the lock held."""
        if self._jobs.apply(key, event, news, request) and key in self._workers:
            self._workers[key].stop.set()
        self._changed.notify_all()

    def _report(self, key: str) -> None:
        """Tell the listener an item's present state, one at a time and none twice."""
        with self._reporting:
            with self._changed:
                job = self._jobs.get(key)
                if job is None or job.standing.is_leaving or self._reported.get(key) is job.progress:
                    return
                self._reported[key] = job.progress
            self._on_progress(job.progress)

    # What the workers tell.

    def _pinned(self, exact: DownloadRequest) -> None:
        """The exact request is known: from now on the item means these very bytes."""
        with self._changed:
            self._jobs.put(replace(self._jobs[exact.key], request=exact))
            self._changed.notify_all()

    def _noted(self, progress: DownloadProgress) -> None:
        """Where a worker is. Its result is told by `_ended`, once it is off the list: who hears PAUSED may resume at once."""
        with self._changed:
            self._jobs.note(progress)
            if self._jobs.is_unsaved:
                self._changed.notify_all()
        self._report(progress.key)

    def _ended(self, key: str, end: End) -> None:
        """A worker's thread is over but for its last steps."""
        with self._changed:
            del self._workers[key]
            now = self._jobs[key]
            stands = after(now.standing, end.event)
            news: dict[str, Any] = dict(end.counters)
            if stands.state is DownloadState.FAILED or stands.pause_reason is PauseReason.DISK_FULL:
                news |= {"error": end.error, "note": ""}
            if end.event in (Event.HELD_UP, Event.DISK_FULL):
                self._patience.met(key, now.progress.done_bytes)
            if end.event is Event.HELD_UP and stands.state is DownloadState.QUEUED and end.error is not None:
                news |= {"note": joined(end.error.what, end.error.why, say("It goes on by itself when that is over."))}
            self._apply(key, end.event, news, end.request)
        self._report(key)

    def _kept_bytes(self, request: DownloadRequest) -> int:
        """Space on the item's file system that is promised to others."""
        with self._changed:
            others = [(j.request, j.progress) for j in self._jobs.before_in_space(request.key)]
        return space.promised_bytes(request, others)

    # The keeper.

    def _keep(self) -> None:
        """Whatever is due, until close() and the last worker's end."""
        while True:
            with self._changed:
                self._changed.wait_for(self._is_due, self._sleep_s())
                if self._is_closing and not (self._workers or self._jobs.is_unsaved or self._jobs.to_delete):
                    return
                for job in self._startable():
                    self._launch(job)
                doomed, self._jobs.to_delete = self._jobs.to_delete, []
                unsaved = tuple(self._jobs) if self._jobs.is_unsaved else None
                self._jobs.is_unsaved = False
                full = [j for j in self._jobs.full() if not self._patience.left_s(j.request.key)]
            self._write(doomed, unsaved)
            # One at a time: the next look counts what this one was promised.
            any(self._look_for_room(job) for job in full if not self._is_closing)

    def _is_due(self) -> bool:
        is_over = self._is_closing and not self._workers
        return self._jobs.is_unsaved or bool(self._jobs.to_delete) or is_over or bool(self._startable())

    def _sleep_s(self) -> float | None:
        """Until the next look at an obstacle; None when there is none."""
        queued = (j for j in self._jobs if j.progress.state is DownloadState.QUEUED)
        left = [self._patience.left_s(j.request.key) for j in self._jobs.full()]
        left += filter(None, (self._patience.left_s(j.request.key) for j in queued))
        return None if self._is_closing else min(left, default=None)

    def _look_for_room(self, job: Job) -> bool:
        """Queue an item again whose disk has room for its rest. Returns whether it was."""
        key = job.request.key
        rest = max(0, job.progress.total_bytes - job.progress.done_bytes)
        has_room = space.has_room(space.place(job.request), rest, self._kept_bytes(job.request))
        with self._changed:
            self._patience.looked(key)
            is_full = key in {j.request.key for j in self._jobs.full()}
            if not has_room or not is_full or self._is_closing:
                return False
            note = say("There is room on the disk again; {size} to go.", size=gb(rest))
            self._apply(key, Event.ROOM, {"note": note})
        self._report(key)
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
            with self._changed:
                self._jobs.is_unsaved = not self._is_closing
                self._changed.wait_for(lambda: self._is_closing, _SAVE_AGAIN_S)

    def _startable(self) -> tuple[Job, ...]:
        fetching = sum(not w.is_moving for w in self._workers.values())
        startable = self._jobs.startable(self._workers, self._at_once - fetching, self._patience.left_s)
        return () if self._is_closing else startable

    def _launch(self, job: Job) -> None:
        key = job.request.key
        is_moving = job.standing.is_running
        limit = SpeedLimit(job.progress.limit_bytes_s, self._limit)
        worker = Worker(job.request, job.progress, self._noted, self._pinned, self._ended, limit)
        self._workers[key] = worker
        if is_moving:
            worker.move_to(self._jobs.targets.pop(key))
        else:
            self._apply(key, Event.SLOT, {"note": job.progress.note})
            worker.fetch(self._policy, lambda: self._kept_bytes(worker.request))
