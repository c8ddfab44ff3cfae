"""`launcher hardware` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launcher.cli import hardware
from launcher.cli.main import run_command
from launcher.core.errors import UserError
from launcher.core.machine import Cpu, Disk, EngineDevice, Gpu, GpuSample, Machine, Ram, Sample, machine_from_file

GIB = 2**30


def test_json_is_a_machine_that_can_be_read_back(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = EngineDevice("CPU", "a processor", "CPU", "cpu", 1, 1)
    monkeypatch.setattr(hardware, "_engine_devices", lambda: ((device,), ""))
    assert run_command(["hardware", "--json"]) == 0
    text = capsys.readouterr().out
    (tmp_path / "machine.json").write_text(text)
    machine = machine_from_file(tmp_path / "machine.json")
    assert machine.ram.total_bytes >= machine.ram.free_bytes > 0
    assert machine.engine_devices == (device,)
    assert {"name", "os", "cpu", "ram", "gpus", "disks"} <= set(json.loads(text))


def test_an_engine_that_cannot_start_is_a_note(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> tuple[EngineDevice, ...]:
        raise UserError("engine_missing", "The engine is not installed.", "llama_cpp was not found.")

    monkeypatch.setattr("launcher.engine.devices.list_devices", broken)
    assert run_command(["hardware"]) == 0
    assert (
        "Note: The engine could not be asked what it can use: The engine is not installed." in capsys.readouterr().out
    )
    assert run_command(["hardware", "--json"]) == 0
    assert "llama_cpp was not found." in json.loads(capsys.readouterr().out)["notes"][-1]


def test_words(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Gpu(
        "NVIDIA GeForce RTX 4090", "nvidia", "cuda", 24 * GIB, 22 * GIB, 1008e9, engine_device="CUDA0", pcie_generation=4,
        pcie_width=16, driver="580.95.05 (CUDA 13.0)", notes=("This card does not report power.",),
    )  # fmt: skip
    machine = Machine(
        "test", "linux", Cpu("Ryzen", 16, 32, ("avx2",)), Ram(64 * GIB, 60 * GIB), (gpu, Gpu("Mystery", "other")),
        (Disk("/", 96_300_000_000, 10**12, kind="SSD"),),
    )  # fmt: skip
    monkeypatch.setattr(hardware, "_engine_devices", lambda: ((), ""))
    monkeypatch.setattr(hardware, "probe", lambda devices: machine)
    assert run_command(["hardware"]) == 0
    out = capsys.readouterr().out
    assert "Ryzen, 16 cores, 32 threads" in out
    assert "64.0 GiB, 60.0 GiB free" in out
    assert (
        "NVIDIA GeForce RTX 4090, 24.0 GiB VRAM, 22.0 GiB free, 1,008 GB/s by its data sheet, PCIe 4.0 x16, "
        "driver 580.95.05 (CUDA 13.0), used through cuda as CUDA0" in out
    )
    assert "Mystery, memory unknown" in out
    assert "/: 96.3 GB free of 1000.0 GB, SSD" in out
    assert "Note: NVIDIA GeForce RTX 4090: This card does not report power." in out


@pytest.mark.parametrize(
    ("bandwidth", "basis", "words"),
    [
        (21.4e9, "measured", "23.5 GiB, 22.2 GiB free, reads 21 GB/s (measured)"),
        (8.26e9, "measured", "23.5 GiB, 22.2 GiB free, reads 8.3 GB/s (measured)"),
        (400e9, "datasheet", "23.5 GiB, 22.2 GiB free, reads 400 GB/s by its data sheet"),
        (45e9, "", "23.5 GiB, 22.2 GiB free, reads 45 GB/s"),
        (None, "", "23.5 GiB, 22.2 GiB free"),
    ],
)
def test_ram_words(
    bandwidth: float | None,
    basis: str,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ram = Ram(int(23.5 * GIB), int(22.2 * GIB), bandwidth, bandwidth_basis=basis)
    monkeypatch.setattr(hardware, "_engine_devices", lambda: ((), ""))
    monkeypatch.setattr(hardware, "probe", lambda devices: Machine("test", "linux", Cpu("Ryzen", 16, 32), ram))
    assert run_command(["hardware"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("RAM"))
    assert line.removeprefix("RAM").strip() == words


def test_meter_words(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cards = (
        GpuSample("RTX 4090", 24 * GIB, 22 * GIB, 0, 0.07, 41, 38, 450),
        GpuSample("RTX 3060", note="This card does not answer any more."),
    )
    sample = Sample(1.0, 64 * GIB, 60 * GIB, 1, 1, 0, 0.5, cards)

    class Once:
        def __init__(self, engine_pid: object) -> None:
            self.calls = 0

        def sample(self) -> Sample:
            self.calls += 1
            if self.calls > 1:
                raise KeyboardInterrupt
            return sample

        def close(self) -> None:
            print("closed")

    monkeypatch.setattr(hardware, "Meters", Once)
    assert run_command(["hardware", "--watch"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Processor   50%"
    assert lines[1] == "RAM        4.0 GiB used of 64.0 GiB, 60.0 GiB free, swap 0 MiB"
    assert lines[4].split() == ["RTX", "4090", "2.0", "GiB", "22.0", "GiB", "7%", "41", "°C", "38", "of", "450", "W"]
    assert lines[5].split("  ")[0] == "RTX 3060"
    assert lines[5].count("unknown") == 5
    assert lines[5].endswith("This card does not answer any more.")
    assert lines[-1] == "closed"
