"""How fast this program reads RAM: measured once per computer in about a third of a second, then remembered.

Every thread reads its own buffer, far larger than the processor's caches, with the C library's own search (`memchr` for a
byte that is not there) or comparison (`memcmp` of equal halves); ctypes lets go of Python's lock meanwhile. On a Zen 4 server
`memchr` gave 0.95 times what a C loop summing 64-bit words gave in turns with it on the same buffers (22 and 23 GB/s on two
cores; 0.9 to 1.3 while others used the machine), `memcmp` 1.02 to 1.5 times: two streams per core are fetched ahead better.
So `memchr` is taken unless it is the slower function.
"""

from __future__ import annotations

import ctypes
import json
import math
import mmap
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher.core.codec import from_json, to_json
from launcher.core.machine import Cpu, Ram
from launcher.core.paths import cache_dir
from launcher.core.units import MIB, gib
from launcher.core.words import say
from launcher.hardware.apple import sysctl_int
from launcher.hardware.cgroup import cpu_limit
from launcher.hardware.kernel_files import list_dir, read_text

Reader = Callable[[int, int], object]
"""Reads all of (address, length); the bytes there are all `_FILL`."""

_METHOD = 1  # another number when a change below gives other figures: what was remembered is then measured again
_FILL, _ABSENT = 1, 2

_FILL_S = 0.2  # new memory costs a page fault per page; on virtual machines that is slower than reading it
_PASS_S, _PASSES = 0.025, 5
_STEP_BYTES = 4 * MIB  # per call: long enough that Python's part does not show, short enough to end a pass in time
_MOST_THREADS = 64
_CACHED_BYTES = MIB // 4  # fits the second-level cache of every processor of the last fifteen years

_RAM_SHARE = 0.05  # of what is free
_LEAST_BYTES = 96 * MIB
_USUAL_CACHE_BYTES = 64 * MIB  # where the system does not tell; more than nearly all desktops have
_CACHE_FACTOR_LEAST, _CACHE_FACTOR = (
    3,
    5,
)  # of the last cache: reading round and round in three times its size finds nothing there

_MEMORY_BOUND = 0.7  # of what the function does in the cache: above that it is the function that was measured
_STEADY = 0.85  # the middle pass against the best; below it something else was using the memory
_MOST_TRIES = 3
_PLAUSIBLE_BYTES_S = (1e9, 2e12)

_lock = threading.Lock()  # two measurements at once would each find half


@dataclass(frozen=True, slots=True)
class RamSpeed:
    """Bytes per second, or None and a sentence that says why not."""

    bytes_s: float | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The passes of one measurement, bytes per second each; none when it was not possible, and `problem` says why."""

    passes: tuple[float, ...] = ()
    problem: str = ""

    @property
    def best(self) -> float:
        """Other programs only take bandwidth away, so the highest pass is the nearest to the truth."""
        return max(self.passes)

    @property
    def is_steady(self) -> bool:
        """The passes agree."""
        return sorted(self.passes)[len(self.passes) // 2] >= _STEADY * self.best


@dataclass(frozen=True, slots=True)
class _Remembered:
    """The file's content. `tries_left`: how often it is measured again, because something disturbed it so far."""

    method: int
    processor: str
    cores: int
    ram_bytes: int
    bandwidth_bytes_s: float
    tries_left: int

    def is_of(self, cpu: Cpu, ram: Ram) -> bool:
        """It was measured here, in this way, and makes sense."""
        here = (_METHOD, cpu.name, cpu.cores, ram.total_bytes)
        return (self.method, self.processor, self.cores, self.ram_bytes) == here and _is_plausible(
            self.bandwidth_bytes_s
        )


def read_speed(cpu: Cpu, ram: Ram, measure: Callable[[Cpu, Ram], Measurement] | None = None) -> RamSpeed:
    """What is remembered of this computer, else measured now (0.4 s at most) and remembered.

    A measurement that something disturbed counts too, but the next two calls measure again and the best is kept.
    """
    with _lock:
        known = _recall()
        if known is not None and not known.is_of(cpu, ram):
            known = None
        if known is not None and known.tries_left <= 0:
            return RamSpeed(known.bandwidth_bytes_s)
        measured = (measure or measure_here)(cpu, ram)
        if not measured.passes:
            return RamSpeed(known.bandwidth_bytes_s) if known is not None else RamSpeed(None, measured.problem)
        best = max(measured.best, known.bandwidth_bytes_s if known is not None else 0.0)
        left = 0 if measured.is_steady else (known.tries_left if known is not None else _MOST_TRIES) - 1
        _remember(_Remembered(_METHOD, cpu.name, cpu.cores, ram.total_bytes, best, left))
        return RamSpeed(best)


def measure_here(cpu: Cpu, ram: Ram, root: Path = Path("/")) -> Measurement:
    """Measure with one thread per core. Takes at most a twentieth of the free RAM, and gives it back."""
    allowed = cpu_limit(root) if sys.platform == "linux" else None
    if allowed is not None and allowed < 1:  # cores are rounded down, so from 1 on nothing is held back while measuring
        return Measurement(
            problem=say("this program may use {n} of one processor, too little to measure it.", n=f"{allowed:g}")
        )
    cache = last_cache_bytes(root) or _USUAL_CACHE_BYTES
    least = max(_LEAST_BYTES, _CACHE_FACTOR_LEAST * cache)
    most = int(ram.free_bytes * _RAM_SHARE)
    if most < least:
        needed = gib(least / _RAM_SHARE)
        return Measurement(
            problem=say(
                "measuring it needs {needed} of free RAM; {free} are free.", needed=needed, free=gib(ram.free_bytes)
            )
        )
    found = _reader()
    if found is None:
        return Measurement(problem=say("the system's C library lacks what it is measured with."))
    reader, cached_bytes_s = found
    n_threads = max(1, min(cpu.cores, _MOST_THREADS, most // _STEP_BYTES))
    wanted = min(most, max(_CACHE_FACTOR * cache, 2 * least, 2 * _STEP_BYTES * n_threads))
    workers = _run(n_threads, wanted // n_threads, reader)
    if sum(w.filled_bytes for w in workers) < least:
        return Measurement(problem=say("the computer was too busy to measure it."))
    passes = tuple(map(sum, zip(*(w.rates for w in workers), strict=True)))
    if not passes or not _is_plausible(max(passes)):
        return Measurement(problem=say("the computer was too busy to measure it."))
    if max(passes) > _MEMORY_BOUND * cached_bytes_s * n_threads:
        return Measurement(problem=say("this system's C library is slower than the RAM, so it cannot measure it."))
    return Measurement(passes)


def last_cache_bytes(root: Path = Path("/")) -> int | None:
    """The last-level caches of all processors together; None where the system does not tell."""
    if sys.platform == "darwin":
        return sysctl_int("hw.l3cachesize") or None
    by_level: dict[int, dict[str, int]] = {}
    for place in list_dir(root / "sys/devices/system/cpu"):
        for entry in list_dir(place / "cache") if re.fullmatch(r"cpu\d+", place.name) else ():
            size = re.fullmatch(r"(\d{1,9})K", read_text(entry / "size") or "")
            level = re.fullmatch(r"[2-4]", read_text(entry / "level") or "")
            if size and level:  # the list of the processors that share it tells one cache from another
                shared_by = read_text(entry / "shared_cpu_list") or str(entry)
                by_level.setdefault(int(level[0]), {})[shared_by] = int(size[1]) * 1024
    return sum(by_level[max(by_level)].values()) if by_level else None


# --- The measurement --------------------------------------------------------------------------------------------------


@dataclass
class _Worker:
    """One thread's part."""

    filled_bytes: int = 0
    rates: list[float] = field(default_factory=list[float])


def _run(n_threads: int, share_bytes: int, reader: Reader) -> Sequence[_Worker]:
    """Threads that follow one timetable instead of waiting for each other: it ends in time whatever happens to one."""
    workers = [_Worker() for _ in range(n_threads)]
    begin_s = time.perf_counter() + _FILL_S
    threads = [
        threading.Thread(target=_work, args=(w, share_bytes, reader, begin_s), name="ram-speed", daemon=True)
        for w in workers
    ]
    started: list[threading.Thread] = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
    except RuntimeError:  # no more threads are allowed here: their buffers stay empty, which the caller sees
        return [_Worker()]
    finally:
        for thread in started:
            thread.join()
    return workers


def _work(worker: _Worker, share_bytes: int, reader: Reader, begin_s: float) -> None:
    step = min(_STEP_BYTES, share_bytes) & ~4095
    n_steps = share_bytes // step if step else 0
    worker.rates = [0.0] * _PASSES
    if not n_steps:
        return
    try:
        memory = mmap.mmap(-1, n_steps * step)
    except OSError:  # a limit on this program's memory: nothing filled
        return
    with memory:
        view = ctypes.c_char.from_buffer(memory)
        address = ctypes.addressof(view)
        filled = 0
        while filled < n_steps and time.perf_counter() < begin_s:
            ctypes.memset(address + filled * step, _FILL, step)
            filled += 1
        worker.filled_bytes = filled * step
        time.sleep(max(0.0, begin_s - time.perf_counter()))
        at = 0
        now = time.perf_counter()
        for number in range(_PASSES if filled else 0):
            pass_begin_s, done = now, 0
            while now < begin_s + (number + 1) * _PASS_S:
                reader(address + at * step, step)
                at = (at + 1) % filled
                done += step
                now = time.perf_counter()
            worker.rates[number] = done / (now - pass_begin_s) if done else 0.0
        del view  # the mapping cannot be closed while something points into it


def _reader() -> tuple[Reader, float] | None:
    """The function to read with, and its bytes per second from the cache."""
    try:
        library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
        find: Any = library.memchr
        compare: Any = library.memcmp
    except (OSError, AttributeError):
        return None
    find.argtypes, find.restype = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t), ctypes.c_void_p
    compare.argtypes, compare.restype = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t), ctypes.c_int

    def search(address: int, length: int) -> object:
        return find(address, _ABSENT, length)

    def halves(address: int, length: int) -> object:
        return compare(address, address + length // 2, length // 2)

    searching, comparing = _cached_bytes_s(search), _cached_bytes_s(halves)
    return (search, searching) if searching >= 0.7 * comparing else (halves, comparing)


def _cached_bytes_s(reader: Reader) -> float:
    """The best of a millisecond's tries on memory that stays in the cache."""
    block = ctypes.create_string_buffer(bytes([_FILL]) * _CACHED_BYTES, _CACHED_BYTES)
    address = ctypes.addressof(block)
    shortest_s = math.inf
    end_s = time.perf_counter() + 1e-3
    for _ in range(200):
        before_s = time.perf_counter()
        reader(address, _CACHED_BYTES)
        after_s = time.perf_counter()
        shortest_s = min(shortest_s, after_s - before_s)
        if after_s > end_s and shortest_s < math.inf:
            break
    return _CACHED_BYTES / max(shortest_s, 1e-9)


# --- The file ---------------------------------------------------------------------------------------------------------


def _file() -> Path:
    return cache_dir() / "ram-speed.json"


def _recall() -> _Remembered | None:
    """None when there is no file or nothing usable in it: then it is measured and written again."""
    try:
        return from_json(_Remembered, json.loads(_file().read_text(encoding="utf-8")))
    except (OSError, ValueError, OverflowError, RecursionError):
        return None


def _remember(value: _Remembered) -> None:
    """Written in one step; a folder that cannot be written to means measuring again next time, nothing worse."""
    try:
        path = _file()
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        temporary.write_text(json.dumps(to_json(value)), encoding="utf-8")
        os.replace(temporary, path)
    except OSError:
        return


def _is_plausible(bytes_s: float) -> bool:
    low, high = _PLAUSIBLE_BYTES_S
    return low < bytes_s < high  # False for NaN too
