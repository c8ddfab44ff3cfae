"""Values of a loaded model and of one answer, shared by the engine, the chat and the window."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.models import Sampling, Thinking
from launcher.core.plans import MemoryUse, Placement


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What the engine is asked to load. `path` is the file or the first shard."""

    path: str
    name: str
    quant: str
    placement: Placement


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the engine has loaded.

    Attributes:
        n_ctx: the context really allocated (llama.cpp rounds up to 256).
        memory: actual bytes per device, from the engine's own memory breakdown.
        thinking: whether the file's chat template can reason, as the template itself shows.
        template_origin: "file", "builtin:<name>" or "fallback".
        gpu_layers: layers really offloaded.
        notes: sentences that the user should see ("the engine fell back to the processor").
    """

    name: str
    quant: str
    architecture: str
    n_ctx: int
    n_ctx_train: int
    n_layer: int
    gpu_layers: int
    memory: MemoryUse
    load_seconds: float
    thinking: Thinking
    template_origin: str
    placement: Placement
    engine_version: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One message as the model gets it. `role` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One answer to make.

    Attributes:
        turns: the whole conversation; earlier reasoning already stripped.
        thinking: the switch, sent explicitly where the family has one.
        max_tokens: None means up to the end of the context.
        prefix: text the answer must begin with (continuing a stopped answer); "" normally.
        stops: texts that end the answer; they are not part of it.
    """

    turns: tuple[ChatTurn, ...]
    sampling: Sampling
    thinking: bool = True
    max_tokens: int | None = None
    prefix: str = ""
    stops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a streaming answer. `channel` is "reasoning" or "answer"."""

    channel: str
    text: str


@dataclass(frozen=True, slots=True)
class Timings:
    """Measured figures of one answer.

    Attributes:
        stop_reason: "end" (the model ended), "length" (max_tokens), "context" (context full) or "stopped" (by the user).
    """

    prompt_tokens: int
    reused_tokens: int
    decode_tokens: int
    reasoning_tokens: int
    time_to_first_token_s: float
    prefill_tokens_s: float
    decode_tokens_s: float
    reasoning_seconds: float
    context_used: int
    stop_reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer."""

    answer: str
    reasoning: str
    timings: Timings
