"""Values of a loaded model and of one answer, shared by the engine, the chat and the window."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.models import Sampling, Thinking
from launcher.core.plans import MemoryUse, Placement


@dataclass(frozen=True, slots=True)
class DraftModel:
    """A small model of the same vocabulary that drafts tokens for the large one. `path` is the file or the first shard."""

    path: str
    name: str
    quant: str
    placement: Placement


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What the engine is asked to load.

    Attributes:
        path: the file or the first shard.
        draft: loaded beside it; None for none. Drafting is switched on only while it is measured to be faster.
    """

    path: str
    name: str
    quant: str
    placement: Placement
    draft: DraftModel | None = None


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
        threads: of the processor while writing, as chosen in the end; 0 when unknown.
        n_vocab: tokens of its vocabulary; 0 when unknown.
        is_threads_measured: the engine compared thread counts after this load; worth remembering.
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
    drafting: str = ""
    threads: int = 0
    is_threads_measured: bool = False
    n_vocab: int = 0


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
        thought: a thought that was cut off and goes on; it is part of the reasoning that comes back. "" normally. Not with `prefix`.
        stops: texts that end the answer; they are not part of it.
        thinking_budget: a thought is closed after so many tokens and the answer begins; None is no limit.
        grammar: GBNF that the answer (not the thought) must follow; "" for none.
        json_schema: JSON schema (as text) that the answer must follow; "" for none, "{}" for any JSON. Not with `grammar`.
        logprobs: how many of the likeliest tokens are told at each place of the answer; 0 for none.
        state_file: where the KV state of this conversation is kept on disk: read when it holds more of the prompt than
            the cache does, written when the cache is given to another conversation; "" for neither.
        state_cap_bytes: the folder of `state_file` may hold as much; the states longest unused make room.
        state_idle_s: it is also written when the engine had nothing to do for so long.
        draft: whether a draft may be used; the answer is the same.
        prompt_tokens: the prompt as it is, for measurements; () makes it of the turns and the template.
        ignores_end: the answer goes on past the tokens that end it, up to `max_tokens`.
        is_streamed: the text comes as it is written; else once a second, for a caller who waits for the end.
    """

    turns: tuple[ChatTurn, ...]
    sampling: Sampling
    thinking: bool = True
    max_tokens: int | None = None
    prefix: str = ""
    stops: tuple[str, ...] = ()
    thinking_budget: int | None = None
    grammar: str = ""
    json_schema: str = ""
    logprobs: int = 0
    state_file: str = ""
    draft: bool = True
    state_cap_bytes: int = 4 * 10**9
    state_idle_s: float = 60.0
    prompt_tokens: tuple[int, ...] = ()
    ignores_end: bool = False
    thought: str = ""
    is_streamed: bool = True


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a streaming answer. `channel` is "reasoning" or "answer"."""

    channel: str
    text: str


@dataclass(frozen=True, slots=True)
class DeviceShare:
    """What the model holds on one device, by the engine's own account. `kind` is "gpu" or "host"."""

    name: str
    kind: str
    model_bytes: int


@dataclass(frozen=True, slots=True)
class AnswerCost:
    """What one answer took of the computer. None is what this computer does not tell.

    Attributes:
        seconds: from sending the prompt to the last token, as the window waited; 0 when unknown.
        memory: of the loaded model, by device.
        ram_peak_bytes: the most main memory that engine and window held meanwhile, mapped model pages included.
        vram_peak_bytes: the most graphics memory that they held, of all cards together.
        cpu_joules: taken by the processor packages meanwhile, other programs included.
        gpu_joules: taken by the graphics cards meanwhile, other programs included.
    """

    seconds: float = 0.0
    memory: tuple[DeviceShare, ...] = ()
    ram_peak_bytes: int | None = None
    vram_peak_bytes: int | None = None
    cpu_joules: float | None = None
    gpu_joules: float | None = None

    @property
    def joules(self) -> float | None:
        """All that is known; None when nothing is."""
        known = [j for j in (self.cpu_joules, self.gpu_joules) if j is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Timings:
    """Measured figures of one answer.

    Attributes:
        stop_reason: "end" (the model ended), "length" (max_tokens), "context" (context full) or "stopped" (by the user).
        restored_tokens: of the reused ones, those that came from a saved state on disk.
        drafted_tokens: proposed by a draft; `accepted_tokens` of them were what the model itself would have written.
        drafting: whether the next answer will be written with guesses, as measured: "on", "off", "trial" (not measured to its
            end yet), or "" where nothing guesses.
        drafting_s: seconds per token with guesses when last measured; 0 before that.
        plain_s: the same without guesses.
        cost: what it took of the computer; None where nobody measured (the engine itself, older versions, imports).
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
    restored_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    drafting: str = ""
    drafting_s: float = 0.0
    plain_s: float = 0.0
    cost: AnswerCost | None = None


@dataclass(frozen=True, slots=True)
class TokenChance:
    """A token and the natural logarithm of its probability. The text may be a part of a character: shown as U+FFFD then."""

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One place of an answer: the token taken and the likeliest ones, before temperature and the other samplers."""

    text: str
    logprob: float
    top: tuple[TokenChance, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. `logprobs` has one entry per token of thought and answer, when they were asked for."""

    answer: str
    reasoning: str
    timings: Timings
    logprobs: tuple[TokenLogprob, ...] = ()
