"""The set-up behind `make`: the lock names files and no index, stages are noted when complete, nothing is installed twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "packaging" / "setup"
LOCKS = sorted(SETUP.glob("requirements*.txt"))


@pytest.fixture
def setup_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The set-up's scripts import each other by name."""
    monkeypatch.syspath_prepend(str(SETUP))
    monkeypatch.syspath_prepend(str(ROOT / "packaging" / "engine"))


@pytest.fixture
def environment(setup_scripts: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """packaging/setup/environment.py working on a folder of its own, its stages replaced by notes of having run."""
    import environment

    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "_NOTES", tmp_path / "build" / "setup.json")
    monkeypatch.setattr(environment, "ran", [], raising=False)

    def stage(name: str) -> None:
        def work(lock: Path) -> None:
            environment.ran.append(name)
            program = environment.program("python")
            program.parent.mkdir(parents=True, exist_ok=True)
            program.touch()

        monkeypatch.setitem(environment._STAGES, name, work)

    for name in list(environment._STAGES):
        stage(name)
    return environment


def _pins(lock: Path) -> dict[str, int]:
    """Requirement -> number of hashes."""
    blocks = re.split(r"\n(?=\S)", lock.read_text("utf-8").strip())
    return {block.split("==")[0]: block.count("--hash=sha256:") for block in blocks}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_every_line_of_a_lock_is_pinned_and_hashed_and_names_no_index(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert _pins(lock)
    assert all(_pins(lock).values())
    for line in text.splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; [^/]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line), line


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names = [re.split(r"[<>=\[~!]", r)[0] for r in project["project"]["dependencies"]]
    groups = project["dependency-groups"]
    run_lock, dev_lock = _pins(SETUP / "requirements.txt"), _pins(SETUP / "requirements-dev.txt")
    wanted = set(names) - {"llama-cpp-python"} | {re.split(r"[<>=\[]", r)[0] for r in groups["build"]}
    assert wanted <= run_lock.keys()
    assert run_lock.keys() | {re.split(r"[<>=\[]", r)[0] for r in groups["dev"]} <= dev_lock.keys()
    assert f"llama-cpp-python=={_engine_version()}" in project["project"]["dependencies"]


def _engine_version() -> str:
    text = (SETUP / "requirements-engine.txt").read_text("utf-8")
    return text.split("==")[1].split()[0]


def test_the_two_locks_never_disagree() -> None:
    lines = [set(re.findall(r"^[a-z0-9-]+==.*(?= \\)", p.read_text("utf-8"), re.MULTILINE)) for p in LOCKS]
    by_name = dict(zip((p.name for p in LOCKS), lines, strict=True))
    assert {re.split(" ;", r)[0] for r in by_name["requirements.txt"]} <= {
        re.split(" ;", r)[0] for r in by_name["requirements-dev.txt"]
    }


def test_all_stages_run_once_and_then_none(environment: ModuleType) -> None:
    environment.ensure(dev=True)
    assert environment.ran == ["venv", "packages", "engine"]
    environment.ensure(dev=True)
    environment.ensure(dev=False)  # the development set contains the smaller one
    assert environment.ran == ["venv", "packages", "engine"]


def test_tests_need_more_packages_than_running(environment: ModuleType) -> None:
    environment.ensure(dev=False)
    environment.ran.clear()
    environment.ensure(dev=True)
    assert environment.ran == ["packages", "engine"]


def test_a_stage_that_failed_is_tried_again(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    real = environment._STAGES["engine"]

    def fails(lock: Path) -> None:
        raise environment.SetupError("no compiler")

    monkeypatch.setitem(environment._STAGES, "engine", fails)
    with pytest.raises(environment.SetupError):
        environment.ensure(dev=True)
    monkeypatch.setitem(environment._STAGES, "engine", real)
    environment.ran.clear()
    environment.ensure(dev=True)
    assert environment.ran == ["engine"]


def test_packages_that_were_cut_off_begin_anew(environment: ModuleType) -> None:
    environment.ensure(dev=True)
    notes = json.loads(environment._NOTES.read_text("utf-8"))
    environment._NOTES.write_text(json.dumps({**notes, "packages": "started"}), "utf-8")
    environment.ran.clear()
    environment.ensure(dev=True)
    assert environment.ran == ["venv", "packages", "engine"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"venv": null}'])
def test_damaged_notes_count_as_none(environment: ModuleType, content: str) -> None:
    environment.ensure(dev=True)
    environment._NOTES.write_text(content, "utf-8")
    environment.ran.clear()
    environment.ensure(dev=True)
    assert environment.ran[0] == "venv"


def test_an_environment_that_was_deleted_is_made_again(environment: ModuleType) -> None:
    environment.ensure(dev=True)
    environment.program("python").unlink()
    environment.ran.clear()
    environment.ensure(dev=True)
    assert environment.ran == ["venv", "packages", "engine"]


def test_a_lock_held_by_another_process_is_waited_for(setup_scripts: None, tmp_path: Path) -> None:
    from exclusive import exclusive

    path = tmp_path / "lock"
    code = (
        f"import sys, time; sys.path.insert(0, {str(SETUP)!r})\n"
        "from pathlib import Path\nfrom exclusive import exclusive\n"
        f"with exclusive(Path({str(path)!r}), lambda: None):\n"
        "    print('held', flush=True); sys.stdin.readline()\n"
    )
    waited: list[str] = []
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline().strip() == b"held"

        def on_wait() -> None:
            waited.append("yes")
            other.kill()  # a holder that dies gives the lock back

        with exclusive(path, on_wait):
            assert waited == ["yes"]


@pytest.mark.parametrize(
    ("version", "fits"),
    [((3, 10, 9), False), ((3, 11, 2), True), ((3, 13, 0), True), ((3, 14, 0), False), ((2, 7), False)],
)
def test_the_python_that_is_needed(setup_scripts: None, version: tuple[int, ...], fits: bool) -> None:
    import bootstrap

    assert bootstrap.fits(version) is fits


def test_the_entry_can_be_read_by_an_old_python() -> None:
    """It has to say what is missing, so it may use nothing that a Python of 2018 does not know."""
    import ast

    ast.parse((SETUP / "bootstrap.py").read_text("utf-8"), feature_version=(3, 7))


def test_wrong_usage_is_answered_with_the_verbs() -> None:
    done = subprocess.run([sys.executable, SETUP / "bootstrap.py", "dance"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "check" in done.stderr


def test_the_short_loop_runs_every_step_and_says_how_long_each_took(
    setup_scripts: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import tasks

    monkeypatch.delenv("HYPOTHESIS_PROFILE", raising=False)
    told = (
        "import os, sys; print(os.environ['HYPOTHESIS_PROFILE'], 'from', sys.argv[1]); sys.exit(sys.argv[1] == 'types')"
    )
    steps = {name: ["python", "-c", told, name] for name in ("unit tests", "types", "rooms")}
    monkeypatch.setattr(tasks, "_steps", lambda *, is_short: steps if is_short else {})
    monkeypatch.setattr(tasks.environment, "program", lambda name: Path(sys.executable))
    assert tasks._check("short") == 1
    out = capfd.readouterr().out
    assert "short from unit tests" in out
    assert "short from types" in out, "what failed is shown"
    assert "short from rooms" not in out
    seconds = r"\d+\.\d s"
    line = rf"check: fine: unit tests {seconds}, rooms {seconds}; failed: types {seconds}; in all \d+ s"
    assert re.search(line, out), out
    del steps["types"]
    monkeypatch.setenv("HYPOTHESIS_PROFILE", "explore")
    assert tasks._check("short") == 0
    assert "explore from unit tests" in capfd.readouterr().out, "what the environment says counts"


def test_only_the_short_loop_leaves_types_out(setup_scripts: None) -> None:
    import tasks

    short, whole = tasks._steps(is_short=True), tasks._steps(is_short=False)
    assert "--all" not in short["types"]
    assert "--all" in whole["types"]
    assert short == {**whole, "types": short["types"]}


def test_who_wants_no_bytecode_beside_the_source_gets_none_there(
    setup_scripts: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import tasks

    told = ["python", "-c", "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)"]
    monkeypatch.setattr(tasks, "_steps", lambda *, is_short: {"unit tests": ["python", "-c", "pass"], "types": told})
    monkeypatch.setattr(tasks.environment, "program", lambda name: Path(sys.executable))
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert tasks._check("short") == 0
    assert f"False {ROOT / 'build' / 'bytecode'}" in capfd.readouterr().out, "what the types say is shown always"
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    assert tasks._check("short") == 0
    assert "False None" in capfd.readouterr().out


def test_missing_packages_without_root_are_asked_for(
    setup_scripts: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import system_packages

    monkeypatch.setattr("shutil.which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert system_packages.provide(["g++", "libegl1"]) is False
    assert "sudo apt-get install --yes --no-install-recommends g++ libegl1" in capsys.readouterr().err


def test_what_is_missing_is_found_by_looking(setup_scripts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import system_packages

    assert system_packages.missing(window=False, tests=False) == []
    monkeypatch.setitem(system_packages._QT_LIBRARIES, "libnowhere.so.9", "libnowhere9")
    assert "libnowhere9" in system_packages.missing(window=True, tests=False)
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "g++" in system_packages.missing(window=False, tests=False)


def test_a_display_is_one_that_the_environment_names(setup_scripts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import tasks

    monkeypatch.setattr("sys.platform", "linux")
    assert not tasks.has_display({})
    assert not tasks.has_display({"DISPLAY": ""})
    assert tasks.has_display({"DISPLAY": ":0"})
    assert tasks.has_display({"WAYLAND_DISPLAY": "wayland-0"})
