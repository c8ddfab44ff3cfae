"""Whose file it is: the program with the window holds a lock beside it, so that others that look in leave its work alone."""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path

_log = logging.getLogger(__name__)
_PATIENCE_S = 2.0
_PAUSE_S = 0.02


class Ownership:
    """A lock of the operating system: it ends with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        """`path`: the file it is about; the lock is the file of that name with ".lock" after it."""
        self._path = path.with_name(f"{path.name}.lock")
        self._file: int | None = None

    def claim(self) -> None:
        """Take it, for the program that is the only one with a window: another one only holds it while it looks in."""
        end = time.monotonic() + _PATIENCE_S
        while not self.try_claim():
            if time.monotonic() >= end:
                _log.warning("%s is held by another program", self._path.name)
                return
            time.sleep(_PAUSE_S)

    def try_claim(self) -> bool:
        """Take it unless somebody has it. A disk that knows no locks counts as free."""
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            _log.info("%s cannot be opened: %s", self._path.name, error)
            return True
        try:
            _lock(file)
        except (BlockingIOError, PermissionError):
            os.close(file)
            return False
        except OSError as error:
            _log.info("%s cannot be locked: %s", self._path.name, error)
        self._file = file
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        # Of the process, not of the open file: a store that is opened once more in one process is the same owner.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
