"""Every button that an error offers is one that the window can carry out."""

from __future__ import annotations

import ast
from pathlib import Path

from launcher.core.errors import StepAction

LAUNCHER = Path(__file__).parents[2] / "launcher"


def offered_actions() -> dict[str, str]:
    """Place -> action of every NextStep that is made with a literal action."""
    found: dict[str, str] = {}
    for path in sorted(LAUNCHER.rglob("*.py")):
        source = path.read_text("utf-8")
        if "NextStep(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "NextStep"):
                continue
            for value in [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "action")]:
                if isinstance(value, ast.Constant) and value.value:
                    found[f"{path.relative_to(LAUNCHER)}:{node.lineno}"] = str(value.value)
    return found


def test_every_action_is_known() -> None:
    offered = offered_actions()
    assert len(offered) > 20
    assert {place: action for place, action in offered.items() if action not in set(StepAction)} == {}
