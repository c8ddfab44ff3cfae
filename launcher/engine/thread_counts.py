"""Thread counts that were measured after a load, by processor and size of the model: a small JSON file in the data folder.

Found once, used by every later load of a model of about that size on this processor; `launcher calibrate --forget` or
deleting the file measures again.
"""

from __future__ import annotations

from pathlib import Path

from launcher.core.generation import LoadRequest
from launcher.core.paths import data_dir
from launcher.engine.findings import keep_finding, read_finding

_FILE = "thread-counts.json"
_MOST_THREADS = 512


def remembered_threads(processor: str, request: LoadRequest) -> int:
    """The count to use; 0 when none was measured or the placement fixes it."""
    if request.placement.is_threads_fixed:
        return 0
    return _read().get(_key(processor, request), 0)


def remember_threads(processor: str, request: LoadRequest, threads: int) -> None:
    """Keep what was measured after this load."""
    keep_finding(_FILE, {**_read(), _key(processor, request): threads})


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
    found = read_finding(_FILE, dict[str, int]) or {}
    return {key: threads for key, threads in found.items() if 0 < threads <= _MOST_THREADS}
