"""huggingface_hub's own lock of a blob: a download of ours, one of another tool, and a move never meet at one file."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.words import say
from launcher.downloads.disk.cache import RepoCache


@contextmanager
def blob_lock(cache: RepoCache, file: ModelFile) -> Generator[None]:
    """Hold a file of a repository.

    Raises:
        UserError: "already_downloading": somebody else holds it.
    """
    from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

    path = cache.lock(file.sha256 or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock: BaseFileLock = FileLock(path, timeout=0, mode=0o664)
    try:
        try:
            lock.acquire()
        except NotImplementedError:  # a network file system without flock
            lock = SoftFileLock(path, timeout=0)
            lock.acquire()
    except Timeout:
        why = say("Another program, or another window of this one, is fetching {name} at this moment.", name=file.name)
        raise UserError(
            "already_downloading", "This file is already being fetched.", why, (NextStep("Try again", "retry"),)
        ) from None
    try:
        yield
    finally:
        lock.release()
