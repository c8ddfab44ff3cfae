"""Finds the placement: every way of laying the model out at every sensible lever, and of those that fit the best one.

What is tried, each measured by the same formulas and judged by `worth`:

1. everything on the GPUs, on the fewest and fastest cards that hold it, with the largest context up to the target; then
   the KV cache in q8_0, a smaller ubatch and at last q4_0, where those buy context;
2. mixture of experts: attention, shared experts and KV on the GPUs, routed experts of the first N blocks in RAM, down to
   single tensors of the next block; 3. the last layers on the GPUs, the others in RAM; 4. the processor alone. Of these
   the best is tried again with larger ubatches: weights in RAM are copied to the card once per ubatch of a prompt;
5. paging from disk, when the RAM is short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from launcher.core.plans import Goal, Wishes
from launcher.planner import pace
from launcher.planner.cards import card_sets, has_fast_card, is_held_up, useful_cards
from launcher.planner.fitting import Levers, experts_out, fixed, layers_in, layers_out, whole
from launcher.planner.layout import Layout, Loader
from launcher.planner.machine_view import View
from launcher.planner.wanted import (
    DEFAULT_BATCH,
    SMALLEST_CONTEXT,
    contexts_of,
    kv_types,
    levers_of,
    squeezes,
    target_of,
)
from launcher.planner.worth import GOOD_CONTEXT, PROMPT_TOKENS, USABLE_TOKENS_S, worth

STEP = 1024
_LARGER_UBATCHES = (1024, 2048)
# A shorter context frees next to nothing when the cache is smaller than this share of the weights.
_SMALL_KV_SHARE = 0.03
# Without being asked, the cache takes no more than this share of the RAM that can be used.
_KV_SHARE_OF_RAM = 1 / 3
# How often a search is repeated with what the exact buffers leave, and how close estimates need not be corrected.
_CORRECTIONS, _CLOSE_BYTES = 3, 48 * 2**20
# Another set of cards is looked at exactly too where the estimate puts it so close to the best one.
_CLOSE_VALUE = 0.85
_TINY_CARD_BYTES = 2**29
# Paging is offered while it is still usable.
SLOWEST_PAGING_TOKENS_S = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """The chosen placement.

    Attributes:
        loader: the model on the devices that are used.
        disk_s: seconds per token for reading from disk, 0 when all is in memory.
    """

    loader: Loader
    layout: Layout
    fits: bool
    disk_s: float = 0.0

    @property
    def decode_tokens_s(self) -> float:
        """Tokens per second."""
        return 1.0 / (self.layout.token_s + self.disk_s)


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


def search(loader: Loader, wishes: Wishes, *, is_exact: bool = True) -> Found:
    """The best placement under the wishes; when nothing fits, the one that misses least, with `fits` False.

    Args:
        loader: the model on the machine.
        wishes: levers fixed by hand are obeyed, the others searched.
        is_exact: the compute buffers of the choice are simulated as the engine allocates them; where they differ from
            the estimate, the search is repeated with what is really left. False is for ranking many files quickly.
    """
    if not is_exact:
        return _estimated(loader, wishes, is_quick=True)[0]
    best, rival = _corrected(loader, wishes)
    gpus = loader.view.gpus
    least = min(range(len(gpus)), key=lambda i: gpus[i].budget_bytes, default=0)
    if rival is None and len(gpus) > 1 and gpus[least].budget_bytes < _TINY_CARD_BYTES:
        # A tiny card may spoil it: its buffers leave room for next to nothing.
        rival = loader.view.only([i for i in range(len(gpus)) if i != least])
    if rival is None:
        return best
    other, _ = _corrected(loader.on(rival), wishes)
    return max(best, other, key=lambda f: _rank(f, wishes))


def _corrected(loader: Loader, wishes: Wishes) -> tuple[Found, View | None]:
    """The best placement with exact buffers, and other cards that may turn out better."""
    found, rival = _estimated(loader, wishes)
    best = _checked(loader.view, found)
    more: dict[int | None, int] = {}
    for _ in range(_CORRECTIONS):
        change = {i: max(n, more.get(i, n)) if not best.fits else n for i, n in _beyond(found, wishes).items()}
        if change == more or _is_settled(found, best, change):
            break
        more = change
        found, _ = _estimated(loader.on(_with_room(loader.view, more)), wishes)
        best = max(best, _checked(loader.view, found), key=lambda f: _rank(f, wishes))
    return best, rival


def _rank(found: Found, wishes: Wishes) -> tuple[bool, bool, tuple[float, float]]:
    return found.fits, not found.disk_s, _value_of(found, wishes)


def _is_settled(found: Found, best: Found, change: dict[int | None, int]) -> bool:
    """Knowing the exact buffers would not change the choice: they are close, or much more than they is missing."""
    if best.fits != found.fits:
        return False
    missing = best.layout.missing_gpu_bytes + best.layout.missing_host_bytes
    return all(abs(n) <= _CLOSE_BYTES for n in change.values()) or missing > sum(map(abs, change.values()))


def _checked(view: View, found: Found) -> Found:
    """A placement with the exact buffers, on the cards as they are."""
    used = {g.index for g in found.loader.view.gpus}
    loader = found.loader.on(view.only([i for i, g in enumerate(view.gpus) if g.index in used]))
    setting = found.layout.setting
    layout = loader.measure(setting, loader.buffers(setting, exact=True))
    if layout.fits or layout.missing_gpu_bytes or not found.disk_s:
        return Found(loader, layout, layout.fits)
    disk_s = pace.disk_seconds(loader, layout)
    if disk_s is None:
        return Found(loader, layout, fits=False)
    paged = Found(loader, layout, True, disk_s)
    return paged if paged.decode_tokens_s >= SLOWEST_PAGING_TOKENS_S else Found(loader, layout, fits=False)


def _beyond(found: Found, wishes: Wishes) -> dict[int | None, int]:
    """What the exact buffers take beyond the estimate, by GPU of the machine (None: the RAM).

    Less than estimated is of interest only where something is outside of the cards or the context is short.
    """
    s, loader = found.layout.setting, found.loader
    exact, estimated = loader.buffers(s, exact=True), loader.buffers(s)
    more: dict[int | None, int] = {None: exact.host - estimated.host}
    for gpu, a, b in zip(loader.view.gpus, exact.gpus, estimated.gpus, strict=True):
        more[gpu.index] = a - b
    is_all_there = not found.disk_s and found.fits and s.n_gpu_layers > loader.n_layer and not s.expert_layers_on_cpu
    if is_all_there and s.n_ctx >= target_of(loader, wishes):
        return {i: max(0, n) for i, n in more.items()}
    return more


def _with_room(view: View, more: dict[int | None, int]) -> View:
    """The machine with budgets changed by what the estimates miss."""
    for place, gpu in enumerate(view.gpus):
        view = view.less(more.get(gpu.index, 0), place)
    return view.less(more.get(None, 0), None)


def _value_of(found: Found, wishes: Wishes) -> tuple[float, float]:
    s = found.layout.setting
    prompt_s = pace.prefill_seconds(found.loader, found.layout, PROMPT_TOKENS)
    return worth(s.n_ctx, s.kv_type, s.kv_type_v, s.n_ubatch, 1 / found.decode_tokens_s, prompt_s, wishes)


def _estimated(loader: Loader, wishes: Wishes, *, is_quick: bool = False) -> tuple[Found, View | None]:
    """The best placement by estimated buffers, and other cards that come close; quick leaves out levers of little effect."""
    candidates = list(_candidates(loader, wishes, is_quick=is_quick))
    fitting = [c for c in candidates if c.layout.fits]
    if fitting:
        best = max(fitting, key=lambda c: value(c, wishes)) if len(fitting) > 1 else fitting[0]
        rival = None if is_quick else _rival(loader.view, best, fitting, wishes)
        best = best if is_quick else _better_prompts(best, wishes)
        return Found(best.loader, best.layout, fits=True), rival
    paged = [
        Found(c.loader, c.layout, fits=True, disk_s=seconds)
        for c in candidates
        if not c.layout.missing_gpu_bytes and (seconds := pace.disk_seconds(c.loader, c.layout)) is not None
    ]
    usable = [p for p in paged if p.decode_tokens_s >= SLOWEST_PAGING_TOKENS_S]
    if usable:
        is_long = wishes.goal is Goal.LONGEST_CONTEXT  # every token of context would be read again from the disk
        return max(usable, key=lambda p: p.decode_tokens_s if is_long else _value_of(p, wishes)[0]), None
    least = min(candidates, key=lambda c: c.layout.missing_gpu_bytes + c.layout.missing_host_bytes)
    return Found(least.loader, least.layout, fits=False), None


def _rival(view: View, best: Candidate, fitting: list[Candidate], wishes: Wishes) -> View | None:
    """The cards of the best candidate on other cards than the best one, where estimates may have chosen wrongly."""
    used = _cards_of(best)
    others = [c for c in fitting if _cards_of(c) != used and _cards_of(c)]
    if not others:
        return None
    other = max(others, key=lambda c: value(c, wishes))
    if value(other, wishes)[0] < _CLOSE_VALUE * value(best, wishes)[0]:
        return None
    return view.only([i for i, g in enumerate(view.gpus) if g.index in _cards_of(other)])


def _cards_of(c: Candidate) -> tuple[int, ...]:
    return tuple(g.index for g in c.loader.view.gpus)


def value(c: Candidate, wishes: Wishes) -> tuple[float, float]:
    """What a candidate is worth."""
    s = c.layout.setting
    prompt_s = pace.prefill_seconds(c.loader, c.layout, PROMPT_TOKENS)
    return worth(s.n_ctx, s.kv_type, s.kv_type_v, s.n_ubatch, c.layout.token_s, prompt_s, wishes)


def _candidates(loader: Loader, wishes: Wishes, *, is_quick: bool) -> Iterator[Candidate]:
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
    budget = sum(g.budget_bytes for g in loader.view.gpus)
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


def _better_prompts(best: Candidate, wishes: Wishes) -> Candidate:
    """The same way with larger ubatches, where weights in RAM are copied over for every one of them."""
    view = best.loader.view
    streams = view.gpus and not view.unified and best.layout.host.weights > best.loader.facts.token_embd_bytes
    if not streams or wishes.n_ubatch is not None or not best.layout.setting.n_gpu_layers:
        return best
    tries = [best]
    for n_ubatch in _LARGER_UBATCHES:
        if n_ubatch <= (wishes.n_batch or DEFAULT_BATCH):
            tries.append(best.at(replace(best.levers, n_ubatch=n_ubatch)))
    return max((c for c in tries if c.layout.fits), key=lambda c: value(c, wishes))
