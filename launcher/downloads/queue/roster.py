"""The queue's items in order, and what an event does to one of them. No threads and no disk: the queue holds its lock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.models import ModelFile
from launcher.downloads.disk import journal
from launcher.downloads.queue.jobs import Job
from launcher.downloads.queue.lifecycle import ENDS, RUNNING, Event, Wish, after

_ON_THE_WAY = {
    DownloadState.CHECKING: Event.CHECK,
    DownloadState.DOWNLOADING: Event.RECEIVE,
    DownloadState.VERIFYING: Event.VERIFY,
}


class Roster:
    """Items by key, in the order in which they get slots.

    Attributes:
        targets: the folders that items shall move to.
        to_delete: requests whose partial files are to be deleted.
        is_unsaved: something changed that the file of the list does not know.
    """

    def __init__(self, found: Iterable[Job]) -> None:
        self._jobs = {job.request.key: job for job in found}
        self.targets: dict[str, str | None] = {}
        self.to_delete: list[DownloadRequest] = []
        self.is_unsaved = False

    def __contains__(self, key: str) -> bool:
        return key in self._jobs

    def __getitem__(self, key: str) -> Job:
        return self._jobs[key]

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._jobs.values()))

    def get(self, key: str) -> Job | None:
        """The item, None when it is not known."""
        return self._jobs.get(key)

    def put(self, job: Job) -> None:
        """Add an item at the end, or change one where it stands."""
        self._jobs[job.request.key] = job
        self.is_unsaved = True

    def want(self, request: DownloadRequest) -> None:
        """Add an item that the user wants, or let a known one that was not begun mean these files now. A START follows.

        One that was begun keeps its exact request: it is finished at the commit, and in the folder, at which it began.
        """
        key, known = request.key, self._jobs.get(request.key)
        if known is None:
            self.put(Job(request, DownloadProgress(key, DownloadState.QUEUED, total_bytes=request.file_bytes)))
            return
        is_done = known.progress.state is DownloadState.DONE
        if known.standing.is_running or (not is_done and journal.is_pinned(known.request)):
            return
        folder = request.folder if is_done else request.folder or known.request.folder
        progress = _nothing_done(replace(known.progress, total_bytes=request.file_bytes))
        self.put(Job(replace(request, folder=folder), progress))

    def reorder(self, key: str, index: int) -> None:
        """Give an item the place `index` in the order."""
        job = self._jobs.pop(key)
        others = list(self._jobs.values())
        others.insert(max(0, index), job)
        self._jobs = {j.request.key: j for j in others}
        self.is_unsaved = True

    def note(self, progress: DownloadProgress) -> None:
        """Take over where a fetch is. What is none of its business (limit, what comes next) stays."""
        event = _ON_THE_WAY.get(progress.state)
        if event is None:
            return
        now = self._jobs[progress.key].progress
        kept: dict[str, Any] = {"limit_bytes_s": now.limit_bytes_s}
        if not progress.total_bytes:  # it has not looked at the disk yet: what was known of it still holds
            kept |= {"total_bytes": now.total_bytes, "done_bytes": now.done_bytes}
        fields = {name: getattr(progress, name) for name in DownloadProgress.__dataclass_fields__}
        self.apply(progress.key, event, {**fields, **kept})

    def full(self) -> tuple[Job, ...]:
        """The items that wait for room on their disk."""
        return tuple(j for j in self if j.progress.pause_reason is PauseReason.DISK_FULL)

    def queued(self) -> tuple[str, ...]:
        """The keys of the items that wait for their turn, or for an obstacle to go away."""
        return tuple(j.request.key for j in self if j.progress.state is DownloadState.QUEUED)

    def wait(self, key: str, seconds: float | None) -> bool:
        """Until the next try of a waiting item. Returns whether that is news; it is nothing to write down."""
        job = self._jobs[key]
        if job.progress.retry_in_s == seconds:
            return False
        self._jobs[key] = replace(job, progress=replace(job.progress, retry_in_s=seconds))
        return True

    def startable(self, busy: Collection[str], slots: int, must_wait: Callable[[str], object]) -> tuple[Job, ...]:
        """What gets a thread now: moves at once, downloads in order while there are slots.

        Args:
            busy: keys of items that have a thread already.
            slots: free ones.
            must_wait: whether it is not time yet for an item.
        """
        idle = [j for j in self if j.request.key not in busy]
        moving = [j for j in idle if j.standing.is_running]
        doomed = {request.key for request in self.to_delete}
        queued = [
            j
            for j in idle
            if j.progress.state is DownloadState.QUEUED and j.request.key not in doomed and not must_wait(j.request.key)
        ]
        return (*moving, *queued[: max(0, slots)])

    def before_in_space(self, key: str) -> tuple[Job, ...]:
        """The running items that disk space is promised to before this one.

        Those that passed their check of the disk, and of those that are just being checked the ones before it in the order: of
        two that start together the first gets the room.
        """
        keys = list(self._jobs)
        first = keys[: keys.index(key)] if key in self._jobs else keys
        return tuple(
            job
            for k, job in self._jobs.items()
            if k != key
            and job.standing.is_running
            and not job.standing.is_leaving
            and (k in first or job.progress.state is not DownloadState.CHECKING)
        )

    def apply(
        self, key: str, event: Event, news: dict[str, Any] | None = None, request: DownloadRequest | None = None
    ) -> bool:
        """Let an event happen to an item.

        Args:
            key: of a known item.
            event: what happened.
            news: fields of its progress that are new with it.
            request: what the item means from now on.

        Returns:
            Whether the thread that has the item is to stop.
        """
        job = self._jobs[key]
        before, now = job.standing, after(job.standing, event)
        if now == before and not news and request is None:
            return False
        progress = job.progress
        is_other = (now.state, now.pause_reason) != (before.state, before.pause_reason)
        if is_other:
            progress = replace(progress, note="", error=None, rate_bytes_s=None, retry_in_s=None)
        progress = replace(progress, **{**(news or {}), "state": now.state, "pause_reason": now.pause_reason})
        job = Job(request or job.request, progress, now.wish)
        is_anew = before.wish is Wish.RESTART and event in ENDS if before.is_running else event is Event.RESTART
        if is_anew and now.state is DownloadState.QUEUED:
            self.to_delete.append(job.request)
            job = _anew(job)
        self._jobs[key] = job
        # A figure that moved is nothing to write down.
        self.is_unsaved |= is_other or now.wish is not before.wish or request is not None
        if now.state not in RUNNING:
            self.targets.pop(key, None)
        if now.is_gone:
            self._drop(job)
        return now.is_running and now.wish is not Wish.NONE

    def _drop(self, job: Job) -> None:
        del self._jobs[job.request.key]
        if job.wish is Wish.REMOVE and job.progress.state is not DownloadState.DONE:
            self.to_delete.append(job.request)


def _anew(job: Job) -> Job:
    """The item as the user first asked for it, without a commit and without anything done."""
    files = tuple(ModelFile(f.name) for f in job.request.files)
    return Job(replace(job.request, revision=None, files=files), _nothing_done(job.progress))


def _nothing_done(progress: DownloadProgress) -> DownloadProgress:
    return replace(progress, done_bytes=0, resumed_bytes=0, paths=(), sha256=(), seconds=0.0)
