"""Notifications of the desktop over D-Bus (org.freedesktop.Notifications), as Linux desktops have them.

By jeepney and not by QtDBus: the interface wants an unsigned 32-bit number, and PySide6 sends every number as a signed one,
which servers refuse. One thread owns the connection; it begins with the first notification and ends with `close`.
"""

from __future__ import annotations

import contextlib
import html
import logging
import os
import queue
import select
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from launcher.core.paths import APP_ID

_log = logging.getLogger("launcher.services")
_NAME, _PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
_TIMEOUT_S = 5.0
_MAX_OPEN = 64


@dataclass(frozen=True, slots=True)
class Note:
    """What to show. All of it is plain text, whatever is in it.

    Attributes:
        tag: comes back when the user clicks on it.
        action: what a click does, in words, for desktops that draw a button.
    """

    tag: str
    title: str
    body: str
    action: str


class DesktopNotes(QObject):
    """Shows notifications.

    Signals:
        activated(str, str): tag of a note that was clicked, and the desktop's permission to come to the front ("" without).
        undeliverable(Note): there is no service that shows it.
    """

    activated = Signal(str, str)
    undeliverable = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._notes: queue.SimpleQueue[Note] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._wake: int | None = None
        self._closing = threading.Event()

    def show(self, note: Note) -> None:
        """Show it, or tell that nobody can."""
        if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            self.undeliverable.emit(note)
            return
        self._notes.put(note)
        if self._thread is None or not self._thread.is_alive():
            self._forget_pipe()
            read_end, self._wake = os.pipe()
            self._thread = threading.Thread(target=self._run, args=(read_end,), name="launcher-notes", daemon=True)
            self._thread.start()
        self._ring()

    def close(self) -> None:
        """End the thread; what is shown stays, a click on it does nothing any more."""
        self._closing.set()
        self._ring()
        if self._thread is not None:
            self._thread.join(2 * _TIMEOUT_S)
        self._forget_pipe()

    def _ring(self) -> None:
        if self._wake is not None:
            with contextlib.suppress(OSError):  # the thread has ended meanwhile
                os.write(self._wake, b"!")

    def _forget_pipe(self) -> None:
        if self._wake is not None:
            os.close(self._wake)
            self._wake = None

    # --- in the thread ---

    def _run(self, wake: int) -> None:
        try:
            with _Bus() as bus:
                self._serve(bus, wake)
        except Exception as error:  # noqa: BLE001 - a broken bus of any kind; the notes go another way
            _log.info("no notifications over D-Bus: %r", error)
            with contextlib.suppress(queue.Empty):
                while not self._closing.is_set():
                    self.undeliverable.emit(self._notes.get_nowait())
        finally:
            os.close(wake)

    def _serve(self, bus: _Bus, wake: int) -> None:
        while not self._closing.is_set():
            self._show_waiting(bus)
            ready, _, _ = select.select([bus.socket, wake], [], [])
            if wake in ready:
                os.read(wake, 4096)
            if bus.socket in ready:
                bus.receive()
            for tag, token in bus.clicks():
                self.activated.emit(tag, token)

    def _show_waiting(self, bus: _Bus) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                note = self._notes.get_nowait()
                if not bus.notify(note):
                    self.undeliverable.emit(note)


class _Bus:
    """The connection. Its messages are data of other programs: shapes are checked, nothing is evaluated."""

    def __init__(self) -> None:
        from jeepney import DBusAddress, MatchRule
        from jeepney import bus_messages as untyped
        from jeepney.io.blocking import open_dbus_connection

        self._address = DBusAddress(_PATH, bus_name=_NAME, interface=_NAME)
        self._connection: Any = open_dbus_connection(bus="SESSION")
        self._signals: deque[Any] = deque(maxlen=4 * _MAX_OPEN)
        self._tags: dict[int, str] = {}
        self._tokens: dict[int, str] = {}
        self._has_markup: bool | None = None
        rule = MatchRule(type="signal", interface=_NAME, path=_PATH)
        self._filter: Any = self._connection.filter(rule, queue=self._signals)
        messages: Any = untyped  # jeepney's functions have no types
        self._connection.send_and_get_reply(messages.message_bus.AddMatch(rule), timeout=_TIMEOUT_S)

    def __enter__(self) -> _Bus:
        return self

    def __exit__(self, *exc: object) -> None:
        self._filter.close()
        self._connection.close()

    @property
    def socket(self) -> Any:
        """To wait on."""
        return self._connection.sock

    def notify(self, note: Note) -> bool:
        """Whether the desktop took it."""
        if self._has_markup is None:
            answer = self._call("GetCapabilities", "", ())
            if answer is None:
                return False
            self._has_markup = bool(answer) and isinstance(answer[0], list) and "body-markup" in answer[0]
        body = html.escape(note.body, quote=False) if self._has_markup else note.body
        hints = {"desktop-entry": ("s", APP_ID), "category": ("s", "transfer")}
        actions = ["default", note.action]
        answer = self._call("Notify", "susssasa{sv}i", ("Launcher", 0, APP_ID, note.title, body, actions, hints, -1))
        if not answer or not isinstance(answer[0], int):
            return False
        self._tags[answer[0]] = note.tag
        for number in list(self._tags)[:-_MAX_OPEN]:
            del self._tags[number]
        return True

    def receive(self) -> None:
        """Take in what has arrived; signals wait for `clicks`."""
        with contextlib.suppress(TimeoutError):
            while True:
                self._connection.recv_messages(timeout=0)

    def clicks(self) -> list[tuple[str, str]]:
        """Tags of notes that were clicked since, each with its token."""
        from jeepney import HeaderFields

        found: list[tuple[str, str]] = []
        while self._signals:
            message = self._signals.popleft()
            kind, body = message.header.fields.get(HeaderFields.member), message.body
            if len(body) != 2 or not isinstance(body[0], int) or body[0] not in self._tags:
                continue
            number = body[0]
            if kind == "ActivationToken" and isinstance(body[1], str):
                self._tokens[number] = body[1]
            elif kind == "ActionInvoked":
                found.append((self._tags[number], self._tokens.pop(number, "")))
            elif kind == "NotificationClosed":
                del self._tags[number]
                self._tokens.pop(number, None)
        return found

    def _call(self, method: str, signature: str, arguments: tuple[object, ...]) -> tuple[Any, ...] | None:
        """The answer, None for an error."""
        import jeepney

        untyped: Any = jeepney
        request = untyped.new_method_call(self._address, method, signature or None, arguments)
        reply = self._connection.send_and_get_reply(request, timeout=_TIMEOUT_S)
        return None if reply.header.message_type is jeepney.MessageType.error else reply.body
