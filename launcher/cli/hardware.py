"""`launcher hardware`: what is here, what is free now; with --watch the live meters."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time

from launcher.cli.output import print_json, table
from launcher.core.codec import to_json
from launcher.core.errors import UserError
from launcher.core.machine import EngineDevice, Gpu, GpuSample, Machine, Ram, Sample, machine_to_json
from launcher.core.units import gb, gib
from launcher.hardware import Meters, probe

_PERIOD_S = 0.5
_FIRST_SPAN_S = 0.1  # the processor's load is one over a span of time
_UNKNOWN = "unknown"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--watch", action="store_true", help="live meters, twice a second, until Ctrl+C")


def run(args: argparse.Namespace) -> int:
    """Print the machine, or its meters until Ctrl+C."""
    if args.watch:
        _watch(as_json=args.json)
        return 0
    devices, note = _engine_devices()
    machine = probe(devices)
    if args.json:
        document = machine_to_json(machine)
        document["notes"] = [*machine.notes, *([note] if note else [])]
        print_json(document)
    else:
        print(_describe(machine, note))
    return 0


def _engine_devices() -> tuple[tuple[EngineDevice, ...], str]:
    """What the engine can use, or why it could not be asked: the rest of the machine is worth showing all the same."""
    from launcher.engine.devices import list_devices  # starts a process; not needed by --watch

    try:
        return list_devices(), ""
    except UserError as error:
        return (), f"The engine could not be asked what it can use: {error}"


def _describe(machine: Machine, note: str) -> str:
    cpu, ram = machine.cpu, machine.ram
    rows = [
        ("Computer", machine.name),
        ("Processor", f"{cpu.name}, {_count(cpu.cores, 'core')}, {_count(cpu.threads, 'thread')}"),
        ("", f"instructions: {', '.join(cpu.instruction_sets) or _UNKNOWN}"),
        ("RAM", f"{gib(ram.total_bytes)}, {gib(ram.free_bytes)} free{_ram_speed(ram)}"),
    ]
    rows += [("GPU" if i == 0 else "", _gpu_line(gpu)) for i, gpu in enumerate(machine.gpus)]
    if not machine.gpus:
        rows.append(("GPU", "none"))
    rows += [
        ("Disk" if i == 0 else "", f"{disk.path}: {gb(disk.free_bytes)} free{_disk_size(disk.total_bytes, disk.kind)}")
        for i, disk in enumerate(machine.disks)
    ]
    width = max(len(label) for label, _ in rows) + 2
    lines = [f"{label:<{width}}{text}" for label, text in rows]
    notes = [*machine.notes, *([note] if note else [])]
    notes += [f"{gpu.name}: {text}" for gpu in machine.gpus for text in gpu.notes]
    return "\n".join([*lines, *([""] if notes else []), *(f"Note: {text}" for text in dict.fromkeys(notes))])


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _disk_size(total_bytes: int | None, kind: str | None) -> str:
    size = f" of {gb(total_bytes)}" if total_bytes is not None else ""
    return f"{size}, {kind}" if kind else size


def _ram_speed(ram: Ram) -> str:
    if ram.bandwidth_bytes_s is None:
        return ""
    basis = {"measured": " (measured)", "datasheet": " by its data sheet"}.get(ram.bandwidth_basis, "")
    return f", reads {ram.bandwidth_bytes_s / 1e9:.{0 if ram.bandwidth_bytes_s >= 10e9 else 1}f} GB/s{basis}"


def _gpu_line(gpu: Gpu) -> str:
    parts = [gpu.name]
    if gpu.vram_total_bytes is not None:
        word = "shared memory" if gpu.unified_memory else "VRAM"
        free = f", {gib(gpu.vram_free_bytes)} free" if gpu.vram_free_bytes is not None else ""
        parts.append(f"{gib(gpu.vram_total_bytes)} {word}{free}")
    else:
        parts.append(f"memory {_UNKNOWN}")
    if gpu.bandwidth_bytes_s is not None:
        parts.append(f"{gpu.bandwidth_bytes_s / 1e9:,.0f} GB/s by its data sheet")
    if gpu.pcie_generation and gpu.pcie_width:
        parts.append(f"PCIe {gpu.pcie_generation}.0 x{gpu.pcie_width}")
    if gpu.driver:
        parts.append(f"driver {gpu.driver}")
    if gpu.backend:
        parts.append(f"used through {gpu.backend} as {gpu.engine_device}")
    return ", ".join(parts)


def _watch(*, as_json: bool) -> None:
    """Two samples a second. On a terminal each replaces the one before; Ctrl+C ends it without a word."""
    meters = Meters(lambda: None)
    drawn_lines = 0
    try:
        time.sleep(_FIRST_SPAN_S)
        due = time.monotonic()
        while True:
            sample = meters.sample()
            if as_json:
                print(json.dumps(to_json(sample)), flush=True)
            else:
                drawn_lines = _draw(_meters_text(sample), drawn_lines)
            due = max(due + _PERIOD_S, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))
    except KeyboardInterrupt:
        return
    finally:
        meters.close()


def _draw(text: str, drawn_lines: int) -> int:
    """Write over what was drawn before; into a file or a pipe just write on."""
    if sys.stdout.isatty():
        if drawn_lines:
            sys.stdout.write(f"\x1b[{drawn_lines}F\x1b[J")
        columns = shutil.get_terminal_size().columns
        text = "\n".join(line[: columns - 1] for line in text.split("\n"))  # a wrapped line would be two
    print(text, flush=True)
    return text.count("\n") + 1


def _meters_text(sample: Sample) -> str:
    used = sample.ram_total_bytes - sample.ram_free_bytes
    lines = [
        f"Processor  {sample.cpu_load:4.0%}",
        f"RAM        {gib(used)} used of {gib(sample.ram_total_bytes)}, {gib(sample.ram_free_bytes)} free, "
        f"swap {gib(sample.swap_used_bytes)}",
    ]
    if sample.gpus:
        header = ("GPU", "used", "free", "load", "heat", "power", "")
        lines += ["", table(header, [_gpu_cells(gpu) for gpu in sample.gpus], frozenset({1, 2, 3, 4, 5}))]
    return "\n".join(lines)


def _gpu_cells(gpu: GpuSample) -> tuple[str, ...]:
    def cell(text: str, value: object) -> str:
        return text if value is not None else _UNKNOWN

    limit = f" of {gpu.power_limit_w:.0f}" if gpu.power_limit_w is not None else ""
    return (
        gpu.name,
        cell(gib(gpu.vram_used_bytes or 0), gpu.vram_used_bytes),
        cell(gib(gpu.vram_free_bytes or 0), gpu.vram_free_bytes),
        cell(f"{gpu.load or 0:.0%}", gpu.load),
        cell(f"{gpu.temperature_c or 0:.0f} °C", gpu.temperature_c),
        cell(f"{gpu.power_w or 0:.0f}{limit} W", gpu.power_w),
        gpu.note,
    )
