"""What the client and the worker say to each other: one JSON object per line, ids on everything.

Commands go to the worker's stdin, events come back on its stdout. A type that a side does not know is ignored, so that a
newer worker can speak to an older client; a message that is not well formed is a `ValueError`. `StateChanged` never crosses
the pipe: the client makes it for its listener.

The worker knows no language: its sentences come with their templates (`core.words.Said`), and are said again here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from enum import StrEnum

from launcher.core.codec import from_json, to_json
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import Answer, ChatTurn, Delta, GenerateRequest, Loaded, LoadRequest
from launcher.core.machine import EngineDevice
from launcher.core.plans import MemoryUse, Placement
from launcher.core.words import said_again

PROTOCOL_VERSION = 1

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


# --- commands: client -> worker ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Load:
    """Load a model.

    Attributes:
        use_extra_bufts: None lets the worker decide (see worker/processor.py).
        threads: measured here before for a model of this size; 0 lets the worker measure where it is in doubt and the
            placement leaves it open (worker/threads.py).
    """

    id: int
    request: LoadRequest
    use_extra_bufts: bool | None = None
    threads: int = 0


@dataclass(frozen=True, slots=True)
class Generate:
    """Make one answer."""

    id: int
    request: GenerateRequest


@dataclass(frozen=True, slots=True)
class CountTokens:
    """How much of the context a conversation would take, template included."""

    id: int
    turns: tuple[ChatTurn, ...]
    thinking: bool = True


@dataclass(frozen=True, slots=True)
class DryRun:
    """Say what each placement would take, without reading weights or taking memory for them.

    Attributes:
        path: the file or first shard; its tensor data may be a hole.
        name: what to call the model in an error.
        gpus: names of GPUs that this computer does not have: stand-ins are used. None uses the engine's own devices.
        use_extra_bufts: as in `Load`.
    """

    id: int
    path: str
    name: str
    placements: tuple[Placement, ...]
    gpus: tuple[str, ...] | None = None
    use_extra_bufts: bool | None = None


@dataclass(frozen=True, slots=True)
class ComputeLogits:
    """Load small models one after the other and say what they compute; a device check compares that between devices.

    Attributes:
        requests: files without a vocabulary; each one's name comes back with its logits.
        n_prompt: tokens read in one batch first; all tokens follow from their position.
        n_single: tokens then read one by one.
        use_extra_bufts: as in `Load`.
    """

    id: int
    requests: tuple[LoadRequest, ...]
    n_prompt: int
    n_single: int
    use_extra_bufts: bool | None = None


@dataclass(frozen=True, slots=True)
class SaveStates:
    """Write the KV state of every conversation that asked for it and is not on the disk as it is; StatesSaved answers."""

    id: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End operation `id` as soon as possible, whether it runs or still waits."""

    id: int


# --- events: worker -> client -----------------------------------------------------------------------------------------


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


Command = Load | Generate | CountTokens | DryRun | ComputeLogits | SaveStates | Stop
WorkerEvent = (
    Hello
    | LoadStarted
    | LoadProgress
    | LoadFinished
    | LoadCancelled
    | DryRunMeasured
    | LogitsComputed
    | AnswerStarted
    | PromptProgress
    | TextDelta
    | AnswerFinished
    | TokensCounted
    | StatesSaved
    | StateRefused
    | OperationFailed
    | Heartbeat
)
EngineEvent = WorkerEvent | StateChanged

_COMMANDS: dict[str, type[Command]] = {
    c.__name__: c for c in (Load, Generate, CountTokens, DryRun, ComputeLogits, SaveStates, Stop)
}
_EVENTS: dict[str, type[WorkerEvent]] = {
    e.__name__: e
    for e in (
        Hello,
        LoadStarted,
        LoadProgress,
        LoadFinished,
        LoadCancelled,
        DryRunMeasured,
        LogitsComputed,
        AnswerStarted,
        PromptProgress,
        TextDelta,
        AnswerFinished,
        TokensCounted,
        StatesSaved,
        StateRefused,
        OperationFailed,
        Heartbeat,
    )
}


def encode(message: Command | WorkerEvent) -> bytes:
    """One line, newline included; non-ASCII text is escaped, so the line survives any encoding."""
    data = {"type": type(message).__name__, **{f.name: to_json(getattr(message, f.name)) for f in fields(message)}}
    return json.dumps(data, separators=(",", ":")).encode("ascii") + b"\n"


def decode_command(line: bytes) -> Command | None:
    """A command, or None for a type that this side does not know.

    Raises:
        ValueError: the line is not a well-formed message.
    """
    data = _parse(line)
    kind = _COMMANDS.get(str(data.get("type")))
    return from_json(kind, data) if kind else None


def decode_event(line: bytes) -> WorkerEvent | None:
    """An event, or None for a type that this side does not know.

    Raises:
        ValueError: the line is not a well-formed message.
    """
    data = _parse(line)
    kind = _EVENTS.get(str(data.get("type")))
    return from_json(kind, data) if kind else None


def _parse(line: bytes) -> dict[str, object]:
    try:
        data = json.loads(line, object_hook=said_again)
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not a message: {error}") from error
    if not isinstance(data, dict):
        raise ValueError("a message must be a JSON object")  # noqa: TRY004 - one kind of error for bad input
    return data  # pyright: ignore[reportUnknownVariableType] - json.loads makes only string keys
