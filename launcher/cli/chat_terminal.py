"""The engine on a terminal: load with progress, one answer at a time, Ctrl+C stops it, twice quits."""

from __future__ import annotations

import queue
import re
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TextIO

from launcher.core.errors import UserError
from launcher.core.generation import Answer, ChatTurn, GenerateRequest, Loaded, LoadRequest, Timings
from launcher.core.units import duration, gib, rate, whole
from launcher.engine.client import EngineClient
from launcher.engine.protocol import (
    AnswerFinished,
    EngineEvent,
    LoadCancelled,
    LoadFinished,
    LoadProgress,
    OperationFailed,
    PromptProgress,
    TextDelta,
    TokensCounted,
)

_DIM, _NORMAL, _CLEAR_LINE = "\x1b[2m", "\x1b[0m", "\r\x1b[K"
# A model's text is untrusted: control characters could move the cursor or retitle the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PHASES = {"weights": "reading the weights", "context": "making room for the context", "warm_up": "warming up"}
_SHOW_PROGRESS_AFTER_S = 0.3


class Quit(Exception):  # noqa: N818 - a wish, not an error
    """The person wants to leave."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Where an answer is written while it comes. `reasoning` None leaves the reasoning out."""

    answer: TextIO | None
    reasoning: TextIO | None


class TerminalEngine:
    """A blocking view of the engine client. Use as a context manager."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
        self._client = EngineClient(self._events.put)
        self._is_terminal = sys.stderr.isatty()
        self._interrupts = 0
        self._stopping: int | None = None

    def __enter__(self) -> TerminalEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def load(self, request: LoadRequest) -> Loaded:
        """Load, with a line of progress on stderr; Ctrl+C cancels.

        Raises:
            UserError: the load failed.
            Quit: it was cancelled.
        """
        operation = self._client.load(request)
        self._line(f"Loading {request.name} {request.quant} …")
        try:
            with self._counted_interrupts():
                return self._loaded(operation, request)
        finally:
            self._line("")

    def _loaded(self, operation: int, request: LoadRequest) -> Loaded:
        while True:
            event = self._next(operation)
            match event:
                case LoadProgress():
                    self._line(f"Loading {request.name} {request.quant}: {_progress_words(event)}")
                case LoadFinished(loaded=loaded):
                    return loaded
                case LoadCancelled():
                    raise Quit
                case _:
                    pass

    def answer(self, request: GenerateRequest, shown: Shown) -> Answer:
        """Make one answer and write it as it comes.

        Raises:
            UserError: it failed; what had come is written already.
            Quit: Ctrl+C came twice.
        """
        operation = self._client.generate(request)
        started = time.monotonic()
        writer = _Writer(shown)
        try:
            with self._counted_interrupts():
                return self._written(operation, started, writer)
        finally:
            self._line("")
            writer.end()

    def count(self, turns: tuple[ChatTurn, ...], thinking: bool) -> TokensCounted:
        """How many tokens these turns take in the model's template.

        Raises:
            UserError: the template refuses them, or the engine is gone.
            Quit: Ctrl+C came twice.
        """
        operation = self._client.count_tokens(turns, thinking)
        with self._counted_interrupts():
            while not isinstance(event := self._next(operation), TokensCounted):
                pass
        return event

    def _written(self, operation: int, started: float, writer: _Writer) -> Answer:
        while True:
            event = self._next(operation)
            match event:
                case PromptProgress(done_tokens=done, total_tokens=total) if done < total:
                    if time.monotonic() - started > _SHOW_PROGRESS_AFTER_S:
                        self._line(f"Reading the prompt: {whole(done)} of {whole(total)} tokens")
                case TextDelta():
                    self._line("")
                    writer.write(event)
                case AnswerFinished(answer=answer):
                    return answer
                case _:
                    pass

    @contextmanager
    def _counted_interrupts(self) -> Generator[None]:
        """Ctrl+C is counted instead of raised: it may come at any moment, also while text is being written."""

        def count(number: int, frame: FrameType | None) -> None:
            del number, frame
            self._interrupts += 1

        self._interrupts = 0
        before = signal.signal(signal.SIGINT, count)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _next(self, operation: int) -> EngineEvent:
        """The next event of an operation; the first Ctrl+C asks it to stop, the second one is Quit."""
        while True:
            if self._interrupts > 1:
                raise Quit
            if self._interrupts and self._stopping != operation:
                self._stopping = operation
                self._client.stop(operation)
            try:
                event = self._events.get(timeout=0.1)
            except queue.Empty:
                continue
            if getattr(event, "id", None) == operation:
                if isinstance(event, OperationFailed):
                    raise event.failure.error()
                return event

    def show(self, text: str) -> None:
        """One status line on a terminal, replaced by the next; "" removes it."""
        self._line(text)

    def _line(self, text: str) -> None:
        if self._is_terminal:
            print(f"{_CLEAR_LINE}{text}", end="", file=sys.stderr, flush=True)


def _progress_words(progress: LoadProgress) -> str:
    left = f", {duration(progress.seconds_left)} left" if progress.seconds_left else ""
    return f"{_PHASES.get(progress.phase, progress.phase)}, {progress.fraction:.0%}{left}"


class _Writer:
    """Reasoning dim, answer plain, one blank line between."""

    def __init__(self, shown: Shown) -> None:
        self._streams = {"reasoning": shown.reasoning, "answer": shown.answer}
        self._channel = ""

    def write(self, event: TextDelta) -> None:
        if event.reclassified and self._channel:
            self._switch("reasoning")
        for delta in event.deltas:
            stream = self._streams.get(delta.channel)
            if stream is None:
                continue
            self._switch(delta.channel)
            print(_CONTROL.sub("\ufffd", delta.text), end="", file=stream, flush=True)

    def _switch(self, channel: str) -> None:
        if channel == self._channel:
            return
        self.end()
        self._channel = channel
        stream = self._streams[channel]
        if channel == "reasoning" and stream is not None and stream.isatty():
            print(_DIM, end="", file=stream)

    def end(self) -> None:
        """Finish the paragraph that is open."""
        stream = self._streams.get(self._channel)
        if stream is not None:
            after = (_NORMAL if stream.isatty() else "") + "\n" if self._channel == "reasoning" else ""
            print(f"{after}", file=stream, flush=True)
        self._channel = ""


def stats_line(answer: Answer, loaded: Loaded) -> str:
    """The figures of one answer."""
    t = answer.timings
    thought = (
        f" · thought for {duration(t.reasoning_seconds)}, {whole(t.reasoning_tokens)} tokens"
        if answer.reasoning
        else ""
    )
    return (
        f"{rate(t.decode_tokens_s)} tokens/s · {whole(t.decode_tokens)} tokens · first after {t.time_to_first_token_s:.1f} s{thought}"
        f" · prompt {whole(t.prompt_tokens)} ({whole(t.reused_tokens)} reused) at {rate(t.prefill_tokens_s)} tokens/s"
        f" · context {whole(t.context_used)} of {whole(loaded.n_ctx)}{_drafting_words(t)}"
    )


def drafting_facts(timings: Timings, loaded: Loaded) -> dict[str, object] | None:
    """What guessed, how often it was right, and both speeds as measured, for JSON documents; None where nothing guesses."""
    if not loaded.drafting:
        return None
    return {
        "model": loaded.drafting,
        "drafted_tokens": timings.drafted_tokens,
        "accepted_tokens": timings.accepted_tokens,
        "state": timings.drafting,
        "decode_tokens_s_with": 1 / timings.drafting_s if timings.drafting_s else None,
        "decode_tokens_s_without": 1 / timings.plain_s if timings.plain_s else None,
    }


def _drafting_words(timings: Timings) -> str:
    """Like: draft: 61 % accepted, on: 42 tokens/s with it, 30 without."""
    t = timings
    if not t.drafting:
        return ""
    share = (
        f"{t.accepted_tokens / t.drafted_tokens:.0%} accepted".replace("%", " %") if t.drafted_tokens else "none used"
    )
    if not t.drafting_s or not t.plain_s:
        return f" · draft: {share}, not measured yet"
    return (
        f" · draft: {share}, {'being measured' if t.drafting == 'trial' else t.drafting}: "
        f"{rate(1 / t.drafting_s)} tokens/s with it, {rate(1 / t.plain_s)} without"
    )


def loaded_line(loaded: Loaded) -> str:
    """What is loaded and where it sits."""
    places = ", ".join(f"{gib(d.total_bytes)} on {d.name}" for d in loaded.memory.devices if d.total_bytes)
    return f"{loaded.name} {loaded.quant}: {places}; context {whole(loaded.n_ctx)} tokens"


def printable_error(error: UserError) -> str:
    """An error inside a conversation that goes on."""
    steps = "".join(f"\n  Next: {s.label}" for s in error.next_steps)
    return f"{error.what}\n  Why: {error.why}{steps}"
