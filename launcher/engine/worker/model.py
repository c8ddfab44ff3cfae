"""A loaded model and its context."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement
from launcher.engine.protocol import WEIGHTS_SHARE
from launcher.engine.worker import load_errors
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.params import MAPPED, chosen_devices, context_params, model_params, prepare_numa
from launcher.engine.worker.progress import WeightsProgress, size_of


class Cancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The operation was stopped as asked."""


@dataclass
class NativeModel:
    """Handles of one model with one context. `threads`: of the processor while one token is computed."""

    binding: Binding
    model: Any
    context: Any
    vocab: Any
    placement: Placement
    n_ctx: int
    gpu_layers: int
    use_extra_bufts: bool
    flash_attention_off: bool = False
    threads: int = 0
    is_threads_measured: bool = False
    path: str = ""
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
        on_progress: called with (phase, fraction of the load), while the weights are read from another thread.

    Raises:
        UserError: with the engine's own words and the numbers.
        Cancelled: the switch was set.
    """
    load_errors.check_file(Path(request.path))
    params = context_params(binding, request.placement)
    params.abort_callback = switch.callback(binding.llama.ggml_abort_callback)
    params.abort_callback_data = switch.data
    kept: list[object] = []
    binding.log.mark()
    model = _open(binding, request, use_extra_bufts, switch, on_progress, kept)
    offloaded = binding.log.search(r"offloaded (\d+)/\d+ layers to GPU")
    gpu_layers = int(offloaded.group(1)) if offloaded and chosen_devices(binding, request.placement) else 0
    on_progress("context", WEIGHTS_SHARE)
    context = binding.llama.llama_init_from_model(model, params)
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
        threads=request.placement.threads,
        path=request.path,
        kept_alive=kept,
    )


def warm_up(native: NativeModel) -> None:
    """Run tokens through all experts: pages of the file are read and kernels are built now, not in the first answer.

    llama.cpp computes its last graph again for a batch of the same size, also when that graph was made for all experts
    (`llm_graph_params::allow_reuse` does not ask; llama-cpp-python 0.3.36). So two tokens go through all of them, and
    then one as in an answer.
    """
    llama = native.binding.llama
    llama.llama_set_warmup(native.context, True)
    status = _decode_start(native, 2)
    llama.llama_set_warmup(native.context, False)
    status = status or _decode_start(native, 1)
    llama.llama_memory_clear(native.memory, True)
    if status == 2:
        raise Cancelled
    if status != 0:
        raise load_errors.decode_error(native.binding, status)


def _decode_start(native: NativeModel, n_tokens: int) -> int:
    """Compute so many tokens that begin a text; llama_decode's status."""
    llama = native.binding.llama
    bos = llama.llama_vocab_bos(native.vocab)
    tokens = (ctypes.c_int32 * n_tokens)(*[max(bos, 0)] * n_tokens)
    return int(llama.llama_decode(native.context, llama.llama_batch_get_one(tokens, n_tokens)))


def _open(
    binding: Binding,
    request: LoadRequest,
    use_extra_bufts: bool,
    switch: AbortSwitch,
    on_progress: Callable[[str, float], None],
    kept: list[object],
) -> Any:
    llama = binding.llama
    placement = request.placement
    devices = chosen_devices(binding, placement)
    params, pointed_to = model_params(binding, placement, devices, use_extra_bufts)
    prepare_numa(binding, placement)
    progress = WeightsProgress(
        size_of(request.path),
        is_mapped=placement.load_mode in MAPPED,
        is_copied=bool(devices),
        tell=lambda fraction: on_progress("weights", WEIGHTS_SHARE * fraction),
    )

    def on_native_progress(fraction: float, _user_data: object) -> bool:
        progress.count(fraction)
        return not switch.is_set

    callback = llama.llama_progress_callback(on_native_progress)
    params.progress_callback = callback
    kept += [*pointed_to, callback]
    with progress:
        model = llama.llama_model_load_from_file(request.path.encode(), params)
    if model:
        return model
    if switch.is_set:
        raise Cancelled
    raise load_errors.model_error(binding, request)
