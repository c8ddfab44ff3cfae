"""A pytest plugin (`-p tests.no_qt_no_engine`): neither Qt nor llama.cpp's binding can be imported.

`make check` runs tests/unit with it, so that a unit test, or a room below Qt, that needs either of them fails there.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

_FORBIDDEN = frozenset({"PySide6", "shiboken6", "llama_cpp"})


class _Refusal(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in _FORBIDDEN:
            raise ImportError(f"{fullname} may not be imported in tests/unit or by what they test")
        return None


already = _FORBIDDEN & sys.modules.keys()
if already:
    raise ImportError(f"loaded before the guard: {sorted(already)}; run with -p no:pytest-qt")
sys.meta_path.insert(0, _Refusal())


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the ini keys of pytest-qt, which is switched off in this run; pytest refuses keys that nobody knows."""
    parser.addini("qt_log_level_fail", "pytest-qt's; unused here")
