"""Memory bandwidth and FP16 rate by GPU name, from resources/gpus.json (vendors' published figures)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache

from launcher.core.codec import from_json
from launcher.core.machine import Gpu
from launcher.core.paths import resource
from launcher.core.units import GIB

# Filler words: the same card is "NVIDIA GeForce RTX 3060", "GeForce RTX 3060" and "RTX 3060" in different drivers.
_FILLER = {"nvidia", "geforce", "amd", "ati", "radeon", "intel", "graphics", "gpu", "corporation", "series"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table.

    Attributes:
        vram_gib, cpu_cores: tell versions of the same name apart.
        memory_gib: sizes sold, the most common first; of the computer where memory is shared.
        pcie: generation and lanes of the card; () without a bus of its own.
        source: key of the table's `sources`.
    """

    vendor: str
    name: str
    bandwidth_gb_s: float
    fp16_tflops: float | None = None
    vram_gib: float | None = None
    cpu_cores: int | None = None
    memory_gib: tuple[float, ...] = ()
    pcie: tuple[int, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    gpus: tuple[Entry, ...]


def normal_name(name: str) -> str:
    """What is left of a GPU's name for comparing: lower case, no trademark signs, no filler, no driver in brackets."""
    name = re.sub(r"\((?:r|tm)\)|[®™]", " ", name.lower())
    name = re.sub(r"\([^)]*\)", " ", name)
    name = re.sub(r"\bmig \d+g\.\d+gb.*", " ", name)
    return " ".join(word for word in re.split(r"[\s_-]+", name) if word and word not in _FILLER)


def with_datasheet(gpu: Gpu, cpu_cores: int | None = None) -> Gpu:
    """The GPU with bandwidth and FP16 rate where the table knows it; otherwise as it is.

    Args:
        gpu: known values are kept.
        cpu_cores: physical cores of the computer; versions of one Apple chip differ by them.
    """
    versions = _by_name().get((gpu.vendor, normal_name(gpu.name)), ())
    entry = next((v for v in versions if _is_version(v, gpu.vram_total_bytes, cpu_cores)), None)
    if entry is None:
        return gpu
    bandwidth = gpu.bandwidth_bytes_s or entry.bandwidth_gb_s * 1e9
    flops = gpu.fp16_flops or (entry.fp16_tflops * 1e12 if entry.fp16_tflops else None)
    # Weights in unified memory cross no bus: they arrive at the memory's own speed.
    pcie = gpu.pcie_bytes_s or (bandwidth if gpu.vendor == "apple" else None)
    return replace(gpu, bandwidth_bytes_s=bandwidth, fp16_flops=flops, pcie_bytes_s=pcie)


def _is_version(entry: Entry, vram_bytes: int | None, cpu_cores: int | None) -> bool:
    if entry.cpu_cores is not None and entry.cpu_cores != cpu_cores:
        return False
    if entry.vram_gib is None:
        return True
    # Drivers keep up to a tenth for themselves (ECC, firmware).
    return vram_bytes is not None and 0.88 <= vram_bytes / (entry.vram_gib * GIB) <= 1.02


@cache
def entries() -> tuple[Entry, ...]:
    """The whole table."""
    return from_json(_Table, json.loads(resource("gpus.json").read_text("utf-8"))).gpus


@cache
def _by_name() -> dict[tuple[str, str], tuple[Entry, ...]]:
    names: dict[tuple[str, str], tuple[Entry, ...]] = {}
    for entry in entries():
        key = (entry.vendor, normal_name(entry.name))
        names[key] = (*names.get(key, ()), entry)
    return names
