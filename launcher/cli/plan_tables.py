"""Tables of `launcher plan`: the ladder of quantisations on a machine, and the hardware that a speed needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from launcher import catalog, planner
from launcher.cli.levers import wishes_of
from launcher.cli.machines import chosen_machine
from launcher.cli.output import print_json, table
from launcher.cli.plan_text import speed
from launcher.cli.shops import shops
from launcher.core.errors import UserError
from launcher.core.models import Quant, Variant
from launcher.core.plans import Plan, plan_to_json
from launcher.core.units import gb, gib, rate, whole
from launcher.planner.ranking import CARRIED_LOSS
from launcher.planner.what_if import Need, shortfall, what_hardware

_PRECISION_HEADER = (
    "Quantisation",
    "Bits",
    "Download",
    "Where it runs",
    "Tokens/s",
    "Reads tokens/s",
    "Context",
    "Quality",
)


def run_ladder(args: argparse.Namespace, variant: Variant) -> int:
    """`--table`."""
    machine, wishes = chosen_machine(args), wishes_of(args)
    made = [(q, planner.plan(machine, variant, q, wishes)) for q in catalog.rungs(variant)]
    if not made:
        raise UserError("not_loadable", f"{variant.name} cannot be planned.", variant.why_not)
    if args.json:
        print_json(ladder_json(variant, machine.name, made))
    else:
        print("\n".join(ladder_lines(variant, machine.name, made)))
    return 0


def run_needs(args: argparse.Namespace, variant: Variant, quant: Quant | None) -> int:
    """`--what-hardware`; 1 when no hardware on the list is enough."""
    if not args.min_speed > 0:
        raise UserError("bad_wish", "This speed cannot be planned for.", f"{args.min_speed:g} tokens/s is none.")
    kept = [q for q in variant.quants if q.quality.loss is not None and q.quality.loss <= CARRIED_LOSS]
    # The smallest file that stands for the model needs the least hardware.
    quants = [quant] if quant else sorted(kept or variant.quants, key=lambda q: q.file_bytes)[:1]
    needs = what_hardware(shops(), variant, quants, args.min_speed, wishes_of(args))
    if args.json:
        print_json(need_json(variant, args.min_speed, needs))
    else:
        print("\n".join(need_lines(variant, args.min_speed, needs)))
    return 0 if any(n.plan for n in needs) else 1


def ladder_lines(variant: Variant, machine: str, rungs: Sequence[tuple[Quant, Plan]]) -> list[str]:
    """One line per quantisation, from full precision down to 1 bit."""
    rows = [_rung(quant, plan) for quant, plan in rungs]
    return [
        f"{variant.name} on {machine}, from full precision down:",
        "",
        table(_PRECISION_HEADER, rows, frozenset({1, 2, 4, 5, 6})),
        "",
        "Sizes in brackets: nobody is known to publish that file; computed with llama-quantize's rules.",
    ]


def ladder_json(variant: Variant, machine: str, rungs: Sequence[tuple[Quant, Plan]]) -> dict[str, object]:
    """The same as a document: `rungs` holds plans, each with its bits per weight and whether it is published."""
    return {
        "model": variant.id,
        "machine": machine,
        "rungs": [
            {**plan_to_json(plan), "bits_per_weight": quant.bits_per_weight, "published": bool(quant.repo)}
            for quant, plan in rungs
        ],
    }


def _rung(quant: Quant, plan: Plan) -> tuple[str, ...]:
    size = gb(quant.file_bytes) if quant.repo else f"({gb(quant.file_bytes)})"
    loss = plan.quality.quant_loss + (f", {plan.quality.figure}" if plan.quality.figure else "")
    if not plan.fits:
        where = f"does not fit: {gib(plan.missing_bytes)} too much" if plan.missing_bytes else "does not fit"
        return quant.name, f"{quant.bits_per_weight:.1f}", size, where, "", "", "", loss
    where = plan.summary + (f", {gib(plan.paged_bytes)} from disk" if plan.paged_bytes else "")
    reads = rate(plan.speed.prefill_tokens_s)
    return quant.name, f"{quant.bits_per_weight:.1f}", size, where, speed(plan), reads, whole(plan.context), loss


def need_lines(variant: Variant, min_tokens_s: float, needs: Sequence[Need]) -> list[str]:
    """The smallest machine of every kind."""
    rows: list[tuple[str, ...]] = []
    for need in needs:
        if need.plan is None:
            rows.append((need.kind, "none", "", "", "", shortfall(need, min_tokens_s)))
        else:
            p = need.plan
            rows.append((need.kind, need.name, gib(need.ram_bytes, 0), p.quant, speed(p), p.summary))
    return [
        f"The smallest hardware on which {variant.name} answers with {rate(min_tokens_s)} tokens/s or more:",
        "",
        table(("Kind", "Hardware", "RAM", "Quantisation", "Tokens/s", "Where it runs"), rows, frozenset({2, 4})),
        "",
        "Data-sheet estimates, early in a chat. Without --quant it is the smallest file of the model with little loss.",
    ]


def need_json(variant: Variant, min_tokens_s: float, needs: Sequence[Need]) -> dict[str, object]:
    """The same as a document."""
    return {
        "model": variant.id,
        "min_tokens_s": min_tokens_s,
        "needs": [
            {
                "kind": n.kind,
                "hardware": n.name if n.plan else None,
                "ram_bytes": n.ram_bytes if n.plan else None,
                "plan": plan_to_json(n.plan) if n.plan else None,
                "why_not": "" if n.plan else shortfall(n, min_tokens_s),
            }
            for n in needs
        ],
    }
