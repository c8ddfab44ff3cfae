"""The levers of the ladder: each makes settings that need less, from least to most given up; and what a setting takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from launcher.core.models import KvLayout
from launcher.core.plans import Placement, Wishes
from launcher.planner import pace
from launcher.planner.fitting import shared
from launcher.planner.layout import Layout, Loader, Setting
from launcher.planner.machine_view import View
from launcher.planner.search import SLOWEST_PAGING_TOKENS_S, Found
from launcher.planner.wanted import SMALLEST_CONTEXT

Lever = Callable[[Loader, Setting, int | None, Wishes], Iterator[Setting]]
"""(model, setting, the short card's position or None for the RAM, wishes) -> smaller settings."""

UNSQUEEZED = ("f32", "f16", "bf16")
_SMALLER_UBATCHES = (256, 128)
_STEP = 256  # llama.cpp rounds contexts up to it
_PARTS = 16  # layers and experts give way by this part of all of them
_KV_BLOCK = 32  # rows of a quantised cache are blocks of so many values


def levers_of(wishes: Wishes) -> tuple[tuple[Lever, bool], ...]:
    """All of them in the order of what they cost the user, each with whether it was set by hand."""
    is_context, is_layers = wishes.context is not None, wishes.n_gpu_layers is not None
    return (
        (_shorter, is_context),
        (_squeezed, wishes.kv_type is not None or wishes.kv_type_v is not None),
        (_smaller_batches, wishes.n_ubatch is not None),
        (_fewer_experts, are_experts_fixed(wishes)),
        (_fewer_layers, is_layers),
        (on_processor, is_layers),
        (_shortest, is_context),
    )


def are_experts_fixed(wishes: Wishes) -> bool:
    """Where the experts are was set by hand."""
    return wishes.expert_layers_on_cpu is not None or wishes.boundary_experts_on_cpu is not None


def _shorter(loader: Loader, at: Setting, place: int | None, wishes: Wishes) -> Iterator[Setting]:
    del loader, place
    while (n := half(at.n_ctx)) >= wishes.min_context:
        at = replace(at, n_ctx=n)
        yield at


def _squeezed(loader: Loader, at: Setting, place: int | None, wishes: Wishes) -> Iterator[Setting]:
    del place, wishes
    h = loader.facts.hyper
    is_even = not h.head_dim_k % _KV_BLOCK and not h.head_dim_v % _KV_BLOCK
    # A quantised cache would push the old MLA layout's attention to the processor.
    if is_even and loader.facts.kv_layout is not KvLayout.MLA_LEGACY and at.kv_type in UNSQUEEZED:
        yield replace(at, kv_type="q8_0", kv_type_v="q8_0")


def _smaller_batches(loader: Loader, at: Setting, place: int | None, wishes: Wishes) -> Iterator[Setting]:
    del loader, place, wishes
    for n in _SMALLER_UBATCHES:
        if n < at.n_ubatch:
            yield replace(at, n_ubatch=n)


def _fewer_experts(loader: Loader, at: Setting, place: int | None, wishes: Wishes) -> Iterator[Setting]:
    del wishes
    if place is None or not loader.has_experts or not at.n_gpu_layers:
        return
    first = max(at.expert_layers_on_cpu, loader.first_offloaded(at.n_gpu_layers))
    for n in _counts(loader.n_layer - first, loader.n_layer):
        yield replace(at, expert_layers_on_cpu=loader.n_layer - n, boundary=())


def _fewer_layers(loader: Loader, at: Setting, place: int | None, wishes: Wishes) -> Iterator[Setting]:
    """The short card gives blocks to the RAM, the others keep theirs."""
    del wishes
    if place is None or place >= len(at.counts):
        return
    held = at.counts[place]
    for n in _counts(held, loader.n_layer):
        counts = (*at.counts[:place], n, *at.counts[place + 1 :])
        if sum(counts):
            yield replace(at, counts=counts, n_gpu_layers=at.n_gpu_layers - held + n)


def on_processor(loader: Loader, at: Setting, place: int | None, wishes: Wishes) -> Iterator[Setting]:
    """Where the RAM holds it: a step that cannot be taken would keep those set by hand from being tried."""
    del wishes
    alone = replace(at, n_gpu_layers=0, expert_layers_on_cpu=0, boundary=(), counts=())
    if place is not None and at.n_gpu_layers and found_at(loader, alone, may_page=True).fits:
        yield alone


def _shortest(loader: Loader, at: Setting, place: int | None, wishes: Wishes) -> Iterator[Setting]:
    """Shorter than is useful: better than no model at all."""
    del loader, wishes
    while place is None and (n := half(at.n_ctx)) >= SMALLEST_CONTEXT:
        at = replace(at, n_ctx=n)
        yield at


def _counts(held: int, n_layer: int) -> range:
    """From one part less than held down to 0."""
    part = max(1, n_layer // _PARTS)
    return range(held - part, -1, -part)


def half(n_ctx: int) -> int:
    """Half a context, in the steps that the engine allocates."""
    return n_ctx // 2 // _STEP * _STEP


# --- settings and plans ---


def used_cards(seen: View, placement: Placement) -> View | None:
    """The cards of a placement; None when one of them is not there (any more)."""
    if not placement.n_gpu_layers:
        return seen.only(())
    if not placement.devices:
        n = len(placement.tensor_split) or 1
        return seen if n == len(seen.gpus) else None
    places = [i for name in placement.devices for i, g in enumerate(seen.gpus) if g.engine_device == name]
    return seen.only(places) if len(places) == len(placement.devices) else None


def setting_of(loader: Loader, p: Placement) -> Setting:
    """A placement as the planner's levers."""
    counts: tuple[int, ...] = ()
    if p.n_gpu_layers:
        n = min(p.n_gpu_layers, loader.n_layer + 1)
        counts = shared(loader, p.tensor_split, n) if p.tensor_split else (n,)
    return Setting(
        p.n_ctx,
        p.kv_type_k,
        p.kv_type_v,
        min(p.n_ubatch, p.n_batch),
        p.n_gpu_layers,
        p.expert_layers_on_cpu,
        p.boundary_experts_on_cpu,
        counts,
    )


def measured(loader: Loader, setting: Setting) -> Layout:
    """Its bytes with the engine's own buffers."""
    return loader.measure(setting, loader.buffers(setting, exact=True))


def found_at(loader: Loader, setting: Setting, *, may_page: bool) -> Found:
    """Whether a setting fits; weights that page from the disk do where they may, and on the processor alone."""
    on = loader if setting.n_gpu_layers else loader.on(loader.view.only(()))
    layout = measured(on, setting)
    found = Found(on, layout, layout.fits)
    if layout.fits or layout.missing_gpu_bytes or not (may_page or not setting.n_gpu_layers):
        return found
    disk_s = pace.disk_seconds(on, layout)
    paged = replace(found, fits=True, disk_s=disk_s or 0.0)
    return paged if disk_s is not None and paged.decode_tokens_s >= SLOWEST_PAGING_TOKENS_S else found
