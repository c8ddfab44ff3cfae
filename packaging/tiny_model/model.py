"""The model in PyTorch: what llama.cpp's `src/models/deepseek2.cpp` computes, with the same names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from settings import Shape
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Packed:
    """Chats laid end to end: only attention needs them as rows, padded to the longest of their group.

    Attributes:
        tokens, positions: (n_tokens,), the ids and where in its chat each stands.
        groups: (rows, longest, where each token of the group stands in the padded rows laid end to end).
    """

    tokens: Tensor
    positions: Tensor
    groups: tuple[tuple[int, int, Tensor], ...]

    @classmethod
    def of(cls, groups: Sequence[Sequence[Sequence[int]]]) -> Packed:
        """The groups' chats in their order; those of a group should be of similar length."""
        chats = [torch.tensor(chat) for group in groups for chat in group]
        places = list[tuple[int, int, Tensor]]()
        for group in groups:
            longest = max(map(len, group))
            steps = [torch.arange(len(chat)) + row * longest for row, chat in enumerate(group)]
            places.append((len(group), longest, torch.cat(steps)))
        return cls(torch.cat(chats), torch.cat([torch.arange(len(chat)) for chat in chats]), tuple(places))

    def sizes(self) -> list[int]:
        """How many tokens each group has."""
        return [len(places) for _, _, places in self.groups]


class RMSNorm(nn.Module):
    """Root mean square norm with a weight, in F32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self._eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Of the last axis."""
        return functional.rms_norm(x, self.weight.shape, self.weight, self._eps)


def _matrix(*shape: int) -> nn.Parameter:
    """(out, in), or (n, out, in) for one matrix per head or expert."""
    return nn.Parameter(torch.randn(*shape) * shape[-1] ** -0.5)


class Attention(nn.Module):
    """Multi-head latent attention: keys and values come out of one compressed row per token.

    `k_b` and `v_b` are kept as the file has them, one matrix per head: k_b (heads, kv_lora_rank, nope_dim), v_b (heads, value_dim, kv_lora_rank).
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        s = self._shape = shape
        self.q_a = _matrix(s.q_lora_rank, s.n_embd)
        self.q_a_norm = RMSNorm(s.q_lora_rank, s.norm_eps)
        self.q_b = _matrix(s.n_head * (s.nope_dim + s.rope_dim), s.q_lora_rank)
        self.kv_a_mqa = _matrix(s.kv_lora_rank + s.rope_dim, s.n_embd)
        self.kv_a_norm = RMSNorm(s.kv_lora_rank, s.norm_eps)
        self.k_b = nn.Parameter(torch.randn(s.n_head, s.kv_lora_rank, s.nope_dim) * s.kv_lora_rank**-0.5)
        self.v_b = _matrix(s.n_head, s.value_dim, s.kv_lora_rank)
        self.output = nn.Parameter(torch.zeros(s.n_embd, s.n_head * s.value_dim))

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], packed: Packed) -> Tensor:
        """(n_tokens, n_embd) to the same."""
        s = self._shape
        q = functional.linear(self.q_a_norm(functional.linear(x, self.q_a)), self.q_b).unflatten(-1, (s.n_head, -1))
        q_nope, q_rope = q.split((s.nope_dim, s.rope_dim), dim=-1)
        compressed, k_rope = functional.linear(x, self.kv_a_mqa).split((s.kv_lora_rank, s.rope_dim), dim=-1)
        compressed = self.kv_a_norm(compressed)
        k_nope = functional.linear(compressed, self.k_b.transpose(1, 2).flatten(0, 1)).unflatten(-1, (s.n_head, -1))
        v = functional.linear(compressed, self.v_b.flatten(0, 1)).unflatten(-1, (s.n_head, -1))
        k_rope = _rotate(k_rope.unsqueeze(1), rope).expand(-1, s.n_head, -1)
        # Values as wide as keys: only then PyTorch takes its fast kernel.
        v = functional.pad(v, (0, s.nope_dim + s.rope_dim - s.value_dim))
        qkv = torch.cat((q_nope, _rotate(q_rope, rope), k_nope, k_rope, v), dim=-1)
        out = torch.cat(
            [self._attend(part, *group) for part, group in zip(qkv.split(packed.sizes()), packed.groups, strict=True)]
        )
        return functional.linear(out.flatten(1), self.output)

    def _attend(self, qkv: Tensor, n_rows: int, longest: int, places: Tensor) -> Tensor:
        """(n_tokens, heads, 3 * width) of one group to (n_tokens, heads, value_dim)."""
        padded = qkv.new_zeros(n_rows * longest, *qkv.shape[1:]).index_copy(0, places, qkv)
        q, k, v = padded.view(n_rows, longest, *qkv.shape[1:]).transpose(1, 2).chunk(3, dim=-1)
        out = functional.scaled_dot_product_attention(q, k, v, is_causal=True)[..., : self._shape.value_dim]
        return out.transpose(1, 2).flatten(0, 1).index_select(0, places)


def _rotate(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    """Turns neighbouring pairs (llama.cpp's LLAMA_ROPE_TYPE_NORM). x: (n_tokens, heads, rope_dim)."""
    cos, sin = rope
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, n_embd: int, n_ff: int) -> None:
        super().__init__()
        self.gate, self.up = _matrix(n_ff, n_embd), _matrix(n_ff, n_embd)
        self.down = nn.Parameter(torch.zeros(n_embd, n_ff))

    def forward(self, x: Tensor) -> Tensor:
        """(..., n_embd) to the same."""
        return _swiglu(x, self.gate, self.up, self.down)


def _swiglu(x: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    return functional.linear(functional.silu(functional.linear(x, gate)) * functional.linear(x, up), down)


class Experts(nn.Module):
    """Routed and shared experts, chosen as DeepSeek-V3 does: sigmoid scores, a bias that only balances, normed weights.

    Each expert computes the tokens that chose it, gathered.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        s = self._shape = shape
        self.gate_inp = nn.Parameter(torch.randn(s.n_expert, s.n_embd) * 0.02)
        self.register_buffer("exp_probs_b", torch.zeros(s.n_expert))
        self.gate_exps = _matrix(s.n_expert, s.n_ff_exp, s.n_embd)
        self.up_exps = _matrix(s.n_expert, s.n_ff_exp, s.n_embd)
        self.down_exps = nn.Parameter(torch.zeros(s.n_expert, s.n_embd, s.n_ff_exp))
        self.shared = FeedForward(s.n_embd, s.n_ff_exp * s.n_expert_shared)
        self.load = torch.zeros(s.n_expert)

    def forward(self, x: Tensor) -> Tensor:
        """(n_tokens, n_embd) to the same."""
        s = self._shape
        scores = torch.sigmoid(functional.linear(x, self.gate_inp))
        chosen = (scores + self.exp_probs_b).topk(s.n_expert_used, dim=-1).indices
        weights = scores.gather(-1, chosen)
        weights = (weights / weights.sum(-1, keepdim=True) * s.expert_weights_scale).flatten()
        expert, order = chosen.flatten().sort(stable=True)
        counts = torch.bincount(expert, minlength=s.n_expert)
        if self.training:
            self.load = self.load + counts
        token = order // s.n_expert_used
        parts = x.index_select(0, token).split(counts.tolist())
        matrices = zip(self.gate_exps.unbind(), self.up_exps.unbind(), self.down_exps.unbind(), strict=True)
        outputs = [_swiglu(part, *expert) for part, expert in zip(parts, matrices, strict=True)]
        routed = torch.cat(outputs) * weights.index_select(0, order).unsqueeze(-1)
        return torch.zeros_like(x).index_add(0, token, routed) + self.shared(x)


class Block(nn.Module):
    """One layer."""

    def __init__(self, shape: Shape, is_dense: bool) -> None:
        super().__init__()
        self.attn_norm = RMSNorm(shape.n_embd, shape.norm_eps)
        self.attn = Attention(shape)
        self.ffn_norm = RMSNorm(shape.n_embd, shape.norm_eps)
        self.ffn = FeedForward(shape.n_embd, shape.n_ff) if is_dense else Experts(shape)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], packed: Packed, places: Tensor | None = None) -> Tensor:
        """(n_tokens, n_embd) to the same; with places only those rows of it."""
        x = x + self.attn(self.attn_norm(x), rope, packed)
        if places is not None:
            x = x.index_select(0, places)
        return x + self.ffn(self.ffn_norm(x))


class TinyDeepSeek(nn.Module):
    """The whole model. Token ids in, logits out."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Parameter(torch.randn(shape.n_vocab, shape.n_embd))
        self.blocks = nn.ModuleList(Block(shape, is_dense=i < shape.n_layer_dense) for i in range(shape.n_layer))
        self.output_norm = RMSNorm(shape.n_embd, shape.norm_eps)
        self.output = nn.Parameter(torch.zeros(shape.n_vocab, shape.n_embd))
        angles = torch.arange(shape.context_length).unsqueeze(1) * shape.rope_base ** (
            -torch.arange(0, shape.rope_dim, 2) / shape.rope_dim
        )
        self.register_buffer("cos", angles.cos().unsqueeze(1), persistent=False)
        self.register_buffer("sin", angles.sin().unsqueeze(1), persistent=False)

    def hidden(self, packed: Packed, places: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What leaves the first layer, (n_tokens, n_embd), and what the output matrix reads.

        The latter for every token, or only for those at `places`, which spares the last layer the others.
        """
        rope = (self.cos[packed.positions], self.sin[packed.positions])
        first, *between, last = self.blocks
        x = early = first(functional.embedding(packed.tokens, self.token_embd), rope, packed)
        for block in between:
            x = block(x, rope, packed)
        return early, self.output_norm(last(x, rope, packed, places))

    def forward(self, packed: Packed) -> Tensor:
        """Logits (n_tokens, n_vocab)."""
        return functional.linear(self.hidden(packed)[1], self.output)

    def balance(self, rate: float) -> None:
        """Moves each expert's bias towards an equal share of the tokens since the last call, as DeepSeek-V3 does instead of a loss."""
        for block in self.blocks:
            if isinstance(block.ffn, Experts):
                load = block.ffn.load
                block.ffn.exp_probs_b += rate * torch.sign(load.mean() - load)
                block.ffn.load = torch.zeros_like(load)
