"""Other programs' small files: a manifest, a settings file. Read whole, up to a limit; None where there is nothing sensible."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

MAX_BYTES = 2**20


def read_text(path: Path) -> str | None:
    """The text of a regular file of at most 1 MiB."""
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return None
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        return raw.decode("utf-8-sig") if len(raw) <= MAX_BYTES else None
    except (OSError, ValueError):
        return None


def read_object(path: Path) -> dict[str, object]:
    """The JSON object in a file; {} where there is none."""
    text = read_text(path)
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return {}
    return as_object(found)


def as_object(value: object) -> dict[str, object]:
    """A JSON value that should be an object; {} where it is none."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """A JSON value that should be a list; [] where it is none."""
    return cast("list[object]", value) if isinstance(value, list) else []
