"""The README's table of recommendations is what the planner says today. To renew it: python -m tests.unit.test_readme."""

from __future__ import annotations

import re
from pathlib import Path

from launcher import catalog, planner
from launcher.core.machine import machine_from_file
from launcher.core.plans import Plan
from launcher.core.units import rate, whole

README = Path(__file__).parents[2] / "README.md"
MACHINES = Path(__file__).parent / "machines"
ROLES = {
    "smartest": "smartest",
    "fastest": "fastest",
    "longest_context": "longest chats",
    "biggest": "biggest that runs",
}
_TABLE = re.compile(r"(?<=<!-- recommendations -->\n).*?(?=<!-- end -->)", re.DOTALL)


def cell(plan: Plan) -> str:
    """One plan in words."""
    speed = plan.speed
    figures = f"{rate(speed.decode_tokens_s)} tokens/s ({rate(speed.decode_low)}–{rate(speed.decode_high)})"
    return f"{plan.short_name} {plan.quant}: {figures}, {plan.summary}, {whole(plan.context)} tokens"


def table() -> str:
    """The Markdown table."""
    lines = [f"| machine | recommended | {' | '.join(ROLES.values())} |", "| --- | --- | --- | --- | --- | --- |"]
    for path in sorted(MACHINES.glob("*.json")):
        machine = machine_from_file(path)
        answer = planner.recommend(machine, catalog.load().variants)
        best = answer.recommended
        assert best is not None
        others = [answer.alternatives[role] for role in ROLES]
        cells = [cell(best), *("the same" if plan == best else cell(plan) for plan in others)]
        lines.append(f"| {machine.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def test_the_table_of_recommendations_is_true() -> None:
    found = _TABLE.search(README.read_text("utf-8"))
    assert found, "the README has no table of recommendations"
    assert found[0] == table()


def test_everything_the_readme_shows_is_there() -> None:
    for name in re.findall(r"\]\((resources/[^)]+)\)", README.read_text("utf-8")):
        assert (README.parent / name).exists(), name


if __name__ == "__main__":
    README.write_text(_TABLE.sub(lambda _: table(), README.read_text("utf-8")), "utf-8")
