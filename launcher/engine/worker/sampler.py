"""The sampler chain: llama.cpp's own samplers, so that no logits are copied into Python."""

from __future__ import annotations

import secrets
from typing import Any

from launcher.core.models import Sampling
from launcher.engine.worker.binding import Binding

_PENALTY_WINDOW = 64
_SEED_RANDOM = 0xFFFFFFFF  # llama.cpp's own mark for "take any"


class SamplerChain:
    """A native chain; give it back with `free`, or use it as a context manager."""

    def __init__(self, binding: Binding, sampling: Sampling, n_vocab: int) -> None:
        """Build the chain in llama.cpp's default order: penalties, top-k, top-p, min-p, temperature, draw."""
        llama = self._llama = binding.llama
        chain = self.chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        steps: list[Any] = []
        self._has_memory = sampling.repeat_penalty != 1.0
        if self._has_memory:
            steps.append(
                llama.llama_sampler_init_penalties(n_vocab, _PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0)
            )
        if sampling.temperature <= 0:
            steps.append(llama.llama_sampler_init_greedy())
        else:
            if sampling.top_k > 0:
                steps.append(llama.llama_sampler_init_top_k(sampling.top_k))
            if sampling.top_p < 1.0:
                steps.append(llama.llama_sampler_init_top_p(sampling.top_p, 1))
            if sampling.min_p > 0.0:
                steps.append(llama.llama_sampler_init_min_p(sampling.min_p, 1))
            steps.append(llama.llama_sampler_init_temp(sampling.temperature))
            seed = secrets.randbelow(_SEED_RANDOM) if sampling.seed is None else sampling.seed % _SEED_RANDOM
            steps.append(llama.llama_sampler_init_dist(seed))
        for step in steps:
            llama.llama_sampler_chain_add(chain, step)

    def __enter__(self) -> SamplerChain:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    def free(self) -> None:
        """Give it back."""
        self._llama.llama_sampler_free(self.chain)

    def remember(self, tokens: tuple[int, ...]) -> None:
        """Let the repetition penalty see the end of the prompt, as llama.cpp's own programs do."""
        if self._has_memory:
            for token in tokens[-_PENALTY_WINDOW:]:
                self._llama.llama_sampler_accept(self.chain, token)

    def sample(self, context: Any, index: int = -1) -> int:
        """Draw from the logits of a place in the last batch, -1 for its end (and remember the token)."""
        return int(self._llama.llama_sampler_sample(self.chain, context, index))
