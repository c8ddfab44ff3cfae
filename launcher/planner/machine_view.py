"""A machine as the search sees it: budgets in bytes and rates, with what had to be assumed."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.machine import Gpu, Machine
from launcher.core.plans import Wishes
from launcher.core.units import GIB, MIB
from launcher.core.words import say
from launcher.planner import speed

# Driver context, cuBLAS workspaces, memory pools, CUDA graphs: not in the engine's own figures. Estimates (a CUDA
# context with its workspaces is "some hundred MiB"); a calibration of the machine replaces them.
UNACCOUNTED_BYTES = {"cuda": 420 * MIB, "rocm": 400 * MIB, "vulkan": 200 * MIB, "metal": 128 * MIB, "rpc": 0}
UNACCOUNTED_OTHER_BYTES = 300 * MIB
UNACCOUNTED_HOST_BYTES = 128 * MIB

_SMALLEST_USEFUL_BYTES = GIB


@dataclass(frozen=True, slots=True)
class GpuView:
    """One usable GPU. `budget_bytes` is for weights, KV and compute; `index` is its place in the machine."""

    index: int
    name: str
    budget_bytes: int
    unaccounted_bytes: int
    free_bytes: int
    device: speed.Device
    engine_device: str | None


@dataclass(frozen=True, slots=True)
class View:
    """What a plan may use.

    Attributes:
        gpus: usable ones in the engine's order.
        unified: GPU and processor share one memory; `ram_budget_bytes` then limits both together.
        assumed: sentences about values that were not known.
    """

    gpus: tuple[GpuView, ...]
    unified: bool
    ram_budget_bytes: int
    ram_bandwidth_bytes_s: float | None
    cores: int
    bus_bytes_s: float
    disk_bytes_s: float | None
    assumed: tuple[str, ...]
    unusable: tuple[str, ...]


def view(machine: Machine, wishes: Wishes) -> View:
    """Budgets of a machine: what is free now, less the reserves and what drivers take beside the engine's figures."""
    chosen, unusable = _usable(machine)
    unified = any(g.unified_memory for _, g in chosen)
    gpus: list[GpuView] = []
    assumed: list[str] = []
    for index, gpu in chosen:
        free = gpu.vram_free_bytes or 0
        if unified:
            free = min(free, machine.ram.free_bytes)
        extra = UNACCOUNTED_BYTES.get(gpu.backend or "", UNACCOUNTED_OTHER_BYTES)
        bandwidth = gpu.bandwidth_bytes_s or (machine.ram.bandwidth_bytes_s if gpu.unified_memory else None)
        if bandwidth is None:
            assumed.append(
                say(
                    "The memory speed of {name} is not known; {rate} GB/s is assumed, which is slow.",
                    name=gpu.name,
                    rate=f"{speed.UNKNOWN_GPU_BANDWIDTH / 1e9:.0f}",
                )
            )
        device = speed.gpu_device(gpu.backend, bandwidth, gpu.fp16_flops)
        budget = max(0, free - wishes.vram_reserve_bytes - extra)
        gpus.append(GpuView(index, short_name(gpu.name), budget, extra, free, device, gpu.engine_device))
    if machine.ram.bandwidth_bytes_s is None and not unified:
        assumed.append(
            say(
                "The speed of the RAM is not known; {rate} GB/s is assumed, which is slow.",
                rate=f"{speed.UNKNOWN_RAM_BANDWIDTH / 1e9:.0f}",
            )
        )
    pcie = [g.pcie_bytes_s for _, g in chosen if g.pcie_bytes_s]
    return View(
        gpus=tuple(gpus),
        unified=unified,
        ram_budget_bytes=max(0, machine.ram.free_bytes - wishes.ram_reserve_bytes - UNACCOUNTED_HOST_BYTES),
        ram_bandwidth_bytes_s=machine.ram.bandwidth_bytes_s,
        cores=max(1, machine.cpu.cores),
        bus_bytes_s=min(pcie) if pcie else speed.UNKNOWN_PCIE,
        disk_bytes_s=max((d.read_bytes_s for d in machine.disks if d.read_bytes_s), default=None),
        assumed=tuple(assumed),
        unusable=tuple(unusable),
    )


def short_name(name: str) -> str:
    """What people call a card: RTX 4090 for "NVIDIA GeForce RTX 4090"."""
    for prefix in ("NVIDIA ", "GeForce ", "AMD ", "Radeon ", "Intel(R) ", "Intel "):
        name = name.removeprefix(prefix)
    return name


def _usable(machine: Machine) -> tuple[list[tuple[int, Gpu]], list[str]]:
    """GPUs that the engine can use; a shared-memory one only when there is no card with memory of its own."""
    usable: list[tuple[int, Gpu]] = []
    unusable: list[str] = []
    for index, gpu in enumerate(machine.gpus):
        if gpu.backend is None:
            unusable.append(say("{name} is not used: this engine has no backend for it.", name=gpu.name))
        elif gpu.vram_free_bytes is None:
            unusable.append(say("{name} is not used: its free memory is not known.", name=gpu.name))
        elif gpu.vram_free_bytes < _SMALLEST_USEFUL_BYTES:
            unusable.append(say("{name} is not used: less than 1 GiB of it is free.", name=gpu.name))
        else:
            usable.append((index, gpu))
    discrete = [(i, g) for i, g in usable if not g.unified_memory]
    return (discrete or usable), unusable
