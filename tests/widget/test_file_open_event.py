"""macOS gives a double-clicked file to the running program as an event; any system can send one. In a process of its own: one application object each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from launcher.app.qt_application import QtApplication

qt = QtApplication(["launcher"])
opened = []
qt.files_opened.connect(opened.append)
qt.sendEvent(qt, QFileOpenEvent(sys.argv[1]))
qt.sendEvent(qt, QFileOpenEvent(QUrl("https://server.example/model.gguf")))  # no file
print(opened)
"""


def test_a_file_that_the_desktop_gives_to_the_running_program(tmp_path: Path) -> None:
    path = str(tmp_path / "a model.gguf")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, path], capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == repr([(path,)])
