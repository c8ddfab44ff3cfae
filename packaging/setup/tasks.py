"""The verbs of `make`: setup, run, check, test, package, lock. Each does all the set-up that it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import environment
import system_packages
from environment import ROOT

_USAGE = """usage: bootstrap.py VERB
  run     set up, then open the window (without a display: chat in the terminal)
  test    set up, then lint, types, rooms and every test
  check   the short loop: lint, types, rooms, unit tests with a part of their random examples
  package set up, freeze the program, and make the packages for this system in dist
  setup   only set up, for development
  lock    write the lock files again from pyproject.toml"""


def main(arguments: Sequence[str]) -> int:
    """Do what the verb says; returns the exit code."""
    verbs = {"run": run, "test": test, "check": check, "package": package, "setup": setup, "lock": lock}
    verb = verbs.get(arguments[0]) if len(arguments) == 1 else None
    if verb is None:
        print(_USAGE, file=sys.stderr)
        return 2
    os.chdir(ROOT)
    try:
        return verb()
    except environment.SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def setup() -> int:
    """Everything that development needs."""
    return _prepared(window=True, tests=True, dev=True)


def run() -> int:
    """The window, or the main job in the terminal where there is no display."""
    window = has_display(os.environ)
    if failed := _prepared(window=window, tests=False, dev=False):
        return failed
    arguments: list[str] = []
    if not window:
        print("There is no display here, so the launcher works in this terminal.", flush=True)
        arguments = ["chat"]
    return _call("python", "-m", "launcher", *arguments)


def has_display(env: Mapping[str, str]) -> bool:
    """Whether a window can be opened from here."""
    return sys.platform != "linux" or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def check() -> int:
    """Lint, types, rooms and unit tests, these with a fifth of their random examples unless HYPOTHESIS_PROFILE says otherwise."""
    return _prepared(window=False, tests=False, dev=True) or _check("short")


def test() -> int:
    """The short loop, then everything in tests/. The end-to-end tests bring a display and a message bus of their own."""
    if failed := _prepared(window=True, tests=True, dev=True) or _check("launcher"):
        return failed
    # The unit tests have run, where neither Qt nor the engine can be imported.
    return _call("python", "-m", "pytest", "tests", "--ignore=tests/unit")


def package() -> int:
    """The frozen program, and what it is given to people as; on Windows and macOS the folders' own readmes go on from there."""
    if failed := setup():
        return failed
    steps = [["packaging/freeze/freeze.py", *(["--tarball"] if sys.platform == "linux" else [])]]
    if sys.platform == "linux":
        steps += [["packaging/linux/deb.py", "dist/launcher"], ["packaging/linux/appimage.py", "dist/launcher"]]
    return next((code for code in (_call("python", *step) for step in steps) if code), 0)


def lock() -> int:
    """Resolve pyproject.toml anew for every system at once, with the hash of every file, naming no index."""
    if failed := _prepared(window=False, tests=False, dev=True):
        return failed
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade", "--quiet", "--no-header"]
    options += ["--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    project = ["pyproject.toml", "--group", "build", "--no-emit-package", "llama-cpp-python"]
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    engine = next(r for r in requirements if r.startswith("llama-cpp-python"))
    dev_lock, run_lock = str(environment.DEV_LOCK), str(environment.RUN_LOCK)
    source = ["-", "--no-deps", "--no-binary", "llama-cpp-python", "-o", str(environment.ENGINE_LOCK)]
    freezing = ["--group", "pyproject.toml:freeze", "-o", str(environment.FREEZE_LOCK)]
    steps = (
        ["-o", dev_lock, "--group", "dev", *project],
        # The smaller set is resolved within the larger one, so that the two never disagree.
        ["-o", run_lock, "--constraints", dev_lock, *project],
        # The engine apart: it is installed by its own build (packaging/engine), from the archive with this hash.
        source,
        # What freezes it apart too: those packages are added to the ones for running.
        [*freezing, "--constraints", dev_lock],
    )
    uv = str(environment.program("uv"))
    codes = (
        subprocess.run([uv, "pip", "compile", *options, *step], input=engine.encode()).returncode for step in steps
    )
    return next((code for code in codes if code), 0)


def _prepared(*, window: bool, tests: bool, dev: bool) -> int:
    if not system_packages.provide(system_packages.missing(window=window, tests=tests)):
        return 1
    environment.ensure(dev=dev)
    return 0


_UNIT = "unit tests"
_TYPES = "types"


class _Result(NamedTuple):
    """What a step came to; `output` is empty where it went to the terminal at once."""

    code: int
    seconds: float
    output: str = ""


def _check(profile: str) -> int:
    """All steps, whatever one of them finds: the types and the quick ones beside the unit tests, each one's output in one piece.

    Args:
        profile: how many random examples the unit tests try (tests/conftest.py), where the environment does not say it; "short"
            looks at the types of what may have changed since they were last clean, everything else at those of all files.
    """
    steps = _steps(is_short=profile == "short")
    env = {"HYPOTHESIS_PROFILE": profile, **os.environ}
    if env.pop("PYTHONDONTWRITEBYTECODE", None):
        # Whoever wants no bytecode beside the source still need not wait for everything to be compiled in each process.
        env["PYTHONPYCACHEPREFIX"] = str(ROOT / "build" / "bytecode")
    started, before_s = time.monotonic(), _processor_s()
    with ThreadPoolExecutor(max_workers=1) as beside:
        quiet = {name: beside.submit(_timed, step, env, True) for name, step in steps.items() if name != _UNIT}
        results = {_UNIT: _timed(steps[_UNIT], env, False)} | {name: q.result() for name, q in quiet.items()}
    failed = [name for name, result in results.items() if result.code]
    for name, result in results.items():
        if name in failed or name == _TYPES:  # which says how much of the code it looked at
            print(result.output, end="")
    took = f"{time.monotonic() - started:.0f} s"
    if used_s := _processor_s() - before_s:
        took += f", {used_s:.0f} s of processor time"
    said = {name: f"{name} {result.seconds:.1f} s" for name, result in results.items()}
    groups = {"fine": [said[name] for name in said if name not in failed], "failed": [said[name] for name in failed]}
    parts = [f"{word}: {', '.join(names)}" for word, names in groups.items() if names]
    print(f"check: {'; '.join(parts)}; in all {took}", flush=True)
    return 1 if failed else 0


def _steps(*, is_short: bool) -> dict[str, list[str]]:
    """The programs of the environment, with their arguments, that look at the code."""
    # The rooms below Qt and above the engine are tested without either being importable. Each process imports and collects
    # everything, so there are no more of them than cores; worksteal gives each a stretch of neighbouring tests, and what those
    # share (simulated plans, the catalogue) is computed once.
    processes = str(min(4, max(2, (os.cpu_count() or 2) - 1)))
    options = ["-q", "-n", processes, "--dist", "worksteal", "-p", "no:pytest-qt", "-p", "tests.no_qt_no_engine"]
    return {
        _UNIT: ["python", "-m", "pytest", "tests/unit", *options],
        _TYPES: ["python", "packaging/setup/type_check.py", *([] if is_short else ["--all"])],
        "lint": ["ruff", "check", "--quiet"],
        "format": ["ruff", "format", "--check", "--quiet"],
        "rooms": ["lint-imports", "--no-logo"],
    }


def _timed(step: Sequence[str], env: Mapping[str, str], is_captured: bool) -> _Result:
    """A program of the environment, run to its end."""
    started = time.monotonic()
    command = [str(environment.program(step[0])), *step[1:]]
    if not is_captured:
        with subprocess.Popen(command, env=env) as tests:
            if sys.platform != "win32":
                # The types, one process that may take as long as all tests, get a core; the tests spread over what is left.
                os.setpriority(os.PRIO_PROCESS, tests.pid, min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5))
            return _Result(tests.wait(), time.monotonic() - started)
    done = subprocess.run(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    )
    return _Result(done.returncode, time.monotonic() - started, done.stdout)


def _processor_s() -> float:
    """What the processes that were started from here and have ended took, in seconds; 0 on Windows, which does not say it."""
    times = os.times()
    return times.children_user + times.children_system


def _call(program: str, *arguments: str) -> int:
    """Run a program of the environment."""
    return subprocess.call([str(environment.program(program)), *arguments])
