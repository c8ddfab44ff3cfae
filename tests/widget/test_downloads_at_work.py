"""The Downloads page in the whole window, with a hub on this machine: what its buttons really do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from launcher import catalog
from launcher.app.application import Application
from launcher.app.crash import CrashReporter
from launcher.app.workspace import Workspace
from launcher.core.downloads import DownloadRequest, DownloadState
from launcher.core.models import ModelFile
from launcher.store.settings import DOWNLOADS_AT_ONCE, SPEED_LIMIT_KB_S
from launcher.ui.components import Text
from tests.fakes.gguf_raw import model_bytes
from tests.fakes.hub import FakeHub, serving
from tests.fakes.hub_faults import Fault

REPO = "someone/Model-GGUF"
CONTENT = model_bytes()
NAME = "Model Q4_K_M"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        server.add_file(REPO, "Model-Q4_K_M.gguf", CONTENT)
        yield server


@pytest.fixture
def workspace(hub: FakeHub, qapp: QApplication, qtbot: QtBot) -> Iterator[Workspace]:
    del hub
    reporter = CrashReporter(qapp)
    built = Application(reporter, qapp)
    built.show()
    built.start()
    qtbot.waitUntil(lambda: built.workspace is not None, timeout=20_000)
    found = built.workspace
    assert found is not None
    built.window.show_page("downloads")
    yield found
    built.close()
    built.deleteLater()
    reporter.deleteLater()
    qtbot.wait(50)


def window(workspace: Workspace) -> QWidget:
    return workspace._window


def buttons(part: QWidget) -> dict[str, QAbstractButton]:
    return {b.accessibleName() or b.text(): b for b in part.findChildren(QAbstractButton) if b.isVisible()}


def says(part: QWidget) -> str:
    return "\n".join(label.text() for label in part.findChildren(Text) if label.isVisible())


def press(part: QWidget, name: str, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: name in buttons(part) and buttons(part)[name].isEnabled(), timeout=20_000)
    buttons(part)[name].click()


def wait_for(part: QWidget, text: str, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: text in says(part), timeout=20_000)


def dialog_of(workspace: Workspace, qtbot: QtBot) -> QDialog:
    def shown() -> list[QDialog]:
        return [d for d in window(workspace).findChildren(QDialog) if d.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()), timeout=20_000)
    return shown()[0]


def test_a_pasted_link_ends_as_a_finished_model(workspace: Workspace, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText(REPO)
    press(window(workspace), "Add a link…", qtbot)
    dialog = dialog_of(workspace, qtbot)
    assert dialog.findChildren(QLineEdit)[0].text() == REPO
    press(dialog, "Look it up", qtbot)
    qtbot.waitUntil(lambda: any(t.startswith("Download · ") for t in buttons(dialog)), timeout=20_000)
    next(b for t, b in buttons(dialog).items() if t.startswith("Download · ")).click()
    wait_for(window(workspace), "Finished today", qtbot)
    wait_for(window(workspace), "sha256 matches", qtbot)
    press(window(workspace), f"Take {NAME} off this list; the model stays", qtbot)
    wait_for(window(workspace), "Nothing is being downloaded.", qtbot)


def test_a_gated_model_is_fetched_from_an_open_copy(workspace: Workspace, hub: FakeHub, qtbot: QtBot) -> None:
    variant = catalog.load().find("r1-distill-qwen-7b")
    quant = next(q for q in variant.quants if q.loadable and len(q.files) == 1)
    hub.add_file("locked/model", "locked-Q.gguf", CONTENT)
    hub.fail(Fault("status", path="locked*", where="resolve", status=401, error_code="GatedRepo", times=None))
    hub.fail(Fault("status", path="locked*", where="api", status=401, error_code="GatedRepo", times=None))
    locked = DownloadRequest(
        variant.id, variant.short_name, quant.name, "locked/model", (ModelFile("locked-Q.gguf"),), quant.file_bytes
    )
    workspace._downloads.start(locked)
    wait_for(window(workspace), "Waiting for you: the owner asks you to accept terms first", qtbot)
    about = f"{variant.short_name} {quant.name}"
    copy = next(t for t in buttons(window(workspace)) if t.startswith("Use the open copy by "))
    assert copy.endswith(f": {about}")
    buttons(window(workspace))[copy].click()
    qtbot.waitUntil(lambda: locked.key not in [r.key for r, _ in workspace._downloads.jobs()], timeout=20_000)
    (request, _progress) = workspace._downloads.jobs()[0]
    assert (request.model, request.quant) == (variant.id, quant.name)
    assert request.repo != "locked/model"


def test_a_token_makes_a_gated_download_go_on(workspace: Workspace, hub: FakeHub, qtbot: QtBot) -> None:
    hub.gate(REPO, "hf_abc")
    workspace._downloads.start(DownloadRequest(REPO, "Model", "Q4_K_M", REPO, (), 0))
    press(window(workspace), f"Enter access token…: {NAME}", qtbot)
    dialog = dialog_of(workspace, qtbot)
    qtbot.keyClicks(dialog.findChildren(QLineEdit)[0], "hf_abc")
    press(dialog, "Keep it and go on", qtbot)
    wait_for(dialog, "It is kept", qtbot)
    press(dialog, "Close", qtbot)
    wait_for(window(workspace), "Finished today", qtbot)


def test_a_server_that_is_away_can_be_tried_at_once(workspace: Workspace, hub: FakeHub, qtbot: QtBot) -> None:
    fault = hub.fail(Fault("status", path="*", where="cdn", status=503, retry_after=3000, times=None))
    workspace._downloads.start(DownloadRequest(REPO, "Model", "Q4_K_M", REPO, (), 0))
    wait_for(window(workspace), "Next try in", qtbot)
    fault.times = 0
    press(window(workspace), "Try now", qtbot)
    wait_for(window(workspace), "Finished today", qtbot)


def test_limits_and_how_many_at_a_time_are_kept(workspace: Workspace, qtbot: QtBot) -> None:
    boxes = {box.accessibleName(): box for box in workspace._downloads_page.findChildren(QComboBox)}
    boxes["Speed limit"].setCurrentIndex(3)
    boxes["Speed limit"].activated.emit(3)
    boxes["Downloads at a time"].setCurrentIndex(0)
    boxes["Downloads at a time"].activated.emit(0)
    settings = workspace._settings
    qtbot.waitUntil(lambda: settings.get(SPEED_LIMIT_KB_S) == 5000, timeout=20_000)
    qtbot.waitUntil(lambda: settings.get(DOWNLOADS_AT_ONCE) == 1, timeout=20_000)


def test_the_source_follows_the_setting_at_once(workspace: Workspace, hub: FakeHub, qtbot: QtBot) -> None:
    host = hub.endpoint.removeprefix("http://")
    wait_for(workspace._downloads_page, host, qtbot)
    workspace._settings_presenter.change("hub.endpoint", hub.cdn)
    wait_for(workspace._downloads_page, hub.cdn.removeprefix("http://"), qtbot)
    assert host not in says(workspace._downloads_page)


def test_offline_mode_and_back(workspace: Workspace, qtbot: QtBot) -> None:
    workspace._settings_presenter.change("network.offline", True)
    wait_for(workspace._downloads_page, "Offline mode is on", qtbot)
    workspace._downloads.start(DownloadRequest(REPO, "Model", "Q4_K_M", REPO, (), 0))
    qtbot.waitUntil(lambda: bool(workspace._downloads.jobs()), timeout=20_000)
    press(workspace._downloads_page, "Go online", qtbot)
    wait_for(workspace._downloads_page, "Finished today", qtbot)
    assert "Offline mode is on" not in says(workspace._downloads_page)


def test_the_connection_is_tested_step_by_step(workspace: Workspace, qtbot: QtBot) -> None:
    press(workspace._downloads_page, "Test connection", qtbot)
    dialog = dialog_of(workspace, qtbot)
    wait_for(dialog, "The way there", qtbot)
    qtbot.waitUntil(
        lambda: "Test again" in buttons(dialog) and buttons(dialog)["Test again"].isEnabled(), timeout=60_000
    )
    press(dialog, "Close", qtbot)


def test_mirror_and_proxy_lead_to_the_settings(workspace: Workspace, qtbot: QtBot) -> None:
    press(workspace._downloads_page, "Mirror, proxy…", qtbot)
    assert workspace._window.page_key == "settings"
    wait_for(workspace._settings_page, "Proxy", qtbot)


def test_an_order_link_and_limit_of_one_item(workspace: Workspace, hub: FakeHub, qtbot: QtBot) -> None:
    hub.fail(Fault("stall", path="*", where="cdn", seconds=600, times=None))
    for i in range(3):
        hub.add_file(f"a/m{i}", f"m{i}-Q4_K_M.gguf", CONTENT + bytes([i]))
        workspace._downloads.start(DownloadRequest(f"a/m{i}", f"m{i}", "Q4_K_M", f"a/m{i}", (), 0))
    page, service = workspace._downloads_page, workspace._downloads
    qtbot.waitUntil(lambda: len(service.jobs()) == 3, timeout=20_000)
    page.moved.emit("a/m2::Q4_K_M", "a/m0::Q4_K_M")
    qtbot.waitUntil(lambda: [r.repo for r, _ in service.jobs()] == ["a/m2", "a/m0", "a/m1"], timeout=20_000)
    page.moved.emit("a/m2::Q4_K_M", "")
    qtbot.waitUntil(lambda: [r.repo for r, _ in service.jobs()] == ["a/m0", "a/m1", "a/m2"], timeout=20_000)
    page.item_limit_chosen.emit("a/m0::Q4_K_M", 10**6)
    qtbot.waitUntil(lambda: service.jobs()[0][1].limit_bytes_s == 10**6, timeout=20_000)
    page.link_requested.emit("a/m0::Q4_K_M")
    assert QGuiApplication.clipboard().text().startswith(f"{hub.endpoint}/a/m0")
    press(page, "Pause all", qtbot)
    qtbot.waitUntil(lambda: all(p.state is DownloadState.PAUSED for _, p in service.jobs()), timeout=20_000)
    press(page, "Resume all", qtbot)
    qtbot.waitUntil(lambda: any(p.state is not DownloadState.PAUSED for _, p in service.jobs()), timeout=20_000)


def test_another_folder_for_new_models(workspace: Workspace, qtbot: QtBot, tmp_path: Path) -> None:
    press(workspace._downloads_page, "Change the folder of new models…", qtbot)
    dialog = dialog_of(workspace, qtbot)
    dialog.folder_chosen.emit(str(tmp_path / "elsewhere"))  # type: ignore[attr-defined]
    dialog.accept()
    wait_for(workspace._downloads_page, "A folder that you chose", qtbot)
    workspace._downloads.start(DownloadRequest(REPO, "Model", "Q4_K_M", REPO, (), 0))
    wait_for(workspace._downloads_page, "Finished today", qtbot)
    assert list((tmp_path / "elsewhere").rglob("*.gguf"))


def test_a_folder_that_cannot_be_written_is_explained(workspace: Workspace, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    press(workspace._downloads_page, "Change the folder of new models…", qtbot)
    dialog = dialog_of(workspace, qtbot)
    dialog.folder_chosen.emit(str(tmp_path / "file"))  # type: ignore[attr-defined]
    dialog.accept()
    press(workspace._downloads_page, "Understood", qtbot)
