"""A chat that outgrows its context, in the real page with the real engine: trimmed, summarised, stopped, continued."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from launcher.app.chat_presenter import ChatPresenter
from launcher.chat.context_policy import ContextPolicy
from launcher.chat.conversation import Conversation, Maker, MessageState
from launcher.core.downloads import Installed
from launcher.core.errors import NextStep
from launcher.core.generation import Loaded, LoadRequest
from launcher.core.paths import config_dir
from launcher.core.plans import Placement, Plan, Wishes
from launcher.services.chat_service import ChatService
from launcher.services.engine_service import EngineService
from launcher.store.settings import CONTEXT_POLICY, Settings
from launcher.ui.chat import ChatPage
from launcher.ui.chat.rows import BannerRow, CutRow
from launcher.ui.chat.summary_row import SummaryRow
from launcher.ui.theme import ThemeManager
from tests.fakes.gguf_models import make_model

PATIENCE_MS = 60_000
QUESTION = "How does a local engine keep every layer of the model in memory, and why does the planner ask? " * 3


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It never thinks, and stops by itself after a few sentences."""
    return make_model(tmp_path_factory.mktemp("context") / "tiny.gguf", template="v3", end_weight=0.6)


@pytest.fixture(scope="session")
def endless_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It writes until the context is full."""
    return make_model(tmp_path_factory.mktemp("context") / "endless.gguf", template="v3", end_weight=0.0)


@pytest.fixture(scope="session")
def thinker_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It thinks until the context is full."""
    folder = tmp_path_factory.mktemp("context")
    return make_model(folder / "thinker.gguf", template="r1", end_weight=0.0, think_end_weight=0.0)


class UnplannedEngine(EngineService):
    """Loads without a plan: these tests are about what comes after it."""

    def load_now(self, installed: Installed) -> None:
        self.installed = installed
        placement = Placement(n_gpu_layers=0, n_ctx=1024, threads=1)
        self._client.load(LoadRequest(installed.path, installed.name, installed.quant, placement))

    def open(self, installed: Installed, wishes: Wishes, expected: Plan | None = None) -> None:
        """As the real one, but that the window waits for the old model's end."""
        del wishes, expected
        self._forget_model()
        self._client.close()
        self.load_now(installed)

    def _on_loaded(self, loaded: Loaded) -> None:
        self.model = loaded
        self.loaded.emit(loaded)


class Desk:
    """The chat as `Workspace` builds it, without the other pages."""

    def __init__(self, qtbot: QtBot, page: ChatPage, parent: QObject) -> None:
        self.qtbot, self.page = qtbot, page
        self.settings = Settings(config_dir() / "settings.toml")
        self.store = ChatService(parent)
        self.engine = UnplannedEngine(parent)
        self.presenter = ChatPresenter(page, self.store, self.engine, self.settings, parent)
        self.presenter.model_wanted.connect(self.engine.load_now)
        self.presenter.setting_changed.connect(self._on_setting_changed)
        page.next_step_chosen.connect(self._on_step)
        self.steps: list[NextStep] = []

    def use(self, path: Path) -> None:
        installed = Installed("tiny", "Tiny", "F16", str(path), path.stat().st_size, "deepseek2", "launcher", True)
        self.presenter.set_installed((installed,))

    def say(self, text: str) -> None:
        """Write and send; the answer, or the refusal, has come when this returns."""
        self.page.composer.set_text(text)
        self.press("Send")
        self.wait_until_quiet()

    def open_earlier_chat(self, times: int = 90) -> None:
        """One with a question and an answer, which together take up to half of the context."""
        make = Maker()
        chat = make.conversation()
        chat = chat.with_message(make.user_message("Why? " * times, None))
        earlier = replace(
            make.answer(chat.leaf_id or "", "Tiny", "F16"), text="So. " * (times // 2), state=MessageState.DONE
        )
        chat = chat.with_message(earlier)
        self.store.create(chat)
        with self.qtbot.waitSignal(self.store.conversation_opened, timeout=PATIENCE_MS):
            self.page.conversation_selected.emit(chat.id)

    def press(self, name: str) -> None:
        found = [b for b in self.page.findChildren(QAbstractButton) if b.isVisible() and name in (b.text(), b.accessibleName())]  # fmt: skip
        assert found, name
        self.qtbot.mouseClick(found[-1], Qt.MouseButton.LeftButton)

    def has_button(self, name: str) -> bool:
        return any(b.isVisible() and b.text() == name for b in self.page.findChildren(QAbstractButton))

    def say_until_summarising(self, text: str) -> bool:
        """Say it and wait until older messages are summarised or the answer is there; whether the former."""
        strip = self.page._summarising
        self.page.composer.set_text(text)
        self.press("Send")
        self.qtbot.waitUntil(
            lambda: strip.isVisible() or (not self.is_busy and self.engine.model is not None), timeout=PATIENCE_MS
        )
        return strip.isVisible()

    def wait_until_quiet(self) -> None:
        self.qtbot.waitUntil(lambda: self.engine.model is not None and not self.is_busy, timeout=PATIENCE_MS)

    @property
    def is_busy(self) -> bool:
        return self.presenter.is_busy

    @property
    def chat(self) -> Conversation:
        return self.presenter.chat

    def notice(self) -> tuple[str, str]:
        banners = [r for r in self.page.message_list.rows if isinstance(r, BannerRow)]
        return banners[-1]._banner.texts if banners else ("", "")

    def rows(self, kind: type) -> list[object]:
        """Rows of that kind, wherever they are in the chat."""
        bar = self.page.message_list.verticalScrollBar()
        found: list[object] = []
        for value in range(0, bar.maximum() + 1, max(1, bar.pageStep() // 2)):
            bar.setValue(value)
            found += [r for r in self.page.message_list.rows if isinstance(r, kind) and r not in found]
        return found

    def _on_setting_changed(self, key: str, value: object) -> None:
        assert key == CONTEXT_POLICY.key
        self.presenter.set_context_policy(str(value))

    def _on_step(self, step: NextStep) -> None:
        self.steps.append(step)
        actions: dict[str, Callable[[str], None]] = {
            "continue_answer": self.presenter.sending.continue_answer,
            "answer_again": self.presenter.sending.answer_again,
            "set_context_policy": self.presenter.set_context_policy,
        }
        actions.get(step.action, lambda _: None)(step.argument)


@pytest.fixture
def desk(qtbot: QtBot, theme: ThemeManager) -> Iterator[Desk]:
    del theme
    parent = QObject()
    page = ChatPage()
    qtbot.addWidget(page)
    page.resize(1100, 720)
    page.show()
    made = Desk(qtbot, page, parent)
    yield made
    page.shut_down()
    made.engine.close()
    made.store.close()
    # The presenters first: they listen to the engine and write into the page.
    parent.deleteLater()
    QCoreApplication.sendPostedEvents(parent, QEvent.Type.DeferredDelete.value)


def test_a_chat_is_trimmed_in_blocks_and_the_cache_holds_between(desk: Desk, model_path: Path) -> None:
    desk.use(model_path)
    cuts: list[str | None] = []
    for n in range(9):
        desk.say(f"{n}. {QUESTION}")
        cuts.append(desk.chat.cut_id)
        answer = desk.chat.path()[-1]
        assert answer.state is MessageState.DONE, desk.notice()
        assert answer.timings is not None
        if n and cuts[-1] == cuts[-2]:
            before = desk.chat.path()[-3].timings
            assert before is not None
            assert answer.timings.reused_tokens >= before.prompt_tokens - 1, "the whole prompt before is reused"
    assert cuts[0] is None
    changes = sum(a != b for a, b in pairwise(cuts))
    assert 1 <= changes <= 4, cuts
    assert len(desk.rows(CutRow)) == 1
    # Closed and opened again the line is where it was.
    chat = desk.chat
    desk.presenter.new_chat()
    assert not desk.rows(CutRow)
    with desk.qtbot.waitSignal(desk.store.conversation_opened, timeout=PATIENCE_MS):
        desk.page.conversation_selected.emit(chat.id)
    assert (desk.chat.path(), desk.chat.cut_id) == (chat.path(), chat.cut_id)
    assert len(desk.rows(CutRow)) == 1


def test_a_chat_is_summarised_by_the_model_itself(desk: Desk, model_path: Path) -> None:
    desk.use(model_path)
    desk.page.context_policy_chosen.emit(ContextPolicy.SUMMARISE)
    shown: list[str] = []
    for n in range(7):
        if desk.say_until_summarising(f"{n}. {QUESTION}"):
            shown.append(desk.page._summarising._words.text())
        desk.wait_until_quiet()
        if desk.chat.summaries:
            break
    summary = desk.chat.summaries[-1]
    assert summary.text.strip()
    assert "Summary of the conversation" not in summary.text
    assert summary.model == "Tiny F16"
    assert [w for w in shown if w.startswith(f"Summarising {summary.n_messages} older messages")], shown
    rows = desk.rows(SummaryRow)
    assert len(rows) == 1
    assert not desk.rows(CutRow)
    row = rows[0]
    assert isinstance(row, SummaryRow)
    assert row.accessibleName() == f"Summary of {summary.n_messages} earlier messages"
    assert row.accessibleDescription() == summary.text
    head = next(b for b in row.findChildren(QAbstractButton) if b.accessibleName() == row.accessibleName())
    desk.qtbot.mouseClick(head, Qt.MouseButton.LeftButton)
    assert row.is_open
    # The next turn begins with the same prompt.
    before = desk.chat.path()[-1].timings
    desk.say("And why?")
    after = desk.chat.path()[-1].timings
    assert before is not None
    assert after is not None
    assert after.reused_tokens >= before.prompt_tokens - 1
    # It is on the disk with its chat.
    with desk.qtbot.waitSignal(desk.store.conversation_opened, timeout=PATIENCE_MS):
        desk.store.open(desk.chat.id)
    assert desk.chat.summaries[-1] == summary


def test_a_cancelled_summary_trims_and_says_so(desk: Desk, endless_path: Path, model_path: Path) -> None:
    desk.use(model_path)
    desk.page.context_policy_chosen.emit(ContextPolicy.SUMMARISE)
    for n in range(8):
        if desk.say_until_summarising(f"{n}. {QUESTION}"):
            desk.press("Cancel the summary")
        desk.wait_until_quiet()
        if desk.chat.cut_id:
            break
    assert not desk.chat.summaries
    assert not desk.page._summarising.isVisible()
    assert desk.notice() == (
        "The oldest messages are no longer sent to the model: there is no summary of them.",
        "The summary was cancelled.",
    )
    assert desk.chat.path()[-1].state is MessageState.DONE
    assert len(desk.rows(CutRow)) == 1


def test_stop_sends_nothing_and_gives_the_text_back(desk: Desk, model_path: Path) -> None:
    desk.use(model_path)
    desk.page.context_policy_chosen.emit(ContextPolicy.STOP)
    for n in range(9):
        path = desk.chat.path()
        desk.say(f"{n}. {QUESTION}")
        if desk.notice()[0]:
            break
    assert desk.notice()[0] == "The context is full: the message was not sent."
    assert desk.page.composer.text == f"{n}. {QUESTION}".strip()
    assert desk.chat.path() == path
    assert desk.has_button("Start a new chat")
    desk.press("Leave out the oldest messages")
    desk.press("Send")
    desk.wait_until_quiet()
    assert len(desk.chat.path()) == len(path) + 2
    assert desk.chat.cut_id is not None


def test_a_message_that_is_too_long_comes_back(desk: Desk, model_path: Path) -> None:
    desk.use(model_path)
    long = "Why does the planner ask? " * 400
    desk.say(long)
    assert desk.notice()[0] == "This message is too long for the model's context."
    assert "1,024" in desk.notice()[1]
    assert desk.page.composer.text == long.strip()
    assert desk.chat.path() == ()


def test_an_answer_at_the_end_of_the_context_goes_on(desk: Desk, endless_path: Path) -> None:
    desk.use(endless_path)
    desk.say(QUESTION)
    first = desk.chat.path()[-1]
    assert first.timings is not None
    assert first.timings.stop_reason == "context"
    assert desk.notice()[0] == "The answer ends here because the context is full."
    # The answer alone fills the context: honestly refused, nothing is lost.
    desk.press("Continue")
    desk.wait_until_quiet()
    assert desk.notice()[0].startswith("This answer cannot be continued")
    assert desk.chat.path()[-1] == first


def test_a_continued_answer_lets_older_messages_go(desk: Desk, endless_path: Path) -> None:
    desk.use(endless_path)
    desk.open_earlier_chat()
    desk.say("And how does the engine work on my own computer?")
    first = desk.chat.path()[-1]
    assert first.timings is not None
    assert first.timings.stop_reason == "context"
    assert desk.chat.cut_id is None
    desk.press("Continue")
    desk.wait_until_quiet()
    longer = desk.chat.path()[-1]
    assert longer.id == first.id
    assert longer.text.startswith(first.text)
    assert len(longer.text) > len(first.text) + 100
    assert longer.timings is not None
    assert longer.timings.decode_tokens > first.timings.decode_tokens
    assert desk.chat.cut_id == desk.chat.path()[2].id


def test_stop_while_summarising_leaves_an_empty_answer(desk: Desk, model_path: Path) -> None:
    desk.use(model_path)
    desk.page.context_policy_chosen.emit(ContextPolicy.SUMMARISE)
    for n in range(8):
        if desk.say_until_summarising(f"{n}. {QUESTION}"):
            desk.press("Stop")
            break
        desk.wait_until_quiet()
    assert not desk.is_busy
    answer = desk.chat.path()[-1]
    assert (answer.text, answer.state) == ("", MessageState.STOPPED)
    assert not desk.chat.summaries
    desk.page.context_policy_chosen.emit(ContextPolicy.TRIM)
    desk.press("Answer again")
    desk.wait_until_quiet()
    assert desk.chat.path()[-1].state is MessageState.DONE


def test_a_thought_that_fills_the_context_is_thought_again_with_more_room(desk: Desk, thinker_path: Path) -> None:
    desk.use(thinker_path)
    desk.open_earlier_chat(40)
    desk.say("And how does the engine work on my own computer?")
    first = desk.chat.path()[-1]
    assert (first.text, bool(first.reasoning)) == ("", True)
    assert desk.notice()[0] == "The context was full before the thought was finished."
    assert not desk.has_button("Continue")
    desk.press("Think again with more room")
    desk.wait_until_quiet()
    second = desk.chat.path()[-1]
    assert second.id != first.id
    assert second.parent_id == first.parent_id
    # In tokens: the words are drawn by chance, and differ in length.
    assert second.timings is not None
    assert first.timings is not None
    assert second.timings.decode_tokens > 1.2 * first.timings.decode_tokens
    assert desk.chat.cut_id == second.parent_id
    assert not desk.has_button("Think again with more room"), "nothing older is left"
    assert "nothing older" in desk.notice()[1]
