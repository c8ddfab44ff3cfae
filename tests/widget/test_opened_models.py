"""Models that are opened from outside of the chats: each gets a chat of its own, and no chat goes on with a model nobody chose for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from launcher.app.flow import ChatFlow
from launcher.chat.conversation import Conversation, MessageState
from launcher.core.downloads import Installed
from launcher.core.plans import Wishes
from launcher.services.download_service import DownloadService
from launcher.services.plan_service import PlanService
from tests.fakes.gguf_models import make_model
from tests.widget import test_chat_context
from tests.widget.test_chat_context import PATIENCE_MS, Desk

desk = test_chat_context.desk


def _installed(path: Path) -> Installed:
    name = path.stem.capitalize()
    return Installed(path.stem, name, "F16", str(path), path.stat().st_size, "deepseek2", "launcher", True)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installed, Installed]:
    """The first writes until it is stopped or its context is full, the second says a few sentences."""
    folder = tmp_path_factory.mktemp("opened")
    return (
        _installed(make_model(folder / "endless.gguf", template="v3", end_weight=0.0)),
        _installed(make_model(folder / "brief.gguf", template="v3", end_weight=0.6)),
    )


@pytest.fixture
def flow(desk: Desk, models: tuple[Installed, Installed]) -> Iterator[ChatFlow]:
    """Connected as in `Workspace`."""
    parent = desk.store.parent()
    assert parent is not None
    downloads = DownloadService(parent)
    plans = PlanService(parent)
    made = ChatFlow(downloads, desk.engine, plans, parent)
    made.chat_wanted.connect(desk.presenter.opened_model.begin)
    made.opening.connect(desk.presenter.opened_model.on_opening)
    desk.presenter.model_wanted.disconnect(desk.engine.load_now)
    desk.presenter.model_wanted.connect(made.open)
    desk.presenter.set_installed(models)
    yield made
    downloads.close()
    plans.close()


def reopened(desk: Desk, chat: Conversation) -> Conversation:
    with desk.qtbot.waitSignal(desk.store.conversation_opened, timeout=PATIENCE_MS):
        desk.page.conversation_selected.emit(chat.id)
    return desk.chat


def test_a_chat_with_messages_keeps_its_model_and_the_opened_one_gets_another(
    desk: Desk, flow: ChatFlow, models: tuple[Installed, Installed], qtbot: QtBot
) -> None:
    endless, brief = models
    empty = desk.chat
    flow.chat_with(brief)
    assert desk.chat.id == empty.id, "an empty chat is used as it is"
    desk.say("Hello")
    first = desk.chat
    # The same once more: the window comes to the front, and nothing else happens.
    with qtbot.assertNotEmitted(desk.engine.state_changed):
        flow.chat_with(brief)
    assert desk.chat == first
    # With other levers it is loaded again, for the same chat.
    with qtbot.waitSignal(desk.engine.loaded, timeout=PATIENCE_MS):
        flow.chat_with(brief, Wishes(context=512))
    assert desk.chat == first
    flow.chat_with(endless)
    assert desk.chat.id != first.id
    assert desk.chat.messages == ()
    assert desk.presenter.target() == endless
    second = desk.chat
    # An empty chat is used for whatever is opened next.
    flow.chat_with(brief)
    flow.chat_with(endless)
    assert desk.chat.id == second.id
    qtbot.waitUntil(lambda: desk.engine.model is not None, timeout=PATIENCE_MS)
    assert desk.engine.installed == endless
    # Back in the first chat its own model answers.
    assert reopened(desk, first).settings.model_path == brief.path
    desk.say("And now?")
    assert desk.engine.installed == brief
    assert len(desk.chat.path()) == 4


def test_a_chat_without_a_model_of_its_own_keeps_the_one_that_answered(
    desk: Desk, flow: ChatFlow, models: tuple[Installed, Installed]
) -> None:
    endless, brief = models
    flow.open(brief)
    desk.say("Hello")
    first = desk.chat
    assert first.settings.model_path == "", "whichever is loaded"
    flow.chat_with(endless)
    second = desk.chat
    assert reopened(desk, first).settings.model_path == brief.path
    # One that was answered by a model that is gone goes on with whichever is loaded.
    desk.open_earlier_chat()
    earlier = desk.chat
    flow.chat_with(brief)
    assert desk.chat.id not in (first.id, second.id, earlier.id)
    assert reopened(desk, earlier).settings.model_path == ""


def test_an_answer_that_the_opened_model_ends_is_kept_and_said(
    desk: Desk, flow: ChatFlow, models: tuple[Installed, Installed], qtbot: QtBot
) -> None:
    endless, brief = models
    flow.chat_with(endless)
    desk.page.composer.set_text("Tell me everything")
    desk.press("Send")
    qtbot.waitUntil(lambda: len(desk.chat.path()) == 2 and bool(desk.chat.path()[1].text), timeout=PATIENCE_MS)
    first = desk.chat
    flow.chat_with(brief)
    assert not desk.presenter.is_busy
    assert desk.chat.id != first.id
    said = desk.page._files._result.texts
    assert said[0] == "Brief F16 was opened before an answer was finished."
    assert first.title in said[1]
    # The new chat answers at once, and what was written in the old one is there.
    desk.say("Hello")
    assert desk.chat.path()[1].model == "Brief"
    answer = reopened(desk, first).path()[1]
    assert answer.state is MessageState.STOPPED
    assert answer.text.startswith(first.path()[1].text)


def test_a_question_that_waited_for_another_model_does_not_bring_it_back(
    desk: Desk, flow: ChatFlow, models: tuple[Installed, Installed], qtbot: QtBot
) -> None:
    endless, brief = models
    desk.page.composer.set_text("Hello")
    desk.press("Send")  # nothing is loaded: the first of the list is
    assert desk.presenter.is_busy
    first = desk.chat
    flow.chat_with(brief)
    assert not desk.presenter.is_busy
    qtbot.waitUntil(lambda: desk.engine.model is not None, timeout=PATIENCE_MS)
    assert desk.engine.installed == brief
    assert desk.page._files._result.texts[0] == "Brief F16 was opened before an answer was finished."
    assert reopened(desk, first).settings.model_path == endless.path
    assert len(desk.chat.path()) == 1


def test_the_picker_ends_a_running_answer_in_its_chat(
    desk: Desk, flow: ChatFlow, models: tuple[Installed, Installed], qtbot: QtBot
) -> None:
    endless, brief = models
    flow.chat_with(endless)
    desk.page.composer.set_text("Tell me everything")
    desk.press("Send")
    qtbot.waitUntil(lambda: len(desk.chat.path()) == 2 and bool(desk.chat.path()[1].text), timeout=PATIENCE_MS)
    chat = desk.chat
    desk.page.model_chosen.emit(brief)
    assert desk.chat.id == chat.id
    assert desk.chat.path()[1].state is MessageState.STOPPED
    desk.say("And now?")
    assert len(desk.chat.path()) == 4
    assert desk.engine.installed == brief
