"""The chat page: values in, intents out; streaming, virtual rows, list of chats, accessibility."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QLabel, QListView, QMenu, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from launcher.chat.context_policy import ContextPolicy
from launcher.chat.conversation import (
    ChatList,
    Conversation,
    ConversationEntry,
    Maker,
    Message,
    MessageState,
    Role,
    SearchHit,
    Summary,
)
from launcher.chat.turns import ContextUse
from launcher.core.downloads import Installed
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import Timings
from launcher.ui.chat import ChatPage, ModelState, ThinkingMode
from launcher.ui.chat.answer_row import AnswerRow
from launcher.ui.chat.code_block import CodeBlock
from launcher.ui.chat.context_line import ContextLine
from launcher.ui.chat.link_dialog import LinkDialog, can_open
from launcher.ui.chat.reasoning import ReasoningFold
from launcher.ui.chat.rows import BannerRow, CutRow
from launcher.ui.chat.summary_row import SummaryRow
from launcher.ui.chat.user_row import UserRow
from launcher.ui.components import Banner
from launcher.ui.theme import DARK, ThemeManager

TIMINGS = Timings(100, 0, 1301, 912, 0.2, 800.0, 38.12, 24.0, 667, "end")


@pytest.fixture
def page(qtbot: QtBot, theme: ThemeManager) -> Iterator[ChatPage]:
    chat = ChatPage()
    qtbot.addWidget(chat)
    chat.resize(1200, 700)
    chat.show()
    yield chat
    chat.shut_down()


def _question(n: int, parent: str | None = None, text: str = "") -> Message:
    return Message(f"q{n}", Role.USER, text or f"Question {n}?", parent, float(n))


def _answer(n: int, parent: str, text: str = "", state: MessageState = MessageState.DONE) -> Message:
    return Message(f"a{n}", Role.ASSISTANT, text, parent, float(n), state=state, timings=TIMINGS if state is MessageState.DONE else None)  # fmt: skip


def _chat(pairs: int, answer: str = "Answer with **words**.") -> Conversation:
    chat = Conversation("c", "Title", 0.0, 0.0)
    for n in range(pairs):
        chat = chat.with_message(_question(n, chat.leaf_id))
        chat = chat.with_message(_answer(n, f"q{n}", f"{answer} Number {n}."))
    return chat


def _button(page: QWidget, name: str) -> QAbstractButton:
    found = [b for b in page.findChildren(QAbstractButton) if name in (b.accessibleName(), b.text()) and b.isVisible()]
    assert found, f"no visible button {name!r}"
    return found[-1]


def _answer_row(page: ChatPage) -> AnswerRow:
    return [r for r in page.message_list.rows if isinstance(r, AnswerRow)][-1]


# -- sending


def test_enter_sends_shift_enter_breaks_the_line(page: ChatPage, qtbot: QtBot) -> None:
    field = next(e for e in page.findChildren(QPlainTextEdit) if e.accessibleName() == "Message")
    qtbot.keyClicks(field, "Hello")
    qtbot.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(field, "there ")
    with qtbot.waitSignal(page.message_sent) as sent:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert sent.args == ["Hello\nthere"]
    assert page.composer.text == ""


def test_nothing_is_sent_while_blocked_and_the_reason_is_shown(page: ChatPage, qtbot: QtBot) -> None:
    page.set_blocked("The model is loading")
    page.composer.set_text("Hello")
    field = next(e for e in page.findChildren(QPlainTextEdit) if e.accessibleName() == "Message")
    assert field.placeholderText() == "The model is loading"
    send = _button(page, "Send")
    assert not send.isEnabled()
    assert send.toolTip() == "The model is loading"
    with qtbot.assertNotEmitted(page.message_sent, wait=20):
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert page.composer.text == "Hello"
    page.set_blocked("")
    with qtbot.waitSignal(page.message_sent):
        qtbot.mouseClick(send, Qt.MouseButton.LeftButton)


def test_the_field_grows_to_ten_lines(page: ChatPage) -> None:
    field = next(e for e in page.findChildren(QPlainTextEdit) if e.accessibleName() == "Message")
    one = field.sizeHint().height()
    page.composer.set_text("\n".join("abcdef"))
    six = field.sizeHint().height()
    page.composer.set_text("\n".join("x" * 40))
    ten = field.sizeHint().height()
    assert one < six < ten
    assert ten <= one + 9.5 * field.fontMetrics().lineSpacing()


def test_stop_takes_the_place_of_send(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(1))
    page.begin_answer(_answer(9, "q0", state=MessageState.STREAMING))
    with qtbot.waitSignal(page.stop_requested):
        qtbot.mouseClick(_button(page, "Stop"), Qt.MouseButton.LeftButton)
    field = next(e for e in page.findChildren(QPlainTextEdit) if e.accessibleName() == "Message")
    with qtbot.waitSignal(page.stop_requested):
        qtbot.keyClick(field, Qt.Key.Key_Escape)
    page.finish_answer(_answer(9, "q0", "", MessageState.STOPPED))
    assert _button(page, "Send").isVisible()


def test_the_thinking_switch(page: ChatPage, qtbot: QtBot) -> None:
    switch = _find_switch(page)
    page.set_thinking(ThinkingMode.ALWAYS, reason="always on for R1")
    assert switch.isChecked()
    assert not switch.isEnabled()
    assert switch.toolTip() == "always on for R1"
    with qtbot.assertNotEmitted(page.thinking_toggled, wait=10):
        page.set_thinking(ThinkingMode.SWITCH, is_on=False)
    with qtbot.waitSignal(page.thinking_toggled) as toggled:
        switch.click()
    assert toggled.args == [True]
    page.set_thinking(ThinkingMode.NEVER)
    assert not switch.isVisible()


def _find_switch(page: ChatPage) -> QAbstractButton:
    return next(b for b in page.findChildren(QAbstractButton) if b.accessibleName() == "Thinking" and b.isCheckable())


# -- answers


def test_an_answer_streams_and_is_readable_through_accessibility(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(1))
    page.add_message(_question(5, "a0"))
    page.begin_answer(_answer(5, "q5", state=MessageState.STREAMING))
    text = "First *paragraph*.\n\n```python\nprint(1)\n```\n\nLast words"
    for i in range(0, len(text), 3):
        page.append_delta("answer", text[i : i + 3])
    qtbot.waitUntil(lambda: _answer_row(page).message.text == text)
    row = _answer_row(page)
    assert row.accessibleName() == "Answer"
    assert [c.code for c in row.findChildren(CodeBlock) if c.isVisible()] == ["print(1)"]
    page.finish_answer(replace(_answer(5, "q5", text), timings=TIMINGS))
    assert row.accessibleDescription() == text
    assert "38.1 tokens/s · 1,301 tokens · first after 0.2 s" in _labels(row)


def test_an_answer_says_how_often_its_guesses_were_right_and_whether_they_paid(page: ChatPage) -> None:
    page.set_conversation(_chat(1))
    guessed = replace(TIMINGS, drafted_tokens=80, accepted_tokens=60, drafting="on", drafting_s=0.02, plain_s=0.025)
    page.begin_answer(_answer(5, "a0", state=MessageState.STREAMING))
    page.finish_answer(replace(_answer(5, "a0", "Text"), timings=guessed))
    assert any(label.endswith(" · 75 % of the guessed tokens were right") for label in _labels(_answer_row(page)))
    slower = replace(guessed, drafted_tokens=0, accepted_tokens=0, drafting="off", drafting_s=0.05)
    page.finish_answer(replace(_answer(5, "a0", "Text"), timings=slower))
    assert any(label.endswith(" · guesses are off: 20 instead of 40 tokens/s") for label in _labels(_answer_row(page)))


def _labels(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def test_thinking_runs_open_and_folds_when_the_answer_starts(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(1))
    page.begin_answer(_answer(5, "a0", state=MessageState.STREAMING))
    page.append_delta("reasoning", "Let me think about it. " * 200, tokens=227)
    qtbot.waitUntil(lambda: bool(_answer_row(page).findChildren(ReasoningFold)))
    fold = _answer_row(page).findChildren(ReasoningFold)[0]
    assert fold.is_open
    head = fold.findChildren(QPushButton)[0]
    assert "227 tokens" in head.accessibleName()
    assert "Thinking" in head.accessibleName()
    assert fold.height() < 200  # six lines, not two hundred
    page.append_delta("answer", "So.")
    qtbot.waitUntil(lambda: not fold.is_open)
    qtbot.mouseClick(head, Qt.MouseButton.LeftButton)
    assert fold.is_open
    page.finish_answer(replace(_answer(5, "a0", "So."), reasoning=_answer_row(page).message.reasoning))
    assert fold.is_open  # the user opened it
    assert head.accessibleName() == "Thought for 24 s 912 tokens"


def test_thinking_that_the_user_opened_again_stays_open(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(1))
    page.begin_answer(_answer(5, "a0", state=MessageState.STREAMING))
    page.append_delta("reasoning", "hm ")
    qtbot.waitUntil(lambda: bool(_answer_row(page).findChildren(ReasoningFold)))
    fold = _answer_row(page).findChildren(ReasoningFold)[0]
    head = fold.findChildren(QPushButton)[0]
    qtbot.mouseClick(head, Qt.MouseButton.LeftButton)
    assert not fold.is_open
    page.append_delta("reasoning", "hm ")
    page.append_delta("answer", "So.")
    qtbot.waitUntil(lambda: _answer_row(page).message.text == "So.")
    assert not fold.is_open


def test_a_failed_answer_says_so_in_place_with_its_steps(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(1))
    page.begin_answer(_answer(5, "a0", state=MessageState.STREAMING))
    page.append_delta("answer", "Half a sen")
    page.finish_answer(_answer(5, "a0", "Half a sen", MessageState.FAILED))
    step = NextStep("Load again", "load_again")
    page.show_engine_error(UserError("engine_died", "The engine stopped.", "Signal 9.", (step,)))
    assert isinstance(page.message_list.rows[-1], BannerRow)
    with qtbot.waitSignal(page.next_step_chosen) as chosen:
        qtbot.mouseClick(_button(page, "Load again"), Qt.MouseButton.LeftButton)
    assert chosen.args == [step]
    page.add_message(_question(6, "a5"))
    assert not any(isinstance(r, BannerRow) for r in page.message_list.rows)


def test_again_copy_and_edit(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(1, "Because"))
    with qtbot.waitSignal(page.regenerate_requested) as again:
        qtbot.mouseClick(_button(page, "Answer again"), Qt.MouseButton.LeftButton)
    assert again.args == ["a0"]
    qtbot.mouseClick(_button(page, "Copy answer"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "Because Number 0."
    qtbot.mouseClick(_button(page, "Edit message"), Qt.MouseButton.LeftButton)
    editor = next(e for e in page.findChildren(QPlainTextEdit) if e.accessibleName() == "Edited message")
    qtbot.waitUntil(editor.hasFocus)
    editor.setPlainText("Other question?")
    with qtbot.waitSignal(page.edit_requested) as edited:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert edited.args == ["q0", "Other question?"]


def test_code_is_copied_and_says_so(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(1, "```python\nx = 1\n\ny = 2\n```\n"))
    button = next(b for b in page.findChildren(QAbstractButton) if b.accessibleName() == "Copy code")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "x = 1\n\ny = 2"
    assert button.text() == "Copied"


# -- the list of messages


def test_only_what_is_near_the_view_has_widgets(page: ChatPage) -> None:
    start = time.perf_counter()
    page.set_conversation(_chat(2000))
    page.grab()
    assert time.perf_counter() - start < 20  # 4,000 rows built one by one would take minutes
    assert 2 <= len(page.message_list.rows) < 30
    assert page.message_list.is_at_end
    assert _answer_row(page).message.id == "a1999"
    bar = page.message_list.verticalScrollBar()
    for value in (0, bar.maximum() // 2, bar.maximum() // 3):
        bar.setValue(value)
        page.grab()
        assert 2 <= len(page.message_list.rows) < 30
    assert not page.message_list.is_at_end


def test_what_is_read_does_not_move_while_an_answer_grows(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(30))
    page.begin_answer(_answer(99, "a29", state=MessageState.STREAMING))
    bar = page.message_list.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    page.grab()
    value = bar.value()
    row = page.message_list.rows[0]
    y = row.y()
    page.append_delta("answer", "line\n\n" * 60)
    qtbot.waitUntil(lambda: bar.maximum() > value + 1000)
    assert (bar.value(), row.y()) == (value, y)
    page.message_list.scroll_to_end()
    page.append_delta("answer", "line\n\n" * 60)
    before = bar.maximum()
    qtbot.waitUntil(lambda: bar.maximum() > before)
    assert bar.value() == bar.maximum()


def test_rows_never_overlap(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(40, "Text with $E_0$ and\n\n- a list\n- of \\(x\\)\n\n```py\nx\n```\n\nand more."))
    bar = page.message_list.verticalScrollBar()
    for width in (1200, 700, 1000):
        page.resize(width, 600)
        for value in (bar.maximum(), bar.maximum() // 2, 0):
            bar.setValue(value)
            qtbot.wait(60)
            rows = page.message_list.rows
            for above, below in itertools.pairwise(rows):
                assert above.geometry().bottom() < below.geometry().top()
                assert above.height() == above.arrange(above.width())


def test_a_chat_can_be_left_and_shown_again_while_it_streams(page: ChatPage, qtbot: QtBot) -> None:
    chat = _chat(1)
    page.set_conversation(chat)
    streaming = _answer(5, "a0", "Half", MessageState.STREAMING)
    page.begin_answer(streaming)
    page.set_conversation(Conversation("other", "", 0.0, 0.0, (_question(7),), "q7"))
    page.append_delta("answer", " lost")
    page.set_conversation(chat.with_message(replace(streaming, text="Half of it")))
    page.append_delta("answer", " and the rest")
    qtbot.waitUntil(lambda: _answer_row(page).message.text == "Half of it and the rest")


def test_the_cut_line(page: ChatPage) -> None:
    page.set_conversation(_chat(2))
    page.set_context(ContextUse(24576, 12, 440, 227))
    page.set_context_cut(2)
    kinds = [type(r) for r in page.message_list.rows]
    assert kinds == [UserRow, AnswerRow, CutRow, UserRow, AnswerRow]
    words = " ".join(_labels(page))
    assert "Context 679 of 24,576" in words
    assert "12 system · 440 chat · 227 thinking, dropped after each answer" in words
    assert _button(page, "2 oldest messages cut").accessibleName().startswith("2 oldest messages cut. When the context")
    page.set_context_cut(0)
    assert CutRow not in [type(r) for r in page.message_list.rows]
    assert _button(page, "Nothing cut")


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)  # the off-screen platform, of every menu
def test_what_happens_when_the_context_is_full_is_chosen_at_the_meter(page: ChatPage, qtbot: QtBot) -> None:
    page.set_context(ContextUse(24576, 0, 440, answer_tokens=2048))
    page.set_context_policy(ContextPolicy.SUMMARISE)
    button = _button(page, "Nothing cut")
    assert button.accessibleName() == "Nothing cut. When the context is full: Summarise the oldest messages"
    line = next(w for w in page.findChildren(ContextLine))
    assert "2,048 tokens are kept free for the next answer." in line.accessibleName()
    button.click()
    menu = next(w for w in button.children() if isinstance(w, QMenu) and w.isVisible())
    actions = {a.text(): a for a in menu.actions()}
    assert [a.text() for a in menu.actions() if a.isChecked()] == ["Summarise the oldest messages"]
    with qtbot.waitSignal(page.context_policy_chosen) as chosen:
        actions["Send nothing and say so"].trigger()
    assert chosen.args == [ContextPolicy.STOP]
    menu.close()
    qtbot.waitUntil(lambda: not menu.isVisible() if _alive(menu) else True)


def test_a_summary_stands_at_its_place_and_unfolds(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(4))
    page.set_context(ContextUse(24576, 0, 440))
    summary = Summary("a1", "They spoke of coins. " * 20, 4, "R1 Q4_K_M")
    page.set_context_cut(4, summary)
    kinds = [type(r) for r in page.message_list.rows]
    assert kinds == [UserRow, AnswerRow] * 2 + [SummaryRow] + [UserRow, AnswerRow] * 2
    assert _button(page, "4 oldest messages summarised")
    row = next(r for r in page.message_list.rows if isinstance(r, SummaryRow))
    folded = row.height()
    qtbot.mouseClick(_button(page, "Summary of 4 earlier messages"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row.height() > 2 * folded)
    assert "Written by R1 Q4_K_M; sent instead of the messages above." in _labels(row)
    page.set_context_cut(4, summary)
    assert row.is_open, "nothing changed, so it stays open"
    qtbot.mouseClick(_button(page, "Summary of 4 earlier messages"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row.height() == folded)
    page.set_context_cut(6, summary)
    kinds = [type(r) for r in page.message_list.rows]
    assert kinds == [UserRow, AnswerRow] * 2 + [SummaryRow, UserRow, AnswerRow, CutRow, UserRow, AnswerRow]
    assert _button(page, "4 summarised, 2 cut")
    page.set_context_cut(0)
    assert not {SummaryRow, CutRow} & {type(r) for r in page.message_list.rows}


def test_a_summary_in_the_making_shows_progress_and_can_be_cancelled(page: ChatPage, qtbot: QtBot) -> None:
    page.set_summarising(0.4, "Summarising 14 older messages…")
    assert "Summarising 14 older messages…" in _labels(page)
    with qtbot.waitSignal(page.summary_cancel_requested):
        qtbot.mouseClick(_button(page, "Cancel the summary"), Qt.MouseButton.LeftButton)
    page.set_summarising(None, "")
    assert "Summarising 14 older messages…" not in _labels(page)


def test_a_message_that_was_not_sent_is_in_the_field_again(page: ChatPage) -> None:
    page.take_back("Why?")
    assert page.composer.text == "Why?"
    page.take_back("First")
    assert page.composer.text == "First\n\nWhy?", "what was written meanwhile is not lost"


def test_a_change_of_theme_restyles_what_is_shown(page: ChatPage, qtbot: QtBot, theme: ThemeManager) -> None:
    page.set_conversation(_chat(1))
    before = page.grab().toImage()
    theme.force(DARK)
    qtbot.wait(60)
    after = page.grab().toImage()
    spot = page.message_list.mapTo(page, page.message_list.rect().center())
    assert before.pixelColor(spot).name().upper() == "#FFFFFF"
    assert after.pixelColor(spot).name().upper() == DARK.surface
    assert _has_colour(after, DARK.text)


def _has_colour(image: object, name: str) -> bool:
    return any(image.pixelColor(x, y).name().upper() == name for x in range(300, 1100) for y in range(60, 300))  # pyright: ignore[reportAttributeAccessIssue]


# -- links


def test_a_link_is_confirmed_before_it_is_opened(page: ChatPage, qtbot: QtBot) -> None:
    page.message_list.link_activated.emit("https://example.com/a")
    dialog = page.findChildren(LinkDialog)[0]
    assert "https://example.com/a" in dialog.informativeText()
    with qtbot.waitSignal(page.link_open_requested) as opened:
        qtbot.mouseClick(next(b for b in dialog.buttons() if b.text() == "Open"), Qt.MouseButton.LeftButton)
    assert opened.args == ["https://example.com/a"]


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "javascript:alert(1)", "ms-msdt:x", "//host/share", "https:", "", "http://["]
)
def test_other_addresses_cannot_be_opened(page: ChatPage, qtbot: QtBot, address: str) -> None:
    assert not can_open(address)
    page.message_list.link_activated.emit(address)
    dialog = page.findChildren(LinkDialog)[0]
    assert not [b for b in dialog.buttons() if b.text() == "Open"]
    dialog.reject()


# -- the list of chats


def _entries(now: float) -> list[ConversationEntry]:
    day = 86400
    return [
        ConversationEntry("c1", "Coin tosses", now),
        ConversationEntry("c2", "Bayes", now - day),
        ConversationEntry("c3", "Bike tour", now - 4 * day),
        ConversationEntry("c4", "Old", now - 40 * day),
    ]


def _shown(page: ChatPage) -> list[str]:
    view = page.findChildren(QListView)[0]
    return [str(view.model().index(i, 0).data()) for i in range(view.model().rowCount())]


def test_chats_stand_under_their_age(page: ChatPage) -> None:
    page.set_conversations(ChatList(tuple(_entries(time.time()))))
    assert _shown(page) == ["Today", "Coin tosses", "Yesterday", "Bayes", "Last week", "Bike tour", "Older", "Old"]


def test_a_chat_is_opened_renamed_deleted_and_brought_back(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversations(ChatList(tuple(_entries(time.time()))))
    view = page.findChildren(QListView)[0]
    index = view.model().index(3, 0)
    with qtbot.waitSignal(page.conversation_selected) as selected:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())
    assert selected.args == ["c2"]
    with qtbot.waitSignal(page.rename_requested) as renamed:
        view.model().setData(index, "  Bayes'  rule ")
    assert renamed.args == ["c2", "Bayes' rule"]
    view.setCurrentIndex(index)
    with qtbot.waitSignal(page.delete_requested) as deleted:
        qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert deleted.args == ["c2"]
    with qtbot.waitSignal(page.undo_delete_requested) as undone:
        qtbot.mouseClick(_button(page, "Undo"), Qt.MouseButton.LeftButton)
    assert undone.args == ["c2"]


def test_headings_cannot_be_chosen(page: ChatPage) -> None:
    page.set_conversations(ChatList(tuple(_entries(time.time()))))
    model = page.findChildren(QListView)[0].model()
    assert model.flags(model.index(0, 0)) == Qt.ItemFlag.NoItemFlags


def test_search_is_announced_and_its_hits_are_shown(page: ChatPage, qtbot: QtBot) -> None:
    page.focus_search()
    field = page.focusWidget()
    with qtbot.waitSignal(page.search_changed) as changed:
        qtbot.keyClicks(field, "six")
    assert changed.args == ["six"]
    hit = SearchHit("m", Role.ASSISTANT, "…takes six tosses", ((7, 10),))
    entry = ConversationEntry("c1", "Coin tosses", time.time(), hits=(hit,), n_hits=1)
    page.set_conversations(ChatList((entry,), words="six"))
    assert _shown(page) == ["1 message found", "Coin tosses", "…takes six tosses"]
    view = page.findChildren(QListView)[0]
    assert view.model().index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "Answer: …takes six tosses"
    with qtbot.waitSignal(page.panel.hit_selected) as selected:
        qtbot.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.model().index(2, 0)).center()
        )
    assert selected.args == ["c1", "m"]
    page.set_conversations(ChatList((replace(entry, n_hits=200),), words="six", is_cut=True))
    assert _shown(page)[0] == "The newest 200 messages found"
    page.set_conversations(ChatList(words="six"))
    assert "No chat contains “six”." in _labels(page)


def test_a_new_chat_is_asked_for(page: ChatPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.new_chat_requested):
        qtbot.mouseClick(_button(page, "New chat"), Qt.MouseButton.LeftButton)


# -- states around the chat


def test_an_empty_chat_offers_what_makes_sense(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(Conversation("n", "", 0.0, 0.0))
    page.set_installed([])
    with qtbot.waitSignal(page.models_requested):
        qtbot.mouseClick(_button(page, "Choose a model"), Qt.MouseButton.LeftButton)
    page.set_installed([Installed("m", "R1", "Q4", "/m.gguf", 10**9, "qwen2", "launcher", True)])
    suggestion = _button(page, "Why is the square root of 2 irrational?")
    qtbot.mouseClick(suggestion, Qt.MouseButton.LeftButton)
    assert page.composer.text == suggestion.text()
    page.add_message(_question(1))
    assert not suggestion.isVisible()


def test_loading_shows_progress_and_can_be_cancelled(page: ChatPage, qtbot: QtBot) -> None:
    page.set_loading(0.42, "Loading R1")
    assert "42 %" in _labels(page)
    with qtbot.waitSignal(page.load_cancel_requested):
        qtbot.mouseClick(_button(page, "Cancel loading"), Qt.MouseButton.LeftButton)
    page.set_loading(None, "")
    assert "Loading R1" not in _labels(page)


def test_a_banner_pushes_the_chat_down(page: ChatPage, qtbot: QtBot) -> None:
    page.set_conversation(_chat(1))
    top = page.message_list.mapTo(page, page.message_list.rect().topLeft()).y()
    page.show_banner(UserError("spill", "Video memory spills into RAM.", "", (NextStep("Load again", "load_again"),)))
    qtbot.waitUntil(lambda: page.message_list.mapTo(page, page.message_list.rect().topLeft()).y() > top)
    assert any(b.isVisible() for b in page.findChildren(Banner))
    page.clear_banner()
    qtbot.waitUntil(lambda: page.message_list.mapTo(page, page.message_list.rect().topLeft()).y() == top)


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)  # the off-screen platform, of every menu
def test_the_picker_names_model_and_state(page: ChatPage, qtbot: QtBot) -> None:
    installed = Installed("m", "R1-Distill-Qwen-7B", "Q4_K_M", "/m.gguf", 4_700_000_000, "qwen2", "launcher", True)
    page.set_installed([installed])
    page.set_model("R1-Distill-Qwen-7B", "Q4_K_M", ModelState.READY)
    picker = _button(page, "Model: R1-Distill-Qwen-7B Q4_K_M, ready")
    picker.click()
    menu = next(w for w in picker.children() if isinstance(w, QWidget) and w.isWindow() and w.isVisible())
    action = next(a for a in menu.actions() if a.text().startswith("R1-Distill"))
    assert "4.7 GB" in action.text()
    with qtbot.waitSignal(page.model_chosen) as chosen:
        action.trigger()
    assert chosen.args == [installed]
    menu.close()
    qtbot.waitUntil(lambda: not menu.isVisible() if _alive(menu) else True)


def _alive(widget: QWidget) -> bool:
    import shiboken6

    return shiboken6.isValid(widget)


def test_meters_give_way_and_can_be_folded(page: ChatPage, qtbot: QtBot) -> None:
    meters = QWidget()
    meters.setFixedWidth(268)
    page.set_meter_panel(meters)
    assert meters.isVisible()
    with qtbot.waitSignal(page.meter_toggled) as toggled:
        qtbot.mouseClick(_button(page, "Meters"), Qt.MouseButton.LeftButton)
    assert toggled.args == [False]
    assert not meters.isVisible()
    page.set_meters_shown(True)
    page.resize(850, 600)
    assert not meters.isVisible()
    assert page.panel.isVisible()
    page.resize(580, 600)  # the least the window allows
    assert page.width() == 580
    assert not page.panel.isVisible()
    assert page.center.minimumSizeHint().width() <= 580


def test_every_control_has_a_name(page: ChatPage) -> None:
    page.set_conversation(_chat(2, "```py\nx\n```\n"))
    page.set_thinking(ThinkingMode.SWITCH)
    page.set_loading(None, "Loading")
    nameless = [b for b in page.findChildren(QAbstractButton) if not (b.accessibleName() or b.text()) and b.isVisible()]
    assert not [
        b for b in nameless if b.metaObject().className() != "QToolButton"
    ]  # Qt's own clear button of a line edit


def test_quiet_buttons_show_under_the_mouse(page: ChatPage) -> None:
    page.set_conversation(_chat(1))
    row = next(r for r in page.message_list.rows if isinstance(r, UserRow))
    before = row.grab().toImage()
    row._show_buttons(True)
    assert row.grab().toImage() != before
    row.leaveEvent(QEvent(QEvent.Type.Leave))
    assert row.grab().toImage() == before


def test_a_bubble_is_as_wide_as_its_words(page: ChatPage) -> None:
    """Also when it is the first message of a chat, whose row was never shown before it is arranged."""
    make = Maker()
    chat = make.conversation()
    page.set_conversation(chat)
    page.set_conversation(chat.with_message(make.user_message("How do you work on my own computer?", None)))
    row = next(r for r in page.message_list.rows if isinstance(r, UserRow))
    assert row.height() < 2 * 24 + 20, "one line, not one word a line"
