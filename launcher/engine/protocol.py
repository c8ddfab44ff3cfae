"""What the client and the worker say to each other: one JSON object per line, ids on everything.

Commands go to the worker's stdin, events come back on its stdout. A type that a side does not know is ignored, so that a
newer worker can speak to an older client; a message that is not well formed is a `ValueError`. `StateChanged` never crosses
the pipe: the client makes it for its listener.

The messages themselves are in commands.py and events.py; both sides get them here, with the way they are written.

The worker knows no language: its sentences come with their templates (`core.words.Said`), and are said again here.
"""

from __future__ import annotations

import json
from dataclasses import fields

from launcher.core.codec import from_json, to_json
from launcher.core.words import said_again
from launcher.engine.commands import ComputeLogits, CountTokens, DryRun, Generate, Load, SaveStates, Stop
from launcher.engine.events import (
    WEIGHTS_SHARE,
    AnswerFinished,
    AnswerStarted,
    DryRunMeasured,
    EngineState,
    Failure,
    Heartbeat,
    Hello,
    LoadCancelled,
    LoadFinished,
    LoadProgress,
    LoadStarted,
    LogitsComputed,
    OperationFailed,
    PromptProgress,
    StateChanged,
    StateRefused,
    StatesSaved,
    TextDelta,
    TokensCounted,
)

__all__ = [
    "PROTOCOL_VERSION",
    "WEIGHTS_SHARE",
    "AnswerFinished",
    "AnswerStarted",
    "Command",
    "ComputeLogits",
    "CountTokens",
    "DryRun",
    "DryRunMeasured",
    "EngineEvent",
    "EngineState",
    "Failure",
    "Generate",
    "Heartbeat",
    "Hello",
    "Load",
    "LoadCancelled",
    "LoadFinished",
    "LoadProgress",
    "LoadStarted",
    "LogitsComputed",
    "OperationFailed",
    "PromptProgress",
    "SaveStates",
    "StateChanged",
    "StateRefused",
    "StatesSaved",
    "Stop",
    "TextDelta",
    "TokensCounted",
    "WorkerEvent",
    "decode_command",
    "decode_event",
    "encode",
]

PROTOCOL_VERSION = 1

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
