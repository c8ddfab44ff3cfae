"""Who takes which role of a recommendation: the best answers, the smartest, the fastest, the longest context, the biggest."""

from __future__ import annotations

from dataclasses import replace

from launcher.core.models import Variant
from launcher.core.plans import Goal, Wishes
from launcher.planner.ranking import COMFORT_THINKING_TOKENS_S, STANDARD_QUANTS
from launcher.planner.shop import Candidate, Shop, hoped_quality
from launcher.planner.worth import USABLE_TOKENS_S

_LEVEL = 0.02
# Files of one model that are tried for the longest context.
_LONGEST_TRIES = 4
_RAM_LEFT_FOR_BIGGEST = 2**30
# The fastest model must still be of use: first among those nearly as good and clearly faster, else among lesser ones.
_NEARLY_AS_GOOD, _CLEARLY_FASTER, _OF_USE = 0.80, 1.5, 0.55


def balanced_of(runs: list[Candidate], wishes: Wishes) -> Candidate | None:
    """The best answers at a comfortable speed; whatever runs when nothing is comfortable."""
    good = _good(runs, wishes)
    usable = [c for c in good if c.speed >= USABLE_TOKENS_S] or good or runs
    if not usable:
        return None
    best_of: dict[str, Candidate] = {}
    for c in usable:
        if c.variant.id not in best_of or c.standing.balance > best_of[c.variant.id].standing.balance:
            best_of[c.variant.id] = c
    top = max(c.standing.balance for c in best_of.values())
    level = [c for c in best_of.values() if c.standing.balance >= top * (1 - _LEVEL)]
    chosen = max(level, key=lambda c: (c.variant.params_total, c.variant.released, c.standing.balance))
    # Of one model's nearly level standard files the smallest: a shorter download that leaves more memory to others.
    level = [
        c
        for c in usable
        if c.variant is chosen.variant
        and c.quant.name in STANDARD_QUANTS
        and c.standing.balance >= chosen.standing.balance * (1 - _LEVEL)
    ]
    if chosen.quant.name in STANDARD_QUANTS:
        level = [c for c in level if c.context >= chosen.context]
        return min([chosen, *level], key=lambda c: c.quant.file_bytes)
    return min(level or [chosen], key=lambda c: c.quant.file_bytes)


def biggest_of(variants: tuple[Variant, ...], runs: list[Candidate], shop: Shop) -> Candidate | None:
    """The most parameters that really run and leave some RAM; of the same size the one that answers best."""

    def leaves_room(c: Candidate) -> bool:
        used = c.found.layout.ram_bytes
        used += sum(b.total for b in c.found.layout.gpus) if shop.seen.unified else 0
        return shop.seen.ram_budget_bytes - used >= _RAM_LEFT_FOR_BIGGEST

    tight: Candidate | None = None
    for size in sorted({v.params_total for v in variants}, reverse=True):
        own = [v for v in variants if v.params_total == size]
        files = sorted(
            ((v, q) for v in own for q in shop.offered(v) if shop.may_fit(v, q)), key=lambda f: -hoped_quality(*f)
        )
        known = {(c.variant.id, id(c.quant)): c for c in runs if c.variant.params_total == size}
        for variant, quant in files:
            c = known.get((variant.id, id(quant))) or shop.candidate(variant, quant)
            if not c.runs or c.context < min(shop.wishes.min_context, variant.context_train):
                continue
            if leaves_room(c):
                exact = shop.placed(variant, quant, c.loader, shop.wishes, is_exact=True)
                if exact.runs:
                    return exact
            tight = tight or c
    return tight


def other_roles(runs: list[Candidate], balanced: Candidate | None, shop: Shop) -> dict[str, Candidate]:
    """The candidate of every role but the biggest; a role is absent where nothing fits it."""
    if balanced is None:
        return {}
    good = _good(runs, shop.wishes)
    picks = {
        Goal.BALANCED: balanced,
        Goal.SMARTEST: _smartest(good),
        Goal.FASTEST: _fastest(good, balanced),
        Goal.LONGEST_CONTEXT: _longest(good, balanced, shop),
    }
    return {goal.value: c for goal, c in picks.items() if c is not None}


def _good(runs: list[Candidate], wishes: Wishes) -> list[Candidate]:
    """Candidates that may stand for their model: well kept, with a score and enough context."""
    return [c for c in runs if c.standing.is_well_kept and c.standing.quality and c.context >= wishes.min_context]


def _smartest(good: list[Candidate]) -> Candidate | None:
    """The highest quality at any speed of 1 token/s or more; speed decides among nearly level files only."""
    return max(
        good,
        key=lambda c: (
            round(c.standing.worth * min(c.speed, COMFORT_THINKING_TOKENS_S) ** 0.03, 3),
            c.variant.released,
            c.speed,
        ),
        default=None,
    )


def _fastest(good: list[Candidate], balanced: Candidate) -> Candidate | None:
    """Clearly faster and nearly as good; else faster and still of use; else the balanced choice."""
    quality = balanced.standing.quality
    near = [
        c
        for c in good
        if c.standing.quality >= _NEARLY_AS_GOOD * quality and c.speed >= _CLEARLY_FASTER * balanced.speed
    ]
    lesser = [c for c in good if c.standing.quality >= _OF_USE * quality and c.speed > balanced.speed]
    pool = near or lesser or [balanced]
    top = max(c.speed for c in pool)
    # A few more tokens per second are not worth a lesser model, nor a lesser file of it.
    close = [c for c in pool if c.speed >= 0.8 * top]
    return max(close, key=lambda c: (c.variant.score or 0.0, c.standing.worth * c.speed**0.15))


def _longest(good: list[Candidate], balanced: Candidate, shop: Shop) -> Candidate | None:
    """The longest context at a usable speed, from models nearly as good as the balanced choice."""
    good = [c for c in good if c.standing.quality >= _NEARLY_AS_GOOD * balanced.standing.quality] or [balanced]
    aim = replace(shop.wishes, goal=Goal.LONGEST_CONTEXT)
    best: Candidate | None = None
    tried: dict[str, int] = {}
    # Longest first by what the model allows; a candidate that cannot beat the best one is not searched, nor are more
    # than a few files of one model.
    for c in sorted(good, key=lambda c: (-c.variant.context_train, -c.standing.balance)):
        tried[c.variant.id] = tried.get(c.variant.id, 0) + 1
        if tried[c.variant.id] > _LONGEST_TRIES:
            continue
        if best and (c.variant.context_train, c.standing.balance) <= (best.context, best.standing.balance):
            continue
        long = shop.placed(c.variant, c.quant, c.loader, aim)
        if not long.runs or long.speed < USABLE_TOKENS_S:
            continue
        if best is None or (long.context, long.standing.balance) > (best.context, best.standing.balance):
            best = long
    if best is None:
        return None
    exact = shop.placed(best.variant, best.quant, best.loader, aim, is_exact=True)
    return exact if exact.runs else None
