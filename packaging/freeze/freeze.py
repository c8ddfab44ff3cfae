"""Freezes the program into one folder that runs without Python: `python packaging/freeze/freeze.py`.

Run it with the interpreter that is to go inside (3.11 to 3.13, with a shared library). It needs the package index that pip is
configured for, and with `--packs` no compiler. Everything it makes on the way lies in `build/freeze`. The work itself is program.py's,
run in an environment of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "setup")]

import environment  # noqa: E402 - the folders above are scripts, not packages
from exclusive import exclusive  # noqa: E402

ROOT = _HERE.parents[1]
WORK = ROOT / "build" / "freeze"
_VENV = WORK / "venv"
_NOTE = WORK / "venv.txt"


class FreezeError(Exception):
    """A step failed; the text is for the person who freezes."""


def main(arguments: Sequence[str]) -> int:
    """Make the environment, then the program in it."""
    parser = argparse.ArgumentParser(prog="freeze.py", description="Freeze the launcher into one folder.")
    parser.add_argument(
        "--packs", type=Path, metavar="FOLDER", help="engine packs (cpu, vulkan) that are built already"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER", help="default: dist")
    parser.add_argument("--tarball", action="store_true", help="also an archive to unpack and run")
    parser.add_argument(
        "--python", metavar="PROGRAM", default=sys.executable, help="goes inside; default: the one that runs this"
    )
    options = parser.parse_args(arguments)
    try:
        python = ensure_environment(options.python)
    except FreezeError as error:
        print(f"freeze: {error}", file=sys.stderr)
        return 1
    command = [str(python), str(_HERE / "program.py"), "--out", str(options.out.absolute())]
    command += ["--packs", str(options.packs.absolute())] if options.packs else []
    command += ["--tarball"] if options.tarball else []
    return subprocess.call(command, env=_clean(), cwd=ROOT)


def ensure_environment(interpreter: str) -> Path:
    """An environment with exactly what is locked, the engine's binding without libraries, and PyInstaller; returns its Python.

    Raises:
        FreezeError: a step failed; its own lines are above.
    """
    python = _VENV / "Scripts" / "python.exe" if os.name == "nt" else _VENV / "bin" / "python"
    locks = (environment.RUN_LOCK, environment.ENGINE_LOCK, environment.FREEZE_LOCK)
    wanted = hashlib.sha256(b"\0".join([interpreter.encode(), str(_VENV).encode(), *(p.read_bytes() for p in locks)]))
    with exclusive(WORK / "lock", lambda: print("freeze: waiting for another one to finish", flush=True)):
        if python.exists() and _NOTE.exists() and _NOTE.read_text("utf-8") == wanted.hexdigest():
            return python
        _NOTE.unlink(missing_ok=True)
        print(f"freeze: making an environment with {interpreter}", flush=True)
        shutil.rmtree(_VENV, ignore_errors=True)
        _run([interpreter, "-m", "venv", str(_VENV)])
        options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--require-hashes"]
        pip = [str(python), "-m", "pip", "install", *options]
        for lock in (environment.RUN_LOCK, environment.FREEZE_LOCK):
            _run([*pip, "--only-binary", ":all:", "--requirement", str(lock)])
        # The Python files alone: the libraries come from engine packs.
        binding = ["--no-build-isolation", "--requirement", str(environment.ENGINE_LOCK)]
        _run([*pip, *binding], SKBUILD_WHEEL_CMAKE="false")
        _NOTE.write_text(wanted.hexdigest(), "utf-8")
    return python


def _run(command: list[str], **variables: str) -> None:
    done = subprocess.run(command, env={**_clean(), **variables}, cwd=ROOT)
    if done.returncode:
        raise FreezeError(f"this step failed ({done.returncode}): {' '.join(command)}")


def _clean() -> dict[str, str]:
    """Nothing of a surrounding environment may reach into the program."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_USER")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
