"""A loaded model and its context: the whole placement is sent, or nothing (facts on llama.cpp: half of it disables its own fit)."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher.core.errors import UserError
from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement
from launcher.engine.worker import load_errors
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.binding import GPU_KINDS, Binding

# enum ggml_type, the types a KV cache may have.
KV_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "iq4_nl": 20, "bf16": 30}
_SPLIT_MODES = {"none": 0, "layer": 1, "row": 2}
_LOAD_MODES = {"none": 0, "mmap": 1}
_FLASH_ATTENTION = {"auto": -1, "off": 0, "on": 1}
# Routed experts of one layer, in every naming that llama.cpp knows (fused gate_up, channel-wise "ch").
_EXPERTS = r"blk\.{}\.ffn_(up|down|gate|gate_up)_(ch|)exps"


class Cancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The operation was stopped as asked."""


class _BufferOverride(ctypes.Structure):
    """struct llama_model_tensor_buft_override."""

    _fields_ = [("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p)]


@dataclass
class NativeModel:
    """Handles of one model with one context."""

    binding: Binding
    model: Any
    context: Any
    vocab: Any
    placement: Placement
    n_ctx: int
    gpu_layers: int
    use_extra_bufts: bool
    flash_attention_off: bool = False
    kept_alive: list[object] = field(default_factory=list[object])

    @property
    def memory(self) -> Any:
        """The KV cache."""
        return self.binding.llama.llama_get_memory(self.context)

    def metadata(self, key: str) -> str:
        """A value of the file's metadata, "" when it has none."""
        size = 256
        while True:
            buffer = ctypes.create_string_buffer(size)
            needed = self.binding.llama.llama_model_meta_val_str(self.model, key.encode(), buffer, size)
            if needed < size:
                return buffer.value.decode("utf-8", "replace") if needed >= 0 else ""
            size = needed + 1

    def free(self) -> None:
        """Give everything back."""
        self.binding.llama.llama_free(self.context)
        self.binding.llama.llama_model_free(self.model)


def load_model(
    binding: Binding,
    request: LoadRequest,
    use_extra_bufts: bool,
    switch: AbortSwitch,
    on_progress: Callable[[str, float], None],
) -> NativeModel:
    """Read the weights and make the context.

    Args:
        binding: the libraries.
        request: file and placement.
        use_extra_bufts: see processor.py.
        switch: ends the load, and later every decode of the context.
        on_progress: called with (phase, fraction of the load).

    Raises:
        UserError: with the engine's own words and the numbers.
        Cancelled: the switch was set.
    """
    load_errors.check_file(Path(request.path))
    kept: list[object] = []
    binding.log.mark()
    model = _open(binding, request, use_extra_bufts, switch, on_progress, kept)
    offloaded = binding.log.search(r"offloaded (\d+)/\d+ layers to GPU")
    gpu_layers = int(offloaded.group(1)) if offloaded and uses_gpu(binding, request.placement) else 0
    on_progress("context", 0.9)
    context = binding.llama.llama_init_from_model(model, _context_params(binding, request.placement, switch))
    if not context:
        binding.llama.llama_model_free(model)
        raise load_errors.context_error(binding, request)
    return NativeModel(
        binding=binding,
        model=model,
        context=context,
        vocab=binding.llama.llama_model_get_vocab(model),
        placement=request.placement,
        n_ctx=int(binding.llama.llama_n_ctx(context)),
        gpu_layers=gpu_layers,
        use_extra_bufts=use_extra_bufts,
        kept_alive=kept,
    )


def warm_up(native: NativeModel) -> None:
    """Run one token through all experts: pages of the file are read and kernels are built now, not in the first answer."""
    llama = native.binding.llama
    llama.llama_set_warmup(native.context, True)
    bos = llama.llama_vocab_bos(native.vocab)
    token = (ctypes.c_int32 * 1)(bos if bos >= 0 else 0)
    status = llama.llama_decode(native.context, llama.llama_batch_get_one(token, 1))
    llama.llama_set_warmup(native.context, False)
    llama.llama_memory_clear(native.memory, True)
    if status == 2:
        raise Cancelled
    if status != 0:
        raise load_errors.decode_error(native.binding, status)


def uses_gpu(binding: Binding, placement: Placement) -> bool:
    """Whether this placement gives any graphics device something to do."""
    return bool(_devices(binding, placement))


def _devices(binding: Binding, placement: Placement) -> list[int]:
    """The graphics devices of a placement, in its order.

    With no layer offloaded and no device named none is used: llama.cpp would still take video memory for large batches,
    which a plan for the processor alone does not contain.
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


def _open(
    binding: Binding,
    request: LoadRequest,
    use_extra_bufts: bool,
    switch: AbortSwitch,
    on_progress: Callable[[str, float], None],
    kept: list[object],
) -> Any:
    llama, placement = binding.llama, request.placement
    params = llama.llama_model_default_params()
    devices = _devices(binding, placement)
    device_list = (ctypes.c_void_p * (len(devices) + 1))(*devices, None)
    params.devices = ctypes.cast(device_list, ctypes.c_void_p)
    params.n_gpu_layers = placement.n_gpu_layers
    # "none" means one card, and is refused by llama.cpp where there is none.
    params.split_mode = _known(_SPLIT_MODES, placement.split_mode if devices else "layer", "split mode")
    params.main_gpu = 0
    params.load_mode = _known(_LOAD_MODES, placement.load_mode, "load mode")
    params.use_extra_bufts = use_extra_bufts
    split = (ctypes.c_float * llama.llama_max_devices())(*placement.tensor_split)
    if placement.tensor_split:
        params.tensor_split = ctypes.cast(split, ctypes.POINTER(ctypes.c_float))
    patterns = [_EXPERTS.format(layer).encode() for layer in range(placement.expert_layers_on_cpu)]
    overrides = (_BufferOverride * (len(patterns) + 1))(*((p, binding.cpu_buffer_type) for p in patterns), (None, None))
    if patterns:
        params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p)
    last_shown = 0.0

    def on_native_progress(fraction: float, _user_data: object) -> bool:
        nonlocal last_shown
        now = time.monotonic()
        if now - last_shown >= 0.05:
            last_shown = now
            on_progress("weights", 0.9 * fraction)
        return not switch.is_set

    callback = llama.llama_progress_callback(on_native_progress)
    params.progress_callback = callback
    # Patterns and devices are read while the model lives.
    kept += [device_list, split, patterns, overrides, callback]
    model = llama.llama_model_load_from_file(request.path.encode(), params)
    if model:
        return model
    if switch.is_set:
        raise Cancelled
    raise load_errors.model_error(binding, request)


def _context_params(binding: Binding, placement: Placement, switch: AbortSwitch) -> Any:
    llama = binding.llama
    params = llama.llama_context_default_params()
    params.n_ctx = placement.n_ctx
    params.n_batch = placement.n_batch
    params.n_ubatch = min(placement.n_ubatch, placement.n_batch)
    params.n_seq_max = 1
    # One row of logits is ever asked for; the default reserves one per token of a batch: hundreds of MiB.
    params.n_outputs_max = 1
    params.n_threads = params.n_threads_batch = placement.threads
    params.type_k = _known(KV_TYPES, placement.kv_type_k, "KV cache type")
    params.type_v = _known(KV_TYPES, placement.kv_type_v, "KV cache type")
    params.flash_attn_type = _known(_FLASH_ATTENTION, placement.flash_attention, "flash attention setting")
    params.offload_kqv = True
    # The raw default keeps a full-length cache for sliding-window layers: 6 GiB instead of 0.9 for V4 at 131k.
    params.swa_full = False
    params.no_perf = True
    params.abort_callback = switch.callback(llama.ggml_abort_callback)
    params.abort_callback_data = switch.data
    return params


def _known(table: dict[str, int], name: str, what: str) -> int:
    if name not in table:
        raise UserError("bad_placement", f"The {what} {name!r} does not exist.", f"Known are {', '.join(table)}.")
    return table[name]
