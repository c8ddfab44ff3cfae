"""Puts the engine's own device list, the truth about what is usable, together with the GPUs that the drivers show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from launcher.core.machine import EngineDevice, Gpu
from launcher.core.units import gib
from launcher.core.words import either, say
from launcher.hardware.datasheet import normal_name
from launcher.hardware.pcie import normal_address

# What could use such a card if the present engine cannot.
_BACKENDS_OF = {
    "nvidia": ("CUDA", "Vulkan"),
    "amd": ("Vulkan", "ROCm"),
    "intel": ("Vulkan",),
    "apple": ("Metal",),
}
# ggml's names of backends (ggml_backend_reg_name) -> ours.
_BACKEND_NAMES = {"mtl": "metal", "hip": "rocm"}
_VENDOR_WORDS = (
    ("nvidia", r"nvidia|geforce|\brtx\b|\bgtx\b|tesla|quadro"),
    ("amd", r"\bamd\b|radeon|instinct|radv"),
    ("intel", r"intel|\barc\b"),
    ("apple", r"apple"),
)
_SOFTWARE = re.compile(r"llvmpipe|lavapipe|swiftshader|softpipe", re.IGNORECASE)
# A part of a card (MIG, vGPU) shows at least this much less than the driver's figure; ordinary differences are smaller.
_PART_OF_CARD = 0.85


def merge(gpus: Sequence[Gpu], devices: Sequence[EngineDevice]) -> tuple[Gpu, ...]:
    """Every GPU of the drivers, marked with the engine's device where it has one, then GPUs that only the engine sees.

    Args:
        gpus: from the drivers; order is kept.
        devices: the engine's list; () means that the engine has not been asked, and nothing is said about its abilities.
    """
    if not devices:
        return tuple(gpus)
    merged = list(gpus)
    added: list[Gpu] = []
    usable = [device for device in devices if device.kind in ("gpu", "igpu")]
    taken: dict[str, set[int]] = {}
    for device in usable:
        backend = backend_name(device)
        used = taken.setdefault(backend, set())
        place = None if backend == "rpc" else _place_of(device, gpus, used)
        if place is None:
            added.append(_from_device(device, backend))
            continue
        used.add(place)
        if merged[place].backend is None:  # the engine lists its preferred way first
            merged[place] = _joined(merged[place], device, backend)
    return tuple([gpu if gpu.backend else _unused(gpu, usable) for gpu in merged] + added)


def is_software(device: EngineDevice) -> bool:
    """Whether this is the processor pretending to be a graphics card (Mesa's lavapipe, SwiftShader)."""
    return _SOFTWARE.search(device.description) is not None


def backend_name(device: EngineDevice) -> str:
    """The backend in our spelling: "cuda", "vulkan", "metal", "rocm", "rpc"."""
    name = re.sub(r"[\d\[(].*$", "", device.backend.strip().lower())
    return _BACKEND_NAMES.get(name, name) or "other"


def vendor_of(description: str) -> str:
    """The vendor that a description names, or "other"."""
    return next((v for v, words in _VENDOR_WORDS if re.search(words, description, re.IGNORECASE)), "other")


def _place_of(device: EngineDevice, gpus: Sequence[Gpu], used: set[int]) -> int | None:
    """Which GPU this is: by bus address, else by name, else as the only one of its vendor and size."""
    free = [i for i in range(len(gpus)) if i not in used]
    address = normal_address(device.pci_bus_id)
    if address is not None:
        if any(gpu.pci_bus_id == address for gpu in gpus):
            return next((i for i in free if gpus[i].pci_bus_id == address), None)
        free = [i for i in free if gpus[i].pci_bus_id is None]
    if is_software(device):
        return None
    name = normal_name(device.description)
    same_name = [i for i in free if name and normal_name(gpus[i].name) == name]
    by_size = [i for i in same_name if _is_about(gpus[i].vram_total_bytes, device.total_bytes)]
    if by_size or same_name:
        return (by_size or same_name)[0]
    vendor = vendor_of(device.description)
    alike = [
        i
        for i in free
        if gpus[i].vendor == vendor
        and (gpus[i].unified_memory == (device.kind == "igpu"))
        and (
            device.kind == "igpu"
            or gpus[i].vram_total_bytes is None
            or _is_about(gpus[i].vram_total_bytes, device.total_bytes)
        )
    ]
    return alike[0] if len(alike) == 1 else None


def _is_about(one: int | None, other: int) -> bool:
    return one is not None and other > 0 and 0.85 <= one / other <= 1.15


def _joined(gpu: Gpu, device: EngineDevice, backend: str) -> Gpu:
    """Drivers know a card's memory best, except where it is the computer's RAM or where the engine gets only a part."""
    total, free, notes = gpu.vram_total_bytes, gpu.vram_free_bytes, gpu.notes
    is_unified = gpu.unified_memory or device.kind == "igpu"
    if device.total_bytes > 0:
        if total is None or is_unified:
            total, free = device.total_bytes, device.free_bytes
        elif device.total_bytes < _PART_OF_CARD * total:
            notes = (
                *notes,
                say("The engine sees {part} of this card's {all}.", part=gib(device.total_bytes), all=gib(total)),
            )
            total, free = device.total_bytes, device.free_bytes
        elif free is None:
            free = min(device.free_bytes, total)
    is_nameless = re.search(r"GPU( \([0-9a-f]{4}:[0-9a-f]{4}\))?$", gpu.name) or "/" in gpu.name
    name = _plain_name(device.description) if is_nameless and device.description else gpu.name
    return replace(
        gpu,
        name=name,
        backend=backend,
        engine_device=device.name,
        vram_total_bytes=total,
        vram_free_bytes=free,
        unified_memory=is_unified,
        notes=notes,
    )


def _from_device(device: EngineDevice, backend: str) -> Gpu:
    """A GPU that only the engine sees: another computer's, or a vendor whose driver is not read on this system."""
    notes: tuple[str, ...] = ()
    name = _plain_name(device.description) or device.name
    if backend == "rpc":
        name = device.name
        notes = (say("A device of another llama.cpp server; it is reached over the network."),)
    elif is_software(device):
        notes = (say("This is the processor pretending to be a graphics card; it is slow."),)
    return Gpu(
        name=name,
        vendor="other" if backend == "rpc" else vendor_of(device.description),
        backend=backend,
        vram_total_bytes=device.total_bytes or None,
        vram_free_bytes=device.free_bytes if device.total_bytes else None,
        unified_memory=device.kind == "igpu",
        engine_device=device.name,
        pci_bus_id=normal_address(device.pci_bus_id),
        notes=notes,
    )


def _plain_name(description: str) -> str:
    """Without trademark signs and the driver in brackets: "Intel Arc B580 Graphics"."""
    name = re.sub(r"\((?:R|TM)\)|\((?:RADV|BMG|DG2|ADL|RPL|MTL|ARL|LNL|Mesa|LLVM)[^)]*\)", " ", description, flags=re.I)
    return " ".join(name.split())[:100]


def _unused(gpu: Gpu, usable: Sequence[EngineDevice]) -> Gpu:
    """A GPU that this engine build cannot use, with the reason."""
    offered = sorted({backend_name(device) for device in usable})
    if gpu.unified_memory and offered:
        note = say("The engine leaves this integrated GPU out, because there is a better device.")
    else:
        needs = either(*_BACKENDS_OF.get(gpu.vendor, (say("another backend"),)))
        note = (
            say(
                "The present engine cannot use this GPU: {needs} is needed, it has {offered}.",
                needs=needs,
                offered=", ".join(offered),
            )
            if offered
            else say(
                "The present engine cannot use this GPU: {needs} is needed, it runs on the processor only.", needs=needs
            )
        )
    return replace(gpu, notes=(*gpu.notes, note))
