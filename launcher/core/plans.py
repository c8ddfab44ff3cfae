"""Plans: where every byte of a model goes, how fast it will be, and why. Shapes of the design's JSON contracts."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.codec import to_json
from launcher.core.goals import Goal as Goal
from launcher.core.models import ModelFile, Thinking


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a plan should aim for. Levers fixed by hand are not None; the rest is searched.

    Attributes:
        context: exactly this many tokens; None lets the planner choose (at least `min_context` where possible).
        expert_layers_on_cpu: routed experts of the first N layers stay in RAM.
        boundary_experts_on_cpu: of the next layer these expert tensors too ("up", "gate", "down").
        kv_type: of the K cache, and of the V cache unless `kv_type_v` says otherwise.
        vram_reserve_bytes: kept free on every GPU for the desktop and other programs.
        vram_caps_bytes: at most this much of each GPU, in the machine's order; None is no cap, 0 leaves the card alone.
        ram_reserve_bytes: kept free in RAM.
        draft: id of a smaller catalog model, or a GGUF file, that drafts tokens for this one; its memory is planned too.
        mtp: load the file's own multi-token-prediction layers.
        threads_batch: for prompts, where they are to be others than `threads`.
        split_mode, load_mode, numa, tensor_overrides, n_parallel: as in `Placement`; None is what the planner finds best.
    """

    goal: Goal = Goal.BALANCED
    min_context: int = 8192
    context: int | None = None
    n_gpu_layers: int | None = None
    expert_layers_on_cpu: int | None = None
    boundary_experts_on_cpu: tuple[str, ...] | None = None
    tensor_split: tuple[float, ...] | None = None
    kv_type: str | None = None
    kv_type_v: str | None = None
    n_batch: int | None = None
    n_ubatch: int | None = None
    threads: int | None = None
    vram_reserve_bytes: int = 512 * 2**20
    vram_caps_bytes: tuple[int | None, ...] = ()
    ram_reserve_bytes: int = 1536 * 2**20
    draft: str | None = None
    mtp: bool = False
    threads_batch: int | None = None
    split_mode: str | None = None
    load_mode: str | None = None
    numa: str | None = None
    tensor_overrides: tuple[tuple[str, str], ...] = ()
    n_parallel: int | None = None


SPLIT_MODES = ("none", "layer", "row", "tensor")
LOAD_MODES = ("mmap", "none", "mlock", "mmap+mlock", "direct_io")
NUMA_MODES = ("off", "distribute", "isolate")

EXPERT_TENSORS = ("up", "gate", "down")
"""The three matrices of a layer's routed experts, by the names that `boundary_experts_on_cpu` uses."""


MOST_DRAFTED_TOKENS = 8
"""Guesses of a draft in one batch at the most: each needs a row of logits beside the newest token's."""

MOST_CHECKPOINT_BYTES = 256 * 2**20
"""RAM for the snapshots of all conversations where a cache cannot go back by itself: 15 of V4-Flash."""

MOST_CHECKPOINTS = 32
"""Snapshots of one conversation, as in llama-server."""

MTP_ARCHITECTURES = ("deepseek2",)
"""Whose own prediction layers (one of them) the engine can draft with: those it was run with. Others are memory only."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Everything the engine is told about where a model goes.

    All of it is sent, or nothing: llama.cpp's own fitting gives up when some of it is set.

    Attributes:
        n_gpu_layers: offloaded layers counted as llama.cpp does: n_layer + 1 includes the output; 0 is processor only.
        expert_layers_on_cpu: routed experts of that many layers (the first ones) stay in RAM.
        boundary_experts_on_cpu: of layer number `expert_layers_on_cpu` (the next one) these expert tensors stay there too:
            any of "up", "gate", "down". Splits a layer that fits a GPU only in part.
        tensor_split: share of the offloaded layers per GPU, in the order of `devices`; () for one GPU.
        split_mode: "none", "layer", "row" or "tensor".
        flash_attention: "auto", "on" or "off".
        devices: the engine's device names to use; () means all it lists.
        load_mode: "mmap", "none" (read into memory), "mlock" or "mmap+mlock" (kept in RAM by the system), "direct_io" (read
            past the page cache).
        n_outputs: rows of logits the context reserves: one per parallel request, and one more per drafted token. llama.cpp's
            own default is a whole ubatch, which costs a small model 120 MiB and more.
        mtp: the file's own multi-token-prediction layers are loaded.
        n_parallel: answers that can be made at once; they share the context's tokens.
        threads_batch: threads for prompts; 0 is as many as `threads`.
        numa: "off", "distribute" or "isolate" (several processor sockets).
        tensor_overrides: (regular expression of tensor names, device name or "CPU") beyond the experts, first match wins;
            they go before the expert levers.
        is_threads_fixed: `threads` was given by hand or measured: the engine looks for no better number.
    """

    n_gpu_layers: int
    n_ctx: int
    expert_layers_on_cpu: int = 0
    boundary_experts_on_cpu: tuple[str, ...] = ()
    tensor_split: tuple[float, ...] = ()
    split_mode: str = "layer"
    kv_type_k: str = "f16"
    kv_type_v: str = "f16"
    n_batch: int = 2048
    n_ubatch: int = 512
    flash_attention: str = "auto"
    threads: int = 4
    devices: tuple[str, ...] = ()
    load_mode: str = "mmap"
    n_outputs: int = 1
    mtp: bool = False
    n_parallel: int = 1
    threads_batch: int = 0
    numa: str = "off"
    tensor_overrides: tuple[tuple[str, str], ...] = ()
    is_threads_fixed: bool = True


def layers_on_gpu(n_gpu_layers: int, n_layer: int) -> int:
    """Of a model's `n_layer` layers those on the graphics card, as users read it: the output, which goes there first, is no layer."""
    return min(n_layer, max(0, n_gpu_layers - 1))


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """What one device will hold (or holds).

    Attributes:
        kind: "gpu" or "host".
        unaccounted_bytes: not in the engine's own figures: driver context, workspaces, `checkpoint_bytes`.
        checkpoint_bytes: of `unaccounted_bytes` the snapshots of conversations (V4), as they are at their most.
        free_bytes: free before the load, None when unknown.
        capacity_bytes: all of it, None when unknown.
    """

    name: str
    kind: str
    weights_bytes: int = 0
    kv_bytes: int = 0
    compute_bytes: int = 0
    unaccounted_bytes: int = 0
    free_bytes: int | None = None
    capacity_bytes: int | None = None
    checkpoint_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """All that this load takes on the device."""
        return self.weights_bytes + self.kv_bytes + self.compute_bytes + self.unaccounted_bytes

    @property
    def other_programs_bytes(self) -> int:
        """In use before the load."""
        if self.capacity_bytes is None or self.free_bytes is None:
            return 0
        return max(0, self.capacity_bytes - self.free_bytes)

    @property
    def left_bytes(self) -> int:
        """Free after the load; negative when it does not fit."""
        return (self.free_bytes or 0) - self.total_bytes


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Memory of a load, one entry per device. `source` is "model" (formulas), "engine" (dry run) or "actual" (after a load)."""

    devices: tuple[DeviceMemory, ...]
    source: str

    @property
    def total_bytes(self) -> int:
        """Over all devices."""
        return sum(d.total_bytes for d in self.devices)


@dataclass(frozen=True, slots=True)
class SpeedEstimate:
    """Tokens per second with a range. `basis`: "datasheet", "calibrated" or "measured".

    `decode_*` are quoted at a position of about 1,000 tokens (or at the end of a shorter context): a few answers into a
    chat. Further on it gets slower, on a processor and with MLA clearly so. `prefill` and the time to the first token are
    those of a prompt of 1,000 tokens.
    """

    decode_tokens_s: float
    decode_low: float
    decode_high: float
    prefill_tokens_s: float
    time_to_first_token_s: float
    basis: str = "datasheet"


@dataclass(frozen=True, slots=True)
class Quality:
    """What the user gives up. `score` is the variant's published score, `quant_loss` words for this quantisation.

    Attributes:
        loss: fraction of accuracy that the quantisation loses; None when unknown.
        is_measured: the loss was measured on this very model, not carried over from another.
    """

    score: float | None
    quant_loss: str
    figure: str = ""
    sources: tuple[str, ...] = ()
    loss: float | None = None
    is_measured: bool = False


@dataclass(frozen=True, slots=True)
class Lever:
    """One thing the search did to make a model fit or run faster, and what it cost.

    Attributes:
        lever: "quantisation", "context", "kv_type", "layers", "experts", "split", "cap", "ubatch", "paging", "draft" or "mtp".
        setting: what it is set to ("q8_0", "31 of 64 layers").
        gain: what that brings, with numbers.
        cost: what the user gives up, with numbers; "" when nothing.
    """

    lever: str
    setting: str
    gain: str
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One model file set on one machine.

    Attributes:
        summary: the placement in words ("all 64 layers on RTX 4090").
        strengths: what the model is good at, one sentence (`Variant.strengths`).
        honest_note: what it is not (`Variant.honest_note`), or "".
        thinking: whether the family reasons before it answers; None when unknown (a file that is not in the catalog).
        levers: what the search did, in the order it did it; empty when everything fits as it is.
        missing_bytes: what does not fit anywhere (`fits` False).
        paged_bytes: weights beyond the RAM that are read from disk while answering; 0 when all is in memory.
        params_total: parameters of the model; 0 when unknown (a file that is not in the catalog).
    """

    model: str
    name: str
    short_name: str
    quant: str
    repo: str
    files: tuple[ModelFile, ...]
    file_bytes: int
    fits: bool
    context: int
    placement: Placement
    memory: MemoryUse
    speed: SpeedEstimate
    quality: Quality
    n_layer: int
    revision: str | None = None
    summary: str = ""
    strengths: str = ""
    honest_note: str = ""
    thinking: Thinking | None = None
    download_seconds: float | None = None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    levers: tuple[Lever, ...] = ()
    missing_bytes: int = 0
    paged_bytes: int = 0
    params_total: int = 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """A model that is not offered here, and the one-sentence reason with numbers."""

    model: str
    why: str
    quant: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The ranked answer for a machine.

    Attributes:
        alternatives: role ("smartest", "fastest", "longest_context", "biggest") -> plan; a role is absent when nothing fits it.
        role_reasons: role -> one sentence: what it gains and costs against the recommended plan.
        why_not_bigger: one sentence with numbers, "" when nothing bigger exists.
    """

    machine: str
    goal: Goal
    recommended: Plan | None
    alternatives: dict[str, Plan]
    role_reasons: dict[str, str]
    why_not_bigger: str
    rejected: tuple[Rejection, ...] = ()


def plan_to_json(plan: Plan) -> dict[str, object]:
    """The `plan` document of design section 4.2."""
    data = to_json(plan)
    data["files"] = [{"name": f.name, "bytes": f.size_bytes, "sha256": f.sha256} for f in plan.files]
    data["memory"]["devices"] = [{**to_json(d), "total_bytes": d.total_bytes} for d in plan.memory.devices]
    return data


def recommendation_to_json(recommendation: Recommendation) -> dict[str, object]:
    """The `recommend` document of design section 4.2."""
    r = recommendation
    return {
        "machine": r.machine,
        "goal": r.goal.value,
        "recommended": plan_to_json(r.recommended) if r.recommended else None,
        "alternatives": {role: plan_to_json(p) for role, p in r.alternatives.items()},
        "role_reasons": dict(r.role_reasons),
        "why_not_bigger": r.why_not_bigger,
        "rejected": [to_json(x) for x in r.rejected],
    }
