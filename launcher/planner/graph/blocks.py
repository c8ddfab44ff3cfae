"""The parts of llama.cpp's graphs that the architectures share: inputs, plain attention, dense and routed feed-forward.

Every function lists its operations in the order of src/llama-graph.cpp (0c1e57098).
"""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.models import HyperParameters
from launcher.planner.graph.tensors import Graph, Tensor


@dataclass(frozen=True, slots=True)
class LayerPlace:
    """Where one layer lies: its own device and those of its three expert tensors."""

    device: int
    up: int
    gate: int
    down: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Sizes of the reserved batch: tokens, padded context, rows of logits, cache types, whether attention is fused."""

    tokens: int
    context: int
    outputs: int
    type_k: str
    type_v: str
    flash: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of weights in RAM that a GPU copies over for large batches; all 0 where none is ever copied.

    Attributes:
        up, gate, down: the largest expert tensors.
        matrix: the largest other matrix of a layer (the dense feed-forward's "down" where there is one).
        unit: bytes per element of the rest.
        output: the output matrix.
    """

    up: int = 0
    gate: int = 0
    down: int = 0
    matrix: int = 0
    unit: float = 0.0
    output: int = 0


class Layer:
    """One layer's weights, made on request."""

    def __init__(self, graph: Graph, h: HyperParameters, place: LayerPlace, weights: Weights) -> None:
        self.graph, self.h, self.place, self.weights = graph, h, place, weights
        self.device = place.device

    def matrix(self, n_in: int, n_out: int, depth: int = 1) -> Tensor:
        """A weight matrix of the layer."""
        w = self.weights
        is_down = (n_in, n_out) == (self.h.n_ff, self.h.n_embd)
        size = w.matrix if is_down else min(w.matrix, int(w.unit * n_in * n_out * depth))
        return self.graph.weight(self.device, size, n_in, n_out, depth)

    def expert(self, device: int, size: int, n_in: int, n_out: int) -> Tensor:
        """A stack of experts."""
        return self.graph.weight(device, size, n_in, n_out, self.h.n_expert)

    def vector(self, n: int) -> Tensor:
        """A norm or bias."""
        return self.graph.weight(self.device, 4 * n, n)


def hadamard(graph: Graph, x: Tensor, rotation: Tensor | None, *, contiguous: bool = True) -> Tensor:
    """Rotation of a query, key or value before it meets a quantised cache (llama_mul_mat_hadamard)."""
    if rotation is None:
        return x
    n = rotation.dim(0)
    rows = x.dim(0) * x.dim(1) * x.dim(2) // n
    flat = graph.view(x, n, rows) if contiguous else graph.cont(x, n, rows)
    return graph.view(graph.mul_mat(rotation, flat), *x.shape)


def embedding(graph: Graph, h: HyperParameters, cpu: int, batch: Batch) -> Tensor:
    """Rows of the token table, which stays with the processor."""
    tokens = graph.input("i32", batch.tokens)
    direct = graph.input("f32", h.n_embd, batch.tokens)
    x = graph.get_rows(graph.weight(cpu, 0, h.n_embd, h.n_vocab), tokens)
    graph.expand(x, direct)
    return x


def mask(graph: Graph, batch: Batch) -> Tensor:
    """The attention mask: half precision for fused attention."""
    return graph.input("f16" if batch.flash else "f32", batch.context, batch.tokens)


def attention(
    graph: Graph,
    layer: Layer,
    batch: Batch,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    bias: Tensor,
    *,
    v_mla: Tensor | None = None,
    extra: tuple[Tensor, ...] = (),
) -> Tensor:
    """build_attn_mha: q (head, heads, tokens) against cached k and v (head, kv heads, context)."""
    tokens, heads = q.dim(2), q.dim(1)
    q = graph.view(graph.view(q, *q.shape), q.dim(0), tokens, heads)
    k = graph.view(k, k.dim(0), k.dim(2), k.dim(1))
    v = graph.view(v, v.dim(0), v.dim(2), v.dim(1))
    if batch.flash:
        out = graph.flash_attention(q, k, v, bias, *extra, head=v.dim(0))
        if v_mla is not None:
            out = graph.mul_mat(v_mla, graph.view(out, v.dim(0), tokens, heads))
            out = graph.cont(graph.view(out, out.dim(0), heads, tokens))
        out = graph.view(out, out.dim(0) * heads, tokens)
    else:
        scores = graph.mul_mat(k, q)
        scores = graph.like(scores, bias, *extra)
        if v_mla is not None:
            v = graph.cont(graph.view(v, v.dim(1), v.dim(0), v.dim(2)))
        else:
            v = graph.view(v, v.dim(1), v.dim(0), v.dim(2))
        out = graph.mul_mat(v, scores)
        if v_mla is not None:
            out = graph.mul_mat(v_mla, out)
        out = graph.cont(graph.view(out, out.dim(0), heads, tokens), out.dim(0) * heads, tokens)
    graph.expand(out)
    return out


def store(graph: Graph, cache: Tensor, rows: Tensor, ids: Tensor) -> None:
    """New keys or values into the cache."""
    flat = graph.view(rows, rows.dim(0) * rows.dim(1), rows.dim(2))
    graph.expand(graph.set_rows(cache, flat, ids))


def feed_forward(graph: Graph, layer: Layer, x: Tensor, width: int) -> Tensor:
    """Dense feed-forward: up, gate, SwiGLU, down."""
    n_embd = layer.h.n_embd
    up = graph.mul_mat(layer.matrix(n_embd, width), x)
    gate = graph.mul_mat(layer.matrix(n_embd, width), x)
    act = graph.op("f32", gate.shape, gate, up)
    return graph.mul_mat(layer.matrix(width, n_embd), act)


@dataclass(frozen=True, slots=True)
class Routing:
    """How experts are chosen.

    Attributes:
        gating: "softmax", "sigmoid" or "sqrt_softplus".
        biased: the choice has a bias (V3, V4).
        normed: weights are divided by their sum.
        scaled: weights are multiplied by a constant.
    """

    gating: str
    biased: bool
    normed: bool
    scaled: bool


def experts(graph: Graph, layer: Layer, x: Tensor, routing: Routing, chosen: Tensor | None = None) -> Tensor:
    """build_moe_ffn: routed experts of one layer."""
    h, tokens, used = layer.h, x.dim(1), layer.h.n_expert_used
    probs = graph.like(graph.mul_mat(layer.matrix(h.n_embd, h.n_expert), x))
    if routing.gating == "sqrt_softplus":
        probs = graph.like(probs)
    choice = graph.like(probs, layer.vector(h.n_expert)) if routing.biased and chosen is None else probs
    if chosen is None:
        chosen = graph.view(graph.op("i32", choice.shape, choice), used, tokens)
        # The first columns of a sorted table: a copy for another device keeps the table's rows.
        chosen.size = 4 * (h.n_expert * (tokens - 1) + used)
    weights = graph.get_rows(graph.view(probs, 1, h.n_expert, tokens), chosen)
    weights.shape = (1, used, tokens)
    if routing.normed:
        weights = graph.view(weights, used, tokens)
        total = graph.like(graph.sum_rows(weights))
        weights = graph.view(graph.like(weights, total), 1, used, tokens)
    if routing.scaled:
        weights = graph.like(weights)
    graph.expand(weights)
    x = graph.view(x, h.n_embd, 1, tokens)
    p, w = layer.place, layer.weights
    up = graph.mul_mat_id(layer.expert(p.up, w.up, h.n_embd, h.n_ff_exp), x, chosen)
    gate = graph.mul_mat_id(layer.expert(p.gate, w.gate, h.n_embd, h.n_ff_exp), x, chosen)
    act = graph.op("f32", gate.shape, gate, up)
    down = graph.mul_mat_id(layer.expert(p.down, w.down, h.n_ff_exp, h.n_embd), act, chosen)
    out = graph.like(down, weights)
    graph.expand(out)
    parts = [graph.view(out, h.n_embd, tokens) for _ in range(used)]
    graph.expand(*parts)
    total = parts[0]
    for part in parts[1:]:
        total = graph.like(total, part)
        graph.expand(total)
    return total if used > 1 else graph.cont(total)
