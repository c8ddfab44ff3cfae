"""Finds the placement: as much as fits on the GPUs, experts before whole layers in RAM, the largest sensible context.

Order of preference, each measured by the same formulas:

1. everything on the GPUs, with the largest context up to the target; the KV cache becomes q8_0 only where that buys a
   usable context (below 16,384 tokens otherwise, and at least a quarter more with it);
2. mixture of experts: attention, shared experts and KV on the GPUs, routed experts of the first N blocks in RAM;
3. the last layers on the GPUs, the others in RAM; 4. the processor alone; 5. paging from disk.

The fastest one wins, where a placement with a longer context may cost a tenth of the speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from launcher.core.models import KvLayout
from launcher.core.plans import Goal, Wishes
from launcher.planner.layout import Layout, Loader

TARGET_CONTEXT = 32_768
GOOD_CONTEXT = 16_384
STEP = 1024
SMALLEST_CONTEXT = 2048
_SMALL_KV_SHARE = 0.03
_WORTHWHILE_GAIN = 1.25
DEFAULT_UBATCH, DEFAULT_BATCH = 512, 2048
# Paging is offered while it is still usable.
SLOWEST_PAGING_TOKENS_S = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """The chosen placement. `disk_s`: seconds per token for reading from disk, 0 when all is in memory."""

    layout: Layout
    fits: bool
    disk_s: float = 0.0

    @property
    def decode_tokens_s(self) -> float:
        """Tokens per second."""
        return 1.0 / (self.layout.token_s + self.disk_s)


def search(loader: Loader, wishes: Wishes) -> Found:
    """The best placement under the wishes; when nothing fits, the one that misses least, with `fits` False."""
    candidates = list(_candidates(loader, wishes))
    fitting = [c for c in candidates if c.fits]
    if fitting:
        return Found(max(fitting, key=lambda c: _value(c, wishes)), fits=True)
    paged = [
        Found(c, fits=True, disk_s=seconds)
        for c in candidates
        if not c.missing_gpu_bytes and (seconds := loader.disk_seconds(c)) is not None
    ]
    usable = [p for p in paged if p.decode_tokens_s >= SLOWEST_PAGING_TOKENS_S]
    if usable:
        return max(usable, key=lambda p: p.decode_tokens_s)
    return Found(min(candidates, key=lambda c: c.missing_gpu_bytes + c.missing_host_bytes), fits=False)


def ubatch_of(wishes: Wishes) -> int:
    """Tokens per ubatch: as wished, never more than a batch (llama.cpp cuts it down itself)."""
    return min(wishes.n_ubatch or DEFAULT_UBATCH, wishes.n_batch or DEFAULT_BATCH)


def _value(layout: Layout, wishes: Wishes) -> tuple[float, float]:
    """Speed, with a longer context worth up to about a tenth of it; the longest context first when that is the goal."""
    ctx = layout.setting.n_ctx
    if wishes.goal is Goal.LONGEST_CONTEXT:
        return float(ctx), 1.0 / layout.token_s
    enough = 1.0 if ctx >= wishes.min_context else ctx / wishes.min_context / 4
    return enough * min(ctx, TARGET_CONTEXT) ** 0.08 / layout.token_s, float(ctx)


@dataclass(frozen=True, slots=True)
class _Tries:
    """The levers that stay the same while one search tries the others."""

    loader: Loader
    wishes: Wishes
    contexts: tuple[int, ...]

    @property
    def every(self) -> int:
        """All layers and the output."""
        return self.loader.n_layer + 1

    def place(self, ctx: int, n_gpu_layers: int, experts: int, kv_type: str | None = None) -> Layout:
        """Measure a placement."""
        w = self.wishes
        kind = kv_type or w.kv_type or "f16"
        return self.loader.place(ctx, kind, n_gpu_layers, experts, ubatch_of(w), w.tensor_split)

    def held(self, ctx: int, n_gpu_layers: int, experts: int) -> bool:
        """Whether the GPUs hold their part of it."""
        w = self.wishes
        return self.loader.cards_hold(ctx, w.kv_type or "f16", n_gpu_layers, experts, ubatch_of(w), w.tensor_split)


def _candidates(loader: Loader, wishes: Wishes) -> Iterator[Layout]:
    tries = _Tries(loader, wishes, _contexts(loader, wishes))
    if wishes.n_gpu_layers is not None or wishes.expert_layers_on_cpu is not None or not loader.view.gpus:
        yield from _with_fixed_levers(tries)
        return
    is_enough = False
    for layout in _all_on_gpus(tries):
        yield layout
        wanted = min(wishes.min_context, tries.contexts[0])
        is_enough |= layout.fits and (layout.setting.n_ctx >= wanted or wishes.context is not None)
    if is_enough and wishes.goal is not Goal.LONGEST_CONTEXT:
        return
    is_enough = False
    for ctx in tries.contexts:
        for layout in _shared_with_ram(tries, ctx):
            yield layout
            is_enough |= layout.fits and _kv_bytes(layout) < _SMALL_KV_SHARE * loader.facts.weights_bytes
        if is_enough:
            return  # a shorter context would free next to nothing


def _kv_bytes(layout: Layout) -> int:
    return layout.host.kv + sum(b.kv for b in layout.gpus)


def _all_on_gpus(tries: _Tries) -> Iterator[Layout]:
    """Everything on the GPUs with the largest context, and once more with a q8_0 cache where that is worth it."""
    loader, wishes = tries.loader, tries.wishes
    smallest = min(SMALLEST_CONTEXT, tries.contexts[-1])
    if not tries.held(smallest, tries.every, 0):
        return
    full = _largest_context(lambda ctx: tries.place(ctx, tries.every, 0), tries.contexts, wishes)
    yield full
    is_long = wishes.goal is Goal.LONGEST_CONTEXT
    if full.setting.n_ctx >= (tries.contexts[0] if is_long else min(GOOD_CONTEXT, tries.contexts[0])):
        return
    if wishes.kv_type or wishes.context is not None or loader.facts.kv_layout is KvLayout.MLA_LEGACY:
        return
    squeezed = _largest_context(lambda ctx: tries.place(ctx, tries.every, 0, "q8_0"), tries.contexts, wishes)
    gain = 1.0 if is_long else _WORTHWHILE_GAIN
    if squeezed.fits and squeezed.setting.n_ctx >= gain * full.setting.n_ctx:
        yield squeezed


def _shared_with_ram(tries: _Tries, ctx: int) -> Iterator[Layout]:
    """Experts in RAM before whole layers, then as many layers as the GPUs hold, then the processor alone."""
    n_layer, every = tries.loader.n_layer, tries.every
    has_experts = tries.loader.facts.hyper.n_expert > 0
    if has_experts:
        layout = tries.place(ctx, every, _least(lambda n: tries.held(ctx, every, n), 0, n_layer))
        yield layout
        if not layout.missing_gpu_bytes:
            return
    outside = n_layer if has_experts else 0
    yield tries.place(ctx, every - _least(lambda n: tries.held(ctx, every - n, outside), 0, every), outside)
    yield tries.place(ctx, 0, 0)


def _with_fixed_levers(tries: _Tries) -> Iterator[Layout]:
    """Levers set by hand are obeyed exactly; the other one is searched."""
    loader, every = tries.loader, tries.every
    layers, experts = tries.wishes.n_gpu_layers, tries.wishes.expert_layers_on_cpu
    for ctx in tries.contexts:
        if not loader.view.gpus:
            yield tries.place(ctx, layers or 0, experts or 0)
        elif layers is not None and experts is not None:
            yield tries.place(ctx, layers, experts)
        elif layers is not None:
            last = loader.n_layer if loader.facts.hyper.n_expert else 0
            yield tries.place(ctx, layers, _least(lambda n, c=ctx, g=layers: tries.held(c, g, n), 0, last))
        else:
            fixed = experts or 0
            away = _least(lambda n, c=ctx, e=fixed: tries.held(c, every - n, e), 0, every)
            yield tries.place(ctx, every - away, fixed)


def _contexts(loader: Loader, wishes: Wishes) -> tuple[int, ...]:
    """Contexts to try, largest first. A wished context is taken as it is, up to the model's limit times one."""
    limit = loader.facts.context_train
    if wishes.context is not None:
        return (wishes.context,)
    if wishes.goal is Goal.LONGEST_CONTEXT:
        steps = [c for c in (1_048_576, 524_288, 262_144, 163_840, 131_072, 98_304, 65_536) if c < limit]
        return (limit, *steps, *(c for c in (TARGET_CONTEXT, GOOD_CONTEXT, wishes.min_context) if c < limit))
    wanted = [min(c, limit) for c in (TARGET_CONTEXT, GOOD_CONTEXT, wishes.min_context)]
    return tuple(sorted(set(wanted), reverse=True))


def _largest_context(place: Callable[[int], Layout], contexts: tuple[int, ...], wishes: Wishes) -> Layout:
    """The largest context that fits, in steps of 1,024; the smallest tried one when none does."""
    top = place(contexts[0])
    if top.fits or wishes.context is not None:
        return top
    low, high = min(SMALLEST_CONTEXT, contexts[-1]) // STEP, contexts[0] // STEP
    best = place(low * STEP)
    if not best.fits:
        return best
    while high - low > 1:
        middle = (low + high) // 2
        layout = place(middle * STEP)
        if layout.fits:
            best, low = layout, middle
        else:
            high = middle
    return best


def _least(is_enough: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest n in [low, high] that is enough (more is always enough too); `high` when none is."""
    while low < high:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle + 1
    return low
