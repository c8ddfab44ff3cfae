"""Loads in the window: the real service and engine, a card whose memory is limited, and what is shown of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from launcher.app.load_recorder import LoadRecorder
from launcher.app.loading_presenter import LoadingPresenter
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.generation import ChatTurn, GenerateRequest, Loaded
from launcher.core.models import Sampling
from launcher.core.plans import Plan, Wishes
from launcher.engine.protocol import EngineState, LoadProgress
from launcher.services.chat_service import ChatService
from launcher.services.engine_service import EngineService
from launcher.store.loads import LoadRecord
from launcher.ui.chat import ChatPage
from launcher.ui.meters import AlarmBanner
from tests.engine.opening_desk import SERVER_BYTES, Card, card_of_this_machine
from tests.fakes.gguf_models import Shape, make_model

pytestmark = pytest.mark.usefixtures("theme")
PATIENCE_MS = 160_000
WISHES = Wishes(threads=1, min_context=1024)


@pytest.fixture(scope="module")
def card() -> Iterator[Card]:
    with card_of_this_machine() as made:
        yield made


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    path = tmp_path_factory.mktemp("models") / "tiny-F16.gguf"
    make_model(path, "llama", shape=Shape(n_layer=40, n_head=4, n_ff=256))
    return Installed("tiny", "Tiny", "F16", str(path), path.stat().st_size, "llama", "launcher", verified=False)


class Desk:
    """Service, page, alarms and history, connected as the program does."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.root = QObject()
        self.engine = EngineService(self.root)
        self.store = ChatService(self.root)
        self.page = ChatPage()
        self.page.resize(900, 600)
        qtbot.addWidget(self.page)
        self.alarms = AlarmBanner()
        self.page.set_alarms(self.alarms)
        self.presenter = LoadingPresenter(self.page, self.engine, self.root)
        self.recorder = LoadRecorder(self.engine, self.store, self.root)
        self.page.load_cancel_requested.connect(self.engine.stop)
        self.engine.loaded.connect(self._on_loaded)
        self.shown: list[str] = []
        self.steps: list[tuple[str, ...]] = []
        self.failures: list[UserError] = []
        self.crashes: list[UserError] = []
        self.engine.stepped_down.connect(self._on_stepped_down)
        self.engine.load_failed.connect(self.failures.append)
        self.engine.crashed.connect(self.crashes.append)
        self.page.show()

    def _on_loaded(self, loaded: Loaded) -> None:
        self.alarms.set_loaded(loaded, self.engine.plan, self.engine.intended, self.engine.steps)

    def _on_stepped_down(self, steps: tuple[str, ...]) -> None:
        self.steps.append(steps)
        self.shown += [label.text() for label in self.page.findChildren(QLabel) if label.isVisible()]

    def open(self, installed: Installed, wishes: Wishes = WISHES, expected: Plan | None = None) -> Loaded:
        with self.qtbot.waitSignal(self.engine.loaded, timeout=PATIENCE_MS) as blocker:
            self.engine.open(installed, wishes, expected)
        return blocker.args[0]

    def texts(self) -> list[str]:
        QApplication.processEvents()
        return [label.text() for label in self.page.findChildren(QLabel) if label.isVisible() and label.text()]

    def close(self) -> None:
        self.engine.close()
        self.store.close()
        QApplication.processEvents()  # what the engine said last, while the page is there
        self.page.shut_down()


@pytest.fixture
def desk(qtbot: QtBot, card: Card) -> Iterator[Desk]:
    made = Desk(qtbot)
    yield made
    made.close()
    card.limit(None)


def test_a_load_that_runs_out_of_memory_ends_on_the_processor_and_says_so(
    desk: Desk, card: Card, installed: Installed, tmp_path: Path
) -> None:
    card.limit(SERVER_BYTES)
    loaded = desk.open(installed)
    assert desk.failures == desk.crashes == []
    assert loaded.gpu_layers == 0
    desk.qtbot.waitUntil(lambda: desk.engine.state is EngineState.READY, timeout=PATIENCE_MS)
    assert desk.engine.plan is not None
    assert desk.engine.plan.placement.n_gpu_layers == 0
    assert desk.steps[-1] == desk.engine.steps == loaded.notes[: len(desk.steps[-1])]
    # While it went on the strip had it, and afterwards alarm and notice have.
    assert any(desk.steps[0][0] in text for text in desk.shown)
    assert desk.alarms.words == ("This answer is being made by the processor, not by your graphics card",)
    assert any(desk.steps[-1][-1] in text for text in desk.texts())
    desk.page.grab().save(str(tmp_path / "fallback.png"))
    with desk.qtbot.waitSignal(desk.engine.answer_finished, timeout=PATIENCE_MS) as answered:
        desk.engine.generate(GenerateRequest((ChatTurn("user", "Hello"),), Sampling(temperature=0), max_tokens=4))
    assert answered.args[0].timings.decode_tokens == 4
    with desk.qtbot.waitSignal(desk.store.loads_listed, timeout=PATIENCE_MS) as listed:
        desk.store.list_loads()
    record: LoadRecord = listed.args[0][0]
    assert record.steps == desk.engine.steps
    assert record.engine_version == loaded.engine_version
    assert [d.name for d in record.actual_memory.devices] == ["RAM"] if record.actual_memory else False


def test_cancel_works_before_during_and_between_loads(desk: Desk, card: Card, installed: Installed) -> None:
    engine = desk.engine
    engine.open(installed, WISHES)
    assert engine.state is EngineState.STARTING
    with desk.qtbot.waitSignal(engine.load_cancelled, timeout=PATIENCE_MS):
        desk.page.load_cancel_requested.emit()
    assert engine.state is EngineState.STOPPED
    card.limit(SERVER_BYTES)
    with desk.qtbot.waitSignal(engine.stage_changed, timeout=PATIENCE_MS, check_params_cb=_is_stepping):
        engine.open(installed, WISHES)
    with desk.qtbot.waitSignal(engine.load_cancelled, timeout=PATIENCE_MS):
        desk.page.load_cancel_requested.emit()
    assert engine.state is EngineState.STOPPED
    assert engine.model is None
    assert desk.failures == desk.crashes == []
    card.limit(None)
    assert desk.open(installed).gpu_layers == 41  # nothing of the cancelled ones stands in the way
    assert desk.alarms.words == ()


def _is_stepping(stage: object) -> bool:
    return getattr(stage, "value", "") == "stepping_down"


def test_opening_another_model_ends_the_one_before(desk: Desk, installed: Installed) -> None:
    desk.engine.open(installed, WISHES)
    loaded = desk.open(replace(installed, name="Other"))
    assert loaded.name == "Other"
    assert desk.failures == []


def test_what_is_less_than_the_last_time_is_said(desk: Desk, installed: Installed) -> None:
    desk.open(installed)
    plan = desk.engine.plan
    assert plan is not None
    assert desk.alarms.words == ()
    rows = tuple(replace(d, free_bytes=(d.free_bytes or 0) + 2**32) for d in plan.memory.devices)
    expected = replace(
        plan,
        placement=replace(plan.placement, n_ctx=2 * plan.context),
        memory=replace(plan.memory, devices=rows),
    )
    desk.open(installed, WISHES, expected)
    assert desk.alarms.words == ("Loaded with less than planned",)
    assert any("less are free on" in text and "context" in text for text in desk.texts())


def test_the_strip_shows_share_bytes_and_time_left(desk: Desk, installed: Installed) -> None:
    desk.engine.installed = replace(installed, size_bytes=10 * 10**9)
    desk.engine.load_progressed.emit(LoadProgress(1, "weights", 0.45, 75.0))
    assert "Reading the weights" in desk.texts()
    assert "45%, 5.0 GB of 10.0 GB, 1 min 15 s left" in desk.texts()
    desk.engine.load_progressed.emit(LoadProgress(1, "context", 0.9))
    assert {"Making room for the context", "90%"} <= set(desk.texts())
    desk.engine.load_cancelled.emit()
    assert "Making room for the context" not in desk.texts()
