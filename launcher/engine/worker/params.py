"""A placement as llama.cpp's parameters: one place for the real load and the dry run, so that both mean the same.

The whole placement is sent, or nothing (facts on llama.cpp: half of it disables its own fit).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from launcher.core.errors import NextStep, UserError
from launcher.core.plans import Placement
from launcher.core.words import listed, say
from launcher.engine.worker import load_errors
from launcher.engine.worker.binding import GPU_KINDS, Binding
from launcher.engine.worker.tensor_overrides import override_buffers

# enum ggml_type, the types a KV cache may have.
KV_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "iq4_nl": 20, "bf16": 30}
_SPLIT_MODES = {"none": 0, "layer": 1, "row": 2, "tensor": 3}
_LOAD_MODES = {"none": 0, "mmap": 1, "mlock": 2, "mmap+mlock": 3, "direct_io": 4}
MAPPED = ("mmap", "mmap+mlock")
LOCKED = ("mlock", "mmap+mlock")
_NUMA = {"off": 0, "distribute": 1, "isolate": 2}
_FLASH_ATTENTION = {"auto": -1, "off": 0, "on": 1}
MOST_PARALLEL = 256  # LLAMA_MAX_SEQ
_MOST_THREADS = 512  # GGML_MAX_N_THREADS
# Routed experts of some layers, in every naming that llama.cpp knows (fused gate_up, channel-wise "ch").
_EXPERTS = r"blk\.({})\.ffn_({})_(ch|)exps"
_ALL_PARTS = "up|down|gate|gate_up"
# Fused gate_up experts go with "up", as in core/models.py.
_PARTS = {"up": "up|gate_up", "gate": "gate", "down": "down"}


class _BufferOverride(ctypes.Structure):
    """struct llama_model_tensor_buft_override."""

    _fields_ = [("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p)]


def chosen_devices(binding: Binding, placement: Placement) -> list[int]:
    """The graphics devices of a placement, in its order.

    With no layer offloaded and no device named none is used: llama.cpp would still take video memory for large batches,
    which a plan for the processor alone does not contain.

    Raises:
        UserError: "device_missing": the engine does not list one of them.
    """
    handles = binding.device_handles()
    if placement.devices:
        missing = [name for name in placement.devices if name not in handles]
        if missing:
            raise load_errors.device_missing(missing, list(handles))
        return [handles[n] for n in placement.devices if binding.device_kind(handles[n]) in GPU_KINDS]
    if placement.n_gpu_layers == 0:
        return []
    return [h for h in handles.values() if binding.device_kind(h) in GPU_KINDS]


def model_params(
    binding: Binding,
    placement: Placement,
    devices: Sequence[int],
    use_extra_bufts: bool,
    names: Sequence[str] | None = None,
) -> tuple[Any, list[object]]:
    """llama_model_params of a placement.

    Args:
        binding: the libraries.
        placement: what it is made from.
        devices: handles of the graphics devices to use, see `chosen_devices`.
        use_extra_bufts: see processor.py.
        names: what the placement's tensor overrides call these devices; None are the engine's own names.

    Returns:
        The struct, and what it points to: keep that as long as the model lives.

    Raises:
        UserError: "bad_placement": what llama.cpp does not know or would not survive; "device_missing" for an override's device.
    """
    _check(placement)
    llama = binding.llama
    params = llama.llama_model_default_params()
    device_list = (ctypes.c_void_p * (len(devices) + 1))(*devices, None)
    params.devices = ctypes.cast(device_list, ctypes.c_void_p)
    params.n_gpu_layers = placement.n_gpu_layers
    # "none" means one card, and is refused by llama.cpp where there is none.
    params.split_mode = _known(_SPLIT_MODES, placement.split_mode if devices else "layer", say("split mode"))
    params.main_gpu = 0
    params.load_mode = _known(_LOAD_MODES, placement.load_mode, say("load mode"))
    params.load_mtp = placement.mtp
    params.use_extra_bufts = use_extra_bufts
    most = int(llama.llama_max_devices())
    if len(placement.tensor_split) > most:
        raise UserError(
            "bad_placement",
            "The model is split over too many devices.",
            say("The engine supports at most {n} devices.", n=most),
        )
    split = (ctypes.c_float * most)(*placement.tensor_split)
    if placement.tensor_split:
        params.tensor_split = ctypes.cast(split, ctypes.POINTER(ctypes.c_float))
    by_name = dict(zip(names or [binding.device_name(d) for d in devices], devices, strict=True))
    pairs = override_buffers(binding, placement.tensor_overrides, by_name)
    pairs += [(p.encode(), binding.cpu_buffer_type) for p in _in_ram(placement)]
    overrides = (_BufferOverride * (len(pairs) + 1))(*pairs, (None, None))
    if pairs:
        params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p)
    return params, [device_list, split, pairs, overrides]


def prepare_numa(binding: Binding, placement: Placement) -> None:
    """Tell ggml how to use several sockets. It holds for the process, from before its first model on.

    Raises:
        UserError: "bad_placement": no such way.
    """
    strategy = _known(_NUMA, placement.numa, say("NUMA setting"))
    if strategy:
        binding.llama.llama_numa_init(strategy)


def _check(placement: Placement) -> None:
    """Refuse numbers that end in an abort or an endless loop instead of an error.

    Raises:
        UserError: "bad_placement".
    """
    smallest = {
        say("context"): placement.n_ctx,
        say("batch"): placement.n_batch,
        say("ubatch"): placement.n_ubatch,
        say("number of threads"): placement.threads,
        say("number of parallel answers"): placement.n_parallel,
        say("number of outputs"): placement.n_outputs,
    }
    for what, value in smallest.items():
        if value < 1:
            wrong = say("This {what} cannot be used.", what=what)
            raise UserError("bad_placement", wrong, say("It is {n}; the least is 1.", n=value))
    if placement.n_parallel > MOST_PARALLEL:
        raise UserError(
            "bad_placement",
            "So many answers cannot be made at once.",
            say("{n} were asked for; the engine can make {most}.", n=placement.n_parallel, most=MOST_PARALLEL),
        )
    if max(placement.threads, placement.threads_batch) > _MOST_THREADS:
        raise UserError(
            "bad_placement",
            "So many threads cannot be used.",
            say("The engine supports at most {n} threads.", n=_MOST_THREADS),
        )
    if placement.split_mode == "tensor" and placement.flash_attention == "off":
        raise UserError(
            "bad_placement",
            "Split mode tensor needs flash attention.",
            "It is switched off in this placement.",
            (NextStep("Plan again", "load_again"),),
        )
    _known(_NUMA, placement.numa, say("NUMA setting"))
    _known(_SPLIT_MODES, placement.split_mode, say("split mode"))


def context_params(binding: Binding, placement: Placement) -> Any:
    """llama_context_params of a placement.

    Raises:
        UserError: "bad_placement": a word that llama.cpp does not know.
    """
    params = binding.llama.llama_context_default_params()
    params.n_ctx = placement.n_ctx
    params.n_batch = placement.n_batch
    params.n_ubatch = min(placement.n_ubatch, placement.n_batch)
    params.n_seq_max = placement.n_parallel
    # Parallel answers share the context's tokens: one alone may use all of them, as in llama-server's own default of four
    # slots. Apart, each would get a fixed part of the context. With one answer both are the same cache (llama-kv-cache.cpp).
    params.kv_unified = True
    # The default reserves a row of logits for every token of a batch: hundreds of MiB where one is ever asked for.
    params.n_outputs_max = max(placement.n_parallel, placement.n_outputs)
    params.n_threads = placement.threads
    params.n_threads_batch = placement.threads_batch or placement.threads
    params.type_k = _known(KV_TYPES, placement.kv_type_k, say("KV cache type"))
    params.type_v = _known(KV_TYPES, placement.kv_type_v, say("KV cache type"))
    params.flash_attn_type = _known(_FLASH_ATTENTION, placement.flash_attention, say("flash attention setting"))
    params.offload_kqv = True
    # The raw default keeps a full-length cache for sliding-window layers: 6 GiB instead of 0.9 for V4 at 131k.
    params.swa_full = False
    params.no_perf = True
    return params


def _in_ram(placement: Placement) -> list[str]:
    """Patterns of the expert tensors that stay in RAM.

    One for all layers: llama.cpp builds every pattern's regular expression anew for every tensor, and 61 of them for
    V3's 1,086 tensors took 0.35 s of each load.
    """
    first = placement.expert_layers_on_cpu
    patterns = [_EXPERTS.format("|".join(map(str, range(first))), _ALL_PARTS)] if first else []
    for part in placement.boundary_experts_on_cpu:
        if part not in _PARTS:
            what = say("{name} is not a part of experts.", name=repr(part))
            raise UserError("bad_placement", what, say("Known are {names}.", names=listed(*_PARTS)))
        patterns.append(_EXPERTS.format(first, _PARTS[part]))
    return patterns


def _known(table: dict[str, int], name: str, what: str) -> int:
    if name not in table:
        wrong = say("The {what} {name} does not exist.", what=what, name=repr(name))
        raise UserError("bad_placement", wrong, say("Known are {names}.", names=listed(*table)))
    return table[name]
