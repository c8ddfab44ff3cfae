"""Statistics of an answer: measured between the meters' samples, unfolded under the answer by keyboard, copied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from launcher.chat.conversation import Conversation, Maker, Message, MessageState
from launcher.chat.statistics import statistics_text
from launcher.core.generation import AnswerCost
from launcher.core.machine import GpuSample, Sample
from launcher.services.answer_meter import AnswerMeter
from launcher.ui.chat import ChatPage
from launcher.ui.theme import ThemeManager
from tests.unit.test_answer_statistics import COST, TIMINGS


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _sample(
    at_s: float, *, cpu: float | None = None, watts: float | None = None, ram: int = 5, vram: int = 7
) -> Sample:
    gpus = () if watts is None else (GpuSample("Card", power_w=watts, vram_used_by_app_bytes=vram),)
    return Sample(at_s, 100, 50, ram, 1, 0, 0.5, gpus, cpu)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def costs(clock: Clock) -> Iterator[tuple[AnswerMeter, list[tuple[str, AnswerCost]]]]:
    parent = QObject()
    meter = AnswerMeter(parent, clock)
    found: list[tuple[str, AnswerCost]] = []
    meter.measured.connect(lambda i, cost: found.append((i, cost)))
    yield meter, found
    parent.deleteLater()


Metered = tuple[AnswerMeter, list[tuple[str, AnswerCost]]]


def test_energy_is_taken_between_two_instants_that_lie_between_samples(costs: Metered, clock: Clock) -> None:
    meter, found = costs
    meter.on_sample_taken(_sample(10.0, cpu=100.0, watts=50.0))
    clock.now = 10.25
    meter.begin("a")
    meter.on_sample_taken(_sample(10.5, cpu=120.0, watts=50.0, ram=9))
    meter.on_sample_taken(_sample(11.0, cpu=140.0, watts=150.0, vram=8))
    clock.now = 11.25
    meter.end("a")
    assert found == []
    meter.on_sample_taken(_sample(11.5, cpu=180.0, watts=150.0))
    # Processor: 10 of the first 20 J, 20 J, 20 of the last 40 J. Card: 0.25 s at 50 W, 0.5 s at 100 W on average, 0.25 s at 150 W.
    assert found == [("a", AnswerCost(0.0, (), 9, 8, pytest.approx(50.0), pytest.approx(100.0)))]
    # The next one is measured from zero.
    clock.now = 11.5
    meter.begin("b")
    clock.now = 11.6
    meter.end("b")
    meter.on_sample_taken(_sample(12.0, cpu=180.0, watts=150.0))
    assert found[1:] == [("b", AnswerCost(0.0, (), 5, 7, 0.0, pytest.approx(15.0)))]


def test_what_was_not_seen_is_unknown(costs: Metered, clock: Clock) -> None:
    meter, found = costs

    def answer(name: str, *samples: Sample) -> AnswerCost:
        meter.begin(name)
        for sample in samples[:-1]:
            meter.on_sample_taken(sample)
        clock.now = samples[-1].monotonic_s
        meter.end(name)
        meter.on_sample_taken(samples[-1])
        assert found[-1][0] == name
        return found[-1][1]

    # Nothing was read before it began; then the computer slept; then the card fell silent.
    first = answer("first", _sample(0.5, cpu=1.0, watts=1.0), _sample(1.0, cpu=2.0, watts=1.0))
    assert (first.cpu_joules, first.gpu_joules, first.ram_peak_bytes) == (None, None, 5)
    asleep = answer("asleep", _sample(1.5, cpu=3.0, watts=1.0), _sample(500.0, cpu=900.0, watts=1.0))
    assert asleep.joules is None
    silent = answer("silent", _sample(500.5, cpu=901.0), _sample(501.0, cpu=902.0))
    assert (silent.cpu_joules, silent.gpu_joules) == (pytest.approx(2.0), None)
    # One that broke off is forgotten when the next one begins.
    meter.begin("lost")
    meter.begin("next")
    assert list(meter._watches) == ["next"]


@pytest.fixture
def page(qtbot: QtBot, theme: ThemeManager) -> Iterator[ChatPage]:
    chat = ChatPage()
    qtbot.addWidget(chat)
    chat.resize(1100, 800)
    chat.show()
    yield chat
    chat.shut_down()


def _chat(answer_timings: bool = True) -> Conversation:
    make = Maker()
    chat = make.conversation()
    chat = chat.with_message(make.user_message("How many tosses until two heads?", None))
    answer = replace(
        make.answer(chat.leaf_id or "", "R1-Distill-Qwen-7B", "Q4_K_M"), text="Six.", state=MessageState.DONE,
        timings=replace(TIMINGS, cost=replace(COST, cpu_joules=None, gpu_joules=None)) if answer_timings else None,
    )  # fmt: skip
    return chat.with_message(answer)


def _button(page: ChatPage, name: str) -> QAbstractButton | None:
    found = [b for b in page.findChildren(QAbstractButton) if b.accessibleName() == name and b.isVisible()]
    return found[0] if found else None


def _table(page: ChatPage) -> QWidget | None:
    found = [w for w in page.findChildren(QWidget) if w.accessibleName() == "Statistics" and w.isVisible()]
    return found[0] if found else None


def test_the_table_unfolds_by_keyboard_and_is_copied(page: ChatPage, qtbot: QtBot) -> None:
    chat = _chat()
    page.set_conversation(chat)
    button = _button(page, "Statistics of this answer")
    assert button is not None
    assert _table(page) is None
    before = page.message_list.rows[1].height()
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    table = _table(page)
    assert table is not None
    answer = chat.path()[1]
    assert table.accessibleDescription() == statistics_text(answer)
    assert "Energy: not known on this PC" in table.accessibleDescription()
    qtbot.waitUntil(lambda: page.message_list.rows[1].height() > before)
    copy = _button(page, "Copy statistics")
    assert copy is not None
    qtbot.keyClick(copy, Qt.Key.Key_Space)
    assert QGuiApplication.clipboard().text() == statistics_text(answer)
    # What the meters tell later stands in the open table.
    page.show_figures(replace(answer, timings=TIMINGS))
    table = _table(page)
    assert table is not None
    assert "Tokens per joule: 0.52" in table.accessibleDescription()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert _table(page) is None
    qtbot.waitUntil(lambda: page.message_list.rows[1].height() == before)


def test_an_answer_that_nobody_measured_has_no_statistics(page: ChatPage) -> None:
    page.set_conversation(_chat(answer_timings=False))
    assert _button(page, "Copy answer") is not None
    assert _button(page, "Statistics of this answer") is None


def test_statistics_wait_for_the_end_of_an_answer(page: ChatPage) -> None:
    chat = _chat(answer_timings=False)
    answer = chat.path()[1]
    page.set_conversation(chat.with_leaf(chat.path()[0].id))
    growing: Message = replace(answer, text="", state=MessageState.STREAMING)
    page.begin_answer(growing)
    assert _button(page, "Statistics of this answer") is None
    page.finish_answer(replace(answer, timings=TIMINGS))
    assert _button(page, "Statistics of this answer") is not None
