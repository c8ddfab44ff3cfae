"""Why pyproject.toml holds PySide6 below 6.12: 6.12.0 loses one reference to None per void call and aborts before Python 3.12.

When this passes with a newer PySide6 on Python 3.11, the pin can go.
"""

from __future__ import annotations

import subprocess
import sys

_CALLS = """
import sys
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
widget = QWidget()
before = sys.getrefcount(None)
for _ in range(20_000):
    widget.update()
print("alive", sys.getrefcount(None) - before > -1_000)
"""


def test_void_calls_do_not_use_up_none() -> None:
    done = subprocess.run([sys.executable, "-c", _CALLS], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "alive True"), done.stderr[-2000:]
