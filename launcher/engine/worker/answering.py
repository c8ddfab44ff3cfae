"""One answer in the making: what is still to be evaluated, what was written, and the figures."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from launcher.core.errors import UserError
from launcher.core.generation import Answer, Timings, TokenLogprob
from launcher.engine.protocol import Generate, PromptProgress, TextDelta
from launcher.engine.worker.choice import Choice
from launcher.engine.worker.prompt import Prompt, Vocabulary
from launcher.engine.worker.text_stream import TextStream

NEVER_BEGUN = Timings(0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0, "stopped")
"""Of an answer that was stopped while it waited for its turn."""

_STREAMED_INTERVAL_S = 0.025
_WAITED_INTERVAL_S = 1.0  # nobody looks on: enough for what is left after a crash


@dataclass
class Figures:
    """Measured while an answer is made; seconds of `time.monotonic`."""

    started: float
    prompt_tokens: int
    reused_tokens: int = 0
    restored_tokens: int = 0
    prefill_started: float = 0.0
    prefill_s: float = 0.0
    first_token: float | None = None
    decode_tokens: int = 0
    reasoning_tokens: int = 0
    decode_started: float = 0.0
    reasoning_ended: float | None = None
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    drafting: str = ""
    drafting_s: float = 0.0
    plain_s: float = 0.0
    recent: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])

    def rate(self, now: float) -> float:
        """Tokens per second over the last second."""
        self.recent.append((now, self.decode_tokens))
        while len(self.recent) > 2 and now - self.recent[0][0] > 1.0:
            self.recent.popleft()
        before, tokens = self.recent[0]
        return (self.decode_tokens - tokens) / (now - before) if now > before else 0.0


class Answering:
    """The work on one GenerateRequest. Its slot evaluates `todo`; then `take` is told the next token, and so on.

    Attributes:
        todo: tokens to evaluate next: the rest of the prompt, then the token just written. Logits are wanted of the last.
        drafted: guesses that are evaluated after it in the same batch.
        stop_reason: "" while the answer goes on.
        failure: why the answer cannot go on, where that is nobody's wish.
    """

    def __init__(
        self,
        command: Generate,
        prompt: Prompt,
        vocabulary: Vocabulary,
        choice: Choice,
        may_think: bool,
        send: Callable[[PromptProgress | TextDelta], None],
    ) -> None:
        request = command.request
        self.command = command
        self.operation = command.id
        self.request = request
        self.prompt = prompt
        self.choice = choice
        self.figures = Figures(time.monotonic(), len(prompt.tokens))
        self.todo: list[int] = list(prompt.tokens)
        self.drafted: list[int] = []
        self.stop_reason = ""
        self.failure: UserError | None = None
        self.tokens: list[int] = []
        self.logprobs: list[TokenLogprob] = []
        self.stream = TextStream(
            in_thought=prompt.in_thought,
            may_think=may_think and not prompt.thought_closed,
            stops=request.stops,
            prefix=request.prefix,
            thought=request.thought,
        )
        self._thought_end = prompt.thought_end
        self._vocabulary = vocabulary
        self._send = send
        self._sent = 0.0
        self._interval_s = _STREAMED_INTERVAL_S if request.is_streamed else _WAITED_INTERVAL_S
        # Python between two tokens is slow, for their weights have driven it out of the caches: tokens become text several at
        # a time, unless the next one depends on the text.
        self._is_text_awaited = bool(request.stops or request.thinking_budget is not None or choice.follows_text)
        self._unread: list[tuple[int, float]] = []

    @property
    def is_reading(self) -> bool:
        """Whether the prompt is still being read."""
        return self.figures.first_token is None

    def begin(self, reused_tokens: int, restored_tokens: int = 0) -> None:
        """The cache holds the first `reused_tokens` of the prompt; the rest is to be read."""
        figures = self.figures
        figures.reused_tokens, figures.restored_tokens = reused_tokens, restored_tokens
        figures.prefill_started = time.monotonic()
        self.todo = list(self.prompt.tokens[reused_tokens:])
        self.tell_prompt_progress()

    def start_over(self) -> None:
        """The part of the prompt that was read is not in the cache any more."""
        self.todo = list(self.prompt.tokens)

    def tell_prompt_progress(self) -> None:
        """How much of the prompt is in the cache."""
        total = self.figures.prompt_tokens
        self._send(PromptProgress(self.operation, total - len(self.todo), total, self.figures.reused_tokens))

    def prompt_is_read(self) -> None:
        """The last token of the prompt is evaluated; the first one of the answer is about to be drawn."""
        figures = self.figures
        figures.prefill_s = time.monotonic() - figures.prefill_started
        figures.decode_started = time.monotonic()

    def advance(self, context: Any, index: int, context_used: int) -> None:
        """Draw the next token from the logits at `index` of the last batch, and take it."""
        try:
            token = self.choice.draw(context, index, self.stream)
        except UserError as error:
            self.stop_reason, self.failure = "failed", error
            return
        if self.request.logprobs and token not in self._vocabulary.ends:
            self.logprobs.append(self.choice.chances(context, index, token, self.request.logprobs))
        self.take(token, context_used)

    def take(self, token: int, context_used: int) -> None:
        """The next token of the answer; sets `todo`, or `stop_reason` where the answer ends."""
        figures = self.figures
        now = time.monotonic()
        if figures.first_token is None:
            figures.first_token = now
        if token in self._vocabulary.ends and not self.request.ignores_end:
            self.stop_reason = "end"
            return
        self.tokens.append(token)
        self._unread.append((token, now))
        figures.decode_tokens += 1
        self.todo = [token]
        if self._is_text_awaited:
            self._read_tokens()
        if now - self._sent >= self._interval_s:
            self.tell_text(context_used)
        if self.stream.stopped:
            self.stop_reason = "end"
        elif self.request.max_tokens is not None and figures.decode_tokens >= self.request.max_tokens:
            self.stop_reason = "length"
        elif self._has_thought_enough():
            self._close_thought(now)

    def finish(self, context_used: int) -> Answer:
        """The whole answer, after the rest of its text was sent."""
        self._read_tokens()
        self.stream.finish()
        self.tell_text(context_used)
        return Answer(self.stream.answer, self.stream.reasoning, self._timings(context_used), tuple(self.logprobs))

    def _read_tokens(self) -> None:
        """Make text of the tokens that came since the last time."""
        figures, stream = self.figures, self.stream
        for token, written in self._unread:
            was_reasoning = stream.in_reasoning
            stream.feed(self._vocabulary.piece(token))
            figures.reasoning_tokens += was_reasoning
            if was_reasoning and not stream.in_reasoning:
                figures.reasoning_ended = written
        self._unread.clear()

    def _has_thought_enough(self) -> bool:
        budget, stream = self.request.thinking_budget, self.stream
        if budget is None or not stream.in_reasoning or self.figures.reasoning_tokens < budget:
            return False
        return not stream.is_mid_character

    def _close_thought(self, now: float) -> None:
        """Write the end of the thought ourselves; one batch evaluates it. These tokens do not count as the model's."""
        marks = self._vocabulary.marked(self._thought_end)
        for token in marks:
            self.stream.feed(self._vocabulary.piece(token))
        self.choice.remember(marks)
        self.tokens += marks
        self.todo += marks
        self.figures.reasoning_ended = now

    def tell_text(self, context_used: int) -> None:
        """Send what was written since the last time."""
        figures = self.figures
        self._read_tokens()
        deltas, reclassified = self.stream.take()
        if reclassified:
            figures.reasoning_tokens = figures.decode_tokens
            figures.reasoning_ended = time.monotonic()
        if not deltas and not reclassified:
            return
        self._sent = time.monotonic()
        self._send(
            TextDelta(
                self.operation,
                deltas,
                figures.decode_tokens,
                figures.reasoning_tokens,
                context_used,
                figures.rate(self._sent),
                reclassified,
            )
        )

    def _timings(self, context_used: int) -> Timings:
        figures, now = self.figures, time.monotonic()
        evaluated = figures.prompt_tokens - figures.reused_tokens
        writing_s = now - figures.decode_started if figures.decode_started else 0.0
        reasoning_s = 0.0
        if figures.reasoning_tokens:
            reasoning_s = (figures.reasoning_ended or now) - figures.decode_started
        return Timings(
            prompt_tokens=figures.prompt_tokens,
            reused_tokens=figures.reused_tokens,
            decode_tokens=figures.decode_tokens,
            reasoning_tokens=figures.reasoning_tokens,
            time_to_first_token_s=(figures.first_token or now) - figures.started,
            prefill_tokens_s=evaluated / figures.prefill_s if figures.prefill_s else 0.0,
            decode_tokens_s=figures.decode_tokens / writing_s if writing_s else 0.0,
            reasoning_seconds=reasoning_s,
            context_used=context_used,
            stop_reason=self.stop_reason,
            restored_tokens=figures.restored_tokens,
            drafted_tokens=figures.drafted_tokens,
            accepted_tokens=figures.accepted_tokens,
            drafting=figures.drafting,
            drafting_s=figures.drafting_s,
            plain_s=figures.plain_s,
        )
