"""`launcher recommend`: the ranked plans for a machine."""

from __future__ import annotations

import argparse

from launcher import catalog, planner
from launcher.cli.machines import add_machine_option, chosen_machine
from launcher.cli.output import print_json, table
from launcher.cli.plan_text import plan_lines, speed
from launcher.core.plans import Goal, Recommendation, Wishes, recommendation_to_json
from launcher.core.units import gb, whole

_ROLES = {
    "smartest": "Smartest",
    "fastest": "Fastest",
    "longest_context": "Longest chats",
    "biggest": "Biggest that runs",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--goal", type=Goal, choices=list(Goal), default=Goal.BALANCED, metavar="GOAL", help=", ".join(Goal)
    )
    parser.add_argument("--min-context", type=int, default=Wishes().min_context, metavar="N", help="tokens at least")
    add_machine_option(parser)


def run(args: argparse.Namespace) -> int:
    """Print the recommendation; 1 when nothing runs."""
    wishes = Wishes(goal=args.goal, min_context=max(256, args.min_context))
    found = planner.recommend(chosen_machine(args), catalog.load().variants, wishes)
    if args.json:
        print_json(recommendation_to_json(found))
    else:
        print("\n".join(_lines(found)))
    return 0 if found.recommended else 1


def _lines(found: Recommendation) -> list[str]:
    if found.recommended is None:
        lines = [f"No DeepSeek model of the catalog runs on {found.machine}."]
        return lines + [f"  {r.model}: {r.why}" for r in found.rejected[:5]]
    rows = [
        (_ROLES.get(role, role), p.short_name, p.quant, gb(p.file_bytes), speed(p), whole(p.context), p.summary)
        for role, p in found.alternatives.items()
    ]
    header = ("", "Model", "Quantisation", "Download", "Tokens/s", "Context", "Where")
    return [
        f"For {found.machine}, goal {found.goal.value}:",
        "",
        *plan_lines(found.recommended),
        "",
        *([f"Why not bigger? {found.why_not_bigger}", ""] if found.why_not_bigger else []),
        table(header, rows, frozenset({3, 5})),
        "",
        *(f"{_ROLES.get(role, role)}: {text}" for role, text in found.role_reasons.items()),
        "",
        "1 model does not run here; --json says why."
        if len(found.rejected) == 1
        else f"{len(found.rejected)} models do not run here; --json says why.",
    ]
