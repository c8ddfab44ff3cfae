"""Notifications of the desktop: a real private bus with a small server on it, what is told and when, clicks that come back."""

from __future__ import annotations

import os
import queue
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from launcher.app.notifications import Notifications, shown
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.errors import UserError
from launcher.core.paths import config_dir
from launcher.services.desktop_notes import DesktopNotes, Note
from launcher.store.settings import NOTIFY, Settings
from tests.e2e.desktop import session_bus

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
needs_bus = pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="no dbus-daemon on this machine")


@dataclass
class Desk:
    """A notification server as desktops have one."""

    address: str
    capabilities: list[str] = field(default_factory=lambda: ["body", "body-markup", "actions"])
    shown: queue.Queue[tuple[Any, ...]] = field(default_factory=queue.Queue)
    clicks: queue.Queue[int] = field(default_factory=queue.Queue)
    signature: str = ""

    def __post_init__(self) -> None:
        self._ready, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Desk:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _serve(self) -> None:
        number = 2**31 + 7  # beyond what a signed number holds
        with open_dbus_connection(self.address) as bus:
            bus.send_and_get_reply(message_bus.RequestName(NAME))
            self._ready.set()
            while not self._stop.is_set():
                while not self.clicks.empty():
                    number_clicked = self.clicks.get()
                    where = DBusAddress(PATH, interface=NAME)
                    bus.send(new_signal(where, "ActivationToken", "us", (number_clicked, "token-1")))
                    bus.send(new_signal(where, "ActionInvoked", "us", (number_clicked, "default")))
                    bus.send(new_signal(where, "NotificationClosed", "uu", (number_clicked, 2)))
                try:
                    message = bus.receive(timeout=0.05)
                except TimeoutError:
                    continue
                if message.header.message_type is not MessageType.method_call:
                    continue
                if message.header.fields[HeaderFields.member] == "GetCapabilities":
                    bus.send(new_method_return(message, "as", (self.capabilities,)))
                else:
                    number += 1
                    self.signature = message.header.fields[HeaderFields.signature]
                    bus.send(new_method_return(message, "u", (number,)))
                    self.shown.put((number, *message.body))


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


class Queue(QObject):
    """The signals of the download service."""

    jobs_changed = Signal(object)
    progressed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.items: tuple[tuple[DownloadRequest, DownloadProgress], ...] = ()

    def jobs(self) -> tuple[tuple[DownloadRequest, DownloadProgress], ...]:
        return self.items

    def begin(self, *names: str) -> None:
        requests = [DownloadRequest(n, n, "Q4_K_M", f"o/{n}", (), 1) for n in names]
        self.items = tuple((r, DownloadProgress(r.key, DownloadState.DOWNLOADING)) for r in requests)
        self.jobs_changed.emit(self.items)

    def become(self, name: str, state: DownloadState, **more: Any) -> None:
        self.progressed.emit(DownloadProgress(f"o/{name}::Q4_K_M", state, **more))


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    # The off-screen platform gives the focus at once, and cannot raise a window.
    made.isActiveWindow = lambda: False  # type: ignore[method-assign]
    made.raise_ = lambda: made.setProperty("was_raised", True)  # type: ignore[method-assign]
    return made


@pytest.fixture
def settings() -> Settings:
    return Settings(config_dir() / "settings.toml")


@pytest.fixture
def told(window: QWidget, settings: Settings) -> Iterator[tuple[Queue, Notifications]]:
    source = Queue()
    made = Notifications(window, source, settings, source)  # type: ignore[arg-type]
    yield source, made
    made.close()
    source.deleteLater()


@needs_bus
def test_a_finished_download_is_told_and_a_click_opens_its_chat(
    bus: str,
    told: tuple[Queue, Notifications],
    window: QWidget,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, notes = told
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "")
    with Desk(bus) as desk:
        source.begin("R1-Distill-Qwen-7B")
        source.become("R1-Distill-Qwen-7B", DownloadState.DONE)
        qtbot.waitUntil(lambda: not desk.shown.empty(), timeout=10_000)
        number, app, replaces, _icon, title, _body, actions, hints, expires = desk.shown.get()
        assert desk.signature == "susssasa{sv}i"
        assert (app, replaces, expires) == ("Launcher", 0, -1)
        assert title == "R1-Distill-Qwen-7B Q4_K_M is ready"
        assert actions == ["default", "Chat"]
        assert hints["desktop-entry"] == ("s", "launcher-for-deepseek")
        with qtbot.waitSignal(notes.chat_wanted, timeout=10_000) as caught:
            desk.clicks.put(number)
        assert caught.args == ["o/R1-Distill-Qwen-7B::Q4_K_M"]
        assert window.property("was_raised")
        assert os.environ["XDG_ACTIVATION_TOKEN"] == "token-1"  # the desktop's permission to come to the front


@needs_bus
def test_several_that_end_together_become_one(
    bus: str, told: tuple[Queue, Notifications], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, notes = told
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "")
    with Desk(bus) as desk:
        source.begin("one", "two", "three")
        for name in ("one", "two", "three"):
            source.become(name, DownloadState.DONE)
        qtbot.waitUntil(lambda: not desk.shown.empty(), timeout=10_000)
        number, *_, title, body, _actions, _hints, _expires = desk.shown.get()
        assert (title, body) == ("3 models are ready", "one Q4_K_M, two Q4_K_M, three Q4_K_M")
        with qtbot.waitSignal(notes.downloads_wanted, timeout=10_000):
            desk.clicks.put(number)
        assert desk.shown.empty()


@needs_bus
@pytest.mark.parametrize(
    ("state", "more"),
    [
        (DownloadState.FAILED, {"error": UserError("gated", "The owner asks you to accept <b>terms</b>.")}),
        (
            DownloadState.PAUSED,
            {"pause_reason": PauseReason.DISK_FULL, "error": UserError("disk_full", "<b>Full</b> & over.")},
        ),
    ],
)
def test_what_needs_the_user_is_told_once_and_as_plain_text(
    bus: str, told: tuple[Queue, Notifications], qtbot: QtBot, state: DownloadState, more: dict[str, Any]
) -> None:
    source, _notes = told
    with Desk(bus) as desk:
        source.begin("one")
        source.become("one", state, **more)
        source.become("one", state, **more)
        qtbot.waitUntil(lambda: not desk.shown.empty(), timeout=10_000)
        _number, *_, title, body, _actions, _hints, _expires = desk.shown.get()
        assert title == "one Q4_K_M needs you"
        assert "&lt;b&gt;" in body
        assert "<" not in body
        source.become("one", state, **more)
        source.become("one", DownloadState.DONE)
        qtbot.waitUntil(lambda: not desk.shown.empty(), timeout=10_000)
        assert "is ready" in desk.shown.get()[4]


@needs_bus
def test_a_server_without_markup_gets_the_text_as_it_is(bus: str, qtbot: QtBot) -> None:
    owner = QObject()
    notes = DesktopNotes(owner)
    with Desk(bus, capabilities=["body"]) as desk:
        notes.show(Note("", "title", "a < b & c", "Show"))
        qtbot.waitUntil(lambda: not desk.shown.empty(), timeout=10_000)
        assert desk.shown.get()[5] == "a < b & c"
        notes.close()


@needs_bus
def test_a_bus_without_a_server_says_that_it_cannot(bus: str, qtbot: QtBot) -> None:
    owner = QObject()
    notes = DesktopNotes(owner)
    note = Note("", "title", "body", "Show")
    for _ in range(2):
        with qtbot.waitSignal(notes.undeliverable, timeout=20_000) as caught:
            notes.show(note)
        assert caught.args == [note]
    notes.close()


@needs_bus
def test_a_bus_that_goes_away_is_survived(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    owner = QObject()
    notes = DesktopNotes(owner)
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with Desk(address) as desk:
            notes.show(Note("", "one", "", "Show"))
            qtbot.waitUntil(lambda: not desk.shown.empty(), timeout=10_000)
    with qtbot.waitSignal(notes.undeliverable, timeout=20_000):
        notes.show(Note("", "two", "", "Show"))
    notes.close()


def test_without_a_bus_and_a_tray_nothing_happens(
    told: tuple[Queue, Notifications], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    source, notes = told
    source.begin("one")
    with qtbot.waitSignal(notes._notes.undeliverable, timeout=10_000):  # pyright: ignore[reportPrivateUsage]
        source.become("one", DownloadState.DONE)
    assert notes._tray is None  # pyright: ignore[reportPrivateUsage]


def test_nothing_is_told_while_the_window_is_in_front_or_when_it_is_not_wanted(
    told: tuple[Queue, Notifications], window: QWidget, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, notes = told
    waiting = notes._wait  # pyright: ignore[reportPrivateUsage]
    source.begin("one", "two", "three")
    monkeypatch.setattr(window, "isActiveWindow", lambda: True)
    source.become("one", DownloadState.DONE)
    assert not waiting.isActive()
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    settings.set(NOTIFY, False)
    source.become("two", DownloadState.DONE)
    assert not waiting.isActive()
    settings.set(NOTIFY, True)
    source.become("three", DownloadState.DONE)
    assert waiting.isActive()


def test_what_stood_still_before_the_start_is_no_news(told: tuple[Queue, Notifications]) -> None:
    source, notes = told
    request = DownloadRequest("m", "m", "Q4_K_M", "o/m", (), 1)
    failed = DownloadProgress(request.key, DownloadState.FAILED, error=UserError("gated", "Terms."))
    source.items = ((request, failed),)
    source.jobs_changed.emit(source.items)
    source.progressed.emit(failed)
    assert not notes._wait.isActive()  # pyright: ignore[reportPrivateUsage]


def test_names_are_one_short_line_without_tricks(qapp: QApplication) -> None:
    del qapp
    assert shown("a\nb\u202ec\u2066d\x07") == "a b c d"
    assert len(shown("x" * 500)) == 80
