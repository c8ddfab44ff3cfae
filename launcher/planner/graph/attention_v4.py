"""DeepSeek V4: a window of plain tokens, caches compressed 4:1 (with an indexer) and 128:1, and hyper-connections.

Every sequence has caches and states of its own (src/llama-kv-cache-dsv4.cpp: they are never unified), so that what is put
together of them for the attention grows with their number. Operations in the order of src/models/deepseek4.cpp and src/llama-kv-cache-dsv4.cpp (llama.cpp 0c1e57098).
"""

from __future__ import annotations

from dataclasses import replace

from launcher.core.models import HyperParameters
from launcher.planner.graph.attention_mla import sparse_mask
from launcher.planner.graph.attention_plain import rotation
from launcher.planner.graph.blocks import Batch, Layer, attention, hadamard, mask, store
from launcher.planner.graph.tensors import Graph, Tensor

STREAMS = 4  # hyper-connections: copies of the hidden state
HASH_LAYERS = 3  # the first layers choose experts by token number
_HEADS_PER_GROUP = 8
_GROUP_RANK = 1024
_STATE_ROWS = {4: 8, 128: 128}


def _padded(n: int) -> int:
    return -(-n // 256) * 256


class _Compressed:
    """Inputs of one compressed cache. `name`: what its compressor's weights are called."""

    def __init__(self, graph: Graph, batch: Batch, ratio: int, name: str, *, overlap: bool) -> None:
        self.name = name
        tokens = batch.tokens
        # As many as there can be however the tokens are divided (dsv4_build_reserve_comp_plan).
        blocks = tokens // ratio + batch.sequences
        kept = min(tokens, _STATE_ROWS[ratio] * batch.sequences)
        self.ratio, self.blocks, self.kept = ratio, blocks, kept
        self.positions = graph.input("i32", tokens)
        self.kept_from, self.kept_to = graph.input("i32", kept), graph.input("i32", kept)
        self.read = graph.input("i32", (2 if overlap else 1) * ratio * blocks)
        self.write, self.write_positions = graph.input("i64", blocks), graph.input("i32", blocks)
        self.context = _padded(batch.context // ratio)
        self.bias = graph.input("f16" if batch.flash or overlap else "f32", self.context, tokens)
        self.rotation: Tensor | None = None


class CompressedAttention:
    """Inputs of the whole graph and the attention of one layer."""

    def __init__(self, graph: Graph, h: HyperParameters, batch: Batch) -> None:
        self.graph, self.h, self.batch = graph, h, batch
        self.positions = graph.input("i32", batch.tokens)
        self.ids = graph.input("i64", batch.tokens)
        window = _padded(h.sliding_window + batch.tokens)
        self.window = replace(batch, context=window)
        self.bias = mask(graph, self.window)
        self.rotation = rotation(graph, batch.type_k, h.head_dim_k, widest=True)
        self.by4 = _Compressed(graph, batch, 4, "attn_compressor", overlap=True)
        self.by128 = _Compressed(graph, batch, 128, "attn_compressor", overlap=False)
        self.index = _Compressed(graph, batch, 4, "indexer_compressor", overlap=True)
        self.by4.rotation = rotation(graph, batch.type_k, h.head_dim_k, widest=True)
        self.by128.rotation = rotation(graph, batch.type_k, h.head_dim_k, widest=True)
        self.index.rotation = graph.input("f32", h.indexer_head_dim, h.indexer_head_dim)
        graph.expand(self.bias)

    def __call__(self, layer: Layer, x: Tensor, ratio: int) -> Tensor:
        """The layer's attention output; `ratio` is 0, 4 or 128."""
        graph, h, tokens = self.graph, self.h, self.batch.tokens
        head = h.head_dim_k
        low = graph.mul_mat(layer.matrix("attn_q_a", h.n_embd, h.q_lora_rank), x)
        low = graph.norm(low, layer.vector("attn_q_a_norm", h.q_lora_rank), layer.device)
        q = graph.mul_mat(layer.matrix("attn_q_b", h.q_lora_rank, head * h.n_head), low)
        q = graph.view(q, head, h.n_head, tokens)
        q = graph.rope(graph.norm(q, None), self.positions)
        kv = graph.mul_mat(layer.matrix("attn_kv", h.n_embd, head), x)
        kv = graph.view(graph.norm(kv, layer.vector("attn_kv_a_norm", head), layer.device), head, 1, tokens)
        kv = graph.rope(kv, self.positions)
        if ratio == 4:
            self._compress(layer, x, self.by4, head)
            self._compress(layer, x, self.index, h.indexer_head_dim)
        elif ratio == 128:
            self._compress_plain(layer, x)
        top = self._chosen(layer, x, low) if ratio == 4 else None
        q, kv = hadamard(graph, q, self.rotation), hadamard(graph, kv, self.rotation)
        graph.expand(q, kv)
        raw = graph.cache(layer.device, self.batch.type_k, head, self.window.context)
        store(graph, raw, kv, self.ids)
        n = self.batch.sequences
        keys, bias = graph.view(raw, head, 1, self.window.context, n), self.bias
        if ratio:
            cache = self.by4 if ratio == 4 else self.by128
            old = graph.view(self._cache(layer, cache, head), head, 1, cache.context, n)
            keys = graph.concat(keys, graph.view(old, head, 1, cache.context, n), 2)
            seen = cache.bias if top is None else sparse_mask(graph, cache.bias, top, "f16")
            bias = graph.concat(bias, seen, 0)
        sinks = layer.vector("attn_sinks", h.n_head)
        out = attention(graph, layer, self.batch, q, keys, keys, bias, extra=(sinks,))
        return self._output(layer, hadamard(graph, out, self.rotation))

    def _output(self, layer: Layer, out: Tensor) -> Tensor:
        graph, h, tokens = self.graph, self.h, self.batch.tokens
        groups = max(1, h.n_head // _HEADS_PER_GROUP)
        out = graph.rope(graph.view(out, h.head_dim_k, h.n_head, tokens), self.positions)
        width = h.head_dim_k * h.n_head // groups
        grouped = graph.view(graph.view(out, width, groups, tokens), width, tokens, groups)
        low = graph.mul_mat(layer.matrix("attn_output_a", width, _GROUP_RANK, groups), grouped)
        low = graph.cont(graph.view(low, _GROUP_RANK, groups, tokens), _GROUP_RANK * groups, tokens)
        return graph.mul_mat(layer.matrix("attn_output_b", _GROUP_RANK * groups, h.n_embd), low)

    def _cache(self, layer: Layer, inputs: _Compressed, head: int) -> Tensor:
        return self.graph.cache(layer.device, self.batch.type_k, head, inputs.context)

    def _state(self, layer: Layer, x: Tensor, inputs: _Compressed, width: int) -> tuple[Tensor, Tensor]:
        """New rows of the running state: keys, and scores with their position weights."""
        graph = self.graph
        kv = graph.mul_mat(layer.matrix(f"{inputs.name}_kv", self.h.n_embd, width), x)
        score = graph.mul_mat(layer.matrix(f"{inputs.name}_gate", self.h.n_embd, width), x)
        table = layer.vector(f"{inputs.name}_ape", width, inputs.ratio)
        return kv, graph.like(score, graph.get_rows(table, inputs.positions))

    def _old(self, layer: Layer, inputs: _Compressed, width: int) -> Tensor:
        rows = _STATE_ROWS[inputs.ratio] * self.batch.sequences
        state = self.graph.cache(layer.device, "f32", width, rows)
        return self.graph.view(self.graph.view(state, width, rows), width, rows)

    def _keep(self, layer: Layer, inputs: _Compressed, width: int, *parts: Tensor) -> None:
        """The last rows of the state stay for the next batch."""
        graph = self.graph
        kept = [graph.get_rows(p, inputs.kept_from) for p in parts]
        for rows in [graph.set_rows(self._old(layer, inputs, width), k, inputs.kept_to) for k in kept]:
            graph.expand(rows)

    def _compress(self, layer: Layer, x: Tensor, inputs: _Compressed, head: int) -> None:
        """Blocks of 4 tokens with overlap: every compressed row sees its block and the one before."""
        graph = self.graph
        kv, score = self._state(layer, x, inputs, 2 * head)
        n, tall = inputs.ratio * inputs.blocks, (head, inputs.ratio, inputs.blocks)
        rows: list[Tensor] = []
        for part in (kv, score):
            full = graph.concat(self._old(layer, inputs, 2 * head), part, 1)
            zero = graph.view(graph.like(graph.view(full, 2 * head)), 2 * head, 1)
            rows.append(graph.get_rows(graph.concat(full, zero, 1), inputs.read))
        before = [graph.view(graph.cont(graph.view(r, head, n)), *tall) for r in rows]
        now = [graph.view(graph.cont(graph.view(r, head, n)), *tall) for r in rows]
        values, scores = (graph.concat(b, c, 1) for b, c in zip(before, now, strict=True))
        self._store_compressed(layer, inputs, head, values, scores)
        self._keep(layer, inputs, 2 * head, kv, score)

    def _compress_plain(self, layer: Layer, x: Tensor) -> None:
        """Blocks of 128 tokens."""
        graph, head, inputs = self.graph, self.h.head_dim_k, self.by128
        kv, score = self._state(layer, x, inputs, head)
        parts = [graph.concat(self._old(layer, inputs, head), p, 1) for p in (kv, score)]
        values, scores = (graph.view(graph.get_rows(p, inputs.read), head, inputs.ratio, inputs.blocks) for p in parts)
        self._store_compressed(layer, inputs, head, values, scores)
        self._keep(layer, inputs, head, kv, score)

    def _store_compressed(self, layer: Layer, inputs: _Compressed, head: int, values: Tensor, scores: Tensor) -> None:
        """The weighted mean of every block, normed and with its position, into the compressed cache."""
        graph = self.graph
        turned = (values.dim(1), head, inputs.blocks)
        values = graph.cont(graph.view(values, *turned))
        weights = graph.like(graph.cont(graph.view(scores, *turned)))
        mean = graph.sum_rows(graph.like(values, weights))
        mean = graph.cont(graph.view(mean, head, 1, inputs.blocks))
        mean = graph.norm(mean, layer.vector(f"{inputs.name}_norm", head), layer.device)
        mean = hadamard(graph, graph.rope(mean, inputs.write_positions), inputs.rotation)
        store(graph, self._cache(layer, inputs, head), mean, inputs.write)

    def _chosen(self, layer: Layer, x: Tensor, low: Tensor) -> Tensor:
        """The indexer over the 4:1 cache: numbers of the chosen rows."""
        graph, h, tokens = self.graph, self.h, self.batch.tokens
        heads, head, cache = h.indexer_n_head, h.indexer_head_dim, self.index
        q = graph.mul_mat(layer.matrix("indexer.attn_q_b", h.q_lora_rank, heads * head), low)
        q = graph.view(q, head, heads, tokens)
        q = graph.view(hadamard(graph, graph.rope(q, self.positions), cache.rotation), head, heads, tokens)
        weights = graph.like(graph.mul_mat(layer.matrix("indexer.proj", h.n_embd, heads), x))
        keys = graph.view(self._cache(layer, cache, head), head, 1, cache.context)
        keys = graph.view(keys, head, 1, cache.context)
        weights = graph.view(weights, heads, tokens)
        scores = graph.op("f32", (cache.context, tokens), q, keys, weights, cache.bias)
        return graph.cont(graph.op("i32", (min(h.indexer_top_k, cache.context), tokens), scores))


def mix(graph: Graph, layer: Layer, streams: Tensor, name: str) -> tuple[Tensor, Tensor, Tensor]:
    """Hyper-connections before a block ("attn" or "ffn"): (its input, weights of its output, how the streams mix)."""
    n_embd, tokens = layer.h.n_embd, streams.dim(2)
    width = (2 + STREAMS) * STREAMS
    scale, base = layer.vector(f"hc_{name}_scale", 3), layer.vector(f"hc_{name}_base", width)
    flat = graph.norm(graph.view(streams, STREAMS * n_embd, tokens), None)
    mixes = graph.mul_mat(layer.matrix(f"hc_{name}_fn", STREAMS * n_embd, width), flat)
    before = graph.like(graph.view(mixes, STREAMS, tokens), graph.view(scale, 1))
    before = graph.like(graph.like(graph.like(before, graph.view(base, STREAMS))))
    after = graph.like(graph.view(mixes, STREAMS, tokens), graph.view(scale, 1))
    after = graph.like(graph.like(graph.like(after, graph.view(base, STREAMS))))
    combine = graph.op("f32", (STREAMS, STREAMS, tokens), mixes, scale, base)
    return graph.op("f32", (n_embd, tokens), streams, before), after, combine


def unmix(graph: Graph, x: Tensor, streams: Tensor, after: Tensor, combine: Tensor) -> Tensor:
    """Hyper-connections after a block."""
    return graph.op("f32", streams.shape, x, streams, after, combine)
