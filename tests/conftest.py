"""What every test is held to: see the guards for what makes one fail. Works with and without Qt."""

from __future__ import annotations

import contextlib
import gc
import itertools
import logging
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import settings

# Times are for tests/bench; a busy machine must not fail a property. The same examples every time: what fails is the fault
# of a change, not of the dice. HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("launcher", deadline=None, derandomize=True)
settings.register_profile("short", deadline=None, derandomize=True, max_examples=20)  # as tests/depth.py
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "launcher"))

_GRACE_S = 3.0  # for threads and processes that are already on their way out


def _home_variables(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "APPDATA": str(home / "AppData" / "Roaming"),
        "LOCALAPPDATA": str(home / "AppData" / "Local"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "LAUNCHER_HOME": str(home / "launcher"),
        "HF_HOME": str(home / "huggingface"),
    }


def _prepare_process() -> Path:
    """Before anything of ours or of the hub client is imported: libraries read some of this once."""
    home = Path(tempfile.mkdtemp(prefix="launcher-test-home-"))
    foreign = ("HF_", "HUGGING", "LAUNCHER_", "QT_", "XDG_", "DBUS_", "DISPLAY", "WAYLAND_")
    for name in [n for n in os.environ if n.startswith(foreign) and not n.startswith("LAUNCHER_TEST_")]:
        del os.environ[name]
    os.environ.update(_home_variables(home))
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    # Child processes are not under the socket guard; a proxy that answers nothing stops the polite ones.
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    os.environ["HTTP_PROXY"] = os.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1,::1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    # Nobody's keyring is asked; tests of it bring their own.
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        os.environ.pop(name, None)
    # A shell starts its background jobs with SIGINT ignored, and children inherit that: Ctrl+C tests need it back.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # In this process widgets are painted off screen, the same everywhere. End-to-end tests make a display of their own.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return home


_PROCESS_HOME = _prepare_process()


def pytest_unconfigure() -> None:
    """The end of the run."""
    shutil.rmtree(_PROCESS_HOME, ignore_errors=True)


# --- The network ------------------------------------------------------------------------------------------------------

_ATTEMPTS: list[str] = []


def _is_loopback(host: object) -> bool:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return text in ("", "localhost", "::1", "None", "0.0.0.0", "::") or text.startswith("127.")


def _refuse(host: object) -> None:
    _ATTEMPTS.append(str(host))
    raise OSError(f"a test may not reach {host}: loopback only")


def _check(sock: socket.socket, address: Any) -> None:
    """Refuses everything but loopback, and remembers it: swallowing the error does not save the test."""
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
        _refuse(address[0])


# Replaced on the class itself, so that what was derived from it earlier (ssl.SSLSocket) is guarded too.
_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _guarded_connect(self: socket.socket, address: Any, /) -> None:
    _check(self, address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any, /) -> int:
    _check(self, address)
    return _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *args: Any, _real: Callable[..., Any] = socket.getaddrinfo, **kwargs: Any) -> Any:
    if not _is_loopback(host):
        _refuse(host)
    return _real(host, *args, **kwargs)


socket.socket.connect = _guarded_connect
socket.socket.connect_ex = _guarded_connect_ex
socket.getaddrinfo = _guarded_getaddrinfo


# --- The guards around each test --------------------------------------------------------------------------------------


_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own for each test, gone with it; nothing of the person who runs it is read or written."""
    home = _PROCESS_HOME / str(next(_NUMBERS))
    home.mkdir()
    for name, value in _home_variables(home).items():
        monkeypatch.setenv(name, value)
    yield home
    shutil.rmtree(home, ignore_errors=True)


class _Watch(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def no_unexpected_logs(request: pytest.FixtureRequest) -> Iterator[None]:
    """No warning is logged, except those that `@pytest.mark.expected_logs("regex", ...)` says; and those must be."""
    watch = _Watch()
    logging.getLogger().addHandler(watch)
    yield
    logging.getLogger().removeHandler(watch)
    patterns: list[str] = [p for mark in request.node.iter_markers("expected_logs") for p in mark.args]
    unexpected = [line for line in watch.lines if not any(re.search(p, line) for p in patterns)]
    unseen = [p for p in patterns if not any(re.search(p, line) for line in watch.lines)]
    assert not unexpected, "logged without being expected:\n" + "\n".join(unexpected)
    assert not unseen, f"expected but not logged: {unseen}"


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """No thread, child process, top-level widget or connection beyond loopback outlives the test that made it.

    What fixtures of a wider scope hold is there before this begins, and is theirs to end.
    """
    threads_before, children_before, widgets_before = _threads(), _children(), _top_level_widgets()
    del _ATTEMPTS[:]
    yield
    widgets = _left(_top_level_widgets, widgets_before, 0.0)
    threads = _left(_threads, threads_before, _GRACE_S)
    children = _left(_children, children_before, _GRACE_S)
    problems = [f"thread {t.name}" for t in threads]
    problems += [f"process {pid}: {_command_of(pid)}" for pid in children]
    problems += [f"widget {w!r}" for w in widgets]
    problems += [f"connection to {host}" for host in _ATTEMPTS]
    for pid in children:
        _kill(pid)
    assert not problems, "left behind or attempted: " + "; ".join(problems)


def _left(look: Callable[[], set[Any]], before: set[Any], grace_s: float) -> set[Any]:
    left = look() - before
    if left:
        gc.collect()  # cycles may hold what nobody uses any more
    deadline = time.monotonic() + grace_s
    while (left := look() - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _threads() -> set[threading.Thread]:
    # A Qt thread that once ran Python shows as a dummy for ever; it says nothing about whether the thread still runs.
    return {t for t in threading.enumerate() if not isinstance(t, threading._DummyThread)}


def _children() -> set[int]:
    """Our child processes that still run. Read from the kernel's own list on Linux: asking psutil costs 5 ms each time."""
    lists = list(Path("/proc/self/task").glob("*/children"))
    if lists:
        pids: set[int] = set()
        for one in lists:
            with contextlib.suppress(OSError):  # a thread that has just ended
                pids.update(int(pid) for pid in one.read_text("ascii").split())
    else:
        pids = {child.pid for child in psutil.Process().children()}
    return {pid for pid in pids if _command_of(pid) is not None}


def _command_of(pid: int) -> str | None:
    """None for one that has ended, collected or not."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return None


def _kill(pid: int) -> None:
    """With all that it started, so that only this test fails and not those after it."""
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _top_level_widgets() -> set[Any]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    core = sys.modules.get("PySide6.QtCore")
    if widgets is None or core is None or widgets.QApplication.instance() is None:
        return set()
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
    return set(widgets.QApplication.topLevelWidgets())
