"""NVIDIA cards through the real pynvml and a compiled fake of NVIDIA's library."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.nvml import RTX_4090, compile_fake, run_child, scenario
from tests.fakes.sysfs import replay

_COMMON = """
import json, os, pathlib, sys, tempfile, time
from launcher.core.codec import to_json
from launcher.hardware import nvml, nvml_driver
from launcher.hardware.inventory import probe
from launcher.hardware.memory import speed_unknown
nvml_driver.sees_host_pids = lambda: True  # the tests may run in a container themselves
SCENARIO = pathlib.Path(os.environ["FAKE_NVML_SCENARIO"])
EMPTY = pathlib.Path(tempfile.mkdtemp())
now = 1000.0
def out(value): print(json.dumps(to_json(value)))
"""
_PROBE = f"{_COMMON}\nmachine = to_json(probe(root=EMPTY))\nmachine['notes'].remove(speed_unknown())\nout(machine)"
_SAMPLE = f"{_COMMON}\nsource = nvml.NvmlSource(); out(source.sample(frozenset({{4711, 4712}}))); source.close()"


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_fake(tmp_path_factory.mktemp("nvml") / "new")


@pytest.fixture(scope="session")
def old_driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_fake(tmp_path_factory.mktemp("nvml") / "old", "OLD_DRIVER")


def cards(number: int, **changes: object) -> list[dict[str, object]]:
    return [{**RTX_4090, "bus": f"00000000:{i + 1:02X}:00.0", **changes} for i in range(number)]


@pytest.mark.parametrize("number", [0, 1, 2, 8])
def test_lists_every_card(number: int, driver: Path, tmp_path: Path) -> None:
    machine = run_child(_PROBE, driver, scenario(*cards(number)), tmp_path)
    assert [gpu["pci_bus_id"] for gpu in machine["gpus"]] == [f"0000:{i + 1:02x}:00.0" for i in range(number)]
    assert machine["notes"] == []
    for gpu in machine["gpus"]:
        assert gpu["notes"] == []
        assert gpu["backend"] is None
        assert not gpu["unified_memory"]


def test_reads_all_facts_of_a_card(driver: Path, tmp_path: Path) -> None:
    (gpu,) = run_child(_PROBE, driver, scenario(RTX_4090), tmp_path)["gpus"]
    assert gpu["name"] == "NVIDIA GeForce RTX 4090"
    assert gpu["vendor"] == "nvidia"
    assert gpu["vram_total_bytes"] == 25757220864
    assert gpu["vram_free_bytes"] == 24696061952
    assert gpu["power_limit_w"] == 450
    assert (gpu["pcie_generation"], gpu["pcie_width"]) == (4, 16)
    assert gpu["pcie_bytes_s"] == pytest.approx(25.2e9, rel=0.01)
    assert gpu["driver"] == "580.95.05 (CUDA 13.0)"
    assert gpu["bandwidth_bytes_s"] == 1008e9
    assert gpu["fp16_flops"] == pytest.approx(165e12, rel=0.01)


def test_samples_load_and_own_memory(driver: Path, tmp_path: Path) -> None:
    # 4711 computes and draws: the same memory stands in both lists.
    card = {**RTX_4090, "compute": "4711:600000000,99:5000", "graphics": "4711:600000000,4712:200000000"}
    (sample,) = run_child(_SAMPLE, driver, scenario(card), tmp_path)
    assert sample["vram_used_by_app_bytes"] == 800_000_000
    assert sample["vram_total_bytes"] - sample["vram_free_bytes"] == 1061158912
    assert sample["load"] == 0.37
    assert sample["temperature_c"] == 55
    assert sample["power_w"] == 38.5
    assert sample["power_limit_w"] == 450
    assert sample["note"] == ""


def test_windows_does_not_tell_memory_by_program(driver: Path, tmp_path: Path) -> None:
    (sample,) = run_child(_SAMPLE, driver, scenario({**RTX_4090, "compute": "4711"}), tmp_path)
    assert sample["vram_used_by_app_bytes"] is None
    assert sample["vram_free_bytes"] == 24696061952


def test_container_pids_are_not_taken_for_ours(driver: Path, tmp_path: Path) -> None:
    script = _SAMPLE.replace("lambda: True", "lambda: False")
    (sample,) = run_child(script, driver, scenario({**RTX_4090, "compute": "4711:600"}), tmp_path)
    assert sample["vram_used_by_app_bytes"] is None


def test_unsupported_questions_are_none_and_said(driver: Path, tmp_path: Path) -> None:
    card = {"name": "NVIDIA GeForce GT 710", "bus": "00000000:01:00.0", "total": 2**31, "free": 2**30, "power": "!4"}
    (gpu,) = run_child(_PROBE, driver, scenario(card), tmp_path)["gpus"]
    assert gpu["vram_free_bytes"] == 2**30
    assert [gpu[key] for key in ("power_limit_w", "pcie_bytes_s", "pcie_generation", "bandwidth_bytes_s")] == [None] * 4
    assert "This card does not report PCIe link, temperature, power limit, load." in gpu["notes"]
    assert "This user may not read power." in gpu["notes"]
    (sample,) = run_child(_SAMPLE, driver, scenario(card), tmp_path)
    assert [sample[key] for key in ("load", "temperature_c", "power_w", "vram_used_by_app_bytes")] == [None] * 4


def test_unified_memory_is_recognised(driver: Path, tmp_path: Path) -> None:
    card = {**RTX_4090, "name": "NVIDIA GB10", "total": "!3"}
    (gpu,) = run_child(_PROBE, driver, scenario(card), tmp_path)["gpus"]
    assert gpu["unified_memory"]
    assert gpu["vram_total_bytes"] is None
    assert gpu["bandwidth_bytes_s"] == 273e9
    assert gpu["notes"][0] == "Its memory is the computer's RAM."


def test_mig_is_said(driver: Path, tmp_path: Path) -> None:
    card = {**RTX_4090, "name": "NVIDIA A100-SXM4-40GB", "mig": 1, "load": "!3", "parts": "21474836480,5100273664"}
    (gpu,) = run_child(_PROBE, driver, scenario(card), tmp_path)["gpus"]
    assert gpu["notes"][0] == (
        "MIG cuts this card into 2 parts (20.0 GiB, 4.8 GiB); the engine can use one of them. "
        "The figures are the whole card's."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 0, "free": 0},
        {"total": 10, "free": 20},
        {"total": 2**63, "free": 1},
        {"temperature": 4_000_000_000, "power": 4_000_000_000, "load": 4_000_000_000},
        {"name": "\udcff\udcfe", "bus": "\udcff\udcfe"},
        {"bus": "nonsense", "generation": 77, "width": 0},
    ],
)
def test_garbage_from_the_driver_is_none(changes: dict[str, object], driver: Path, tmp_path: Path) -> None:
    raw = scenario({**RTX_4090, **changes}).encode("utf-8", "surrogateescape")
    text = raw.decode("latin-1")
    script = _PROBE.replace("machine =", "SCENARIO.write_bytes(SCENARIO.read_text().encode('latin-1'))\nmachine =")
    (gpu,) = run_child(script, driver, text, tmp_path)["gpus"]
    for key in ("total", "free"):
        if key in changes:
            assert gpu[f"vram_{key}_bytes"] is None
            assert "NVIDIA's driver gave a senseless value for memory." in gpu["notes"]
    if "bus" in changes:
        assert gpu["pci_bus_id"] is None
    if "power" in changes:
        assert "NVIDIA's driver gave a senseless value for temperature, power." in gpu["notes"]


def test_old_driver_lacks_symbols(old_driver: Path, tmp_path: Path) -> None:
    (gpu,) = run_child(_PROBE, old_driver, scenario(RTX_4090), tmp_path)["gpus"]
    assert gpu["vram_free_bytes"] == 24696061952
    assert gpu["power_limit_w"] is None
    assert gpu["notes"] == ["NVIDIA's driver is too old to report power limit."]
    (sample,) = run_child(_SAMPLE, old_driver, scenario({**RTX_4090, "compute": "4711:600"}), tmp_path)
    assert sample["vram_used_by_app_bytes"] == 600  # by the second version of that question


def test_ancient_driver_is_said(tmp_path: Path) -> None:
    library = compile_fake(tmp_path / "lib", "OLD_DRIVER", "ANCIENT_DRIVER")
    machine = run_child(_PROBE, library, scenario(RTX_4090), tmp_path)
    assert machine["gpus"] == []
    assert machine["notes"] == ["NVIDIA's driver is too old to be read; a newer one is needed."]


def test_missing_library_is_no_news(tmp_path: Path) -> None:
    machine = run_child(_PROBE, tmp_path, scenario(), tmp_path)
    assert machine["gpus"] == []
    assert machine["notes"] == []


@pytest.mark.parametrize(
    ("code", "words"),
    [(9, "not running"), (18, "restart the computer"), (4, "may not read"), (999, "code 999")],
)
def test_driver_that_does_not_start(code: int, words: str, driver: Path, tmp_path: Path) -> None:
    machine = run_child(_PROBE, driver, scenario(RTX_4090, init=code), tmp_path)
    assert machine["gpus"] == []
    assert words in machine["notes"][0]


_FALL = f"""{_COMMON}
source = nvml.NvmlSource(clock=lambda: now)
good = SCENARIO.read_text()
def read():
    return [[s.name, s.vram_free_bytes, s.load, s.note] for s in source.sample(frozenset())]
steps = []
def step(state, later):
    global now
    now += later
    SCENARIO.write_text(good + (f"gpu1.state {{state}}\\n" if state else ""))
    steps.append(read())
step(0, 0.5)
step(sys_code, 0.5)   # it falls
step(sys_code, 0.5)   # nobody looks yet
step(sys_code, 2.0)   # looked for in vain
step(0, 0.1)          # it is back, but its old handle is dead and nobody looks yet
step(0, 60.0)         # found again
step(0, 0.5)
source.close()
out(steps)
"""


@pytest.mark.parametrize("code", [15, 16, 999])
def test_a_card_falls_off_the_bus_and_comes_back(code: int, driver: Path, tmp_path: Path) -> None:
    script = _FALL.replace("sys_code", str(code))
    steps: list[list[list[Any]]] = run_child(script, driver, scenario(*cards(2)), tmp_path)
    name = "NVIDIA GeForce RTX 4090"
    alive = [name, 24696061952, 0.37, ""]
    lost = [
        name,
        None,
        None,
        "This card does not answer any more; it may have lost its connection. It is looked for again.",
    ]
    assert steps == [[alive, alive], *[[alive, lost]] * 4, *[[alive, alive]] * 2]


def test_the_whole_driver_goes_and_comes_back(driver: Path, tmp_path: Path) -> None:
    script = f"""{_COMMON}
source = nvml.NvmlSource(clock=lambda: now)
good = SCENARIO.read_text()
SCENARIO.write_text(good.replace("init 0", "init 9") + "gpu0.state 9\\n")
problems = []
for later in (1, 3, 3, 10):
    now += later
    problems.append([source.sample(frozenset())[0].vram_free_bytes, source.problem])
SCENARIO.write_text(good)
now += 60
problems.append([source.sample(frozenset())[0].vram_free_bytes, source.problem])
out(problems)
"""
    problems = run_child(script, driver, scenario(RTX_4090, init=0), tmp_path)
    gone = [None, "NVIDIA's driver is installed but not running."]
    assert problems == [[None, ""], gone, gone, gone, [24696061952, ""]]


@pytest.mark.parametrize(
    ("dead", "pauses"),
    [
        ({"state": 15}, [2, 4, 8, 16, 32, 60, 60]),
        # Still listed: only the sample after a look finds it dead.
        ({"state": 15, "listed": 1}, [2.5, 4, 8, 16, 32, 60, 60]),
    ],
)
def test_looking_again_gets_rarer(dead: dict[str, object], pauses: list[float], driver: Path, tmp_path: Path) -> None:
    script = f"""{_COMMON}
looks = []
start = nvml_driver.NvmlDriver.start
def counted(self):
    looks.append(now)
    return start(self)
nvml_driver.NvmlDriver.start = counted
source = nvml.NvmlSource(clock=lambda: now)
for _ in range(400):
    now += 0.5
    source.sample(frozenset())
out(looks)
"""
    looks = run_child(script, driver, scenario(*cards(1), {**RTX_4090, "bus": "00000000:02:00.0", **dead}), tmp_path)
    assert [b - a for a, b in pairwise(looks)] == pauses


def test_meters_include_the_cards_and_are_quick(driver: Path, tmp_path: Path) -> None:
    script = f"""{_COMMON}
from launcher.hardware import Meters
meters = Meters(lambda: os.getppid(), root=EMPTY)
samples = [meters.sample() for _ in range(20)]
meters.close()
out(samples[-1])
"""
    sample = run_child(script, driver, scenario(*cards(8)), tmp_path)
    assert len(sample["gpus"]) == 8
    assert 0 <= sample["cpu_load"] <= 1
    assert sample["ram_used_by_app_bytes"] > sample["ram_used_by_window_bytes"] > 10_000_000


def test_a_card_that_both_nvml_and_the_bus_show_is_one_card(driver: Path, tmp_path: Path) -> None:
    replay("nouveau_4090", tmp_path / "tree")
    replay("i915_uhd770", tmp_path / "tree")
    script = f"{_COMMON}\nout(probe(root=pathlib.Path({str(tmp_path / 'tree')!r})).gpus)"
    discrete, integrated = run_child(script, driver, scenario(RTX_4090), tmp_path)
    assert discrete["name"] == "NVIDIA GeForce RTX 4090"
    assert integrated["name"] == "Intel UHD Graphics 770"
    (tmp_path / "nolib").mkdir()
    gpus = run_child(script, tmp_path / "nolib", scenario(), tmp_path)
    assert gpus[0]["name"] == "NVIDIA GPU (10de:2684)"
    assert gpus[0]["notes"][0] == "This GPU needs the driver nvidia; it uses nouveau."
