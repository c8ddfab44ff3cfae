"""Ways to lay a model out at given levers, each stepped until the exact buffers fit: as much on the GPUs as they hold.

Every way is a function that picks a setting for so much room per card. The room is the budget less the compute buffers,
and these depend on the setting: it is picked again with the exact buffers until it holds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from launcher.planner import dealing
from launcher.planner.layout import Layout, Loader, Setting
from launcher.planner.memory import KvCache

_ROUNDS = 8
# Parts of a layer's experts that stay in RAM, the fewest bytes first.
_PARTS: tuple[tuple[str, ...], ...] = (("up",), ("up", "gate"))


@dataclass(frozen=True, slots=True)
class Levers:
    """What a way of placing keeps fixed.

    Attributes:
        shares: how cards divide the layers, by hand; None by what they hold.
        boundary: parts of the next layer's experts in RAM, by hand; None as fits.
    """

    n_ctx: int
    kv_type: str = "f16"
    kv_type_v: str = "f16"
    n_ubatch: int = 512
    shares: tuple[float, ...] | None = None
    boundary: tuple[str, ...] | None = None


def whole(loader: Loader, levers: Levers) -> Layout:
    """Everything on the GPUs."""
    return fixed(loader, levers, loader.n_layer + 1, 0)


def fixed(loader: Loader, levers: Levers, n_gpu_layers: int, experts: int) -> Layout:
    """Layers and experts as said; only the split over cards is chosen."""
    boundary = levers.boundary or ()
    setting = _setting(levers, n_gpu_layers, experts, boundary)
    if not n_gpu_layers or not loader.view.gpus:
        return loader.measure(replace(setting, n_gpu_layers=n_gpu_layers if loader.view.gpus else 0))
    first = loader.first_offloaded(n_gpu_layers)
    ends = loader.ends(_cache(loader, levers), experts, boundary)

    def pick(rooms: Sequence[int]) -> Setting | None:
        counts = _dealt(loader, levers, ends, first, rooms)
        return None if counts is None else replace(setting, counts=counts)

    return _settled(loader, levers, pick, setting)


def experts_out(loader: Loader, levers: Levers, n_gpu_layers: int) -> Layout:
    """So many layers on the GPUs with as many of their routed experts as the cards hold, down to parts of a layer."""
    cache, first, n = _cache(loader, levers), loader.first_offloaded(n_gpu_layers), loader.n_layer
    given = levers.boundary or ()

    def pick(rooms: Sequence[int]) -> Setting | None:
        base = loader.ends(cache, 0)
        surplus = base[-1] - base[first] - sum(rooms)
        at_first = loader.routed_bytes(0, first)
        least = (
            bisect_left(range(n + 1), at_first + surplus, key=lambda i: loader.routed_bytes(0, i)) if surplus > 0 else 0
        )
        for experts in range(max(0, least - bool(given)), n + 1):
            counts = _dealt(loader, levers, loader.ends(cache, experts, given), first, rooms)
            if counts is not None:
                found = _setting(levers, n_gpu_layers, experts, given, counts)
                return found if levers.boundary is not None else _with_parts(loader, levers, found, rooms)
        return None

    return _settled(loader, levers, pick, _setting(levers, n_gpu_layers, n, given))


def layers_out(loader: Loader, levers: Levers, experts: int) -> Layout:
    """As many of the last layers on the GPUs as they hold, with routed experts of the first `experts` in RAM."""
    boundary = levers.boundary or ()
    ends = loader.ends(_cache(loader, levers), experts, boundary)

    def pick(rooms: Sequence[int]) -> Setting | None:
        for first in range(bisect_left(ends, ends[-1] - sum(rooms)), loader.n_layer + 1):
            counts = _dealt(loader, levers, ends, first, rooms)
            if counts is not None:
                return _setting(levers, loader.n_layer + 1 - first, experts, boundary, counts)
        return _setting(levers, 0, experts, boundary)

    return _settled(loader, levers, pick, _setting(levers, 0, experts, boundary))


def layers_in(loader: Loader, levers: Levers) -> Layout:
    """As few of the last layers on the GPUs as the RAM has no room for: cards slower than the processor."""
    counts = range(1, loader.n_layer + 1)
    n = bisect_left(counts, True, key=lambda n: not fixed(loader, levers, n, 0).missing_host_bytes)
    return fixed(loader, levers, n + 1, 0)


def _with_parts(loader: Loader, levers: Levers, found: Setting, rooms: Sequence[int]) -> Setting:
    """The last layer whose experts are in RAM with only a part of them there, where that fits."""
    block = found.expert_layers_on_cpu - 1
    first = loader.first_offloaded(found.n_gpu_layers)
    if block < first or not all(loader.part_bytes(block, (p,)) for p in ("up", "gate", "down")):
        return found
    for parts in _PARTS:
        ends = loader.ends(_cache(loader, levers), block, parts)
        counts = _dealt(loader, levers, ends, first, rooms)
        if counts is not None:
            return replace(found, expert_layers_on_cpu=block, boundary=parts, counts=counts)
    return found


def _setting(
    levers: Levers, n_gpu_layers: int, experts: int, boundary: tuple[str, ...], counts: tuple[int, ...] = ()
) -> Setting:
    return Setting(
        levers.n_ctx, levers.kv_type, levers.kv_type_v, levers.n_ubatch, n_gpu_layers, experts, boundary, counts
    )


def _cache(loader: Loader, levers: Levers) -> KvCache:
    return loader.cache(levers.n_ctx, levers.kv_type, levers.n_ubatch, levers.kv_type_v)


def _dealt(loader: Loader, levers: Levers, ends: list[int], first: int, rooms: Sequence[int]) -> tuple[int, ...] | None:
    """Blocks per card within its room, None when they do not fit."""
    if levers.shares is None:
        return dealing.spread(ends, first, rooms, [d.bandwidth_bytes_s for d in loader.devices])
    counts = shared(loader, levers.shares, loader.n_layer + 1 - first)
    at = first
    for count, room in zip(counts, rooms, strict=True):
        if ends[at + count] - ends[at] > room:
            return None
        at += count
    return counts


def shared(loader: Loader, shares: tuple[float, ...], n_gpu_layers: int) -> tuple[int, ...]:
    """Blocks per card by shares set by hand; cards without a share get none."""
    n_gpus = len(loader.view.gpus)
    return dealing.by_share((*shares, *(0.0,) * n_gpus)[:n_gpus], n_gpu_layers)


def _settled(
    loader: Loader, levers: Levers, pick: Callable[[Sequence[int]], Setting | None], otherwise: Setting
) -> Layout:
    """Pick until the exact buffers fit; `otherwise`, with its blocks dealt by budget, shows what is missing."""
    budgets = loader.rooms_bytes
    compute = [0] * len(budgets)
    layout: Layout | None = None
    for _ in range(_ROUNDS):
        setting = pick([max(0, b - c) for b, c in zip(budgets, compute, strict=True)])
        if setting is None:
            break
        layout = loader.measure(setting)
        if not layout.missing_gpu_bytes:
            return layout
        grown = [max(c, held.compute) for c, held in zip(compute, layout.gpus, strict=True)]
        # Buffers that did not grow and still do not fit: give way by what is missing.
        compute = grown if grown != compute else [c + layout.missing_gpu_bytes for c in compute]
    n = otherwise.n_gpu_layers
    counts = shared(loader, levers.shares, n) if levers.shares else dealing.by_share([*map(float, budgets)], n)
    return loader.measure(replace(otherwise, counts=counts))
