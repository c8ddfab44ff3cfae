"""Measures a loaded model on the path that a chat's answers take: the same worker, batches, sampler and text as there.

A measurement is made of ordinary requests whose prompts are random tokens and whose answers go on past their end. What a
chat would get is thereby what is measured, but for the showing of the text while it is written; the times are the worker's own.
"""

from __future__ import annotations

import queue
import random
import statistics
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.core.errors import UserError
from launcher.core.generation import Answer, GenerateRequest, Loaded, LoadRequest
from launcher.core.models import Sampling
from launcher.core.units import whole
from launcher.core.words import say
from launcher.engine.bench_meters import EnergyMeter, cached_share
from launcher.engine.client import EngineClient
from launcher.engine.protocol import (
    AnswerFinished,
    EngineEvent,
    LoadCancelled,
    LoadFinished,
    LoadProgress,
    OperationFailed,
)

_LOOK_S = 0.1  # how often a stop is looked for
_SPARE_TOKENS = 8  # of the context, beside prompt and answer


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What to measure.

    Attributes:
        prompt_tokens, decode_tokens: read and written in each run, per answer.
        depths: tokens that are in the context before.
        repeat: runs per depth.
        parallel: answers at once; the placement must have room for as many.
        seed: of the random prompts.
        is_greedy: the likeliest token is taken; else one is drawn with a chat's usual settings.
    """

    prompt_tokens: int = 512
    decode_tokens: int = 128
    depths: tuple[int, ...] = (0,)
    repeat: int = 3
    parallel: int = 1
    seed: int = 7
    is_greedy: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens per second of all answers together: each run, and per joule over all runs (None where no energy is known)."""

    runs: tuple[float, ...]
    tokens_per_joule: float | None = None

    @property
    def median(self) -> float:
        """Of the runs."""
        return statistics.median(self.runs)

    @property
    def spread(self) -> float:
        """From the slowest to the fastest run, as a share of the median."""
        return (max(self.runs) - min(self.runs)) / self.median


@dataclass(frozen=True, slots=True)
class DepthResult:
    """At one depth. None: stopped before it was measured."""

    depth: int
    prefill: Rate | None
    decode: Rate | None


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What was measured.

    Attributes:
        cached_share: how much of the file lay in the page cache before the load; None when unknown.
        energy_sources: what `tokens_per_joule` counts: "cpu", "gpu".
        was_stopped: not everything was measured.
    """

    loaded: Loaded
    cached_share: float | None
    depths: tuple[DepthResult, ...]
    energy_sources: tuple[str, ...] = ()
    was_stopped: bool = False


class BenchStopped(UserError):  # noqa: N818 - not an error: somebody asked for it
    """Stopped before there was anything to report."""

    def __init__(self) -> None:
        super().__init__("stopped", "The measurement was stopped.", "Nothing had been measured yet.")


def run_bench(
    request: LoadRequest,
    options: BenchOptions,
    tell: Callable[[str, float], None],
    stop: threading.Event,
) -> BenchReport:
    """Load, measure, unload; blocks.

    Args:
        request: file and placement.
        options: what to measure.
        tell: called with (what is being done, fraction of it).
        stop: set from any thread to end it within a token.

    Raises:
        UserError: the load or an answer failed, or the context is too small for the depths.
        BenchStopped: `stop` was set during the load.
    """
    _check(request, options)
    share = cached_share(Path(request.path))
    with _Engine(stop) as engine:
        loaded = engine.load(request, tell)
        energy = EnergyMeter(with_gpus=loaded.gpu_layers > 0)
        try:
            found = _Measurement(engine, loaded, options, energy, tell).run()
        finally:
            energy.close()
        return BenchReport(loaded, share, found, energy.sources, stop.is_set())


def deepest(n_ctx: int, options: BenchOptions) -> int:
    """The greatest depth that a context has room for; negative when not even the measurement itself fits."""
    longest = max(options.prompt_tokens, options.decode_tokens)
    return n_ctx // options.parallel - longest - _SPARE_TOKENS


def _check(request: LoadRequest, options: BenchOptions) -> None:
    most = deepest(request.placement.n_ctx, options)
    if max(options.depths, default=0) > most:
        raise UserError(
            "bad_bench",
            "The context is too small for this measurement.",
            say(
                "It has {n} tokens for {parallel} answers at once: the depth can be {most} at most.",
                n=whole(request.placement.n_ctx),
                parallel=options.parallel,
                most=whole(max(0, most)),
            ),
        )
    if options.parallel > request.placement.n_parallel:
        raise UserError("bad_bench", "The placement has no room for so many answers at once.")


class _Stopped(Exception):  # noqa: N818
    """`stop` was set."""


class _Engine:
    """A blocking view of the client that hears of a stop."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._events: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
        self._client = EngineClient(self._events.put)

    def __enter__(self) -> _Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def load(self, request: LoadRequest, tell: Callable[[str, float], None]) -> Loaded:
        """Load and wait."""
        operation = self._client.load(request)
        is_stopping = False
        while True:
            event = self._next()
            if self._stop.is_set() and not is_stopping:
                is_stopping = True
                self._client.stop(operation)
            match event:
                case LoadProgress(fraction=fraction):
                    tell(say("Loading {name} {quant}", name=request.name, quant=request.quant), fraction)
                case LoadFinished(loaded=loaded):
                    if is_stopping:
                        raise BenchStopped
                    return loaded
                case LoadCancelled():
                    raise BenchStopped
                case OperationFailed(failure=failure):
                    raise failure.error()
                case _:
                    pass

    def answers(self, requests: Sequence[GenerateRequest]) -> list[Answer]:
        """Make several answers at once.

        Raises:
            _Stopped: there is nothing to count.
        """
        if self._stop.is_set():
            raise _Stopped
        places = {self._client.generate(request): i for i, request in enumerate(requests)}
        found: dict[int, Answer] = {}
        is_stopping = False
        while len(found) < len(requests):
            event = self._next()
            if self._stop.is_set() and not is_stopping:
                is_stopping = True
                for operation in places:
                    self._client.stop(operation)
            match event:
                case AnswerFinished(id=operation, answer=answer) if operation in places:
                    found[places[operation]] = answer
                case OperationFailed(failure=failure):
                    raise failure.error()
                case _:
                    pass
        if is_stopping:
            raise _Stopped
        return [found[i] for i in range(len(requests))]

    def _next(self) -> EngineEvent | None:
        try:
            return self._events.get(timeout=_LOOK_S)
        except queue.Empty:
            return None


class _Measurement:
    """All runs on a loaded model."""

    def __init__(
        self,
        engine: _Engine,
        loaded: Loaded,
        options: BenchOptions,
        energy: EnergyMeter,
        tell: Callable[[str, float], None],
    ) -> None:
        self._engine = engine
        self._options = options
        self._energy = energy
        self._tell = tell
        self._random = random.Random(options.seed)  # noqa: S311 - prompts, not secrets
        self._n_vocab = loaded.n_vocab
        self._n_done = 0
        # What is in the context before: of every answer its own, the shallower ones the beginning of the deeper.
        self._before = [self._tokens(max(1, *options.depths)) for _ in range(options.parallel)]

    def run(self) -> tuple[DepthResult, ...]:
        """Depth after depth; what was measured before a stop."""
        found: list[DepthResult] = []
        try:
            self._prefill(0)  # not counted: threads are started, kernels are built
        except _Stopped:
            return ()
        for depth in sorted(set(self._options.depths)):
            self._fill(depth)
            prefill = self._rate(depth, "prefill", self._prefill)
            decode = self._rate(depth, "decode", self._decode)
            if prefill or decode:
                found.append(DepthResult(depth, prefill, decode))
        return tuple(found)

    def _rate(self, depth: int, phase: str, measure: Callable[[int], tuple[int, float]]) -> Rate | None:
        """All runs of one phase; None when it was stopped before the first had ended."""
        runs: list[float] = []
        n_tokens, joules = 0, 0.0
        is_known = True
        for _ in range(self._options.repeat):
            all_runs = 2 * self._options.repeat * len(set(self._options.depths))
            where = say("at depth {n}", n=whole(depth))
            self._tell(f"{phase} {where}", self._n_done / all_runs)
            before = self._energy.joules
            try:
                tokens, seconds = measure(depth)
            except _Stopped:
                break
            after = self._energy.joules
            runs.append(tokens / seconds)
            n_tokens += tokens
            is_known &= before is not None and after is not None
            joules += (after or 0.0) - (before or 0.0)
            self._n_done += 1
        if not runs:
            return None
        return Rate(tuple(runs), n_tokens / joules if is_known and joules > 0 else None)

    def _fill(self, depth: int) -> None:
        if depth:
            try:
                self._answers([b[:depth] for b in self._before], 1)
            except _Stopped:
                return

    def _prefill(self, depth: int) -> tuple[int, float]:
        """Tokens read and the seconds for it."""
        prompts = [(*b[:depth], *self._tokens(self._options.prompt_tokens)) for b in self._before]
        timings = [a.timings for a in self._answers(prompts, 1)]
        read = [t.prompt_tokens - t.reused_tokens for t in timings]
        return sum(read), max(n / t.prefill_tokens_s for n, t in zip(read, timings, strict=True))

    def _decode(self, depth: int) -> tuple[int, float]:
        """Tokens written and the seconds for it. The first of an answer needs no computing, so one more is written."""
        n = self._options.decode_tokens
        prompts = [b[: max(1, depth)] for b in self._before]
        timings = [a.timings for a in self._answers(prompts, n + 1)]
        return n * len(timings), max(t.decode_tokens / t.decode_tokens_s for t in timings)

    def _answers(self, prompts: Sequence[tuple[int, ...]], max_tokens: int) -> list[Answer]:
        sampling = Sampling(temperature=0) if self._options.is_greedy else Sampling(seed=1)
        return self._engine.answers(
            [
                GenerateRequest(
                    (),
                    sampling,
                    max_tokens=max_tokens,
                    prompt_tokens=p,
                    ignores_end=True,
                    draft=False,
                    is_streamed=False,
                )
                for p in prompts
            ]
        )

    def _tokens(self, count: int) -> tuple[int, ...]:
        return tuple(self._random.randrange(self._n_vocab) for _ in range(count))
