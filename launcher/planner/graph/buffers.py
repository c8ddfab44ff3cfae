"""Compute buffers of a placement: simulated once per shape and pattern of places, then scaled to batch and context."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from launcher.core.models import KvLayout
from launcher.planner.graph.allocator import buffer_bytes
from launcher.planner.graph.blocks import Batch, Place, Weights
from launcher.planner.graph.build import Shape, Steps, graph_of
from launcher.planner.graph.scheduler import assign

# Every tensor of the plain architectures grows in proportion to the tokens of a batch: one size stands for all.
_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Placed:
    """A model's shape and where its layers lie.

    Attributes:
        ends: where the token table and the output lie.
        is_offloaded: all layers and the output are on GPUs.
        copies: of graph inputs.
        weights: those in RAM that the first GPU copies over for large batches; None where it never does.
    """

    shape: Shape
    steps: Steps
    n_gpus: int
    ends: Place
    is_offloaded: bool
    copies: int
    weights: Weights | None


def buffers(placed: Placed, batch: Batch) -> tuple[int, ...]:
    """Compute buffer bytes per device, the processor's last."""
    is_proportional = placed.shape.layout is not KvLayout.COMPRESSED and batch.flash and batch.outputs == 1
    if placed.weights is not None or not is_proportional:
        return _simulated(placed, batch)
    at = _simulated(placed, replace(batch, tokens=_TOKENS))
    return tuple(-(-n * batch.tokens // _TOKENS) for n in at)


@lru_cache(maxsize=1024)
def is_fused_in_place(placed: Placed, batch: Batch) -> bool:
    """Whether every layer's fused attention would be computed on the layer's own device; llama.cpp uses it only then.

    It tries with one token (llama_context::resolve_fused_ops). Weights that lie elsewhere can draw the operation away.
    """
    tried = replace(batch, tokens=1, outputs=1, flash=True)
    graph = graph_of(placed.shape, tried, placed.steps, placed.ends, pins=True, weights=Weights())
    assign(graph, placed.n_gpus, offloads=False)
    return all(t.where == device for t, device in graph.fused)


@lru_cache(maxsize=4096)
def _simulated(placed: Placed, batch: Batch) -> tuple[int, ...]:
    weights = placed.weights or Weights()
    graph = graph_of(
        placed.shape,
        batch,
        placed.steps,
        placed.ends,
        pins=placed.is_offloaded,
        weights=weights,
    )
    offloads = placed.weights is not None
    return tuple(buffer_bytes(graph, placed.n_gpus, copies=placed.copies, offloads=offloads))
