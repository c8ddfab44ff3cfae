"""Ranks the whole catalog for a machine: one recommendation, four alternatives, and why not the others.

Every well-kept file of every model is placed with estimated buffers; the few that are chosen are placed again exactly.
Squeezed files can only be "the biggest that runs", so they are looked at in that order, and only until one runs. Files
that the disk has no room for are not offered. Within 2 % of each other the larger model is taken: published tests cover
maths, code and science, and where those are level the larger one knows more besides. See `ranking` for the judgement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from launcher.core.machine import Machine
from launcher.core.models import KvLayout, Quant, Variant
from launcher.core.plans import Goal, Plan, Recommendation, Rejection, Wishes
from launcher.core.words import say
from launcher.planner import plans, role_words
from launcher.planner.roles import balanced_of, biggest_of, other_roles
from launcher.planner.shop import Candidate, Shop, hoped_quality, is_well_kept

# "Why not bigger" names Q4_K_M, which people know, unless a good file is much smaller.
_FAMILIAR_SIZE = 1.3
# Files of a model that are tried before it is rejected.
_TRIES = 4
_SMALL_LOSS = 0.01


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
            layout, worth = quant.facts.kv_layout, hoped_quality(variant, quant)
            if not shop.has_room(variant, quant) or not is_well_kept(quant) or worth <= best.get(layout, -1.0):
                continue
            candidate = shop.candidate(variant, quant)
            if candidate.runs:
                runs.append(candidate)
                best[layout] = worth
    return runs


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
        tried = [shop.candidate(variant, q) for q in offered if shop.may_fit(variant, q)][:_TRIES]
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
        balanced = balanced_of(runs, shop.wishes)
        biggest = biggest_of(variants, runs, shop)
        picked = other_roles(runs, balanced or biggest, shop)
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
