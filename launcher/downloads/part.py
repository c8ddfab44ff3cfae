"""A partial file: filled from its front, with the sha256 of everything in it always in step."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from launcher.core.models import ModelFile
from launcher.downloads.block_map import recorded_bytes
from launcher.downloads.cache import RepoCache, size_of

_BLOCK = 1 << 20


class PartFile:
    """Append-only bytes plus their running sha256. Opening an existing one keeps its bytes; `rehash` takes them into the sum."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Unbuffered: after a SIGKILL everything received is in the file, and a full disk shows at the write that hits it.
        self._stream = os.fdopen(
            os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b", buffering=0
        )
        self._sum = hashlib.sha256()
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def rehash(self, is_stopped: Callable[[], bool]) -> bool:
        """Read what an earlier run left. Returns False when stopped on the way (the bytes stay)."""
        block = memoryview(bytearray(_BLOCK))
        self._stream.seek(0)
        self._sum = hashlib.sha256()
        self.size_bytes = 0
        while count := self._stream.readinto(block):
            self._sum.update(block[:count])
            self.size_bytes += count
            if is_stopped():
                return False
        return True

    def write(self, data: bytes) -> None:
        """Append. When the disk refuses in the middle, what it took is right and stays for the next run; this one is over."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._stream.write(rest) :]
        self._sum.update(data)
        self.size_bytes += len(data)

    def restart(self) -> None:
        """Begin anew: the server cannot continue, or the bytes are known to be bad."""
        self._stream.seek(0)
        self._stream.truncate()
        self._sum = hashlib.sha256()
        self.size_bytes = 0

    def sync(self) -> None:
        """To the disk itself, so that a power cut after the rename cannot leave an empty file."""
        os.fsync(self._stream.fileno())

    def sha256(self) -> str:
        """Of everything in the file."""
        return self._sum.hexdigest()


def present_bytes(cache: RepoCache, file: ModelFile) -> int:
    """Bytes of a file that its partial file holds (its length says nothing: it has gaps). 0 when there is none."""
    size, sha256 = file.size_bytes or 0, file.sha256 or ""
    length = size_of(cache.part(sha256))
    if length is None:
        return 0
    recorded = recorded_bytes(cache.map(sha256), sha256, size)
    if recorded is None:  # of a version without maps: no gaps; or its map is lost: what takes room on the disk
        return min(length, size, _allocated(cache.part(sha256), length))
    return min(recorded, length)


def room_bytes(cache: RepoCache, file: ModelFile) -> int:
    """Disk space that a partial file takes already, as far as it serves the wanted file."""
    size, part = file.size_bytes or 0, cache.part(file.sha256 or "")
    length = size_of(part) or 0
    return max(present_bytes(cache, file), min(_allocated(part, 0), length, size))


def _allocated(path: Path, otherwise: int) -> int:
    """Bytes that a file takes on the disk; `otherwise` where the system does not say."""
    try:
        blocks = getattr(path.stat(), "st_blocks", None)
    except OSError:
        return otherwise
    return otherwise if blocks is None else blocks * 512


def sha256_of(path: Path, is_stopped: Callable[[], bool]) -> str | None:
    """A whole file's sha256; None when stopped on the way."""
    total = hashlib.sha256()
    block = memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(block):
            total.update(block[:count])
            if is_stopped():
                return None
    return total.hexdigest()
