"""How far a load is, and how long it will take. llama.cpp says it per tensor, which is not enough.

A mapped file is read inside one call (MAP_POPULATE) before the first tensor is counted, and a tensor of merged experts has
gigabytes. So the kernel's own figures of this process are looked at beside: bytes that its system calls or the disk gave it, and pages
of files that it holds (Linux; elsewhere llama.cpp's word is all there is).
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import psutil

from launcher.engine.protocol import WEIGHTS_SHARE

_LOOK_S = 0.1
_WINDOW_S = 4.0
_KNOWN_AFTER_S = 0.4


class WeightsProgress:
    """Tells the progress of the weights while `llama_model_load_from_file` runs, ten times a second. A context manager.

    Args:
        size_bytes: of all shards.
        is_mapped: the file is mapped, not read.
        is_copied: what was read goes on to graphics cards, which counts for half.
        tell: called with the fraction of the weights, from two threads but never at the same time; it only grows.
    """

    def __init__(self, size_bytes: int, *, is_mapped: bool, is_copied: bool, tell: Callable[[float], None]) -> None:
        self._size_bytes = max(1, size_bytes)
        self._is_mapped = is_mapped
        self._is_two_steps = is_mapped and is_copied
        self._tell = tell
        self._lock = threading.Lock()
        self._told = 0.0
        self._counted = 0.0  # by llama.cpp
        self._before = self._taken_bytes()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="load-progress", daemon=True)

    def __enter__(self) -> WeightsProgress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def count(self, fraction: float) -> None:
        """What llama.cpp says."""
        self._counted = max(self._counted, fraction)
        if fraction >= 1.0:
            self._update()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            self._update()

    def _update(self) -> None:
        taken = min(1.0, (self._taken_bytes() - self._before) / self._size_bytes)
        fraction = (taken + self._counted) / 2 if self._is_two_steps else max(taken, self._counted)
        with self._lock:
            if fraction > self._told:
                self._told = fraction
                self._tell(fraction)

    def _taken_bytes(self) -> int:
        figures = _io_figures()
        if not self._is_mapped:
            return figures.get("rchar", 0)
        held = getattr(psutil.Process().memory_info(), "shared", 0)
        # A file larger than the RAM is not held as a whole; one that lies in the page cache is not read.
        return max(held, figures.get("read_bytes", 0))


class TimeLeft:
    """Seconds up to the end of the weights, at the pace of the last ones."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()

    def at(self, phase: str, fraction: float) -> float | None:
        """The time left, given how far the whole load is; None while it cannot be known."""
        if phase != "weights":
            return None
        now = self._clock()
        self._seen.append((now, fraction))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW_S:
            self._seen.popleft()
        since, before = self._seen[0]
        if now - since < _KNOWN_AFTER_S or fraction <= before:
            return None
        return (WEIGHTS_SHARE - fraction) * (now - since) / (fraction - before)


def size_of(path: str) -> int:
    """Bytes of a model's files: the one named, or all shards of its set."""
    first = Path(path)
    match = re.fullmatch(r"(.*)-00001-of-(\d{5})\.gguf", first.name)
    if not match:
        return first.stat().st_size
    shards = (first.with_name(f"{match[1]}-{i:05d}-of-{match[2]}.gguf") for i in range(1, int(match[2]) + 1))
    return sum(s.stat().st_size for s in shards if s.exists())


def _io_figures() -> dict[str, int]:
    """/proc/self/io; {} where there is none."""
    try:
        lines = Path("/proc/self/io").read_text("ascii").splitlines()
        return {name: int(value) for name, _, value in (line.partition(": ") for line in lines)}
    except (OSError, ValueError):
        return {}
