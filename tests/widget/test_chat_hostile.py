"""Answers that want to do harm: a small seeded part of `tests/bench/hostile_chats.py`."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from launcher.ui.theme import ThemeManager
from tests.bench.hostile_chats import run


def test_hostile_answers_open_nothing_and_raise_nothing(qtbot: QtBot, theme: ThemeManager) -> None:
    costs, seen = run(25, seed=7, settle=QApplication.processEvents)
    assert len(costs) == 25
    assert seen == []
