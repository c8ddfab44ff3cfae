"""A machine as the search sees it: budgets in bytes and rates, with what had to be assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from launcher.core.calibration import Calibration, DeviceCalibration
from launcher.core.machine import Gpu, Machine
from launcher.core.plans import Wishes
from launcher.core.units import GIB, MIB, gib
from launcher.core.words import say
from launcher.planner import speed

# What a load takes beside the engine's own figures: driver context, cuBLAS workspaces, memory pools, CUDA graphs. No
# vendor publishes the sum (of it cuBLAS recommends a workspace of 4 MiB, on Hopper 32 MiB: its API reference,
# cublasSetWorkspace). All values are estimates that lean to the safe side. "rpc": the engine's figures are the other
# computer's whole use of it. Only a calibration, or what real loads took, knows better, and replaces the value.
UNACCOUNTED_BYTES = {"cuda": 420 * MIB, "rocm": 400 * MIB, "vulkan": 200 * MIB, "metal": 128 * MIB, "rpc": 0}
UNACCOUNTED_OTHER_BYTES = 300 * MIB
# Threads' stacks, the vocabulary, the worker's Python: a load was 38 MiB more resident than the engine's figures, and the
# worker itself comes on top.
UNACCOUNTED_HOST_BYTES = 128 * MIB

_SMALLEST_USEFUL_BYTES = GIB


@dataclass(frozen=True, slots=True)
class GpuView:
    """One usable GPU.

    Attributes:
        index: its place in the machine.
        budget_bytes: for weights, KV and compute.
        cap_bytes: set by hand; None without one.
        is_shared: its memory is the system's RAM.
    """

    index: int
    name: str
    backend: str
    budget_bytes: int
    unaccounted_bytes: int
    free_bytes: int
    engine_device: str | None
    bandwidth_bytes_s: float | None = None
    fp16_flops: float | None = None
    cap_bytes: int | None = None
    calibration: DeviceCalibration | None = None

    def device(self, quant: str) -> speed.Device:
        """Its rates for weights of a quantisation."""
        return speed.gpu_device(self.backend, self.bandwidth_bytes_s, self.fp16_flops, quant, self.calibration)


@dataclass(frozen=True, slots=True)
class View:
    """What a plan may use.

    Attributes:
        gpus: usable ones in the engine's order.
        unified: GPU and processor share one memory; `ram_budget_bytes` then limits both together.
        assumed: sentences about values that were not known.
        unusable: sentences about cards that the engine cannot use.
        disk_bytes_s: at which weights beyond the RAM are read; None where none can be.
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
    calibration: Calibration | None = None

    @property
    def room_bytes(self) -> int:
        """All memory that a plan may use."""
        return self.ram_budget_bytes + (0 if self.unified else sum(g.budget_bytes for g in self.gpus))

    def host_device(self, quant: str) -> speed.Device:
        """The processor's rates for weights of a quantisation."""
        measured = self.calibration.device("CPU") if self.calibration else None
        return speed.host_device(self.ram_bandwidth_bytes_s, self.cores, quant, measured, self.unified)

    def only(self, places: Sequence[int]) -> View:
        """The same machine with these of its GPUs (positions in `gpus`), in the engine's order."""
        return replace(self, gpus=tuple(self.gpus[i] for i in sorted(places)))

    def less(self, taken_bytes: int, place: int | None) -> View:
        """The same machine after something else took bytes of a GPU (its position in `gpus`) or, with None, of the RAM."""
        gpus = list(self.gpus)
        if place is not None:
            gpus[place] = replace(gpus[place], budget_bytes=max(0, gpus[place].budget_bytes - taken_bytes))
        from_ram = taken_bytes if place is None or self.unified else 0
        return replace(self, gpus=tuple(gpus), ram_budget_bytes=max(0, self.ram_budget_bytes - from_ram))


def view(machine: Machine, wishes: Wishes) -> View:
    """Budgets of a machine: what is free now, less the reserves, caps and what drivers take beside the engine's figures."""
    chosen, unusable = _usable(machine, wishes)
    unified = any(g.unified_memory for _, g in chosen)
    assumed: list[str] = []
    gpus = tuple(_gpu(machine, wishes, index, gpu, assumed, unified=unified) for index, gpu in chosen)
    if machine.ram.bandwidth_bytes_s is None and not unified:
        assumed.append(
            say(
                "The speed of the RAM is not known; {rate} GB/s is assumed, which is slow.",
                rate=f"{speed.UNKNOWN_RAM_BANDWIDTH / 1e9:.0f}",
            )
        )
    pcie = [g.pcie_bytes_s for _, g in chosen if g.pcie_bytes_s]
    measured = machine.calibration
    return View(
        gpus=gpus,
        unified=unified,
        ram_budget_bytes=max(0, machine.ram.free_bytes - wishes.ram_reserve_bytes - UNACCOUNTED_HOST_BYTES),
        ram_bandwidth_bytes_s=machine.ram.bandwidth_bytes_s,
        cores=max(1, machine.cpu.cores),
        bus_bytes_s=(measured.pcie_bytes_s if measured else None) or (min(pcie) if pcie else speed.UNKNOWN_PCIE),
        disk_bytes_s=_disk_bytes_s(machine, wishes),
        assumed=tuple(assumed),
        unusable=tuple(unusable),
        calibration=measured,
    )


def _disk_bytes_s(machine: Machine, wishes: Wishes) -> float | None:
    """How fast weights beyond the RAM can be read again while answering; None where they cannot.

    Only a mapped file can: in any other load mode the weights are the program's own memory, or locked, and a load that is larger
    than the RAM is ended by the system.
    """
    if wishes.load_mode not in (None, "mmap"):
        return None
    return max((d.read_bytes_s for d in machine.disks if d.read_bytes_s), default=None)


def _gpu(machine: Machine, wishes: Wishes, index: int, gpu: Gpu, assumed: list[str], *, unified: bool) -> GpuView:
    """One GPU's budget; adds a sentence to `assumed` when its speed is not known."""
    free = gpu.vram_free_bytes or 0
    if unified:
        free = min(free, machine.ram.free_bytes)
    measured = machine.calibration.device(gpu.engine_device) if machine.calibration else None
    extra = UNACCOUNTED_BYTES.get(gpu.backend or "", UNACCOUNTED_OTHER_BYTES)
    # Real loads and the calibration saw different moments: the larger figure is the safe one.
    seen = (measured.unaccounted_bytes if measured else None, machine.unaccounted_bytes.get(gpu.engine_device or ""))
    extra = max((n for n in seen if n is not None), default=extra)
    bandwidth = gpu.bandwidth_bytes_s or (machine.ram.bandwidth_bytes_s if gpu.unified_memory else None)
    if bandwidth is None and measured is None:
        assumed.append(
            say(
                "The memory speed of {name} is not known; {rate} GB/s is assumed, which is slow.",
                name=gpu.name,
                rate=f"{speed.UNKNOWN_GPU_BANDWIDTH / 1e9:.0f}",
            )
        )
    cap = _cap(wishes, index)
    usable = free - wishes.vram_reserve_bytes
    budget = max(0, (usable if cap is None else min(usable, cap)) - extra)
    return GpuView(
        index,
        short_name(gpu.name),
        gpu.backend or "",
        budget,
        extra,
        free,
        gpu.engine_device,
        bandwidth,
        gpu.fp16_flops,
        cap,
        measured,
    )


def _cap(wishes: Wishes, index: int) -> int | None:
    return wishes.vram_caps_bytes[index] if index < len(wishes.vram_caps_bytes) else None


def short_name(name: str) -> str:
    """What people call a card: RTX 4090 for "NVIDIA GeForce RTX 4090"."""
    for prefix in ("NVIDIA ", "GeForce ", "AMD ", "Radeon ", "Intel(R) ", "Intel "):
        name = name.removeprefix(prefix)
    return name


def _usable(machine: Machine, wishes: Wishes) -> tuple[list[tuple[int, Gpu]], list[str]]:
    """GPUs that the engine can use; a shared-memory one only when there is no card with memory of its own."""
    usable: list[tuple[int, Gpu]] = []
    unusable: list[str] = []
    for index, gpu in enumerate(machine.gpus):
        cap = _cap(wishes, index)
        if gpu.backend is None:
            unusable.append(say("{name} is not used: this engine has no backend for it.", name=gpu.name))
        elif gpu.vram_free_bytes is None:
            unusable.append(say("{name} is not used: its free memory is not known.", name=gpu.name))
        elif gpu.vram_free_bytes < _SMALLEST_USEFUL_BYTES:
            unusable.append(say("{name} is not used: less than 1 GiB of it is free.", name=gpu.name))
        elif cap is not None and cap < _SMALLEST_USEFUL_BYTES:
            unusable.append(say("{name} is left alone: {size} of it may be used.", name=gpu.name, size=gib(cap)))
        else:
            usable.append((index, gpu))
    discrete = [(i, g) for i, g in usable if not g.unified_memory]
    return (discrete or usable), unusable
