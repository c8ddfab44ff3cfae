"""How soon the window is there, against an empty PySide6 window: alternating runs on a virtual screen.

    python -m tests.bench.window_start [--rounds 15]

Times are from starting the process: `painted` is the first paint of the window (rail and Home), `complete` when all pages
behind it are made and connected. The bar is painted <= 1.5 x the empty window's.
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
from pathlib import Path

from tests.e2e.desktop import virtual_screen

ROOT = Path(__file__).resolve().parents[2]

_WATCH = """
import json, sys, time
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.isWidgetType():
            QApplication.instance().removeEventFilter(self)
            tell("painted")
        return False

def tell(what):
    print(json.dumps([what, time.monotonic()]), flush=True)
"""

_EMPTY = f"""
import sys
from PySide6.QtWidgets import QApplication, QMainWindow, QLabel
app = QApplication(sys.argv[:1])
window = QMainWindow()
window.setCentralWidget(QLabel(""))
window.resize(1280, 800)
window.show()
{_WATCH}
watch = Watch(); app.installEventFilter(watch)
app.exec()
"""

_OURS = f"""
import sys
import launcher.__main__ as router
from launcher.app import pyside_features
pyside_features.ignore_features()  # as the router does it: before anything else
import launcher.app.main as main
{_WATCH}
class Watched(QApplication):
    def exec(self):
        from launcher.app.application import Application
        self.watch = Watch(); self.installEventFilter(self.watch)
        made = Application._on_imported
        def on_imported(application, module):
            made(application, module)
            tell("complete")
        Application._on_imported = on_imported
        return super().exec()
main.QApplication = Watched
sys.exit(router.main(["gui"]))
"""


def start(script: str, wanted: tuple[str, ...], environment: dict[str, str]) -> dict[str, float]:
    """Seconds from starting a process to each of the moments that it tells."""
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
    moments: dict[str, float] = {}
    for line in process.stdout:
        what, moment = json.loads(line)
        moments[what] = moment - begun
        if set(wanted) <= set(moments):
            break
    process.kill()
    process.wait()
    assert set(wanted) <= set(moments), f"it told only {moments}"
    return moments


def measure(rounds: int, environment: dict[str, str]) -> tuple[list[float], list[float], list[float]]:
    """Empty painted, ours painted, ours complete; a round that warms the caches and writes the bytecode comes first."""
    empty: list[float] = []
    painted: list[float] = []
    complete: list[float] = []
    for i in range(rounds + 1):
        plain = start(_EMPTY, ("painted",), environment)
        ours = start(_OURS, ("painted", "complete"), environment)
        if i:
            empty.append(plain["painted"])
            painted.append(ours["painted"])
            complete.append(ours["complete"])
    return empty, painted, complete


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    with virtual_screen() as display, tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "DISPLAY": display, "LAUNCHER_HOME": home, "HF_HOME": f"{home}/hf"}
        for name in ("PYTHONDONTWRITEBYTECODE", "QT_QPA_PLATFORM"):
            environment.pop(name, None)
        empty, painted, complete = measure(rounds, {**environment, "HF_HUB_OFFLINE": "1"})
    base = statistics.median(empty)
    print(f"{rounds} alternating runs, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<22}{'median':>9}{'least':>9}{'ratio':>8}")
    for name, values in (
        ("empty window, painted", empty),
        ("launcher, painted", painted),
        ("launcher, complete", complete),
    ):
        middle = statistics.median(values)
        print(f"{name:<22}{1000 * middle:>6.0f} ms{1000 * min(values):>6.0f} ms{middle / base:>7.2f}x")


if __name__ == "__main__":
    main()
