"""Small JSON files that survive a crash while writing and are kept aside, never dropped, when they cannot be read."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import TypeVar

from launcher.core.codec import from_json, to_json

T = TypeVar("T")
_log = logging.getLogger("launcher.downloads")


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
