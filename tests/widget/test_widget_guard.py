"""The guard of tests/conftest.py against windows that outlive their test: a test run of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"

_INNER = """
from PySide6.QtWidgets import QWidget

KEPT = []

def test_fine(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()

def test_fine_without_a_keeper(qapp):
    QWidget().show()

def test_bad_window(qapp):
    KEPT.append(QWidget())
"""


def test_a_window_that_is_left_fails_its_test(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
    (tmp_path / "test_inner.py").write_text(_INNER, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\nmarkers = expected_logs: x\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", str(tmp_path)]
    output = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120).stdout
    assert set(re.findall(r"^(?:ERROR|FAILED) \S+::(\w+)", output, re.MULTILINE)) == {"test_bad_window"}, output
    assert "widget <PySide6.QtWidgets.QWidget" in output
