"""The tensors of one llama.cpp compute graph, in the order in which ggml lists them: sizes and links, no data.

A `Graph` is filled by calls that mirror ggml's (`mul_mat`, `view`, `expand`, ...): whatever decides a buffer's size is
kept (shape, type, who reads whom, what is a view of what, on which device a weight lies), everything else is left out.
Source: ggml.c and ggml-alloc.c of llama.cpp 0c1e57098.
"""

from __future__ import annotations

from math import prod

# Bytes per element; rows of quantised types are whole blocks here, so that fractions add up to whole bytes.
TYPE_BYTES: dict[str, float] = {
    "f32": 4.0,
    "f16": 2.0,
    "bf16": 2.0,
    "i32": 4.0,
    "i64": 8.0,
    "q8_0": 34 / 32,
    "q5_1": 24 / 32,
    "q5_0": 22 / 32,
    "q4_1": 20 / 32,
    "q4_0": 18 / 32,
    "iq4_nl": 18 / 32,
}

# What a tensor is to the allocator.
COMPUTED, VIEW, INPUT, LEAF, WEIGHT, CACHE = range(6)


class Tensor:
    """One tensor.

    Attributes:
        shape: up to four dimensions, the first one contiguous; trailing ones are left out.
        size: bytes; of a view 0, or what a copy of it takes where its rows are not neighbours.
        src: the tensors it is computed from.
        root: the tensor that a view lies in; itself otherwise.
        device: where a weight or cache lies or where a node is pinned; -1 lets the scheduler decide.
        where: the scheduler's decision.
        users, views, address, is_kept: the allocator's notes: readers and views to come, memory, never given back.
        in_place: the operation may write over its source.
        follows_weights: the scheduler moves the operation to its weights (all but ROPE and FLASH_ATTN_EXT).
        batch: rows by which a GPU decides whether copying a weight over pays; 0 never.
    """

    __slots__ = (
        "address", "batch", "device", "follows_weights", "in_place", "is_kept", "is_listed", "kind", "root",
        "shape", "size", "src", "type", "users", "views", "where",
    )  # fmt: skip

    def __init__(
        self,
        kind: int,
        type_: str,
        shape: tuple[int, ...],
        src: tuple[Tensor, ...] = (),
        *,
        size: int = -1,
        root: Tensor | None = None,
        device: int = -1,
        in_place: bool = False,
    ) -> None:
        if shape[-1] == 1:
            shape = _trimmed(shape)
        elements = prod(shape)
        self.kind = kind
        self.type = type_
        self.shape = shape
        self.src = src
        self.size = size if size >= 0 else int(elements * TYPE_BYTES[type_])
        self.root = root or self
        self.device = device
        self.in_place = in_place
        self.follows_weights = True
        self.batch = elements // shape[0] if elements else 0
        self.is_listed = self.is_kept = False
        self.where = device if kind >= WEIGHT else -1
        self.address = -1
        self.users = self.views = 0

    def dim(self, i: int) -> int:
        """Size of dimension `i` (1 beyond the last)."""
        return self.shape[i] if i < len(self.shape) else 1


def _trimmed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Without trailing dimensions of one."""
    while len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


class Graph:
    """Nodes and leaves in ggml's order.

    Attributes:
        pins: norms are pinned to their layer's device (full offload, or less than 32 tokens).
        fused: attention in one operation, with its layer's device.
    """

    def __init__(self, *, pins: bool) -> None:
        self.nodes: list[Tensor] = []
        self.leaves: list[Tensor] = []
        self.pins = pins
        self.fused: list[tuple[Tensor, int]] = []

    # --- sources ---

    def input(self, type_: str, *shape: int) -> Tensor:
        """A graph input: filled by the processor before every batch."""
        return Tensor(INPUT, type_, shape)

    def leaf(self, type_: str, *shape: int) -> Tensor:
        """A tensor that nobody computes (a constant written by its first user)."""
        return Tensor(LEAF, type_, shape)

    def weight(self, device: int, size: int, *shape: int) -> Tensor:
        """A weight of `size` bytes that lies on `device`."""
        return Tensor(WEIGHT, "f32", shape, size=size, device=device)

    def cache(self, device: int, type_: str, *shape: int) -> Tensor:
        """A KV cache or state of a layer."""
        return Tensor(CACHE, type_, shape, device=device)

    # --- operations ---

    def op(self, type_: str, shape: tuple[int, ...], *src: Tensor) -> Tensor:
        """Any operation with a result of its own."""
        return Tensor(COMPUTED, type_, shape, src)

    def like(self, first: Tensor, *others: Tensor) -> Tensor:
        """An element-wise operation with the shape of its first source, which it may overwrite (add, mul, norm, scale ...)."""
        return Tensor(COMPUTED, first.type, first.shape, (first, *others), in_place=True)

    def rope(self, x: Tensor, positions: Tensor) -> Tensor:
        """Rotary positions."""
        t = self.like(x, positions)
        t.follows_weights = False
        return t

    def view(self, x: Tensor, *shape: int) -> Tensor:
        """A view: reshape, permute, transpose or a part."""
        return Tensor(VIEW, x.type, shape, (x,), size=0, root=x.root)

    def part(self, x: Tensor, row: int, *shape: int) -> Tensor:
        """A view of a part of every row of `row` numbers: a copy for another device keeps the gaps between them."""
        t = self.view(x, *shape)
        t.size = int(TYPE_BYTES[x.type] * (prod(shape) // shape[0] * row - (row - shape[0])))
        return t

    def mul_mat(self, a: Tensor, b: Tensor) -> Tensor:
        """Matrix product: (a.rows, b.rows, ...)."""
        return Tensor(COMPUTED, "f32", (a.dim(1), b.dim(1), b.dim(2), b.dim(3)), (a, b))

    def mul_mat_id(self, experts: Tensor, x: Tensor, ids: Tensor) -> Tensor:
        """Product with the chosen experts of a stack: (rows, experts used, tokens)."""
        t = Tensor(COMPUTED, "f32", (experts.dim(1), ids.dim(0), x.dim(2)), (experts, x, ids))
        t.batch = x.dim(2)
        return t

    def get_rows(self, table: Tensor, ids: Tensor, type_: str = "f32") -> Tensor:
        """Rows by number."""
        t = Tensor(COMPUTED, type_, (table.dim(0), ids.dim(0), ids.dim(1), ids.dim(2)), (table, ids))
        t.batch = 0
        return t

    def set_rows(self, target: Tensor, rows: Tensor, ids: Tensor) -> Tensor:
        """Write rows into `target`; the result is a view of it."""
        return Tensor(COMPUTED, target.type, target.shape, (rows, ids, target), size=0, root=target.root)

    def concat(self, a: Tensor, b: Tensor, dim: int) -> Tensor:
        """Two tensors behind each other."""
        shape = [a.dim(i) for i in range(4)]
        shape[dim] += b.dim(dim)
        return Tensor(COMPUTED, a.type, tuple(shape), (a, b))

    def cont(self, x: Tensor, *shape: int) -> Tensor:
        """A contiguous copy."""
        return Tensor(COMPUTED, x.type, shape or x.shape, (x,))

    def sum_rows(self, x: Tensor) -> Tensor:
        """Sums over the first dimension."""
        return Tensor(COMPUTED, "f32", (1, *x.shape[1:]), (x,))

    def flash_attention(self, q: Tensor, *others: Tensor, head: int, layer_device: int) -> Tensor:
        """Attention in one operation; q is (head, tokens, heads)."""
        t = Tensor(COMPUTED, "f32", (head, q.dim(2), q.dim(1)), (q, *others))
        t.follows_weights = False
        self.fused.append((t, layer_device))
        return t

    def norm(self, x: Tensor, weight: Tensor | None, layer_device: int = -1) -> Tensor:
        """RMS norm and its weight; the norm itself is pinned to the layer's device when everything is offloaded."""
        t = self.like(x)
        if weight is None:
            return t
        if self.pins:
            t.device = layer_device
        return self.like(t, weight)

    def expand(self, *tensors: Tensor) -> None:
        """List tensors with everything they need, sources first (ggml_build_forward_expand); weights need no place."""
        for t in tensors:
            if t.is_listed:
                continue
            t.is_listed = True
            for s in t.src:
                if not s.is_listed:
                    self.expand(s)
            if t.src:
                self.nodes.append(t)
            elif t.kind < WEIGHT:
                self.leaves.append(t)
