"""The types step with the real pyright: it looks at what may have changed, and finds what a change breaks elsewhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType

import pytest

SETUP = Path(__file__).resolve().parents[2] / "packaging" / "setup"

PYPROJECT = """
[tool.pyright]
include = ["shop"]
typeCheckingMode = "strict"
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    "shop/__init__.py": "",
    "shop/price.py": "def price(name: str) -> int:\n    return len(name)\n",
    "shop/till.py": "def total() -> int:\n    from shop.price import price\n\n    return price('tea') + 1\n",
    "shop/alone.py": "x = 1\n",
}


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """packaging/setup/type_check.py working on a project of its own."""
    monkeypatch.syspath_prepend(str(SETUP))
    import type_check

    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    monkeypatch.setattr(type_check, "ROOT", tmp_path)
    monkeypatch.setattr(type_check, "_NOTES", tmp_path / "build" / "types.json")
    return type_check


def remembered(step: ModuleType) -> dict[str, str]:
    """Path -> the digest with which the step found it clean."""
    from remembered import read  # beside the step, on the path that its fixture sets

    return read(step._NOTES)


@pytest.mark.timeout(600)  # pyright four times, on computers of any speed
def test_a_change_breaks_a_file_that_did_not_change(
    step: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert step.main([]) == 0
    assert "looking at 4 of 4 files\n" in capsys.readouterr().out
    assert step.main([]) == 0
    assert "all 4 files" in capsys.readouterr().out

    (tmp_path / "shop/price.py").write_text("def price(name: str) -> str:\n    return name\n", "utf-8")
    assert step.main([]) == 1
    said = capsys.readouterr().out
    assert "looking at 2 of 4 files; " in said
    assert os.path.join("shop", "till.py") + ":4:12 - error:" in said
    assert not remembered(step).keys() & {"shop/till.py"}, "what has an error is looked at until it has none"

    # A file is not taken for clean when it is not known which text of it pyright saw.
    look = step._pyright

    def edited_meanwhile(paths: list[str], *, is_all: bool) -> object:
        answer = look(paths, is_all=is_all)
        (tmp_path / "shop/alone.py").write_text("x: str = 1\n", "utf-8")
        return answer

    monkeypatch.setattr(step, "_pyright", edited_meanwhile)
    (tmp_path / "shop/price.py").write_text(FILES["shop/price.py"], "utf-8")
    (tmp_path / "shop/alone.py").write_text("x = 2\n", "utf-8")
    assert step.main([]) == 0
    assert remembered(step).keys() == {"shop/__init__.py", "shop/price.py", "shop/till.py"}

    monkeypatch.setattr(step, "_pyright", look)
    capsys.readouterr()
    assert step.main(["--all"]) == 1
    said = capsys.readouterr().out
    assert "looking at 4 of 4 files\n" in said
    assert os.path.join("shop", "alone.py") + ":1:" in said


@pytest.mark.parametrize("notes", ["", "[]", "{", json.dumps({"shop/alone.py": None})])
def test_damaged_notes_leave_nothing_out(step: ModuleType, tmp_path: Path, notes: str) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "types.json").write_text(notes, "utf-8")
    known = remembered(step)
    assert not known.items() & step.Project(tmp_path).digests().items()


def test_a_pyright_that_does_not_start_fails(
    step: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--no-such-option")
    assert step.main([]) != 0
    assert "--no-such-option" in capfd.readouterr().err
    assert not (tmp_path / "build").exists()
