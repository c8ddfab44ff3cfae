"""The bytes that a load really took, per device, from llama.cpp's own books.

`llama_get_memory_breakdown` (src/llama-ext.h) is C++ and returns, by value,
`std::map<ggml_backend_buffer_type_t, {size_t model, size_t context, size_t compute}>`. The three standard libraries lay the
map out differently; each walk below checks its own assumptions and the count, and gives up rather than guess.
The map's nodes are not freed: some hundred bytes per load.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from launcher.engine.worker.binding import META, Binding

_SYMBOLS = (
    "_Z26llama_get_memory_breakdownPK13llama_context",
    "?llama_get_memory_breakdown@@YA?AV?$map@PEAUggml_backend_buffer_type@@Ullama_memory_breakdown_data@@"
    "U?$less@PEAUggml_backend_buffer_type@@@std@@V?$allocator@U?$pair@QEAUggml_backend_buffer_type@@"
    "Ullama_memory_breakdown_data@@@std@@@4@@std@@PEBUllama_context@@@Z",
)
_WORD = ctypes.sizeof(ctypes.c_size_t)
_MAX_ENTRIES = 256


@dataclass(frozen=True, slots=True)
class BufferUse:
    """Bytes in one kind of buffer. `device` None is the host."""

    device: str | None
    weights_bytes: int
    context_bytes: int
    compute_bytes: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a standard library keeps a map, in words.

    `left`, `right` and `value` are offsets in a node; `size` is the index of the entry count in the map object.
    """

    words: int
    size: int
    left: int
    right: int
    value: int = 4


_LIBSTDCXX = _Layout(words=6, size=5, left=2, right=3)  # map: cmp, color, parent=root, leftmost, rightmost, count
_LIBCXX = _Layout(words=3, size=2, left=0, right=1)  # map: first, root (in the end node), count
_MSVC = _Layout(words=2, size=1, left=0, right=2)  # map: head, count; node: left, parent, right, color+isnil


def buffer_uses(binding: Binding, context: object) -> tuple[BufferUse, ...]:
    """The breakdown of a context and its model; () when this build's layout is not the expected one."""
    library: Any = binding.llama._lib
    function = next((f for name in _SYMBOLS if (f := getattr(library, name, None)) is not None), None)
    if function is None:
        return ()
    layout = _LIBSTDCXX if sys.platform.startswith("linux") else _LIBCXX if sys.platform == "darwin" else _MSVC

    class Map(ctypes.Structure):
        # Larger than 16 bytes (or not trivially copyable): the C++ ABIs pass a hidden result pointer, as libffi does here.
        _fields_ = [("words", ctypes.c_size_t * max(layout.words, 3))]

    function.restype = Map
    function.argtypes = [ctypes.c_void_p]
    result: Any = function(context)
    words: list[int] = list(result.words)
    count = words[layout.size]
    if count > _MAX_ENTRIES:
        return ()
    root = words[2] if layout is _LIBSTDCXX else words[1] if layout is _LIBCXX else _word(words[0], 1)
    uses = tuple(
        BufferUse(binding.buffer_device(_word(node, layout.value)), *(_word(node, layout.value + i) for i in (1, 2, 3)))
        for node in _walk(root, layout, count)
    )
    return uses if len(uses) == count else ()


def dealt(
    uses: Sequence[BufferUse], names: Sequence[str], shares: Sequence[float], *, is_dry: bool
) -> tuple[BufferUse, ...]:
    """The same with what tensor parallelism holds (META) as entries of its devices.

    A loaded buffer of several devices has the size of its largest part; one of a dry run is not split at all. Small tensors
    that every device holds as a whole (norms) are counted by shares too. Compute buffers are whole on every device.

    Args:
        uses: the breakdown.
        names: of the devices.
        shares: `tensor_split`; () for equal ones.
        is_dry: nothing was allocated.
    """
    parts = list(shares[: len(names)]) or [1.0] * len(names)
    whole = sum(parts) if is_dry else max(parts, default=1.0)
    found: list[BufferUse] = []
    for use in uses:
        if use.device != META:
            found.append(use)
            continue
        for name, part in zip(names, parts, strict=True):
            share = part / whole
            found.append(
                BufferUse(name, int(use.weights_bytes * share), int(use.context_bytes * share), use.compute_bytes)
            )
    return tuple(found)


def _walk(node: int, layout: _Layout, budget: int) -> Iterator[int]:
    """The nodes in order; stops after one more than there can be, so that a wrong layout cannot run away."""
    stack: list[int] = []
    seen = 0
    while seen <= budget and (stack or not _is_end(node, layout)):
        while not _is_end(node, layout) and len(stack) <= budget:
            stack.append(node)
            node = _word(node, layout.left)
        node = stack.pop()
        seen += 1
        yield node
        node = _word(node, layout.right)


def _is_end(node: int, layout: _Layout) -> bool:
    return node == 0 or (layout is _MSVC and ctypes.c_byte.from_address(node + 3 * _WORD + 1).value != 0)


def _word(address: int, index: int) -> int:
    return ctypes.c_size_t.from_address(address + index * _WORD).value
