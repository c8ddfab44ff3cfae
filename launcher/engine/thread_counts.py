"""Thread counts that were measured after a load, by processor and size of the model: a small JSON file in the data folder.

Found once, used by every later load of a model of about that size on this processor; `launcher calibrate --forget` or
deleting the file measures again.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from launcher.core.generation import LoadRequest
from launcher.core.paths import data_dir

_FILE = "thread-counts.json"
_log = logging.getLogger(__name__)


def remembered_threads(processor: str, request: LoadRequest) -> int:
    """The count to use; 0 when none was measured or the placement fixes it."""
    if request.placement.is_threads_fixed:
        return 0
    return _read().get(_key(processor, request), 0)


def remember_threads(processor: str, request: LoadRequest, threads: int) -> None:
    """Keep what was measured after this load."""
    path = data_dir() / _FILE
    try:
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps({**_read(), _key(processor, request): threads}, indent=2), "utf-8")
        os.replace(temporary, path)
    except OSError as error:  # it will be measured again
        _log.info("could not write %s: %s", path, error)


def forget_threads() -> None:
    """Measure again from now on."""
    (data_dir() / _FILE).unlink(missing_ok=True)


def _key(processor: str, request: LoadRequest) -> str:
    """Processor, planned count (a container may give more cores another day) and the power of two of the file's size."""
    try:
        size_class = Path(request.path).stat().st_size.bit_length()
    except OSError:
        size_class = 0
    return f"{processor} | {request.placement.threads} | 2^{size_class}"


def _read() -> dict[str, int]:
    try:
        data = json.loads((data_dir() / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(data, dict):
        return {}
    found: dict[str, int] = {}
    for key, value in data.items():  # pyright: ignore[reportUnknownVariableType]
        if isinstance(key, str) and isinstance(value, int) and 0 < value <= 512:
            found[key] = value
    return found
