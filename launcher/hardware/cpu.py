"""The processor: name, usable cores and the instruction sets for which ggml has kernels."""

from __future__ import annotations

import ctypes
import importlib
import math
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

import psutil

from launcher.core.machine import Cpu
from launcher.core.words import say
from launcher.hardware.apple import sysctl_int, sysctl_text
from launcher.hardware.cgroup import cpu_limit
from launcher.hardware.kernel_files import read_text

# Flag of the operating system -> our name. x86: /proc/cpuinfo "flags" (arch/x86/include/asm/cpufeatures.h).
_X86 = {
    "ssse3": "ssse3", "sse4_2": "sse4_2", "avx": "avx", "avx2": "avx2", "f16c": "f16c", "fma": "fma", "bmi2": "bmi2",
    "avx_vnni": "avx_vnni", "avx512f": "avx512f", "avx512vbmi": "avx512_vbmi", "avx512_vnni": "avx512_vnni",
    "avx512_bf16": "avx512_bf16", "amx_tile": "amx_tile", "amx_int8": "amx_int8", "amx_bf16": "amx_bf16",
}  # fmt: skip
# Arm: /proc/cpuinfo "Features" (Documentation/arch/arm64/elf_hwcaps).
_ARM = {
    "asimd": "neon", "asimdhp": "fp16", "asimddp": "dotprod", "i8mm": "i8mm", "bf16": "bf16", "sve": "sve",
    "sve2": "sve2", "sme": "sme",
}  # fmt: skip
_APPLE_ARM = {
    "hw.optional.neon": "neon", "hw.optional.arm.FEAT_FP16": "fp16", "hw.optional.arm.FEAT_DotProd": "dotprod",
    "hw.optional.arm.FEAT_I8MM": "i8mm", "hw.optional.arm.FEAT_BF16": "bf16", "hw.optional.arm.FEAT_SME": "sme",
}  # fmt: skip
_APPLE_X86 = {"ssse3": "ssse3", "sse4.2": "sse4_2", "avx1.0": "avx", "f16c": "f16c", "fma": "fma", "avx2": "avx2",
              "bmi2": "bmi2", "avx512f": "avx512f"}  # fmt: skip
# Windows: winnt.h PF_*_AVAILABLE; it has no constant for the others.
_WINDOWS = {36: "ssse3", 38: "sse4_2", 39: "avx", 40: "avx2", 41: "avx512f", 19: "neon", 43: "dotprod", 46: "sve"}


def read_cpu(root: Path = Path("/")) -> tuple[Cpu, tuple[str, ...]]:
    """The processor and notes about limits. Cores and threads are those that this program may use."""
    info = read_text(root / "proc/cpuinfo") or "" if sys.platform == "linux" else ""
    threads = psutil.cpu_count(logical=True) or os.cpu_count() or 1
    cores = psutil.cpu_count(logical=False) or threads
    allowed = _allowed_threads(root, threads)
    usable_cores = max(1, min(cores, math.floor(allowed)))
    fast = _performance_cores(root, cores)
    cpu = Cpu(
        _name(info),
        usable_cores,
        max(1, math.floor(allowed)),
        _instruction_sets(info),
        fast if fast is None else min(fast, usable_cores),
        _numa_nodes(root),
    )
    if allowed >= threads:
        return cpu, ()
    return cpu, (say("This program may use {n} of the {all} processor threads here.", n=f"{allowed:g}", all=threads),)


def _allowed_threads(root: Path, threads: int) -> float:
    """After the affinity mask and a container's share of processor time."""
    allowed = float(threads)
    if sys.platform == "linux":
        allowed = min(allowed, len(os.sched_getaffinity(0)))
        allowed = min(allowed, round(cpu_limit(root) or allowed, 2))
    return max(0.01, allowed)


def _performance_cores(root: Path, cores: int) -> int | None:
    """How many of the physical cores are fast ones, where the system tells several kinds apart (Linux, macOS)."""
    if sys.platform == "darwin":
        fast = sysctl_int("hw.perflevel0.physicalcpu")
        return fast if fast and fast < cores else None
    folder = root / "sys/devices/system/cpu"
    speeds: dict[str, int] = {}
    for kind in ("cpu_capacity", "cpufreq/cpuinfo_max_freq"):  # Arm; x86
        for path in folder.glob(f"cpu[0-9]*/{kind}"):
            cpu = folder / path.relative_to(folder).parts[0]
            core = (read_text(cpu / "topology/thread_siblings_list") or cpu.name).strip()  # one per physical core
            speeds[core] = max(speeds.get(core, 0), int(read_text(path) or 0))
        if speeds:
            break
    # Cores of one kind differ by some per cent (favoured cores); slow ones are a quarter and more behind.
    fast = sum(speed > 0.85 * max(speeds.values()) for speed in speeds.values())
    return fast if 0 < fast < len(speeds) else None


def _numa_nodes(root: Path) -> int | None:
    """As the engine counts them, which knows them on Linux only (ggml_numa_init)."""
    if sys.platform != "linux":
        return None
    return sum(1 for _ in (root / "sys/devices/system/node").glob("node[0-9]*")) or None


def _name(info: str) -> str:
    name = None
    if sys.platform == "linux":
        found = re.search(r"^(?:model name|Model|cpu model|Hardware)\s*:\s*(\S.*)$", info, re.MULTILINE)
        name = found.group(1) if found else None
    elif sys.platform == "darwin":
        name = sysctl_text("machdep.cpu.brand_string")
    elif sys.platform == "win32":
        name = _windows_name()
    return _tidy(name or platform.processor() or platform.machine() or "unknown processor")


def _tidy(name: str) -> str:
    """Without trademark signs, clock and filler words: "Intel Core i7-8700K"."""
    name = re.sub(
        r"\((?:R|TM)\)|\bCPU\b|@.*$|\b\d+-Core Processor\b|\bProcessor\b|with Radeon.*$", " ", name, flags=re.I
    )
    return " ".join(name.split())[:100] or "unknown processor"


def _windows_name() -> str | None:
    registry: Any = importlib.import_module("winreg")
    try:
        with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
            return str(registry.QueryValueEx(key, "ProcessorNameString")[0])
    except OSError:
        return None


def _instruction_sets(info: str) -> tuple[str, ...]:
    if sys.platform == "darwin":
        return _apple_sets()
    if sys.platform == "win32":
        has: Any = ctypes.WinDLL("kernel32").IsProcessorFeaturePresent
        return tuple(name for number, name in _WINDOWS.items() if has(number))
    found = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", info, re.MULTILINE)
    present = set(found.group(1).split()) if found else set[str]()
    return tuple(name for flag, name in (*_X86.items(), *_ARM.items()) if flag in present)


def _apple_sets() -> tuple[str, ...]:
    words = (
        f"{sysctl_text('machdep.cpu.features') or ''} {sysctl_text('machdep.cpu.leaf7_features') or ''}".lower().split()
    )
    x86 = tuple(name for flag, name in _APPLE_X86.items() if flag in words)
    return x86 + tuple(name for flag, name in _APPLE_ARM.items() if sysctl_int(flag))
