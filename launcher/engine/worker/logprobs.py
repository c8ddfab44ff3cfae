"""What else could have stood there: log probabilities of a place, before temperature and the other samplers."""

from __future__ import annotations

import math
from typing import Any

from launcher.core.generation import TokenChance, TokenLogprob
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.candidates import Candidates
from launcher.engine.worker.prompt import Vocabulary

MOST = 20
"""As many as OpenAI's interface allows."""


class Logprobs:
    """Looks at the logits with llama.cpp's own softmax and partial sort: about as long as a draw."""

    def __init__(self, binding: Binding, vocabulary: Vocabulary, candidates: Candidates) -> None:
        llama = self._llama = binding.llama
        self._vocabulary = vocabulary
        self._candidates = candidates
        self._softmax = llama.llama_sampler_init_dist(0)  # its draw is not used, the probabilities are
        self._best: dict[int, Any] = {}

    def look(self, context: Any, index: int, token: int, count: int) -> TokenLogprob:
        """The chance of `token` and of the `count` likeliest (at most MOST) at a place of the last batch."""
        seen = self._candidates
        seen.fill(context, index)
        seen.apply(self._softmax)
        own = seen.logit(token)  # nothing is sorted yet: a token stands at its own place
        seen.apply(self._sampler(min(count, MOST)))
        # A small probability is rounded to 0: the logarithm is taken of the largest, and the others follow from their logits.
        normaliser = seen.logit(0) - math.log(seen.probability(0))
        top = tuple(
            TokenChance(self._text(seen.token(place)), seen.logit(place) - normaliser) for place in range(len(seen))
        )
        return TokenLogprob(self._text(token), own - normaliser, top)

    def _sampler(self, count: int) -> Any:
        if count not in self._best:
            self._best[count] = self._llama.llama_sampler_init_top_k(count)
        return self._best[count]

    def _text(self, token: int) -> str:
        piece = self._vocabulary.piece(token).decode("utf-8", "replace")
        return piece or self._vocabulary.text_of(token)

    def free(self) -> None:
        """Give the samplers back."""
        for sampler in (self._softmax, *self._best.values()):
            self._llama.llama_sampler_free(sampler)
        self._best.clear()
