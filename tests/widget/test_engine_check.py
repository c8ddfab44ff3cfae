"""Checking the engine from This PC: the real worker, the page as the program connects it, everything found by its accessible name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from launcher.app.machine_presenter import MachinePresenter
from launcher.app.report import BugReport
from launcher.catalog import builtin
from launcher.core.downloads import Installed
from launcher.core.engine_packs import BUILT_IN, PackState, PackUse
from launcher.core.errors import StepAction
from launcher.core.plans import Wishes
from launcher.engine.check_models import CASES
from launcher.engine.devices import engine_info
from launcher.engine.protocol import EngineState
from launcher.services.calibration_service import CalibrationService
from launcher.services.chat_service import ChatService
from launcher.services.engine_check_service import EngineCheckProgress, EngineCheckService
from launcher.services.engine_service import EngineService
from launcher.services.hardware_service import HardwareService
from launcher.ui.meters import AlarmBanner, MeterPanel
from launcher.ui.thispc import ThisPcPage
from tests.engine.conftest import rpc_server_processes
from tests.engine.spoilt_device import SpoiltDevice
from tests.fakes.gguf_models import Shape, make_model

pytestmark = pytest.mark.usefixtures("theme")
PATIENCE_MS = 160_000


def name_of(widget: QWidget) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


class Desk:
    """The page, the services and what connects them."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.root = QObject()
        self.engine = EngineService(self.root)
        self.hardware = HardwareService(lambda: self.engine.pid, self.root)
        self.store = ChatService(self.root)
        self.calibration = CalibrationService(self.root)
        self.check = EngineCheckService(self.root)
        self.report = BugReport(self.hardware, self.engine, self.check, self.root)
        self.page, self.meters, self.alarms = ThisPcPage(), MeterPanel(), AlarmBanner()
        for widget in (self.page, self.meters, self.alarms):
            qtbot.addWidget(widget)
        self.presenter = MachinePresenter(
            self.page,
            self.meters,
            self.alarms,
            self.hardware,
            self.engine,
            self.store,
            self.calibration,
            self.check,
            self.root,
        )
        self.seen: list[EngineCheckProgress] = []
        self.check.progressed.connect(self.seen.append)
        self.page.resize(1200, 900)
        self.page.show()
        with qtbot.waitSignal(self.hardware.machine_probed, timeout=PATIENCE_MS):
            self.hardware.probe()

    def button(self, name: str) -> QAbstractButton | None:
        QApplication.processEvents()
        buttons = [b for b in self.page.findChildren(QAbstractButton) if b.isVisible() and name_of(b) == name]
        return buttons[0] if buttons else None

    def press(self, name: str) -> None:
        """With the keyboard."""
        button = self.button(name)
        assert button is not None
        assert button.isEnabled(), name
        button.setFocus()
        self.qtbot.keyClick(button, Qt.Key.Key_Return)

    def lines(self) -> list[str]:
        """What is said of each device, by the name that a screen reader tells."""
        QApplication.processEvents()
        widgets = [w for w in self.page.findChildren(QWidget) if w.isVisible()]
        return [name_of(w) for w in widgets if type(w).__name__ == "_DeviceLine"]

    def texts(self) -> str:
        QApplication.processEvents()
        return "\n".join(label.text() for label in self.page.findChildren(QLabel) if label.isVisible())

    def wait_for_button(self, name: str) -> None:
        self.qtbot.waitUntil(lambda: self.button(name) is not None, timeout=PATIENCE_MS)

    def close(self) -> None:
        for service in (self.engine, self.check, self.calibration, self.hardware, self.store):
            service.close()
        QApplication.processEvents()


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot)
    yield made
    made.close()


def test_the_processor_is_checked_and_the_result_stays(desk: Desk) -> None:
    desk.press("Check the engine")
    measure = desk.button("Measure this PC")
    assert measure is not None
    assert not measure.isEnabled(), "both at once would make the figures of both worse"
    assert desk.button("Check the engine") is None
    assert desk.button("Stop the check") is QApplication.focusWidget()
    desk.check.check()  # a second wish changes nothing
    desk.wait_for_button("Check again")
    [line] = desk.lines()
    worst = desk.check.findings[0].worst
    assert worst is not None
    assert line.startswith("CPU: right, within 0.")
    assert len(desk.check.findings[0].cases) == len(CASES)
    assert "Every device computes what the processor does" in desk.texts()
    assert [p.fraction for p in desk.seen] == sorted(p.fraction for p in desk.seen)
    assert {p.what for p in desk.seen} == {"", *(f"CPU: {case.key}" for case in CASES), f"CPU: {builtin.SHORT_NAME}"}
    assert measure.isEnabled()
    assert desk.button("Check again") is QApplication.focusWidget()
    assert desk.button("Copy report of the check") is None, "nothing is wrong"
    with desk.qtbot.waitSignal(desk.hardware.machine_probed, timeout=PATIENCE_MS):
        desk.hardware.probe()
    assert desk.lines() == [line]
    desk.report.copy()
    assert f"ok. {desk.check.findings[0].detail}" in QGuiApplication.clipboard().text()


def test_a_device_that_computes_wrongly_is_named_with_what_to_do(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    n_bytes = CASES[0].model.n_vocab * 4

    def spoil(answer: bytes) -> bytes:
        if len(answer) != n_bytes:
            return answer
        logits = np.frombuffer(answer, "<f4").copy()
        logits[::2] *= 2
        return logits.tobytes()

    with rpc_server_processes(1) as servers:
        device = SpoiltDevice(next(iter(servers)), spoil)
        monkeypatch.setenv("LAUNCHER_RPC_SERVERS", device.endpoint)
        name = next(d.name for d in engine_info(fresh=True).devices if d.backend == "rpc")
        desk = Desk(qtbot)
        try:
            desk.press("Check the engine")
            desk.wait_for_button("Check again")
        finally:
            desk.close()
            device.close()
    monkeypatch.delenv("LAUNCHER_RPC_SERVERS")
    engine_info(fresh=True)
    spoilt, processor = desk.lines()
    assert spoilt.startswith(f"{name}: wrong by ")
    assert processor.startswith("CPU: right, ")
    assert "Its results differ from the processor's by" in desk.texts()
    assert "Do not use it before the engine of that computer is the same as here" in desk.texts()
    assert "Every device computes" not in desk.texts()
    with qtbot.waitSignal(desk.page.engine_settings_requested):
        desk.press("Choose another engine")
    with qtbot.waitSignal(desk.page.next_step_chosen) as chosen:
        desk.press("Copy report of the check")
    assert chosen.args[0].action == StepAction.COPY_REPORT
    desk.report.copy()
    assert "wrong results. Its results differ" in QGuiApplication.clipboard().text()


def worker_pids() -> list[int]:
    return [p.pid for p in psutil.Process(os.getpid()).children() if "engine-worker" in " ".join(p.cmdline())]


def test_a_stop_ends_its_worker_and_it_can_be_checked_again(desk: Desk) -> None:
    desk.press("Check the engine")
    desk.qtbot.waitUntil(lambda: any(p.what for p in desk.seen), timeout=PATIENCE_MS)
    desk.press("Stop the check")
    desk.wait_for_button("Check the engine")
    assert "The check was stopped." in desk.texts()
    assert desk.lines() == []
    assert worker_pids() == []
    assert not desk.check.is_checking
    desk.press("Check the engine")
    assert "The check was stopped." not in desk.texts()
    desk.wait_for_button("Check again")
    assert len(desk.lines()) == 1


def test_a_load_stops_it_and_a_loaded_model_is_in_its_way(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "tiny-F16.gguf"
    make_model(path, "llama", shape=Shape(n_layer=2, n_head=4, n_ff=256))
    installed = Installed("tiny", "Tiny", "F16", str(path), path.stat().st_size, "llama", "launcher", verified=False)
    desk.press("Check the engine")
    desk.qtbot.waitUntil(lambda: any(p.what for p in desk.seen), timeout=PATIENCE_MS)
    with desk.qtbot.waitSignals([desk.check.check_stopped, desk.engine.loaded], timeout=PATIENCE_MS):
        desk.engine.open(installed, Wishes(threads=1, min_context=1024))
    check = desk.button("Check the engine")
    assert check is not None
    assert not check.isEnabled()
    reason = "The engine cannot be checked while a model is loaded: it needs the devices for itself."
    assert reason in desk.texts()
    assert QAccessible.queryAccessibleInterface(check).text(QAccessible.Text.Description) == reason
    desk.wait_for_button("Unload the model")
    with desk.qtbot.waitSignal(desk.engine.state_changed, timeout=PATIENCE_MS, check_params_cb=_is_stopped):
        desk.press("Unload the model")
    assert reason not in desk.texts()
    assert check.isEnabled()
    assert desk.button("Unload the model") is None


def _is_stopped(state: EngineState) -> bool:
    return state is EngineState.STOPPED


def test_why_it_could_not_be_checked_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
        with desk.qtbot.waitSignal(desk.check.check_failed, timeout=PATIENCE_MS):
            desk.press("Check the engine")
        assert "The check's models could not be written." in desk.texts()
        assert "Make the folder for temporary files writable" in desk.texts()
    desk.press("Check the engine")
    desk.wait_for_button("Check again")


def test_what_was_found_with_other_libraries_does_not_stay(desk: Desk) -> None:
    desk.page.set_engine_pack(PackState(BUILT_IN, ("cpu",), PackUse.IN_USE, "It was built for this processor.", "/own"))
    desk.press("Check the engine")
    desk.wait_for_button("Check again")
    desk.page.set_engine_pack(PackState(BUILT_IN, ("cpu",), PackUse.IN_USE, "Chosen in the settings.", "/own"))
    assert len(desk.lines()) == 1
    desk.page.set_engine_pack(PackState("vulkan", ("cpu", "vulkan"), PackUse.IN_USE, "It works.", "/vulkan"))
    assert desk.lines() == []
    assert desk.button("Check the engine") is not None


def test_nothing_can_be_checked_before_the_engine_has_listed_its_devices_or_while_this_pc_is_measured(
    qtbot: QtBot, desk: Desk
) -> None:
    page = ThisPcPage()
    qtbot.addWidget(page)
    page.show()
    [check] = [b for b in page.findChildren(QAbstractButton) if name_of(b) == "Check the engine"]
    assert not check.isEnabled()
    desk.page.set_measuring("", 0.0)
    button = desk.button("Check the engine")
    assert button is not None
    assert not button.isEnabled()
    assert "when this PC has been measured" in desk.texts()
    desk.page.set_measured()
    assert button.isEnabled()
