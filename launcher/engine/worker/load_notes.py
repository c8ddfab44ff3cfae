"""What a load did otherwise than planned, as sentences for the user: nothing of it is silent."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement, layers_on_gpu
from launcher.core.units import gib
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.model import NativeModel
from launcher.engine.worker.params import LOCKED
from launcher.engine.worker.progress import size_of

_NODES = Path("/sys/devices/system/node")
_NOT_LOCKED = r"failed to (?:mlock|VirtualLock) (\d+)-byte buffer|mlock not supported"


def placement_notes(request: LoadRequest, native: NativeModel, binding: Binding) -> tuple[str, ...]:
    """Planned and actual, where they differ."""
    placement = request.placement
    n_layer = int(binding.llama.llama_model_n_layer(native.model))
    wanted = n_layer + 1 if placement.n_gpu_layers < 0 else min(placement.n_gpu_layers, n_layer + 1)
    notes: list[str] = []
    if native.gpu_layers < wanted:
        notes.append(
            f"Planned: {layers_on_gpu(wanted, n_layer)} of {n_layer} layers on the graphics card. "
            f"Actual: {layers_on_gpu(native.gpu_layers, n_layer)}. The processor does the rest."
        )
    if native.n_ctx < placement.n_ctx:
        notes.append(f"Planned: {placement.n_ctx:,} tokens of context. Actual: {native.n_ctx:,}.")
    size = size_of(request.path)
    free = psutil.virtual_memory().available
    if placement.load_mode == "mmap" and size > free and not native.gpu_layers:
        notes.append(
            f"The file ({gib(size)}) is larger than the RAM that is free ({gib(free)}): parts are read from disk again and again."
        )
    notes += filter(None, (lock_note(placement, binding), _direct_note(placement, binding), _numa_note(placement)))
    return tuple(notes)


def lock_note(placement: Placement, binding: Binding) -> str:
    """Whether the system let us keep the weights in RAM; "" when it did or was not asked."""
    if placement.load_mode not in LOCKED:
        return ""
    match = binding.log.search(_NOT_LOCKED)
    if not match:
        return ""
    needed = f" {gib(int(match.group(1)))} were asked for at once." if match.group(1) else ""
    return (
        f"The weights could not be locked in RAM ({placement.load_mode}).{needed}{_limit_words()} "
        "They are loaded as usual: under pressure the system may move them out, and answers stall."
    )


def _limit_words() -> str:
    """How much this program may lock."""
    if sys.platform == "win32":
        return ""
    import resource

    soft, _hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    return "" if soft == resource.RLIM_INFINITY else f" This program may lock {gib(soft)} (ulimit -l)."


def _direct_note(placement: Placement, binding: Binding) -> str:
    if placement.load_mode != "direct_io":
        return ""
    if sys.platform not in ("linux", "win32"):
        return "Direct I/O does not exist on this system: the file was read as usual."
    if binding.log.search("Falling back to buffered I/O"):
        return "The disk does not allow direct I/O: the file was read through the page cache."
    return ""


def _numa_note(placement: Placement) -> str:
    if placement.numa == "off":
        return ""
    nodes = len(list(_NODES.glob("node[0-9]*"))) if sys.platform == "linux" else 0
    if nodes > 1:
        return ""
    found = "One NUMA node was found" if nodes else "NUMA nodes can be used on Linux only"
    return f"{found}: the setting {placement.numa} changes nothing."
