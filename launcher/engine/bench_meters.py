"""What a measurement has to know beside the engine: energy, and how much of a file lies in the page cache."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launcher.core.machine import Sample
from launcher.hardware.meters import Meters
from launcher.hardware.rapl import POWERCAP, PackageEnergy

_LOOK_S = 0.1
_FIRST_LOOK_S = 5.0  # a driver takes a moment to open; one that hangs must not keep the measurement


@dataclass(frozen=True, slots=True)
class _Cards:
    """What all cards together had taken at an instant, and the power from then on."""

    joules: float
    watts: float
    at: float

    def joules_at(self, now: float) -> float:
        return self.joules + self.watts * (now - self.at)


def _meters() -> Meters:
    return Meters(lambda: None)


class EnergyMeter:
    """Joules taken since it was made, of what can be read: processor packages (RAPL, Linux) and graphics cards.

    Cards tell watts: a thread looks ten times a second, and what they told last holds until the next look, so that runs shorter
    than that count too. Close it at the end.
    """

    def __init__(
        self,
        *,
        with_gpus: bool,
        rapl: Path = POWERCAP,
        meters: Callable[[], Meters] = _meters,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Returns once the cards have told their power for the first time. `meters` is called in the thread that reads them."""
        self._packages = PackageEnergy(rapl)
        self._make_meters = meters
        self._clock = clock
        self._cards: _Cards | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._has_looked = threading.Event()
        self._thread: threading.Thread | None = None
        if with_gpus:
            self._thread = threading.Thread(target=self._watch, name="bench-energy", daemon=True)
            self._thread.start()
            self._has_looked.wait(_FIRST_LOOK_S)

    @property
    def joules(self) -> float | None:
        """All together; None where nothing can be read."""
        known = [j for j in (self._packages.joules(), self._gpu_joules()) if j is not None]
        return sum(known) if known else None

    @property
    def sources(self) -> tuple[str, ...]:
        """What is counted: "cpu", "gpu"."""
        found = {"cpu": self._packages.joules(), "gpu": self._gpu_joules()}
        return tuple(name for name, joules in found.items() if joules is not None)

    def close(self) -> None:
        """End the thread."""
        self._over.set()
        if self._thread:
            self._thread.join()

    def _gpu_joules(self) -> float | None:
        with self._lock:
            return self._cards.joules_at(self._clock()) if self._cards else None

    def _watch(self) -> None:
        meters = self._make_meters()
        try:
            while not self._over.is_set():
                self._note(meters.sample())
                self._has_looked.set()
                self._over.wait(_LOOK_S)
        finally:
            meters.close()

    def _note(self, sample: Sample) -> None:
        watts = [g.power_w for g in sample.gpus if g.power_w is not None]
        with self._lock:
            now, before = self._clock(), self._cards
            if watts or before:
                self._cards = _Cards(before.joules_at(now) if before else 0.0, sum(watts), now)


def cached_share(path: Path) -> float | None:
    """How much of a file lies in the page cache, 0 to 1: whether a load reads memory or the disk. None where that is unknown.

    Shards: of the first one, which stands for all.
    """
    if sys.platform != "linux":
        return None
    try:
        with path.open("rb") as file:
            return _resident_share(file.fileno(), os.fstat(file.fileno()).st_size)
    except OSError:
        return None


def _resident_share(descriptor: int, size: int) -> float | None:
    """By mincore(2) on a mapping that is never read."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *(ctypes.c_int,) * 3, ctypes.c_long]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    read_only, shared, failed = 1, 1, ctypes.c_void_p(-1).value
    address = libc.mmap(None, size, read_only, shared, descriptor, 0)
    if not size or address in (None, failed):
        return None
    page = os.sysconf("SC_PAGE_SIZE")
    pages = -(-size // page)
    present = ctypes.create_string_buffer(pages)
    try:
        if libc.mincore(address, size, present):
            return None
        return sum(byte & 1 for byte in present.raw[:pages]) / pages
    finally:
        libc.munmap(address, size)
