"""A loaded model at work: several answers at once in one context (continuous batching), with what earlier ones left in the cache.

Each `step` is one call of `llama_decode`: the newest token of every answer that is being written, and a piece of the prompts
that are still being read. An answer that comes in joins at the next step, one that ends makes room at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from launcher.core.errors import NextStep, UserError
from launcher.core.generation import Answer, ChatTurn, GenerateRequest
from launcher.core.models import Thinking
from launcher.core.units import whole
from launcher.engine.protocol import (
    AnswerFinished,
    AnswerStarted,
    Failure,
    Generate,
    OperationFailed,
    WorkerEvent,
)
from launcher.engine.worker import load_errors
from launcher.engine.worker.answering import NEVER_BEGUN, Answering
from launcher.engine.worker.batch import Batch
from launcher.engine.worker.model import NativeModel
from launcher.engine.worker.prompt import Prompt, Vocabulary, make_prompt
from launcher.engine.worker.sampler import SamplerChain
from launcher.engine.worker.slots import Slot, choose
from launcher.engine.worker.template import ChatTemplate

_CHUNK_LIMIT_S = 0.2  # a device without abort callback is silent within this time after a stop
_NO_ROOM, _ABORTED = 1, 2  # what llama_decode returns
_REMEMBERED_ANSWERS = 200


class Stops(Protocol):
    """Which operations somebody wants stopped (worker/operations.py)."""

    def is_stopped(self, operation: int) -> bool:
        """Whether this one is to end now."""
        ...

    def end(self, operation: int) -> None:
        """It has ended."""
        ...


class Session:
    """A model, its template, and the slots of its context.

    Attributes:
        steps: calls of llama_decode so far, for the heartbeat.
    """

    def __init__(
        self,
        native: NativeModel,
        vocabulary: Vocabulary,
        template: ChatTemplate,
        stops: Stops,
        send: Callable[[WorkerEvent], None],
    ) -> None:
        self.native = native
        self.vocabulary = vocabulary
        self.template = template
        self.steps = 0
        self.slots = [Slot(native, i) for i in range(native.placement.n_parallel)]
        self._llama = native.binding.llama
        self._stops = stops
        self._send = send
        self._waiting: deque[Generate] = deque()
        self._written: dict[str, list[int]] = {}
        self._batch = Batch(native.binding, native.placement.n_batch)
        self._seconds_per_token: float | None = None

    @property
    def is_busy(self) -> bool:
        """Whether `step` has something to do."""
        return bool(self._waiting) or any(s.work for s in self.slots)

    def count_tokens(self, turns: Sequence[ChatTurn], thinking: bool) -> tuple[int, tuple[int, ...]]:
        """Tokens of the rendered conversation, and of each turn's own text."""
        prompt = make_prompt(self.vocabulary, self.template, turns, thinking, written=self._written)
        return len(prompt.tokens), tuple(len(self.vocabulary.plain(t.content)) for t in turns)

    def submit(self, command: Generate) -> None:
        """Take on an answer; it begins at the next step with a free slot."""
        self._waiting.append(command)

    def step(self) -> None:
        """Begin what waits, end what was stopped, and compute one batch."""
        self._end_stopped()
        self._begin_waiting()
        working = [s for s in self.slots if s.work]
        if not working:
            return
        places = self._fill_batch(working)
        began = time.monotonic()
        n_tokens = len(self._batch)
        status = self._llama.llama_decode(self.native.context, self._batch.native)
        self.steps += 1
        if status == 0:
            self._take_results(places, n_tokens, began)
            return
        for slot in working:
            slot.take_back()
        if status == _NO_ROOM:
            self._make_room(working)
        elif status != _ABORTED:
            error = Failure.of(load_errors.decode_error(self.native.binding, status))
            for slot in working:
                self._fail(slot, error)

    def fail_all(self, failure: Failure) -> None:
        """A step broke off: every answer in the making ends with this failure, and the cache is not trusted any more."""
        for slot in self.slots:
            if slot.work:
                self._fail(slot, failure)
            slot.keep(0)

    # --- begin and end ------------------------------------------------------------------------------------------------

    def _begin_waiting(self) -> None:
        while self._waiting and any(s.work is None for s in self.slots):
            command = self._waiting.popleft()
            try:
                self._begin(command.id, command.request)
            except UserError as error:
                self._send(OperationFailed(command.id, Failure.of(error)))
                self._stops.end(command.id)

    def _begin(self, operation: int, request: GenerateRequest) -> None:
        prompt = self._prompt(request)
        if len(prompt.tokens) >= self.native.n_ctx:
            raise self._context_full(len(prompt.tokens))
        slot = choose(self.slots, prompt.tokens, request.state_file)
        assert slot is not None  # noqa: S101 - the caller made sure
        sampler = SamplerChain(self.native.binding, request.sampling, self.vocabulary.size)
        sampler.remember(prompt.tokens)
        work = Answering(
            operation,
            request,
            prompt,
            self.vocabulary,
            sampler,
            self.template.thinking is not Thinking.NEVER,
            self._send,
        )
        self._send(AnswerStarted(operation))
        reused = slot.keep(slot.common(prompt.tokens))
        slot.work, slot.state_file, slot.is_saved = work, request.state_file, False
        work.begin(reused)

    def _prompt(self, request: GenerateRequest) -> Prompt:
        if request.prompt_tokens:
            if not 0 <= min(request.prompt_tokens) <= max(request.prompt_tokens) < self.vocabulary.size:
                raise UserError("bad_request", "The prompt has tokens that this model does not know.")
            return Prompt(request.prompt_tokens, in_thought=False, thought_closed=True)
        return make_prompt(
            self.vocabulary, self.template, request.turns, request.thinking, request.prefix, self._written
        )

    def _end_stopped(self) -> None:
        for command in [c for c in self._waiting if self._stops.is_stopped(c.id)]:
            self._waiting.remove(command)
            self._begin_stopped(command)
        for slot in self.slots:
            if slot.work and self._stops.is_stopped(slot.work.operation):
                slot.work.stop_reason = "stopped"
                self._finish(slot)

    def _begin_stopped(self, command: Generate) -> None:
        """It never began: an empty answer."""
        self._send(AnswerStarted(command.id))
        self._send(AnswerFinished(command.id, Answer(command.request.prefix, "", NEVER_BEGUN)))
        self._stops.end(command.id)

    def _finish(self, slot: Slot) -> None:
        work = slot.work
        assert work is not None  # noqa: S101 - callers have it
        answer = work.finish(len(slot.cached))
        work.sampler.free()
        slot.release()
        self._remember_written(work)
        self._send(AnswerFinished(work.operation, answer))
        self._stops.end(work.operation)

    def _fail(self, slot: Slot, failure: Failure) -> None:
        work = slot.work
        assert work is not None  # noqa: S101 - callers have it
        work.tell_text(len(slot.cached))
        work.sampler.free()
        slot.release()
        self._send(OperationFailed(work.operation, failure))
        self._stops.end(work.operation)

    # --- one batch ----------------------------------------------------------------------------------------------------

    def _fill_batch(self, working: Sequence[Slot]) -> list[tuple[Slot, int, int]]:
        """Returns (slot, number of tokens of it, index of its logits or -1) of all that went in."""
        self._batch.clear()
        limit = self._chunk_size(alone=len(working) == 1)
        places: list[tuple[Slot, int, int]] = []
        # Answers being written first: they take a token each, what is left goes to prompts.
        for slot in sorted(working, key=lambda s: len(s.work.todo) if s.work else 0):
            work = slot.work
            if work is None:
                continue
            room = min(limit, self._batch.room)
            chunk = work.todo[:room]
            if not chunk:
                break
            is_last = len(chunk) == len(work.todo)
            first = self._batch.add(chunk, len(slot.cached), slot.sequence, wanted=int(is_last))
            places.append((slot, len(chunk), first if is_last else -1))
            limit -= len(chunk)
        return places

    def _chunk_size(self, *, alone: bool) -> int:
        """Tokens for one call: a whole batch where that is quick and nobody else waits for a token, else one ubatch.

        Only the processor asks the abort switch while it computes; other devices are left between calls.
        """
        placement = self.native.placement
        quick = (self._seconds_per_token or 1.0) * placement.n_batch <= _CHUNK_LIMIT_S
        return placement.n_batch if quick and alone else min(placement.n_ubatch, placement.n_batch)

    def _take_results(self, places: Sequence[tuple[Slot, int, int]], n_tokens: int, began: float) -> None:
        for slot, count, _ in places:
            assert slot.work is not None  # noqa: S101 - it was in the batch
            slot.cached += slot.work.todo[:count]
            del slot.work.todo[:count]
        if any(slot.work and slot.work.is_reading for slot, _, _ in places):
            # A decode on a GPU returns before it is done: reading is measured with the wait for it.
            self._llama.llama_synchronize(self.native.context)
            self._seconds_per_token = (time.monotonic() - began) / n_tokens
        for slot, _, index in places:
            if index < 0:
                assert slot.work is not None  # noqa: S101 - it was in the batch
                slot.work.tell_prompt_progress()
            else:
                self._next_token(slot, index)

    def _next_token(self, slot: Slot, index: int) -> None:
        work = slot.work
        assert work is not None  # noqa: S101 - it was in the batch
        if work.is_reading:
            work.prompt_is_read()
        work.take(work.sampler.sample(self.native.context, index), len(slot.cached))
        if not work.stop_reason and len(slot.cached) >= self.native.n_ctx:
            work.stop_reason = "context"
        if work.stop_reason:
            self._finish(slot)

    def _make_room(self, working: Sequence[Slot]) -> None:
        """All answers together are longer than the context: what idle conversations left goes first, then the longest answer ends."""
        idle = [s for s in self.slots if s.work is None and s.cached]
        if idle:
            min(idle, key=lambda s: s.used_at).keep(0)
            return
        longest = max(working, key=lambda s: len(s.cached))
        work = longest.work
        assert work is not None  # noqa: S101 - it works
        if work.is_reading:
            self._fail(longest, Failure.of(self._context_full(work.figures.prompt_tokens)))
        else:
            work.stop_reason = "context"
            self._finish(longest)

    # --- what is kept -------------------------------------------------------------------------------------------------

    def _remember_written(self, work: Answering) -> None:
        """Keep the tokens of an answer that the history will hold as it was written: without a thought or a stop string."""
        stream, prefix = work.stream, work.request.prefix
        if stream.reasoning or stream.stopped or not work.tokens:
            return
        if any(token in self.vocabulary.control for token in work.tokens):
            return
        before = (self._written.get(prefix) or self.vocabulary.plain(prefix)) if prefix else []
        self._written[stream.answer] = [*before, *work.tokens]
        while len(self._written) > _REMEMBERED_ANSWERS:
            del self._written[next(iter(self._written))]

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
