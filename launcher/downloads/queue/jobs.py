"""The queue's memory: every item that is not forgotten, kept in one JSON file."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.errors import NextStep, UserError
from launcher.core.paths import data_dir
from launcher.core.words import say
from launcher.downloads.disk import index, journal
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.json_file import read_json, set_aside, write_json
from launcher.downloads.disk.part import present_bytes
from launcher.downloads.queue.lifecycle import Standing, Wish, found_again

_SHOW_DONE_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Job:
    """An item and how it stands; `wish` is what comes after the thread that has it now."""

    request: DownloadRequest
    progress: DownloadProgress
    wish: Wish = Wish.NONE

    @property
    def standing(self) -> Standing:
        """For the table of its life."""
        return Standing(self.progress.state, self.progress.pause_reason, self.wish)


@dataclass(frozen=True, slots=True)
class _SavedError:
    code: str
    what: str
    why: str
    next_steps: tuple[NextStep, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class _SavedJob:
    request: DownloadRequest
    state: DownloadState
    note: str = ""
    error: _SavedError | None = None
    pause_reason: PauseReason | None = None
    limit_bytes_s: int | None = None
    done_bytes: int = 0
    wish: Wish = Wish.NONE

    def standing(self) -> Standing:
        """As it was; the first version of this file had no reasons, and a full disk only as the error."""
        reason = self.pause_reason
        if self.state is not DownloadState.PAUSED:
            reason = None
        elif reason is None:
            is_full = self.error is not None and self.error.code == "disk_full"
            reason = PauseReason.DISK_FULL if is_full else PauseReason.USER
        return Standing(self.state, reason, self.wish)


@dataclass(frozen=True, slots=True)
class _SavedJobs:
    jobs: tuple[_SavedJob, ...] = ()


def save(jobs: tuple[Job, ...]) -> None:
    """Write all jobs that the user has not sent away."""
    write_json(_path(), _SavedJobs(tuple(_saved(job) for job in jobs if not job.standing.is_leaving)))


def load() -> tuple[tuple[Job, ...], str]:
    """Read all jobs; whatever ran or waited is PAUSED now, with the reason CLOSED.

    Returns:
        The jobs, and a sentence for the user when the file was damaged ("" otherwise). In that case the list is made anew
        from the records beside the partial files, so that no download is lost.
    """
    try:
        saved = (read_json(_SavedJobs, _path()) or _SavedJobs()).jobs
    except ValueError as error:
        kept = set_aside(_path(), error)
        jobs = _from_partials()
        note = say(
            "The list of downloads was damaged and is kept as {name}. {n} unfinished downloads were found on the disk again.",
            name=kept.name,
            n=len(jobs),
        )
        return jobs, note
    recent = {
        s.request.key
        for s in index.installed_sets()
        if time.time() - s.installed_unix_s < _SHOW_DONE_S and s.is_complete()
    }
    return tuple(
        _restored(job) for job in saved if job.state is not DownloadState.DONE or job.request.key in recent
    ), ""


def _from_partials() -> tuple[Job, ...]:
    """What the disk knows. Who paused what is lost with the list, so nothing of this starts by itself."""
    found = {p.journal.request.key: p.journal.request for p in journal.partials() if p.journal}
    return tuple(Job(r, replace(_paused(r), pause_reason=PauseReason.USER)) for r in found.values())


def _saved(job: Job) -> _SavedJob:
    now, problem = job.progress, job.progress.error
    error = (
        _SavedError(problem.code, problem.what, problem.why, problem.next_steps, problem.detail) if problem else None
    )
    return _SavedJob(
        job.request, now.state, now.note, error, now.pause_reason, now.limit_bytes_s, now.done_bytes, job.wish
    )


def _restored(saved: _SavedJob) -> Job:
    problem = saved.error
    error = UserError(problem.code, problem.what, problem.why, problem.next_steps, problem.detail) if problem else None
    standing = found_again(saved.standing())
    progress = replace(
        _paused(saved.request, saved.done_bytes),
        state=standing.state,
        pause_reason=standing.pause_reason,
        note=saved.note if standing.state is saved.state else "",
        limit_bytes_s=saved.limit_bytes_s if (saved.limit_bytes_s or 0) > 0 else None,
        error=error,
    )
    if standing.state is DownloadState.DONE:
        installed = index.find(saved.request.key)
        paths = tuple(map(str, installed.paths())) if installed else ()
        sums = tuple(f.sha256 or "" for f in saved.request.files)
        progress = replace(progress, paths=paths, sha256=sums, done_bytes=progress.total_bytes)
    return Job(saved.request, progress)


def _paused(request: DownloadRequest, saved_bytes: int = 0) -> DownloadProgress:
    """`saved_bytes` is believed only while the disk of a folder that the user chose is away."""
    is_away = request.folder is not None and not RepoCache.for_request(request).folder.is_dir()
    here = (
        min(max(0, saved_bytes), request.file_bytes)
        if is_away
        else _bytes_on_disk(request)
        if journal.is_pinned(request)
        else 0
    )
    return DownloadProgress(request.key, DownloadState.PAUSED, here, request.file_bytes, here)


def _bytes_on_disk(request: DownloadRequest) -> int:
    cache = RepoCache.for_request(request)
    return sum(
        (f.size_bytes or 0) if cache.finished(request.revision or "", f) is not None else present_bytes(cache, f)
        for f in request.files
    )


def _path() -> Path:
    return data_dir() / "downloads.json"
