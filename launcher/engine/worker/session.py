"""A loaded model at work: several answers at once in one context (continuous batching), with what earlier ones left in the cache.

Each `step` is one call of `llama_decode`: the newest token of every answer that is being written, and a piece of the prompts
that are still being read. An answer that comes in joins at the next step, one that ends makes room at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from launcher.core.errors import UserError
from launcher.core.generation import Answer, ChatTurn
from launcher.core.models import Thinking
from launcher.engine.protocol import AnswerFinished, AnswerStarted, Failure, Generate, OperationFailed, WorkerEvent
from launcher.engine.worker import load_errors
from launcher.engine.worker.answering import NEVER_BEGUN, Answering
from launcher.engine.worker.batch import Batch
from launcher.engine.worker.choice import Choosing
from launcher.engine.worker.drafting import Drafting
from launcher.engine.worker.keeping import Keeper
from launcher.engine.worker.model import NativeModel
from launcher.engine.worker.prompt import Vocabulary, make_prompt, prompt_of
from launcher.engine.worker.room import chunk_tokens, context_full, fits_beside
from launcher.engine.worker.slots import Slot, choose
from launcher.engine.worker.template import ChatTemplate

_NO_ROOM, _ABORTED = 1, 2  # what llama_decode returns
_REMEMBERED_ANSWERS = 200


class Stops(Protocol):
    """Which operations somebody wants stopped (worker/operations.py)."""

    @property
    def is_any_stopped(self) -> bool:
        """Whether there is one at all."""
        ...

    def is_stopped(self, operation: int) -> bool:
        """Whether this one is to end now."""
        ...

    def end(self, operation: int) -> None:
        """It has ended."""
        ...


@dataclass
class _Waiting:
    """An answer to be made. `must_be_alone`: it did not fit beside the others."""

    command: Generate
    work: Answering | None = None
    must_be_alone: bool = False


class Session:
    """A model, its template, and the slots of its context.

    Attributes:
        steps: calls of llama_decode so far, for the heartbeat.
        drafting: guesses tokens for an answer that is alone; None where nothing can.
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
        self.drafting: Drafting | None = None
        self.slots = [Slot(native, i) for i in range(native.placement.n_parallel)]
        self._llama = native.binding.llama
        self._stops = stops
        self._send = send
        self._waiting: deque[_Waiting] = deque()
        self._written: dict[str, list[int]] = {}
        self.keeper = Keeper(native, self.slots, self._written, send)
        self._batch = Batch(native.binding, native.placement.n_batch)
        self._choosing = Choosing(native, vocabulary)
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
        """Take on an answer; it begins at the next step with a free slot and enough room."""
        self._waiting.append(_Waiting(command))

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
        for slot, _, _ in places:
            slot.take_back()
        if status == _NO_ROOM:
            self._make_room(working)
        elif status != _ABORTED:
            error = Failure.of(load_errors.decode_error(self.native.binding, status))
            for slot in working:
                self._fail(slot, error)

    def fail_all(self, failure: Failure) -> None:
        """A step broke off with a bug: all answers end with this failure, and the cache is not trusted any more."""
        # One that was just beginning is in both places.
        open_works = {w.command.id: w.work for w in self._waiting}
        open_works |= {s.work.operation: s.work for s in self.slots if s.work}
        self._waiting.clear()
        for slot in self.slots:
            slot.release()
            slot.keep(0)
        for operation, work in open_works.items():
            if work:
                work.choice.free()
            self._send(OperationFailed(operation, failure))
            self._stops.end(operation)

    # --- begin and end ------------------------------------------------------------------------------------------------

    def _begin_waiting(self) -> None:
        """In the order they came: one that does not fit yet keeps those behind it waiting."""
        while self._waiting and any(s.work is None for s in self.slots):
            waiting = self._waiting[0]
            try:
                work = waiting.work = waiting.work or self._prepare(waiting.command)
            except UserError as error:
                self._waiting.popleft()
                self._send(OperationFailed(waiting.command.id, Failure.of(error)))
                self._stops.end(waiting.command.id)
                continue
            is_alone = not any(s.work for s in self.slots)
            if not is_alone and (
                waiting.must_be_alone or not fits_beside(len(work.todo), self.slots, self.native.n_ctx)
            ):
                return
            self._begin(work)
            self._waiting.popleft()

    def _prepare(self, command: Generate) -> Answering:
        request = command.request
        self.keeper.recall(request)
        prompt = prompt_of(request, self.vocabulary, self.template, self._written)
        if len(prompt.tokens) >= self.native.n_ctx:
            raise self._context_full(len(prompt.tokens))
        may_think = self.template.thinking is not Thinking.NEVER
        return Answering(
            command, prompt, self.vocabulary, self._choosing.choice(request, prompt), may_think, self._send
        )

    def _begin(self, work: Answering) -> None:
        slot = choose(self.slots, work.prompt.tokens, work.request.state_file)
        assert slot is not None  # noqa: S101 - the caller made sure
        self._send(AnswerStarted(work.operation))
        restored = self.keeper.prepare(work, slot, lambda: self._stops.is_stopped(work.operation))
        reused = slot.begin(work)
        slot.state_file, slot.is_saved = work.request.state_file, False
        work.begin(reused, min(reused, restored))
        if self.drafting:
            self.drafting.begin(work)

    def _end_stopped(self) -> None:
        if not self._stops.is_any_stopped:
            return
        for waiting in [w for w in self._waiting if self._stops.is_stopped(w.command.id)]:
            self._waiting.remove(waiting)
            self._end_waiting(waiting)
        for slot in self.slots:
            if slot.work and self._stops.is_stopped(slot.work.operation):
                slot.work.stop_reason = "stopped"
                self._finish(slot)

    def _end_waiting(self, waiting: _Waiting) -> None:
        """It never began: an empty answer."""
        if waiting.work:
            waiting.work.choice.free()
        operation, request = waiting.command.id, waiting.command.request
        self._send(AnswerStarted(operation))
        self._send(AnswerFinished(operation, Answer(request.prefix, request.thought, NEVER_BEGUN)))
        self._stops.end(operation)

    def _finish(self, slot: Slot) -> None:
        work = _work_of(slot)
        if work.failure:
            self._fail(slot, Failure.of(work.failure))
            return
        answer = work.finish(len(slot.cached))
        self._remember_written(work)
        self.keeper.answered(slot, work)
        slot.release()  # from here on a bug would not find it any more
        work.choice.free()
        self._send(AnswerFinished(work.operation, answer))
        self._stops.end(work.operation)

    def _fail(self, slot: Slot, failure: Failure) -> None:
        work = _work_of(slot)
        work.tell_text(len(slot.cached))
        slot.release()
        work.choice.free()
        self._send(OperationFailed(work.operation, failure))
        self._stops.end(work.operation)

    # --- one batch ----------------------------------------------------------------------------------------------------

    def _fill_batch(self, working: Sequence[Slot]) -> list[tuple[Slot, int, int]]:
        """Returns (slot, number of tokens of it, index of its logits or -1) of all that went in."""
        batch = self._batch
        batch.clear()
        # Answers being written go first, a token each; what is left is for prompts, the shortest first.
        limit = min(
            max(chunk_tokens(self.native.placement, working, self._seconds_per_token), len(working)), batch.room
        )
        places: list[tuple[Slot, int, int]] = []
        for slot in sorted(working, key=_tokens_to_do) if len(working) > 1 else working:
            todo = _work_of(slot).todo
            count = min(len(todo), limit)
            if not count:
                break
            count = slot.piece(count)
            is_last = count == len(todo)
            chunk, wanted = todo if is_last else todo[:count], int(is_last)
            if self.drafting and is_last:
                is_alone = len(working) == 1
                drafted = self.drafting.guess(_work_of(slot), slot.cached, self.native.n_ctx, is_alone=is_alone)
                chunk, wanted = [*chunk, *drafted], 1 + len(drafted)
            first = batch.add(chunk, len(slot.cached), slot.sequence, wanted)
            places.append((slot, count, first if is_last else -1))
            limit -= count
        return places

    def _take_results(self, places: Sequence[tuple[Slot, int, int]], n_tokens: int, began: float) -> None:
        is_reading = False
        alone = places[0][0] if self.drafting and len(places) == 1 else None
        start = len(alone.cached) if alone else 0
        for slot, count, _ in places:
            work = _work_of(slot)
            slot.evaluated(count)
            is_reading = is_reading or work.is_reading
        if is_reading:
            # A decode on a GPU returns before it is done: reading is measured with the wait for it.
            self._llama.llama_synchronize(self.native.context)
            self._seconds_per_token = (time.monotonic() - began) / n_tokens
        for slot, _, index in places:
            if index < 0:
                _work_of(slot).tell_prompt_progress()
            else:
                self._next_token(slot, index)
        if alone and self.drafting:
            self.drafting.follow(alone.cached, start)

    def _next_token(self, slot: Slot, index: int) -> None:
        """Draw the next token, and go on through the guesses for as long as they are what was drawn."""
        work = _work_of(slot)
        if work.is_reading:
            work.prompt_is_read()
        accepted = 0
        while True:
            work.advance(self.native.context, index + accepted, len(slot.cached))
            if not work.stop_reason and len(slot.cached) + len(work.todo) > self.native.n_ctx:
                work.stop_reason = "context"
            if work.stop_reason or work.todo != work.drafted[accepted : accepted + 1]:
                break
            slot.cached += work.todo
            accepted += 1
        if self.drafting:
            if work.drafted:
                slot.take_back()
            self.drafting.settle(work, accepted)
        if work.stop_reason:
            self._finish(slot)

    def _make_room(self, working: Sequence[Slot]) -> None:
        """All answers together are longer than the context.

        What idle conversations left goes first; then a prompt that is being read waits; then the longest answer ends.
        """
        idle = [s for s in self.slots if s.work is None and s.cached]
        if idle:
            oldest = min(idle, key=lambda s: s.used_at)
            self.keeper.save(oldest)
            oldest.keep(0)
            return
        reading = [s for s in working if s.work and s.work.is_reading]
        if reading and len(working) > 1:
            newest = max(reading, key=lambda s: _work_of(s).operation)
            work = _work_of(newest)
            work.start_over()
            newest.release()
            newest.keep(0)
            self._waiting.appendleft(_Waiting(work.command, work, must_be_alone=True))
            return
        longest = max(working, key=lambda s: len(s.cached))
        work = _work_of(longest)
        if work.is_reading:
            self._fail(longest, Failure.of(self._context_full(work.figures.prompt_tokens)))
        else:
            work.stop_reason = "context"
            self._finish(longest)

    # --- what is kept -------------------------------------------------------------------------------------------------

    def _remember_written(self, work: Answering) -> None:
        """Keep the tokens of an answer that the history will hold as it was written: without a thought or a stop string."""
        stream, prefix = work.stream, work.request.prefix
        if stream.had_thought or stream.stopped or not work.tokens:
            return
        if any(token in self.vocabulary.control for token in work.tokens):
            return
        before = (self._written.get(prefix) or self.vocabulary.plain(prefix)) if prefix else []
        self._written[stream.answer] = [*before, *work.tokens]
        while len(self._written) > _REMEMBERED_ANSWERS:
            del self._written[next(iter(self._written))]

    def _context_full(self, prompt_tokens: int) -> UserError:
        trained = int(self._llama.llama_model_n_ctx_train(self.native.model))
        return context_full(prompt_tokens, self.native.n_ctx, trained)


def _work_of(slot: Slot) -> Answering:
    assert slot.work is not None  # noqa: S101 - asked of working slots only
    return slot.work


def _tokens_to_do(slot: Slot) -> int:
    return len(_work_of(slot).todo)
