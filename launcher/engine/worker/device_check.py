"""What a small model computes on a device: its logits, as they are."""

from __future__ import annotations

import base64
import ctypes
import sys
import time
from array import array

from launcher.core.generation import LoadRequest
from launcher.engine.protocol import ComputeLogits, LogitsComputed
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.load_errors import decode_error
from launcher.engine.worker.model import NativeModel, load_model

_STRIDE = 7919  # a prime: neighbouring positions get tokens far from each other


def compute_logits(
    binding: Binding,
    command: ComputeLogits,
    request: LoadRequest,
    use_extra_bufts: bool,
    switch: AbortSwitch,
    *,
    is_last: bool,
) -> LogitsComputed:
    """Load one of the command's models, read the tokens and free it again.

    Raises:
        UserError: the load or a decode failed.
        Cancelled: the switch was set.
    """
    started = time.perf_counter()
    native = load_model(binding, request, use_extra_bufts, switch, lambda _phase, _fraction: None)
    try:
        n_vocab = int(binding.llama.llama_vocab_n_tokens(native.vocab))
        tokens = [i * _STRIDE % n_vocab for i in range(command.n_prompt + command.n_single)]
        rows = array("f", _read(native, tokens[: command.n_prompt], n_vocab))
        for token in tokens[command.n_prompt :]:
            rows.extend(_read(native, [token], n_vocab))
    finally:
        native.free()
    if sys.byteorder == "big":
        rows.byteswap()
    text = base64.b64encode(rows.tobytes()).decode("ascii")
    return LogitsComputed(command.id, request.name, text, time.perf_counter() - started, is_last)


def _read(native: NativeModel, tokens: list[int], n_vocab: int) -> list[float]:
    """The logits behind these tokens."""
    llama = native.binding.llama
    ids = (ctypes.c_int32 * len(tokens))(*tokens)  # the batch points to them
    status = llama.llama_decode(native.context, llama.llama_batch_get_one(ids, len(tokens)))
    if status != 0:
        raise decode_error(native.binding, status)
    return list(llama.llama_get_logits_ith(native.context, -1)[:n_vocab])
