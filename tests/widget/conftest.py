"""Widget tests: the theme as `app` applies it, on the off-screen platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from launcher.ui.theme import LIGHT, ThemeManager


@pytest.fixture(scope="session")
def theme_manager(qapp: QApplication) -> ThemeManager:
    """One manager per run, as in the program: it belongs to the application object."""
    return ThemeManager(qapp)


@pytest.fixture
def theme(theme_manager: ThemeManager) -> Iterator[ThemeManager]:
    """Light, whatever the machine that runs the tests prefers."""
    theme_manager.force(LIGHT)
    yield theme_manager
    theme_manager.set_text_scale(1.0)
    theme_manager.force(LIGHT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The off-screen platform has no window manager and says so whenever a window's least size changes or it comes to the front."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore(r"does not support (propagateSizeHints|raise)\(\)", extend=True))
