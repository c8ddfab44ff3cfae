"""ggml's scheduler over one graph: which device computes what, and what is copied between devices.

Ports the passes of ggml_backend_sched_split_graph (ggml-backend.cpp of llama.cpp 0c1e57098) as far as they decide
buffer sizes. Devices are numbered as the engine's backends: GPUs in order, the processor last.
"""

from __future__ import annotations

from collections.abc import Iterable

from launcher.planner.graph.tensors import COMPUTED, INPUT, LEAF, VIEW, WEIGHT, Graph, Tensor

# From this many tokens on a GPU copies a weight over from RAM rather than leave the work to the processor.
OFFLOAD_FROM_ROWS = 32

# Stands for the scheduler's "do not free this before the copy is made" nodes.
KEEP = Tensor(LEAF, "f32", (0,), size=0)

# Tensors in the order of allocation, each with its sources (copies in place of what lies elsewhere).
Order = list[tuple[Tensor, tuple[Tensor, ...]]]


def assign(graph: Graph, cpu: int, *, offloads: bool) -> None:
    """Set `where` of every tensor."""
    if cpu == 0:
        for t in (*graph.leaves, *graph.nodes):
            t.where = 0
        return
    for t in graph.leaves:
        t.where = _first_choice(t, cpu, offloads=offloads)
    working: list[Tensor] = []
    for t in graph.nodes:
        t.where = _first_choice(t, cpu, offloads=offloads)
        if t.kind == COMPUTED:
            working.append(t)
    for skip in (cpu, -2):
        _spread(working, skip)
        _spread(reversed(working), skip)
    for t in graph.nodes:  # pass 4
        if t.where < 0:
            t.where = t.root.where
        for s in t.src:
            if s.where < 0:
                s.where = s.root.where if s.kind == VIEW else t.where


def _first_choice(t: Tensor, cpu: int, *, offloads: bool) -> int:
    """Pass 1: pinned, in a buffer already, an input, or drawn to its weights."""
    if t.device >= 0:
        return t.device
    root = t.root
    if root.kind >= WEIGHT:
        return root.device
    if t.kind == INPUT:
        return cpu
    if t.follows_weights:
        for s in t.src:
            if s.kind == WEIGHT:
                return 0 if offloads and s.device == cpu and t.batch >= OFFLOAD_FROM_ROWS else s.device
    return -1


def _spread(nodes: Iterable[Tensor], skip: int) -> None:
    """Pass 2: a node without a device takes its neighbour's; `skip` is a device that does not spread."""
    current = -1
    for t in nodes:
        at = t.where
        if at >= 0:
            current = -1 if at == skip else at
        elif current >= 0:
            t.where = current


def split(graph: Graph) -> tuple[Order, list[Tensor]]:
    """Pass 5: the order of allocation, and the copies of what comes from another device."""
    order: Order = []
    copied: dict[tuple[Tensor, int], Tensor] = {}
    pending: Order = []
    at, has_inputs = -1, False
    for t in graph.nodes:
        src = t.src
        if t.kind == VIEW:
            pending.append((t, src))
            continue
        device = t.where
        foreign = [s for s in src if s.where != device]
        if device != at or (has_inputs and foreign and any(s.kind == WEIGHT for s in foreign)):
            order += pending
            pending = []
            at, has_inputs = device, False
        for s in foreign:
            if (s, device) not in copied:
                copy = Tensor(LEAF, s.type, s.shape, size=s.size or -1)
                copy.where = device
                copied[s, device] = copy
                # Copies are made where the split begins: before everything in it.
                order += [(KEEP, (s,)), (copy, ())]
                has_inputs = True
        if foreign:
            src = tuple(copied[s, device] if s.where != device else s for s in src)
        pending.append((t, src))
    order += pending
    return order, list(copied.values())
