"""The rooms' rule, read from the source text: its table is below. import-linter checks the arrows; this checks the edges."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "launcher"

# What a room may not import, longest matching room first. "Qt" is short for PySide6 and shiboken6.
QT = ("PySide6", "shiboken6")
ENGINE = ("llama_cpp",)
HUB = ("huggingface_hub",)
WINDOWS = ("PySide6.QtWidgets", "PySide6.QtGui", "PySide6.QtSvg", "PySide6.QtSvgWidgets")
BANNED: dict[str, tuple[str, ...]] = {
    "": (*QT, *ENGINE),
    "core": (*QT, *ENGINE, *HUB, "psutil", "pynvml", "numpy"),
    "hardware": (*QT, *ENGINE, *HUB),
    "planner": (*QT, *ENGINE, *HUB, "psutil", "pynvml", "socket", "subprocess", "threading", "sqlite3"),
    "chat": (*QT, *ENGINE, *HUB, "psutil", "pynvml", "socket", "subprocess", "threading", "sqlite3"),
    "engine": (*QT, *ENGINE, *HUB),
    "engine/worker": (*QT, *HUB, "launcher.engine.client", "launcher.hardware", "launcher.planner", "launcher.store"),
    "services": (*WINDOWS, *ENGINE, "launcher.ui", "launcher.cli", "launcher.app"),
    "ui": (*ENGINE, *HUB, "sqlite3", "subprocess", "socket"),
    "app": ENGINE,
}
# Standard library and this only.
CORE_MAY = frozenset({"launcher", "platformdirs"})


def _room_of(path: Path) -> str:
    place = path.relative_to(LAUNCHER).as_posix()
    return max((room for room in BANNED if room == "" or place.startswith(f"{room}/")), key=len)


def _statements(block: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All statements, however deep; expressions, most of a tree and never an import, are left alone."""
    for node in block:
        yield node
        for inside in ("body", "orelse", "finalbody", "handlers", "cases"):
            # A lambda and a conditional expression have a body too, which is no list; they stand in no block.
            yield from _statements(getattr(node, inside, ()))


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every imported dotted name with its line, wherever it stands; a relative import starts with a dot."""
    for node in _statements(tree.body):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def violations(source: str, room: str) -> list[str]:
    """What in `source` breaks the rule of `room`."""
    found: list[str] = []
    for line, name in _imports(ast.parse(source)):
        top = name.partition(".")[0]
        if name.startswith("."):
            found.append(f"{line}: relative import {name}")
        elif any(name == banned or name.startswith(f"{banned}.") for banned in BANNED[room]):
            found.append(f"{line}: {name}")
        elif room == "core" and top not in sys.stdlib_module_names and top not in CORE_MAY:
            found.append(f"{line}: {name} is not the standard library")
    return found


@pytest.mark.parametrize("folder", sorted(p.parent.name for p in LAUNCHER.glob("*/__init__.py")))
def test_a_module_imports_only_what_its_room_may(folder: str) -> None:
    paths = sorted((LAUNCHER / folder).rglob("*.py"))
    found = {str(p.relative_to(LAUNCHER)): violations(p.read_text("utf-8"), _room_of(p)) for p in paths}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_the_modules_of_no_room_import_neither_qt_nor_the_engine() -> None:
    paths = sorted(LAUNCHER.glob("*.py"))
    assert paths
    assert {p.name: found for p in paths if (found := violations(p.read_text("utf-8"), ""))} == {}


def test_every_module_is_looked_at() -> None:
    rooms = {p.relative_to(LAUNCHER).parts[0] for p in LAUNCHER.rglob("*.py") if p.parent != LAUNCHER}
    assert rooms == {p.parent.name for p in LAUNCHER.glob("*/__init__.py")}


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("", "import PySide6"),
        ("planner", "from PySide6.QtCore import QObject"),
        ("services", "from PySide6.QtWidgets import QWidget"),
        ("services", "from PySide6 import QtGui"),
        ("engine", "import llama_cpp.llama_cpp as l"),
        ("ui", "def f():\n    import llama_cpp"),
        ("core", "import requests"),
        ("core", "from . import codec"),
        ("core", "try:\n    pass\nexcept OSError:\n    import requests"),
        ("core", "try:\n    pass\nfinally:\n    import requests"),
        ("core", "for x in y:\n    pass\nelse:\n    with x:\n        import requests"),
        ("core", "match x:\n    case 1:\n        import requests"),
        ("core", "class A:\n    async def f(self):\n        while x:\n            import requests"),
        ("engine/worker", "from launcher.engine import client"),
    ],
)
def test_the_rule_sees_each_way_to_break_it(room: str, line: str) -> None:
    assert violations(line, room) != []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("services", "from PySide6.QtCore import QObject, Signal"),
        ("engine/worker", "import llama_cpp"),
        ("ui", "from PySide6.QtWidgets import QWidget"),
        ("core", "import platformdirs"),
    ],
)
def test_the_rule_allows_what_a_room_is_for(room: str, line: str) -> None:
    assert violations(line, room) == []


def test_the_short_loop_refuses_qt_and_the_engine() -> None:
    names = ["PySide6.QtCore", "shiboken6", "llama_cpp"]
    code = f"""
import importlib, tests.no_qt_no_engine
for name in {names}:
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    refused = [f"{name.partition('.')[0]} may not be imported in tests/unit or by what they test" for name in names]
    assert done.stdout.splitlines() == refused, done.stderr
