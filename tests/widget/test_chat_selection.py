"""Selecting and copying across messages; long texts that have widgets only near the view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTextEdit
from pytestqt.qtbot import QtBot

from launcher.chat.conversation import Message, MessageState, Role
from launcher.ui.chat.fold_head import FoldHead
from launcher.ui.chat.message_list import MessageList
from launcher.ui.chat.prose import Prose
from launcher.ui.chat.reasoning import ReasoningFold
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.theme import ThemeManager


@pytest.fixture
def messages(qtbot: QtBot, theme: ThemeManager) -> Iterator[MessageList]:
    owner = QTextEdit()
    qtbot.addWidget(owner)
    owner.resize(800, 700)
    typesetter = Typesetter(owner)
    made = MessageList(typesetter, owner)
    made.resize(800, 700)
    owner.show()
    yield made
    typesetter.close()


def _view(messages: MessageList, words: str) -> QTextEdit:
    views = (view for row in messages.rows for _, view in row.views())
    return next(view for view in views if words in view.toPlainText())


def _mouse(kind: QEvent.Type, view: QTextEdit, at: QPoint, buttons: Qt.MouseButton) -> None:
    viewport = view.viewport()
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    spot = QPointF(viewport.mapFromGlobal(at))
    event = QMouseEvent(kind, spot, QPointF(at), button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(viewport, event)


def _spot(view: QTextEdit, words: str) -> QPoint:
    """Where these words begin, on the screen."""
    cursor = view.document().find(words)
    cursor.setPosition(cursor.selectionStart())
    return view.viewport().mapToGlobal(view.cursorRect(cursor).center())


def _drag(view: QTextEdit, start: QPoint, end: QPoint) -> None:
    _mouse(QEvent.Type.MouseButtonPress, view, start, Qt.MouseButton.LeftButton)
    _mouse(QEvent.Type.MouseMove, view, end, Qt.MouseButton.LeftButton)
    _mouse(QEvent.Type.MouseButtonRelease, view, end, Qt.MouseButton.NoButton)


def _chat(*texts: str) -> list[Message]:
    roles = (Role.USER, Role.ASSISTANT)
    return [Message(str(i), roles[i % 2], text, None) for i, text in enumerate(texts)]


def test_a_selection_goes_from_one_message_into_another(messages: MessageList) -> None:
    messages.set_messages(_chat("Why is it so?", "One **two** three.\n\n```py\nx = 1\n```\n\n- a\n- b\n\nend of it"))
    first, last = _view(messages, "Why"), _view(messages, "end of it")
    _drag(first, _spot(first, "it so"), _spot(last, "of it"))
    assert messages.selection.markdown() == (
        "## You\n\nit so?\n\n## Answer\n\nOne **two** three.\n\n```py\nx = 1\n```\n\n- a\n- b\n\nend"
    )
    assert _view(messages, "x = 1").textCursor().selectedText() == "x = 1"


def test_back_into_the_first_text_and_then_upwards(messages: MessageList) -> None:
    messages.set_messages(_chat("above", "One two three.\n\n```\ncode\n```\n\nend"))
    middle = _view(messages, "One")
    start = _spot(middle, "two")
    _mouse(QEvent.Type.MouseButtonPress, middle, start, Qt.MouseButton.LeftButton)
    _mouse(QEvent.Type.MouseMove, middle, _spot(_view(messages, "code"), "de"), Qt.MouseButton.LeftButton)
    assert messages.selection.markdown() == "two three.\n\n```\nco\n```"
    _mouse(QEvent.Type.MouseMove, middle, _spot(_view(messages, "above"), "ove"), Qt.MouseButton.LeftButton)
    assert messages.selection.markdown() == "## You\n\nove\n\n## Answer\n\nOne"
    assert not _view(messages, "code").textCursor().hasSelection()


def test_select_all_copies_what_has_no_widgets_too(messages: MessageList) -> None:
    texts = [f"question {i}" if i % 2 == 0 else f"answer **{i}**" for i in range(400)]
    messages.set_messages(_chat(*texts))
    QTest.keySequence(messages, "Ctrl+A")
    QTest.keySequence(messages, "Ctrl+C")
    data = QGuiApplication.clipboard().mimeData()
    assert "question 0\n" in data.text()
    assert "answer 399" in data.text()
    assert "**" not in data.text()
    assert "<b>399</b>" in data.html()
    QTest.keySequence(messages, "Ctrl+Shift+C")
    assert "answer **399**" in QGuiApplication.clipboard().text()
    assert len(messages.rows) < 60


def test_a_selection_survives_scrolling_and_ends_with_a_press(messages: MessageList) -> None:
    messages.set_messages(_chat(*(f"message {i}: {'words ' * 60}" for i in range(60))))
    last, before = _view(messages, "message 59"), _view(messages, "message 58")
    _drag(before, _spot(before, "58"), _spot(last, "59"))
    chosen = messages.selection.markdown()
    assert chosen.startswith("## You\n\n58: words")
    assert chosen.endswith("\n\nmessage")
    messages.verticalScrollBar().setValue(0)
    assert messages.selection.markdown() == chosen
    messages.verticalScrollBar().setValue(messages.verticalScrollBar().maximum())
    assert messages.selection.markdown() == chosen
    view = _view(messages, "message 59")
    _drag(view, _spot(view, "message"), _spot(view, "message"))
    assert messages.selection.markdown() == ""
    assert not _view(messages, "message 58").textCursor().hasSelection()


def test_code_alone_is_copied_as_it_is(messages: MessageList) -> None:
    messages.set_messages(_chat("q", "text\n\n```py\na = '*'\nb = 2\n```\n"))
    code = _view(messages, "b = 2")
    _drag(code, _spot(code, "b = 2"), _spot(code, "b = 2"))
    code.selectAll()
    messages.selection.copy()
    assert QGuiApplication.clipboard().text() == "a = '*'\nb = 2"


_LONG = "".join(f"## Part {i}\n\nSome *words* of part {i}. {'More of them. ' * 30}\n\n" for i in range(600))


def test_a_long_answer_has_widgets_only_near_the_view(messages: MessageList, qtbot: QtBot) -> None:
    messages.set_messages(_chat("q", _LONG))
    assert len(_LONG) > 40_000  # it is taken apart by the worker
    bar = messages.verticalScrollBar()
    qtbot.waitUntil(lambda: any("part 599" in view.toPlainText() for row in messages.rows for _, view in row.views()))
    assert messages.is_at_end
    for place in (0.0, 0.3, 0.7, 1.0):
        bar.setValue(round(bar.maximum() * place))
        shown = [view for row in messages.rows for _, view in row.views()]
        assert 1 <= len(shown) < 20
        ys = [view.mapTo(messages.viewport(), QPoint(0, 0)).y() for view in shown]
        assert any(y < messages.viewport().height() and y + v.height() > 0 for y, v in zip(ys, shown, strict=True))
    messages.selection.select_all()
    assert messages.selection.markdown().endswith(_LONG.strip())


def test_what_is_read_stays_when_the_width_changes(messages: MessageList, qtbot: QtBot) -> None:
    messages.set_messages(_chat("q", _LONG))
    qtbot.waitUntil(lambda: any("part 599" in view.toPlainText() for row in messages.rows for _, view in row.views()))
    bar = messages.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)

    def top_part() -> str:
        views = (v for row in messages.rows for _, v in row.views())
        on_top = next(v for v in views if v.mapTo(messages.viewport(), QPoint(0, v.height())).y() > 0)
        line = on_top.cursorForPosition(on_top.viewport().mapFromGlobal(messages.viewport().mapToGlobal(QPoint(90, 2))))
        return line.block().text()[:40] or line.block().next().text()[:40]

    before = int("".join(c for c in top_part().split("part")[-1].split("Part")[-1] if c.isdigit()) or 0)
    for width in (700, 560, 640, 800):
        messages.resize(width, 700)
    after = int("".join(c for c in top_part().split("part")[-1].split("Part")[-1] if c.isdigit()) or 0)
    assert abs(after - before) <= 5


def test_streaming_below_does_not_move_what_is_read_in_the_same_answer(messages: MessageList) -> None:
    text = _LONG[:20_000]
    messages.set_messages(_chat("q"))
    messages.add_message(Message("s", Role.ASSISTANT, text, None, state=MessageState.STREAMING))
    bar = messages.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    for i in range(20_000, 24_000, 100):
        messages.append("", _LONG[i : i + 100], None)
        assert bar.value() == place
    assert not messages.is_at_end
    messages.scroll_to_end()
    assert any(isinstance(v, Prose) and v.toPlainText() for row in messages.rows for _, v in row.views())


def test_opening_the_thinking_keeps_its_head_in_view(messages: MessageList, qtbot: QtBot) -> None:
    chat = _chat("question " * 400, "answer")
    messages.set_messages([chat[0], replace(chat[1], reasoning="Let me think about it.\n\n" * 200)])
    fold = messages.rows[-1].findChildren(ReasoningFold)[0]
    top = fold.mapTo(messages, QPoint(0, 0)).y()
    fold.findChildren(FoldHead)[0].click()
    qtbot.waitUntil(lambda: fold.height() > 1000)
    assert fold.mapTo(messages, QPoint(0, 0)).y() == top
    assert not messages.is_at_end
