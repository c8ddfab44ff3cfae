"""What was found out about this computer, in small JSON files in the data folder; a lost file costs finding it out again."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TypeVar

from launcher.core.codec import from_json, to_json
from launcher.core.paths import data_dir

T = TypeVar("T")

_log = logging.getLogger(__name__)


def read_finding(name: str, kind: type[T]) -> T | None:
    """What the file `name` holds; None where there is none or it is damaged."""
    try:
        return from_json(kind, json.loads((data_dir() / name).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        _log.info("%s is not used: %s", name, error)
        return None


def keep_finding(name: str, value: object) -> None:
    """Write the file `name`; that it could not be written is only logged."""
    try:
        write_json(data_dir() / name, value)
    except OSError as error:
        _log.info("could not write %s: %s", name, error)


def write_json(path: Path, value: object) -> None:
    """In one step: a reader sees the old or the new file, whoever else writes it.

    Raises:
        OSError: the folder cannot be written; the old file stays.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(to_json(value), indent=1), "utf-8")
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
