"""A private desktop for one test run: a virtual screen, a session bus, and the real program started on them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.robot import Robot, press_key

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 1280, 800
# LAUNCHER_TEST_PROGRAM=/path/to/launcher tests an installed program instead of the source.
PROGRAM = (
    [os.environ["LAUNCHER_TEST_PROGRAM"]]
    if "LAUNCHER_TEST_PROGRAM" in os.environ
    else [sys.executable, "-m", "launcher"]
)


@contextmanager
def virtual_screen() -> Iterator[str]:
    """Start Xvfb on a free display; yields its name (":7")."""
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"],
        pass_fds=(write_end,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    try:
        with os.fdopen(read_end) as numbers:
            number = numbers.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        _end(server)


@contextmanager
def session_bus() -> Iterator[str]:
    """Start a private session bus; yields its address. Services it activates (the accessibility bus) end with it."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert daemon.stdout is not None
    try:
        address = daemon.stdout.readline().strip()
        assert address, "dbus-daemon did not start"
        yield address
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait(10)
        daemon.stdout.close()


@dataclass(frozen=True)
class Desktop:
    """What a program needs to find the screen and the bus."""

    environment: dict[str, str]


@contextmanager
def desktop_session() -> Iterator[Desktop]:
    """A screen and a bus; this process's robot and key presses go there too."""
    with virtual_screen() as display, session_bus() as bus:
        environment = {"DISPLAY": display, "DBUS_SESSION_BUS_ADDRESS": bus}
        before = {name: os.environ.get(name) for name in environment}
        os.environ.update(environment)
        try:
            yield Desktop(environment)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


class App:
    """The launcher, running in a real window."""

    def __init__(
        self,
        environment: dict[str, str],
        arguments: tuple[str, ...] = (),
        *,
        disk_bytes: int | None = None,
        has_network: bool = True,
    ) -> None:
        """Start it.

        Args:
            environment: of the program.
            arguments: of the program.
            disk_bytes: the models go to a file system of that size, which only the program sees.
            has_network: False starts it where there is no network interface at all.
        """
        self._environment = environment
        self._arguments = arguments
        self._disk_bytes = disk_bytes
        self._has_network = has_network
        self.robot = Robot("launcher")
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [*PROGRAM, "gui", "--debug", *self._arguments]
        if self._disk_bytes is not None:
            mount = 'mkdir -p "$HF_HOME" && mount -t tmpfs -o size="$0" tmpfs "$HF_HOME" && exec "$@"'
            command = ["unshare", "-rm", "sh", "-c", mount, str(self._disk_bytes), *command]
        if not self._has_network:
            command = ["unshare", "-rn", *command]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
        )

    def wait_for_window(self) -> None:
        """Until the window is on the screen and has the keyboard (there is no window manager to give it)."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the app ended with {self.process.returncode}"
            if self._window():
                self.focus()
                return
            time.sleep(0.1)
        raise AssertionError("no window appeared")

    def focus(self) -> None:
        """Give the window the keyboard, as a window manager does when a dialog closes."""
        subprocess.run(["xdotool", "windowfocus", "--sync", self._window()], check=True)

    def _window(self) -> str:
        """The main window's number, "" while it is not on the screen; dialogs have other titles."""
        search = ["xdotool", "search", "--all", "--onlyvisible", "--pid", str(self.process.pid), "--name", "^Launcher"]
        return subprocess.run(search, capture_output=True, text=True, check=False).stdout.partition("\n")[0]

    def path_inside(self, path: Path) -> Path:
        """A file as the program sees it, on its own file system too."""
        return Path(f"/proc/{self.process.pid}/root{path}")

    def engine_pids(self) -> list[int]:
        """Engine workers that belong to this app and hold or load a model, newest last."""
        listing = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", "engine-worker"], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in listing.stdout.split()]

    def loading_pid(self, seconds: float) -> int:
        """The worker that has just opened the model; caught within milliseconds, a load may take less than a second.

        Raises:
            AssertionError: none did.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for pid in self.engine_pids():
                with contextlib.suppress(OSError):  # a worker that only lists devices has ended again
                    if "/models--" in Path(f"/proc/{pid}/maps").read_text():
                        return pid
        raise AssertionError(f"no worker opened a model in {seconds} s")

    def close(self) -> int:
        """Quit as a user does and wait for the end.

        Returns:
            The exit code.
        """
        self.focus()
        press_key("ctrl+q")
        try:
            return self.process.wait(20)
        finally:
            self.robot.close()

    def kill(self) -> None:
        """End it without warning, as a power cut does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.robot.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
