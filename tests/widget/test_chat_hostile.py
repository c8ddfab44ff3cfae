"""Answers that want to do harm: a small seeded part of `tests/bench/hostile_chats.py`."""

from __future__ import annotations

import pytest
from PySide6.QtCore import qWarning
from PySide6.QtGui import QPaintEvent, QTextCharFormat, QTextOption
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from launcher.ui.chat.prose import Prose
from launcher.ui.chat.reasoning import ReasoningFold
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.theme import ThemeManager
from tests.bench.hostile_chats import Watch, run


def test_hostile_answers_open_nothing_and_raise_nothing(qtbot: QtBot, theme: ThemeManager) -> None:
    costs, seen = run(25, seed=7, settle=QApplication.processEvents)
    assert len(costs) == 25
    assert seen == []


class _Broken(QWidget):
    """What a mistake in a paint event is like."""

    def paintEvent(self, event: QPaintEvent) -> None:
        raise UnicodeError("half a pair")


def test_errors_in_paint_events_and_complaints_of_qt_are_noticed(qtbot: QtBot, theme: ThemeManager) -> None:
    broken = _Broken()
    qtbot.addWidget(broken)
    watch = Watch()
    with watch.looking():
        watch.text = "shown"
        broken.show()
        qtbot.waitUntil(lambda: bool(watch.seen))
        broken.hide()
        qWarning("a painter stayed active")
    assert "half a pair in 'shown'" in watch.seen[0]
    assert watch.seen[-1] == "Qt: a painter stayed active in 'shown'"


@pytest.mark.parametrize("piece", ["letters" * 20, "\u202e" * 20])
def test_a_word_that_grows_without_end_is_broken_anywhere(qtbot: QtBot, theme: ThemeManager, piece: str) -> None:
    """Qt looks for the end of a word from every line: that of a growing one is no part of any single piece."""
    owner = QWidget()
    qtbot.addWidget(owner)
    typesetter = Typesetter(owner)
    prose = Prose(typesetter, owner)
    prose.reset()
    assert prose.wordWrapMode() == QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
    for _ in range(20):
        prose.write(prose.end(), piece, QTextCharFormat())
    assert prose.wordWrapMode() == QTextOption.WrapMode.WrapAnywhere
    typesetter.close()


def test_half_a_surrogate_pair_in_a_long_running_thought_is_no_error(qtbot: QtBot, theme: ThemeManager) -> None:
    """A thought of many lines is cut while it runs; an error there would be one in a paint event."""
    owner = QWidget()
    qtbot.addWidget(owner)
    typesetter = Typesetter(owner)
    fold = ReasoningFold(typesetter, owner)
    lines = ["half \ud83d of a pair, \U0001f600 a whole one", *(f"line {i}" for i in range(60))]
    for n_lines in range(1, len(lines) + 1):
        fold.set_running("\n".join(lines[:n_lines]), 1.0, None)
        fold.setGeometry(0, 0, 400, fold.arrange(400))
    painted = fold.grab().toImage()
    # What was cut off above must not move what is seen: the same last lines without the pair look the same.
    other = ReasoningFold(typesetter, owner)
    other.set_running("\n".join(lines[1:]), 1.0, None)
    other.setGeometry(0, 0, 400, other.arrange(400))
    assert painted == other.grab().toImage()
    typesetter.close()
