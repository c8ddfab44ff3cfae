"""From a sample and what is loaded to the parts of a live memory bar; shared by the meters and This PC."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from launcher.core.generation import Loaded
from launcher.core.machine import GpuSample, Machine, Sample
from launcher.core.plans import DeviceMemory
from launcher.ui.components.device_names import gpu_labels
from launcher.ui.components.memory import MemoryParts, live_parts


def gpu_parts(machine: Machine, loaded: Loaded | None, index: int, gpu: GpuSample) -> MemoryParts | None:
    """What is in a card's memory now; None when the driver does not say.

    Args:
        machine: as probed.
        loaded: what the engine has loaded, if anything.
        index: position of the card in `machine.gpus` and in the sample.
        gpu: its sample.
    """
    if gpu.vram_total_bytes is None or gpu.vram_free_bytes is None or index >= len(machine.gpus):
        return None
    device = _device_of(machine, loaded, index) if loaded else None
    return live_parts(gpu_labels(machine)[index], device, gpu.vram_total_bytes, gpu.vram_free_bytes)


def ram_parts(machine: Machine, loaded: Loaded | None, sample: Sample) -> MemoryParts:
    """What is in RAM now."""
    host = next((d for d in loaded.memory.devices if d.kind == "host"), None) if loaded else None
    # Linux counts mapped model pages as available, because it could drop them; the others count them as used.
    is_mapped = loaded is not None and loaded.placement.load_mode == "mmap"
    return live_parts(
        QCoreApplication.translate("Memory", "RAM"),
        host,
        sample.ram_total_bytes,
        sample.ram_free_bytes,
        are_weights_in_free=is_mapped and machine.os == "linux",
    )


def _device_of(machine: Machine, loaded: Loaded, index: int) -> DeviceMemory | None:
    """The engine's figures for a card: by the engine's device name, else by position among the loaded cards."""
    devices = [d for d in loaded.memory.devices if d.kind == "gpu"]
    gpu = machine.gpus[index]
    by_name = [d for d in devices if d.name in (gpu.engine_device, gpu.name)]
    if len(by_name) == 1:
        return by_name[0]
    usable = [i for i, candidate in enumerate(machine.gpus) if candidate.backend is not None]
    position = usable.index(index) if index in usable else len(devices)
    return devices[position] if position < len(devices) else None
