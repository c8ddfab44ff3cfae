"""The thread that fetches one item of the queue, or moves what is there of it to another folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import UserError
from launcher.core.paths import hub_cache_dir
from launcher.core.units import gb
from launcher.core.words import joined, say
from launcher.downloads.disk import folders, journal, space
from launcher.downloads.moving import move
from launcher.downloads.queue.lifecycle import Event
from launcher.downloads.queue.speed_limit import SpeedLimit
from launcher.downloads.stopped import StoppedError
from launcher.downloads.transfer.retry import Policy

# These go away without anybody doing anything here, so the item waits for that.
_PASSING = frozenset({"already_downloading", "hub_unreachable", "hub_trouble", "rate_limited", "connection_lost"})
_COUNTERS = ("done_bytes", "total_bytes", "resumed_bytes", "seconds", "paths", "sha256")


@dataclass(frozen=True, slots=True)
class End:
    """How a worker ended.

    Attributes:
        event: one of `lifecycle.ENDS`.
        counters: fields of the item's progress as they are now.
        request: what the item is from now on, where that changed.
    """

    event: Event
    error: UserError | None = None
    counters: dict[str, Any] = field(default_factory=dict[str, Any])
    request: DownloadRequest | None = None


class Worker:
    """One thread for one item.

    Args:
        request: the item.
        progress: how far it was.
        on_progress: called while it runs.
        on_request: called when the place, or the exact bytes, of the item are known.
        on_end: called once, last.
        limit: of this item's speed; may be changed while it runs.

    Attributes:
        stop: set it to end it soon; nothing is lost.
        retry_now: set it to end a wait for the network.
        is_moving: it moves files, and needs no slot.
    """

    def __init__(
        self,
        request: DownloadRequest,
        progress: DownloadProgress,
        on_progress: Callable[[DownloadProgress], None],
        on_request: Callable[[DownloadRequest], None],
        on_end: Callable[[str, End], None],
        limit: SpeedLimit,
    ) -> None:
        self.request, self.limit = request, limit
        self.stop, self.retry_now = threading.Event(), threading.Event()
        self.is_moving = False
        self._before, self._on_progress, self._on_request, self._on_end = progress, on_progress, on_request, on_end
        self.thread = threading.Thread(name=f"download-{request.key}", daemon=True)

    def fetch(self, policy: Policy, kept_bytes: Callable[[], int]) -> None:
        """Begin to fetch."""
        self._start(lambda: self._fetch(policy, kept_bytes))

    def move_to(self, folder: str | None) -> None:
        """Begin to move what is there; None is the hub cache."""
        self.is_moving = True
        self._start(lambda: self._move(folder))

    def _start(self, work: Callable[[], End]) -> None:
        self.thread = threading.Thread(target=self._run, args=(work,), name=f"download-{self.request.key}", daemon=True)
        self.thread.start()

    def _run(self, work: Callable[[], End]) -> None:
        end = End(
            Event.STOPPED
        )  # for a bug, which is on its way to the thread's excepthook: the item rests, its bytes stay
        try:
            try:
                end = work()
            except StoppedError:
                end = End(Event.STOPPED)
            except UserError as error:
                end = End(Event.HELD_UP if error.code in _PASSING else Event.FAILED, error)
            except OSError as error:
                end = End(Event.FAILED, space.disk_error(error, space.place(self.request), self._before.done_bytes))
        finally:
            self._on_end(self.request.key, end)

    def _fetch(self, policy: Policy, kept_bytes: Callable[[], int]) -> End:
        # A program that downloads nothing does without: a megabyte.
        from launcher.downloads.transfer.fetch import fetch

        self._place()
        result = fetch(
            self.request,
            self._on_progress,
            self.stop,
            policy,
            kept_bytes=kept_bytes,
            on_pinned=self._pinned,
            throttle=lambda count: self.limit.take(count, self.stop),
            retry_now=self.retry_now,
        )
        # It ended before it looked at the disk: what was known of it still holds.
        counters = {name: getattr(result, name) for name in _COUNTERS} if result.total_bytes else {}
        error = result.error
        if result.state is DownloadState.DONE:
            return End(Event.DONE, None, {**counters, "note": result.note})
        if error is None:
            return End(Event.STOPPED, None, counters)
        if result.state is DownloadState.PAUSED:
            return End(Event.DISK_FULL, space.going_on(error, self.request.key), counters)
        return End(Event.HELD_UP if error.code in _PASSING else Event.FAILED, error, counters)

    def _pinned(self, exact: DownloadRequest) -> None:
        space.check_file_sizes(exact)
        self._on_request(exact)

    def _place(self) -> None:
        """See where the item goes: where it began, else where the user wants new ones now."""
        request = self.request
        if request.folder is None:
            begun = journal.begun(request.key)
            folder = begun.folder if begun is not None else folders.read().downloads
            request = replace(request, folder=folder)
        if request.folder is not None:
            if self._before.done_bytes:
                space.check_there(request, self._before.done_bytes)
            elif not Path(request.folder).is_dir():
                folders.checked(request.folder)
            _remember(request.folder)
        if request != self.request:
            self.request = request
            self._on_request(request)

    def _move(self, folder: str | None) -> End:
        self._place()
        target = folder or str(hub_cache_dir())
        what = say("Moving {size} to {folder}.", size=gb(self._before.done_bytes), folder=target)
        shown = -1

        def on_progress(done_bytes: int, total_bytes: int) -> None:
            nonlocal shown
            percent = done_bytes * 100 // total_bytes if total_bytes else 100
            if percent != shown:
                shown = percent
                note = joined(what, say("{n} % done.", n=percent))
                self._on_progress(replace(self._before, state=DownloadState.CHECKING, note=note, error=None))

        self._on_progress(replace(self._before, state=DownloadState.CHECKING, note=what, error=None))
        moved = move.move_partials(self.request, folder, on_progress, self.stop)
        # Said in full: None would mean "where new ones go", which is another folder perhaps.
        moved = replace(moved, folder=moved.folder or target)
        _remember(target)
        note = say("Moved to {folder}.", folder=target)
        return End(Event.MOVED, None, {"note": note}, moved)


def _remember(folder: str) -> None:
    """Models and partial files of ours are looked for there from now on."""
    if Path(folder) not in folders.roots():
        folders.add_cache(folder)
