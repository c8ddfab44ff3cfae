"""Which rows are shown and in which order: search, filters, sorting, the usual sizes of a model. Pure functions."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from enum import Enum

from launcher.ui.models.rows import ModelRow, SizeRow

USUAL_SIZES = ("Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0")
_SHORT_LIST = 6
_FEW = 5


class Order(Enum):
    """How models are sorted; the value is stable for tests."""

    BEST = "best"
    FASTEST = "fastest"
    SMALLEST = "smallest"
    NEWEST = "newest"


class Filter(Enum):
    """A chip above the table."""

    RUNS = "runs"
    INSTALLED = "installed"
    REASONING = "reasoning"
    CODE = "coder"


@dataclass(frozen=True, slots=True)
class View:
    """What the user asked to see. `unfolded`: models whose every size is wanted."""

    query: str = ""
    filters: frozenset[Filter] = frozenset({Filter.RUNS})
    order: Order = Order.BEST
    unfolded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ShownModel:
    """A model as a row of the table.

    Attributes:
        lead: the size whose figures stand in the folded row; None when there is none to speak for the model.
        sizes: rows under it.
        n_more: sizes left out, to be shown on request.
    """

    model: ModelRow
    lead: SizeRow | None
    sizes: tuple[SizeRow, ...]
    n_more: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """The whole table.

    Attributes:
        n_not_running: models left out only because they do not run here.
        n_other_filters: models that match the search but not the chips.
    """

    models: tuple[ShownModel, ...]
    n_not_running: int = 0
    n_other_filters: int = 0
    near: tuple[ModelRow, ...] = field(default=())


def arrange(rows: tuple[ModelRow, ...], view: View, *, has_plans: bool) -> Shown:
    """Apply what the user asked for.

    Args:
        rows: everything.
        view: search, chips, order.
        has_plans: False while this PC is being looked at: then nothing is left out for not running.
    """
    found = [row for row in rows if _matches(row, view.query)]
    wanted = [row for row in found if _passes(row, view.filters)]
    only_running = Filter.RUNS in view.filters and has_plans
    running = [row for row in wanted if row.running or row.installed] if only_running else wanted
    shown = [_shown(row, view, only_running) for row in running]
    if has_plans or view.order in (Order.SMALLEST, Order.NEWEST):
        shown.sort(key=lambda entry: _sort_key(entry, view.order))
    near = () if found else _near(rows, view.query)
    return Shown(tuple(shown), len(wanted) - len(running), len(found) - len(wanted), near)


def _matches(row: ModelRow, query: str) -> bool:
    """Every word of the search is in a name, a tag, or the name of a size."""
    names = [row.id, row.name, *row.tags, *(size.quant for size in row.sizes)]
    if row.variant:
        names.append(row.variant.family)
    text = " ".join(names).lower()
    return all(word in text for word in query.lower().split())


def _passes(row: ModelRow, filters: frozenset[Filter]) -> bool:
    if Filter.INSTALLED in filters and not row.installed:
        return False
    tags = {f.value for f in filters & {Filter.REASONING, Filter.CODE}}
    return tags <= set(row.tags)


def _shown(row: ModelRow, view: View, only_running: bool) -> ShownModel:
    sizes = row.sizes
    if Filter.INSTALLED in view.filters:
        sizes = row.installed
    elif only_running:
        sizes = tuple(size for size in sizes if size.is_running or size.installed)
    lead = _lead(row, sizes, view.order)
    kept = sizes if row.id in view.unfolded else _few(sizes, lead, view.query)
    return ShownModel(row, lead, kept, len(sizes) - len(kept))


def _lead(row: ModelRow, sizes: tuple[SizeRow, ...], order: Order) -> SizeRow | None:
    """What a folded row shows: the size that the order is about; None while nothing is planned."""
    running = tuple(size for size in sizes if size.is_running) or tuple(size for size in sizes if not size.why_not)
    if order in (Order.BEST, Order.NEWEST, Order.FASTEST) and not any(size.plan or size.installed for size in running):
        return None
    if order is Order.FASTEST:
        return max(running, key=_decode_rate, default=None)
    if order is Order.SMALLEST:
        return min(running, key=lambda size: size.file_bytes, default=None)
    return row.best(running)


def _few(sizes: tuple[SizeRow, ...], lead: SizeRow | None, query: str) -> tuple[SizeRow, ...]:
    """The usual sizes, and whatever the user has or may want; all of them when they are few."""
    if len(sizes) <= _SHORT_LIST:
        return sizes
    words = query.lower().split()
    keep = [
        s
        for s in sizes
        if s is lead or s.installed or s.is_recommended or any(word in s.quant.lower() for word in words)
    ]
    for size in sorted((s for s in sizes if s.quant in USUAL_SIZES), key=lambda s: USUAL_SIZES.index(s.quant)):
        if len(keep) < _SHORT_LIST and size not in keep and size.quant not in {k.quant for k in keep}:
            keep.append(size)
    step = max(1, len(sizes) // _FEW)
    for size in sizes[::step]:
        if len(keep) < _FEW and size not in keep:
            keep.append(size)
    return tuple(s for s in sizes if s in keep)


def _decode_rate(size: SizeRow) -> float:
    return size.plan.speed.decode_tokens_s if size.plan and size.plan.fits else 0.0


def _sort_key(entry: ShownModel, order: Order) -> tuple[float, float, str]:
    row, lead = entry.model, entry.lead
    # Models that do not run come after those that do, whatever the order.
    last = 0.0 if lead and lead.is_running else 1.0
    if order is Order.FASTEST:
        return last, -_decode_rate(lead) if lead else 0.0, row.name
    if order is Order.SMALLEST:
        return last, float(lead.file_bytes) if lead else 0.0, row.name
    if order is Order.NEWEST:
        released = row.variant.released if row.variant else ""
        digits = "".join(c for c in released if c.isdigit())[:8].ljust(8, "0")
        return 0.0, -float(digits or 0), row.name
    recommended = any(size.is_recommended for size in row.sizes)
    return last, -1e6 if recommended else -lead.points if lead else 0.0, row.name


def _near(rows: tuple[ModelRow, ...], query: str) -> tuple[ModelRow, ...]:
    by_name = {row.short_name.lower(): row for row in rows}
    close = difflib.get_close_matches(query.strip().lower(), by_name, 1, 0.5)
    return tuple(by_name[name] for name in close)
