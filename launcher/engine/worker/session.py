"""One loaded model answering: prompt reading with prefix reuse, the token loop, the figures."""

from __future__ import annotations

import ctypes
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from launcher.core.errors import NextStep, UserError
from launcher.core.generation import Answer, ChatTurn, GenerateRequest, Timings
from launcher.core.models import Thinking
from launcher.core.units import whole
from launcher.engine.protocol import PromptProgress, TextDelta
from launcher.engine.worker import load_errors
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.model import Cancelled, NativeModel
from launcher.engine.worker.prompt import Vocabulary, make_prompt
from launcher.engine.worker.sampler import SamplerChain
from launcher.engine.worker.template import ChatTemplate
from launcher.engine.worker.text_stream import TextStream

_DELTA_INTERVAL_S = 0.025
_CHUNK_LIMIT_S = 0.2  # a device without abort callback is silent within this time after a stop
_DECODE_ABORTED = 2
_REMEMBERED_ANSWERS = 200


@dataclass
class _Progress:
    """Figures of the answer in work."""

    started: float
    prompt_tokens: int
    reused_tokens: int = 0
    first_token: float | None = None
    prefill_s: float = 0.0
    decode_tokens: int = 0
    reasoning_tokens: int = 0
    decode_started: float = 0.0
    reasoning_ended: float | None = None
    sent: float = 0.0
    tokens: list[int] = field(default_factory=list[int])
    recent: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])

    def rate(self, now: float) -> float:
        """Tokens per second over the last second."""
        self.recent.append((now, self.decode_tokens))
        while len(self.recent) > 2 and now - self.recent[0][0] > 1.0:
            self.recent.popleft()
        before, tokens = self.recent[0]
        return (self.decode_tokens - tokens) / (now - before) if now > before else 0.0


class Session:
    """A model, its template, and what its KV cache holds."""

    def __init__(
        self, native: NativeModel, vocabulary: Vocabulary, template: ChatTemplate, switch: AbortSwitch
    ) -> None:
        self.native = native
        self.vocabulary = vocabulary
        self.template = template
        self.steps = 0
        self._llama = native.binding.llama
        self._switch = switch
        self._cached: list[int] = []
        self._written: dict[str, list[int]] = {}
        self._n_swa = int(self._llama.llama_model_n_swa(native.model))
        self._chunk_seconds_per_token: float | None = None

    def count_tokens(self, turns: Sequence[ChatTurn], thinking: bool) -> tuple[int, tuple[int, ...]]:
        """Tokens of the rendered conversation, and of each turn's own text."""
        prompt = make_prompt(self.vocabulary, self.template, turns, thinking, written=self._written)
        return len(prompt.tokens), tuple(len(self.vocabulary.plain(t.content)) for t in turns)

    def answer(
        self, operation: int, request: GenerateRequest, send: Callable[[PromptProgress | TextDelta], None]
    ) -> Answer:
        """Make one answer; a stop leaves what was written.

        Raises:
            UserError: the prompt does not fit, the template does not work, or the engine failed.
        """
        started = time.monotonic()
        prompt = make_prompt(
            self.vocabulary, self.template, request.turns, request.thinking, request.prefix, self._written
        )
        tokens = prompt.tokens
        if len(tokens) >= self.native.n_ctx:
            raise self._context_full(len(tokens))
        progress = _Progress(started, len(tokens))
        stream = TextStream(
            in_thought=prompt.in_thought,
            may_think=self.template.thinking is not Thinking.NEVER and not prompt.thought_closed,
            stops=request.stops,
            prefix=request.prefix,
        )
        with SamplerChain(self.native.binding, request.sampling, self.vocabulary.size) as sampler:
            sampler.remember(tokens)
            try:
                progress.reused_tokens = self._reuse(tokens)
                self._read_prompt(operation, tokens, progress, send)
                stop_reason = self._write(operation, request, sampler, stream, progress, send)
            except Cancelled:
                stop_reason = "stopped"
        stream.finish()
        self._send_text(operation, stream, progress, send)
        self._remember_written(request.prefix, stream, progress)
        return Answer(stream.answer, stream.reasoning, self._timings(progress, stop_reason))

    # --- the prompt ---------------------------------------------------------------------------------------------------

    def _reuse(self, tokens: Sequence[int]) -> int:
        """Keep the longest common prefix of the cache and drop the rest; the last token is always computed again."""
        common = 0
        for cached, wanted in zip(self._cached, tokens, strict=False):
            if cached != wanted:
                break
            common += 1
        common = min(common, len(tokens) - 1)
        memory = self.native.memory
        kept = common > 0 and self._llama.llama_memory_seq_rm(memory, 0, common, -1)
        if kept and self._n_swa and common < len(self._cached):
            # A sliding window keeps its last positions only: after going back, the ones before the cut may be gone.
            oldest = self._llama.llama_memory_seq_pos_min(memory, 0)
            kept = 0 <= oldest <= max(0, common - self._n_swa)
        if not kept:
            self._llama.llama_memory_clear(memory, True)
            common = 0
        self._cached = list(tokens[:common])
        return common

    def _read_prompt(
        self, operation: int, tokens: Sequence[int], progress: _Progress, send: Callable[[PromptProgress], None]
    ) -> None:
        started = time.monotonic()
        total = len(tokens)
        send(PromptProgress(operation, len(self._cached), total, progress.reused_tokens))
        while len(self._cached) < total:
            begin = time.monotonic()
            chunk = tokens[len(self._cached) : len(self._cached) + self._chunk_size()]
            self._decode(chunk)
            self._chunk_seconds_per_token = (time.monotonic() - begin) / len(chunk)
            if len(self._cached) < total:
                send(PromptProgress(operation, len(self._cached), total, progress.reused_tokens))
        # A decode on a GPU returns before it is done: the first token waits for it, so it is part of reading.
        self._llama.llama_synchronize(self.native.context)
        progress.prefill_s = time.monotonic() - started

    def _chunk_size(self) -> int:
        """Tokens for one call: a whole batch where that is quick, else one ubatch.

        Only the processor asks the abort switch while it computes; other devices are left between calls.
        """
        placement = self.native.placement
        quick = (self._chunk_seconds_per_token or 1.0) * placement.n_batch <= _CHUNK_LIMIT_S
        return placement.n_batch if quick else min(placement.n_ubatch, placement.n_batch)

    def _decode(self, tokens: Sequence[int]) -> None:
        if self._switch.is_set:
            raise Cancelled
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        status = self._llama.llama_decode(self.native.context, self._llama.llama_batch_get_one(array, len(tokens)))
        if status == _DECODE_ABORTED:
            raise Cancelled
        if status != 0:
            raise load_errors.decode_error(self.native.binding, status)
        self._cached += tokens
        self.steps += 1

    # --- the answer ---------------------------------------------------------------------------------------------------

    def _write(
        self,
        operation: int,
        request: GenerateRequest,
        sampler: SamplerChain,
        stream: TextStream,
        progress: _Progress,
        send: Callable[[TextDelta], None],
    ) -> str:
        """The token loop; returns the stop reason."""
        limit = request.max_tokens
        progress.decode_started = time.monotonic()
        while limit is None or progress.decode_tokens < limit:
            token = sampler.sample(self.native.context)
            now = time.monotonic()
            if progress.first_token is None:
                progress.first_token = now
            if self.vocabulary.is_end(token):
                return "end"
            progress.tokens.append(token)
            was_reasoning = stream.in_reasoning
            stream.feed(self.vocabulary.piece(token))
            progress.decode_tokens += 1
            progress.reasoning_tokens += was_reasoning
            if was_reasoning and not stream.in_reasoning:
                progress.reasoning_ended = now
            if now - progress.sent >= _DELTA_INTERVAL_S:
                self._send_text(operation, stream, progress, send)
            if stream.stopped:
                return "end"
            if len(self._cached) >= self.native.n_ctx:
                return "context"
            self._decode([token])
        return "length"

    def _remember_written(self, prefix: str, stream: TextStream, progress: _Progress) -> None:
        """Keep the tokens of an answer that the history will hold as it was written: without a thought or a stop string."""
        if stream.reasoning or stream.stopped or not progress.tokens:
            return
        if any(token in self.vocabulary.control for token in progress.tokens):
            return
        before = (self._written.get(prefix) or self.vocabulary.plain(prefix)) if prefix else []
        self._written[stream.answer] = [*before, *progress.tokens]
        while len(self._written) > _REMEMBERED_ANSWERS:
            del self._written[next(iter(self._written))]

    def _send_text(
        self, operation: int, stream: TextStream, progress: _Progress, send: Callable[[TextDelta], None]
    ) -> None:
        deltas, reclassified = stream.take()
        if reclassified:
            progress.reasoning_tokens = progress.decode_tokens
            progress.reasoning_ended = time.monotonic()
        if not deltas and not reclassified:
            return
        progress.sent = time.monotonic()
        send(
            TextDelta(
                operation,
                deltas,
                progress.decode_tokens,
                progress.reasoning_tokens,
                len(self._cached),
                progress.rate(progress.sent),
                reclassified,
            )
        )

    def _timings(self, progress: _Progress, stop_reason: str) -> Timings:
        now = time.monotonic()
        evaluated = progress.prompt_tokens - progress.reused_tokens
        writing_s = now - progress.decode_started if progress.decode_started else 0.0
        reasoning_s = 0.0
        if progress.reasoning_tokens:
            reasoning_s = (progress.reasoning_ended or now) - progress.decode_started
        return Timings(
            prompt_tokens=progress.prompt_tokens,
            reused_tokens=progress.reused_tokens,
            decode_tokens=progress.decode_tokens,
            reasoning_tokens=progress.reasoning_tokens,
            time_to_first_token_s=(progress.first_token or now) - progress.started,
            prefill_tokens_s=evaluated / progress.prefill_s if progress.prefill_s else 0.0,
            decode_tokens_s=progress.decode_tokens / writing_s if writing_s else 0.0,
            reasoning_seconds=reasoning_s,
            context_used=len(self._cached),
            stop_reason=stop_reason,
        )

    def _context_full(self, prompt_tokens: int) -> UserError:
        n_ctx, trained = self.native.n_ctx, int(self._llama.llama_model_n_ctx_train(self.native.model))
        bigger = (prompt_tokens + 2048 + 255) // 256 * 256
        grow = (
            (NextStep(f"Load with {whole(bigger)} context", "load_with_context", str(bigger)),)
            if bigger <= trained
            else ()
        )
        return UserError(
            "context_full",
            "This conversation is longer than the context.",
            f"It has {whole(prompt_tokens)} tokens; {whole(n_ctx)} are loaded and one must stay free for the answer. "
            "Nothing was cut.",
            (*grow, NextStep("Start a new chat", "new_chat"), NextStep("Shorten a message", "edit_message")),
        )
