"""What the window's start leaves unloaded: the first frame would wait for it, or it would stay in memory unused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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

# What the frame with Home does not need: a page's own parts, values that have not come, libraries of the standard kind that
# bring many others (logging.handlers: sockets, pickles), of Qt what takes long to make for Python (QStyle: 10 ms of enums).
NOT_BEFORE_THE_FIRST_FRAME = (
    *LATER,
    "PySide6.QtNetwork",
    "asyncio",
    "launcher.app.start_channel",
    "launcher.app.workspace",
    "launcher.catalog",
    "launcher.chat",
    "launcher.core.calibration",
    "launcher.core.downloads",
    "launcher.core.machine",
    "launcher.core.models",
    "launcher.core.plans",
    "launcher.downloads",
    "launcher.engine",
    "launcher.hardware",
    "launcher.planner",
    "launcher.ui.chat",
    "launcher.ui.components.slider",
    "launcher.ui.drop_overlay",
    "launcher.ui.library",
    "launcher.ui.models",
    "launcher.ui.theme.menu_icons",
    "logging.handlers",
    "markdown_it",
    "numpy",
    "platform",
    "psutil",
    "pygments",
    "socket",
    "sqlite3",
    "tomlkit",
    "tomllib",
)

FIRST_FRAME = """
import gc, sys
import launcher.__main__ as router
from launcher.app import application

class Watched(application.Application):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.painted.connect(self.tell)  # before all others that wait for it

    def tell(self):
        from PySide6 import QtWidgets
        print(*(name for name in sys.argv[1].split() if name in sys.modules))
        print("QStyle" in vars(QtWidgets), flush=True)

    def start(self):
        print(gc.isenabled(), gc.get_freeze_count() > 0)
        self.window.close()

application.Application = Watched
sys.exit(router.main(["gui"]))
"""


def test_the_first_frame_is_painted_without_what_is_used_later(own_home: Path) -> None:
    environment = {**os.environ, "LAUNCHER_HOME": str(own_home), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", FIRST_FRAME, " ".join(NOT_BEFORE_THE_FIRST_FRAME)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    loaded, has_styles, garbage = done.stdout.splitlines()
    assert loaded.split() == []
    assert has_styles == "False"
    assert garbage == "True True", "it is looked for again, and not among what the start made"


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
