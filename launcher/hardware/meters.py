"""The live meters: one `Sample` a call, 1-2 ms, meant for 2 Hz in one thread."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from launcher.core.machine import Sample
from launcher.hardware.memory import read_ram
from launcher.hardware.rapl import PackageEnergy
from launcher.hardware.sources import once_each, open_sources

_SLOW_VALUES_S = 5.0


class Meters:
    """Reads everything that moves. Not thread-safe: make it and use it in the same thread; `close` releases the drivers."""

    def __init__(
        self,
        engine_pid: Callable[[], int | None],
        *,
        root: Path = Path("/"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start reading.

        Args:
            engine_pid: the engine's process now, or None; its memory counts as this program's.
            root: where /proc and /sys are; for recorded machines.
            clock: seconds, for tests.
        """
        self._engine_pid = engine_pid
        self._root = root
        self._clock = clock
        self._sources = open_sources(root)
        self._packages = PackageEnergy(root / "sys" / "class" / "powercap")
        self._window = psutil.Process()
        self._engine: psutil.Process | None = None
        self._swap_used_bytes = 0
        self._swap_read_at = -math.inf
        self._cpu_before = _cpu_seconds()
        self._cpu_load = 0.0

    def sample(self) -> Sample:
        """All meters now; GPUs in the order of `probe` except that the engine's view is not in it (match by PCI bus id)."""
        engine_pid = self._engine_pid()
        pids = frozenset({os.getpid()} | ({engine_pid} if engine_pid else set[int]()))
        ram = read_ram(self._root)
        window = _resident(self._window)
        return Sample(
            monotonic_s=self._clock(),
            ram_total_bytes=ram.total_bytes,
            ram_free_bytes=ram.free_bytes,
            ram_used_by_app_bytes=window + self._engine_resident(engine_pid),
            ram_used_by_window_bytes=window,
            swap_used_bytes=self._swap(),
            cpu_load=self._load(),
            gpus=once_each([gpu for source in self._sources for gpu in source.sample(pids)]),
            cpu_joules=self._packages.joules(),
        )

    def close(self) -> None:
        """Release the drivers."""
        for source in self._sources:
            source.close()

    def _engine_resident(self, pid: int | None) -> int:
        if pid is None:
            self._engine = None
            return 0
        if self._engine is None or self._engine.pid != pid:
            try:
                self._engine = psutil.Process(pid)
            except psutil.Error:  # it ended a moment ago
                self._engine = None
                return 0
        return _resident(self._engine)

    def _swap(self) -> int:
        if self._clock() - self._swap_read_at >= _SLOW_VALUES_S:
            self._swap_used_bytes = psutil.swap_memory().used
            self._swap_read_at = self._clock()
        return self._swap_used_bytes

    def _load(self) -> float:
        """Share of all processors' time since the last call. psutil.cpu_percent remembers per thread; this does not."""
        busy, total = _cpu_seconds()
        busy_before, total_before = self._cpu_before
        if total > total_before:
            self._cpu_load = min(1.0, max(0.0, (busy - busy_before) / (total - total_before)))
            self._cpu_before = (busy, total)
        return self._cpu_load


def _cpu_seconds() -> tuple[float, float]:
    """(busy, busy and idle) seconds of all processors since the computer started."""
    times = psutil.cpu_times()
    # Linux counts guests in user time too; waiting for the disk is not work.
    idle = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    total = sum(times) - guests
    return total - idle, total


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
