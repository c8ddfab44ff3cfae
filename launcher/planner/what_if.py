"""The reverse question: the smallest hardware on which a model answers at a wanted speed.

There is no single smallest computer, so the answer has one line per kind of machine: no graphics card, one card, two, ...,
memory shared by processor and graphics. "Smallest" is the first of a list that the caller puts in order; more memory never
makes a plan worse (held by tests), so the least RAM is found by halving.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.models import Quant, Variant
from launcher.core.plans import Plan, Wishes
from launcher.core.units import rate
from launcher.core.words import say
from launcher.planner.plans import plan


@dataclass(frozen=True, slots=True)
class Choice:
    """One computer without its RAM decided.

    Attributes:
        name: what to buy ("2x RTX 3090").
        with_ram: builds the machine with so many bytes of RAM.
        ram_bytes: sizes it can be had with, smallest first.
    """

    name: str
    with_ram: Callable[[int], Machine]
    ram_bytes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """The smallest machine of a kind that is enough, and the plan on it; `plan` None when none of that kind is."""

    kind: str
    name: str
    ram_bytes: int
    plan: Plan | None
    fastest_tokens_s: float = 0.0


def what_hardware(
    kinds: Sequence[tuple[str, Sequence[Choice]]],
    variant: Variant,
    quants: Sequence[Quant],
    min_tokens_s: float,
    wishes: Wishes | None = None,
) -> tuple[Need, ...]:
    """The smallest machine of every kind.

    Args:
        kinds: name of a kind and its computers, smallest first.
        variant: the model.
        quants: the files that count as the model; the first of them that is fast enough is taken.
        min_tokens_s: decode speed wanted, tokens per second.
        wishes: context and fixed levers.

    Raises:
        UserError: "not_loadable": there is no file of it to plan.
    """
    usable = [q for q in quants if q.loadable and q.facts is not None]
    if not variant.loadable or not usable:
        raise UserError(
            "not_loadable",
            say("{name} cannot be planned.", name=variant.name),
            variant.why_not or say("No file of it."),
        )

    def on(machine: Machine) -> tuple[Plan | None, float]:
        """The plan that is fast enough, if any, and the best speed seen."""
        fastest = 0.0
        for quant in usable:
            made = plan(machine, variant, quant, wishes)
            if made.fits and not made.paged_bytes:
                fastest = max(fastest, made.speed.decode_tokens_s)
                if made.speed.decode_tokens_s >= min_tokens_s:
                    return made, fastest
        return None, fastest

    needs: list[Need] = []
    for kind, choices in kinds:
        best_name, best_ram, fastest = "", 0, 0.0
        for choice in choices:
            made, speed = on(choice.with_ram(choice.ram_bytes[-1]))
            if speed >= fastest:
                best_name, best_ram, fastest = choice.name, choice.ram_bytes[-1], speed
            if made:
                needs.append(_least_ram(kind, choice, on, made))
                break
        else:
            needs.append(Need(kind, best_name, best_ram, None, fastest))
    return tuple(needs)


def shortfall(need: Need, min_tokens_s: float) -> str:
    """Why no machine of a kind is enough."""
    if not need.fastest_tokens_s:
        return say("None of these holds it.")
    return say(
        "Not fast enough: {name} reaches {speed} tokens/s, {wanted} were asked for.",
        name=need.name,
        speed=rate(need.fastest_tokens_s),
        wanted=rate(min_tokens_s),
    )


def _least_ram(kind: str, choice: Choice, on: Callable[[Machine], tuple[Plan | None, float]], with_most: Plan) -> Need:
    """The smallest RAM that is still enough; `with_most` is the plan with the largest."""
    low, high, best = 0, len(choice.ram_bytes) - 1, with_most
    while low < high:
        middle = (low + high) // 2
        made, _ = on(choice.with_ram(choice.ram_bytes[middle]))
        if made:
            best, high = made, middle
        else:
            low = middle + 1
    return Need(kind, choice.name, choice.ram_bytes[high], best, best.speed.decode_tokens_s)
