"""MLA with the latent as cache: deepseek2 (V2.5, V3, R1, V2-Lite), and V3.2's sparse form with its indexer.

Operations in the order of src/models/{deepseek2,deepseek32}.cpp (llama.cpp 0c1e57098).
"""

from __future__ import annotations

from launcher.core.models import HyperParameters
from launcher.planner.graph.attention_plain import latent_parts, query
from launcher.planner.graph.blocks import Batch, Layer, attention, mask, store
from launcher.planner.graph.tensors import Graph, Tensor

NOPE = 128  # width of the part of an MLA head without position, and of its value


class LatentAttention:
    """Inputs of the whole graph and the attention of one layer."""

    def __init__(self, graph: Graph, h: HyperParameters, batch: Batch) -> None:
        self.graph, self.h, self.batch = graph, h, batch
        self.positions = graph.input("i32", batch.tokens)
        self.ids = graph.input("i64", batch.tokens)
        self.bias = mask(graph, batch)

    def __call__(self, layer: Layer, x: Tensor) -> Tensor:
        """The layer's attention output."""
        graph, tokens = self.graph, self.batch.tokens
        q = query(graph, layer, x, NOPE + self.h.rope_dim, tokens)
        latent, k_pe = latent_parts(graph, layer, x, self.positions, tokens)
        q_pe = graph.rope(graph.part(q, NOPE + self.h.rope_dim, self.h.rope_dim, self.h.n_head, tokens), self.positions)
        return self._attend(layer, q, q_pe, latent, k_pe)

    def _attend(self, layer: Layer, q: Tensor, q_pe: Tensor, latent: Tensor, k_pe: Tensor) -> Tensor:
        graph, h, batch, tokens = self.graph, self.h, self.batch, self.batch.tokens
        width = h.kv_lora_rank + h.rope_dim
        q_nope = graph.part(graph.view(q, NOPE, h.n_head, tokens), NOPE + h.rope_dim, NOPE, tokens, h.n_head)
        absorbed = graph.mul_mat(layer.matrix("attn_k_b", NOPE, h.kv_lora_rank, h.n_head), q_nope)
        absorbed = graph.view(absorbed, h.kv_lora_rank, h.n_head, tokens)
        full_q = graph.concat(absorbed, q_pe, 0)
        v = graph.view(latent, h.kv_lora_rank, 1, tokens)
        k = graph.concat(v, k_pe, 0)
        graph.expand(full_q, v, k)
        cache = graph.cache(layer.device, batch.type_k, width, batch.context)
        store(graph, cache, k, self.ids)
        bias = self._mask()
        keys = graph.view(cache, width, 1, batch.context)
        values = graph.view(keys, h.kv_lora_rank, 1, batch.context)
        v_up = layer.matrix("attn_v_b", h.kv_lora_rank, NOPE, h.n_head)
        out = attention(graph, layer, batch, full_q, keys, values, bias, v_mla=v_up)
        return graph.mul_mat(layer.matrix("attn_output", NOPE * h.n_head, h.n_embd), out)

    def _mask(self) -> Tensor:
        """What a query may see."""
        return self.bias


class IndexedAttention(LatentAttention):
    """V3.2: an indexer chooses which cached tokens a query may see."""

    def __init__(self, graph: Graph, h: HyperParameters, batch: Batch) -> None:
        super().__init__(graph, h, batch)
        self.index_ids = graph.input("i64", batch.tokens)
        self.index_bias = graph.input("f16", batch.context, batch.tokens)
        self.index_rotation = graph.input("f32", h.indexer_head_dim, h.indexer_head_dim)
        self.top: Tensor = self.index_bias

    def __call__(self, layer: Layer, x: Tensor) -> Tensor:
        """The layer's attention output."""
        graph, h, tokens = self.graph, self.h, self.batch.tokens
        low = graph.mul_mat(layer.matrix("attn_q_a", h.n_embd, h.q_lora_rank), x)
        low = graph.norm(low, layer.vector("attn_q_a_norm", h.q_lora_rank), layer.device)
        self.top = self._chosen(layer, x, low)
        q = graph.mul_mat(layer.matrix("attn_q_b", h.q_lora_rank, (NOPE + h.rope_dim) * h.n_head), low)
        q_pe = graph.part(q, NOPE + h.rope_dim, h.rope_dim, h.n_head, tokens)
        both = graph.mul_mat(layer.matrix("attn_kv_a_mqa", h.n_embd, h.kv_lora_rank + h.rope_dim), x)
        width = h.kv_lora_rank + h.rope_dim
        latent = graph.part(both, width, h.kv_lora_rank, tokens)
        k_pe = graph.part(both, width, h.rope_dim, 1, tokens)
        q_pe, k_pe = graph.rope(q_pe, self.positions), graph.rope(k_pe, self.positions)
        latent = graph.norm(latent, layer.vector("attn_kv_a_norm", h.kv_lora_rank), layer.device)
        return self._attend(layer, q, q_pe, latent, k_pe)

    def _chosen(self, layer: Layer, x: Tensor, low: Tensor) -> Tensor:
        """The lightning indexer: numbers of the chosen tokens (top_k, tokens)."""
        graph, h, batch, tokens = self.graph, self.h, self.batch, self.batch.tokens
        heads, head = h.indexer_n_head, h.indexer_head_dim
        q = graph.view(
            graph.mul_mat(layer.matrix("indexer.attn_q_b", h.q_lora_rank, heads * head), low), head, heads, tokens
        )
        q = graph.rope(q, self.positions)
        k = graph.mul_mat(layer.matrix("indexer.attn_k", h.n_embd, head), x)
        k = graph.op("f32", k.shape, k)  # a norm with mean is never done in place
        if graph.pins:
            k.device = layer.device
        k = graph.like(graph.like(k, layer.vector("indexer.k_norm", head)), layer.vector("indexer.k_norm.bias", head))
        k = graph.rope(graph.view(k, head, 1, tokens), self.positions)
        q, k = graph.mul_mat(self.index_rotation, q), graph.mul_mat(self.index_rotation, k)
        cache = graph.cache(layer.device, batch.type_k, head, batch.context)
        store(graph, cache, k, self.index_ids)
        weights = graph.mul_mat(layer.matrix("indexer.proj", h.n_embd, heads), x)
        keys = graph.view(cache, head, 1, batch.context)
        q = graph.view(q, head, heads, tokens)
        weights = graph.like(graph.view(weights, heads, tokens))
        scores = graph.op("f32", (batch.context, tokens), q, keys, weights, self.index_bias)
        n = min(h.indexer_top_k, batch.context)
        return graph.cont(graph.op("i32", (n, tokens), scores))

    def _mask(self) -> Tensor:
        return sparse_mask(self.graph, self.bias, self.top, "f32")


def sparse_mask(graph: Graph, bias: Tensor, top: Tensor, zero_type: str) -> Tensor:
    """The mask that lets only the chosen tokens through."""
    context, tokens, n = bias.dim(0), bias.dim(1), top.dim(0)
    closed = graph.view(graph.like(bias), 1, context, tokens)
    zeros = graph.like(graph.leaf(zero_type, 1, n, tokens))
    opened = graph.set_rows(closed, zeros, graph.view(top, n, tokens))
    return graph.like(graph.view(opened, context, tokens), bias)
