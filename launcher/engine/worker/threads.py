"""How many threads of the processor write tokens fastest: measured after a load where it is in doubt.

One thread per physical core is right on an idle desktop. With hyper-threading, in a virtual machine, with slow cores beside
fast ones or with busy neighbours it may not be: a thread too many waits at every barrier for a core that something else has,
which can cost a factor. A few tokens with each of two or three counts tell.
"""

from __future__ import annotations

import ctypes
import os
import re
import time
from pathlib import Path

import psutil

from launcher.core.plans import Placement
from launcher.core.words import say
from launcher.engine.worker.model import NativeModel

_ROUNDS = 2
_TOKENS = 2  # per round and count, after one that is not timed: the threads have to be started
_BUDGET_S = 1.0
_WORTH = 0.93  # another count must need less than this share of the time
_BUSY_SHARE = 0.25  # of the cores, wanted by other programs
_CPU_FOLDER = Path("/sys/devices/system/cpu")


def settle_threads(native: NativeModel, remembered: int) -> str:
    """Set the context's threads: as planned, as remembered, or as measured now; `native.threads` says which.

    Args:
        native: a loaded model that has computed a token already (its pages are there).
        remembered: found by an earlier measurement on this processor with a model of this size; 0 for none.

    Returns:
        A sentence for the user where something else than the plan's number is used, else "".
    """
    placement = native.placement
    planned = placement.threads
    if placement.is_threads_fixed or not uses_processor(native):
        return ""
    if remembered:
        use_threads(native, remembered)
        return ""
    others = _candidates(planned)
    if not others or not _is_in_doubt():
        return ""
    token_s = _times(native, (planned,), rounds=1)[planned]
    if token_s * (_TOKENS + 1) * (_ROUNDS * (len(others) + 1)) > _BUDGET_S:
        return ""  # a slow model: the memory sets its pace, and the answer is worth more than the measurement
    times = _times(native, (planned, *others), _ROUNDS)
    native.is_threads_measured = True
    best = min(times, key=lambda n: times[n])
    if best == planned or times[best] > _WORTH * times[planned]:
        use_threads(native, planned)
        return ""
    use_threads(native, best)
    return say(
        "{best} processor threads write faster here than {planned}: {now} ms per token instead of {before}. "
        "Measured after the load.",
        best=best,
        planned=planned,
        now=f"{times[best] * 1e3:.1f}",
        before=f"{times[planned] * 1e3:.1f}",
    )


def use_threads(native: NativeModel, threads: int) -> None:
    """From now on so many threads write; prompts keep the plan's number, which they always gain from."""
    placement = native.placement
    batch = placement.threads_batch or max(placement.threads, threads)
    native.binding.llama.llama_set_n_threads(native.context, threads, batch)
    native.threads = threads


def uses_processor(native: NativeModel) -> bool:
    """Whether the processor computes more of a token than its embedding."""
    placement = native.placement
    n_layer = int(native.binding.llama.llama_model_n_layer(native.model))
    has_experts_in_ram = bool(placement.expert_layers_on_cpu or placement.boundary_experts_on_cpu)
    return native.gpu_layers <= n_layer or has_experts_in_ram or _has_overrides(placement)


def _has_overrides(placement: Placement) -> bool:
    return any(device == "CPU" for _, device in placement.tensor_overrides)


def _candidates(planned: int) -> tuple[int, ...]:
    """Other counts worth a try: one thread less, and every thread that there is."""
    logical = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count() or planned
    physical = psutil.cpu_count(logical=False) or logical
    most = {planned - 1, min(logical, physical), logical}
    return tuple(sorted(n for n in most if 0 < n != planned and n <= logical))


def _is_in_doubt() -> bool:
    """Hyper-threading, cores of several speeds, a virtual machine, or other programs at work."""
    logical, physical = psutil.cpu_count() or 1, psutil.cpu_count(logical=False) or 1
    return logical > physical or _has_unequal_cores() or _is_virtual() or _is_busy(logical)


def _has_unequal_cores() -> bool:
    """Cores of several speeds, as the kernel lists them (Linux: capacity on Arm, fastest clock on x86)."""
    for name in ("cpu_capacity", "cpufreq/cpuinfo_max_freq"):
        found = {_number(path) for path in _CPU_FOLDER.glob(f"cpu[0-9]*/{name}")} - {0}
        if found and min(found) < 0.9 * max(found):
            return True
    return False


def _number(path: Path) -> int:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return 0


def _is_virtual() -> bool:
    try:
        return (
            re.search(r"^flags\s*:.*\bhypervisor\b", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE) is not None
        )
    except OSError:
        return False


def _is_busy(cores: int) -> bool:
    try:
        return os.getloadavg()[0] - 1.0 > _BUSY_SHARE * cores  # the load itself counts for one
    except (AttributeError, OSError):  # Windows has no such figure
        return False


def _times(native: NativeModel, counts: tuple[int, ...], rounds: int) -> dict[int, float]:
    """Seconds per token of every count, the best of alternating rounds. The cache is empty afterwards."""
    llama = native.binding.llama
    bos = llama.llama_vocab_bos(native.vocab)
    token = (ctypes.c_int32 * 1)(bos if bos >= 0 else 0)
    best: dict[int, float] = {}
    for _ in range(rounds):
        for count in counts:
            use_threads(native, count)
            llama.llama_decode(native.context, llama.llama_batch_get_one(token, 1))
            for _ in range(_TOKENS):
                began = time.perf_counter()
                llama.llama_decode(native.context, llama.llama_batch_get_one(token, 1))
                llama.llama_synchronize(native.context)
                took = time.perf_counter() - began
                best[count] = min(took, best.get(count, took))
    llama.llama_memory_clear(native.memory, True)
    return best
