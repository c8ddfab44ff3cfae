"""A disk that is really full: two tiny file systems in memory, in a namespace of their own (Linux only)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_CASES = Path(__file__).with_name("full_disk_cases.py")
_NO_DISK = 99

_MOUNT = f"""
for disk in a b; do mount -t tmpfs -o size=8m,nr_inodes=400 tmpfs "$TINY_DISKS/$disk" || exit {_NO_DISK}; done
exec "$@"
"""


def test_on_two_tiny_disks(tmp_path: Path) -> None:
    """All of full_disk_cases.py, each a test there; what fails is shown in full."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("this system has no namespaces")
    for disk in ("a", "b"):
        (tmp_path / disk).mkdir()
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", str(_CASES)]
    inner = subprocess.run(
        [unshare, "-rm", "sh", "-c", _MOUNT, "sh", *command],
        env={**_own_environment(), "TINY_DISKS": str(tmp_path)},
        cwd=_CASES.parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    if inner.returncode == _NO_DISK or inner.stdout.startswith("unshare:"):
        pytest.skip(f"no namespaces here: {inner.stdout.strip()[-200:]}")
    if inner.returncode:
        pytest.fail(f"on the tiny disks:\n{inner.stdout}", pytrace=False)
    assert re.search(r"^\d\d passed in ", inner.stdout, re.MULTILINE), f"skipped or missing:\n{inner.stdout}"


def _own_environment() -> dict[str, str]:
    """Without what this pytest (or the process of xdist that it is) left for itself."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
