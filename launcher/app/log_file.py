"""The log on the disk: one file that is written, and older ones beside it."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path


class LogFile(logging.FileHandler):
    """Writes UTF-8 lines; a full file becomes `name.1`, that one `name.2` and so on, and the oldest goes.

    The standard library's handler does the same, but its module loads sockets, pickles and queues: 12 ms before the window.
    """

    def __init__(self, path: Path, *, most_bytes: int, n_older: int) -> None:
        super().__init__(path, encoding="utf-8")
        self._most_bytes, self._n_older = most_bytes, n_older

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; the lock of the handler is held."""
        try:
            super().emit(record)
            stream = self.stream
            if stream is not None and os.fstat(stream.fileno()).st_size >= self._most_bytes:
                stream.close()
                self._begin_anew()
        except OSError:  # the folder is gone
            self.handleError(record)

    def _begin_anew(self) -> None:
        self.stream = None  # the base class opens it with the next record
        names = [self.baseFilename, *(f"{self.baseFilename}.{n}" for n in range(1, self._n_older + 1))]
        # A file that another program holds open (Windows) or that is not there stays what it is: the log goes on in any case.
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            with suppress(OSError):
                os.replace(newer, older)
