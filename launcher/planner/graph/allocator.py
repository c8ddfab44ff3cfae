"""ggml's graph allocator: how large the devices' buffers grow while tensors are taken and given back in order.

Ports ggml_gallocr_reserve_n and ggml_dyn_tallocr (ggml-alloc.c of llama.cpp 0c1e57098): leaves first, then node by
node its sources and itself; an operation may take over the buffer of a source that nobody else needs; otherwise best
fit among the free blocks, else the last block, which grows.
"""

from __future__ import annotations

from bisect import bisect_left

from launcher.planner.graph.scheduler import KEEP, Order, assign, split
from launcher.planner.graph.tensors import INPUT, WEIGHT, Graph, Tensor

ALIGNMENT = 32


def buffer_bytes(graph: Graph, n_gpus: int, *, copies: int, offloads: bool) -> list[int]:
    """Compute buffer of every device in bytes, the processor's last.

    Args:
        graph: with all nodes listed.
        n_gpus: GPUs of the load.
        copies: of every graph input (4 with pipeline parallelism, else 1).
        offloads: GPUs work on weights in RAM by copying them over (op offload).
    """
    assign(graph, n_gpus, offloads=offloads)
    order, copied = split(graph)
    buffers = _Buffers(n_gpus + 1)
    if copies > 1:
        for t in (*(t for t in graph.leaves if t.kind == INPUT), *copied):
            for _ in range(copies - 1):
                buffers.arenas[t.where].take(_padded(t.size))
            buffers.take(t, ())
            t.is_kept = True
    for t in graph.leaves:
        buffers.take(t, ())
    buffers.run(order)
    _unlink(graph, order)
    return [a.peak for a in buffers.arenas]


def _unlink(graph: Graph, order: Order) -> None:
    """End the cycles of tensors that are their own root: thousands are freed at once, without the garbage collector."""
    for t in graph.leaves:
        t.root = KEEP
    for t, src in order:
        t.root = KEEP
        for s in src:
            s.root = KEEP


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


class Arena:
    """One device's buffer. `peak` is its size in bytes."""

    __slots__ = ("_ends", "_starts", "peak")

    def __init__(self) -> None:
        # Free blocks by address. The last one is the room beyond everything taken.
        self._starts = [0]
        self._ends = [1 << 62]
        self.peak = 0

    def take(self, size: int) -> int:
        """Address for `size` bytes (a multiple of the alignment)."""
        starts, ends = self._starts, self._ends
        best, best_size = -1, 1 << 62
        for i in range(len(starts) - 1):
            room = ends[i] - starts[i]
            if size <= room <= best_size:
                best, best_size = i, room
        at = starts[best]  # -1: the last block
        end = at + size
        if end == ends[best]:
            del starts[best], ends[best]
        else:
            starts[best] = end
        if end > self.peak:
            self.peak = end
        return at

    def give(self, at: int, size: int) -> None:
        """Give `size` bytes back; neighbouring free blocks become one."""
        if not size:
            return
        starts, ends = self._starts, self._ends
        i = bisect_left(starts, at)
        end = at + size
        joins_next = i < len(starts) and starts[i] == end
        if i and ends[i - 1] == at:
            if joins_next:
                ends[i - 1] = ends[i]
                del starts[i], ends[i]
            else:
                ends[i - 1] = end
        elif joins_next:
            starts[i] = at
        else:
            starts.insert(i, at)
            ends.insert(i, end)


class _Buffers:
    """The walk over the graph. A tensor's `address` is -1 while it has no memory of its own."""

    def __init__(self, n_devices: int) -> None:
        self.arenas = [Arena() for _ in range(n_devices)]

    def take(self, t: Tensor, src: tuple[Tensor, ...]) -> None:
        """Memory for a tensor, unless it has some or lies in another's."""
        if t.address >= 0 or t.root is not t or t.kind >= WEIGHT or t is KEEP:
            return
        if t.in_place:
            for s in src:
                if (
                    s.address >= 0
                    and s.users == 1
                    and not s.views
                    and not s.is_kept
                    and s.shape == t.shape
                    and s.type == t.type
                    and s.size == t.size  # a copy of a view keeps its gaps: another layout
                ):
                    t.address, s.address = s.address, -1
                    t.where = s.where
                    return
        t.address = self.arenas[t.where].take(_padded(t.size))

    def _give(self, t: Tensor) -> None:
        if t.address >= 0 and not t.is_kept:
            self.arenas[t.where].give(t.address, _padded(t.size))
            t.address = -1

    def run(self, order: Order) -> None:
        """All nodes in order."""
        for t, src in order:
            if t.root is not t:
                t.root.views += 1
            for s in src:
                s.users += 1
        for t, src in order:
            if t.root is t:
                self.take(t, src)
            for s in src:
                s.users -= 1
                if s.users or s.views:
                    continue
                root = s.root
                if root is s:
                    self._give(s)
                else:
                    root.views -= 1
                    if not root.views and not root.users:
                        self._give(root)
