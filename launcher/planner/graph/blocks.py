"""The parts of llama.cpp's graphs that the architectures share: inputs, plain attention, dense and routed feed-forward.

Every function lists its operations in the order of src/llama-graph.cpp (0c1e57098).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from launcher.core.models import HyperParameters
from launcher.planner.graph.tensors import Graph, Tensor


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tensors of a layer lie: on its device, but for those that were put elsewhere.

    Attributes:
        device: the layer's.
        moved: (name behind "blk.N.", device).
    """

    device: int
    moved: tuple[tuple[str, int], ...] = ()

    def of(self, name: str) -> int:
        """The device of a tensor."""
        return (
            next((device for moved, device in self.moved if moved == name), self.device) if self.moved else self.device
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Sizes of the reserved batch: tokens, padded context, rows of logits, cache types, whether attention is fused.

    `sequences` are answered at once; their tokens are in one batch.
    """

    tokens: int
    context: int
    outputs: int
    type_k: str
    type_v: str
    flash: bool
    sequences: int = 1


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
    """One layer's weights, made on request by the names that files give them, less "blk.N." and a final ".weight".

    Attributes:
        made: elements of every tensor so far, by its full name behind "blk.N.".
    """

    def __init__(self, graph: Graph, h: HyperParameters, place: Place, weights: Weights) -> None:
        self.graph, self.h, self.place, self.weights = graph, h, place, weights
        self.device = place.device
        self.made: dict[str, int] = {}

    def matrix(self, name: str, n_in: int, n_out: int, depth: int = 1) -> Tensor:
        """A weight matrix."""
        w = self.weights
        is_down = (n_in, n_out) == (self.h.n_ff, self.h.n_embd)
        size = w.matrix if is_down else min(w.matrix, int(w.unit * n_in * n_out * depth))
        return self._weight(name, size, n_in, n_out, depth)

    def expert(self, name: str, size: int, n_in: int, n_out: int) -> Tensor:
        """A stack of experts."""
        return self._weight(name, size, n_in, n_out, self.h.n_expert)

    def vector(self, name: str, *shape: int) -> Tensor:
        """Numbers of 4 bytes: a norm, a bias, a table."""
        return self._weight(name, 4 * prod(shape), *shape)

    def _weight(self, name: str, size: int, *shape: int) -> Tensor:
        full = name if name.endswith((".weight", ".bias")) else f"{name}.weight"
        self.made[full] = prod(shape)
        return self.graph.weight(self.place.of(full), size, *shape)


def hadamard(graph: Graph, x: Tensor, rotation: Tensor | None, *, contiguous: bool = True) -> Tensor:
    """Rotation of a query, key or value before it meets a quantised cache (llama_mul_mat_hadamard)."""
    if rotation is None:
        return x
    n = rotation.dim(0)
    rows = x.dim(0) * x.dim(1) * x.dim(2) // n
    flat = graph.view(x, n, rows) if contiguous else graph.cont(x, n, rows)
    return graph.view(graph.mul_mat(rotation, flat), *x.shape)


def embedding(graph: Graph, h: HyperParameters, device: int, batch: Batch) -> Tensor:
    """Rows of the token table."""
    tokens = graph.input("i32", batch.tokens)
    direct = graph.input("f32", h.n_embd, batch.tokens)
    x = graph.get_rows(graph.weight(device, 0, h.n_embd, h.n_vocab), tokens)
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
        out = graph.flash_attention(q, k, v, bias, *extra, head=v.dim(0), layer_device=layer.device)
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


def feed_forward(graph: Graph, layer: Layer, x: Tensor, width: int, suffix: str = "") -> Tensor:
    """Dense feed-forward: up, gate, SwiGLU, down. The experts that every token goes through are named "_shexp"."""
    n_embd = layer.h.n_embd
    up = graph.mul_mat(layer.matrix(f"ffn_up{suffix}", n_embd, width), x)
    gate = graph.mul_mat(layer.matrix(f"ffn_gate{suffix}", n_embd, width), x)
    act = graph.op("f32", gate.shape, gate, up)
    return graph.mul_mat(layer.matrix(f"ffn_down{suffix}", width, n_embd), act)


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
    probs = graph.like(graph.mul_mat(layer.matrix("ffn_gate_inp", h.n_embd, h.n_expert), x))
    if routing.gating == "sqrt_softplus":
        probs = graph.like(probs)
    choice = (
        graph.like(probs, layer.vector("exp_probs_b.bias", h.n_expert)) if routing.biased and chosen is None else probs
    )
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
    w = layer.weights
    up = graph.mul_mat_id(layer.expert("ffn_up_exps", w.up, h.n_embd, h.n_ff_exp), x, chosen)
    gate = graph.mul_mat_id(layer.expert("ffn_gate_exps", w.gate, h.n_embd, h.n_ff_exp), x, chosen)
    act = graph.op("f32", gate.shape, gate, up)
    down = graph.mul_mat_id(layer.expert("ffn_down_exps", w.down, h.n_ff_exp, h.n_embd), act, chosen)
    out = graph.like(down, weights)
    graph.expand(out)
    parts = [graph.view(out, h.n_embd, tokens) for _ in range(used)]
    graph.expand(*parts)
    total = parts[0]
    for part in parts[1:]:
        total = graph.like(total, part)
        graph.expand(total)
    return total if used > 1 else graph.cont(total)
