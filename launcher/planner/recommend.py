"""Ranks the whole catalog for a machine: one recommendation, four alternatives, and why not the others.

Every well-kept file of every model is placed with estimated buffers; the few that are chosen are placed again exactly.
Squeezed files can only be "the biggest that runs", so they are looked at in that order, and only until one runs. Files
that the disk has no room for are not offered. Within 2 % of each other the larger model is taken: published tests cover
maths, code and science, and where those are level the larger one knows more besides. See `ranking` for the judgement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from launcher.core.machine import Machine
from launcher.core.models import KvLayout, Quant, Thinking, Variant
from launcher.core.plans import Goal, Plan, Recommendation, Rejection, Wishes
from launcher.core.words import say
from launcher.planner import plans, role_words
from launcher.planner.layout import Loader
from launcher.planner.machine_view import View
from launcher.planner.ranking import COMFORT_THINKING_TOKENS_S, COMFORT_TOKENS_S, STANDARD_QUANTS, Standing
from launcher.planner.search import Found, search
from launcher.planner.worth import USABLE_TOKENS_S

__all__ = ["COMFORT_THINKING_TOKENS_S", "COMFORT_TOKENS_S", "recommend"]

_SLOWEST = 1.0
_LEVEL = 0.02
# "Why not bigger" names Q4_K_M, which people know, unless a good file is much smaller.
_FAMILIAR_SIZE = 1.3
_LONGEST_TRIES = 4
_RAM_LEFT_FOR_BIGGEST = 2**30
_SMALL_LOSS = 0.01
# The fastest model must still be of use: first among those nearly as good and clearly faster, else among lesser ones.
_NEARLY_AS_GOOD, _CLEARLY_FASTER, _OF_USE = 0.80, 1.5, 0.55


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quantisation with the placement found for it. `standing`: how it is judged."""

    variant: Variant
    quant: Quant
    loader: Loader
    found: Found
    standing: Standing

    @property
    def speed(self) -> float:
        """Tokens per second."""
        return self.found.decode_tokens_s

    @property
    def context(self) -> int:
        """Tokens."""
        return self.found.layout.setting.n_ctx

    @property
    def runs(self) -> bool:
        """In memory, at a speed one can wait for."""
        return self.found.fits and not self.found.disk_s and self.speed >= _SLOWEST


@dataclass(frozen=True, slots=True)
class Shop:
    """Where candidates are made.

    Attributes:
        seen: the machine.
        wishes: of all roles.
        disk_bytes: free on the disk; None when unknown.
        installed: (model, quantisation) that need no download.
    """

    seen: View
    wishes: Wishes
    disk_bytes: int | None
    installed: frozenset[tuple[str, str]]

    def offered(self, variant: Variant) -> list[Quant]:
        """Files that the engine can load, the smallest first."""
        return [q for q in variant.quants if q.loadable and q.facts is not None] if variant.loadable else []

    def has_room(self, variant: Variant, quant: Quant) -> bool:
        """The file is here, or the disk has room for it."""
        is_here = (variant.id, quant.name) in self.installed
        return is_here or self.disk_bytes is None or quant.file_bytes <= self.disk_bytes

    def may_fit(self, variant: Variant, quant: Quant) -> bool:
        """Neither memory nor disk is too small for the file alone."""
        return quant.file_bytes <= self.seen.room_bytes and self.has_room(variant, quant)

    def candidate(self, variant: Variant, quant: Quant, *, is_exact: bool = False) -> Candidate:
        """The file, placed."""
        loader = plans.loader_of(plans.item_of(variant, quant), self.seen, self.wishes)
        return self.placed(variant, quant, loader, self.wishes, is_exact=is_exact)

    def placed(
        self, variant: Variant, quant: Quant, loader: Loader, wishes: Wishes, *, is_exact: bool = False
    ) -> Candidate:
        """The file placed under other wishes."""
        found = search(loader, wishes, is_exact=is_exact)
        standing = Standing(
            variant.score,
            quant.quality.loss,
            quant.quality.measured,
            quant.name,
            variant.thinking is not Thinking.NEVER,
            variant.params_total,
            quant.file_bytes,
            found.decode_tokens_s,
            found.layout.setting.n_ctx,
        )
        return Candidate(variant, quant, loader, found, standing)


def recommend(
    machine: Machine,
    variants: Iterable[Variant],
    wishes: Wishes | None = None,
    *,
    installed: Collection[tuple[str, str]] = (),
) -> Recommendation:
    """The ranked answer for a machine.

    Args:
        machine: real or described.
        variants: the catalog's.
        wishes: the goal decides which role is recommended; reserves, minimum context and fixed levers hold for all.
        installed: (model id, quantisation) already on the disk: they need no room there.
    """
    wishes = wishes or Wishes()
    neutral = replace(wishes, goal=Goal.BALANCED)
    seen, draft = plans.prepared(machine, neutral)
    disk = max((d.free_bytes for d in machine.disks), default=None)
    shop = Shop(seen, neutral, disk, frozenset(installed))
    everything = tuple(variants)
    runs = _survey(everything, shop)
    roles = _confirmed(runs, everything, shop)
    balanced = roles.get(Goal.BALANCED.value)
    chosen = roles.get(wishes.goal.value, balanced)
    rejected = _rejections(everything, {c.variant.id for c in (*runs, *roles.values())}, shop)
    if chosen is None or balanced is None:
        return Recommendation(machine.name, wishes.goal, None, {}, {}, "", rejected)
    made: dict[int, Plan] = {}

    def build(c: Candidate) -> Plan:
        if id(c) not in made:
            item = plans.item_of(c.variant, c.quant)
            is_here = (c.variant.id, c.quant.name) in shop.installed
            made[id(c)] = plans.describe(machine, item, neutral, seen, c.found, draft, is_installed=is_here)
        return made[id(c)]

    others = {role: c for role, c in roles.items() if role != Goal.BALANCED.value}
    return Recommendation(
        machine=machine.name,
        goal=wishes.goal,
        recommended=build(chosen),
        alternatives={role: build(c) for role, c in others.items()},
        role_reasons={role: role_words.reason(role, _side(c), _side(chosen)) for role, c in others.items()},
        why_not_bigger=_why_not_bigger(everything, chosen, shop),
        rejected=rejected,
    )


def _side(c: Candidate) -> role_words.Side:
    return role_words.Side(c.variant, c.quant, c.speed, c.context, c.standing.quality, c.standing.expected_loss)


def _survey(variants: tuple[Variant, ...], shop: Shop) -> list[Candidate]:
    """Every well-kept file that runs and is not behind another of its model in both size and quality."""
    runs: list[Candidate] = []
    for variant in variants:
        best: dict[KvLayout, float] = {}
        for quant in shop.offered(variant):
            if quant.facts is None or quant.file_bytes > shop.seen.room_bytes:
                break  # ascending by size: the others are larger still
            layout, worth = quant.facts.kv_layout, _hoped(variant, quant)
            if not shop.has_room(variant, quant) or not _is_well_kept(quant) or worth <= best.get(layout, -1.0):
                continue
            candidate = shop.candidate(variant, quant)
            if candidate.runs:
                runs.append(candidate)
                best[layout] = worth
    return runs


def _is_well_kept(quant: Quant) -> bool:
    q = quant.quality
    return Standing(None, q.loss, q.measured, quant.name, False, 0, 0, 0.0, 0).is_well_kept


def _rejections(variants: tuple[Variant, ...], running: set[str], shop: Shop) -> tuple[Rejection, ...]:
    """One sentence for every model of which nothing runs here."""
    rejected: list[Rejection] = []
    for variant in variants:
        if variant.id in running:
            continue
        offered = shop.offered(variant)
        if not offered:
            why = variant.why_not or say("No file of it can be loaded by this engine.")
            rejected.append(Rejection(variant.id, why))
            continue
        tried = [shop.candidate(variant, q) for q in offered if shop.may_fit(variant, q)][:_LONGEST_TRIES]
        if any(c.runs for c in tried):
            continue
        slow = max((c.speed for c in tried if c.found.fits and not c.found.disk_s), default=None)
        if not shop.has_room(variant, offered[0]):
            rejected.append(role_words.no_disk(variant, offered[0], shop.disk_bytes or 0))
        else:
            rejected.append(role_words.rejection(variant, offered[0], shop.seen.room_bytes, slow))
    return tuple(rejected)


def _confirmed(runs: list[Candidate], variants: tuple[Variant, ...], shop: Shop) -> dict[str, Candidate]:
    """The roles with exact buffers: what turns out not to run is taken out, and chosen again."""
    while True:
        balanced = _balanced(runs, shop.wishes)
        biggest = _biggest(variants, runs, shop)
        picked = _roles(runs, balanced or biggest, shop)
        if biggest is not None:
            picked[Goal.BIGGEST.value] = biggest
        exact: dict[int, Candidate] = {}
        for role, c in picked.items():
            if role != Goal.LONGEST_CONTEXT.value and id(c) not in exact:
                exact[id(c)] = shop.placed(c.variant, c.quant, c.loader, shop.wishes, is_exact=True)
        failed = {id(c) for c in picked.values() if id(c) in exact and not exact[id(c)].runs}
        if not failed:
            return {role: exact.get(id(c), c) for role, c in picked.items()}
        runs[:] = [c for c in runs if id(c) not in failed]


def _good(runs: list[Candidate], wishes: Wishes) -> list[Candidate]:
    """Candidates that may stand for their model: well kept, with a score and enough context."""
    return [c for c in runs if c.standing.is_well_kept and c.standing.quality and c.context >= wishes.min_context]


def _balanced(runs: list[Candidate], wishes: Wishes) -> Candidate | None:
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


def _roles(runs: list[Candidate], balanced: Candidate | None, shop: Shop) -> dict[str, Candidate]:
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


def _biggest(variants: tuple[Variant, ...], runs: list[Candidate], shop: Shop) -> Candidate | None:
    """The most parameters that really run and leave some RAM; of the same size the one that answers best."""

    def leaves_room(c: Candidate) -> bool:
        used = c.found.layout.ram_bytes
        used += sum(b.total for b in c.found.layout.gpus) if shop.seen.unified else 0
        return shop.seen.ram_budget_bytes - used >= _RAM_LEFT_FOR_BIGGEST

    tight: Candidate | None = None
    for size in sorted({v.params_total for v in variants}, reverse=True):
        own = [v for v in variants if v.params_total == size]
        files = sorted(((v, q) for v in own for q in shop.offered(v) if shop.may_fit(v, q)), key=lambda f: -_hoped(*f))
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


def _hoped(variant: Variant, quant: Quant) -> float:
    """Quality of a file that has not been placed yet."""
    q = quant.quality
    return Standing(variant.score, q.loss, q.measured, quant.name, False, 0, 0, 0.0, 0).worth


def _why_not_bigger(variants: tuple[Variant, ...], chosen: Candidate, shop: Shop) -> str:
    """What the next model up would need and how fast it would be here."""
    best: tuple[int, int, Variant, Quant] | None = None
    for variant in variants:
        if variant.params_total <= chosen.variant.params_total or (variant.score or 0) <= (chosen.variant.score or 0):
            continue
        kept = [q for q in shop.offered(variant) if q.quality.loss is not None and q.quality.loss <= _SMALL_LOSS]
        if not kept:
            continue
        limit = kept[0].file_bytes * _FAMILIAR_SIZE
        quant = next((q for q in kept if q.name == "Q4_K_M" and q.file_bytes <= limit), kept[0])
        if best is None or (variant.params_total, quant.file_bytes) < best[:2]:
            best = (variant.params_total, quant.file_bytes, variant, quant)
    if best is None:
        return ""
    _, _, variant, quant = best
    found = shop.candidate(variant, quant, is_exact=True).found
    return role_words.why_not_bigger(variant, quant, found, chosen.speed)
