"""The speed of the RAM: measured on this computer, remembered, and given up with a reason."""

from __future__ import annotations

import ctypes
import json
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.core.machine import Cpu, Ram
from launcher.core.paths import cache_dir
from launcher.hardware import ram_speed
from launcher.hardware.cpu import read_cpu
from launcher.hardware.memory import ram_notes, read_ram
from launcher.hardware.ram_speed import Measurement, last_cache_bytes, measure_here, read_speed

GIB = 2**30
CPU = Cpu("Ryzen", 4, 8)
RAM = Ram(32 * GIB, 16 * GIB)
STEADY = (20e9, 21e9, 20e9, 19e9, 20e9)
DISTURBED = (9e9, 21e9, 12e9, 10e9, 11e9)


class Measure:
    """Answers with prepared passes and counts how often it was asked."""

    def __init__(self, *answers: Measurement) -> None:
        self.answers = list(answers)
        self.calls = 0

    def __call__(self, cpu: Cpu, ram: Ram) -> Measurement:
        self.calls += 1
        return self.answers[min(self.calls, len(self.answers)) - 1]


def remembered_file() -> Path:
    return cache_dir() / "ram-speed.json"


def test_this_computer() -> None:
    """The real measurement; on a machine too busy or too small for it the reason is a sentence."""
    cpu, _ = read_cpu()
    measured = measure_here(cpu, read_ram())
    if not measured.passes:
        assert measured.problem.endswith(".")
        return
    assert 1e9 < measured.best < 2e12
    assert measured.best == max(measured.passes)
    first = read_speed(cpu, read_ram(), lambda _cpu, _ram: measured)  # a second measurement may find the machine busy
    assert first.bytes_s is not None
    assert json.loads(remembered_file().read_text())["bandwidth_bytes_s"] == first.bytes_s


def test_the_second_call_does_not_measure() -> None:
    measure = Measure(Measurement(STEADY))
    assert read_speed(CPU, RAM, measure).bytes_s == 21e9
    assert read_speed(CPU, replace(RAM, free_bytes=GIB), measure).bytes_s == 21e9
    assert measure.calls == 1


@pytest.mark.parametrize(
    ("cpu", "ram"),
    [
        (replace(CPU, name="EPYC"), RAM),
        (replace(CPU, cores=2), RAM),
        (CPU, replace(RAM, total_bytes=64 * GIB)),
    ],
)
def test_another_machine_is_measured_again(cpu: Cpu, ram: Ram) -> None:
    read_speed(CPU, RAM, Measure(Measurement(STEADY)))
    measure = Measure(Measurement((40e9,) * 5))
    assert read_speed(cpu, ram, measure).bytes_s == 40e9
    assert measure.calls == 1


def test_another_method_is_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read_speed(CPU, RAM, Measure(Measurement(STEADY)))
    monkeypatch.setattr(ram_speed, "_METHOD", ram_speed._METHOD + 1)
    measure = Measure(Measurement((40e9,) * 5))
    assert read_speed(CPU, RAM, measure).bytes_s == 40e9


def test_a_disturbed_measurement_is_made_again_twice_and_the_best_counts() -> None:
    measure = Measure(Measurement(DISTURBED), Measurement(tuple(2 * p for p in DISTURBED)), Measurement(DISTURBED))
    assert [read_speed(CPU, RAM, measure).bytes_s for _ in range(6)] == [21e9, 42e9, 42e9, 42e9, 42e9, 42e9]
    assert measure.calls == 3


def test_a_quiet_moment_ends_the_trying() -> None:
    measure = Measure(Measurement(DISTURBED), Measurement((25e9,) * 5))
    assert [read_speed(CPU, RAM, measure).bytes_s for _ in range(3)] == [21e9, 25e9, 25e9]
    assert measure.calls == 2


def test_what_was_known_outlives_a_try_that_fails() -> None:
    measure = Measure(Measurement(DISTURBED), Measurement(problem="busy."))
    assert [read_speed(CPU, RAM, measure).bytes_s for _ in range(2)] == [21e9, 21e9]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"[" * 100_000,
        b'{"method": 1}',
        b"NaN",
        b'"bandwidth_bytes_s": NaN',
        b'"bandwidth_bytes_s": Infinity',
        b'"bandwidth_bytes_s": -5',
        b'"bandwidth_bytes_s": "21e9"',
        b'"bandwidth_bytes_s": 1' + b"0" * 400,
    ],
)
def test_a_damaged_file_is_measured_and_written_again(damage: bytes) -> None:
    read_speed(CPU, RAM, Measure(Measurement(STEADY)))
    if damage.startswith(b'"'):
        damage = remembered_file().read_bytes().replace(b'"bandwidth_bytes_s": 21000000000.0', damage)
        assert b"21000000000.0" not in damage
    remembered_file().write_bytes(damage)
    measure = Measure(Measurement((30e9,) * 5))
    assert [read_speed(CPU, RAM, measure).bytes_s for _ in range(2)] == [30e9, 30e9]
    assert measure.calls == 1


def test_a_folder_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LAUNCHER_HOME", str(tmp_path / "file"))
    assert read_speed(CPU, RAM, Measure(Measurement(STEADY))).bytes_s == 21e9


def test_little_free_memory_is_left_alone() -> None:
    measured = measure_here(CPU, replace(RAM, free_bytes=GIB // 2))
    assert measured.passes == ()
    assert measured.problem.endswith("of free RAM; 0.5 GiB are free.")
    speed = read_speed(CPU, replace(RAM, free_bytes=GIB // 2))
    assert speed.bytes_s is None
    assert not remembered_file().exists()
    assert ram_notes(read_ram(), speed.problem)[-1] == f"How fast the RAM is, is not known: {speed.problem}"


def test_a_function_slower_than_the_ram_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that searches byte by byte is as fast in RAM as in the cache: its speed is not the RAM's."""
    reader, _ = ram_speed._reader() or pytest.fail("no C library")
    monkeypatch.setattr(ram_speed, "_reader", lambda: (reader, 0.5e9))
    measured = measure_here(*_here())
    assert measured.passes == ()
    assert "slower than the RAM" in measured.problem or "too busy" in measured.problem


def test_the_function_reads_to_the_last_byte() -> None:
    """Its answer depends on it."""
    found = ram_speed._reader()
    assert found is not None
    block = ctypes.create_string_buffer(bytes([ram_speed._FILL]) * 8192, 8192)
    assert not found[0](ctypes.addressof(block), 8192)
    block[8191] = bytes([ram_speed._ABSENT])
    assert found[0](ctypes.addressof(block), 8192)


def test_half_a_processor_is_too_little(tmp_path: Path) -> None:
    for name, text in (
        ("proc/self/cgroup", "0::/\n"),
        ("proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
        ("sys/fs/cgroup/cpu.max", "50000 100000\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert "may use 0.5 of one processor" in measure_here(CPU, RAM, tmp_path).problem


def _here() -> tuple[Cpu, Ram]:
    return read_cpu()[0], read_ram()


def test_caches_shared_by_some_processors(tmp_path: Path) -> None:
    def cache(cpu: int, index: int, level: int, size: str, shared: str) -> None:
        folder = tmp_path / f"sys/devices/system/cpu/cpu{cpu}/cache/index{index}"
        folder.mkdir(parents=True)
        for name, text in (("level", str(level)), ("size", size), ("shared_cpu_list", shared)):
            (folder / name).write_text(text + "\n")

    for cpu in range(4):
        cache(cpu, 0, 1, "32K", str(cpu))
        cache(cpu, 2, 2, "1024K", str(cpu))
        cache(cpu, 3, 3, "32768K", "0-1" if cpu < 2 else "2-3")
    (tmp_path / "sys/devices/system/cpu/cpufreq").mkdir()
    assert last_cache_bytes(tmp_path) == 2 * 32768 * 1024
    assert last_cache_bytes(tmp_path / "nothing") is None
