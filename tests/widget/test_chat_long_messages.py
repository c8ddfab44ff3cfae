"""A long message of the user is folded to a few lines; what is hidden is still copied, selected and found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from launcher.chat.conversation import Message, Role
from launcher.ui.chat.long_message import MOST_LINES, SHOWN_CHARS, SHOWN_LINES, folded_part
from launcher.ui.chat.message_list import MessageList
from launcher.ui.chat.text_spot import TEXT_AREA, TextSpot
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.chat.user_row import UserRow
from launcher.ui.theme import ThemeManager

_LOG = "\n".join(f"12:00:{i % 60:02} worker {i} is done" for i in range(412))


@pytest.fixture
def messages(qtbot: QtBot, theme: ThemeManager) -> Iterator[MessageList]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 700)
    typesetter = Typesetter(window)
    listed = MessageList(typesetter, window)
    listed.resize(900, 700)
    window.show()
    listed.set_messages([Message("u", Role.USER, _LOG), Message("a", Role.ASSISTANT, "All are done.", "u")])
    yield listed
    window.close()
    typesetter.close()


def _row(messages: MessageList) -> UserRow:
    return next(r for r in messages.rows if isinstance(r, UserRow))


def _text(messages: MessageList) -> str:
    return "\n".join(view.toPlainText() for _, view in _row(messages).views())


def _button(messages: MessageList, name: str) -> QAbstractButton:
    return next(b for b in _row(messages).findChildren(QAbstractButton) if b.accessibleName() == name and b.isVisible())


def test_a_log_is_folded_and_unfolds_by_keyboard(messages: MessageList, qtbot: QtBot) -> None:
    assert _text(messages).split("\n") == _LOG.split("\n")[:SHOWN_LINES]
    folded = _row(messages).height()
    button = _button(messages, "Show all (412 lines)")
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    qtbot.keyClick(button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: _row(messages).height() > 20 * folded)
    messages.verticalScrollBar().setValue(messages.verticalScrollBar().maximum())
    assert "worker 411 " in _text(messages)
    qtbot.keyClick(_button(messages, "Show less"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: _row(messages).height() == folded)
    # It is where it was read from.
    assert _row(messages).geometry().intersects(messages.viewport().rect())


def test_it_stays_unfolded_when_its_widgets_went_away(messages: MessageList, qtbot: QtBot) -> None:
    more = [Message(f"m{i}", Role.USER, "word\n" * 20, "a") for i in range(40)]
    messages.set_messages([Message("u", Role.USER, _LOG), *more])
    messages.verticalScrollBar().setValue(0)
    _button(messages, "Show all (412 lines)").click()
    messages.verticalScrollBar().setValue(messages.verticalScrollBar().maximum())
    assert all(row.message.id != "u" for row in messages.rows if isinstance(row, UserRow))
    messages.verticalScrollBar().setValue(0)
    assert _button(messages, "Show less")


def test_all_of_it_is_copied_and_selected(messages: MessageList) -> None:
    _button(messages, "Copy message").click()
    assert QGuiApplication.clipboard().text() == _LOG
    messages.selection.select_all()
    assert _LOG in messages.selection.markdown()
    # From a letter in the folded message to the end of the chat.
    row, begin = _row(messages), TextSpot((TEXT_AREA, 0, 0), 9)
    assert row.markdown_between(begin, None) == _LOG[9:]
    assert row.markdown_between(begin, TextSpot((TEXT_AREA, 0, 0), 17)) == _LOG[9:17]


def test_what_the_search_leads_to_is_unfolded(messages: MessageList) -> None:
    messages.show_message("u")
    assert _button(messages, "Show less")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", ""),
        ("line\n" * MOST_LINES, ""),
        ("line\n" * (MOST_LINES + 1), "\n".join(["line"] * SHOWN_LINES)),
        ("word " * 1000, "word " * 159 + "word"),
        ("x" * 5000, "x" * SHOWN_CHARS),
        ("无" * 5000, "无" * SHOWN_CHARS),
        ("a\n" + "b" * 5000, "a\n" + "b" * (SHOWN_CHARS - 2)),
        ("a\n" * 7 + "\n" * 30 + "b", "a\n" * 6 + "a"),
    ],
)
def test_where_a_text_is_folded(text: str, shown: str) -> None:
    assert folded_part(text) == shown
    assert text.startswith(shown)
