"""A display, a message bus and a home of its own for the tests, ended with them.

On Linux: Xvfb on a display number that it picks itself, dbus-run-session around the command. On Windows and macOS the
tests use the session they are started in.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

_SCREEN = "1600x1200x24"


def has_display(env: Mapping[str, str] = os.environ) -> bool:
    """Whether a window can be opened from here."""
    return sys.platform != "linux" or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def run_in_session(command: list[str], env: Mapping[str, str] = os.environ) -> int:
    """Run `command` in a session of its own; returns its exit code."""
    if sys.platform != "linux":
        return subprocess.call(command, env=dict(env))
    with tempfile.TemporaryDirectory(prefix="launcher-tests-") as home, _xvfb() as display:
        # Everything of the person's own session stays out: home, bus, display, scaling, input methods.
        kept = {
            k: v for k, v in env.items() if not k.startswith(("XDG_", "DBUS_", "QT_", "WAYLAND_", "GTK_", "AT_SPI"))
        }
        runtime = Path(home, "runtime")
        runtime.mkdir(mode=0o700)
        session = {
            **kept,
            "HOME": home,
            "DISPLAY": display,
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_SESSION_TYPE": "x11",
            # Qt speaks to assistive technology only when some is running, unless told to.
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }
        return subprocess.call(["dbus-run-session", "--", *command], env=session)


@contextmanager
def _xvfb() -> Generator[str, None, None]:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", _SCREEN, "-nolisten", "tcp", "-noreset"],
        pass_fds=(writing,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()  # written when the server is ready; empty when it died
        if not number:
            raise RuntimeError(f"Xvfb ended with code {server.wait()} before it was ready")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()
