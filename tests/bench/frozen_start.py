"""How soon the installed program's window is there, against the same program from source: alternating runs on a virtual screen.

    python -m tests.bench.frozen_start dist/launcher/launcher [--rounds 15] [--source PYTHON ...]

Both are watched from outside, in the memory that the virtual screen draws into: `painted` is when pixels change there.
`--version` is the start of a command without a window. Processor time beside it: a busy machine changes it less.
"""

from __future__ import annotations

import argparse
import mmap
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from operator import ne
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_STEP = 997
"""Bytes between those that are compared: prime, so that they do not line up below each other."""
_PATIENCE_S = 60.0


class Screen:
    """A virtual screen whose pixels can be read."""

    def __init__(self, display: str, pixels: mmap.mmap) -> None:
        self.display = display
        self._pixels = pixels
        self._blank = self._seen()

    def _seen(self) -> bytes:
        return self._pixels[::_STEP]

    def is_painted(self) -> bool:
        """Whether a window is there: a pointer that comes and goes changes a few pixels, a window most."""
        changed = sum(map(ne, self._seen(), self._blank))
        return changed > len(self._blank) // 4

    def wait_for(self, *, painted: bool) -> float:
        """The moment when a window is, or is no longer, there."""
        end = time.monotonic() + _PATIENCE_S
        while self.is_painted() is not painted:
            assert time.monotonic() < end, "nothing was painted" if painted else "a window stayed"
            time.sleep(0.001)
        return time.monotonic()


@contextmanager
def screen() -> Iterator[Screen]:
    """Start Xvfb on a free display, its pixels in a file."""
    with tempfile.TemporaryDirectory() as folder:
        read_end, write_end = os.pipe()
        arguments = ["-displayfd", str(write_end), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-fbdir", folder]
        server = subprocess.Popen(["Xvfb", *arguments], pass_fds=(write_end,), stderr=subprocess.DEVNULL)
        os.close(write_end)
        try:
            with os.fdopen(read_end) as numbers:
                display = f":{numbers.readline().strip()}"
            # What the server draws at its own start (a pattern, a pointer) must be over.
            time.sleep(1.0)
            with Path(folder, "Xvfb_screen0").open("rb") as file:
                yield Screen(display, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        finally:
            server.terminate()
            server.wait()


def window(command: list[str], on: Screen, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds from starting the process to the first pixels, and its processor time up to a moment later."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [*command, "gui"],
        env={**environment, "DISPLAY": on.display},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    painted = on.wait_for(painted=True) - begun
    process.kill()
    used = os.wait4(process.pid, 0)[2]
    process.returncode = 0
    on.wait_for(painted=False)
    return painted, used.ru_utime + used.ru_stime


def version(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds of `launcher --version`, and its processor time."""
    begun = time.monotonic()
    process = subprocess.Popen([*command, "--version"], env=environment, stdout=subprocess.DEVNULL)
    used = os.wait4(process.pid, 0)[2]
    process.returncode = 0
    return time.monotonic() - begun, used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--source", nargs="*", default=[sys.executable], metavar="PYTHON", help="interpreters to compare with"
    )
    options = parser.parse_args()
    commands = {f"source, {Path(p).parents[1].name}": [p, "-P", "-m", "launcher"] for p in options.source}
    commands["frozen"] = [str(options.program.resolve())]
    windows: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    versions: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    with screen() as on, tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "LAUNCHER_HOME": home,
            "HF_HOME": f"{home}/hf",
            "PYTHONPATH": str(ROOT),
            "HF_HUB_OFFLINE": "1",
        }
        for name in ("PYTHONDONTWRITEBYTECODE", "QT_QPA_PLATFORM", "DBUS_SESSION_BUS_ADDRESS", "WAYLAND_DISPLAY"):
            environment.pop(name, None)
        for i in range(options.rounds + 1):  # the first warms the caches and writes the bytecode
            for name, command in commands.items():
                seen, told = window(command, on, environment), version(command, environment)
                if i:
                    windows[name].append(seen)
                    versions[name].append(told)
    print(f"{options.rounds} alternating runs, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<34}{'median':>9}{'least':>9}{'ratio':>8}{'processor':>11}{'ratio':>8}")
    for what, found in (("window painted", windows), ("--version", versions)):
        first = next(iter(found.values()))
        base, base_used = (statistics.median(column) for column in zip(*first, strict=True))
        for name, runs in found.items():
            (middle, busy), least = (statistics.median(c) for c in zip(*runs, strict=True)), min(r[0] for r in runs)
            print(
                f"{what + ', ' + name:<34}{1000 * middle:>6.0f} ms{1000 * least:>6.0f} ms{middle / base:>7.2f}x"
                f"{1000 * busy:>8.0f} ms{busy / base_used:>7.2f}x"
            )


if __name__ == "__main__":
    main()
