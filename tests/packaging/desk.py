"""A screen, a bus and a hand for programs of another system: the e2e tests' robot, able to speak to another user's bus."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.desktop import virtual_screen
from tests.e2e.robot import Robot
from tests.packaging.roots import UID


class Desk:
    """The screen and the bus of one session.

    Attributes:
        folder: with the sockets; to be seen at the same path by the programs.
        variables: environment with which programs find both.
    """

    def __init__(self, folder: Path, display: str, bus: str) -> None:
        self.folder = folder
        self.variables = {
            "DISPLAY": display,
            "DBUS_SESSION_BUS_ADDRESS": bus,
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }

    def robot(self) -> Robot:
        """A user of the running launcher."""
        os.environ.update(self.variables)
        with _as_user():
            return Robot("launcher")

    def xdotool(self, *words: str) -> str:
        """Move, click, type; returns what it prints."""
        done = subprocess.run(
            ["xdotool", *words], env={**os.environ, **self.variables}, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()

    def double_click(self, x: int, y: int) -> None:
        """Two real presses of the left button within the time that makes them one double click."""
        self.xdotool("mousemove", str(x), str(y))
        time.sleep(0.3)  # a desktop notes first where the pointer is
        self.xdotool("click", "--repeat", "2", "--delay", "90", "1")

    def windows(self, name: str) -> list[int]:
        """Visible windows with that name, by the window manager's numbers."""
        return [int(n) for n in self.xdotool("search", "--onlyvisible", "--name", name).split()]

    def active_window(self) -> str:
        """The title of the window that has the keyboard."""
        return self.xdotool("getactivewindow", "getwindowname")

    def picture(self, path: Path) -> None:
        """The whole screen as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        time.sleep(0.6)  # motions end
        environment = {**os.environ, **self.variables}
        subprocess.run(["import", "-window", "root", str(path)], env=environment, check=True)


@contextlib.contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """Start both; they end with the block."""
    runtime = folder / "runtime"
    runtime.mkdir(parents=True, exist_ok=True)
    for path in (folder, runtime):
        os.chown(path, UID, UID)
    runtime.chmod(0o700)
    address = f"unix:path={folder}/bus"
    with virtual_screen() as display:
        made = Desk(folder, display, address)
        # As the user: a session bus serves nobody else.
        daemon = subprocess.Popen(
            [
                "setpriv",
                f"--reuid={UID}",
                f"--regid={UID}",
                "--clear-groups",
                "dbus-daemon",
                "--session",
                "--nofork",
                f"--address={address}",
            ],
            env={**os.environ, **made.variables, "HOME": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while not (folder / "bus").exists():
                assert daemon.poll() is None, "dbus-daemon ended"
                time.sleep(0.05)
            yield made
        finally:
            daemon.terminate()
            daemon.wait(10)


@contextlib.contextmanager
def _as_user() -> Iterator[None]:
    """Connect to a bus as its user, and be root again."""
    os.setresgid(UID, UID, 0)
    os.setresuid(UID, UID, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
