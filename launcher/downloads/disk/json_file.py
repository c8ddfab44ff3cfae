"""Small JSON files that survive a crash while writing and are kept aside, never dropped, when they cannot be read."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from launcher.core.codec import from_json, to_json
from launcher.core.paths import data_dir

T = TypeVar("T")
_log = logging.getLogger("launcher.downloads")


class SharedFile(Generic[T]):
    """A value in a file of the data folder that several threads, and the window and the command line, read and change.

    Args:
        name: of the file.
        empty: the value where there is no file yet, or a damaged one (which is kept aside).
    """

    def __init__(self, name: str, empty: T) -> None:
        self._name, self._empty = name, empty
        self._thread_lock = threading.Lock()

    def read(self) -> T:
        """The value now."""
        path = data_dir() / self._name
        try:
            found = read_json(type(self._empty), path)
        except ValueError as error:
            set_aside(path, error)
            found = None
        return self._empty if found is None else found

    def change(self, change: Callable[[T], T]) -> T:
        """Write what `change` makes of the value; nobody else changes it meanwhile. Returns it.

        Raises:
            OSError: the disk refused; nothing has changed.
        """
        from filelock import FileLock

        path = data_dir() / self._name
        with self._thread_lock, FileLock(f"{path}.lock"):
            before = self.read()
            after = change(before)
            if after != before:
                write_json(path, after)
        return after


def write_json(path: Path, document: object) -> None:
    """Write a value in one step: a reader sees the old or the new file, never half of it. One writer at a time.

    A write that was killed leaves its temporary file; the name is fixed, so that the next write takes it over.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(to_json(document), stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)


def read_json(kind: type[T], path: Path) -> T | None:
    """Read a value; None when the file is not there.

    Raises:
        ValueError: it is there and not of that shape.
    """
    try:
        return from_json(kind, json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def set_aside(path: Path, problem: Exception) -> Path:
    """Rename an unreadable file so that the next write does not destroy it. Returns its new name."""
    kept = path.with_name(f"{path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    number = 2
    while kept.exists():
        kept = kept.with_name(f"{path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{number}{path.suffix}")
        number += 1
    os.replace(path, kept)
    _log.warning("%s could not be read (%s); kept as %s", path.name, problem, kept.name)
    return kept
