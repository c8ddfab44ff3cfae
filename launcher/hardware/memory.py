"""RAM that a program can really take now: what the kernel can free, within a container's limit."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from launcher.core.machine import Ram
from launcher.core.units import gib
from launcher.core.words import say
from launcher.hardware.cgroup import memory_limit
from launcher.hardware.kernel_files import read_pairs


def read_ram(root: Path = Path("/")) -> Ram:
    """Total and available now. No operating system tells a plain program kind and speed; `ram_speed` measures the latter."""
    system = psutil.virtual_memory()
    total = system.total
    free = min(total, system.available + _zfs_cache_bytes(root))
    limit = memory_limit(root) if sys.platform == "linux" else None
    if limit is None:
        return Ram(total, free)
    return Ram(min(total, limit.limit_bytes), min(free, limit.free_bytes))


def ram_notes(ram: Ram, speed_problem: str = "") -> tuple[str, ...]:
    """What deserves a sentence: a container's limit, an unknown speed (and why the measurement gave none)."""
    notes: list[str] = []
    installed = psutil.virtual_memory().total
    if ram.total_bytes < installed:
        notes.append(
            say(
                "This container may use {part} of the computer's {all} of RAM.",
                part=gib(ram.total_bytes),
                all=gib(installed),
            )
        )
    if ram.bandwidth_bytes_s is None:
        notes.append(
            say("How fast the RAM is, is not known: {why}", why=speed_problem) if speed_problem else speed_unknown()
        )
    return tuple(notes)


def speed_unknown() -> str:
    """The sentence for a recorded machine, where nobody measured."""
    return say("The system does not tell how fast the RAM is; that has to be measured.")


def _zfs_cache_bytes(root: Path) -> int:
    """ZFS gives its cache back under pressure down to `c_min`, but the kernel does not count it as available."""
    stats = read_pairs(root / "proc/spl/kstat/zfs/arcstats")
    return max(0, stats.get("size", 0) - stats.get("c_min", 0))
