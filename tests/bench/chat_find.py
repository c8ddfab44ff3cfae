"""Finding in a chat of 10,000 messages: how long the places take, and what the window notices of it.

    python -m tests.bench.chat_find [--messages 10000] [--repeat 5]

The gaps are those of the event loop while the thread reads; what a window without any search does is in the first line.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from launcher.chat.conversation import Conversation, Maker, MessageState
from launcher.chat.finding import FindRequest, FindWish
from launcher.services.find_service import FindService
from launcher.ui.chat import ChatPage
from launcher.ui.theme import LIGHT, ThemeManager

_ANSWER = "The **expected** number of tosses is `E_{i} = {i}`, as shown above.\n\n- one\n- two\n\n" * 12


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    app = QApplication([])
    ThemeManager(app).force(LIGHT)
    page = ChatPage()
    page.resize(1200, 800)
    page.show()
    parent = QObject()
    service = FindService(parent)
    page.finder.find_requested.connect(service.find)
    service.found.connect(page.finder.set_found)
    page.set_conversation(_chat(arguments.messages))
    _wait(500)
    print(f"{'what':34} {'median ms':>10} {'most ms':>9} {'gap p95':>9} {'gap most':>9} {'places':>8}")
    quiet = _gaps(lambda: _wait(500))
    print(f"{'nothing':34} {'':>10} {'':>9} {_p95(quiet):9.1f} {max(quiet):9.1f}")
    for words in ("expected number", "E_9999", "absent", "e"):
        times: list[float] = []
        gaps: list[float] = []
        n_places = 0
        for number in range(arguments.repeat):
            wish = FindWish(words, minds_case=bool(number % 2))  # another wish each time: nothing is remembered
            page.finder.bar.set_text(words)
            page.finder.bar._case.setChecked(wish.minds_case)
            page.finder.bar.show()
            begin = time.perf_counter()

            def find(wish: FindWish = wish) -> int:
                return _found(service, FindRequest(wish, page.message_list.messages))

            result: list[int] = []
            gaps += _gaps(lambda find=find, result=result: result.append(find()))
            times.append(1000 * (time.perf_counter() - begin))
            n_places = result[0]
        print(
            f"{words!r:34} {statistics.median(times):10.0f} {max(times):9.0f} {_p95(gaps):9.1f} {max(gaps):9.1f} {n_places:8}"
        )
    service.close()
    page.shut_down()


def _chat(n_messages: int) -> Conversation:
    make = Maker()
    chat = make.conversation()
    messages = []
    parent: str | None = None
    for i in range(n_messages):
        if i % 2:
            text = _ANSWER.replace("{i}", str(i))
            message = replace(make.answer(parent or "", "Tiny", "F16"), text=text, state=MessageState.DONE)
        else:
            message = make.user_message(f"How many tosses until head number {i}?", parent)
        messages.append(message)
        parent = message.id
    return replace(chat, messages=tuple(messages), leaf_id=parent)


def _found(service: FindService, request: FindRequest) -> int:
    loop = QEventLoop()
    places: list[int] = []

    def on_found(found: object) -> None:
        places.append(len(found.places))  # type: ignore[attr-defined]
        loop.quit()

    service.found.connect(on_found)
    service.find(request)
    loop.exec()
    service.found.disconnect(on_found)
    return places[0]


def _gaps(work: object) -> list[float]:
    """Milliseconds between two turns of the event loop while `work` runs it."""
    gaps: list[float] = []
    before = time.perf_counter()

    def turn() -> None:
        nonlocal before
        now = time.perf_counter()
        gaps.append(1000 * (now - before))
        before = now

    timer = QTimer()
    timer.setInterval(1)
    timer.timeout.connect(turn)
    timer.start()
    work()  # type: ignore[operator]
    timer.stop()
    return gaps


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _wait(milliseconds: int) -> None:
    end = time.perf_counter() + milliseconds / 1000
    while time.perf_counter() < end:
        QCoreApplication.processEvents()


if __name__ == "__main__":
    main()
