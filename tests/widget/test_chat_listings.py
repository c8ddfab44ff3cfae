"""Listings of any length: only the lines near the view have widgets, and all of them can be read, selected and copied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QAbstractButton, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from launcher.chat.conversation import Message, MessageState, Role
from launcher.ui.chat.code_block import SLICE_LINES, CodeBlock
from launcher.ui.chat.message_list import MessageList
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.theme import LIGHT, ThemeManager, line_height
from launcher.ui.theme import Role as Letters

N_LINES = 20_000
_LINES = [f"line_{i} = {i} * 2  # {'far ' * (40 if i == 15_000 else 1)}" for i in range(N_LINES)]
_CODE = "\n".join(_LINES)


@pytest.fixture
def messages(qtbot: QtBot, theme: ThemeManager) -> Iterator[MessageList]:
    theme.force(LIGHT)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 700)
    typesetter = Typesetter(window)
    listed = MessageList(typesetter, window)
    listed.resize(900, 700)
    window.show()
    yield listed
    window.close()
    typesetter.close()


def _answer(text: str, state: MessageState = MessageState.DONE) -> list[Message]:
    return [Message("q", Role.USER, "why?"), Message("a", Role.ASSISTANT, text, "q", state=state)]


def _block(messages: MessageList) -> CodeBlock:
    return next(b for b in messages.findChildren(CodeBlock) if b.isVisible())


def _shown(messages: MessageList) -> str:
    """The lines that are seen, from the texts that lie under the view."""
    area = QRect(messages.viewport().mapToGlobal(QPoint(0, 0)), messages.viewport().size())
    views = [v for _, v in _block(messages).views if area.intersects(QRect(v.mapToGlobal(QPoint(0, 0)), v.size()))]
    return "\n".join(view.toPlainText() for view in views)


def _open(messages: MessageList, qtbot: QtBot, text: str) -> CodeBlock:
    messages.set_messages(_answer(text))
    qtbot.waitUntil(lambda: any(b.isVisible() for b in messages.findChildren(CodeBlock)), timeout=60_000)
    return _block(messages)


def test_a_listing_of_20000_lines_has_widgets_only_near_the_view(messages: MessageList, qtbot: QtBot) -> None:
    block = _open(messages, qtbot, f"Here:\n\n```python\n{_CODE}\n```\n")
    bar = messages.verticalScrollBar()
    assert bar.maximum() > N_LINES * line_height(Letters.MONO) - 700
    for share in (0.0, 0.25, 0.5, 0.77, 1.0):
        bar.setValue(round(bar.maximum() * share))
        assert 1 <= len(block.views) <= 4
        assert f"line_{round((N_LINES - 60) * share) + 20} " in _shown(messages)


def test_copy_takes_all_of_it_and_stays_in_reach(messages: MessageList, qtbot: QtBot) -> None:
    block = _open(messages, qtbot, f"```python\n{_CODE}\n```\n")
    messages.verticalScrollBar().setValue(200_000)
    copy = next(b for b in block.findChildren(QAbstractButton) if b.accessibleName() == "Copy code")
    place = copy.mapTo(messages.viewport(), QPoint(0, 0))
    assert 0 <= place.y() < 60
    copy.click()
    assert QGuiApplication.clipboard().text() == _CODE


def test_it_grows_by_what_is_new(messages: MessageList, qtbot: QtBot) -> None:
    messages.set_messages(_answer("```py\n", MessageState.STREAMING))
    messages.append("", "first = 1\n", None)
    qtbot.waitUntil(lambda: any(b.isVisible() for b in messages.findChildren(CodeBlock)), timeout=60_000)
    block = _block(messages)
    for start in range(0, 1500, 7):
        messages.append("", "\n".join(_LINES[start : start + 7]) + "\n", None)
        assert len(block.views) <= 4
    assert _block(messages) is block
    whole = ["first = 1", *_LINES[: 7 * 215]]
    assert block.code.split("\n") == whole
    assert _shown(messages).endswith(whole[-1])
    messages.append("", "```\n", None)
    messages.finish(_answer("```py\n" + "\n".join(whole) + "\n```\n")[1])
    grown = block.height(), block.n_slices
    messages.set_messages([])
    again = _open(messages, qtbot, "```py\n" + "\n".join(whole) + "\n```\n")
    assert (again.height(), again.n_slices) == grown


def test_all_lines_scroll_sideways_together(messages: MessageList, qtbot: QtBot) -> None:
    block = _open(messages, qtbot, f"```python\n{_CODE}\n```\n")
    messages.verticalScrollBar().setValue(3000)
    # The widest line has no widget yet; short ones go as far as it.
    most = [view.horizontalScrollBar().maximum() for _, view in block.views]
    assert len(most) >= 2
    assert min(most) == max(most) > 500
    block.views[0][1].horizontalScrollBar().setValue(300)
    assert {view.horizontalScrollBar().value() for _, view in block.views} == {300}
    messages.verticalScrollBar().setValue(200_000)
    assert {view.horizontalScrollBar().value() for _, view in block.views} == {300}


def _select(messages: MessageList, begin: tuple[QTextEdit, str], end: tuple[QTextEdit, str]) -> None:
    """As the mouse does: a press in one text, and with Shift in another."""
    selection = messages.selection
    places = []
    for view, word in (begin, end):
        at = QTextCursor(view.document())
        at.setPosition(view.toPlainText().index(word))
        place = selection._place_in(view, view.viewport().mapToGlobal(view.cursorRect(at).center()))
        assert place is not None
        places.append(place)
    selection._anchor, selection._head = places[0], places[1]
    selection._is_wide = True


def test_a_selection_through_lines_without_widgets_is_copied_whole(messages: MessageList, qtbot: QtBot) -> None:
    block = _open(messages, qtbot, f"Before.\n\n```python\n{_CODE}\n```\n\nAfter.\n")
    messages.verticalScrollBar().setValue(0)
    first = block.views[0][1]
    selection = messages.selection
    _select(messages, (first, "line_5 "), (first, "line_9 "))
    begin = selection._anchor
    messages.verticalScrollBar().setValue(round(messages.verticalScrollBar().maximum() * 0.5))
    last = block.views[-1][1]
    name = last.toPlainText().split(" ")[0]
    _select(messages, (last, name), (last, name))
    selection._anchor = begin
    found = selection.markdown()
    n = int(name.removeprefix("line_"))
    assert n % SLICE_LINES == 0
    assert found == "```python\n" + "\n".join([*_LINES[5:n], ""]) + "\n```"
    # Marked where it is seen.
    selection.apply()
    assert all(view.textCursor().hasSelection() for _, view in block.views[:-1])


def test_odd_line_ends_do_not_make_lines(messages: MessageList, qtbot: QtBot) -> None:
    block = _open(messages, qtbot, "```text\na\r\nb\u2028c\u2029d\re\n```\n")
    view = block.views[0][1]
    assert view.document().blockCount() == 2
    assert view.toPlainText() == "a\nb c de"
    assert QGuiApplication.clipboard() is not None


def test_a_change_of_theme_colours_new_and_old_lines(messages: MessageList, qtbot: QtBot) -> None:
    code = "\n".join(f"import m{i}" for i in range(2000))
    block = _open(messages, qtbot, f"```python\n{code}\n```\n")

    def coloured() -> bool:
        return all(view.document().begin().layout().formats() for _, view in block.views)

    qtbot.waitUntil(coloured, timeout=60_000)
    messages.verticalScrollBar().setValue(15_000)
    assert coloured()
    formats = block.views[0][1].document().lastBlock().layout().formats()
    assert (formats[0].start, formats[0].length) == (0, len("import"))
