"""The built-in model in the whole window: offered where nothing is installed, labelled while it answers, left by offer only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from launcher import catalog
from launcher.app.application import Application
from launcher.app.crash import CrashReporter
from launcher.app.workspace import Workspace
from launcher.catalog import builtin
from launcher.core.downloads import DownloadRequest, Installed
from launcher.core.models import ModelFile
from launcher.engine.protocol import EngineState
from launcher.store.settings import LAST_MODEL, OFFLINE
from tests.fakes.gguf_models import Shape, make_model
from tests.fakes.hub import FakeHub, serving
from tests.fakes.hub_faults import Fault

REPO = "someone/Model-GGUF"
PATIENCE_MS = 60_000
TRY = builtin.try_words(builtin.require().size_bytes)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_model(tmp_path_factory.mktemp("model") / "m.gguf", shape=Shape(n_layer=2)).read_bytes()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, content: bytes) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        server.add_file(REPO, "Model-F16.gguf", content)
        yield server


@pytest.fixture
def application(hub: FakeHub, qapp: QApplication, qtbot: QtBot) -> Iterator[Application]:
    del hub
    reporter = CrashReporter(qapp)
    built = Application(reporter, qapp)
    built.show()
    built.start()
    qtbot.waitUntil(lambda: built.workspace is not None, timeout=20_000)
    yield built
    built.close()
    built.deleteLater()
    reporter.deleteLater()
    qtbot.wait(50)


@pytest.fixture
def workspace(application: Application) -> Workspace:
    assert application.workspace is not None
    return application.workspace


def name_of(button: QAbstractButton) -> str:
    return button.accessibleName() or button.text()


def buttons(part: QWidget) -> dict[str, QAbstractButton]:
    return {name_of(b): b for b in part.findChildren(QAbstractButton) if b.isVisible()}


def texts(part: QWidget) -> str:
    return "\n".join(label.text() for label in part.findChildren(QLabel) if label.isVisible())


def request(content: bytes) -> DownloadRequest:
    file = ModelFile("Model-F16.gguf", len(content))
    return DownloadRequest(REPO, "Model", "F16", REPO, (file,), len(content))


def press(qtbot: QtBot, page: QWidget, name: str) -> None:
    qtbot.waitUntil(lambda: name in buttons(page), timeout=PATIENCE_MS)
    buttons(page)[name].click()


def wait_ready(qtbot: QtBot, workspace: Workspace) -> None:
    qtbot.waitUntil(lambda: workspace._engine.state is EngineState.READY, timeout=PATIENCE_MS)


def test_from_home_to_an_answer_with_its_label_beside_it(
    application: Application, workspace: Workspace, qtbot: QtBot
) -> None:
    window = application.window
    press(qtbot, workspace._home, TRY)
    assert window.page_key == "chat"
    chat = workspace._chat
    qtbot.waitUntil(lambda: builtin.knows() in texts(chat), timeout=PATIENCE_MS)
    assert "not a DeepSeek release" in texts(chat)
    wait_ready(qtbot, workspace)
    assert workspace._engine.installed is not None
    assert workspace._engine.installed.is_builtin
    assert workspace._engine.variant is not None
    assert workspace._engine.variant.sampling.temperature == 0
    for example in builtin.EXAMPLES:
        assert example in buttons(chat)
    buttons(chat)["47 + 38"].click()
    assert chat.composer.text == "47 + 38"
    with qtbot.waitSignal(workspace._engine.answer_finished, timeout=PATIENCE_MS) as answered:
        buttons(chat)["Send"].click()
    assert answered.args[0].answer.strip()
    qtbot.waitUntil(lambda: builtin.knows() in texts(chat), timeout=PATIENCE_MS)
    assert workspace._settings.get(LAST_MODEL) == ""


def test_a_chat_without_models_offers_it_and_answers_with_it_at_once(
    application: Application, workspace: Workspace, qtbot: QtBot
) -> None:
    application.window.show_page("chat")
    chat = workspace._chat
    qtbot.waitUntil(lambda: TRY in buttons(chat), timeout=PATIENCE_MS)
    assert "No model is installed yet." in texts(chat)
    assert "Choose a model" in buttons(chat)
    assert builtin.knows() in texts(chat)
    chat.composer.set_text("47 + 38")
    with qtbot.waitSignal(workspace._engine.answer_finished, timeout=PATIENCE_MS):
        buttons(chat)["Send"].click()


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)  # the off-screen platform, of every menu
def test_it_stands_last_in_the_picker_with_its_label(workspace: Workspace, qtbot: QtBot) -> None:
    real = Installed("m", "Real Model", "Q4_K_M", "/nowhere.gguf", 10**9, "deepseek2", "launcher", verified=False)
    qtbot.waitUntil(lambda: TRY in buttons(workspace._home), timeout=PATIENCE_MS)
    workspace._chat_presenter.set_installed((real,))
    picker = workspace._chat._head.picker
    assert "Real Model" in picker.accessibleName()
    picker.click()
    menu = next(w for w in picker.children() if isinstance(w, QMenu) and w.isVisible())
    names = [action.text() for action in menu.actions() if isinstance(action, QAction) and action.text()]
    assert names[0].startswith("Real Model")
    assert names[1].startswith("Launcher Tiny (demonstration)  ")
    assert names[1].endswith("built in, not a DeepSeek release")
    assert names[2] == "More models…"
    with qtbot.waitSignal(menu.destroyed):
        menu.close()


def test_while_a_download_runs_it_answers_and_the_new_model_is_offered(
    application: Application, workspace: Workspace, hub: FakeHub, content: bytes, qtbot: QtBot
) -> None:
    # Slower than anything here waits for: only what is pressed ends it.
    throttle = hub.fail(Fault("throttle", times=None, rate_bytes_s=len(content) / 600))
    window, flow = application.window, workspace._flow
    wanted = request(content)
    flow.set_chat_when_done(wanted.key, True)
    workspace._downloads.start(wanted)
    window.show_page("downloads")
    press(qtbot, workspace._downloads_page, TRY)
    assert window.page_key == "chat"
    chat = workspace._chat
    wait_ready(qtbot, workspace)
    qtbot.waitUntil(lambda: "Model F16 is on its way" in texts(chat), timeout=PATIENCE_MS)
    throttle.times = 0
    window.show_page("downloads")  # where people pause: the chat is not seen when it happens
    press(qtbot, workspace._downloads_page, "Pause Model F16")
    qtbot.waitUntil(lambda: "Resume Model F16" in buttons(workspace._downloads_page), timeout=PATIENCE_MS)
    window.show_page("chat")
    assert "not a DeepSeek release" in texts(chat)
    assert "is on its way" not in texts(chat)
    workspace._downloads.resume(wanted.key)
    qtbot.waitUntil(lambda: "Model F16 is ready." in texts(chat), timeout=PATIENCE_MS)
    installed = workspace._engine.installed
    assert installed is not None
    assert installed.is_builtin, "nothing is taken away from under the user's hands"
    assert TRY not in buttons(workspace._downloads_page)
    press(qtbot, chat, "Chat with Model F16")
    qtbot.waitUntil(lambda: workspace._engine.model is not None, timeout=PATIENCE_MS)
    wait_ready(qtbot, workspace)
    installed = workspace._engine.installed
    assert installed is not None
    assert not installed.is_builtin
    assert "is ready." not in texts(chat)
    assert builtin.knows() not in texts(chat)
    window.show_page("home")
    assert TRY not in buttons(workspace._home)


def test_a_download_that_ends_in_a_chat_opens_by_itself_while_nothing_answers(
    workspace: Workspace, content: bytes, qtbot: QtBot
) -> None:
    wanted = request(content)
    workspace._flow.set_chat_when_done(wanted.key, True)
    workspace._downloads.start(wanted)
    qtbot.waitUntil(lambda: workspace._engine.model is not None, timeout=PATIENCE_MS)
    wait_ready(qtbot, workspace)
    installed = workspace._engine.installed
    assert installed is not None
    assert not installed.is_builtin


def test_offline_it_is_the_filled_button_of_home(workspace: Workspace, qtbot: QtBot) -> None:
    home = workspace._home
    qtbot.waitUntil(lambda: TRY in buttons(home), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: any(n.startswith("Download and chat") for n in buttons(home)), timeout=PATIENCE_MS)
    assert home._hero.action_row._try.isHidden()
    workspace._settings_presenter.change(OFFLINE.key, True)
    qtbot.waitUntil(lambda: "No connection to the model hub" in texts(home), timeout=PATIENCE_MS)
    row = home._hero.action_row
    assert buttons(home)[TRY] is row._try
    assert [name for name in buttons(home) if name == TRY] == [TRY]
    buttons(home)["Go online"].click()
    qtbot.waitUntil(lambda: "No connection to the model hub" not in texts(home), timeout=PATIENCE_MS)
    assert row._try.isHidden()
    assert TRY in buttons(home)


def test_a_package_without_it_offers_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hub: FakeHub, qapp: QApplication, qtbot: QtBot
) -> None:
    monkeypatch.setattr(builtin, "path", lambda: tmp_path / "launcher-tiny.gguf")
    del hub
    reporter = CrashReporter(qapp)
    built = Application(reporter, qapp)
    built.show()
    built.start()
    qtbot.waitUntil(lambda: built.workspace is not None, timeout=20_000)
    workspace = built.workspace
    assert workspace is not None
    with qtbot.waitSignal(workspace._downloads.library_changed, timeout=PATIENCE_MS):
        workspace._downloads.rescan()
    built.window.show_page("chat")
    names = " ".join(buttons(built.window))
    assert "Try it now" not in names
    assert "Choose a model" in names
    built.close()
    built.deleteLater()
    reporter.deleteLater()
    qtbot.wait(50)
    assert catalog.load().variants
