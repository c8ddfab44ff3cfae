"""Drives the real window from outside, through the accessibility bus, as a screen reader does.

The robot finds widgets by accessible name and role, presses them by their action, and reads their text. Keys are
real X key events (xdotool). AT-SPI is spoken directly over D-Bus because its Python binding is not on the package index.
Protocol: at-spi2-core xml/*.xml.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jeepney import DBusAddress, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

_ROOT = "/org/a11y/atspi/accessible/root"
_ACCESSIBLE = "org.a11y.atspi.Accessible"
STATE_ENABLED = 8
STATE_FOCUSED = 12
STATE_SHOWING = 25
STATE_CHECKED = 4


@dataclass(frozen=True)
class Node:
    """One accessible object."""

    bus: DBusConnection
    sender: str
    path: str

    def _call(
        self, interface: str, method: str, signature: str | None = None, body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        address = DBusAddress(self.path, bus_name=self.sender, interface=interface)
        message = new_method_call(address, method, signature, body)
        return unwrap_msg(self.bus.send_and_get_reply(message, timeout=10))

    def _property(self, interface: str, name: str) -> Any:
        address = DBusAddress(self.path, bus_name=self.sender, interface=interface)
        reply = unwrap_msg(self.bus.send_and_get_reply(Properties(address).get(name), timeout=10))
        return reply[0][1]

    @property
    def name(self) -> str:
        return self._property(_ACCESSIBLE, "Name")

    @property
    def description(self) -> str:
        return self._property(_ACCESSIBLE, "Description")

    @property
    def role(self) -> str:
        return self._call(_ACCESSIBLE, "GetRoleName")[0]

    @property
    def children(self) -> list[Node]:
        return [Node(self.bus, sender, path) for sender, path in self._call(_ACCESSIBLE, "GetChildren")[0]]

    def has_state(self, state: int) -> bool:
        low, high = self._call(_ACCESSIBLE, "GetState")[0]
        return bool((low | (high << 32)) >> state & 1)

    @property
    def is_showing(self) -> bool:
        return self.has_state(STATE_SHOWING)

    @property
    def is_enabled(self) -> bool:
        return self.has_state(STATE_ENABLED)

    @property
    def text(self) -> str:
        """What a screen reader reads of it: its text, else its name."""
        try:
            return self._call("org.a11y.atspi.Text", "GetText", "ii", (0, -1))[0]
        except DBusErrorResponse:
            return self.name

    def press(self) -> None:
        """Do the first action (Press, Toggle, ...)."""
        self._call("org.a11y.atspi.Action", "DoAction", "i", (0,))

    def focus(self) -> None:
        self._call("org.a11y.atspi.Component", "GrabFocus")

    def click(self) -> None:
        """A real mouse click in its middle."""
        x, y, width, height = self._call("org.a11y.atspi.Component", "GetExtents", "u", (0,))[0]
        subprocess.run(["xdotool", "mousemove", str(x + width // 2), str(y + height // 2), "click", "1"], check=True)

    def walk(self) -> Iterator[Node]:
        """This node and everything below that shows; what goes away meanwhile is left out."""
        try:
            if self.role != "application" and not self.is_showing:
                return
            yield self
            for child in self.children:
                yield from child.walk()
        except DBusErrorResponse:
            return


class Robot:
    """A user of one running application."""

    def __init__(self, app_name: str) -> None:
        session = open_dbus_connection(bus="SESSION")
        launcher = DBusAddress("/org/a11y/bus", bus_name="org.a11y.Bus", interface="org.a11y.Bus")
        address = unwrap_msg(session.send_and_get_reply(new_method_call(launcher, "GetAddress"), timeout=20))[0]
        session.close()
        self._bus = open_dbus_connection(bus=address)
        self._app_name = app_name

    def close(self) -> None:
        self._bus.close()

    def application(self) -> Node | None:
        registry = Node(self._bus, "org.a11y.atspi.Registry", _ROOT)
        for app in registry.children:
            try:
                if app.name == self._app_name:
                    return app
            except DBusErrorResponse:
                continue  # it is closing
        return None

    def find(self, name: str | None = None, role: str | None = None, *, contains: str | None = None) -> Node | None:
        """The first showing widget with that name (exact), role and text part, or None."""
        return next(self._matching(name, role, contains), None)

    def find_all(self, name: str | None = None, role: str | None = None, *, contains: str | None = None) -> list[Node]:
        """Every one of them."""
        return list(self._matching(name, role, contains))

    def _matching(self, name: str | None, role: str | None, contains: str | None) -> Iterator[Node]:
        app = self.application()
        if app is None:
            return
        for node in app.walk():
            try:
                if role is not None and node.role != role:
                    continue
                label = node.name
                if name is not None and label != name:
                    continue
                if contains is None or contains in label or contains in node.text:
                    yield node
            except DBusErrorResponse:
                continue  # it went away while we looked

    def wait_for(
        self, name: str | None = None, role: str | None = None, *, contains: str | None = None, seconds: float = 20
    ) -> Node:
        """Wait until such a widget shows.

        Raises:
            AssertionError: it did not come; the text lists what is there.
        """
        found = self.wait_until(lambda: self.find(name, role, contains=contains), seconds)
        assert found, f"no widget named {name or contains!r} ({role}) in {seconds} s; showing:\n{self.tree()}"
        return found

    def press(
        self, name: str | None = None, role: str | None = None, *, contains: str | None = None, seconds: float = 20
    ) -> None:
        """Wait for an enabled button and press it; widgets that are replaced in between are looked up again."""

        def pressed() -> bool:
            node = self.find(name, role, contains=contains)
            try:
                if node is None or not node.is_enabled:
                    return False
                node.press()
            except DBusErrorResponse:
                return False
            return True

        assert self.wait_until(pressed, seconds), f"cannot press {name or contains!r}; showing:\n{self.tree()}"

    def wait_until(self, condition: Callable[[], Any], seconds: float = 20) -> Any:
        """Poll until the condition is true; its last value."""
        end = time.monotonic() + seconds
        while not (value := condition()) and time.monotonic() < end:
            time.sleep(0.1)
        return value

    def tree(self) -> str:
        """Every named, showing widget: for failure messages."""
        app = self.application()
        if app is None:
            return "(the application is not there)"
        lines: list[str] = []
        for node in app.walk():
            try:
                if node.name or node.text:
                    lines.append(f"{node.role}: {node.name!r} {node.text[:80]!r}")
            except DBusErrorResponse:
                continue
        return "\n".join(lines)


def type_text(text: str) -> None:
    """Type with real key events into whatever has the focus."""
    subprocess.run(["xdotool", "type", "--delay", "8", text], check=True)


def press_key(key: str) -> None:
    """Press one key ("Return", "ctrl+n")."""
    subprocess.run(["xdotool", "key", key], check=True)


def screenshot(path: str) -> None:
    """The whole virtual screen as PNG."""
    subprocess.run(["import", "-window", "root", path], check=True)
