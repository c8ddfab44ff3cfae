"""Model files that are double-clicked: chatted with, whether the program runs already or not, known or new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from launcher.app.application import Application
from launcher.app.crash import CrashReporter
from launcher.app.start_request import Start
from launcher.app.workspace import Workspace
from tests.fakes.gguf_models import make_model

WAIT_MS = 60_000


@pytest.fixture
def program(qapp: QApplication, qtbot: QtBot, own_home: Path) -> Iterator[Callable[[], Application]]:
    """Starts the program anew, as often as it is called; the one before has ended by then."""
    del own_home
    running: list[tuple[Application, CrashReporter]] = []

    def end() -> None:
        for application, reporter in running:
            application.close()
            application.deleteLater()
            reporter.deleteLater()
        running.clear()
        qtbot.wait(50)

    def begin() -> Application:
        end()
        reporter = CrashReporter(qapp)
        application = Application(reporter, qapp)
        running.append((application, reporter))
        application.show()
        return application

    yield begin
    end()


def begun(application: Application, qtbot: QtBot) -> Workspace:
    application.start()
    qtbot.waitUntil(lambda: application.workspace is not None, timeout=WAIT_MS)
    workspace = application.workspace
    assert workspace is not None
    assert application.window.windowIcon().availableSizes(), "panels show it"
    return workspace


def chats_with(workspace: Workspace, application: Application, path: Path) -> bool:
    model = workspace._engine.installed
    return model is not None and Path(model.path) == path and application.window.page_key == "chat"


def test_a_double_clicked_model_is_chatted_with(
    program: Callable[[], Application], qtbot: QtBot, tmp_path: Path
) -> None:
    path = make_model(tmp_path / "my model.gguf")
    # New: named before anything but the frame is there.
    application = program()
    application.open_files((str(path),))
    workspace = begun(application, qtbot)
    qtbot.waitUntil(lambda: chats_with(workspace, application, path), timeout=WAIT_MS)
    # Known from then on; again before the library was read.
    application = program()
    application.open_files((str(path),))
    workspace = begun(application, qtbot)
    qtbot.waitUntil(lambda: chats_with(workspace, application, path), timeout=WAIT_MS)


def test_another_start_brings_the_window_back_with_its_file(
    program: Callable[[], Application], qtbot: QtBot, tmp_path: Path
) -> None:
    path = make_model(tmp_path / "model.gguf")
    application = program()
    workspace = begun(application, qtbot)
    application.window.show_page("settings")
    application.window.showMinimized()
    application.open_from_other_start(Start())
    assert not application.window.isMinimized()
    assert application.window.page_key == "settings"
    application.open_from_other_start(Start((str(path),)))
    qtbot.waitUntil(lambda: chats_with(workspace, application, path), timeout=WAIT_MS)


def test_a_model_opened_by_another_start_gets_a_chat_of_its_own(
    program: Callable[[], Application], qtbot: QtBot, tmp_path: Path
) -> None:
    first, second = (make_model(tmp_path / f"{n}.gguf", template="v3", end_weight=0.6) for n in ("first", "second"))
    application = program()
    application.open_files((str(first),))
    workspace = begun(application, qtbot)
    qtbot.waitUntil(lambda: workspace._engine.model is not None, timeout=WAIT_MS)
    chats, page = workspace._chat_presenter, workspace._chat
    with qtbot.waitSignal(workspace._engine.answer_finished, timeout=WAIT_MS):
        page.message_sent.emit("Hello")
    before = chats.chat
    # The model of the open chat once more: the window comes back, and the chat is where it was.
    application.window.show_page("downloads")
    with qtbot.assertNotEmitted(workspace._engine.loaded):
        application.open_from_other_start(Start((str(first),)))
        qtbot.waitUntil(lambda: application.window.page_key == "chat", timeout=WAIT_MS)
    assert chats.chat.id == before.id
    assert workspace._engine.model is not None
    # Another one: a chat of its own, and the one before keeps its model.
    application.open_from_other_start(Start((str(second),)))
    qtbot.waitUntil(lambda: chats_with(workspace, application, second), timeout=WAIT_MS)
    assert chats.chat.messages == ()
    assert chats.chat.settings.model_path == str(second)
    with qtbot.waitSignal(workspace._store.conversation_opened, timeout=WAIT_MS):
        page.conversation_selected.emit(before.id)
    assert chats.chat.settings.model_path == str(first)
    assert len(chats.chat.path()) == 2


def test_what_is_no_model_is_said(program: Callable[[], Application], qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "letter.gguf"
    path.write_text("Dear reader")
    application = program()
    workspace = begun(application, qtbot)
    application.open_from_other_start(Start((str(path),)))
    qtbot.waitUntil(lambda: application.window.page_key == "downloads", timeout=WAIT_MS)
    assert workspace._engine.installed is None


def test_several_files_are_listed(program: Callable[[], Application], qtbot: QtBot, tmp_path: Path) -> None:
    paths = [make_model(tmp_path / f"{name}.gguf") for name in ("one", "two")]
    application = program()
    workspace = begun(application, qtbot)
    application.open_from_other_start(Start(tuple(map(str, paths))))
    qtbot.waitUntil(
        lambda: {str(p) for p in paths} <= {m.path for m in workspace._downloads.installed}, timeout=WAIT_MS
    )
    assert application.window.page_key == "downloads"
    assert workspace._engine.installed is None
