"""The model in PyTorch: what llama.cpp's `src/models/deepseek2.cpp` computes, with the same names."""

from __future__ import annotations

import torch
from settings import Shape
from torch import Tensor, nn
from torch.nn import functional


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

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        """(rows, length, n_embd) to the same."""
        s = self._shape
        n_rows, length, _ = x.shape
        q = functional.linear(self.q_a_norm(functional.linear(x, self.q_a)), self.q_b).view(
            n_rows, length, s.n_head, -1
        )
        q_nope, q_rope = q.split((s.nope_dim, s.rope_dim), dim=-1)
        compressed, k_rope = functional.linear(x, self.kv_a_mqa).split((s.kv_lora_rank, s.rope_dim), dim=-1)
        compressed = self.kv_a_norm(compressed)
        k_nope = functional.linear(compressed, self.k_b.transpose(1, 2).flatten(0, 1)).view(
            n_rows, length, s.n_head, -1
        )
        v = functional.linear(compressed, self.v_b.flatten(0, 1)).view(n_rows, length, s.n_head, -1)
        k_rope = _rotate(k_rope.unsqueeze(2), rope).expand(-1, -1, s.n_head, -1)
        q = torch.cat((q_nope, _rotate(q_rope, rope)), dim=-1).transpose(1, 2)
        k = torch.cat((k_nope, k_rope), dim=-1).transpose(1, 2)
        # Values as wide as keys: only then PyTorch takes its fast kernel.
        v = functional.pad(v, (0, s.nope_dim + s.rope_dim - s.value_dim)).transpose(1, 2)
        out = functional.scaled_dot_product_attention(q, k, v, is_causal=True)[..., : s.value_dim]
        return functional.linear(out.transpose(1, 2).flatten(2), self.output)


def _rotate(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    """Turns neighbouring pairs (llama.cpp's LLAMA_ROPE_TYPE_NORM). x: (rows, length, heads, rope_dim)."""
    cos, sin = rope
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, n_embd: int, n_ff: int) -> None:
        super().__init__()
        self.gate, self.up = _matrix(n_ff, n_embd), _matrix(n_ff, n_embd)
        self.down = nn.Parameter(torch.zeros(n_embd, n_ff))

    def forward(self, x: Tensor) -> Tensor:
        """(..., n_embd) to the same."""
        return functional.linear(
            functional.silu(functional.linear(x, self.gate)) * functional.linear(x, self.up), self.down
        )


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
        """(rows, length, n_embd) to the same."""
        s = self._shape
        flat = x.flatten(0, 1)
        scores = torch.sigmoid(functional.linear(flat, self.gate_inp))
        chosen = (scores + self.exp_probs_b).topk(s.n_expert_used, dim=-1).indices
        weights = scores.gather(-1, chosen)
        weights = (weights / weights.sum(-1, keepdim=True) * s.expert_weights_scale).flatten()
        expert, order = chosen.flatten().sort(stable=True)
        counts = torch.bincount(expert, minlength=s.n_expert)
        if self.training:
            self.load = self.load + counts
        token = order // s.n_expert_used
        outputs = [self._expert(i, rows) for i, rows in enumerate(flat.index_select(0, token).split(counts.tolist()))]
        routed = torch.cat(outputs) * weights.index_select(0, order).unsqueeze(-1)
        return torch.zeros_like(flat).index_add(0, token, routed).view_as(x) + self.shared(x)

    def _expert(self, i: int, rows: Tensor) -> Tensor:
        gate = functional.silu(functional.linear(rows, self.gate_exps[i]))
        return functional.linear(gate * functional.linear(rows, self.up_exps[i]), self.down_exps[i])


class Block(nn.Module):
    """One layer."""

    def __init__(self, shape: Shape, is_dense: bool) -> None:
        super().__init__()
        self.attn_norm = RMSNorm(shape.n_embd, shape.norm_eps)
        self.attn = Attention(shape)
        self.ffn_norm = RMSNorm(shape.n_embd, shape.norm_eps)
        self.ffn = FeedForward(shape.n_embd, shape.n_ff) if is_dense else Experts(shape)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        """(rows, length, n_embd) to the same."""
        x = x + self.attn(self.attn_norm(x), rope)
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

    def hidden(self, tokens: Tensor) -> Tensor:
        """What the output matrix reads: (rows, length, n_embd) for token ids (rows, length)."""
        length = tokens.shape[1]
        rope = (self.cos[:length], self.sin[:length])
        x = functional.embedding(tokens, self.token_embd)
        for block in self.blocks:
            x = block(x, rope)
        return self.output_norm(x)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (rows, length, n_vocab)."""
        return functional.linear(self.hidden(tokens), self.output)

    def balance(self, rate: float) -> None:
        """Moves each expert's bias towards an equal share of the tokens since the last call, as DeepSeek-V3 does instead of a loss."""
        for block in self.blocks:
            if isinstance(block.ffn, Experts):
                load = block.ffn.load
                block.ffn.exp_probs_b += rate * torch.sign(load.mean() - load)
                block.ffn.load = torch.zeros_like(load)
