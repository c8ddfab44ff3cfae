"""Whether the processor's special weight layouts (`use_extra_bufts`: AMX tiles, repacked rows) may be used.

On processors with AMX, MLA models abort in llama.cpp 0c1e57098 and, where a virtual machine shows AMX but does not allow it,
dense models die with SIGILL; without AMX repacking is safe and faster. With a GPU it must be off too: repacked weights are
not host memory, so large batches could not stream them to the card.
"""

from __future__ import annotations

import platform
import re
from pathlib import Path


def wants_extra_buffers(system_info: str, has_gpu: bool, cpu_flags: frozenset[str]) -> bool:
    """The decision, from the engine's own feature line and the processor's flags."""
    has_amx = any(flag.startswith("amx") for flag in cpu_flags) or re.search(r"AMX_INT8 = 1", system_info) is not None
    return not has_gpu and not has_amx


def cpu_flags() -> frozenset[str]:
    """Instruction set flags as Linux lists them; empty elsewhere."""
    match = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", _cpuinfo(), re.MULTILINE)
    return frozenset(match.group(1).lower().split()) if match else frozenset()


def processor_name() -> str:
    """Names the processor in what is remembered about it."""
    match = re.search(r"^model name\s*:\s*(.*)$", _cpuinfo(), re.MULTILINE)
    return match.group(1).strip() if match else platform.processor() or platform.machine()


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return ""
