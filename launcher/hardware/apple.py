"""The GPU of an Apple chip: a share of the computer's own memory."""

from __future__ import annotations

import ctypes
import platform

import psutil

from launcher.core.machine import Gpu, GpuSample
from launcher.core.units import GIB
from launcher.core.words import say


class AppleSource:
    """The one GPU of an Apple silicon Mac; nothing on an Intel Mac (the engine has no Metal kernels worth using there)."""

    def __init__(self) -> None:
        self._memory_bytes = sysctl_int("hw.memsize")
        self._name = sysctl_text("machdep.cpu.brand_string") or "Apple GPU"
        self._is_apple_silicon = platform.machine() == "arm64"

    @property
    def problem(self) -> str:
        """A note where there is no Apple GPU."""
        return "" if self._is_apple_silicon else "GPUs of Intel Macs are not read; the engine's own list decides."

    @property
    def is_absent(self) -> bool:
        """Always False: the system itself tells about these."""
        return False

    def close(self) -> None:
        """Nothing is held open."""

    def gpus(self) -> tuple[Gpu, ...]:
        """The GPU with what macOS lets it use."""
        if not self._is_apple_silicon:
            return ()
        usable = gpu_share_bytes(self._memory_bytes, sysctl_int("iogpu.wired_limit_mb"))
        notes = (say("What the GPU may use is macOS's usual share of the RAM; the engine's own figure replaces it."),)
        return (
            Gpu(
                name=self._name,
                vendor="apple",
                vram_total_bytes=usable,
                vram_free_bytes=min(usable, psutil.virtual_memory().available) if usable else None,
                unified_memory=True,
                notes=notes if usable else (say("macOS does not tell how much memory there is."),),
            ),
        )

    def sample(self, app_pids: frozenset[int]) -> tuple[GpuSample, ...]:
        """Only memory is known: load, heat and power need administrator rights (powermetrics)."""
        del app_pids
        note = say("macOS reports load, temperature and power to administrators only.")
        return tuple(GpuSample(g.name, g.vram_total_bytes, g.vram_free_bytes, note=note) for g in self.gpus())


def gpu_share_bytes(memory_bytes: int | None, wired_limit_mib: int | None) -> int | None:
    """About what Metal calls recommendedMaxWorkingSetSize, without asking Metal.

    llama.cpp's issue reports show 3/4 of the RAM on larger Macs (49152 of 64 GiB in its issue 1870, 73728 of 96 GiB in 3213)
    and 2/3 on smaller ones (21845 of 32 GiB in pull request 2011, 10923 of 16 GiB); where between 32 and 64 GiB it changes
    is not documented. `sysctl iogpu.wired_limit_mb` overrides it when it is not 0.
    """
    if wired_limit_mib:
        return wired_limit_mib * 2**20
    if not memory_bytes:
        return None
    return memory_bytes * 3 // 4 if memory_bytes >= 36 * GIB else memory_bytes * 2 // 3


def sysctl_text(name: str) -> str | None:
    """A text value of sysctl; None where there is none."""
    raw = _sysctl(name)
    return raw.split(b"\0")[0].decode("utf-8", "replace").strip() or None if raw else None


def sysctl_int(name: str) -> int | None:
    """A 4 or 8 byte number of sysctl; None where there is none."""
    raw = _sysctl(name)
    return int.from_bytes(raw, "little", signed=True) if raw and len(raw) in (4, 8) else None


def _sysctl(name: str) -> bytes | None:
    try:
        call = ctypes.CDLL(None).sysctlbyname
    except (OSError, AttributeError):
        return None
    size = ctypes.c_size_t(0)
    if call(name.encode(), None, ctypes.byref(size), None, 0) != 0 or not 0 < size.value < 65536:
        return None
    buffer = ctypes.create_string_buffer(size.value)
    if call(name.encode(), buffer, ctypes.byref(size), None, 0) != 0:
        return None
    return buffer.raw[: size.value]
