"""The queue's memory: every item that is not forgotten, kept in one JSON file."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.core.paths import data_dir
from launcher.core.words import say
from launcher.downloads import index, journal
from launcher.downloads.cache import RepoCache, size_of
from launcher.downloads.json_file import read_json, set_aside, write_json

_SHOW_DONE_S = 24 * 3600.0
_RESTING = (DownloadState.PAUSED, DownloadState.DONE, DownloadState.FAILED)


@dataclass(frozen=True, slots=True)
class Job:
    """An item and how it stands."""

    request: DownloadRequest
    progress: DownloadProgress


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


@dataclass(frozen=True, slots=True)
class _SavedJobs:
    jobs: tuple[_SavedJob, ...] = ()


def save(jobs: tuple[Job, ...]) -> None:
    """Write all jobs."""
    write_json(_path(), _SavedJobs(tuple(_saved(job) for job in jobs)))


def load() -> tuple[tuple[Job, ...], str]:
    """Read all jobs; whatever was running is PAUSED now.

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
    found = {p.journal.request.key: p.journal.request for p in journal.partials() if p.journal}
    return tuple(Job(request, _paused(request)) for request in found.values())


def _saved(job: Job) -> _SavedJob:
    problem = job.progress.error
    error = (
        _SavedError(problem.code, problem.what, problem.why, problem.next_steps, problem.detail) if problem else None
    )
    return _SavedJob(job.request, job.progress.state, job.progress.note, error)


def _restored(saved: _SavedJob) -> Job:
    problem = saved.error
    error = UserError(problem.code, problem.what, problem.why, problem.next_steps, problem.detail) if problem else None
    state = saved.state if saved.state in _RESTING else DownloadState.PAUSED
    progress = replace(
        _paused(saved.request), state=state, note=saved.note if state is saved.state else "", error=error
    )
    if state is DownloadState.DONE:
        installed = index.find(saved.request.key)
        paths = tuple(map(str, installed.paths())) if installed else ()
        sums = tuple(f.sha256 or "" for f in saved.request.files)
        progress = replace(progress, paths=paths, sha256=sums, done_bytes=progress.total_bytes)
    return Job(saved.request, progress)


def _paused(request: DownloadRequest) -> DownloadProgress:
    here = _bytes_on_disk(request) if journal.is_pinned(request) else 0
    return DownloadProgress(request.key, DownloadState.PAUSED, here, request.file_bytes, here)


def _bytes_on_disk(request: DownloadRequest) -> int:
    cache = RepoCache.for_request(request)
    total = 0
    for file in request.files:
        finished = cache.finished(request.revision or "", file) is not None
        total += (
            (file.size_bytes or 0)
            if finished
            else min(size_of(cache.part(file.sha256 or "")) or 0, file.size_bytes or 0)
        )
    return total


def _path() -> Path:
    return data_dir() / "downloads.json"
