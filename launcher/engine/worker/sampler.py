"""The sampler chain: llama.cpp's own samplers, so that no logits are copied into Python."""

from __future__ import annotations

import ctypes
import math
import secrets
from collections.abc import Sequence
from typing import Any

from launcher.core.errors import UserError
from launcher.core.models import Sampling
from launcher.core.words import say
from launcher.engine.worker.binding import Binding

_SEED_RANDOM = 0xFFFFFFFF  # llama.cpp's own mark for "take any"
_DRY_BREAKERS = (b"\n", b":", b'"', b"*")  # llama.cpp's defaults: a repetition does not reach over them
_MAX_PENALTY_TOKENS = 1 << 20


class SamplerChain:
    """A native chain; give it back with `free`, or use it as a context manager."""

    def __init__(self, binding: Binding, sampling: Sampling, n_vocab: int, vocab: Any = None) -> None:
        """Build the chain in llama.cpp's default order: penalties, DRY, top-k, top-p, min-p, temperature, draw.

        Args:
            binding: the libraries.
            sampling: the settings.
            n_vocab: tokens of the vocabulary.
            vocab: the native vocabulary; only DRY asks for it.

        Raises:
            UserError: "bad_sampling": a value that means nothing.
        """
        check_sampling(sampling)
        llama = self._llama = binding.llama
        chain = self.chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        remembering = self._remembering(sampling, n_vocab, vocab)
        self._window = sampling.penalty_tokens if remembering else 0
        for step in (*remembering, *self._choosing(sampling)):
            llama.llama_sampler_chain_add(chain, step)
        self._sample = llama.llama_sampler_sample

    def _remembering(self, s: Sampling, n_vocab: int, vocab: Any) -> list[Any]:
        """The samplers that look at what was written."""
        llama, steps = self._llama, list[Any]()
        if s.penalty_tokens and (s.repeat_penalty, s.frequency_penalty, s.presence_penalty) != (1.0, 0.0, 0.0):
            penalties = s.repeat_penalty, s.frequency_penalty, s.presence_penalty
            steps.append(llama.llama_sampler_init_penalties(n_vocab, s.penalty_tokens, *penalties))
        if s.penalty_tokens and s.dry_multiplier and vocab:
            breakers = (ctypes.c_char_p * len(_DRY_BREAKERS))(*_DRY_BREAKERS)
            strength = s.dry_multiplier, s.dry_base, s.dry_allowed_length
            steps.append(llama.llama_sampler_init_dry(vocab, *strength, s.penalty_tokens, breakers, len(_DRY_BREAKERS)))
        return steps

    def _choosing(self, s: Sampling) -> list[Any]:
        llama, steps = self._llama, list[Any]()
        if s.temperature <= 0:
            return [llama.llama_sampler_init_greedy()]
        if s.top_k > 0:
            steps.append(llama.llama_sampler_init_top_k(s.top_k))
        if s.top_p < 1.0:
            steps.append(llama.llama_sampler_init_top_p(s.top_p, 1))
        if s.min_p > 0.0:
            steps.append(llama.llama_sampler_init_min_p(s.min_p, 1))
        seed = secrets.randbelow(_SEED_RANDOM) if s.seed is None else s.seed % _SEED_RANDOM
        return [*steps, llama.llama_sampler_init_temp(s.temperature), llama.llama_sampler_init_dist(seed)]

    def __enter__(self) -> SamplerChain:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    def free(self) -> None:
        """Give it back."""
        self._llama.llama_sampler_free(self.chain)

    def remember(self, tokens: Sequence[int]) -> None:
        """Let the penalties see tokens that were not drawn: the end of the prompt (as llama.cpp's own programs do), marks."""
        if self._window:
            for token in tokens[-self._window :]:
                self._llama.llama_sampler_accept(self.chain, token)

    def sample(self, context: Any, index: int = -1) -> int:
        """Draw from the logits of a place in the last batch, -1 for its end (and remember the token)."""
        return self._sample(self.chain, context, index)


def check_sampling(s: Sampling) -> None:
    """Refuse what llama.cpp would choke on.

    Raises:
        UserError: "bad_sampling", with the name and the value.
    """
    numbers = {
        "temperature": (s.temperature, 0.0, 100.0),
        "top_p": (s.top_p, 0.0, 1.0),
        "min_p": (s.min_p, 0.0, 1.0),
        "top_k": (s.top_k, -1, 2**31 - 1),
        "repeat_penalty": (s.repeat_penalty, 1e-3, 1e3),
        "frequency_penalty": (s.frequency_penalty, -100.0, 100.0),
        "presence_penalty": (s.presence_penalty, -100.0, 100.0),
        "penalty_tokens": (s.penalty_tokens, 0, _MAX_PENALTY_TOKENS),
        "dry_multiplier": (s.dry_multiplier, 0.0, 100.0),
        "dry_base": (s.dry_base, 1.0, 100.0),
        "dry_allowed_length": (s.dry_allowed_length, 0, _MAX_PENALTY_TOKENS),
    }
    for name, (value, least, most) in numbers.items():
        if not math.isfinite(value) or not least <= value <= most:
            raise UserError(
                "bad_sampling",
                say("The sampling setting {name} cannot be {value}.", name=name, value=f"{value:g}"),
                say("It lies between {least} and {most}.", least=f"{least:g}", most=f"{most:g}"),
            )
