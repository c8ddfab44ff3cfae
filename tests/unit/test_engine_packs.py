"""Engine packs: what is read of a hostile folder, which is chosen on described computers, what is remembered of trials."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from launcher.core.engine_packs import AUTO, BUILT_IN, GIVEN, PackChoice, PackUse
from launcher.core.paths import data_dir
from launcher.engine import pack_check, pack_choice, packs
from launcher.engine.errand import Ending
from launcher.engine.pack_choice import Trial, choose
from launcher.engine.packs import Manifest, Pack, find_packs, read_pack, verify_content
from launcher.engine.surroundings import Surroundings, read_surroundings

HERE = Surroundings("linux", "x86_64", "0.3.36")
NVIDIA = replace(HERE, nvidia_driver="550.54.15", has_vulkan=True)
AMD = replace(HERE, has_amd_gpu=True, rocm="7.0.2", has_vulkan=True)
MAC = Surroundings("macos", "arm64", "0.3.36", system_version="15.1")

CPU_FILES = ("libggml.so", "libggml-base.so", "libggml-cpu-haswell.so", "libggml-rpc.so", "libllama.so")


def make_pack(folder: Path, name: str = "cpu", backends: tuple[str, ...] = ("cpu", "rpc"), **changes: Any) -> Path:
    """A pack as build.py would describe it; its libraries are text."""
    folder.mkdir(parents=True)
    backend_files = {"cuda": "libggml-cuda.so", "rocm": "libggml-hip.so", "vulkan": "libggml-vulkan.so"}
    for file in (*CPU_FILES, *(f for b, f in backend_files.items() if b in backends)):
        (folder / file).write_text(f"{name} {file}")
    files = [
        {"name": p.name, "bytes": p.stat().st_size, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()}
        for p in sorted(folder.iterdir())
    ]
    manifest: dict[str, Any] = {
        "format": 1,
        "name": name,
        "backends": list(backends),
        "binding_version": "0.3.36",
        "system": "linux",
        "machine": "x86_64",
        "files": files,
    }
    (folder / "pack.json").write_text(json.dumps(manifest | changes))
    return folder


def described(name: str, *backends: str, needs: dict[str, str] | None = None, **changes: Any) -> Pack:
    manifest = Manifest(1, name, ("cpu", "rpc", *backends), "0.3.36", "linux", "x86_64", (), needs=needs or {})
    return Pack(name, Path("/nowhere") / name, manifest.backends, replace(manifest, **changes))


CPU, VULKAN = described("cpu"), described("vulkan", "vulkan")
CUDA = described("cuda", "cuda", needs={"nvidia_driver": "525.60"})
ROCM = described("rocm", "rocm", needs={"rocm": "7.0"})
METAL = described("metal", "metal", needs={"macos": "13.3"}, system="macos", machine="arm64")
OWN = Pack(BUILT_IN, Path("/nowhere/own"), ("cpu", "rpc"))
ALL = (CPU, VULKAN, CUDA, ROCM, METAL, OWN)


def working(pack: Pack) -> Trial:
    return Trial(devices=tuple((b, 1) for b in pack.backends if b != "rpc"))


def reasons(choice: PackChoice) -> dict[str, str]:
    return {p.name: f"{p.use.value}: {p.reason}" for p in choice.packs}


@pytest.mark.parametrize(
    ("around", "expected"),
    [(NVIDIA, "cuda"), (AMD, "rocm"), (replace(HERE, has_vulkan=True), "vulkan"), (HERE, BUILT_IN), (MAC, "metal")],
)
def test_the_fastest_that_the_computer_has_a_driver_for(around: Surroundings, expected: str) -> None:
    choice = choose(ALL, around, AUTO, working)
    assert choice.in_use is not None
    assert choice.in_use.name == expected


def test_every_other_pack_says_why_not() -> None:
    said = reasons(choose(ALL, replace(NVIDIA, nvidia_driver="470.223"), AUTO, working))
    assert said["cuda"] == "skipped: NVIDIA driver 470.223 is older than 525.60."
    assert said["rocm"] == "skipped: There is no AMD graphics card here."
    assert said["metal"] == "skipped: It was built for macos arm64; this computer is linux x86_64."
    assert said["vulkan"].startswith("in use: Vulkan")
    assert said["cpu"] == "ready: vulkan comes first."
    assert "ROCm runtime is not installed" in reasons(choose(ALL, replace(AMD, rocm=None), AUTO, working))["rocm"]
    assert "ROCm 6.4 is older than 7.0" in reasons(choose(ALL, replace(AMD, rocm="6.4"), AUTO, working))["rocm"]
    assert "no working NVIDIA driver" in reasons(choose(ALL, HERE, AUTO, working))["cuda"]
    assert "no Vulkan loader" in reasons(choose(ALL, HERE, AUTO, working))["vulkan"]


def test_a_pack_of_another_version_is_not_even_tried() -> None:
    tried: list[str] = []

    def attempt(pack: Pack) -> Trial:
        tried.append(pack.name)
        return working(pack)

    choice = choose((described("cpu", binding_version="0.3.30"), OWN), HERE, AUTO, attempt)
    assert "llama-cpp-python 0.3.30; this program has 0.3.36" in reasons(choice)["cpu"]
    assert tried == [], "and the last one left is not tried either: nothing could take its place"


def test_what_fails_its_trial_is_skipped_and_the_next_best_taken() -> None:
    tried: list[str] = []

    def attempt(pack: Pack) -> Trial:
        tried.append(pack.name)
        return Trial("Its worker died at the start.") if pack.name == "cuda" else working(pack)

    choice = choose(ALL, NVIDIA, AUTO, attempt)
    assert choice.in_use is not None
    assert choice.in_use.name == "vulkan"
    assert reasons(choice)["cuda"] == "skipped: Its worker died at the start."
    assert tried == ["cuda", "vulkan"]


def test_a_graphics_pack_that_sees_no_card_has_nothing_to_offer() -> None:
    choice = choose(ALL, replace(HERE, has_vulkan=True), AUTO, lambda _: Trial(devices=(("cpu", 1),)))
    assert reasons(choice)["vulkan"] == "skipped: It finds no graphics card for Vulkan here."
    assert choice.in_use is not None
    assert choice.in_use.name == BUILT_IN


def test_the_wanted_pack_comes_first_and_the_best_other_when_it_fails() -> None:
    choice = choose(ALL, NVIDIA, "cpu", working)
    assert reasons(choice)["cpu"] == "in use: Chosen in the settings."
    choice = choose(ALL, NVIDIA, "cpu", lambda pack: Trial("broken") if pack.name == "cpu" else working(pack))
    assert choice.in_use is not None
    assert (choice.wanted, choice.in_use.name) == ("cpu", "cuda")
    assert choose(ALL, NVIDIA, "no such pack", working).in_use == choose(ALL, NVIDIA, AUTO, working).in_use


def test_when_nothing_works_nothing_is_in_use() -> None:
    assert choose((CPU,), HERE, AUTO, lambda _: Trial("broken")).in_use is None


# --- manifests --------------------------------------------------------------------------------------------------------


def test_a_pack_is_read_as_it_was_described(tmp_path: Path) -> None:
    pack = read_pack(make_pack(tmp_path / "p", "vulkan", ("cpu", "rpc", "vulkan")))
    assert (pack.name, pack.backends, pack.problem, pack.version) == ("vulkan", ("cpu", "rpc", "vulkan"), "", "0.3.36")
    assert verify_content(pack) == ""


def _file(name: str, size: int = 3) -> list[dict[str, object]]:
    return [{"name": name, "bytes": size, "sha256": "0" * 64}]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files": _file("../libllama.so")}, "is not a valid name for a file"),
        ({"files": _file("/etc/passwd")}, "is not a valid name for a file"),
        ({"files": _file("..")}, "is not a valid name for a file"),
        ({"files": _file("C:evil.dll")}, "is not a valid name for a file"),
        ({"files": _file("sub\\evil.dll")}, "is not a valid name for a file"),
        ({"files": _file("libllama.so\0.txt")}, "is not a valid name for a file"),
        ({"files": _file("libllama.so", 10**9)}, "bytes instead of"),
        ({"files": _file("libmissing.so")}, "is missing"),
        ({"files": []}, "lists 0 files"),
        ({"files": "none"}, "cannot be read"),
        ({"files": _file("libllama.so") * 300}, "lists 300 files"),
        ({"backends": ["cpu", "opencl"]}, "backends that this program does not know"),
        ({"backends": ["cpu", "metal"]}, "no library for metal"),
        ({"backends": []}, "backends"),
        ({"format": 2}, "format 2"),
        ({"name": "built-in"}, "is not a valid name for a pack"),
        ({"name": "../../x"}, "is not a valid name for a pack"),
        ({"name": "A\x1b[2Jx"}, "is not a valid name for a pack"),
        ({"needs": {"nvidia_driver": 525}}, "cannot be read"),
    ],
)
def test_hostile_manifests_are_refused_with_a_sentence(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    pack = read_pack(make_pack(tmp_path / "p", **changes))
    assert said in pack.problem
    assert pack.manifest is None
    assert "\x1b" not in pack.problem + pack.name


def test_files_that_are_no_files_of_the_pack(tmp_path: Path) -> None:
    outside = tmp_path / "outside.so"
    folder = make_pack(tmp_path / "p")
    (folder / "libllama.so").rename(outside)
    (folder / "libllama.so").symlink_to(outside)
    assert "is not a plain file" in read_pack(folder).problem
    stranger = make_pack(tmp_path / "q")
    (stranger / "libggml-cuda.so").write_text("loaded by its name")
    assert "does not list: libggml-cuda.so" in read_pack(stranger).problem
    deep = make_pack(tmp_path / "deep")
    (deep / "pack.json").write_text("[" * 100_000)
    assert "cannot be read" in read_pack(deep).problem
    huge = make_pack(tmp_path / "huge")
    (huge / "pack.json").write_text(" " * (2 << 20))
    assert "sensible size" in read_pack(huge).problem


def test_damage_of_the_same_size_shows_in_the_checksum(tmp_path: Path) -> None:
    folder = make_pack(tmp_path / "p")
    library = folder / "libllama.so"
    library.write_text(library.read_text()[::-1])
    assert "libllama.so is damaged" in verify_content(read_pack(folder))


def test_packs_are_found_in_all_places_and_a_name_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_pack(data_dir() / "engines" / "mine", "vulkan", ("cpu", "vulkan"))
    make_pack(tmp_path / "more" / "a", "cpu")
    single = make_pack(tmp_path / "single", "vulkan", ("cpu", "vulkan"))
    monkeypatch.setenv(packs.PLACES_VARIABLE, os.pathsep.join((str(tmp_path / "more"), str(single), "/no/such/place")))
    monkeypatch.setattr(packs, "built_in", lambda: None)
    found = find_packs()
    assert [(p.name, bool(p.problem)) for p in found] == [("cpu", False), ("vulkan", False), ("vulkan", True)]
    assert str(single) in found[2].problem


# --- trials -----------------------------------------------------------------------------------------------------------


class Worker:
    """Stands for run_errand: says how each trial ends, and counts them."""

    def __init__(self, ending: Ending | None) -> None:
        self.ending = ending
        self.count = 0

    def __call__(self, _hear: Callable[[Any], None], _take: object, **_options: object) -> Ending | None:
        self.count += 1
        return self.ending


@pytest.fixture
def trial_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Trial]:
    pack = read_pack(make_pack(tmp_path / "p"))

    def attempt(worker: Worker, around: Surroundings = HERE, *, fresh: bool = False) -> Trial:
        monkeypatch.setattr(pack_check, "run_errand", worker)
        return pack_check.Trials(around, fresh=fresh).attempt(pack)

    return attempt


CRASH = Ending(-6, ("ggml_abort: oh no",), "", False)
LATE = Ending(-9, (), "It did not answer within 40 s.", False)


@pytest.mark.expected_logs("is skipped")
def test_a_crash_is_remembered_until_a_driver_changes(trial_of: Callable[..., Trial]) -> None:
    worker = Worker(CRASH)
    first = trial_of(worker)
    assert "died at the start" in first.problem
    assert "oh no" in first.problem
    assert trial_of(worker) == first
    assert worker.count == 1
    trial_of(worker, replace(HERE, drivers="nvidia 560"))
    assert worker.count == 2
    trial_of(worker, fresh=True)
    assert worker.count == 3


@pytest.mark.expected_logs("is skipped")
def test_what_was_late_gets_one_more_chance(trial_of: Callable[..., Trial]) -> None:
    worker = Worker(LATE)
    assert all("did not answer" in trial_of(worker).problem for _ in range(4))
    assert worker.count == 2


def test_a_damaged_memory_is_no_memory(trial_of: Callable[..., Trial], monkeypatch: pytest.MonkeyPatch) -> None:
    (data_dir() / "engine-packs.json").write_text('{"x": 1')
    worker = Worker(CRASH)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pack_check._log, "warning", lambda *_: None)
        assert trial_of(worker).problem
    assert worker.count == 1


# --- the choice of the process ----------------------------------------------------------------------------------------


@pytest.fixture
def own_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_choice, "_choice", None)
    monkeypatch.setattr(pack_choice, "_wanted", lambda: AUTO)


@pytest.mark.usefixtures("own_choice")
def test_the_users_variable_wins_over_every_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_pack(tmp_path / "p")
    monkeypatch.setenv(GIVEN, str(tmp_path / "p"))
    state = pack_choice.current().in_use
    assert state is not None
    assert (state.use, state.backends, Path(state.folder)) == (PackUse.IN_USE, ("cpu", "rpc"), tmp_path / "p")
    assert pack_choice.libraries() is None, "the worker inherits the variable"


@pytest.mark.usefixtures("own_choice")
def test_with_the_built_in_libraries_alone_nothing_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "_binding_folder", lambda: make_pack(tmp_path / "own"))
    monkeypatch.setattr(pack_check, "run_errand", Worker(CRASH))
    state = pack_choice.current().in_use
    assert state is not None
    assert state.name == BUILT_IN
    assert pack_choice.libraries() is None


def test_a_recorded_amd_computer(tmp_path: Path) -> None:
    card = tmp_path / "sys/bus/pci/devices/0000:03:00.0"
    card.mkdir(parents=True)
    (card / "vendor").write_text("0x1002\n")
    (card / "class").write_text("0x030000\n")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kfd").touch()
    (tmp_path / "opt/rocm/lib").mkdir(parents=True)
    (tmp_path / "opt/rocm/lib/libamdhip64.so.7").touch()
    (tmp_path / "opt/rocm/.info").mkdir()
    (tmp_path / "opt/rocm/.info/version").write_text("7.0.2-42\n")
    icd = tmp_path / "usr/share/vulkan/icd.d"
    icd.mkdir(parents=True)
    (icd / "radeon_icd.x86_64.json").write_text("{}")
    around = read_surroundings("0.3.36", tmp_path)
    assert (around.has_amd_gpu, around.rocm) == (True, "7.0.2")
    assert "radeon_icd" in around.drivers
    (tmp_path / "opt/rocm/.info/version").write_text("7.1.0\n")
    assert read_surroundings("0.3.36", tmp_path).drivers != around.drivers
