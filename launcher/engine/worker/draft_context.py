"""What a draft model and a model's own prediction layers have in common: a small context that follows one conversation."""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Sequence
from typing import Any

from launcher.engine.worker.batch import Batch
from launcher.engine.worker.binding import Binding

LEAST_CHANCE = 0.25
"""A guess less likely than this among the ten likeliest is not made: checking it costs more than it brings."""

_TOP = 10
_READING_TOKENS = 32  # fewer at once say nothing about the speed of reading
_UNKNOWN_READ_S = 0.001  # per token of a prompt, before the first measurement


class _SamplerInterface(ctypes.Structure):
    """struct llama_sampler_i; all but `apply` may be NULL."""

    _fields_ = [
        ("name", ctypes.c_void_p),
        ("accept", ctypes.c_void_p),
        ("apply", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 9),
    ]


_pointer_to: Any = ctypes.POINTER  # without the types, which the binding's structs do not have


class Likeliest:
    """A native sampler chain that takes the likeliest token and tells its chance among the ten likeliest."""

    def __init__(self, binding: Binding) -> None:
        self._llama: Any = binding.llama
        self._chance = 0.0
        kind: Any = ctypes.CFUNCTYPE(None, ctypes.c_void_p, _pointer_to(binding.llama.llama_token_data_array))
        # The C library does the search among all tokens; Python only sees the ten that are left.
        self._apply = kind(self._choose)
        self._interface = _SamplerInterface(apply=ctypes.cast(self._apply, ctypes.c_void_p).value)
        self._chain = self._llama.llama_sampler_chain_init(self._llama.llama_sampler_chain_default_params())
        self._llama.llama_sampler_chain_add(self._chain, self._llama.llama_sampler_init_top_k(_TOP))
        declared = _pointer_to(binding.llama.llama_sampler_i)
        own = self._llama.llama_sampler_init(ctypes.cast(ctypes.byref(self._interface), declared), None)
        self._llama.llama_sampler_chain_add(self._chain, own)

    def draw(self, context: Any) -> tuple[int, float]:
        """The token after the last one evaluated, and its chance."""
        token = int(self._llama.llama_sampler_sample(self._chain, context, -1))
        return token, self._chance

    def free(self) -> None:
        """Give it back."""
        self._llama.llama_sampler_free(self._chain)

    def _choose(self, _sampler: object, candidates: Any) -> None:
        found = candidates.contents
        logits = [found.data[i].logit for i in range(found.size)]
        best = max(range(len(logits)), key=logits.__getitem__)
        self._chance = 1.0 / sum(math.exp(x - logits[best]) for x in logits)
        found.selected = best


class DraftContext:
    """A context with one sequence, and the tokens it holds.

    Attributes:
        context: the native handle.
        tokens: what its cache holds, in order.
        first: the position of the first of them in the conversation.
        n_vocab: tokens that both models know.
        read_s_per_token: measured with prompts.
    """

    def __init__(self, binding: Binding, context: Any, n_vocab: int) -> None:
        """Take over the handle; `free` gives it back."""
        self.context = context
        self.tokens: list[int] = []
        self.first = 0
        self.n_vocab = n_vocab
        self.n_ctx = int(binding.llama.llama_n_ctx(context))
        self.n_batch = int(binding.llama.llama_n_batch(context))
        self.batch = Batch(binding, self.n_batch)
        self.likeliest = Likeliest(binding)
        self.read_s_per_token = _UNKNOWN_READ_S
        self._llama: Any = binding.llama
        self._sure = 0

    def begin(self) -> None:
        """Another conversation may come: nothing is sure to agree any more."""
        self._sure = 0

    @property
    def end(self) -> int:
        """The position after the last token."""
        return self.first + len(self.tokens)

    def common(self, cached: Sequence[int]) -> int:
        """The position up to which the cache here agrees with the conversation; `first` where it does not at all."""
        most = min(len(self.tokens), len(cached) - self.first)
        count = min(self._sure, most)
        while count < most and self.tokens[count] == cached[self.first + count]:
            count += 1
        self._sure = max(0, count)
        return self.first + self._sure

    def cut(self, end: int) -> None:
        """Keep what is before this position only; nothing, where this cache cannot go back."""
        if end >= self.end:
            return
        if end <= self.first or not self._llama.llama_memory_seq_rm(self._memory, 0, end, -1):
            self.empty(0)
        del self.tokens[max(0, end - self.first) :]

    def empty(self, first: int) -> None:
        """Keep nothing; the next token will be at position `first`."""
        self.tokens.clear()
        self.first = first
        self._sure = 0
        self._llama.llama_memory_clear(self._memory, False)

    def catch_up_seconds(self, cached: Sequence[int]) -> float:
        """How long it takes, about, to read what was not read yet; 0 for the few tokens of one step."""
        missing = len(cached) - self.common(cached)
        return missing * self.read_s_per_token if missing > _READING_TOKENS else 0.0

    def evaluate(self, tokens: Sequence[int]) -> bool:
        """Put tokens after those that are there; False where that was aborted or failed. Logits are there of the last."""
        for start in range(0, len(tokens), self.n_batch):
            chunk = tokens[start : start + self.n_batch]
            self.batch.clear()
            self.batch.add(chunk, self.end, 0, wanted=int(start + len(chunk) == len(tokens)))
            if not self.decode(chunk):
                return False
        return True

    def decode(self, tokens: Sequence[int]) -> bool:
        """Evaluate the batch, which holds these tokens; False where that was aborted or failed, which leaves no trace."""
        began = time.perf_counter()
        if self._llama.llama_decode(self.context, self.batch.native) != 0:
            if not self._llama.llama_memory_seq_rm(self._memory, 0, self.end, -1):
                self.empty(0)
            return False
        self.tokens += tokens
        if len(tokens) >= _READING_TOKENS:
            self._llama.llama_synchronize(self.context)
            self.read_s_per_token = (time.perf_counter() - began) / len(tokens)
        return True

    def free(self) -> None:
        """Give the context back."""
        self.likeliest.free()
        self.batch.free()
        self._llama.llama_free(self.context)

    @property
    def _memory(self) -> Any:
        return self._llama.llama_get_memory(self.context)
