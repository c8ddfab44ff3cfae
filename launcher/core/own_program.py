"""How this program starts itself once more (engine workers, work on files), from source or frozen.

Every child that is this program comes from `command` and `environment`; nothing else looks at `sys.executable`.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = (
    False  # type checkers know the name; this module is the first of every start and imports next to nothing
)
if TYPE_CHECKING:
    from pathlib import Path

CONSOLE_PROGRAM = "launcher.exe"
"""The frozen program for terminals and pipes on Windows; the one for the desktop there has neither stdout nor stdin."""

_LIBRARIES = "LD_LIBRARY_PATH"
# PyInstaller's: without it the start code takes a child for a part of its parent and leaves the library path as it is.
_START_ANEW = "PYINSTALLER_RESET_ENVIRONMENT"


def is_frozen() -> bool:
    """Whether this runs from a frozen folder (packaging/freeze) instead of from Python source."""
    return bool(getattr(sys, "frozen", False))


def folder() -> Path | None:
    """The folder of the frozen program, links followed; None when it runs from source."""
    from pathlib import Path

    return Path(sys.executable).resolve().parent if is_frozen() else None


def command(*arguments: str) -> list[str]:
    """The command line that starts this program with `arguments`, able to speak through its standard streams."""
    if not is_frozen():
        # -P: nothing in the working directory can stand in for a module of ours.
        return [sys.executable, "-P", "-m", "launcher", *arguments]
    from pathlib import Path

    program = Path(sys.executable)
    console = program.with_name(CONSOLE_PROGRAM) if sys.platform == "win32" else program
    return [str(console), *arguments]


def environment() -> dict[str, str]:
    """A copy of the environment with which `command` finds the program from any working directory."""
    found = dict(os.environ)
    if is_frozen():
        found[_START_ANEW] = "1"
    else:
        from pathlib import Path

        root = str(Path(__file__).resolve().parents[2])
        known = found.get("PYTHONPATH")
        found["PYTHONPATH"] = f"{root}{os.pathsep}{known}" if known else root
    return found


def restore_environment() -> None:
    """Give other programs the search path for libraries that the user had; call it once, first of all.

    The frozen program's start code puts its own folder there, for its own loader, which has read it by now. A browser, a file
    manager or `gsettings` started with it would load our libraries instead of the system's.
    """
    if not is_frozen():
        return
    before = os.environ.pop(f"{_LIBRARIES}_ORIG", None)
    if before is not None:
        os.environ[_LIBRARIES] = before
    else:
        os.environ.pop(_LIBRARIES, None)
