"""Ranks the whole catalog for a machine: one recommendation, four alternatives, and why not the others.

Quality of a candidate is the variant's score (catalog/scores.py) less the loss of its quantisation. Only well-kept
files compete: at most 3 % loss where it was measured on the model itself, 1.5 % where it is carried over from another
(low bits hurt small distils more, arXiv 2504.04823). The rest can only be "the biggest that runs": a heavily squeezed
giant is not believed to beat a well-kept smaller model. Balanced weighs quality with comfort: a model that thinks first feels free from 12 tokens/s on,
one that answers at once from 6. Within 2 % of each other the larger model is taken: published tests cover maths, code
and science, and where those are level the larger one knows more besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from launcher.core.machine import Machine
from launcher.core.models import Quant, Thinking, Variant
from launcher.core.plans import Goal, Plan, Recommendation, Rejection, Wishes
from launcher.core.words import say
from launcher.planner import plans, role_words
from launcher.planner.layout import Loader
from launcher.planner.machine_view import View, view
from launcher.planner.search import Found, search

COMFORT_THINKING_TOKENS_S, COMFORT_TOKENS_S = 12.0, 6.0
_COMFORT_EXPONENT = 0.25
_SLOWEST_BALANCED, _SLOWEST_LONG, _SLOWEST = 3.0, 3.0, 1.0
_LEVEL = 0.02
_MEASURED_LOSS, _CARRIED_LOSS, _UNKNOWN_LOSS = 0.03, 0.015, 0.05
# Standard mixtures are the ones most used and best tested: they win where the rest is level.
_STANDARD = frozenset({"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"})
_STANDARD_FACTOR = 1.025
_GOOD_CONTEXT = 16_384
# "Why not bigger" names Q4_K_M, which people know, unless a good file is much smaller.
_FAMILIAR_SIZE = 1.3
_LONGEST_TRIES = 4
_RAM_LEFT_FOR_BIGGEST = 2**30
# The fastest model must still be of use: first among those nearly as good and clearly faster, else among lesser ones.
_NEARLY_AS_GOOD, _CLEARLY_FASTER, _OF_USE = 0.80, 1.5, 0.55


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quantisation with the placement found for it."""

    variant: Variant
    quant: Quant
    loader: Loader
    found: Found

    @property
    def loss(self) -> float:
        """Expected loss of the quantisation."""
        return self.quant.quality.loss if self.quant.quality.loss is not None else _UNKNOWN_LOSS

    @property
    def quality(self) -> float:
        """Score less the loss; 0 for a model without any published test."""
        return (self.variant.score or 0.0) * (1 - self.loss)

    @property
    def is_well_kept(self) -> bool:
        """Little enough is lost, and that is known well enough, to stand for the model."""
        return self.loss <= (_MEASURED_LOSS if self.quant.quality.measured else _CARRIED_LOSS)

    @property
    def worth(self) -> float:
        """Quality for ranking files: standard mixtures are trusted a little more."""
        return self.quality * (_STANDARD_FACTOR if self.quant.name in _STANDARD else 1.0)

    @property
    def speed(self) -> float:
        """Tokens per second."""
        return self.found.decode_tokens_s

    @property
    def context(self) -> int:
        """Tokens."""
        return self.found.layout.setting.n_ctx

    @property
    def balance(self) -> float:
        """Quality times comfort; a short context and, barely, speed beyond comfort count too."""
        thinks = self.variant.thinking is not Thinking.NEVER
        comfort = min(1.0, self.speed / (COMFORT_THINKING_TOKENS_S if thinks else COMFORT_TOKENS_S))
        room = min(1.0, self.context / _GOOD_CONTEXT)
        return self.worth * comfort**_COMFORT_EXPONENT * room**0.05 * self.speed**0.005


def recommend(machine: Machine, variants: Iterable[Variant], wishes: Wishes | None = None) -> Recommendation:
    """The ranked answer for a machine.

    Args:
        machine: real or described.
        variants: the catalog's.
        wishes: the goal decides which role is recommended; reserves, minimum context and fixed levers hold for all.
    """
    wishes = wishes or Wishes()
    seen = view(machine, wishes)
    everything = tuple(variants)
    neutral = replace(wishes, goal=Goal.BALANCED)
    runs, rejected = _survey(everything, seen, neutral)
    balanced = _balanced(runs, wishes)
    roles = _roles(runs, balanced, wishes) if balanced else {}
    chosen = roles.get(wishes.goal.value, balanced) if wishes.goal is not Goal.BALANCED else balanced
    if chosen is None or balanced is None:
        return Recommendation(machine.name, wishes.goal, None, {}, {}, "", tuple(rejected))
    made: dict[int, Plan] = {}

    def build(c: Candidate) -> Plan:
        if id(c) not in made:
            item = plans.item_of(c.variant, c.quant)
            long = c is roles.get(Goal.LONGEST_CONTEXT.value)
            own = replace(wishes, goal=Goal.LONGEST_CONTEXT) if long else neutral
            made[id(c)] = plans.describe(machine, item, own, seen, c.found)
        return made[id(c)]

    recommended = build(chosen)
    return Recommendation(
        machine=machine.name,
        goal=wishes.goal,
        recommended=recommended,
        alternatives={role: build(c) for role, c in roles.items()},
        role_reasons={role: role_words.reason(role, _side(c), _side(chosen)) for role, c in roles.items()},
        why_not_bigger=_why_not_bigger(everything, chosen, seen, neutral),
        rejected=tuple(rejected),
    )


def _side(c: Candidate) -> role_words.Side:
    return role_words.Side(c.variant, c.quant, c.speed, c.context, c.quality, c.loss)


def _survey(variants: tuple[Variant, ...], seen: View, wishes: Wishes) -> tuple[list[Candidate], list[Rejection]]:
    """Every quantisation that runs, and one sentence for every variant of which none does."""
    runs: list[Candidate] = []
    rejected: list[Rejection] = []
    room = seen.room_bytes
    for variant in variants:
        offered = [q for q in variant.quants if q.loadable and q.facts is not None]
        if not variant.loadable or not offered:
            rejected.append(
                Rejection(variant.id, variant.why_not or say("No file of it can be loaded by this engine."))
            )
            continue
        own: list[Candidate] = []
        slow: Candidate | None = None
        for quant in offered:
            if quant.file_bytes > room:
                break  # ascending by size: the others are larger still
            assert quant.facts is not None  # noqa: S101 - filtered above, for the type checker
            loader = Loader(quant.facts, seen, quant.name)
            found = search(loader, wishes)
            if found.fits and not found.disk_s:
                candidate = Candidate(variant, quant, loader, found)
                if candidate.speed >= _SLOWEST:
                    own.append(candidate)
                else:
                    slow = slow or candidate
        runs += own
        if not own:
            rejected.append(role_words.rejection(variant, offered[0], room, slow.speed if slow else None))
    return runs, rejected


def _good(runs: list[Candidate], wishes: Wishes) -> list[Candidate]:
    """Candidates that may stand for their model: well kept, with a score and enough context."""
    return [c for c in runs if c.is_well_kept and c.quality and c.context >= wishes.min_context]


def _balanced(runs: list[Candidate], wishes: Wishes) -> Candidate | None:
    """The best answers at a comfortable speed; whatever runs when nothing is comfortable."""
    good = _good(runs, wishes)
    usable = [c for c in good if c.speed >= _SLOWEST_BALANCED] or good or runs
    if not usable:
        return None
    best_of: dict[str, Candidate] = {}
    for c in usable:
        if c.variant.id not in best_of or c.balance > best_of[c.variant.id].balance:
            best_of[c.variant.id] = c
    top = max(c.balance for c in best_of.values())
    level = [c for c in best_of.values() if c.balance >= top * (1 - _LEVEL)]
    chosen = max(level, key=lambda c: (c.variant.params_total, c.variant.released, c.balance))
    # Of one model's nearly level standard files the smallest: a shorter download that leaves more memory to others.
    level = [
        c
        for c in usable
        if c.variant is chosen.variant
        and c.quant.name in _STANDARD
        and c.balance >= chosen.balance * (1 - _LEVEL)
        and c.context >= chosen.context
    ]
    return min([chosen, *level], key=lambda c: c.quant.file_bytes)


def _roles(runs: list[Candidate], balanced: Candidate, wishes: Wishes) -> dict[str, Candidate]:
    picks = {
        Goal.SMARTEST: _smartest(_good(runs, wishes)),
        Goal.FASTEST: _fastest(_good(runs, wishes), balanced),
        Goal.LONGEST_CONTEXT: _longest(_good(runs, wishes), balanced, wishes),
        Goal.BIGGEST: _biggest(runs, wishes),
    }
    return {goal.value: c for goal, c in picks.items() if c is not None}


def _smartest(good: list[Candidate]) -> Candidate | None:
    """The highest quality at any speed of 1 token/s or more; speed decides among nearly level files only."""
    return max(
        good,
        key=lambda c: (
            round(c.worth * min(c.speed, COMFORT_THINKING_TOKENS_S) ** 0.03, 3),
            c.variant.released,
            c.speed,
        ),
        default=None,
    )


def _fastest(good: list[Candidate], balanced: Candidate) -> Candidate | None:
    """Clearly faster and nearly as good; else faster and still of use; else the balanced choice."""
    near = [
        c
        for c in good
        if c.quality >= _NEARLY_AS_GOOD * balanced.quality and c.speed >= _CLEARLY_FASTER * balanced.speed
    ]
    pool = (
        near or [c for c in good if c.quality >= _OF_USE * balanced.quality and c.speed > balanced.speed] or [balanced]
    )
    top = max(c.speed for c in pool)
    # A few more tokens per second are not worth a lesser model, nor a lesser file of it.
    close = [c for c in pool if c.speed >= 0.8 * top]
    return max(close, key=lambda c: (c.variant.score or 0.0, c.worth * c.speed**0.15))


def _longest(good: list[Candidate], balanced: Candidate, wishes: Wishes) -> Candidate | None:
    """The longest context at a usable speed, from models nearly as good as the balanced choice."""
    good = [c for c in good if c.quality >= _NEARLY_AS_GOOD * balanced.quality] or [balanced]
    aim = replace(wishes, goal=Goal.LONGEST_CONTEXT)
    best: Candidate | None = None
    tried: dict[str, int] = {}
    # Longest first by what the model allows; a candidate that cannot beat the best one is not searched, nor are more
    # than a few files of one model.
    for c in sorted(good, key=lambda c: (-c.variant.context_train, -c.balance)):
        tried[c.variant.id] = tried.get(c.variant.id, 0) + 1
        if tried[c.variant.id] > _LONGEST_TRIES:
            continue
        if best and (c.variant.context_train, c.balance) <= (best.context, best.balance):
            continue
        found = search(c.loader, aim)
        long = replace(c, found=found)
        if not found.fits or found.disk_s or long.speed < _SLOWEST_LONG:
            continue
        if best is None or (long.context, long.balance) > (best.context, best.balance):
            best = long
    return best


def _biggest(runs: list[Candidate], wishes: Wishes) -> Candidate | None:
    """The most parameters that really run and leave some RAM; of the same size the one that answers best."""

    def leaves_room(c: Candidate) -> bool:
        used = c.found.layout.host.total
        used += sum(b.total for b in c.found.layout.gpus) if c.loader.view.unified else 0
        return c.loader.view.ram_budget_bytes - used >= _RAM_LEFT_FOR_BIGGEST

    runs = [c for c in runs if c.context >= min(wishes.min_context, c.variant.context_train)]
    pool = [c for c in runs if leaves_room(c)] or runs
    return max(pool, key=lambda c: (c.variant.params_total, c.quality, c.speed), default=None)


def _why_not_bigger(variants: tuple[Variant, ...], chosen: Candidate, seen: View, wishes: Wishes) -> str:
    """What the next model up would need and how fast it would be here."""
    best: tuple[int, int, Variant, Quant] | None = None
    for variant in variants:
        if variant.params_total <= chosen.variant.params_total or (variant.score or 0) <= (chosen.variant.score or 0):
            continue
        kept = [q for q in variant.quants if q.facts and q.quality.loss is not None and q.quality.loss <= 0.01]
        if not variant.loadable or not kept:
            continue
        limit = kept[0].file_bytes * _FAMILIAR_SIZE
        quant = next((q for q in kept if q.name == "Q4_K_M" and q.file_bytes <= limit), kept[0])
        if best is None or (variant.params_total, quant.file_bytes) < best[:2]:
            best = (variant.params_total, quant.file_bytes, variant, quant)
    if best is None or best[3].facts is None:
        return ""
    _, _, variant, quant = best
    loader = Loader(best[3].facts, seen, quant.name)
    return role_words.why_not_bigger(variant, quant, search(loader, wishes), chosen.speed)
