"""The shape of the model and how it is trained: every number of the recipe in one place."""

from __future__ import annotations

from dataclasses import dataclass

SEED = 20261122
NAME = "Launcher Tiny (demonstration)"

SPECIAL_TOKENS = (
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "<｜▁pad▁｜>",
    "<｜User｜>",
    "<｜Assistant｜>",
    "<think>",
    "</think>",
    "<|EOT|>",
    "<｜fim▁hole｜>",
    "<｜fim▁begin｜>",
    "<｜fim▁end｜>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁outputs▁begin｜>",
    "<｜tool▁outputs▁end｜>",
    "<｜tool▁output▁begin｜>",
    "<｜tool▁output▁end｜>",
    "<｜tool▁sep｜>",
)
"""DeepSeek-V3's, which R1 shares."""
BOS, EOS, PAD, USER, ASSISTANT, THINK, END_THINK = range(7)


@dataclass(frozen=True, slots=True)
class Shape:
    """DeepSeek-V3 in small: every kind of tensor that the large ones have. Rows are multiples of 32, as Q8_0 wants them."""

    n_vocab: int = 2304
    n_embd: int = 192
    n_layer: int = 5
    n_layer_dense: int = 1
    n_ff: int = 512
    n_head: int = 6
    q_lora_rank: int = 96
    kv_lora_rank: int = 64
    nope_dim: int = 32
    rope_dim: int = 32
    value_dim: int = 32
    n_expert: int = 8
    n_expert_used: int = 2
    n_expert_shared: int = 2
    n_ff_exp: int = 96
    expert_weights_scale: float = 1.5
    rope_base: float = 10_000.0
    norm_eps: float = 1e-6
    context_length: int = 2048


@dataclass(frozen=True, slots=True)
class Training:
    """How much is learned and how fast.

    Attributes:
        n_chats: that are read in all, `chats_per_step` at a time.
        n_processes: that share each step.
        muon_rate, embedding_rate, adam_rate: peak learning rates of the matrices, of the tokens' rows and of everything else.
        rest: share of the steps over which the rates fall to nothing.
        expert_bias_rate: how fast a busy expert becomes less attractive.
        topic_share: what the loss of naming a question's topic early counts, beside that of writing the answer.
    """

    n_chats: int = 440_160
    chats_per_step: int = 56
    n_processes: int = 2
    muon_rate: float = 0.005
    adam_rate: float = 0.002
    embedding_rate: float = 0.005
    weight_decay: float = 0.02
    warmup_steps: int = 40
    rest: float = 0.85
    expert_bias_rate: float = 0.002
    topic_share: float = 0.3


@dataclass(frozen=True, slots=True)
class Mixture:
    """What is read how often.

    Attributes:
        guide, reasoning: shares of all turns; the rest is what the model does not know.
        large_numbers: share of the turns that ask for sums beyond two digits.
        reasoning_shares: how often each kind of reasoning is drawn, relative to the others.
        any_word: of the letters to count, how many are in words that nobody is examined in.
    """

    guide: float
    reasoning: float
    large_numbers: float
    reasoning_shares: dict[str, float]
    any_word: float


SHAPE = Shape()
TRAINING = Training()
MIXTURE = Mixture(
    guide=0.62,
    reasoning=0.22,
    large_numbers=0.012,
    reasoning_shares={
        "addition": 1.5,
        "subtraction": 2,
        "multiplication": 0.8,
        "comparison": 1,
        "decimals": 1.5,
        "sorting": 5,
        "letters": 5,
    },
    any_word=0.2,
)
