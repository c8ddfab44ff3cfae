"""What the window's start leaves unloaded: it would stay in memory for a program that never uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

LATER = (
    "_hashlib",
    "email",
    "httpx2",
    "huggingface_hub",
    "importlib.metadata",
    "launcher.downloads.transfer.fetch",
    "launcher.engine.device_check",
    "launcher.engine.device_findings",
    "launcher.ui.library.page",
    "launcher.ui.settings.page",
    "launcher.ui.token_dialog",
    "llama_cpp",
    "pynvml",
    "ssl",
    "ziamath",
)


def test_the_workspace_is_imported_without_what_is_used_later() -> None:
    script = f"import sys, launcher.app.workspace; print(*(name for name in {LATER!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == []


def test_choosing_among_no_packs_loads_nothing_for_trials() -> None:
    """A window's first worker asks for the engine's libraries; where nobody added a pack there is nothing to try."""
    later = ("_hashlib", "email", "importlib.metadata", "launcher.engine.pack_check", "statistics")
    script = (
        "import sys; from launcher.engine import load_memory, pack_choice; assert pack_choice.current().in_use; "
        f"print(*(name for name in {later!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("is_ignored", [True, False])
def test_no_source_is_read_and_kept_for_pysides_features(is_ignored: bool) -> None:
    """PySide asks of every module whether it uses `__feature__`. Where it asks no more `ignore_features` can go."""
    script = (
        f"import linecache; from launcher.app import pyside_features; {is_ignored} and pyside_features.ignore_features(); "
        "import sys, launcher.ui.main_window; ours = [m for name, m in sys.modules.items() if name.startswith('launcher.')]; "
        "print(any(m.__file__ in linecache.cache for m in ours))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == str(not is_ignored)
