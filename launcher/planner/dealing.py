"""Blocks dealt to several cards, in order: into the room that each has, or by shares as llama.cpp deals them.

`ends` are sums over blocks: `ends[i]` the bytes of blocks [0, i), the output being the block after the last.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from launcher.core.units import MIB

# Cards whose bandwidth differs by less than this are filled alike; a faster one is filled first.
_SAME_SPEED = 1.02
# How closely they are filled alike: a layer of most models is larger.
_EVEN_BYTES = 32 * MIB


def by_share(shares: Sequence[float], n: int) -> tuple[int, ...]:
    """Blocks per card as llama.cpp deals them: block j of n to the first card whose running share is over j / n."""
    total = sum(shares) or 1.0
    ends = [min(n, max(0, math.ceil(n * s / total - 1e-6))) for s in accumulate(shares)]
    return tuple(b - a for a, b in zip([0, *ends], ends, strict=False))


def spread(
    ends: list[int], first: int, rooms: Sequence[int], bandwidths_bytes_s: Sequence[float]
) -> tuple[int, ...] | None:
    """Blocks from `first` on: faster cards are filled first, and cards of one speed to the same share of their room.

    Args:
        ends: the sums.
        first: index of the first block to deal.
        rooms: bytes free per card.
        bandwidths_bytes_s: per card.

    Returns:
        Blocks per card; None when some are left over.
    """
    best = _fill(ends, first, rooms)
    if best is None or len(rooms) == 1:
        return best
    shares = [0.0] * len(rooms)
    for group in _alike(bandwidths_bytes_s):
        for i in group:
            shares[i] = 1.0
        if _fill(ends, first, _parts(rooms, shares)) is not None:
            return _evened(ends, first, rooms, shares, group) or best
    return best


def _alike(bandwidths_bytes_s: Sequence[float]) -> list[list[int]]:
    """Cards of about one speed together, the fastest first."""
    groups: list[list[int]] = []
    for i in sorted(range(len(bandwidths_bytes_s)), key=lambda i: -bandwidths_bytes_s[i]):
        lead = bandwidths_bytes_s[groups[-1][0]] if groups else 0.0
        if groups and lead <= _SAME_SPEED * bandwidths_bytes_s[i]:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def _evened(
    ends: list[int], first: int, rooms: Sequence[int], shares: list[float], group: list[int]
) -> tuple[int, ...] | None:
    """The cards of a group filled to the smallest common share that still holds everything."""
    best = _fill(ends, first, _parts(rooms, shares))
    low, high = 0.0, 1.0
    while (high - low) * max(rooms[i] for i in group) > _EVEN_BYTES:
        share = (low + high) / 2
        for i in group:
            shares[i] = share
        counts = _fill(ends, first, _parts(rooms, shares))
        if counts is None:
            low = share
        else:
            best, high = counts, share
    return best


def _parts(rooms: Sequence[int], shares: Sequence[float]) -> list[float]:
    return [room * share for room, share in zip(rooms, shares, strict=True)]


def _fill(ends: list[int], first: int, rooms: Sequence[float]) -> tuple[int, ...] | None:
    """Blocks from `first` on, in order, onto cards with so much room each; None when some are left over."""
    counts: list[int] = []
    at = first
    for room in rooms:
        end = max(at, bisect_right(ends, ends[at] + room) - 1)
        counts.append(end - at)
        at = end
    return tuple(counts) if at == len(ends) - 1 else None
