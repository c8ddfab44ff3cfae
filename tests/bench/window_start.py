"""How soon the window is there, against an empty PySide6 window: alternating runs on a virtual screen.

    python -m tests.bench.window_start [--rounds 15]

Times are from starting the process: `painted` is when the first frame (rail and Home) has been painted, `complete` when all
pages behind it are made and connected. The bar is painted <= 1.5 x the empty window's. Processor time (user and system, all
threads) beside it, with its own ratios: a busy machine changes it less, so judge by it where the load is above the cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.desktop import virtual_screen

ROOT = Path(__file__).resolve().parents[2]

_TELL = """
import json, sys, time

def tell(what):
    print(json.dumps([what, time.monotonic(), time.process_time()]), flush=True)
"""

# Both say it from the event loop, right after the frame in which they were painted first. Nothing else of Qt is watched: a
# filter on all events would make Python know classes and enums that an empty window never needs, a quarter of its start.
_EMPTY = f"""
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QLabel
{_TELL}
class Label(QLabel):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: tell("painted"))

app = QApplication(sys.argv[:1])
window = QMainWindow()
window.setCentralWidget(Label(""))
window.resize(1280, 800)
window.show()
app.exec()
"""

_OURS = f"""
import gc
gc.disable()  # this and the next lines as the router has them
import launcher.__main__ as router
from launcher.app import pyside_features
pyside_features.ignore_features()
import launcher.app.main as main
{_TELL}
class Watched(main.QtApplication):
    def exec(self):
        from launcher.app.application import Application
        application = self.findChild(Application)
        application.painted.connect(lambda: tell("painted"))
        made = Application._on_imported
        def on_imported(application, module):
            made(application, module)
            tell("complete")
        Application._on_imported = on_imported
        return super().exec()
main.QtApplication = Watched
sys.exit(router.main(["gui"]))
"""

# Every start but the very first finds one.
_SETTINGS = '[appearance]\ntheme = "dark"\n'


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was there: seconds from starting the process, and seconds of processor time."""

    seconds: float
    processor_s: float


def start(script: str, wanted: tuple[str, ...], environment: dict[str, str]) -> dict[str, Moment]:
    """Start a process and note the moments that it tells."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    moments: dict[str, Moment] = {}
    for line in process.stdout:
        what, moment, processor_s = json.loads(line)
        moments[what] = Moment(moment - begun, processor_s)
        if set(wanted) <= set(moments):
            break
    process.kill()
    process.wait()
    assert set(wanted) <= set(moments), f"it told only {moments}"
    return moments


def measure(rounds: int, environment: dict[str, str]) -> dict[str, list[Moment]]:
    """By what is measured; a round that warms the caches and writes the bytecode comes first."""
    found: dict[str, list[Moment]] = {"empty window, painted": [], "launcher, painted": [], "launcher, complete": []}
    for i in range(rounds + 1):
        plain = start(_EMPTY, ("painted",), environment)
        ours = start(_OURS, ("painted", "complete"), environment)
        if i:
            for moments, moment in zip(
                found.values(), (plain["painted"], ours["painted"], ours["complete"]), strict=True
            ):
                moments.append(moment)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    with virtual_screen() as display, tempfile.TemporaryDirectory() as home:
        settings = Path(home, "config", "settings.toml")
        settings.parent.mkdir()
        settings.write_text(_SETTINGS)
        environment = {**os.environ, "DISPLAY": display, "LAUNCHER_HOME": home, "HF_HOME": f"{home}/hf"}
        for name in ("PYTHONDONTWRITEBYTECODE", "QT_QPA_PLATFORM"):
            environment.pop(name, None)
        found = measure(rounds, {**environment, "HF_HUB_OFFLINE": "1"})
    print(f"{rounds} alternating runs, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'':<22}{'median':>9}{'least':>9}{'ratio':>8}{'processor':>11}{'ratio':>8}{'least':>9}{'ratio':>8}")
    first = next(iter(found.values()))
    base, base_processor = (statistics.median(v) for v in ([m.seconds for m in first], [m.processor_s for m in first]))
    least_processor = min(m.processor_s for m in first)
    for name, moments in found.items():
        wall, used = [m.seconds for m in moments], [m.processor_s for m in moments]
        middle, busy = statistics.median(wall), statistics.median(used)
        print(
            f"{name:<22}{1000 * middle:>6.0f} ms{1000 * min(wall):>6.0f} ms{middle / base:>7.2f}x"
            f"{1000 * busy:>8.0f} ms{busy / base_processor:>7.2f}x"
            f"{1000 * min(used):>6.0f} ms{min(used) / least_processor:>7.2f}x"
        )


if __name__ == "__main__":
    main()
