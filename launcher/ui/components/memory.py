"""What a memory bar shows: parts in their fixed order, rounded so that they add up to the capacity.

Pure values; the painting is in memory_bar.py.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QCoreApplication

from launcher.core.units import GIB, gib, rounded_parts
from launcher.core.words import listed, say

if TYPE_CHECKING:
    from launcher.core.plans import DeviceMemory


class Part(Enum):
    """A part of a memory bar; the order is the order in the bar."""

    WEIGHTS = "weights"
    KV_CACHE = "kv_cache"
    COMPUTE = "compute"
    OTHER = "other"
    FREE = "free"


def part_name(part: Part, *, is_short: bool = False) -> str:
    """The part's name as in legends."""
    if is_short and part is Part.KV_CACHE:
        return QCoreApplication.translate("Memory", "KV", "short for KV cache")
    names = {
        Part.WEIGHTS: QCoreApplication.translate("Memory", "Weights"),
        Part.KV_CACHE: QCoreApplication.translate("Memory", "KV cache"),
        Part.COMPUTE: QCoreApplication.translate("Memory", "Compute"),
        Part.OTHER: QCoreApplication.translate("Memory", "Other programs"),
        Part.FREE: QCoreApplication.translate("Memory", "Free"),
    }
    return names[part]


class MemoryParts(NamedTuple):
    """One device's memory.

    Attributes:
        name: as a person calls the device ("RTX 4090", "RAM").
        capacity_bytes: all of it; None when unknown (then the parts alone make the bar).
        used: bytes by part, without FREE.
    """

    name: str
    capacity_bytes: int | None
    weights_bytes: int = 0
    kv_bytes: int = 0
    compute_bytes: int = 0
    other_bytes: int = 0

    @property
    def used_bytes(self) -> int:
        """Everything that is not free."""
        return self.weights_bytes + self.kv_bytes + self.compute_bytes + self.other_bytes

    @property
    def model_bytes(self) -> int:
        """What the engine takes."""
        return self.used_bytes - self.other_bytes

    @property
    def total_bytes(self) -> int:
        """The length of the bar: the capacity, or more when a plan does not fit."""
        return max(self.used_bytes, self.capacity_bytes or 0)

    @property
    def free_bytes(self) -> int:
        """Not used by anybody."""
        return self.total_bytes - self.used_bytes

    @property
    def bytes_by_part(self) -> dict[Part, int]:
        """All five parts in order."""
        return {
            Part.WEIGHTS: self.weights_bytes,
            Part.KV_CACHE: self.kv_bytes,
            Part.COMPUTE: self.compute_bytes,
            Part.OTHER: self.other_bytes,
            Part.FREE: self.free_bytes,
        }

    def printed(self, digits: int = 1) -> dict[Part, str]:
        """Figures in GiB without the unit, rounded by largest remainder, so that they add up to the printed capacity."""
        sizes = [size / GIB for size in self.bytes_by_part.values()]
        rounded = rounded_parts(sizes, self.total_bytes / GIB, digits)
        return {part: f"{value:.{digits}f}" for part, value in zip(Part, rounded, strict=True)}

    def sentence(self) -> str:
        """What a screen reader says: "RTX 4090, 24.0 GiB: weights 18.1, KV cache 3.2, …, free 1.0"."""
        figures = self.printed()
        shown = [part for part, size in self.bytes_by_part.items() if size or part is Part.FREE]
        words = listed(*(f"{part_name(part)} {figures[part]}" for part in shown))
        return say("{name}: {words}", name=listed(self.name, gib(self.total_bytes)), words=words)

    def tool_tip(self) -> str:
        """Bytes, GiB with two digits and the share of every part, one line each."""
        total = max(1, self.total_bytes)
        figures = self.printed(2)
        lines = [f"{self.name}: {figures_of_total(self.total_bytes)}"]
        for part, size in self.bytes_by_part.items():
            lines.append(f"{part_name(part)}: {figures[part]} GiB · {size:,} B · {100 * size / total:.1f} %")
        return "\n".join(lines)


def figures_of_total(total_bytes: int) -> str:
    """Capacity for a tool tip: GiB with two digits, and bytes."""
    return f"{total_bytes / GIB:.2f} GiB · {total_bytes:,} B"


def planned_parts(name: str, device: DeviceMemory) -> MemoryParts:
    """The memory of one device as a plan or the engine states it; the driver's share counts as compute."""
    return MemoryParts(
        name,
        device.capacity_bytes,
        device.weights_bytes,
        device.kv_bytes,
        device.compute_bytes + device.unaccounted_bytes,
        device.other_programs_bytes,
    )


def live_parts(
    name: str,
    device: DeviceMemory | None,
    total_bytes: int,
    free_bytes: int,
    *,
    are_weights_in_free: bool = False,
) -> MemoryParts:
    """What is in memory now: the engine's own figures inside the measured use; the rest belongs to other programs.

    Args:
        name: of the device.
        device: the engine's actual figures; None when nothing is loaded there.
        total_bytes: measured capacity.
        free_bytes: measured free memory.
        are_weights_in_free: the system counts mapped weights as free, although the model needs them in memory.
    """
    used = max(0, total_bytes - free_bytes)
    if device is None:
        return MemoryParts(name, total_bytes, other_bytes=used)
    compute = device.compute_bytes + device.unaccounted_bytes
    counted = device.kv_bytes + compute + (0 if are_weights_in_free else device.weights_bytes)
    return MemoryParts(name, total_bytes, device.weights_bytes, device.kv_bytes, compute, max(0, used - counted))
