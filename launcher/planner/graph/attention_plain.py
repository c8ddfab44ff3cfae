"""Attention with plain keys and values: llama, qwen2, qwen3, deepseek, and MLA files from before April 2025.

Operations in the order of src/models/{llama,qwen2,qwen3,deepseek,deepseek2}.cpp (llama.cpp 0c1e57098).
"""

from __future__ import annotations

from launcher.core.models import HyperParameters
from launcher.planner.graph.blocks import Batch, Layer, attention, hadamard, mask, store
from launcher.planner.graph.tensors import Graph, Tensor


def _is_quantised(type_: str) -> bool:
    return type_.startswith(("q", "iq"))


def rotation(graph: Graph, type_: str, head: int, *, widest: bool) -> Tensor | None:
    """The Hadamard matrix that a quantised cache is written through: 64 wide, or as wide as divides the head."""
    if not _is_quantised(type_) or head % 64:
        return None
    n = 64
    while widest and head % (2 * n) == 0:
        n *= 2
    return graph.input("f32", n, n)


class PlainAttention:
    """Inputs of the whole graph and the attention of one layer."""

    def __init__(self, graph: Graph, h: HyperParameters, batch: Batch, architecture: str) -> None:
        self.graph, self.h, self.batch, self.architecture = graph, h, batch, architecture
        self.heads_kv = h.n_head if h.kv_lora_rank else h.n_head_kv
        self.positions = graph.input("i32", batch.tokens)
        self.k_ids = graph.input("i64", batch.tokens)
        # A V cache that attention reads transposed is written element by element.
        self.v_ids = graph.input("i64", batch.tokens if batch.flash else batch.tokens * self.heads_kv * h.head_dim_v)
        self.bias = mask(graph, batch)
        self.rotate_k = rotation(graph, batch.type_k, h.head_dim_k, widest=True)
        self.rotate_v = rotation(graph, batch.type_v, h.head_dim_v, widest=False)

    def __call__(self, layer: Layer, x: Tensor) -> Tensor:
        """The layer's attention output."""
        graph, h, batch = self.graph, self.h, self.batch
        q, k, v = self._latent(layer, x) if h.kv_lora_rank else self._projected(layer, x)
        if self.rotate_k is not None:
            q, k = hadamard(graph, q, self.rotate_k), hadamard(graph, k, self.rotate_k)
        v = hadamard(graph, v, self.rotate_v)
        graph.expand(q, v, k)
        k_cache = graph.cache(layer.device, batch.type_k, h.head_dim_k * self.heads_kv, batch.context)
        v_cache = graph.cache(layer.device, batch.type_v, h.head_dim_v * self.heads_kv, batch.context)
        store(graph, k_cache, k, self.k_ids)
        store(graph, v_cache, v, self.v_ids)
        keys = graph.view(k_cache, h.head_dim_k, self.heads_kv, batch.context)
        values = graph.view(v_cache, h.head_dim_v, self.heads_kv, batch.context)
        out = attention(graph, layer, batch, q, keys, values, self.bias)
        out = hadamard(graph, out, self.rotate_v)
        return graph.mul_mat(layer.matrix("attn_output", h.head_dim_v * h.n_head, h.n_embd), out)

    def _projected(self, layer: Layer, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        graph, h, tokens = self.graph, self.h, self.batch.tokens
        parts: list[Tensor] = []
        shapes = (h.head_dim_k, h.n_head), (h.head_dim_k, h.n_head_kv), (h.head_dim_v, h.n_head_kv)
        for name, (head, n_head) in zip(("attn_q", "attn_k", "attn_v"), shapes, strict=True):
            y = graph.mul_mat(layer.matrix(name, h.n_embd, head * n_head), x)
            if self.architecture == "qwen2":
                y = graph.like(y, layer.vector(f"{name}.bias", head * n_head))
            parts.append(graph.view(y, head, n_head, tokens))
        q, k, v = parts
        if self.architecture == "qwen3":
            q = graph.norm(q, layer.vector("attn_q_norm", h.head_dim_k), layer.device)
            k_normed = graph.norm(k, layer.vector("attn_k_norm", h.head_dim_k), layer.device)
            return graph.rope(q, self.positions), graph.rope(k_normed, self.positions), v
        return graph.rope(q, self.positions), graph.rope(k, self.positions), v

    def _latent(self, layer: Layer, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Old MLA files: full keys and values are made from the latent."""
        graph, h, tokens = self.graph, self.h, self.batch.tokens
        nope = h.head_dim_k - h.rope_dim
        q = query(graph, layer, x, h.head_dim_k, tokens)
        latent, k_pe = latent_parts(graph, layer, x, self.positions, tokens)
        kv = graph.mul_mat(layer.matrix("attn_kv_b", h.kv_lora_rank, h.n_head * (nope + h.head_dim_v)), latent)
        k_nope = graph.part(kv, nope + h.head_dim_v, nope, h.n_head, tokens)
        v = graph.cont(graph.part(kv, nope + h.head_dim_v, h.head_dim_v, h.n_head, tokens))
        q = graph.rope(q, self.positions)
        repeated = graph.op("f32", (h.rope_dim, h.n_head, tokens), k_pe)
        k = graph.concat(k_nope, repeated, 0)
        return q, k, v


def query(graph: Graph, layer: Layer, x: Tensor, head: int, tokens: int) -> Tensor:
    """MLA's query, through its own low-rank pair where the model has one (all but V2-Lite): (head, heads, tokens)."""
    h = layer.h
    if h.q_lora_rank:
        low = graph.mul_mat(layer.matrix("attn_q_a", h.n_embd, h.q_lora_rank), x)
        low = graph.norm(low, layer.vector("attn_q_a_norm", h.q_lora_rank), layer.device)
        q = graph.mul_mat(layer.matrix("attn_q_b", h.q_lora_rank, head * h.n_head), low)
    else:
        q = graph.mul_mat(layer.matrix("attn_q", h.n_embd, head * h.n_head), x)
    return graph.view(q, head, h.n_head, tokens)


def latent_parts(graph: Graph, layer: Layer, x: Tensor, positions: Tensor, tokens: int) -> tuple[Tensor, Tensor]:
    """MLA's cached pair: the normed latent (rank, tokens) and the key part with positions (rope, 1, tokens)."""
    h = layer.h
    both = graph.mul_mat(layer.matrix("attn_kv_a_mqa", h.n_embd, h.kv_lora_rank + h.rope_dim), x)
    width = h.kv_lora_rank + h.rope_dim
    latent = graph.part(both, width, h.kv_lora_rank, tokens)
    k_pe = graph.rope(graph.part(both, width, h.rope_dim, 1, tokens), positions)
    return graph.norm(latent, layer.vector("attn_kv_a_norm", h.kv_lora_rank), layer.device), k_pe
