"""What streaming costs the GUI thread: as ratios, so that they mean the same on every machine. Nothing here is an assert on time.

Run with `-s` to read them, or take them from the junit properties.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from launcher.chat.conversation import Conversation, Message, MessageState, Role
from launcher.ui.chat import ChatPage

# The off-screen platform has no window manager and says so whenever a shown window's least size changes.
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints", extend=True)

_SECTION = (
    "## Heading\n\n"
    + "Ordinary text with `code`, *emphasis* and **strong** words that goes on for some time. " * 4
    + "\n\n```python\n"
    + "def f(x):\n    return x + 1  # comment\n" * 6
    + "```\n\n- one\n- two\n- three\n\n| a | b |\n|---|---|\n| 1 | two words |\n\n"
)
_ANSWER = _SECTION * 10
_PIECE = 40  # characters per flush: 200 tokens/s at 20 flushes per second


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[ChatPage]:
    chat = ChatPage()
    qtbot.addWidget(chat)
    chat.resize(1200, 700)
    chat.show()
    yield chat
    chat.shut_down()


def _open(page: ChatPage, count: int) -> float:
    messages: list[Message] = []
    for n in range(count):
        role = Role.USER if n % 2 == 0 else Role.ASSISTANT
        parent = messages[-1].id if messages else None
        messages.append(Message(f"{count}-{n}", role, "Why?" if role is Role.USER else _SECTION, parent))
    chat = Conversation(f"chat-{count}", "", 0.0, 0.0, tuple(messages), messages[-1].id if messages else None)
    start = time.perf_counter()
    page.set_conversation(chat)
    QApplication.processEvents()
    return time.perf_counter() - start


def _stream(page: ChatPage, name: str, show: Callable[[str, str], None]) -> list[float]:
    """Seconds of each flush, painting included."""
    page.begin_answer(Message(name, Role.ASSISTANT, "", state=MessageState.STREAMING))
    costs: list[float] = []
    for i in range(0, len(_ANSWER), _PIECE):
        start = time.perf_counter()
        show(_ANSWER[: i + _PIECE], _ANSWER[i : i + _PIECE])
        QApplication.processEvents()
        costs.append(time.perf_counter() - start)
    page.finish_answer(Message(name, Role.ASSISTANT, _ANSWER))
    return costs


def test_streaming_and_opening(page: ChatPage, record_property: Callable[[str, object], None]) -> None:
    """Cost of a flush at the end of an answer against its beginning, in a large chat against a small one, and against writing everything again."""

    def add(_whole: str, piece: str) -> None:
        page.append_delta("answer", piece)
        page._stream.flush()

    def write_again(whole: str, _piece: str) -> None:
        entry = page.message_list._live[-1]
        assert entry.widget is not None
        entry.widget.show_message(Message(entry.key, Role.ASSISTANT, whole, state=MessageState.STREAMING))  # pyright: ignore[reportAttributeAccessIssue]
        entry.measured_width = 0
        page.message_list._arrange()

    small_open = _open(page, 10)
    small = _stream(page, "small", add)
    again = _stream(page, "again", write_again)
    large_open = _open(page, 10_000)
    large = _stream(page, "large", add)
    tenth = len(small) // 10
    ratios = {
        "flush, last tenth / first tenth of an answer": median(small[-tenth:]) / median(small[:tenth]),
        "flush, chat of 10,000 / 10 messages": median(large) / median(small),
        "flush, whole answer written again / only the open block": sum(again) / sum(small),
        "slowest flush / median flush": max(small) / median(small),
        "opening, 10,000 / 10 messages": large_open / small_open,
    }
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f}")
        record_property(name, round(ratio, 2))
    shown = [r for r in page.message_list.rows if r.accessibleName() == "Answer"][-1]
    assert shown.accessibleDescription() == _ANSWER
