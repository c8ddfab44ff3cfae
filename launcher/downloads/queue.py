"""The download queue: which items run, which wait, and what the user asked of them. Plain threads; no window needed.

Public methods only change what is wanted and return at once. A keeper thread brings the world in line: it starts workers,
writes the list, deletes partial files. Each running item has one worker thread that sits in `fetch`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.downloads import jobs, journal
from launcher.downloads.item import fetch
from launcher.downloads.jobs import Job
from launcher.downloads.transfer import Policy

_SAVE_AGAIN_S = 2.0
_log = logging.getLogger("launcher.downloads")
_RUNNING = (DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING)


@dataclass
class _Worker:
    """A thread in `fetch`. `then` is what the user wants once it has stopped."""

    thread: threading.Thread
    stop: threading.Event = field(default_factory=threading.Event)
    then: str = "pause"

    @property
    def is_leaving(self) -> bool:
        """Whether the user wants to see the item no more."""
        return self.then in ("cancel", "remove")


class DownloadQueue:
    """Items in order; at most `at_once` run. Finds its items again after a restart, as PAUSED.

    Args:
        on_progress: called from the queue's threads at every change of an item; not twice at once for one item.
        at_once: items fetched at the same time.
        policy: how patient each fetch is.

    Attributes:
        note: a sentence for the user about the restart ("The list of downloads was damaged ..."), "" normally.
    """

    def __init__(
        self, on_progress: Callable[[DownloadProgress], None], at_once: int = 2, policy: Policy | None = None
    ) -> None:
        self._on_progress = on_progress
        self._at_once = at_once
        self._policy = policy or Policy()
        self._changed = threading.Condition()
        # Taken before `_changed`, never while holding it: a listener may call the queue from its callback.
        self._reporting = threading.RLock()
        self._reported: dict[str, DownloadProgress] = {}
        found, self.note = jobs.load()
        self._jobs: dict[str, Job] = {job.request.key: job for job in found}
        self._workers: dict[str, _Worker] = {}
        self._to_delete: list[DownloadRequest] = []
        self._is_unsaved = bool(self.note)
        self._is_closing = False
        self._keeper = threading.Thread(target=self._keep, name="download-keeper", daemon=True)
        self._keeper.start()

    def jobs(self) -> tuple[tuple[DownloadRequest, DownloadProgress], ...]:
        """Every item that is not forgotten, in order, with its last state."""
        with self._changed:
            leaving = {key for key, worker in self._workers.items() if worker.is_leaving}
            return tuple((job.request, job.progress) for key, job in self._jobs.items() if key not in leaving)

    def start(self, request: DownloadRequest) -> str:
        """Begin, or go on with, an item. Returns its key."""
        key = request.key
        with self._changed:
            worker = self._workers.get(key)
            if worker is not None:
                if worker.stop.is_set():
                    worker.then = "start"
                return key
            known = self._jobs.get(key)
            # A known item keeps its exact request: it is finished at the commit at which it began.
            begun = (
                known is not None
                and known.progress.state is not DownloadState.DONE
                and journal.is_pinned(known.request)
            )
            kept = known.request if known is not None and begun else request
            progress = (
                known.progress
                if known is not None and begun
                else DownloadProgress(key, DownloadState.PAUSED, total_bytes=request.file_bytes)
            )
            self._set(Job(kept, replace(progress, state=DownloadState.QUEUED, error=None, note="")))
        self._report(key)
        return key

    def resume(self, key: str) -> None:
        """Go on where it stopped; nothing for an unknown key."""
        with self._changed:
            job = self._jobs.get(key)
        if job is not None and job.progress.state is not DownloadState.DONE:
            self.start(job.request)

    def pause(self, key: str) -> None:
        """Stop fetching; every byte and the item stay."""
        if self._halt(key, "pause"):
            self._report(key)

    def pause_all(self) -> None:
        """Pause everything that runs or waits."""
        for request, progress in self.jobs():
            if progress.state in (*_RUNNING, DownloadState.QUEUED):
                self.pause(request.key)

    def cancel(self, key: str) -> None:
        """Stop and forget the item; its bytes stay on the disk, and starting the same item again goes on from them."""
        self._halt(key, "cancel")

    def remove(self, key: str) -> None:
        """Stop, forget the item and delete its partial files. A finished item is only forgotten: its model stays."""
        self._halt(key, "remove")

    def close(self, timeout_s: float = 5.0) -> None:
        """Pause everything, write the list and end the threads; next time the items are found again."""
        with self._changed:
            self._is_closing = True
            workers = list(self._workers.values())
            for worker in workers:
                worker.stop.set()
            self._changed.notify_all()
        for worker in workers:
            worker.thread.join(timeout_s)
        self._keeper.join(timeout_s)

    def _halt(self, key: str, then: str) -> bool:
        """Stop an item and do `then`. True when it stands still already and only its state changed."""
        with self._changed:
            job, worker = self._jobs.get(key), self._workers.get(key)
            if job is None:
                return False
            if worker is not None:
                worker.then = then
                worker.stop.set()
                return False
            if then == "pause":
                if job.progress.state is not DownloadState.QUEUED:
                    return False
                self._set(Job(job.request, replace(job.progress, state=DownloadState.PAUSED)))
                return True
            self._forget(job, delete=then == "remove")
            return False

    def _set(self, job: Job) -> None:
        """Change an item. Call it with the lock held."""
        self._jobs[job.request.key] = job
        self._is_unsaved = True
        self._changed.notify_all()

    def _forget(self, job: Job, *, delete: bool) -> None:
        """Take an item off the list. Call it with the lock held."""
        self._jobs.pop(job.request.key, None)
        if delete and job.progress.state is not DownloadState.DONE:
            self._to_delete.append(job.request)
        self._is_unsaved = True
        self._changed.notify_all()

    def _report(self, key: str) -> None:
        """Tell the listener an item's present state, one at a time and none twice."""
        with self._reporting:
            with self._changed:
                job, worker = self._jobs.get(key), self._workers.get(key)
                if job is None or (worker is not None and worker.is_leaving) or self._reported.get(key) is job.progress:
                    return
                self._reported[key] = job.progress
            self._on_progress(job.progress)

    def _keep(self) -> None:
        """The keeper: whatever is due, until close() and the last worker's end."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._is_unsaved or self._to_delete or self._can_start() or self._is_over()
                )
                if self._is_over() and not self._is_unsaved and not self._to_delete:
                    return
                for job in self._startable():
                    self._launch(job)
                doomed, self._to_delete = self._to_delete, []
                unsaved = tuple(self._jobs.values()) if self._is_unsaved else None
                self._is_unsaved = False
            self._write(doomed, unsaved)

    def _write(self, doomed: list[DownloadRequest], unsaved: tuple[Job, ...] | None) -> None:
        try:
            for request in doomed:
                journal.delete(request)
            if unsaved is not None:
                jobs.save(unsaved)
        except OSError as error:
            # A full disk, most likely. The downloads themselves say so; the list is written when there is room again.
            _log.warning("The list of downloads could not be written: %s", error)
            with self._changed:
                self._is_unsaved = not self._is_closing
                self._changed.wait_for(lambda: self._is_closing, _SAVE_AGAIN_S)

    def _is_over(self) -> bool:
        return self._is_closing and not self._workers

    def _can_start(self) -> bool:
        return bool(self._startable())

    def _startable(self) -> list[Job]:
        if self._is_closing:
            return []
        doomed = {request.key for request in self._to_delete}
        waiting = [
            j
            for k, j in self._jobs.items()
            if j.progress.state is DownloadState.QUEUED and k not in self._workers and k not in doomed
        ]
        return waiting[: max(0, self._at_once - len(self._workers))]

    def _launch(self, job: Job) -> None:
        key = job.request.key
        worker = _Worker(threading.Thread(target=self._work, args=(job.request,), name=f"download-{key}", daemon=True))
        self._workers[key] = worker
        worker.thread.start()

    def _work(self, request: DownloadRequest) -> None:
        key = request.key
        with self._changed:
            stop = self._workers[key].stop

        def on_progress(progress: DownloadProgress) -> None:
            # The result is reported below, once the worker is off the list: who hears PAUSED may resume at once.
            if progress.state in _RUNNING:
                self._note(key, progress)
                self._report(key)

        result: DownloadProgress | None = None
        try:
            result = fetch(
                request,
                on_progress,
                stop,
                self._policy,
                kept_bytes=lambda: self._kept_bytes(key),
                on_pinned=self._pinned,
            )
        finally:
            self._ended(key, result)

    def _pinned(self, exact: DownloadRequest) -> None:
        """The exact request is known: from now on the item means these very bytes."""
        with self._changed:
            self._set(Job(exact, self._jobs[exact.key].progress))

    def _note(self, key: str, progress: DownloadProgress) -> None:
        with self._changed:
            job = self._jobs[key]
            self._jobs[key] = Job(job.request, progress)
            if job.progress.state is not progress.state:
                self._is_unsaved = True
                self._changed.notify_all()

    def _ended(self, key: str, result: DownloadProgress | None) -> None:
        with self._changed:
            worker, job = self._workers.pop(key), self._jobs[key]
            # No result: a bug is on its way to the thread's excepthook. The item rests, its bytes stay.
            progress = result or replace(job.progress, state=DownloadState.PAUSED, rate_bytes_s=None)
            self._set(Job(job.request, progress))
            if progress.state is not DownloadState.DONE:
                if worker.is_leaving:
                    self._forget(self._jobs[key], delete=worker.then == "remove")
                elif worker.then == "start":
                    self._set(Job(job.request, replace(progress, state=DownloadState.QUEUED, error=None)))
        self._report(key)

    def _kept_bytes(self, key: str) -> int:
        """Disk space that the other running items still need."""
        with self._changed:
            others = (self._jobs[k].progress for k in self._workers if k != key)
            return sum(max(0, p.total_bytes - p.done_bytes) for p in others if p.state in _RUNNING)
