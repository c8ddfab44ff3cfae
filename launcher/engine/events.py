"""What the worker says to its client, and what the client tells its listener; see protocol.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from launcher.core.errors import NextStep, UserError
from launcher.core.generation import Answer, Delta, Loaded
from launcher.core.machine import EngineDevice
from launcher.core.plans import MemoryUse

WEIGHTS_SHARE = 0.9
"""Of a load's `fraction`: the weights are in place; the context and the first token are the rest."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A UserError on the wire."""

    code: str
    what: str
    why: str = ""
    next_steps: tuple[NextStep, ...] = ()
    detail: str = ""

    @classmethod
    def of(cls, error: UserError) -> Failure:
        """The wire form of an error."""
        return cls(error.code, error.what, error.why, error.next_steps, error.detail)

    def error(self) -> UserError:
        """The error again."""
        return UserError(self.code, self.what, self.why, self.next_steps, self.detail)


@dataclass(frozen=True, slots=True)
class Hello:
    """First message of a worker. `processor` and `engine_version` together name what a start-up finding holds for."""

    protocol: int
    engine_version: str
    system_info: str
    library_path: str
    processor: str
    devices: tuple[EngineDevice, ...]


@dataclass(frozen=True, slots=True)
class LoadStarted:
    """The file is being opened; from here on a crash may be the extra buffers' fault."""

    id: int
    use_extra_bufts: bool


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """`phase` is "weights", "context" or "warm_up"; `fraction` is of the whole load.

    `seconds_left`: until the weights are in place, at the pace of the last seconds; None while that is not known.
    """

    id: int
    phase: str
    fraction: float
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class LoadFinished:
    """The model is ready."""

    id: int
    loaded: Loaded


@dataclass(frozen=True, slots=True)
class LoadCancelled:
    """The load was stopped as asked; nothing is held any more."""

    id: int


@dataclass(frozen=True, slots=True)
class DryRunMeasured:
    """What one placement would take; one event per placement, in order."""

    id: int
    memory: MemoryUse


@dataclass(frozen=True, slots=True)
class LogitsComputed:
    """What one model of a ComputeLogits says; one event per request, in order.

    Attributes:
        name: of the request.
        logits: base64 of little-endian 32-bit floats: a row behind the prompt and one behind each single token.
        seconds: load and computation.
        done: it was the last one.
    """

    id: int
    name: str
    logits: str
    seconds: float
    done: bool


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """The prompt is being read."""

    id: int


@dataclass(frozen=True, slots=True)
class PromptProgress:
    """`done_tokens` of `total_tokens` are in the cache, `reused_tokens` of them from the turn before."""

    id: int
    done_tokens: int
    total_tokens: int
    reused_tokens: int


@dataclass(frozen=True, slots=True)
class TextDelta:
    """New text of an answer, at most some 40 times a second.

    Attributes:
        decode_tokens: written so far.
        decode_tokens_s: over the last second, for the live meter.
        reclassified: a lone `</think>` came: all answer text sent before belongs to the reasoning.
    """

    id: int
    deltas: tuple[Delta, ...]
    decode_tokens: int
    reasoning_tokens: int
    context_used: int
    decode_tokens_s: float
    reclassified: bool = False


@dataclass(frozen=True, slots=True)
class AnswerFinished:
    """The answer is complete or was stopped; see `answer.timings.stop_reason`."""

    id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class TokensCounted:
    """`tokens` of the whole rendered conversation; `turn_tokens` of each message's own text."""

    id: int
    tokens: int
    turn_tokens: tuple[int, ...]
    n_ctx: int


@dataclass(frozen=True, slots=True)
class StatesSaved:
    """KV states were written, or could not be.

    Attributes:
        id: of the SaveStates; 0 where the worker did it by itself.
        count: how many files.
        size_bytes: of all of them.
        seconds: that it took.
        problem: why one could not be written (the disk is full); "" normally. Nothing else is harmed by it.
        missing_bytes: how much more of the disk would have to be free for that one; 0 where that is not the problem.
    """

    id: int
    count: int
    size_bytes: int
    seconds: float
    problem: str = ""
    missing_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StateRefused:
    """The state on disk was not used for answer `id`, and why; the prompt is read as if there were none."""

    id: int
    why: str


@dataclass(frozen=True, slots=True)
class OperationFailed:
    """An operation ended with an error.

    Attributes:
        answer: what an interrupted answer had written (also after a crash).
        reasoning: the same for its reasoning.
        is_crash: the worker died of it: the client says so, and StateChanged follows with CRASHED and the same failure.
    """

    id: int
    failure: Failure
    answer: str = ""
    reasoning: str = ""
    is_crash: bool = False


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The worker lives. `steps` counts what its main thread has finished (tokens, pieces of a load)."""

    steps: int


class EngineState(StrEnum):
    """What the engine is doing, as the status bar says it. SAVING: the states of its chats, before it ends."""

    STOPPED = "stopped"
    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    ANSWERING = "answering"
    SAVING = "saving"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Made by the client. `failure` says why the state is CRASHED."""

    state: EngineState
    failure: Failure | None = None
