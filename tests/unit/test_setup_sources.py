"""The digests that say which files' types must be looked at again: of everything that a file imports, in whatever way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

PYPROJECT = """
[tool.pyright]
include = ["shop", "scripts"]
exclude = ["**/__pycache__", "scripts/apart.py"]
extraPaths = ["scripts/parts"]
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    "shop/__init__.py": "",
    "shop/goods/__init__.py": "from shop.goods.price import Price",
    "shop/goods/price.py": "class Price: pass",
    "shop/goods/name.py": "NAME = 'name'",
    "shop/till.py": "from shop.goods import name",
    "shop/late.py": "def f():\n    while True:\n        try:\n            pass\n        finally:\n            import shop.till",
    "shop/alone.py": "import os",
    "scripts/run.py": "import part",
    "scripts/neighbour.py": "import run",
    "scripts/parts/part.py": "from . import other",
    "scripts/parts/other.py": "from .. import upper",
    "scripts/__init__.py": "",
    "scripts/upper.py": "",
    "scripts/apart.py": "",
    "scripts/uses_apart.py": "match 1:\n    case _:\n        from apart import *",
    "shop/__pycache__/kept.py": "",
    "tests/helper.py": "",
    "scripts/uses_tests.py": "if 1:\n    pass\nelse:\n    from tests.helper import x as y",
}


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """packaging/setup/sources.py; the set-up's scripts import each other by name."""
    monkeypatch.syspath_prepend(str(ROOT / "packaging" / "setup"))
    import sources

    return sources


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small one on the disk."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    return tmp_path


def changed(sources: ModuleType, root: Path, change: Callable[[], object]) -> set[str]:
    """The files with another digest after `change`, without what it made or deleted."""
    before: dict[str, str] = sources.Project(root).digests()
    change()
    after: dict[str, str] = sources.Project(root).digests()
    return {path for path in before.keys() & after.keys() if before[path] != after[path]}


def test_files_are_those_of_the_settings(sources: ModuleType, project: Path) -> None:
    unlisted = {"pyproject.toml", "scripts/apart.py", "shop/__pycache__/kept.py", "tests/helper.py"}
    assert sources.Project(project).files() == sorted(FILES.keys() - unlisted)
    assert sources.Project(project).digests().keys() == FILES.keys() - unlisted


def test_what_stays_keeps_its_digest(sources: ModuleType, project: Path) -> None:
    assert changed(sources, project, lambda: None) == set()
    assert changed(sources, project, (project / "shop/alone.py").touch) == set()


@pytest.mark.parametrize(
    ("path", "seen_by"),
    [
        ("shop/alone.py", {"shop/alone.py"}),
        ("shop/goods/name.py", {"shop/goods/name.py", "shop/till.py", "shop/late.py"}),
        # Through the package's own file, which every import of a module in it reads.
        ("shop/goods/price.py", {"shop/goods/price.py", "shop/goods/__init__.py", "shop/till.py", "shop/late.py"}),
        ("shop/__init__.py", {"shop/__init__.py", "shop/goods/__init__.py", "shop/till.py", "shop/late.py"}),
        (
            "scripts/parts/other.py",
            {"scripts/parts/other.py", "scripts/parts/part.py", "scripts/run.py", "scripts/neighbour.py"},
        ),
        (
            "scripts/upper.py",
            {f"scripts/{p}.py" for p in ("upper", "parts/other", "parts/part", "run", "neighbour")},
        ),
        (
            "scripts/__init__.py",
            {f"scripts/{p}.py" for p in ("__init__", "parts/other", "parts/part", "run", "neighbour")},
        ),
        ("scripts/apart.py", {"scripts/uses_apart.py"}),
        ("tests/helper.py", {"scripts/uses_tests.py"}),
    ],
)
def test_a_change_is_seen_by_all_that_import_it(
    sources: ModuleType, project: Path, path: str, seen_by: set[str]
) -> None:
    text = (project / path).read_text("utf-8")
    assert changed(sources, project, lambda: (project / path).write_text(f"{text}\nx = 1", "utf-8")) == seen_by
    assert changed(sources, project, (project / path).unlink) == seen_by - {path}, "so is that it has gone"


@pytest.mark.parametrize("path", ["scripts/os.py", "os.py", "shop/os/__init__.py", "typings/os.pyi"])
def test_a_file_that_a_name_means_from_now_on_is_seen(sources: ModuleType, project: Path, path: str) -> None:
    def add() -> None:
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).write_text("x = 1", "utf-8")

    expected = (
        set() if path.startswith("scripts/") else {"shop/alone.py"}
    )  # another folder's own modules are not looked at
    assert changed(sources, project, add) == expected


def test_circles_are_read_once_round(sources: ModuleType, project: Path) -> None:
    (project / "shop/alone.py").write_text("import shop.circle", "utf-8")
    (project / "shop/circle.py").write_text("import shop.alone", "utf-8")
    seen = changed(sources, project, lambda: (project / "shop/circle.py").write_text("import shop.alone as a", "utf-8"))
    assert seen == {"shop/alone.py", "shop/circle.py"}


def test_what_is_no_python_is_always_looked_at_with_all_that_import_it(sources: ModuleType, project: Path) -> None:
    (project / "shop/goods/name.py").write_text("def", "utf-8")
    assert changed(sources, project, lambda: None) == {"shop/goods/name.py", "shop/till.py", "shop/late.py"}


def test_settings_packages_and_system_count_for_every_file(
    sources: ModuleType, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = set(sources.Project(project).files())
    strict = f'{PYPROJECT}\ntypeCheckingMode = "strict"'
    assert changed(sources, project, lambda: (project / "pyproject.toml").write_text(strict, "utf-8")) == everything
    assert changed(sources, project, lambda: monkeypatch.setattr(sys, "platform", "plan9")) == everything
    packages = tmp_path / "packages"
    monkeypatch.setattr(sources.sysconfig, "get_path", lambda name: str(packages))
    (packages / "fine-1.0.dist-info").mkdir(parents=True)
    renewed = packages / "fine-1.1.dist-info"
    assert changed(sources, project, lambda: (packages / "fine-1.0.dist-info").rename(renewed)) == everything
