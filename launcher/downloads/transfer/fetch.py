"""One item (a file or a whole shard set) from request to verified files in the cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from launcher.catalog import hub
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.core.units import gb
from launcher.core.words import say
from launcher.downloads.disk import index, journal, space
from launcher.downloads.disk.block_map import BlockMap
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.journal import Journal
from launcher.downloads.disk.lock import blob_lock
from launcher.downloads.disk.part import PartFile, present_bytes, room_bytes, sha256_of
from launcher.downloads.transfer.line import Lines
from launcher.downloads.transfer.progress import Meter
from launcher.downloads.transfer.retry import Backoff, Policy, StoppedError, TransientError
from launcher.downloads.transfer.transfer import Transfer, no_limit

_DEFAULT_POLICY = Policy()
_PASSING = frozenset({"hub_unreachable", "hub_trouble"})
_LOOK_S = 0.1


def fetch(
    request: DownloadRequest,
    on_progress: Callable[[DownloadProgress], None],
    stop: threading.Event,
    policy: Policy = _DEFAULT_POLICY,
    *,
    kept_bytes: Callable[[], int] = lambda: 0,
    on_pinned: Callable[[DownloadRequest], None] = lambda _: None,
    throttle: Callable[[int], None] = no_limit,
    retry_now: threading.Event | None = None,
) -> DownloadProgress:
    """Fetch an item, or what is missing of it. Blocks; call it from a worker thread.

    What an earlier run left is continued, at the commit at which it began. What is complete is not fetched again. Bytes that the
    disk or the network damaged are found and fetched again by themselves.

    Args:
        request: what to fetch; files without sizes or checksums are looked up on the hub.
        on_progress: called about seven times a second, from this thread or a helper's, never twice at once, last with the result.
        stop: set it to pause; nothing is lost. Heard within 0.2 s, also on silent connections (while a connection is being
            opened, or the hub's listing read: up to 10 s).
        policy: how patient to be.
        kept_bytes: disk space promised to other downloads.
        on_pinned: called once with the exact request, as soon as it is known.
        throttle: called by every connection before it reads on, with the bytes that it read last; blocks as long as a speed
            limit says, and returns early when stopped.
        retry_now: set it to end a wait for the network; it is cleared when that is heard.

    Returns:
        DONE with paths and checksums; PAUSED (stopped, or a full disk: then with `error`); FAILED with `error`.
        A UserError is never raised.
    """
    meter, lines = Meter(request.key, on_progress), Lines()

    def cut_when_stopped() -> None:
        if stop.is_set():
            lines.cut()

    ticker = threading.Thread(target=meter.run_ticker, args=(cut_when_stopped,), name="download-ticker", daemon=True)
    ticker.start()
    item = _Item(request, meter, lines, stop, policy, kept_bytes, throttle, retry_now or threading.Event())
    has_ended = False
    try:
        paths = item.run(on_pinned)
        sums = tuple(f.sha256 or "" for f in item.request.files)
        result = meter.end(DownloadState.DONE, paths=tuple(map(str, paths)), sha256=sums)
        has_ended = True
    except StoppedError:
        result = meter.end(DownloadState.PAUSED, pause_reason=PauseReason.USER)
        has_ended = True
    except (UserError, OSError) as problem:
        error = (
            problem
            if isinstance(problem, UserError)
            else space.disk_error(problem, item.cache.folder, item.here_bytes())
        )
        is_full = error.code == "disk_full"
        state, reason = (DownloadState.PAUSED, PauseReason.DISK_FULL) if is_full else (DownloadState.FAILED, None)
        result = meter.end(state, error=error, pause_reason=reason)
        has_ended = True
    finally:
        if not has_ended:  # a bug is on its way up: nobody may go on reporting for a dead worker
            meter.end(DownloadState.PAUSED)
        ticker.join()
    return result


class _Item:
    """The steps of one fetch."""

    def __init__(
        self,
        request: DownloadRequest,
        meter: Meter,
        lines: Lines,
        stop: threading.Event,
        policy: Policy,
        kept_bytes: Callable[[], int],
        throttle: Callable[[int], None],
        retry_now: threading.Event,
    ) -> None:
        self.request = request
        self.cache = RepoCache.for_request(request)
        self._meter, self._lines, self._stop, self._policy = meter, lines, stop, policy
        self._kept_bytes, self._throttle, self._retry_now = kept_bytes, throttle, retry_now
        self._is_newest = False

    def run(self, on_pinned: Callable[[DownloadRequest], None]) -> tuple[Path, ...]:
        """All steps. Returns the files' paths in shard order."""
        self._meter.enter(DownloadState.CHECKING)
        installed = index.find(self.request.key)
        if installed is not None and self._is_same(installed.request):
            self.request = installed.request
            self._meter.sizes(self.request.file_bytes, self.request.file_bytes)
            journal.close(self.request)  # a run that was killed just after its last step leaves records
            return installed.paths()
        self._pin()
        on_pinned(self.request)
        self._check_stop()
        self._check_space()
        self.cache.prepare()
        for file in self._missing():
            self._begin(file)
        paths = tuple(self._one(file) for file in self.request.files)
        self.cache.write_ref(self._commit, is_newest=self._is_newest)
        index.record(self.request, journal.fetched(self.request))
        journal.close(self.request)
        return paths

    def here_bytes(self) -> int:
        """Bytes of the item on the disk: finished files and partial ones."""
        return sum(self._here(f) for f in self.request.files) if journal.is_pinned(self.request) else 0

    @property
    def _commit(self) -> str:
        return self.request.revision or ""

    def _pin(self) -> None:
        """Learn exactly which bytes are wanted: those of the run that began, else the hub's newest."""
        request = self.request
        if journal.is_pinned(request):
            return
        begun = journal.begun(request.key)
        if begun is not None and self._is_same(begun):
            self.request = replace(request, files=begun.files, file_bytes=begun.file_bytes, revision=begun.revision)
            return
        listing = self._listing()
        expected = {f.name: f.sha256 for f in request.files}
        if any(expected.get(f.name) not in (None, f.sha256) for f in listing.files):
            self._meter.enter(
                DownloadState.CHECKING,
                "The hub has newer files of this model than the built-in list; the newer ones are fetched.",
            )
        size = sum(f.size_bytes or 0 for f in listing.files)
        self.request = replace(request, files=listing.files, file_bytes=size, revision=listing.commit)

    def _listing(self) -> hub.RepoListing:
        """What the hub lists; asked again like the bytes, unless the caller waits for the hub by itself (`attempts` None)."""
        backoff = Backoff(self._policy, lambda error, _tries: error.error or UserError("hub_unreachable", error.why))
        while True:
            began_s = time.monotonic()
            try:
                return self._newest_or_pinned()
            except UserError as error:
                if self._policy.attempts is None or error.code not in _PASSING:
                    raise
                passing = TransientError(error.what, error=error)
                self._meter.note(backoff.failed(passing, began_s, 0))
            while backoff.is_waiting:
                self._check_stop()
                if self._retry_now.wait(_LOOK_S):
                    self._retry_now.clear()
                    backoff.end_wait()
                self._meter.waits(backoff.left_s)
            self._meter.note("")

    def _newest_or_pinned(self) -> hub.RepoListing:
        request = self.request
        names = tuple(f.name for f in request.files)
        self._is_newest = request.revision in (None, "main")
        try:
            return hub.resolve(request.repo, request.quant, names, request.revision)
        except UserError as error:
            if self._is_newest or error.code != "revision_not_found":
                raise
        # Publishers squash their history now and then: the built-in list then names a version that is gone.
        self._is_newest = True
        self._meter.enter(
            DownloadState.CHECKING, "The version in the built-in list is gone from the hub; the newest is fetched."
        )
        return hub.resolve(request.repo, request.quant, names)

    def _is_same(self, exact: DownloadRequest) -> bool:
        """Whether an exact request of the same key answers ours."""
        names = {f.name for f in self.request.files}
        return self.request.revision in (None, exact.revision) and names <= {f.name for f in exact.files}

    def _missing(self) -> tuple[ModelFile, ...]:
        return tuple(f for f in self.request.files if self.cache.finished(self._commit, f) is None)

    def _here(self, file: ModelFile) -> int:
        if self.cache.finished(self._commit, file) is not None:
            return file.size_bytes or 0
        return present_bytes(self.cache, file)

    def _check_space(self) -> None:
        here = self.here_bytes()
        self._meter.sizes(self.request.file_bytes, here)
        # Of the missing files the gaps of the partial ones; what they take on the disk already is theirs.
        needed = sum((f.size_bytes or 0) - room_bytes(self.cache, f) for f in self._missing())
        space.check_space(self.cache.folder, needed, self._kept_bytes(), here)

    def _begin(self, file: ModelFile) -> None:
        """Leave word of every file before its first byte, so that a killed run is found again as the item it was."""
        part = self.cache.part(file.sha256 or "")
        if not part.exists():
            journal.write(Journal(self.request, file))
            part.touch()

    def _one(self, file: ModelFile) -> Path:
        self._check_stop()
        with blob_lock(self.cache, file):
            found = self.cache.finished(self._commit, file)
            if found is None or not self._is_sound(found, file):
                self._transfer(file)
            path = self.cache.install(self._commit, file)
            self.cache.map(file.sha256 or "").unlink(missing_ok=True)
            return path

    def _is_sound(self, found: Path, file: ModelFile) -> bool:
        """Check a complete file that we did not verify ourselves: fetched by another tool, or just before a kill."""
        if index.is_verified(self.request.repo, file.sha256 or ""):
            return True
        self._meter.enter(DownloadState.VERIFYING, "This file is already on the disk; its checksum is being computed.")
        total = sha256_of(found, self._stop.is_set)
        if total is None:
            raise StoppedError
        if total == file.sha256:
            self._meter.enter(DownloadState.VERIFYING, "")
            return True
        self._meter.lost(file.size_bytes or 0)
        self._meter.enter(DownloadState.DOWNLOADING, "The copy on the disk is damaged; it is fetched again.")
        space.check_space(self.cache.folder, file.size_bytes or 0, self._kept_bytes(), 0)
        self._begin(file)
        return False

    def _transfer(self, file: ModelFile) -> None:
        sha256, size = file.sha256 or "", file.size_bytes or 0
        part_path, map_path = self.cache.part(sha256), self.cache.map(sha256)
        with (
            PartFile(part_path) as part,
            BlockMap(map_path, sha256, size, self._policy.block_bytes, prefix_bytes=part.size_bytes) as block_map,
        ):
            here = sum(block_map.present())
            note = say("Continued at {size}; nothing is fetched twice.", size=gb(here)) if here else None
            self._meter.enter(DownloadState.DOWNLOADING if here < size else DownloadState.VERIFYING, note)
            Transfer(
                self.request.repo,
                self._commit,
                file,
                part,
                block_map,
                self._meter,
                self._lines,
                self._stop,
                self._policy,
                self._throttle,
                self._retry_now,
            ).run()
            part.sync()

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise StoppedError
