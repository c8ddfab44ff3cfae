"""What people call their hardware: "RTX 4090" for "NVIDIA GeForce RTX 4090", "Core i5-1240P" for Intel's long form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from launcher.core.machine import Gpu, Machine
    from launcher.core.plans import DeviceMemory, MemoryUse

_MARKS = re.compile(r"\((?:R|TM|C)\)", re.IGNORECASE)
_CPU_TAIL = re.compile(r"\s+(?:@.*|\d+-Core Processor.*|Processor\b.*|with Radeon.*|w/ Radeon.*)$", re.IGNORECASE)
_CPU_WORD = re.compile(r"\s+CPU\b", re.IGNORECASE)
_CPU_HEAD = re.compile(r"^\d+th Gen\s+", re.IGNORECASE)
_VENDOR = re.compile(r"^(?:NVIDIA|AMD|Intel|Advanced Micro Devices,? Inc\.?)\s+", re.IGNORECASE)
_SERIES = re.compile(r"^(?:GeForce|Radeon(?= RX| PRO| VII))\s+", re.IGNORECASE)
_VENDOR_WORDS = {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel", "apple": "Apple"}


def card_name(name: str) -> str:
    """Without the vendor: "GeForce RTX 4090"."""
    return _VENDOR.sub("", _MARKS.sub("", name)).strip()


def short_card_name(name: str) -> str:
    """Without vendor and series: "RTX 4090"."""
    return _SERIES.sub("", card_name(name)).strip()


def vendor_name(vendor: str) -> str:
    """As the vendor writes itself; "" for unknown ones."""
    return _VENDOR_WORDS.get(vendor, "")


def cpu_name(name: str) -> str:
    """Without vendor, marks and clock: "Ryzen 9 7950X"."""
    return _VENDOR.sub("", _plain_cpu(name)).strip()


def cpu_vendor(name: str) -> str:
    """The maker ("AMD", "Intel", "Apple"), or "" when the name does not say."""
    first = _plain_cpu(name).partition(" ")[0]
    return _VENDOR_WORDS.get(first.lower(), "")


def _plain_cpu(name: str) -> str:
    return _CPU_HEAD.sub("", _CPU_TAIL.sub("", _CPU_WORD.sub("", _MARKS.sub("", name)))).strip()


def gpu_labels(machine: Machine) -> tuple[str, ...]:
    """Short names of all cards in order; equal ones are numbered."""
    names = [short_card_name(gpu.name) for gpu in machine.gpus]
    return tuple(
        f"{name} ({names[: i + 1].count(name)})" if names.count(name) > 1 else name for i, name in enumerate(names)
    )


def usable_gpus(machine: Machine) -> tuple[Gpu, ...]:
    """Cards that this engine can use."""
    return tuple(gpu for gpu in machine.gpus if gpu.backend is not None)


def device_label(device: DeviceMemory, memory: MemoryUse, machine: Machine | None) -> str:
    """The name of a device of a plan: a card's short name, or RAM.

    A card is found by the engine's device name or by its own name, else by its position among the plan's cards.
    """
    if device.kind == "host":
        return QCoreApplication.translate("Memory", "RAM")
    if machine is not None:
        labels = gpu_labels(machine)
        found = [i for i, gpu in enumerate(machine.gpus) if device.name in (gpu.engine_device, gpu.name)]
        if len(found) == 1:
            return labels[found[0]]
        usable = [labels[i] for i, gpu in enumerate(machine.gpus) if gpu.backend is not None]
        position = [d for d in memory.devices if d.kind != "host"].index(device)
        if position < len(usable):
            return usable[position]
    return short_card_name(device.name)
