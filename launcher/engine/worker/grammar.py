"""An answer held to a grammar (GBNF) or a JSON schema, with llama.cpp's own grammar sampler.

As llama.cpp's programs do it: a token is drawn freely, and only when the grammar does not allow it the whole vocabulary goes
through the grammar and it is drawn again. llama.cpp aborts or throws where a token is accepted that the grammar does not
allow, so that is asked first, always; what its parser cannot take is refused before (worker/gbnf.py).
"""

from __future__ import annotations

import ctypes
from collections.abc import Set
from functools import cached_property
from typing import Any

from launcher.core.errors import UserError
from launcher.core.generation import GenerateRequest
from launcher.engine.worker.candidates import Candidates
from launcher.engine.worker.gbnf import bad_grammar, check_gbnf
from launcher.engine.worker.model import NativeModel
from launcher.engine.worker.prompt import Vocabulary
from launcher.engine.worker.schema_grammar import grammar_of_schema

_RULED_OUT = float("-inf")


def grammar_of(request: GenerateRequest) -> str:
    """The GBNF that an answer is to follow; "" for none.

    Raises:
        UserError: "bad_grammar" or "bad_schema".
    """
    if request.grammar and request.json_schema:
        raise UserError(
            "bad_grammar", "An answer follows a grammar or a JSON schema, not both.", "Both came with this question."
        )
    if request.json_schema:
        return grammar_of_schema(request.json_schema)
    if request.grammar:
        check_gbnf(request.grammar)
    return request.grammar


class AnswerGrammar:
    """The state of a grammar along one answer. Give it back with `free`."""

    def __init__(
        self, native: NativeModel, vocabulary: Vocabulary, candidates: Candidates, gbnf: str, prefix: str = ""
    ) -> None:
        """Parse it, and follow it through the text that the answer begins with.

        Raises:
            UserError: "bad_grammar".
        """
        llama = self._llama = native.binding.llama
        self._vocabulary = vocabulary
        self._candidates = candidates
        self._one = (llama.llama_token_data * 1)()
        self._one_array = llama.llama_token_data_array(self._one, 1, -1, False)
        self._greedy = llama.llama_sampler_init_greedy()
        native.binding.log.mark()
        self._grammar = llama.llama_sampler_init_grammar(native.vocab, gbnf.encode("utf-8", "replace"), b"root")
        if not self._grammar:
            llama.llama_sampler_free(self._greedy)
            raise bad_grammar("; ".join(native.binding.log.errors(2)) or "The engine does not accept it.")
        self._hidden = self._ruled_out_always()
        for token in vocabulary.plain(prefix):
            if not self._allows(token):
                self.free()
                raise bad_grammar("The text that the answer is to go on from does not follow it.")
            llama.llama_sampler_accept(self._grammar, token)

    def _ruled_out_always(self) -> Any:
        """Control tokens: the grammar would take their names for text that nobody sees."""
        hidden = self._vocabulary.control - self._vocabulary.ends
        biases = (self._llama.llama_logit_bias * max(1, len(hidden)))(*((t, _RULED_OUT) for t in hidden))
        return self._llama.llama_sampler_init_logit_bias(self._vocabulary.size, len(hidden), biases)

    @cached_property
    def blanks(self) -> frozenset[int]:
        """Tokens that write nothing but blanks and line breaks."""
        vocabulary = self._vocabulary
        texts = (" ", "\n", "\n\n", "\r\n", " \n", " \n\n")
        return frozenset(tokens[0] for text in texts if len(tokens := vocabulary.plain(text)) == 1)

    def draw(self, chain: Any, context: Any, index: int, free: Set[int]) -> int:
        """The next token; one of `free` is allowed too and does not count for the grammar.

        Raises:
            UserError: "grammar_stuck": no token of the vocabulary goes on from here.
        """
        llama, candidates = self._llama, self._candidates
        candidates.fill(context, index)
        candidates.apply(chain)
        token = candidates.token(candidates.selected)
        if token in free:
            llama.llama_sampler_accept(chain, token)
            return token
        if not self._allows(token):
            token = self._draw_within(chain, context, index)
        llama.llama_sampler_accept(chain, token)
        if token not in self._vocabulary.ends:
            llama.llama_sampler_accept(self._grammar, token)
        return token

    def _draw_within(self, chain: Any, context: Any, index: int) -> int:
        candidates = self._candidates
        candidates.fill(context, index)
        candidates.apply(self._grammar)
        candidates.apply(self._hidden)
        candidates.apply(self._greedy)
        if candidates.is_possible(candidates.selected):
            candidates.apply(chain)
            token = candidates.token(candidates.selected)
            if self._allows(token):
                return token
        raise UserError(
            "grammar_stuck",
            "The grammar does not let the answer go on.",
            "None of the model's tokens is allowed at this place.",
        )

    def _allows(self, token: int) -> bool:
        if token in self._vocabulary.control and token not in self._vocabulary.ends:
            return False
        one, array = self._one[0], self._one_array
        one.id, one.logit, one.p = token, 1.0, 0.0
        array.size, array.selected, array.sorted = 1, -1, False
        self._llama.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return one.logit != _RULED_OUT

    def free(self) -> None:
        """Give it back."""
        for sampler in (self._grammar, self._greedy, getattr(self, "_hidden", None)):
            if sampler:
                self._llama.llama_sampler_free(sampler)
