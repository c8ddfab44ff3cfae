"""Puts the whole machine together."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from launcher.core.machine import Cpu, EngineDevice, Gpu, Machine, Ram
from launcher.core.units import gib
from launcher.hardware.cpu import read_cpu
from launcher.hardware.datasheet import with_datasheet
from launcher.hardware.disks import read_disks
from launcher.hardware.engine_view import merge
from launcher.hardware.memory import ram_notes, read_ram
from launcher.hardware.ram_speed import read_speed
from launcher.hardware.sources import GpuSource, once_each, open_sources

_SYSTEMS = {"win32": "windows", "darwin": "macos"}
_HERE = Path("/")


def probe(engine_devices: tuple[EngineDevice, ...] = (), *, root: Path = _HERE) -> Machine:
    """What this computer is and what is free on it now; call it in a thread.

    Takes 20-100 ms, on a computer's first time 0.4 s more to measure its RAM.

    Args:
        engine_devices: what the engine lists. () leaves every `Gpu.backend` None without saying that the engine
            cannot use the GPU.
        root: where /proc and /sys are; for recorded machines, of which nothing is measured.

    Returns:
        Discrete GPUs first; the disk that models are downloaded to first. Unknown values are None; nothing raises.
    """
    cpu, cpu_notes = read_cpu(root)
    ram = read_ram(root)
    with ExitStack() as stack:
        sources = open_sources(root)
        for source in sources:
            stack.callback(source.close)
        seen, notes = _gpus_of(sources)
    gpus = tuple(with_datasheet(gpu, cpu.cores) for gpu in merge(seen, engine_devices))
    gpus = tuple(sorted(gpus, key=lambda gpu: gpu.unified_memory))
    ram, problem = _with_speed(cpu, ram, gpus, is_here=root == _HERE)
    return Machine(
        name=_name(cpu, ram, gpus),
        os=_SYSTEMS.get(sys.platform, "linux"),
        cpu=cpu,
        ram=ram,
        gpus=gpus,
        disks=read_disks(root),
        engine_devices=engine_devices,
        notes=(*cpu_notes, *ram_notes(ram, problem), *notes),
    )


def _with_speed(cpu: Cpu, ram: Ram, gpus: tuple[Gpu, ...], *, is_here: bool) -> tuple[Ram, str]:
    """The RAM with its bandwidth, or why it has none. An Apple chip's GPU and processor share one memory: its data sheet's."""
    apple = next((gpu.bandwidth_bytes_s for gpu in gpus if gpu.vendor == "apple"), None)
    if apple is not None:
        return replace(ram, bandwidth_bytes_s=apple, bandwidth_basis="datasheet"), ""
    if not is_here:
        return ram, ""
    speed = read_speed(cpu, ram)
    if speed.bytes_s is None:
        return ram, speed.problem
    return replace(ram, bandwidth_bytes_s=speed.bytes_s, bandwidth_basis="measured"), ""


def _gpus_of(sources: Sequence[GpuSource]) -> tuple[tuple[Gpu, ...], tuple[str, ...]]:
    """All GPUs once, and what is wrong with whole drivers.

    That NVIDIA's driver is missing is worth a word only where an NVIDIA card is on the bus; then the card's own note
    says so already.
    """
    gpus = once_each([gpu for source in sources for gpu in source.gpus()])
    notes = [source.problem for source in sources if source.problem and not source.is_absent]
    return gpus, tuple(notes)


def _name(cpu: Cpu, ram: Ram, gpus: tuple[Gpu, ...]) -> str:
    """A name such as "2x NVIDIA GeForce RTX 3090, 126 GiB RAM"; no host name, because reports are shared."""
    names = [gpu.name for gpu in gpus]
    parts = [f"{names.count(name)}x {name}" if names.count(name) > 1 else name for name in dict.fromkeys(names)]
    return ", ".join([*(parts or [cpu.name]), f"{gib(ram.total_bytes, 0)} RAM"])
