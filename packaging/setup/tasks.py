"""The verbs of `make`: setup, run, check, test, package, lock. Each does all the set-up that it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import environment
import system_packages
from environment import ROOT

_USAGE = """usage: bootstrap.py VERB
  run     set up, then open the window (without a display: chat in the terminal)
  test    set up, then lint, types, rooms and every test
  check   the short loop: lint, types, rooms, unit tests
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
    """Lint, types, rooms and unit tests."""
    return _prepared(window=False, tests=False, dev=True) or _check()


def test() -> int:
    """The short loop, then everything in tests/. The end-to-end tests bring a display and a message bus of their own."""
    if failed := _prepared(window=True, tests=True, dev=True) or _check():
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


def _check() -> int:
    """All steps, whatever one of them finds: the quick ones beside the unit tests, each one's output in one piece."""
    steps = {
        "lint": ["ruff", "check", "--quiet"],
        "format": ["ruff", "format", "--check", "--quiet"],
        "rooms": ["lint-imports", "--no-logo"],
        "types": ["pyright"],
    }
    # The rooms below Qt and above the engine are tested without either being importable.
    # More processes than cores: the downloads' tests wait for their servers.
    options = ["-q", "-n", "4", "-p", "no:pytest-qt", "-p", "tests.no_qt_no_engine"]
    unit = ["python", "-m", "pytest", "tests/unit", *options]
    with ThreadPoolExecutor(max_workers=1) as beside:
        quick = {name: beside.submit(_captured, step) for name, step in steps.items()}
        results = {"unit tests": (_call(*unit), "")} | {name: done.result() for name, done in quick.items()}
    failed = [name for name, (code, _) in results.items() if code]
    for name in failed:
        print(results[name][1], end="")
    fine = ", ".join(name for name in results if name not in failed)
    print(f"check: fine: {fine}" + (f"; failed: {', '.join(failed)}" if failed else ""), flush=True)
    return 1 if failed else 0


def _captured(step: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of a program of the environment."""
    command = [str(environment.program(step[0])), *step[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    return done.returncode, done.stdout


def _call(program: str, *arguments: str) -> int:
    """Run a program of the environment."""
    return subprocess.call([str(environment.program(program)), *arguments])
