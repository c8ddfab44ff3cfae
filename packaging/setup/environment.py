"""The virtual environment: made, filled from the lock, given its engine; in stages, each noted when it is complete.

A stage that was cut off is never taken for done: its note is removed before it starts and written after it ends.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import remembered
from exclusive import exclusive

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
_HERE = Path(__file__).resolve().parent
_ENGINE = ROOT / "packaging" / "engine"
_NOTES = ROOT / "build" / "setup.json"
RUN_LOCK = _HERE / "requirements.txt"
DEV_LOCK = _HERE / "requirements-dev.txt"
ENGINE_LOCK = _HERE / "requirements-engine.txt"
FREEZE_LOCK = _HERE / "requirements-freeze.txt"
_STARTED = "started"


class SetupError(Exception):
    """A stage failed; the text is for the user."""


def program(name: str) -> Path:
    """A program of the environment: its interpreter ("python") or what a package installed."""
    return VENV / "Scripts" / f"{name}.exe" if os.name == "nt" else VENV / "bin" / name


def ensure(*, dev: bool) -> None:
    """Bring the environment up to date; a few milliseconds when it is.

    Raises:
        SetupError: a stage failed; the next call tries it again.
    """
    lock = RUN_LOCK if not dev else DEV_LOCK
    if _todo(remembered.read(_NOTES), dev):
        with exclusive(_NOTES.with_name("setup.lock"), lambda: _say("waiting for another set-up to finish")):
            done = remembered.read(_NOTES)
            for stage in _todo(done, dev):
                remembered.write(_NOTES, {**done, stage: _STARTED})
                _STAGES[stage](lock)
                done[stage] = _wanted(stage, dev)
                remembered.write(_NOTES, done)


def _todo(done: dict[str, str], dev: bool) -> list[str]:
    """The stages to run: the first one that is out of date, and all after it."""
    # A package installation that was cut off may have left half a package that claims to be whole: begin anew.
    if done.get("packages") == _STARTED or not program("python").exists():
        return list(_STAGES)
    for position, stage in enumerate(_STAGES):
        satisfied = {_wanted(stage, dev), _wanted(stage, True)}  # the development set contains the other one
        if done.get(stage) not in satisfied:
            return list(_STAGES)[position:]
    return []


def _wanted(stage: str, dev: bool) -> str:
    """What a complete stage is noted with."""
    if stage == "venv":
        return f"{VENV} {sys.base_prefix} {sys.version_info[:3]}"
    if stage == "packages":
        return hashlib.sha256((DEV_LOCK if dev else RUN_LOCK).read_bytes()).hexdigest()
    sys.path.insert(0, str(_ENGINE))
    from recipe import recipe

    return recipe().key


def _make_venv(_lock: Path) -> None:
    _say(f"making {VENV.name} with Python {sys.version.split()[0]}")
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)], "the virtual environment could not be made")


def _install_packages(lock: Path) -> None:
    _say(f"installing the packages of {lock.name}")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command = [str(program("python")), "-m", "pip", "install", *options, "--requirement", str(lock)]
    _run(command, "the Python packages could not be installed")


def _install_engine(_lock: Path) -> None:
    _run([str(program("python")), str(_ENGINE / "build.py")], "the engine could not be built")


_STAGES = {"venv": _make_venv, "packages": _install_packages, "engine": _install_engine}


def _run(command: list[str], trouble: str) -> None:
    # Nothing of a surrounding environment may reach into this one.
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_USER")}
    done = subprocess.run(command, env=clean, cwd=ROOT)
    if done.returncode:
        raise SetupError(f"{trouble} (exit code {done.returncode}); the lines above say why.")


def _say(text: str) -> None:
    print(f"setup: {text}", flush=True)
