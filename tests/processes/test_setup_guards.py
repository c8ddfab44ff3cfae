"""The guards of tests/conftest.py do fail what they are there to fail: a test run of their own, on tests that misbehave."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"

_MISBEHAVING = """
import logging, os, socket, subprocess, sys, threading, time, warnings
from pathlib import Path
import pytest

def test_fine(): pass

@pytest.mark.expected_logs("low on")
def test_fine_with_expected_log(): logging.getLogger("a").warning("low on disk")

def test_fine_loopback():
    with socket.create_server(("127.0.0.1", 0)) as s, socket.create_connection(s.getsockname()): pass

def test_fine_home(): assert "REAL" not in str(Path.home()) + os.environ["LAUNCHER_HOME"] + os.environ["HF_HOME"]

def test_bad_log(): logging.getLogger("a").warning("unexpected")

@pytest.mark.expected_logs("never said")
def test_bad_log_missing(): pass

def test_bad_thread(): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()

def test_bad_process(): globals()["kept"] = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])

def test_bad_connection_swallowed():
    with socket.socket() as s:
        try: s.connect(("192.0.2.1", 80))
        except OSError: pass

def test_bad_name_swallowed():
    try: socket.create_connection(("example.invalid", 80))
    except OSError: pass

def test_bad_warning(): warnings.warn("old")
"""


def test_each_guard_fails_its_offender_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conftest.py").write_text(
        CONFTEST.read_text("utf-8").replace("_GRACE_S = 3.0", "_GRACE_S = 0.2"), "utf-8"
    )
    (tmp_path / "test_inner.py").write_text(_MISBEHAVING, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\nmarkers = expected_logs: x\n", "utf-8")
    monkeypatch.setenv("LAUNCHER_HOME", str(tmp_path / "REAL"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "REAL"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-p",
        "no:pytest-qt",
        "-p",
        "no:cacheprovider",
        str(tmp_path),
    ]
    output = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120).stdout
    bad = set(re.findall(r"^(?:ERROR|FAILED) \S+::(\w+)", output, re.MULTILINE))
    assert bad == set(re.findall(r"def (test_bad_\w+)", _MISBEHAVING)), output
    assert {"test_fine", "test_fine_loopback", "test_fine_home"} <= set(
        re.findall(r"^PASSED \S+::(\w+)", output, re.MULTILINE)
    )
