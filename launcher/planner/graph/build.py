"""The whole graph of a model at one placement, with long runs of equal layers shortened.

Buffers grow with what is alive at once, so a run of equal layers grows them no further than its first and last few:
the rest is left out. In V3.2 constants of every layer are there from the start and leave room that the next layers
use, each a little differently: all its layers are built. V4's are small: they are kept for all, and given back at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from launcher.core.models import HyperParameters, KvLayout
from launcher.planner.graph.attention_mla import IndexedAttention, LatentAttention
from launcher.planner.graph.attention_plain import PlainAttention
from launcher.planner.graph.attention_v4 import STREAMS, CompressedAttention, mix, unmix
from launcher.planner.graph.blocks import Batch, Layer, Place, Routing, Weights, embedding, experts, feed_forward
from launcher.planner.graph.tensors import Graph, Tensor

EMBEDDING = "token_embd.weight"
_KEPT = 2  # equal layers kept at either end of a run
_KEPT_V4 = 3
_ROUTING = {
    "deepseek": Routing("softmax", biased=False, normed=False, scaled=False),
    "deepseek2": Routing("sigmoid", biased=True, normed=True, scaled=True),
    "deepseek32": Routing("sigmoid", biased=True, normed=True, scaled=True),
    "deepseek4": Routing("sqrt_softplus", biased=True, normed=True, scaled=True),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What makes two layers equal: place, routed experts, compression ratio and hash routing (V4), being the last."""

    place: Place
    routed: bool
    ratio: int = 0
    hashed: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What the graphs of all quantisations of a model share."""

    architecture: str
    layout: KvLayout
    hyper: HyperParameters


# Layers to build, each with the number of equal ones that are left out after it.
Steps = tuple[tuple[Kind, int], ...]


def graph_of(shape: Shape, batch: Batch, steps: Steps, ends: Place, *, pins: bool, weights: Weights) -> Graph:
    """The graph of one batch.

    Args:
        shape: the model.
        batch: its sizes.
        steps: the layers, as `shortened` gives them.
        ends: where the token table and the output lie.
        pins: everything is offloaded: norms are pinned to their layer's device.
        weights: what a GPU copies over from RAM.
    """
    graph = Graph(pins=pins)
    builder = (_V4 if shape.layout is KvLayout.COMPRESSED else _Standard)(graph, shape, batch, ends)
    x = builder.start()
    for kind, left_out in steps:
        x = builder.layer(Layer(graph, shape.hyper, kind.place, weights), kind, x)
        if left_out and isinstance(builder, _V4):
            builder.leave_out(kind.place.device, left_out)
    builder.finish(x, weights.output)
    return graph


def elements_of(shape: Shape, kind: Kind) -> dict[str, int]:
    """The tensors of a layer by their names behind "blk.N.", with their numbers of elements."""
    graph = Graph(pins=False)
    batch = Batch(1, 256, 1, "f16", "f16", flash=True)
    builder = (_V4 if shape.layout is KvLayout.COMPRESSED else _Standard)(graph, shape, batch, Place(0))
    layer = Layer(graph, shape.hyper, kind.place, Weights())
    builder.layer(layer, kind, builder.start())
    return layer.made


def shortened(kinds: Sequence[Kind]) -> Steps:
    """Of a run that repeats with period 1 or 2 only its two ends."""
    steps: list[tuple[Kind, int]] = []
    i, n = 0, len(kinds)
    while i < n:
        end, period = i + 1, 1
        for p in (1, 2):
            stop = i + p
            while stop < n and kinds[stop] == kinds[stop - p]:
                stop += 1
            if stop - i >= 2 * p and stop > end:
                end, period = stop, p
        kept = (_KEPT_V4 if kinds[i].ratio else _KEPT) * period
        out = (end - i - 2 * kept) // period * period
        if out <= 0:
            steps += [(k, 0) for k in kinds[i:end]]
        else:
            steps += [(k, 0) for k in kinds[i : i + kept - 1]]
            steps.append((kinds[i + kept - 1], out if kinds[i].ratio else 0))
            steps += [(k, 0) for k in kinds[i + kept + out : end]]
        i = end
    return tuple(steps)


class _Standard:
    """All architectures but V4: attention and feed-forward with one hidden state."""

    def __init__(self, graph: Graph, shape: Shape, batch: Batch, ends: Place) -> None:
        self.graph, self.shape, self.h, self.batch, self.ends = graph, shape, shape.hyper, batch, ends
        self.routing = _ROUTING.get(shape.architecture)

    def start(self) -> Tensor:
        """Embedding and inputs."""
        x = embedding(self.graph, self.h, self.ends.of(EMBEDDING), self.batch)
        layout = self.shape.layout
        if layout is KvLayout.MLA:
            self.attend = LatentAttention(self.graph, self.h, self.batch)
        elif layout is KvLayout.INDEXED_MLA:
            self.attend = IndexedAttention(self.graph, self.h, self.batch)
        else:
            self.attend = PlainAttention(self.graph, self.h, self.batch, self.shape.architecture)
        self.out_ids = self.graph.input("i32", self.batch.outputs)
        return x

    def layer(self, layer: Layer, kind: Kind, x: Tensor) -> Tensor:
        """One layer."""
        graph, h = self.graph, self.h
        before = x
        cur = self.attend(layer, graph.norm(x, layer.vector("attn_norm", h.n_embd), layer.device))
        if kind.last:
            cur, before = graph.get_rows(cur, self.out_ids), graph.get_rows(before, self.out_ids)
        middle = graph.like(cur, before)
        cur = graph.norm(middle, layer.vector("ffn_norm", h.n_embd), layer.device)
        if kind.routed and self.routing:
            routed = experts(graph, layer, cur, self.routing)
            cur = graph.like(routed, feed_forward(graph, layer, cur, h.n_ff_exp * h.n_expert_shared, "_shexp"))
        else:
            cur = feed_forward(graph, layer, cur, h.n_ff)
        return graph.like(cur, middle)

    def finish(self, x: Tensor, output_bytes: int) -> None:
        """Final norm and output matrix."""
        graph, h, ends = self.graph, self.h, self.ends
        x = graph.like(graph.like(x), graph.weight(ends.of("output_norm.weight"), 4 * h.n_embd, h.n_embd))
        matrix = graph.weight(ends.of("output.weight"), output_bytes, h.n_embd, h.n_vocab)
        graph.expand(graph.mul_mat(matrix, x))


class _V4:
    """V4: four hidden states that mix around every block."""

    def __init__(self, graph: Graph, shape: Shape, batch: Batch, ends: Place) -> None:
        self.graph, self.shape, self.h, self.batch, self.ends = graph, shape, shape.hyper, batch, ends
        self.tokens: Tensor | None = None

    def start(self) -> Tensor:
        """Embedding and inputs; the hidden state once per stream."""
        graph, h, tokens = self.graph, self.h, self.batch.tokens
        x = embedding(graph, h, self.ends.of(EMBEDDING), self.batch)
        self.tokens = x.src[1]
        self.attend = CompressedAttention(graph, h, self.batch)
        self.out_ids = graph.input("i32", self.batch.outputs)
        return graph.op("f32", (h.n_embd, STREAMS, tokens), graph.view(x, h.n_embd, 1, tokens))

    def layer(self, layer: Layer, kind: Kind, x: Tensor) -> Tensor:
        """One layer."""
        graph, h = self.graph, self.h
        cur, after, combine = mix(graph, layer, x, "attn")
        cur = self.attend(layer, graph.norm(cur, layer.vector("attn_norm", h.n_embd), layer.device), kind.ratio)
        x = unmix(graph, cur, x, after, combine)
        cur, after, combine = mix(graph, layer, x, "ffn")
        graph.expand(x, after, combine)
        cur = graph.norm(cur, layer.vector("ffn_norm", h.n_embd), layer.device)
        chosen = None
        if kind.hashed and self.tokens is not None:
            table = layer.vector("ffn_gate_tid2eid", h.n_expert_used, h.n_vocab)
            chosen = graph.get_rows(table, self.tokens, "i32")
        routed = experts(graph, layer, cur, _ROUTING["deepseek4"], chosen)
        cur = graph.like(routed, feed_forward(graph, layer, cur, h.n_ff_exp * h.n_expert_shared, "_shexp"))
        out = unmix(graph, cur, x, after, combine)
        if graph.pins:
            out.device = layer.device
        return out

    def leave_out(self, device: int, n: int) -> None:
        """Zeros of the indexer of the layers that are not built (every second one has it)."""
        rows = min(self.h.indexer_top_k, self.attend.by4.context)
        user = self.graph.op("f32", (1,), self.graph.leaf("f16", n // 2 * rows * self.batch.tokens))
        user.device = device
        self.graph.expand(user)

    def finish(self, x: Tensor, output_bytes: int) -> None:
        """The streams become one again; final norm and output matrix."""
        graph, h, n, ends = self.graph, self.h, self.batch.outputs, self.ends
        rows = graph.get_rows(graph.view(x, h.n_embd * STREAMS, self.batch.tokens), self.out_ids)
        streams = graph.view(rows, h.n_embd, STREAMS, n)
        flat = graph.norm(graph.view(streams, h.n_embd * STREAMS, n), None)
        wide = h.n_embd * STREAMS
        mixes = graph.mul_mat(graph.weight(ends.of("output_hc_fn.weight"), 4 * wide * STREAMS, wide, STREAMS), flat)
        gates = graph.like(graph.like(graph.like(mixes, graph.weight(ends.of("output_hc_base.weight"), 16, STREAMS))))
        parts = [graph.like(graph.view(streams, h.n_embd, n), graph.view(gates, 1, n)) for _ in range(STREAMS)]
        x = parts[0]
        for part in parts[1:]:
            x = graph.like(x, part)
        x = graph.norm(x, graph.weight(ends.of("output_norm.weight"), 4 * h.n_embd, h.n_embd))
        graph.expand(graph.mul_mat(graph.weight(ends.of("output.weight"), output_bytes, h.n_embd, h.n_vocab), x))
