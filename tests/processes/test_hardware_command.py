"""`launcher hardware` as a process of its own, with the engine's beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from launcher.core.codec import from_json
from launcher.core.machine import Machine, Sample

REPOSITORY = Path(__file__).parents[2]


def test_watch_prints_json_lines_until_interrupted(tmp_path: Path) -> None:
    environment = {**os.environ, "LAUNCHER_HOME": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-m", "launcher", "hardware", "--watch", "--json"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        samples = [from_json(Sample, json.loads(child.stdout.readline())) for _ in range(2)]
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=20)
    assert child.returncode == 0
    assert errors == ""
    assert samples[0].monotonic_s < samples[1].monotonic_s


def test_the_whole_command_with_the_real_engine_process(tmp_path: Path) -> None:
    """Also true where llama_cpp is not installed: then the engine's refusal is a note."""
    environment = {**os.environ, "LAUNCHER_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "launcher", "hardware", "--json"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    machine = from_json(Machine, json.loads(done.stdout))
    assert any(device.kind == "cpu" for device in machine.engine_devices) or "The engine" in machine.notes[-1]
