"""What a load did otherwise than planned, as sentences for the user: nothing of it is silent."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement, layers_on_gpu
from launcher.core.units import gib, whole
from launcher.core.words import joined, say
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
            say(
                "Planned: {planned} of {all} layers on the graphics card. Actual: {actual}. The processor does the rest.",
                planned=layers_on_gpu(wanted, n_layer),
                all=n_layer,
                actual=layers_on_gpu(native.gpu_layers, n_layer),
            )
        )
    if native.n_ctx < placement.n_ctx:
        context = whole(placement.n_ctx), whole(native.n_ctx)
        notes.append(
            say("Planned: {planned} tokens of context. Actual: {actual}.", planned=context[0], actual=context[1])
        )
    size = size_of(request.path)
    free = psutil.virtual_memory().available
    if placement.load_mode == "mmap" and size > free and not native.gpu_layers:
        notes.append(
            say(
                "The file ({size}) is larger than the RAM that is free ({free}): parts are read from disk again and again.",
                size=gib(size),
                free=gib(free),
            )
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
    needed = say("{size} was asked for at once.", size=gib(int(match.group(1)))) if match.group(1) else ""
    return joined(
        say("The weights could not be locked in RAM ({mode}).", mode=placement.load_mode),
        needed,
        _limit_words(),
        say("They are loaded as usual: under pressure the system may move them out, and answers stall."),
    )


def _limit_words() -> str:
    """How much this program may lock."""
    if sys.platform == "win32":
        return ""
    import resource

    soft, _hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    return "" if soft == resource.RLIM_INFINITY else say("This program may lock {size} (ulimit -l).", size=gib(soft))


def _direct_note(placement: Placement, binding: Binding) -> str:
    if placement.load_mode != "direct_io":
        return ""
    if sys.platform not in ("linux", "win32"):
        return say("Direct I/O does not exist on this system: the file was read as usual.")
    if binding.log.search("Falling back to buffered I/O"):
        return say("The disk does not allow direct I/O: the file was read through the page cache.")
    return ""


def _numa_note(placement: Placement) -> str:
    if placement.numa == "off":
        return ""
    nodes = len(list(_NODES.glob("node[0-9]*"))) if sys.platform == "linux" else 0
    if nodes > 1:
        return ""
    if nodes:
        return say("One NUMA node was found: the setting {mode} changes nothing.", mode=placement.numa)
    return say("NUMA nodes can be used on Linux only: the setting {mode} changes nothing.", mode=placement.numa)
