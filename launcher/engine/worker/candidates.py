"""The logits of one place as llama.cpp's array of candidates, for what `llama_sampler_sample` cannot do.

Filled without Python per token and without numpy: a copy of a ready array of ids, and one strided copy of the logits.
"""

from __future__ import annotations

import ctypes
from array import array
from typing import Any

from launcher.engine.worker.binding import Binding

_FIELDS = 3  # struct llama_token_data: int32 id, float logit, float p
_NOTHING = float("-inf")


class Candidates:
    """One array for the whole vocabulary, used again for every token.

    Attributes:
        selected: place in the array that the last sampler chose; -1 for none.
    """

    def __init__(self, binding: Binding, n_vocab: int) -> None:
        llama = self._llama = binding.llama
        self._n_vocab = n_vocab
        self._size = n_vocab * ctypes.sizeof(llama.llama_token_data)
        self._data = (llama.llama_token_data * n_vocab)()
        whole = memoryview(self._data).cast("B")
        self._ids, self._floats = whole.cast("i"), whole.cast("f")
        self._ids[::_FIELDS] = memoryview(array("i", range(n_vocab)))
        self._blank = bytes(self._data)
        self._native = llama.llama_token_data_array(self._data, n_vocab, -1, False)
        self._pointer = ctypes.byref(self._native)
        self._logits = ctypes.c_float * n_vocab

    def fill(self, context: Any, index: int) -> None:
        """Take the logits of a place of the last batch."""
        row = self._llama.llama_get_logits_ith(context, index)
        logits = memoryview(self._logits.from_address(ctypes.addressof(row.contents))).cast("B").cast("f")
        ctypes.memmove(self._data, self._blank, self._size)
        self._floats[1::_FIELDS] = logits
        native = self._native
        native.data, native.size, native.selected, native.sorted = self._data, self._n_vocab, -1, False

    def apply(self, sampler: Any) -> None:
        """Let a sampler or a chain change, sort, cut or choose."""
        self._llama.llama_sampler_apply(sampler, self._pointer)

    def __len__(self) -> int:
        return int(self._native.size)

    @property
    def selected(self) -> int:
        """The place that was chosen."""
        return int(self._native.selected)

    def token(self, place: int) -> int:
        """The id there."""
        return self._ids[_FIELDS * place]

    def logit(self, place: int) -> float:
        """The logit there."""
        return self._floats[_FIELDS * place + 1]

    def probability(self, place: int) -> float:
        """The probability there, after a sampler that computes it."""
        return self._floats[_FIELDS * place + 2]

    def is_possible(self, place: int) -> bool:
        """Whether no sampler ruled it out."""
        return self.logit(place) != _NOTHING
