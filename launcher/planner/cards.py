"""Which cards a model is tried on: those that may hold all of it, and those worth sharing it with the RAM."""

from __future__ import annotations

from collections.abc import Iterator

from launcher.core.plans import Wishes
from launcher.planner import pace
from launcher.planner.fitting import Levers, whole
from launcher.planner.layout import Loader
from launcher.planner.machine_view import View
from launcher.planner.wanted import SMALLEST_CONTEXT, levers_of, target_of
from launcher.planner.worth import ANSWER_TOKENS, PROMPT_TOKENS

# A card that reads hardly faster than the processor does only adds hand-overs.
_WORTH_A_CARD = 1.3
# One that reads less than this share of what the best one reads may cost more than its memory is worth.
_MUCH_SLOWER = 0.5


def card_sets(loader: Loader, wishes: Wishes) -> Iterator[tuple[View, ...]]:
    """Sets of cards that may hold everything, the fewest and fastest first: each further card is one more hand-over.

    Sets that come together have to be compared: one card that holds everything, and faster ones that do so together.
    """
    view = loader.view
    if len(view.gpus) == 1 or wishes.tensor_split is not None or not loader.can_leave_cards:
        yield (view,)
        return
    budgets = [g.budget_bytes for g in view.gpus]
    smallest = levers_of(wishes, min(SMALLEST_CONTEXT, target_of(loader, wishes)), "q4_0")
    seconds = [_turn_seconds(loader.on(view.only((i,))), smallest) for i in range(len(budgets))]
    order = sorted(range(len(budgets)), key=lambda i: (seconds[i], -budgets[i]))
    need = loader.ends(loader.cache(smallest.n_ctx, smallest.kv_type, smallest.n_ubatch), 0)[-1]
    single = next((i for i in order if budgets[i] >= need), None)
    enough = next((k for k in range(2, len(order)) if sum(budgets[i] for i in order[:k]) >= need), len(order))
    several = [view.only(order[:k]) for k in sorted({enough, min(enough + 1, len(order)), len(order)})]
    if single is not None and single != order[0]:
        yield (view.only((single,)), *several)
        return
    if single is not None:
        yield (view.only((single,)),)
    yield from ((cards,) for cards in several)


def _turn_seconds(loader: Loader, levers: Levers) -> float:
    """A prompt and its answer with everything on these cards."""
    layout = whole(loader, levers)
    return pace.prefill_seconds(loader, layout, PROMPT_TOKENS) + ANSWER_TOKENS * layout.token_s


def useful_cards(loader: Loader, wishes: Wishes) -> Iterator[tuple[View, ...]]:
    """Cards to share with the RAM; where not all of them can hold their buffers, again without the smallest.

    Sets that come together have to be compared: with and without cards that read hardly faster than the processor, or much
    more slowly than the others: they get whole blocks and hold the others up.
    """
    view = loader.view
    if wishes.tensor_split is not None or view.unified or not view.gpus or not loader.can_leave_cards:
        yield (view,)
        return
    everything: tuple[int, ...] = tuple(range(len(view.gpus)))
    floor = _WORTH_A_CARD * loader.host_device.bandwidth_bytes_s
    fast = tuple(i for i, d in enumerate(loader.devices) if d.bandwidth_bytes_s >= floor)
    is_needed = loader.weights_bytes > view.only(fast).room_bytes
    cards: tuple[int, ...] = everything if is_needed or not fast else fast
    sets: set[tuple[int, ...]] = {everything, cards}
    while cards:
        best = max(loader.devices[i].bandwidth_bytes_s for i in cards)
        quick = tuple(i for i in cards if loader.devices[i].bandwidth_bytes_s >= _MUCH_SLOWER * best)
        yield tuple(view.only(some) for some in sorted({*sets, cards, quick}))
        smallest = min(cards, key=lambda i: view.gpus[i].budget_bytes)
        cards = tuple(i for i in cards if i != smallest)
        sets = set()


def has_fast_card(loader: Loader) -> bool:
    """A card reads clearly faster than the processor."""
    return any(d.bandwidth_bytes_s >= _WORTH_A_CARD * loader.host_device.bandwidth_bytes_s for d in loader.devices)


def is_held_up(used: Loader, loader: Loader) -> bool:
    """Of the cards in use one is slower than the processor, or much slower than the machine's best: less of it may be more."""
    best = max((d.bandwidth_bytes_s for d in loader.devices), default=0.0)
    floor = max(loader.host_device.bandwidth_bytes_s, _MUCH_SLOWER * best)
    return any(d.bandwidth_bytes_s < floor for d in used.devices)
