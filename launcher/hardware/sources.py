"""The GPU drivers of this computer behind one face. A source lists its GPUs and reads their meters; it never raises."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from launcher.core.machine import Gpu, GpuSample
from launcher.hardware.apple import AppleSource
from launcher.hardware.drm import DrmSource
from launcher.hardware.nvml import NvmlSource

_Described = TypeVar("_Described", Gpu, GpuSample)


class GpuSource(Protocol):
    """One vendor's way to its GPUs."""

    @property
    def problem(self) -> str:
        """A plain sentence when the whole source is silent although it should not be; "" otherwise."""
        ...

    @property
    def is_absent(self) -> bool:
        """There is no such driver here, which is normal; `problem` is worth a word only beside a card that needs it."""
        ...

    def gpus(self) -> Sequence[Gpu]:
        """What is there, without the engine's view and without data sheets."""
        ...

    def sample(self, app_pids: frozenset[int]) -> Sequence[GpuSample]:
        """The meters of the same GPUs in the same order; `app_pids` are the processes that count as this program."""
        ...

    def close(self) -> None:
        """Let go of the driver."""
        ...


def open_sources(root: Path = Path("/")) -> tuple[GpuSource, ...]:
    """The sources that make sense on this operating system; NVML first, because it knows more about its cards."""
    if sys.platform == "darwin":
        return (AppleSource(),)
    if sys.platform == "win32":
        return (NvmlSource(),)
    return (NvmlSource(), DrmSource(root))


def once_each(items: Iterable[_Described]) -> tuple[_Described, ...]:
    """Without a GPU that an earlier source listed already (sysfs shows every card on the bus, NVIDIA's too)."""
    seen: set[str] = set()
    kept: list[_Described] = []
    for item in items:
        if item.pci_bus_id is None or item.pci_bus_id not in seen:
            kept.append(item)
            seen.add(item.pci_bus_id or "")
    return tuple(kept)
