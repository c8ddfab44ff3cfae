"""The model's own multi-token-prediction layers (MTP, "nextn") as a drafter: a second context on the same weights.

For every token the layer is given the token and what the model had computed for the one before it (a row of `n_embd`
floats), and guesses the next; for guesses beyond that it is given its own rows. llama.cpp does the arithmetic; the driver
here follows its common/speculative.cpp (draft-mtp, one head). The three functions for the rows are exported, but are C++ by
name in this version (src/llama-ext.h), as llama_get_memory_breakdown is.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from launcher.core.errors import UserError
from launcher.core.plans import MTP_ARCHITECTURES
from launcher.core.words import say
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.draft_context import LEAST_CHANCE, DraftContext
from launcher.engine.worker.model import NativeModel
from launcher.engine.worker.params import context_params

_CONTEXT_TYPE_MTP = 1  # enum llama_context_type
_BATCH = 64  # tokens the layer reads at once: its buffers stay small
_SET_ROWS = (
    "_Z26llama_set_embeddings_nextnP13llama_contextbb",
    "?llama_set_embeddings_nextn@@YAXPEAUllama_context@@_N1@Z",
)
_GET_ROWS = (
    "_Z26llama_get_embeddings_nextnP13llama_context",
    "?llama_get_embeddings_nextn@@YAPEAMPEAUllama_context@@@Z",
)
_GET_ROW = (
    "_Z30llama_get_embeddings_nextn_ithP13llama_contexti",
    "?llama_get_embeddings_nextn_ith@@YAPEAMPEAUllama_context@@H@Z",
)


class OwnLayers:
    """Drafter (drafting.py) with the model's own prediction layer.

    It must see each batch of the model, whose rows are gone with the next one. After it has missed some, it begins anew where
    it is: it then knows the conversation from there on only, and guesses a little worse.
    """

    def __init__(self, native: NativeModel, switch: AbortSwitch) -> None:
        """Make its context.

        Args:
            native: loaded with `load_mtp`.
            switch: ends each decode.

        Raises:
            UserError: "draft_impossible": the file or this engine does not allow it, in words.
        """
        _check(native)
        binding = native.binding
        self._llama: Any = binding.llama
        self._target = native.context
        self._set_rows = _function(binding, _SET_ROWS, None, ctypes.c_bool, ctypes.c_bool)
        self._get_rows = _function(binding, _GET_ROWS, ctypes.c_void_p)
        self._get_row = _function(binding, _GET_ROW, ctypes.c_void_p, ctypes.c_int32)
        self._n_embd = int(self._llama.llama_model_n_embd_out(native.model))
        self._row_bytes = 4 * self._n_embd
        context = self._llama.llama_init_from_model(native.model, self._params(native, switch))
        if not context:
            raise _impossible("The engine could not make a context for the file's prediction layers.")
        self._own = DraftContext(binding, context, int(self._llama.llama_vocab_n_tokens(native.vocab)))
        self._rows = (ctypes.c_float * (self._n_embd * _BATCH))()
        self._own.batch.native.embd = ctypes.cast(self._rows, ctypes.POINTER(ctypes.c_float))
        self._unread: list[tuple[int, bytes]] = []  # token, and the row of the one before it
        self._last_row = bytes(self._row_bytes)
        self._is_listening = True
        self._is_sure = False
        self._set_rows(self._target, True, False)
        self._set_rows(context, True, True)

    @property
    def context(self) -> Any:
        """The native handle, for its memory."""
        return self._own.context

    def begin(self) -> None:
        """The next conversation may be another one."""
        self._read()
        self._own.begin()
        self._is_sure = False

    def catch_up_seconds(self, cached: Sequence[int]) -> float:
        """0: it reads with the model or never."""
        del cached
        return 0.0

    def propose(self, cached: Sequence[int], pending: int, most: int) -> list[int]:
        """The likeliest tokens after `cached` and `pending`, while they are likely enough."""
        own = self._own
        own.cut(len(cached))
        if not self._is_listening or self._end != len(cached) or len(cached) + most > own.n_ctx:
            return []
        drafted: list[int] = []
        steps = [*self._unread, (pending, self._last_row)]
        while self._put(steps):
            token, chance = own.likeliest.draw(own.context)
            if chance < LEAST_CHANCE:
                break
            drafted.append(token)
            if len(drafted) >= most:
                break
            steps = [(token, self._copy(self._get_row(own.context, len(steps) - 1)))]
        self._unread = self._unread[max(0, own.end - (len(cached) - len(self._unread))) :]
        own.cut(len(cached))
        return drafted

    def follow(self, cached: Sequence[int], start: int, *, soon: bool) -> None:
        """Take the rows of the model's last batch, whose tokens are those of the conversation from `start` on."""
        if soon != self._is_listening:
            self._is_listening = soon
            self._set_rows(self._target, soon, False)
            return
        if not soon or len(cached) <= start:
            return
        if not self._is_sure or self._end != start:
            self._find_place(cached, start)
        rows = int(self._get_rows(self._target))
        for i, token in enumerate(cached[start:]):
            self._unread.append((token, self._last_row))
            self._last_row = self._copy(rows + i * self._row_bytes)
            if len(self._unread) == _BATCH - 1:
                self._read()

    def free(self) -> None:
        """Give its context back; the weights are the model's."""
        self._own.batch.native.embd = None
        self._own.free()

    @property
    def _end(self) -> int:
        return self._own.end + len(self._unread)

    def _find_place(self, cached: Sequence[int], start: int) -> None:
        """Keep what belongs to this conversation, or begin anew at `start`."""
        own = self._own
        if not (self._end == start == own.end == own.common(cached[:start])):
            self._last_row = bytes(self._row_bytes)
        self._unread.clear()
        own.cut(min(own.common(cached), start))
        if own.end != start:
            own.empty(start)
        self._is_sure = True

    def _read(self) -> None:
        """Put into the cache what waits for it."""
        if self._unread and not self._put(self._unread):
            self._is_sure = False
        self._unread.clear()

    def _put(self, steps: Sequence[tuple[int, bytes]]) -> bool:
        """Evaluate tokens with their rows; the last one's logits and row are wanted."""
        own = self._own
        tokens = [token for token, _ in steps]
        own.batch.clear()
        own.batch.add(tokens, own.end, 0)
        for i, (_, row) in enumerate(steps):
            ctypes.memmove(ctypes.addressof(self._rows) + i * self._row_bytes, row, self._row_bytes)
        return own.decode(tokens)

    def _copy(self, address: int) -> bytes:
        return ctypes.string_at(address, self._row_bytes)

    def _params(self, native: NativeModel, switch: AbortSwitch) -> Any:
        small = min(_BATCH, native.placement.n_batch)
        placement = replace(
            native.placement, n_ctx=native.n_ctx, n_batch=small, n_ubatch=small, n_parallel=1, n_outputs=1
        )
        params = context_params(native.binding, placement)
        params.ctx_type = _CONTEXT_TYPE_MTP
        params.ctx_other = native.context
        params.abort_callback = switch.callback(self._llama.ggml_abort_callback)
        params.abort_callback_data = switch.data
        return params


def _check(native: NativeModel) -> None:
    """Refuse what llama.cpp's graph of the layer would end the process for."""
    architecture = native.metadata("general.architecture")
    n_nextn = int(native.binding.llama.llama_model_n_layer_nextn(native.model))
    if architecture not in MTP_ARCHITECTURES:
        raise _impossible(say("Prediction layers of the architecture {name} are not supported yet.", name=architecture))
    if n_nextn != 1:
        raise _impossible(
            say("The file has {n} prediction layers; the engine supports only files with one.", n=n_nextn)
        )
    for key in ("attention.key_length_mla", "attention.q_lora_rank"):
        if not int(native.metadata(f"{architecture}.{key}") or 0):
            raise _impossible("The file is of the older layout of this architecture, without split attention.")
    if native.placement.n_batch < _BATCH:
        raise _impossible(
            say("The plan's batch has {n} tokens; {least} are needed.", n=native.placement.n_batch, least=_BATCH)
        )


def check_file(binding: Binding, path: str, n_layer: int) -> None:
    """Refuse a file whose header promises a prediction layer that it does not hold (many conversions leave it out).

    Raises:
        UserError: "draft_impossible".
    """
    if not binding.has_tensor(path, f"blk.{n_layer}.nextn.eh_proj.weight"):
        raise _impossible("The file does not hold the prediction layer that its header names.")


def _impossible(why: str) -> UserError:
    return UserError("draft_impossible", "The model's own prediction layers (MTP) cannot be used.", why)


def _function(binding: Binding, names: Sequence[str], result: Any, *arguments: Any) -> Any:
    library: Any = binding.llama._lib
    name = names[1] if sys.platform == "win32" else names[0]
    function = getattr(library, name, None)
    if function is None:
        raise _impossible("This engine was built without the functions for it.")
    function.restype = result
    function.argtypes = [ctypes.c_void_p, *arguments]
    return function
