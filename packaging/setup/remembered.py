"""What set-up remembers between runs: a JSON object of texts in a file of `build`, replaced whole.

A file that is missing or damaged remembers nothing; then the work is done again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast


def read(path: Path) -> dict[str, str]:
    """What was noted last."""
    try:
        data: object = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(data, dict):
        return {}
    return {str(key): str(value) for key, value in cast("dict[object, object]", data).items()}


def write(path: Path, notes: Mapping[str, str]) -> None:
    """Replace what was noted; a reader sees the old notes or the new ones."""
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(json.dumps(notes, indent=1), "utf-8")
    fresh.replace(path)
