"""One file to another place: an instant on the same file system, else a copy that is read back from the disk and compared."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from launcher.core.errors import NextStep, UserError
from launcher.core.words import say
from launcher.downloads.disk.cache import size_of
from launcher.downloads.disk.space import is_same_disk
from launcher.downloads.stopped import StoppedError

_BLOCK = 4 << 20
_ZEROS = bytes(_BLOCK)


def data_bytes(path: Path) -> int:
    """What a file takes on the disk: holes count nothing, where the system can tell."""
    stat = path.stat()
    blocks = getattr(stat, "st_blocks", None)
    return stat.st_size if blocks is None else min(stat.st_size, blocks * 512)


def bring(
    source: Path,
    target: Path,
    sha256: str | None,
    on_work: Callable[[int], None],
    stop: threading.Event,
    *,
    may_rename: bool,
) -> bool:
    """Let `target` hold what `source` holds. An unfinished copy of an earlier run is gone on with where `sha256` is known.

    On one file system `target` becomes a second name of the same bytes; where the file system knows no second names the
    file is renamed when `may_rename`, else copied. Holes stay holes.

    Args:
        source: the file itself, no link.
        target: in a folder that exists.
        sha256: what the content must be; None: the copy is compared with what was read.
        on_work: called with bytes of work done; the whole comes to twice the size (written, and read back).
        stop: set it to leave.
        may_rename: whether the source may lose its name.

    Returns:
        Whether the content was read back and compared; else it is the same bytes as before, right or wrong.

    Raises:
        StoppedError: `stop` was set; what is copied stays at `target`.
        UserError: "copy_damaged": the copy is not what it must be; it is deleted.
        OSError: a disk refused.
    """
    size = source.stat().st_size
    if target.exists() and os.path.samefile(source, target):
        on_work(2 * size)
        return False
    if _give_second_name(source, target) or (may_rename and _rename(source, target)):
        on_work(2 * size)
        return False
    copied = _copy(source, target, sha256 is not None, on_work, stop)
    again = _digest(target, [(0, size)] if sha256 else copied.ranges, on_work, stop)
    on_work(2 * (size - copied.bytes) if sha256 is None else size - copied.bytes)
    if again != (sha256 or copied.digest):
        target.unlink()
        raise UserError(
            "copy_damaged",
            "The copy is not what it should be.",
            say("{name} read back from {folder} has another checksum.", name=source.name, folder=target.parent),
            (NextStep("Try again", "retry"), NextStep("Check the model: launcher library verify")),
            f"{again}, expected {sha256 or copied.digest}",
        )
    return True


class _Copied:
    """What a copy wrote: its ranges, their digest (of this run only) and how many bytes were looked at."""

    def __init__(self) -> None:
        import hashlib  # OpenSSL, 4 MB: only when something moves

        self.ranges: list[tuple[int, int]] = []
        self.bytes = 0
        self._sum = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._sum.hexdigest()

    def add(self, start: int, block: bytes) -> None:
        self._sum.update(block)
        if self.ranges and self.ranges[-1][1] == start:
            self.ranges[-1] = (self.ranges[-1][0], start + len(block))
        else:
            self.ranges.append((start, start + len(block)))


def _copy(
    source: Path, target: Path, may_go_on: bool, on_work: Callable[[int], None], stop: threading.Event
) -> _Copied:
    done = _Copied()
    size = source.stat().st_size
    begin = min(size_of(target) or 0, size) // _BLOCK * _BLOCK if may_go_on else 0
    on_work(begin)
    done.bytes = begin
    with source.open("rb", buffering=0) as read, target.open("r+b" if begin else "wb", buffering=0) as write:
        write.truncate(begin)
        for first, end in _data_ranges(read, size):
            start = max(first, begin)
            while start < end:
                if stop.is_set():
                    raise StoppedError
                read.seek(start)
                block = read.read(min(_BLOCK, end - start))
                if not block:
                    raise OSError(errno.EIO, os.strerror(errno.EIO), str(source))  # it became shorter meanwhile
                if block != _ZEROS[: len(block)]:
                    _write_all(write, start, block)
                    done.add(start, block)
                start += len(block)
                done.bytes += len(block)
                on_work(len(block))
        write.truncate(size)
        os.fsync(write.fileno())
    return done


def _write_all(stream: BinaryIO, start: int, block: bytes) -> None:
    stream.seek(start)
    rest = memoryview(block)
    while rest:
        rest = rest[stream.write(rest) :]


def _data_ranges(stream: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """The parts of a file that hold data, as far as the system can tell."""
    seek_data, seek_hole = getattr(os, "SEEK_DATA", None), getattr(os, "SEEK_HOLE", None)
    if seek_data is None or seek_hole is None:
        yield 0, size
        return
    position = 0
    while position < size:
        try:
            start = os.lseek(stream.fileno(), position, seek_data)
            end = os.lseek(stream.fileno(), start, seek_hole)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole up to the end
                return
            yield position, size  # a file system that does not know
            return
        yield start, min(end, size)
        position = end


def _digest(path: Path, ranges: list[tuple[int, int]], on_work: Callable[[int], None], stop: threading.Event) -> str:
    """The sha256 of ranges of a file, from the disk itself where the system lets go of what it remembers."""
    import hashlib

    total = hashlib.sha256()
    buffer = bytearray(_BLOCK)
    with path.open("rb", buffering=0) as stream:
        advise = getattr(os, "posix_fadvise", None)
        if advise is not None:
            with contextlib.suppress(OSError):
                advise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        for start, end in ranges:
            stream.seek(start)
            left = end - start
            while left:
                if stop.is_set():
                    raise StoppedError
                count = stream.readinto(memoryview(buffer)[: min(left, _BLOCK)])
                if not count:
                    return ""
                total.update(memoryview(buffer)[:count])
                left -= count
                on_work(count)
    return total.hexdigest()


def _give_second_name(source: Path, target: Path) -> bool:
    if not is_same_disk(source, target):
        return False
    try:
        target.unlink(missing_ok=True)
        os.link(source, target)
    except OSError:
        return False
    return True


def _rename(source: Path, target: Path) -> bool:
    if not is_same_disk(source, target):
        return False
    try:
        os.replace(source, target)
    except OSError:
        return False
    return True
