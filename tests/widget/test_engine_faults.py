"""The window's objects under a dying engine: a few of what tests/bench/engine_faults.py does by the hundred, and restarts that back off."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from launcher.core.downloads import Installed
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.engine.protocol import EngineState, StatesSaved
from launcher.engine.restarts import MOST_CRASHES
from tests.bench import engine_faults
from tests.bench.engine_faults import App

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> list[Installed]:
    return engine_faults.make_models(tmp_path_factory.mktemp("faults"))


@pytest.fixture
def app(qapp: QApplication) -> Iterator[App]:
    with engine_faults.quick_engine():
        made = App(qapp)
        yield made
        made.close()


def test_faults_at_random_moments(
    qapp: QApplication, installed: list[Installed], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("ERROR", "launcher.engine.supervision")  # a second try without special layouts is a warning
    with engine_faults.quick_engine():
        outcome = engine_faults.run(5, 3, installed[:1], qapp)
    assert not outcome.failures, "\n".join(outcome.failures)
    assert outcome.said


def shown_errors(app: App, monkeypatch: pytest.MonkeyPatch) -> list[UserError]:
    """What the page says from now on."""
    shown: list[UserError] = []
    show = app.page.show_engine_error

    def spy(error: UserError, *kind: object) -> None:
        shown.append(error)
        show(error, *kind)  # type: ignore[arg-type]

    monkeypatch.setattr(app.page, "show_engine_error", spy)
    return shown


def test_restarts_for_messages_back_off_and_a_click_always_tries(
    app: App, installed: list[Installed], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.choose(installed[0])
    for _ in range(MOST_CRASHES):
        app.wait("a model", lambda: app.engine.model is not None)
        pid = app.engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        app.wait("the crash", lambda: app.engine.state is EngineState.CRASHED)
        app.presenter.load_again()  # a click
    app.wait("a model", lambda: app.engine.model is not None)
    pid = app.engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    app.wait("the crash", lambda: app.engine.state is EngineState.CRASHED)
    shown = shown_errors(app, monkeypatch)
    app.send("Are you there?")
    app.settle()
    assert [e.code for e in shown] == ["engine_unstable"]
    assert shown[0].why == "It stopped 3 times within 2 minutes."
    assert app.engine.state is EngineState.CRASHED
    app.presenter.load_again()
    app.wait("the answer to the message that waited", lambda: app.written > 0)


def test_a_death_while_it_answers_is_said_once(
    app: App, installed: list[Installed], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.choose(installed[0])
    app.wait("a model", lambda: app.engine.model is not None)
    shown = shown_errors(app, monkeypatch)
    app.send("Go on.")
    app.wait("text", lambda: app.written > 2)
    pid = app.engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    app.wait("the crash", lambda: app.engine.state is EngineState.CRASHED)
    app.settle()
    assert [e.code for e in shown] == ["engine_stopped"]
    assert [e.code for e in app.errors] == ["engine_stopped"]
    chat = app.presenter.chat
    app.presenter.new_chat()
    assert len(shown) == 1
    app.page.conversation_selected.emit(chat.id)
    app.wait("what is said in its chat", lambda: len(shown) == 2)
    assert shown[1].what == shown[0].what


def test_a_death_while_it_loads_is_said_once(
    app: App, installed: list[Installed], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = shown_errors(app, monkeypatch)

    def kill(state: EngineState) -> None:
        pid = app.engine.pid
        if state is EngineState.LOADING and pid is not None:
            os.kill(pid, signal.SIGSEGV)

    app.engine.state_changed.connect(kill)
    app.choose(installed[1])
    app.wait("the crash", lambda: app.engine.state is EngineState.CRASHED)
    app.settle()
    assert [e.code for e in shown] == ["engine_stopped"]
    assert [e.code for e in app.errors] == ["engine_stopped"]


def test_the_second_restart_waits(app: App, installed: list[Installed], monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        app.choose(installed[0])
        app.wait("a model", lambda: app.engine.model is not None)
        pid = app.engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        app.wait("the crash", lambda: app.engine.state is EngineState.CRASHED)
    shown = shown_errors(app, monkeypatch)
    app.send("Are you there?")
    assert [e.code for e in shown] == ["engine_restarts"]
    assert app.engine.state is EngineState.CRASHED
    app.wait("the answer", lambda: app.written > 0)


def test_an_idle_model_is_unloaded_and_comes_back_with_the_next_message(
    app: App, installed: list[Installed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.services.engine_service._MS_PER_MINUTE", 300)
    app.engine.set_idle_minutes(1)
    app.choose(installed[0])
    app.wait("a model", lambda: app.engine.model is not None)
    app.wait("the unload", lambda: app.engine.state is EngineState.STOPPED and app.engine.pid is None)
    assert not app.errors
    app.send("Are you there?")
    app.wait("an answer", lambda: app.written > 3)  # an answer that goes on longer than the time does not end of it


@pytest.mark.expected_logs("could not be saved: No space left")
def test_a_disk_that_is_too_full_for_states_is_said_once_and_sent_away(app: App) -> None:
    def says(text: str) -> bool:
        return any(text in label.text() for label in app.page.findChildren(QLabel) if label.isVisible())

    app.page.resize(1000, 700)
    app.page.show()
    told: list[UserError] = []
    app.engine.state_not_kept.connect(told.append)
    for missing in (0, 2 * 10**9, 3 * 10**9):  # the first for another reason
        app.engine._on_event(StatesSaved(0, 0, 0, 0.1, "No space left on device", missing))
    assert [error.code for error in told] == ["state_not_saved"]
    assert says("The disk is too full to keep what the engine has read.")
    assert says("2.0 GB more would have to be free. Your chats are saved")
    chosen: list[NextStep] = []
    app.page.next_step_chosen.connect(chosen.append)
    buttons = {b.accessibleName() or b.text(): b for b in app.page.findChildren(QAbstractButton) if b.isVisible()}
    buttons["Free up space"].click()
    assert [step.action for step in chosen] == [StepAction.FREE_SPACE]
    buttons["Dismiss"].click()
    assert not says("too full")


def test_closing_the_window_keeps_what_was_written(qapp: QApplication, installed: list[Installed]) -> None:
    outcome = engine_faults.Outcome()
    with engine_faults.quick_engine():
        first = App(qapp)
        second = engine_faults.reopened(first, qapp, outcome, random.Random(1).choice(installed))
        second.close()
    assert not outcome.failures
