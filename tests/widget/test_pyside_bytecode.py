"""PySide's embedded source is compiled once; a kept file that is wrong in any way costs time and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Prints how often PySide's own files were compiled, and that an error's text, which they make, is right.
SCRIPT = """
import builtins, sys
true, counted = builtins.compile, []
def count(source, filename, *arguments, **options):
    if str(filename).startswith("shibokensupport/"): counted.append(filename)
    return true(source, filename, *arguments, **options)
builtins.compile = count
from launcher.app.pyside_features import ignore_features
ignore_features()
assert builtins.compile is count
from PySide6.QtCore import QObject
try:
    QObject().setObjectName([])
except TypeError as error:
    assert "Supported signatures" in str(error), error
print(len(counted))
"""


@pytest.fixture
def n_compiled(tmp_path: Path) -> Callable[..., int]:
    def run(**variables: str) -> int:
        environment = {**os.environ, "LAUNCHER_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "", **variables}
        command = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
        assert done.stderr == ""
        return int(done.stdout)

    return run


def test_only_the_first_start_compiles(n_compiled: Callable[..., int], tmp_path: Path) -> None:
    """Where PySide compiles no more by itself, or names the files otherwise, pyside_bytecode.py can go."""
    assert n_compiled() > 5
    assert n_compiled() == 0
    [kept] = (tmp_path / "cache").iterdir()
    whole = kept.read_bytes()
    for broken in (b"", whole[:-1], whole[:8], whole[:5000] + b"?" + whole[5001:]):
        kept.write_bytes(broken)
        assert n_compiled() > 5
    assert kept.read_bytes() == whole, "mended"


def test_nothing_is_kept_where_python_keeps_nothing(n_compiled: Callable[..., int], tmp_path: Path) -> None:
    assert n_compiled(PYTHONDONTWRITEBYTECODE="1") > 5
    assert list((tmp_path / "cache").iterdir()) == []
    (tmp_path / "cache").rmdir()
    (tmp_path / "cache").write_text("no folder")
    assert n_compiled() > 5
