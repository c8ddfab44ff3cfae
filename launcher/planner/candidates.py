"""The placements worth looking at: every way of laying a model out at every sensible lever, by estimated buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from launcher.core.plans import Goal, Wishes
from launcher.planner import pace
from launcher.planner.cards import card_sets, has_fast_card, is_held_up, useful_cards
from launcher.planner.fitting import Levers, experts_out, fixed, layers_in, layers_out, whole
from launcher.planner.layout import Layout, Loader
from launcher.planner.wanted import SMALLEST_CONTEXT, contexts_of, kv_types, levers_of, squeezes, target_of
from launcher.planner.worth import GOOD_CONTEXT, PROMPT_TOKENS, USABLE_TOKENS_S, worth

STEP = 1024
# A shorter context frees next to nothing when the cache is smaller than this share of the weights.
_SMALL_KV_SHARE = 0.03
# Without being asked, the cache takes no more than this share of the RAM that can be used.
_KV_SHARE_OF_RAM = 1 / 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A placement and the way it was made, to be made again at other levers."""

    loader: Loader
    layout: Layout
    levers: Levers
    way: Callable[[Loader, Levers], Layout]

    def at(self, levers: Levers) -> Candidate:
        """The same way at other levers."""
        return replace(self, layout=self.way(self.loader, levers), levers=levers)


def value(c: Candidate, wishes: Wishes) -> tuple[float, float]:
    """What a candidate is worth."""
    s = c.layout.setting
    prompt_s = pace.prefill_seconds(c.loader, c.layout, PROMPT_TOKENS)
    return worth(s.n_ctx, s.kv_type, s.kv_type_v, s.n_ubatch, c.layout.token_s, prompt_s, wishes)


def candidates(loader: Loader, wishes: Wishes, *, is_quick: bool) -> Iterator[Candidate]:
    """Placements that may be the best, at least one; what is sure to be worse than one before is left out.

    Args:
        loader: the model on the machine.
        wishes: levers fixed by hand are obeyed.
        is_quick: levers of little effect are left out too.
    """
    is_by_hand = (wishes.n_gpu_layers, wishes.expert_layers_on_cpu, wishes.boundary_experts_on_cpu) != (
        None,
        None,
        None,
    )
    if is_by_hand or not loader.view.gpus:
        yield from _in_ram(loader, wishes, _by_hand(wishes), is_quick=is_quick)
        return
    is_enough = False
    for views in card_sets(loader, wishes):
        on_cards = [c for view in views for c in _all_on(loader.on(view), wishes, is_quick=is_quick)]
        yield from on_cards
        enough = [c.layout.setting.n_ctx for c in on_cards if _is_enough(c, loader, wishes)]
        if max(enough, default=0) >= target_of(loader, wishes):
            return
        is_enough |= bool(enough)
    if is_enough:
        return
    for views in useful_cards(loader, wishes):
        shared = [c for view in views for c in _shared(loader.on(view), wishes, is_quick=is_quick)]
        yield from shared
        on_cards = [c for c in shared if c.layout.setting.n_gpu_layers and not c.layout.missing_gpu_bytes]
        if any(_is_done(c, wishes) for c in on_cards) and has_fast_card(loader):
            return
        if on_cards:
            break
    if loader.can_leave_cards:
        yield from _in_ram(loader.on(loader.view.only(())), wishes, _by_hand(wishes), is_quick=is_quick)


def _ways(loader: Loader) -> tuple[Callable[[Loader, Levers], Layout], ...]:
    """How a model is shared between cards and RAM: experts go to RAM before whole layers, slow cards are spared."""
    sparing = () if has_fast_card(loader) else (layers_in,)
    if not loader.facts.hyper.n_expert:
        return (*sparing, lambda on, at: layers_out(on, at, 0))
    return (
        *sparing,
        lambda on, at: experts_out(on, at, on.n_layer + 1),
        lambda on, at: layers_out(on, at, on.n_layer),
    )


def _shared(loader: Loader, wishes: Wishes, *, is_quick: bool) -> list[Candidate]:
    """Divided between these cards and the RAM: the next way only where one before it does not fit."""
    tried: list[Candidate] = []
    for way in _ways(loader):
        if not any(_is_done(c, wishes) for c in tried) or not has_fast_card(loader):
            tried += _in_ram(loader, wishes, way, is_quick=is_quick)
    return tried


def _is_done(c: Candidate, wishes: Wishes) -> bool:
    """It fits, with the longest context if that is the goal: what is tried later would be slower."""
    is_long = wishes.goal is Goal.LONGEST_CONTEXT
    return c.layout.fits and (not is_long or c.layout.setting.n_ctx >= target_of(c.loader, wishes))


def _is_enough(c: Candidate, loader: Loader, wishes: Wishes) -> bool:
    """On cards as a whole with the least context that is wanted, in a good cache, and no card holds the others up."""
    is_squeezed = c.layout.setting.kv_type == "q4_0" != wishes.kv_type
    if is_squeezed or not _is_done(c, wishes) or is_held_up(c.loader, loader):
        return False
    return c.layout.setting.n_ctx >= min(wishes.min_context, target_of(loader, wishes))


# --- everything on the cards ---


def _all_on(loader: Loader, wishes: Wishes, *, is_quick: bool) -> Iterator[Candidate]:
    """Everything on these cards with the largest context, then with the levers that buy context."""
    budget = sum(loader.rooms_bytes)
    target = target_of(loader, wishes)
    is_long = wishes.goal is Goal.LONGEST_CONTEXT
    wanted = target if is_long or wishes.context is not None else min(GOOD_CONTEXT, target)
    longest = 0
    for kv_type, n_ubatch in squeezes(loader, wishes)[: 2 if is_quick else None]:
        if kv_type == "q4_0" and longest >= (target if is_long else min(wishes.min_context, target)):
            return
        levers = replace(levers_of(wishes, target, kv_type), n_ubatch=n_ubatch)
        smallest = replace(levers, n_ctx=min(SMALLEST_CONTEXT, target))
        cache = loader.cache(smallest.n_ctx, smallest.kv_type, n_ubatch, smallest.kv_type_v)
        if loader.ends(cache, 0)[-1] > budget:
            continue
        found = _largest_context(loader, levers, wishes)
        yield found
        longest = max(longest, found.layout.setting.n_ctx if found.layout.fits else 0)
        if longest >= wanted and not is_long:
            return


def _largest_context(loader: Loader, levers: Levers, wishes: Wishes) -> Candidate:
    """The largest context that fits, in steps of 1,024; the smallest one when none does.

    Memory grows nearly in a straight line with the context, so the next one to try is where that line says.
    """
    top = Candidate(loader, whole(loader, levers), levers, whole)
    if top.layout.fits or wishes.context is not None:
        return top
    low, high = max(1, min(SMALLEST_CONTEXT, levers.n_ctx) // STEP), -(-levers.n_ctx // STEP)
    best = top.at(replace(levers, n_ctx=min(levers.n_ctx, low * STEP)))
    if not best.layout.fits:
        return best
    missing = top.layout.missing_gpu_bytes + top.layout.missing_host_bytes
    grown = max(1, top.layout.kv_bytes - best.layout.kv_bytes)
    guess = int(high - (high - low) * min(1.0, missing / grown))
    while high - low > 1:
        tried = top.at(replace(levers, n_ctx=(at := min(high - 1, max(low + 1, guess))) * STEP))
        if tried.layout.fits:
            best, low, guess = tried, at, at + 1
        else:
            high, guess = at, max(at - 1, (low + at) // 2 if at - low > 8 else at - 1)
    return best


# --- part of it in RAM ---


def _by_hand(wishes: Wishes) -> Callable[[Loader, Levers], Layout]:
    """The way that obeys layers and experts set by hand and searches the other one."""
    layers, experts = wishes.n_gpu_layers, wishes.expert_layers_on_cpu

    def way(on: Loader, at: Levers) -> Layout:
        if not on.view.gpus or layers == 0:
            return fixed(on, at, layers or 0, experts or 0)
        if layers is not None and (experts is not None or not on.facts.hyper.n_expert):
            return fixed(on, at, layers, experts or 0)
        if experts is None:
            return experts_out(on, at, on.n_layer + 1 if layers is None else layers)
        return layers_out(on, at, experts)

    return way


def _in_ram(
    loader: Loader, wishes: Wishes, way: Callable[[Loader, Levers], Layout], *, is_quick: bool
) -> Iterator[Candidate]:
    """One way at every sensible context and KV type."""
    is_long, longest = wishes.goal is Goal.LONGEST_CONTEXT, 0
    tries = list(_levers_to_try(loader, wishes, is_quick=is_quick))
    while tries and tries[0].n_ctx >= longest:
        levers = tries.pop(0)
        c = Candidate(loader, way(loader, levers), levers, way)
        if _is_sane(c, wishes):
            yield c
        if not is_long and _is_hopeless(c):
            tries = tries[-1:]
        if not c.layout.fits:
            continue
        if is_long and c.layout.token_s * USABLE_TOKENS_S <= 1.0:
            longest = levers.n_ctx
        if not is_long and c.layout.kv_bytes < _SMALL_KV_SHARE * loader.weights_bytes:
            return


def _is_hopeless(c: Candidate) -> bool:
    """The weights alone are too much: only what the smallest cache would miss is of interest still."""
    held = c.layout.kv_bytes + c.layout.host.compute + sum(b.compute for b in c.layout.gpus)
    return not c.layout.missing_gpu_bytes and c.layout.missing_host_bytes > held


def _levers_to_try(loader: Loader, wishes: Wishes, *, is_quick: bool) -> Iterator[Levers]:
    """Largest context first, best cache first; q4_0 only where less would not do."""
    contexts = contexts_of(loader, wishes)
    types = kv_types(loader, wishes)[: 1 if is_quick else None]
    if wishes.goal is Goal.LONGEST_CONTEXT:
        yield from (levers_of(wishes, n, t) for n in contexts for t in types[:2])
        return
    yield from (levers_of(wishes, n, types[0]) for n in contexts)
    yield from (levers_of(wishes, n, t) for t in types[1:2] for n in contexts)
    yield from (levers_of(wishes, contexts[-1], t) for t in types[2:])


def _is_sane(c: Candidate, wishes: Wishes) -> bool:
    """A cache in RAM that nobody asked for leaves most of it to the model and to others."""
    if wishes.context is not None or wishes.goal is Goal.LONGEST_CONTEXT:
        return True
    smallest = min(wishes.min_context, target_of(c.loader, wishes))
    return c.layout.setting.n_ctx <= smallest or c.layout.host.kv <= _KV_SHARE_OF_RAM * c.loader.view.ram_budget_bytes
