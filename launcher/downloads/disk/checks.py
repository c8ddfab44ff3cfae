"""What came of comparing files with their checksums. Of a file that has changed since, nothing is known any more."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.core.downloads import Installed
from launcher.downloads.disk.json_file import SharedFile

_CLOCK_SLACK_S = 2.0  # FAT counts time in steps of this


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file at one time.

    Attributes:
        path: the file itself, links resolved.
        changed_ns: when it was last changed, as it was when it was read.
        sha256: what was computed.
        is_right: whether the publisher says the same; None where nobody publishes a checksum.
    """

    path: str
    size_bytes: int
    changed_ns: int
    sha256: str
    is_right: bool | None
    checked_unix_s: float


@dataclass(frozen=True, slots=True)
class _Checks:
    files: tuple[FileCheck, ...] = ()


_FILE = SharedFile("verified.json", _Checks())


def remember(results: Iterable[tuple[Path, str, bool | None]]) -> None:
    """Keep results: file, its sha256 as computed, and whether that is right. Those of deleted files are dropped."""
    now = time.time()
    new: dict[str, FileCheck] = {}
    for path, sha256, is_right in results:
        real = path.resolve()
        stat = real.stat()
        new[str(real)] = FileCheck(str(real), stat.st_size, stat.st_mtime_ns, sha256, is_right, now)

    def change(before: _Checks) -> _Checks:
        kept = (c for c in before.files if c.path not in new and not _is_deleted(Path(c.path)))
        return _Checks((*new.values(), *kept))

    _FILE.change(change)


class Known:
    """All results, read once: for looking many files up."""

    def __init__(self) -> None:
        self._checks = {c.path: c for c in _FILE.read().files}

    def of(self, path: Path) -> FileCheck | None:
        """The result of a file as it is now; None when it was not checked, or has changed since."""
        try:
            real = path.resolve()
            found, stat = self._checks.get(str(real)), real.stat()
        except (OSError, RuntimeError):
            return None
        if found is None or (found.size_bytes, found.changed_ns) != (stat.st_size, stat.st_mtime_ns):
            return None
        return found

    def is_stale(self, path: Path) -> bool:
        """Whether a file was checked and has changed since."""
        try:
            return str(path.resolve()) in self._checks and self.of(path) is None
        except (OSError, RuntimeError):
            return False

    def is_verified(self, files: Sequence[Path], recorded_unix_s: float | None = None) -> bool:
        """Whether every file is as its publisher made it.

        Args:
            files: all files of a model.
            recorded_unix_s: when our own download of them was verified, for those that were never checked again.
        """
        return bool(files) and all(self._is_right(path, recorded_unix_s) for path in files)

    def _is_right(self, path: Path, recorded_unix_s: float | None) -> bool:
        found = self.of(path)
        if found is not None:
            return found.is_right is True
        try:
            real = path.resolve()
            if str(real) in self._checks or recorded_unix_s is None:
                return False  # it has changed since, or was never looked at
            return real.stat().st_mtime <= recorded_unix_s + _CLOCK_SLACK_S
        except (OSError, RuntimeError):
            return False

    def checked_unix_s(self, files: Sequence[Path]) -> float | None:
        """When all files were last compared; None when one was not, or has changed."""
        found = [self.of(path) for path in files]
        times = [c.checked_unix_s for c in found if c is not None]
        return min(times) if times and len(times) == len(found) else None

    def with_standing(self, model: Installed, recorded_unix_s: float | None = None) -> Installed:
        """An entry of the library with its true `verified`."""
        files = [Path(f) for f in model.files or (model.path,)]
        return replace(model, verified=self.is_verified(files, recorded_unix_s))


def _is_deleted(path: Path) -> bool:
    """Gone for good: not merely on a disk that is away."""
    return not path.exists() and path.parent.exists()
