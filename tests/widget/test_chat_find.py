"""Find in the open chat: counted, stepped through, marked in whatever has widgets, also in folded thoughts and while an answer grows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QTextEdit
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from launcher.chat.conversation import Conversation, Maker, MessageState
from launcher.services.find_service import FindService
from launcher.ui.chat import ChatPage
from launcher.ui.chat.answer_row import AnswerRow
from launcher.ui.chat.reasoning import ReasoningFold
from launcher.ui.components import Text
from launcher.ui.theme import DARK, ThemeManager, current

PATIENCE_MS = 20_000


class Reader:
    """The page with the real service, as the program connects them."""

    def __init__(self, page: ChatPage, qtbot: QtBot) -> None:
        self.page, self.qtbot = page, qtbot
        self.parent = QObject()
        self.service = FindService(self.parent)
        page.finder.find_requested.connect(self.service.find)
        self.service.found.connect(page.finder.set_found)

    def close(self) -> None:
        self.service.close()
        self.parent.deleteLater()

    def show(self, *texts: str, thought: str = "") -> Conversation:
        """Questions and answers in turn; every answer has the thought."""
        make = Maker()
        chat = make.conversation()
        for text in texts:
            if len(chat.path()) % 2:
                answer = make.answer(chat.leaf_id or "", "Tiny", "F16")
                chat = chat.with_message(replace(answer, text=text, reasoning=thought, state=MessageState.DONE))
            else:
                chat = chat.with_message(make.user_message(text, chat.leaf_id))
        self.page.set_conversation(chat)
        return chat

    @property
    def field(self) -> QLineEdit:
        return self.page.finder.bar.findChildren(QLineEdit)[0]

    @property
    def count(self) -> str:
        return self.page.finder.bar.findChildren(Text)[0].text()

    def type(self, words: str) -> None:
        self.page.find_in_chat()
        self.qtbot.keyClicks(self.field, words)

    def wait_for(self, count: str) -> None:
        try:
            self.qtbot.waitUntil(lambda: self.count == count, timeout=PATIENCE_MS)
        finally:
            assert self.count == count

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.field, key, modifiers)

    def marked(self) -> list[str]:
        """Every marked text on the screen."""
        return [m.cursor.selectedText() for v in self._views() for m in v.extraSelections()]

    def chosen(self) -> list[str]:
        """The one that is marked more strongly, with the text after it; it must be in view."""
        found: list[str] = []
        for view in self._views():
            for mark in view.extraSelections():
                if mark.format.background().color().name().upper() == current().warn.upper():
                    cursor = mark.cursor
                    area = view.cursorRect(cursor)
                    place = view.viewport().mapTo(self.page.message_list.viewport(), area.center())
                    assert self.page.message_list.viewport().rect().contains(place)
                    end = cursor.selectionEnd()
                    found.append(cursor.selectedText() + view.document().toPlainText()[end : end + 6])
        return found

    def _views(self) -> list[QTextEdit]:
        return [view for row in self.page.message_list.rows for _, view in row.views()]


@pytest.fixture
def reader(qtbot: QtBot, theme: ThemeManager) -> Iterator[Reader]:
    page = ChatPage()
    qtbot.addWidget(page)
    page.resize(1000, 600)
    page.show()
    desk = Reader(page, qtbot)
    yield desk
    desk.close()
    page.shut_down()


def test_places_are_counted_and_stepped_through_round_and_round(reader: Reader) -> None:
    reader.show(
        "Is the needle 1 here?",
        "A **needle** 2 and a\n\n```\nneedle 3\n```\n",
        "NEEDLE 4 in [words](http://needle.org)",
    )
    reader.type("needle")
    reader.wait_for("1 of 5")  # what you wrote is shown as it is, address and all
    assert reader.chosen() == ["needle 1 her"]
    assert sorted(reader.marked()) == ["NEEDLE", "needle", "needle", "needle", "needle"]
    for expected in ("needle 2 and", "needle 3", "NEEDLE 4 in "):
        reader.press(Qt.Key.Key_Return)
        assert [c.strip() for c in reader.chosen()] == [expected.strip()]
    assert reader.count == "4 of 5"
    reader.press(Qt.Key.Key_F3)
    reader.press(Qt.Key.Key_F3)
    assert reader.count == "1 of 5"
    reader.press(Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert reader.count == "5 of 5"
    reader.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert reader.count == "4 of 5"


def test_json_is_found_as_it_is_shown_also_far_down_in_a_long_listing(reader: Reader) -> None:
    rows = ",".join(f'{{"name":"row {i}","text":"[a](http://needle.org)","value":{i}}}' for i in range(120))
    reader.show("The rows?", f"[{rows}]")
    reader.type('"value": 100')  # as it is laid out: the model wrote no blank there
    reader.wait_for("1 of 1")
    reader.qtbot.waitUntil(lambda: [c.rstrip() for c in reader.chosen()] == ['"value": 100\n  },'], timeout=PATIENCE_MS)
    reader.page.find_in_chat()
    reader.qtbot.keyClicks(reader.field, "needle")
    reader.wait_for("102 of 120")  # the next after the place that was shown
    assert reader.chosen() == ['needle.org)"']
    for _ in range(19):
        reader.press(Qt.Key.Key_Return)
    reader.wait_for("1 of 120")
    assert reader.chosen() == ['needle.org)"']


def test_capitals_matter_on_demand_and_esc_takes_the_marks_away(reader: Reader) -> None:
    reader.show("Heads or heads?", "HEADS")
    reader.type("heads")
    reader.wait_for("1 of 3")
    case = next(b for b in reader.page.finder.bar.findChildren(QAbstractButton) if "capital" in b.accessibleName())
    case.setFocus()
    reader.qtbot.keyClick(case, Qt.Key.Key_Space)
    reader.wait_for("1 of 1")
    assert reader.marked() == ["heads"]
    reader.page.find_in_chat()
    reader.qtbot.keyClicks(reader.field, "absent")  # the old wish was selected
    reader.wait_for("nowhere in this chat")
    assert reader.marked() == []
    reader.field.setText("")
    reader.qtbot.keyClicks(reader.field, "HEADS")
    reader.wait_for("1 of 1")
    reader.press(Qt.Key.Key_Escape)
    assert reader.page.finder.bar.isHidden()
    assert reader.marked() == []
    assert reader.page.message_list.hasFocus()


def test_a_folded_thought_unfolds_when_it_is_stepped_to(reader: Reader) -> None:
    reader.show("How many?", "Six.", thought="  \nFirst I look for the *needle 7* here.\n")
    reader.type("needle")
    reader.wait_for("1 of 1")
    fold = reader.page.findChildren(ReasoningFold)[0]
    assert fold.is_open
    assert reader.chosen() == ["needle 7 her"]


def test_places_far_away_and_in_long_answers_are_scrolled_to(reader: Reader) -> None:
    filler = "Some words of filling, nothing more than that.\n\n"
    long = filler * 300 + "The needle 9 far down.\n\n" + filler * 300
    reader.show(*(["Words"] * 40), "And now?", long, *(["More"] * 40), "The needle 10 at the end", *(["Words"] * 9))
    reader.page.message_list.verticalScrollBar().setValue(0)
    reader.type("needle")
    reader.wait_for("1 of 2")
    reader.qtbot.waitUntil(lambda: reader.chosen() == ["needle 9 far"], timeout=PATIENCE_MS)
    reader.press(Qt.Key.Key_Return)
    assert reader.chosen() == ["needle 10 at"]
    reader.press(Qt.Key.Key_Return)
    reader.qtbot.waitUntil(lambda: reader.chosen() == ["needle 9 far"], timeout=PATIENCE_MS)


def test_lines_of_a_long_listing_are_scrolled_to(reader: Reader) -> None:
    lines = [f"line_{i} = {i}" + (f"  # needle {i}" if i in (3, 450, 900) else "") for i in range(1000)]
    reader.show("Go on", "Here:\n\n```python\n" + "\n".join(lines) + "\n```\n\nThe needle 5.")
    reader.page.message_list.verticalScrollBar().setValue(0)
    reader.type("needle")
    reader.wait_for("1 of 4")
    for expected in ("needle 3", "needle 450", "needle 900", "needle 5"):
        reader.qtbot.waitUntil(
            lambda expected=expected: [c[: len(expected)] for c in reader.chosen()] == [expected], timeout=PATIENCE_MS
        )
        reader.press(Qt.Key.Key_Return)


def test_a_growing_answer_is_found_as_it_comes_and_the_place_stays(reader: Reader) -> None:
    make = Maker()
    chat = reader.show("The needle 1?")
    answer = make.answer(chat.leaf_id or "", "Tiny", "F16")
    reader.page.begin_answer(answer)
    reader.type("needle")
    reader.wait_for("1 of 1")
    text = "".join(f"The needle {i} grows.\n\n" for i in range(2, 30))
    for piece in text.split(" "):
        reader.page.append_delta("answer", piece + " ")
    reader.wait_for("1 of 29")
    assert reader.chosen() == ["needle 1?"]
    reader.press(Qt.Key.Key_Return)
    assert reader.chosen() == ["needle 2 grow"[:12]]
    reader.page.finish_answer(replace(answer, text=text.strip(), state=MessageState.DONE))
    reader.wait_for("2 of 29")


def test_formulas_and_letters_beyond_the_basic_plane_are_marked(reader: Reader, theme: ThemeManager) -> None:
    reader.show("?", "𝔘𝔘 then \\(\\alpha+\\beta\\) and alpha, 根号二是无理数")
    reader.type("alpha")
    reader.wait_for("1 of 2")
    assert reader.marked() == ["\ufffc", "alpha"]
    reader.press(Qt.Key.Key_Return)
    reader.page.find_in_chat()
    reader.field.setText("")
    typed = QInputMethodEvent()
    typed.setCommitString("无理")
    QApplication.sendEvent(reader.field, typed)
    reader.wait_for("1 of 1")
    assert reader.marked() == ["无理"]
    theme.force(DARK)  # what is marked takes the colours of the theme
    reader.qtbot.waitUntil(lambda: [c[:2] for c in reader.chosen()] == ["无理"], timeout=PATIENCE_MS)


def test_an_empty_chat_is_not_searched_but_all_of_them_are(reader: Reader) -> None:
    reader.show()
    reader.page.find_in_chat()
    assert reader.page.finder.bar.isHidden()
    assert reader.page.panel.isAncestorOf(QApplication.focusWidget())
    # A chat that is emptied takes the bar away.
    reader.show("needle")
    reader.type("needle")
    reader.wait_for("1 of 1")
    reader.show()
    assert reader.page.finder.bar.isHidden()


def test_words_of_all_chats_are_marked_each(reader: Reader) -> None:
    chat = reader.show("two heads", "Heads, and then two", "nothing")
    reader.page.finder.show_words("two heads", chat.path()[1].id)
    reader.wait_for("3 of 4")
    assert not reader.page.finder.bar.isHidden()
    assert not reader.field.hasFocus()
    assert reader.chosen() == ["Heads, and "[:11]]
    assert sorted(reader.marked()) == ["Heads", "heads", "two", "two"]
    # A hit that is in a file has nothing to mark.
    reader.page.finder.show_words("absent", chat.path()[2].id)
    reader.qtbot.waitUntil(lambda: reader.page.finder.bar.isHidden(), timeout=PATIENCE_MS)
    assert reader.marked() == []
    assert isinstance(reader.page.message_list.rows[1], AnswerRow)


def test_marks_go_also_where_the_text_went_before(reader: Reader) -> None:
    """A listing that was scrolled away is deleted by Qt while Python may still hold it."""
    reader.show("A needle?", "A listing:\n\n```\nneedle\n```\n")
    reader.type("needle")
    reader.wait_for("1 of 2")
    held = [view for row in reader.page.message_list.rows for _, view in row.views()]
    assert len(held) > 2
    reader.show("Something else")
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not any(isValid(view) for view in held)
    reader.page.finder.close()
    assert not reader.page.finder.is_open
