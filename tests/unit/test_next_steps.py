"""Every button that an error offers is one that the window can carry out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.core.errors import StepAction

LAUNCHER = Path(__file__).parents[2] / "launcher"


def offered_actions() -> Iterator[tuple[str, str]]:
    """(place, action) of every NextStep that is made with a literal action."""
    for path in sorted(LAUNCHER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "NextStep"):
                continue
            given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "action")]
            for value in given:
                if isinstance(value, ast.Constant) and value.value:
                    yield f"{path.relative_to(LAUNCHER)}:{node.lineno}", value.value


@pytest.mark.parametrize(("place", "action"), list(offered_actions()))
def test_the_action_is_known(place: str, action: str) -> None:
    assert action in set(StepAction), f"{place} offers {action!r}, which nothing carries out"


def test_there_are_actions_to_check() -> None:
    assert len(list(offered_actions())) > 20
