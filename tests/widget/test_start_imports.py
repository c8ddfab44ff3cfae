"""What the window's start leaves unloaded: it would stay in memory for a program that never uses it."""

from __future__ import annotations

import subprocess
import sys

LATER = (
    "_hashlib",
    "httpx2",
    "huggingface_hub",
    "launcher.downloads.transfer.fetch",
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
