"""A partial file: written in place by several connections, read back by the hasher; gaps take no room on the disk."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from launcher.core.models import ModelFile
from launcher.downloads.disk.block_map import recorded_bytes
from launcher.downloads.disk.cache import RepoCache, size_of

_BLOCK = 1 << 20
_PROBE_AHEAD = 1 << 22
_FSCTL_SET_SPARSE = 0x900C4
_SYNC_FILE_RANGE_WRITE = 2
_sync_file_range = getattr(ctypes.CDLL(None), "sync_file_range", None) if sys.platform == "linux" else None


class PartFile:
    """Bytes at any offset. Opening an existing file keeps its bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Unbuffered: after a SIGKILL everything received is in the file, and a full disk shows at the write that hits it.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    @property
    def size_bytes(self) -> int:
        """Length of the file, gaps included."""
        return os.fstat(self._file).st_size

    def can_have_gaps(self) -> bool:
        """Whether bytes far ahead may be written without the system filling everything before them with zeros.

        FAT and exFAT cannot: a connection that writes 200 MB ahead would stand still for as long as 200 MB take. Tried out
        with a byte a little behind the end, which is taken away again.
        """
        if sys.platform == "win32":
            return self._mark_sparse()
        before = os.fstat(self._file)
        try:
            os.pwrite(self._file, b"\0", before.st_size + _PROBE_AHEAD)
        except OSError:
            return False  # a full disk, a limit: the transfer itself will run into it and say so
        after = os.fstat(self._file)
        os.ftruncate(self._file, before.st_size)
        return (after.st_blocks - before.st_blocks) * 512 < _PROBE_AHEAD // 2

    def write(self, data: memoryview, offset: int) -> int:
        """Write as much as the disk takes in one go. Returns how much that was.

        Raises:
            OSError: it took nothing.
        """
        if hasattr(os, "pwrite"):
            count = os.pwrite(self._file, data, offset)
        else:
            with self._lock:
                os.lseek(self._file, offset, os.SEEK_SET)
                count = os.write(self._file, data)
        if not count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return count

    def read(self, buffer: memoryview, offset: int) -> int:
        """Fill a buffer from an offset on. Returns how much there was."""
        done = 0
        while done < len(buffer) and (count := self._read(buffer[done:], offset + done)):
            done += count
        return done

    def cut(self, size_bytes: int) -> None:
        """Take away what lies beyond the wanted size."""
        if self.size_bytes > size_bytes:
            os.ftruncate(self._file, size_bytes)

    def start_writing(self, offset: int, count: int) -> None:
        """Have the system write these bytes to the disk meanwhile, so that `sync` has little left to wait for. A hint."""
        if _sync_file_range is not None:
            _sync_file_range(self._file, ctypes.c_int64(offset), ctypes.c_int64(count), _SYNC_FILE_RANGE_WRITE)

    def sync(self) -> None:
        """To the disk itself, so that a power cut after the rename cannot leave an empty file."""
        os.fsync(self._file)

    def _read(self, buffer: memoryview, offset: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file, [buffer], offset)
        with self._lock:
            os.lseek(self._file, offset, os.SEEK_SET)
            data = os.read(self._file, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _mark_sparse(self) -> bool:
        """NTFS needs to be told; file systems without gaps refuse."""
        if sys.platform != "win32":
            return False
        import msvcrt

        handle = ctypes.c_void_p(msvcrt.get_osfhandle(self._file))
        count = ctypes.c_ulong()
        return bool(
            ctypes.windll.kernel32.DeviceIoControl(
                handle, _FSCTL_SET_SPARSE, None, 0, None, 0, ctypes.byref(count), None
            )
        )


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
    import hashlib  # OpenSSL, 4 MB: only when something is read whole

    total = hashlib.sha256()
    block = memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(block):
            total.update(block[:count])
            if is_stopped():
                return None
    return total.hexdigest()
