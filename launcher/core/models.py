"""Models as the catalog knows them: families, variants, quantisations, files, and the facts a plan needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class KvLayout(StrEnum):
    """How a file's KV cache is laid out; decided by its tensors, never by its name.

    Source: facts on llama.cpp 0c1e57098 (src/llama-kv-cache*.cpp); see planner/memory.py for each formula.
    """

    GQA = "gqa"
    MLA = "mla"
    MLA_LEGACY = "mla_legacy"
    INDEXED_MLA = "indexed_mla"
    COMPRESSED = "compressed"


@dataclass(frozen=True, slots=True)
class HyperParameters:
    """The numbers that set a model's shape. 0 or () where the architecture has no such thing."""

    n_layer: int
    n_embd: int
    n_head: int
    n_head_kv: int
    head_dim_k: int
    head_dim_v: int
    n_ff: int
    n_vocab: int
    n_expert: int = 0
    n_expert_used: int = 0
    n_expert_shared: int = 0
    n_ff_exp: int = 0
    leading_dense: int = 0
    q_lora_rank: int = 0
    kv_lora_rank: int = 0
    rope_dim: int = 0
    indexer_n_head: int = 0
    indexer_head_dim: int = 0
    indexer_top_k: int = 0
    sliding_window: int = 0
    compress_ratios: tuple[int, ...] = ()
    nextn_layers: int = 0


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """Bytes of one layer: what every token reads (attention, norms, shared experts, router, dense FFN) and its routed experts.

    Attributes:
        gate_exps_bytes, up_exps_bytes, down_exps_bytes: the three parts of `routed_expert_bytes` (biases of experts count
            with their tensor); a file with fused gate_up experts has them in `up_exps_bytes`.
        largest_dense_bytes: the largest single tensor of what every token reads.
    """

    always_read_bytes: int
    routed_expert_bytes: int = 0
    gate_exps_bytes: int = 0
    up_exps_bytes: int = 0
    down_exps_bytes: int = 0
    largest_dense_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a plan needs to know about one file set.

    Attributes:
        architecture: llama.cpp's name ("qwen2", "deepseek2").
        token_embd_bytes: the embedding table, which llama.cpp keeps in RAM (a row look-up per token).
        output_bytes: final norm and output matrix, placed with the last offloaded layer.
        layers: one entry per block, in order.
        tied_bytes: of `output_bytes` the embedding table that also serves as output matrix: a GPU holds its own copy, the
            processor reads the one it has.
        exact: from a file's own header; False when computed from published hyper-parameters and quantisation rules.
        tensors: (name, bytes) of every tensor, in the file's order; () where no header was read.
    """

    architecture: str
    hyper: HyperParameters
    kv_layout: KvLayout
    context_train: int
    token_embd_bytes: int
    output_bytes: int
    layers: tuple[LayerWeights, ...]
    exact: bool = False
    tied_bytes: int = 0
    tensors: tuple[tuple[str, int], ...] = ()

    @property
    def weights_bytes(self) -> int:
        """All tensor bytes."""
        return (
            self.token_embd_bytes
            + self.output_bytes
            - self.tied_bytes
            + sum(layer.always_read_bytes + layer.routed_expert_bytes for layer in self.layers)
        )


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a set. `name` is its path inside the repository (or on disk); None where nobody has published the figure."""

    name: str
    size_bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class QuantQuality:
    """What is known about a quantisation's loss against the full model.

    Attributes:
        words: "no loss", "slight loss", "clear loss", "strong loss" or "unknown".
        figure: the measured figure in words ("-0.2 %, 9 tests", "+41 % perplexity"); "" when not measured.
        loss: fraction of task accuracy lost (0.01 = 1 %), measured or carried over from the nearest measured model; None when unknown.
        source: where the figure comes from.
        measured: on this very model; False when carried over from another one.
    """

    words: str
    figure: str = ""
    loss: float | None = None
    source: str = ""
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Quant:
    """One published quantisation of a variant: a file set that is downloaded as one item.

    Attributes:
        name: the field's term ("Q4_K_M", "UD-IQ2_XXS").
        repo: hub repository id.
        revision: pinned commit or None for the newest.
        file_bytes: size of the whole set.
        size_basis: "published" (a listing), "computed" (quantisation rules x shapes) or "rounded" (a published rounded figure).
        loadable: this engine can load it; `why_not` says why otherwise.
        changed_model: experts pruned or merged: not the original model.
    """

    name: str
    repo: str
    files: tuple[ModelFile, ...]
    file_bytes: int
    size_basis: str
    bits_per_weight: float
    facts: ModelFacts | None = None
    quality: QuantQuality = QuantQuality("unknown")
    revision: str | None = None
    loadable: bool = True
    why_not: str = ""
    changed_model: bool = False


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampler settings; the family's recommended values are the defaults of a chat. temperature 0 is greedy, top_k 0 is off.

    Attributes:
        repeat_penalty: divides the logits of tokens among the last `penalty_tokens`; 1 is off.
        frequency_penalty: taken off a logit per occurrence among them (OpenAI's); `presence_penalty` once for any.
        penalty_tokens: how far back the three look.
        dry_multiplier: strength of the penalty on repeating a sequence ("don't repeat yourself"); 0 is off.
        dry_base: how it grows with the length of the repetition; `dry_allowed_length` is free of it.
    """

    temperature: float = 0.6
    top_p: float = 0.95
    min_p: float = 0.0
    top_k: int = 0
    repeat_penalty: float = 1.0
    seed: int | None = None
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    penalty_tokens: int = 64
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2


class Thinking(StrEnum):
    """Whether a family reasons before it answers, and whether that can be chosen."""

    NEVER = "never"
    ALWAYS = "always"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Variant:
    """One released model.

    Attributes:
        id: the name on the command line ("r1-distill-qwen-7b").
        name: the full honest name ("DeepSeek-R1-Distill-Qwen-7B").
        short_name: without "DeepSeek-" ("R1-Distill-Qwen-7B").
        strengths: one sentence: what it is good at.
        honest_note: what it is not ("Trained on R1's answers; not the 671B R1."), or "".
        tags: of "chat", "coder", "reasoning", "vision".
        benchmarks: published scores by name (percent).
        score: 0-100 for ranking, from published benchmarks (see catalog/scores.py); None when nothing is published.
        system_prompt: "allowed", "discouraged" or "built-in".
    """

    id: str
    name: str
    short_name: str
    family: str
    hf_repo: str
    architecture: str
    params_total: int
    params_active: int
    released: str
    licence: str
    context_train: int
    strengths: str
    honest_note: str
    tags: tuple[str, ...]
    sampling: Sampling
    thinking: Thinking
    system_prompt: str
    benchmarks: dict[str, float]
    benchmarks_source: str
    score: float | None
    quants: tuple[Quant, ...]
    loadable: bool = True
    why_not: str = ""

    def quant(self, name: str) -> Quant | None:
        """The first quantisation of that name (case-insensitive), or None."""
        return next((q for q in self.quants if q.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Family:
    """Variants that belong together for a person choosing ("R1 distils")."""

    id: str
    name: str
    summary: str
    variants: tuple[Variant, ...]
