"""How figures are printed. GB (10^9) for downloads and disks, GiB (2^30) for memory, always labelled."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.core.words import say

GIB = 2**30
MIB = 2**20
GB = 10**9


def gb(size_bytes: float, digits: int = 1) -> str:
    """Decimal size of a file or disk: "19.9 GB"; below 0.1 GB in MB."""
    if size_bytes < GB / 10:
        return f"{size_bytes / 1e6:.1f} MB" if size_bytes < 1e7 else f"{size_bytes / 1e6:.0f} MB"
    return f"{size_bytes / GB:.{digits}f} GB"


def gib(size_bytes: float, digits: int = 1) -> str:
    """Binary size of memory: "24.0 GiB"; below 0.1 GiB in MiB."""
    if size_bytes < GIB / 10:
        return f"{size_bytes / MIB:.0f} MiB"
    return f"{size_bytes / GIB:.{digits}f} GiB"


def rate(tokens_s: float) -> str:
    """Tokens per second with about two significant figures: "0.42", "2.5", "38"."""
    if tokens_s < 1:
        return f"{tokens_s:.2g}"
    return f"{tokens_s:.1f}" if tokens_s < 10 else f"{tokens_s:.0f}"


def whole(number: int) -> str:
    """A count with separators: "24,576"."""
    return f"{number:,}"


def duration(seconds: float) -> str:
    """A length of time in the two largest units: "45 s", "2 min 40 s", "3 h 5 min"."""
    total = round(seconds)
    if total < 60:
        return say("{n} s", n=total)
    if total < 3600:
        minutes, rest = divmod(total, 60)
        return say("{n} min {rest} s", n=minutes, rest=rest) if rest else say("{n} min", n=minutes)
    hours, rest = divmod(total // 60, 60)
    if hours < 48:
        return say("{n} h {rest} min", n=hours, rest=rest) if rest else say("{n} h", n=hours)
    return say("{n} days", n=hours // 24)


def rounded_parts(parts: Sequence[float], total: float, digits: int = 1) -> list[float]:
    """Round parts so that they add up to the rounded total (largest remainder).

    Args:
        parts: quantities in any unit; `sum(parts)` should equal `total`.
        total: what the printed parts must add up to.
        digits: decimals printed.

    Returns:
        As many rounded parts, whose sum is `round(total, digits)`.
    """
    scale = 10**digits
    floors = [int(p * scale) for p in parts]
    missing = round(round(total, digits) * scale) - sum(floors)  # round() of a product would disagree at x.x5
    order = sorted(range(len(parts)), key=lambda i: floors[i] - parts[i] * scale)
    for i in order[: max(0, missing)]:
        floors[i] += 1
    return [f / scale for f in floors]
