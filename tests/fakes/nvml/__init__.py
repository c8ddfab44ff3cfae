"""Compiles the fake NVML and runs a script against it through the real pynvml, in a child process of its own.

A child, because pynvml keeps the library it loaded first for the life of the process.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

_SOURCE = Path(__file__).with_name("libnvidia_ml.c")
REPOSITORY = Path(__file__).parents[3]

RTX_4090 = {
    "name": "NVIDIA GeForce RTX 4090",
    "bus": "00000000:01:00.0",
    "total": 25757220864,
    "free": 24696061952,
    "load": 37,
    "temperature": 55,
    "power": 38500,
    "limit": 450000,
    "generation": 4,
    "width": 16,
    "compute": "",
    "graphics": "",
    "mig": "!3",
}


def compile_fake(folder: Path, *defines: str) -> Path:
    """Build libnvidia-ml.so.1 into a folder, which goes into LD_LIBRARY_PATH."""
    folder.mkdir(parents=True)
    flags = [f"-D{name}" for name in defines]
    library = folder / "libnvidia-ml.so.1"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    command = [*compiler, "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), *flags]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


def scenario(*cards: dict[str, object], **more: object) -> str:
    """The text of a scenario file."""
    lines = [
        f"{key} {value}" for key, value in {"count": len(cards), "driver": "580.95.05", "cuda": 13000, **more}.items()
    ]
    lines += [f"gpu{i}.{key} {value}" for i, card in enumerate(cards) for key, value in card.items()]
    return "\n".join(lines) + "\n"


def run_child(script: str, library: Path, text: str, folder: Path) -> Any:
    """Run a script that prints one JSON document; it finds its scenario file in FAKE_NVML_SCENARIO."""
    file = folder / "scenario.txt"
    file.write_text(text)
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(library),
        "FAKE_NVML_SCENARIO": str(file),
        "LAUNCHER_HOME": str(folder / "home"),
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)
