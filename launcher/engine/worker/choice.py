"""Which token comes next: the sampler chain, held to a grammar where the answer has one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from launcher.core.errors import UserError
from launcher.core.generation import GenerateRequest, TokenLogprob
from launcher.engine.worker.candidates import Candidates
from launcher.engine.worker.grammar import AnswerGrammar, grammar_of
from launcher.engine.worker.logprobs import Logprobs
from launcher.engine.worker.model import NativeModel
from launcher.engine.worker.prompt import Prompt, Vocabulary
from launcher.engine.worker.sampler import SamplerChain
from launcher.engine.worker.text_stream import TextStream


class Choosing:
    """What the choices of all answers share; large arrays are made when the first answer asks for them."""

    def __init__(self, native: NativeModel, vocabulary: Vocabulary) -> None:
        self._native = native
        self._vocabulary = vocabulary

    @cached_property
    def candidates(self) -> Candidates:
        """One array for all: a choice is made in one go."""
        return Candidates(self._native.binding, self._vocabulary.size)

    @cached_property
    def logprobs(self) -> Logprobs:
        """See logprobs.py."""
        return Logprobs(self._native.binding, self._vocabulary, self.candidates)

    def choice(self, request: GenerateRequest, prompt: Prompt) -> Choice:
        """For one answer.

        Raises:
            UserError: its sampling, grammar or schema is not usable.
        """
        native, vocabulary = self._native, self._vocabulary
        text = grammar_of(request)
        chain = SamplerChain(native.binding, request.sampling, vocabulary.size, native.vocab)
        try:
            grammar = AnswerGrammar(native, vocabulary, self.candidates, text, request.prefix) if text else None
        except UserError:
            chain.free()
            raise
        chain.remember(prompt.tokens)
        return Choice(self, chain, grammar, vocabulary.special.get("<think>", -1), prompt)


class Choice:
    """The choices of one answer. Give it back with `free`."""

    def __init__(
        self, shared: Choosing, chain: SamplerChain, grammar: AnswerGrammar | None, think: int, prompt: Prompt
    ) -> None:
        self._shared = shared
        self._chain = chain
        self._grammar = grammar
        self._think = think
        self._blanks_are_free = prompt.in_thought

    @property
    def follows_text(self) -> bool:
        """Whether `draw` looks at the text of the tokens before."""
        return self._grammar is not None

    def draw(self, context: Any, index: int, stream: TextStream) -> int:
        """The token that follows a place of the last batch, given what was written before.

        Raises:
            UserError: "grammar_stuck": the grammar allows none.
        """
        if self._grammar is None or stream.in_reasoning:
            return self._chain.sample(context, index)
        # What belongs to no answer yet: a model opens its thought itself, or leaves a line after it.
        if stream.may_open:
            self._blanks_are_free = True
            return self._grammar.draw(self._chain.chain, context, index, {self._think})
        free = (
            self._grammar.blanks if self._blanks_are_free and stream.had_thought and not stream.answer else set[int]()
        )
        self._blanks_are_free = False
        return self._grammar.draw(self._chain.chain, context, index, free)

    def chances(self, context: Any, index: int, token: int, count: int) -> TokenLogprob:
        """What else could have stood there."""
        return self._shared.logprobs.look(context, index, token, count)

    def remember(self, tokens: Sequence[int]) -> None:
        """Tokens that were not drawn but written; blanks after a thought may be among them."""
        self._blanks_are_free = False
        self._chain.remember(tokens)

    def free(self) -> None:
        """Give it back."""
        self._chain.free()
        if self._grammar:
            self._grammar.free()
