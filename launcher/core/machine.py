"""What a computer is and what its meters read. The JSON form is what `launcher hardware --json` prints and `--machine` reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from launcher.core.calibration import Calibration
from launcher.core.codec import from_json, to_json
from launcher.core.errors import NextStep, UserError


@dataclass(frozen=True, slots=True)
class Cpu:
    """The processor.

    Attributes:
        cores: physical ones this program may use.
        instruction_sets: lower-case flags that matter to ggml (avx2, amx_int8, neon).
        performance_cores: of them the fast ones, where there are slow ones too; None where all are alike or that is not known.
        numa_nodes: parts of the memory that are nearer to some cores than to others (several sockets); None when not known.
    """

    name: str
    cores: int
    threads: int
    instruction_sets: tuple[str, ...] = ()
    performance_cores: int | None = None
    numa_nodes: int | None = None


@dataclass(frozen=True, slots=True)
class Ram:
    """System memory. `free_bytes` is what a program can really take now, inside a container's limit too.

    Attributes:
        bandwidth_basis: where the bandwidth comes from: "measured", "datasheet" or "" (unknown, or a described machine).
    """

    total_bytes: int
    free_bytes: int
    bandwidth_bytes_s: float | None = None
    kind: str | None = None
    bandwidth_basis: str = ""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One graphics device. Unknown values are None, never guesses.

    Attributes:
        vendor: "nvidia", "amd", "intel", "apple" or "other".
        backend: the engine's way to it ("cuda", "vulkan", "metal", "rocm", "rpc"); None when this engine build cannot use it.
        engine_device: the engine's own name of it ("CUDA0", "Vulkan1"); None when the engine does not list it.
        unified_memory: its memory is the system's RAM (Apple, integrated).
        notes: plain sentences about what could not be read and why.
    """

    name: str
    vendor: str
    backend: str | None = None
    vram_total_bytes: int | None = None
    vram_free_bytes: int | None = None
    bandwidth_bytes_s: float | None = None
    fp16_flops: float | None = None
    pcie_bytes_s: float | None = None
    power_limit_w: float | None = None
    unified_memory: bool = False
    engine_device: str | None = None
    pci_bus_id: str | None = None
    pcie_generation: int | None = None
    pcie_width: int | None = None
    driver: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system that models could be stored on."""

    path: str
    free_bytes: int
    total_bytes: int | None = None
    read_bytes_s: float | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class EngineDevice:
    """A device as the engine lists it: the truth about what is usable.

    Attributes:
        name: ggml's name ("CUDA0", "RPC0[127.0.0.1:50052]", "CPU").
        kind: "gpu", "igpu", "accel" or "cpu".
        pci_bus_id: "0000:01:00.0" where the backend tells it (`device_id` of ggml's device properties).
    """

    name: str
    description: str
    backend: str
    kind: str
    total_bytes: int
    free_bytes: int
    pci_bus_id: str | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything the planner needs to know about a computer.

    Attributes:
        calibration: what was measured on it; None on a described one.
        unaccounted_bytes: what loads really took beside the engine's own figures (driver context, workspaces), by the
            engine's names of its devices; nothing for those of which too few loads are known.
    """

    name: str
    os: str
    cpu: Cpu
    ram: Ram
    gpus: tuple[Gpu, ...] = ()
    disks: tuple[Disk, ...] = ()
    engine_devices: tuple[EngineDevice, ...] = ()
    notes: tuple[str, ...] = ()
    calibration: Calibration | None = None
    unaccounted_bytes: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One GPU at one instant; None where the driver does not say. `pci_bus_id` finds the same GPU in a `Machine`."""

    name: str
    vram_total_bytes: int | None = None
    vram_free_bytes: int | None = None
    vram_used_by_app_bytes: int | None = None
    load: float | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    note: str = ""
    pci_bus_id: str | None = None

    @property
    def vram_used_bytes(self) -> int | None:
        """Bytes in use by anybody."""
        if self.vram_total_bytes is None or self.vram_free_bytes is None:
            return None
        return self.vram_total_bytes - self.vram_free_bytes

    @property
    def vram_used_by_others_bytes(self) -> int | None:
        """Bytes in use by other programs; None when our own share is unknown."""
        if self.vram_used_bytes is None or self.vram_used_by_app_bytes is None:
            return None
        return max(0, self.vram_used_bytes - self.vram_used_by_app_bytes)


@dataclass(frozen=True, slots=True)
class Sample:
    """All meters at one instant. Fractions are 0..1.

    Attributes:
        monotonic_s: when, on the monotonic clock.
        ram_used_by_app_bytes: resident memory of this program and its engine, mapped model pages included.
        ram_used_by_window_bytes: resident memory of this process alone.
        cpu_joules: taken by the processor packages since the meters were opened; None where that cannot be read.
    """

    monotonic_s: float
    ram_total_bytes: int
    ram_free_bytes: int
    ram_used_by_app_bytes: int
    ram_used_by_window_bytes: int
    swap_used_bytes: int
    cpu_load: float
    gpus: tuple[GpuSample, ...] = field(default=())
    cpu_joules: float | None = None


def machine_from_file(path: Path) -> Machine:
    """Read a machine description.

    Raises:
        UserError: the file is missing, is not JSON or does not describe a machine; says which key.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        return from_json(Machine, data)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            "bad_machine_file",
            f"{path.name} does not describe a machine.",
            f"{error}",
            (NextStep("Write one with: launcher hardware --json > machine.json"),),
        ) from error


def machine_to_json(machine: Machine) -> dict[str, object]:
    """The JSON form of a machine; unknown values are null."""
    return to_json(machine)
