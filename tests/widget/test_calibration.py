"""Measuring from This PC: progress and a stop, the result on the cards and in the machine, a busy PC said with a way on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from launcher.core.calibration import Calibration, DeviceCalibration
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import EngineDevice, Machine
from launcher.engine import calibration
from launcher.engine.calibration import Options
from launcher.engine.calibration_probes import Extent
from launcher.services.calibration_service import CalibrationProgress, CalibrationService
from launcher.services.hardware_service import HardwareService
from launcher.ui.components import ThinBar
from launcher.ui.thispc import ThisPcPage
from tests.widget.look_values import GIB, MACHINE

pytestmark = pytest.mark.usefixtures("theme")

CARD = replace(MACHINE.gpus[0], engine_device="CUDA0")
LISTED = EngineDevice("CPU", "AMD Ryzen", "cpu", "cpu", 64 * GIB, GIB)
PLAIN = replace(MACHINE, gpus=(CARD,), engine_devices=(LISTED,))
MEASURED = Calibration(
    "llama 1",
    "2026-11-21T14:20:00+00:00",
    (
        DeviceCalibration("CPU", {"q8_0": 58e9, "q4_k": 46e9}),
        DeviceCalibration("CUDA0", {"q4_k": 850e9, "f16": 912e9}, unaccounted_bytes=412 * 2**20),
    ),
    pcie_bytes_s=24.6e9,
    threads=16,
    spread=1.04,
)


def shown(widget: QWidget) -> list[str]:
    QApplication.processEvents()
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def button(page: ThisPcPage, *texts: str) -> QPushButton:
    return next(b for b in page.findChildren(QPushButton) if b.text() in texts)


def measure_button(page: ThisPcPage) -> QPushButton:
    return button(page, "Measure this PC", "Measure again")


@pytest.fixture
def page(qtbot) -> ThisPcPage:
    page = ThisPcPage()
    qtbot.addWidget(page)
    page.resize(1200, 770)
    page.show()
    return page


def test_nothing_can_be_measured_before_the_engine_has_answered(page: ThisPcPage) -> None:
    assert not measure_button(page).isEnabled()
    page.set_machine(replace(PLAIN, engine_devices=()))
    assert not measure_button(page).isEnabled()
    page.set_machine(PLAIN)
    assert measure_button(page).isEnabled()
    assert measure_button(page).text() == "Measure this PC"
    assert "Predictions use data sheets for what was not measured." in shown(page)


def test_the_cards_show_what_was_measured(page: ThisPcPage) -> None:
    page.set_machine(replace(PLAIN, calibration=MEASURED))
    texts = shown(page)
    for expected in ("912 GB/s  of 1,008", "25 GB/s  4.0 ×16", "46.0 GB/s  Q4_K, 16 threads", "0.4 GiB  measured"):
        assert expected in texts, expected
    assert any(t.startswith("Measured on") and "2026" in t.replace("/26", "/2026") for t in texts)
    assert measure_button(page).text() == "Measure again"
    page.set_machine(replace(PLAIN, calibration=replace(MEASURED, spread=1.5)))
    assert any("these figures are rough" in t for t in shown(page))
    page.set_machine(PLAIN)
    assert "1,008 GB/s  data sheet" in shown(page)


def test_progress_can_be_seen_and_stopped(page: ThisPcPage, qtbot) -> None:
    page.set_machine(PLAIN)
    with qtbot.waitSignal(page.measure_requested):
        measure_button(page).click()
    page.set_measuring("CPU: Q4_K weights", 0.44)
    assert "Measuring CPU: Q4_K weights" in shown(page)
    (bar,) = [b for b in page.findChildren(ThinBar) if b.isVisible() and "measured" in b.accessibleDescription()]
    assert bar.accessibleDescription() == "44 % measured"
    assert not measure_button(page).isEnabled()
    with qtbot.waitSignal(page.measure_stop_requested):
        button(page, "Stop").click()
    page.set_measured()
    assert not any("Measuring" in t for t in shown(page))
    assert measure_button(page).isEnabled()


def test_a_busy_pc_is_said_with_the_way_on(page: ThisPcPage) -> None:
    page.set_machine(PLAIN)
    page.set_measuring("", 0.0)
    steps = (NextStep("Close other programs and measure again"),)
    page.set_measured(UserError("machine_busy", "This PC is too busy to be measured.", "Others use 40 %.", steps))
    texts = shown(page)
    assert "This PC is too busy to be measured." in texts
    assert "Others use 40 %. Close other programs and measure again" in texts
    page.set_measuring("CPU: layers", 0.1)
    assert "This PC is too busy to be measured." not in shown(page)


# --- the service, with the real engine --------------------------------------------------------------------------------

TINY = Extent(2**20, 256, 512, 4, ("q8_0",), thin_layers=2, kv_layers=1, depth=256, prompt_tokens=32, seconds=0.01)
ROUGH = Options(TINY, TINY, keep_noisy=True, threads=1)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CalibrationService]:
    monkeypatch.setenv("LAUNCHER_HOME", str(tmp_path))
    real = calibration.calibrate

    def small(on_progress: Callable[[str, float], None], stop: threading.Event) -> Calibration:
        return real(on_progress, stop, ROUGH)

    monkeypatch.setattr(calibration, "calibrate", small)
    parent = QObject()
    made = CalibrationService(parent)
    yield made
    made.close()


@pytest.fixture
def hardware() -> Iterator[HardwareService]:
    parent = QObject()
    made = HardwareService(lambda: None, parent)
    yield made
    made.close()


def test_a_measurement_reaches_every_machine_that_is_probed_later(
    service: CalibrationService, hardware: HardwareService, qtbot
) -> None:
    seen: list[CalibrationProgress] = []
    service.progressed.connect(seen.append)
    with qtbot.waitSignal(service.measured, timeout=60_000) as measured:
        service.measure()
        service.measure()  # a second wish changes nothing
        assert service.is_measuring
    assert not service.is_measuring
    assert [p.fraction for p in seen] == sorted(p.fraction for p in seen)
    assert seen[-1].what.startswith("CPU: ")
    with qtbot.waitSignal(hardware.machine_probed, timeout=60_000) as probed:
        hardware.probe()
    machine: Machine = probed.args[0]
    assert machine.calibration == measured.args[0]


def test_a_stop_leaves_everything_as_it_was(service: CalibrationService, hardware: HardwareService, qtbot) -> None:
    service.stop()  # nothing runs: nothing happens
    with qtbot.waitSignal(service.measure_stopped, timeout=60_000):
        service.measure()
        service.stop()
    with qtbot.waitSignal(hardware.machine_probed, timeout=60_000) as probed:
        hardware.probe()
    assert probed.args[0].calibration is None


def test_a_failure_can_be_tried_again(service: CalibrationService, monkeypatch: pytest.MonkeyPatch, qtbot) -> None:
    def busy(_on_progress: object, _stop: object) -> Calibration:
        raise UserError("machine_busy", "Too busy.")

    with monkeypatch.context() as patch:
        patch.setattr(calibration, "calibrate", busy)
        with qtbot.waitSignal(service.measure_failed) as failed:
            service.measure()
        assert failed.args[0].code == "machine_busy"
    with qtbot.waitSignal(service.measured, timeout=60_000):
        service.measure()
