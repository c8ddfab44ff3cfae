"""What was measured is kept per engine build and processor, survives damage, and reaches plans and the command line."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.cli.calibrate import describe
from launcher.cli.machines import add_machine_option, chosen_machine
from launcher.cli.main import run_command
from launcher.core.calibration import Calibration, DeviceCalibration
from launcher.core.codec import from_json
from launcher.core.errors import UserError
from launcher.core.machine import EngineDevice
from launcher.core.paths import data_dir
from launcher.engine import devices
from launcher.engine.calibration_store import (
    calibration_for,
    forget_calibrations,
    load_calibration,
    save_calibration,
    valid_for,
)
from launcher.engine.devices import EngineInfo

GIB = 2**30
CPU = DeviceCalibration("CPU", {"q4_k": 9.5e9, "f16": 21e9}, 61e-6, 140e-6, 8e9, 71e9, None, "a processor")
CARD = DeviceCalibration("CUDA0", {"q4_k": 801e9}, 21e-6, 66e-6, 640e9, 38e12, 412 * 2**20, "a card")
MEASURED = Calibration(
    "llama 1", "2026-11-21T10:00:00+00:00", (CPU, CARD), 0.9e-3, 35e-6, 22.4e9, threads=8, spread=1.06
)
INFO = EngineInfo(
    "llama 1",
    "",
    "",
    "a processor",
    (
        EngineDevice("CUDA0", "a card", "cuda", "gpu", 24 * GIB, 20 * GIB),
        EngineDevice("CPU", "a processor", "cpu", "cpu", 64 * GIB, 40 * GIB),
    ),
    0.1,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAUNCHER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of INFO, as if it had been asked before."""
    monkeypatch.setattr(devices, "_known", INFO)


def test_what_is_saved_is_loaded() -> None:
    save_calibration(MEASURED, "a processor")
    assert load_calibration("llama 1", "a processor") == MEASURED
    assert {p.suffix for p in data_dir().iterdir()} == {".json"}


def test_another_engine_or_processor_has_its_own() -> None:
    save_calibration(MEASURED, "a processor")
    assert load_calibration("llama 2", "a processor") is None
    assert load_calibration("llama 1", "another") is None
    save_calibration(replace(MEASURED, engine_version="llama 2"), "a processor")
    assert load_calibration("llama 1", "a processor") == MEASURED


@pytest.mark.parametrize("text", ["", "{", "[]", '{"engine_version": 1}', "[" * 100_000, '{"devices": "x"}', "\\udc80"])
@pytest.mark.expected_logs("could not be understood")
def test_a_damaged_file_is_kept_aside(text: str) -> None:
    path = save_calibration(MEASURED)
    path.write_text(text)
    assert load_calibration("llama 1") is None
    assert [p.read_text() for p in data_dir().glob("*.damaged")] == [text]
    save_calibration(MEASURED)
    assert load_calibration("llama 1") == MEASURED


@pytest.mark.expected_logs("could not be understood")
def test_a_file_of_other_bytes_is_kept_aside() -> None:
    path = save_calibration(MEASURED)
    path.write_bytes(b"\xff\xfe\x00")
    assert load_calibration("llama 1") is None


def test_a_card_that_was_exchanged_is_void() -> None:
    other = replace(INFO.devices[0], description="another card")
    assert valid_for(MEASURED, INFO.devices) == MEASURED
    assert valid_for(MEASURED, (other, INFO.devices[1])).devices == (CPU,)
    save_calibration(MEASURED, "a processor")
    found = calibration_for(replace(INFO, devices=INFO.devices[1:]))
    assert found is not None
    assert found.device("CUDA0") is None
    assert found.device("CPU") == CPU


def test_forgetting_takes_all_builds() -> None:
    save_calibration(MEASURED)
    save_calibration(replace(MEASURED, engine_version="llama 2"))
    assert forget_calibrations() == 2
    assert load_calibration("llama 1") is None
    assert forget_calibrations() == 0


@pytest.mark.usefixtures("engine")
def test_this_machine_carries_what_was_measured_and_a_described_one_its_own(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_machine_option(parser)
    here = parser.parse_args([])
    assert chosen_machine(here).calibration is None
    save_calibration(MEASURED, INFO.processor)
    machine = chosen_machine(here)
    assert machine.calibration == MEASURED
    described = tmp_path / "machine.json"
    described.write_text(
        '{"name": "x", "os": "linux", "cpu": {"name": "c", "cores": 1, "threads": 1}, "ram": {"total_bytes": 1, "free_bytes": 1}}'
    )
    assert chosen_machine(parser.parse_args(["--machine", str(described)])).calibration is None


@pytest.mark.usefixtures("engine")
def test_the_command_shows_and_forgets(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["calibrate", "--show"]) == 1
    assert "launcher calibrate" in capsys.readouterr().err
    save_calibration(MEASURED, INFO.processor)
    assert run_command(["calibrate", "--show", "--json"]) == 0
    assert from_json(Calibration, json.loads(capsys.readouterr().out)) == MEASURED
    assert run_command(["calibrate", "--show"]) == 0
    shown = capsys.readouterr().out
    assert "801.0 GB/s" in shown
    assert "412 MiB" not in shown.splitlines()[1]
    assert run_command(["calibrate", "--forget", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"forgotten": 1}
    assert run_command(["calibrate", "--forget"]) == 0
    assert "Nothing was measured" in capsys.readouterr().out
    assert run_command(["calibrate", "--forget", "--show"]) == 2


def test_the_table_says_what_was_not_measured_and_what_is_rough() -> None:
    lines = describe(MEASURED).splitlines()
    assert lines[0].split() == ["CPU", "CUDA0"]
    by_name = {line[:31].strip(): line.split("  ")[-1].strip() for line in lines if line}
    assert by_name["Reads F16 weights"] == "-"
    assert by_name["Reads Q4_K weights"] == "801.0 GB/s"
    assert by_name["Memory beside the engine's book"] == "0.4 GiB"
    assert "busy" not in lines[-1]
    assert "busy" in describe(replace(MEASURED, spread=1.4)).splitlines()[-1]


def test_a_folder_that_cannot_be_written_is_said() -> None:
    path = save_calibration(MEASURED)
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError) as caught:
        save_calibration(MEASURED)
    assert caught.value.code == "not_saved"


@pytest.mark.expected_logs("could not be read")
def test_what_cannot_be_read_is_no_calibration() -> None:
    path = save_calibration(MEASURED)
    path.unlink()
    path.mkdir()
    assert load_calibration("llama 1") is None
