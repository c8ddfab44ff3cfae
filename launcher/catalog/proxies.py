"""Which proxy a request goes through: the launcher's own setting, else the environment's, else the system's.

    settings      "direct" is none; else http://, https://, socks5:// or socks5h://host:port (a bare host:port is http)
    environment   HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, in lower case too
    system        Windows and macOS: the network settings; GNOME: `gsettings`, because a program that is started from an
                  icon does not see a terminal's variables

Exceptions (NO_PROXY, the system's own list) count for all three, and this computer itself is always reached directly,
unless the list says "<-loopback>", as in Chrome. Automatic configuration scripts (PAC) are programs in JavaScript and are
not run; `script` tells of one, so that the user is told. Names behind a SOCKS proxy are always resolved by the proxy.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.words import say

DIRECT = "direct"
Source = Literal["settings", "environment", "system"]

_SCHEMES = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_DESKTOP_TTL_S = 30.0
_GSETTINGS_TIMEOUT_S = 2.0
_LOOPBACK_TOO = "<-loopback>"
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


@dataclass(frozen=True, slots=True)
class ProxyInUse:
    """A proxy.

    Attributes:
        address: scheme, host and port; what may be shown.
        source: who names it.
        user: "" where it wants none.
        password: as its source wrote it; the setting's is kept apart (store/secrets.py).
    """

    address: str
    source: Source
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def account(self) -> str:
        """What its password is kept under: "user@host:port"."""
        return f"{self.user}@{self.address.partition('://')[2]}"


def parse(text: str, source: Source = "settings") -> ProxyInUse:
    """Read a proxy's address.

    Raises:
        ValueError: it is none; the message, in the user's words, does not repeat the text, which may hold a password.
    """
    text = text.strip()
    parts = urlsplit(text if "://" in text else f"http://{text}")
    scheme = {"socks": "socks5", "socks4": "socks5"}.get(parts.scheme, parts.scheme) if source != "settings" else ""
    scheme = scheme or parts.scheme
    if scheme not in _SCHEMES:
        raise ValueError(say("It must begin with http://, https://, socks5:// or socks5h://."))
    try:
        host, port = parts.hostname or "", parts.port or _SCHEMES[scheme]
    except ValueError:
        raise ValueError(say("The port must be a number up to 65535.")) from None
    if not _HOST.fullmatch(host):
        raise ValueError(say("It must name a host, as in http://proxy.example:3128."))
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(say("Nothing may follow the port. Automatic configuration scripts (PAC) are not supported."))
    shown = f"[{host}]" if ":" in host else host
    return ProxyInUse(
        f"{scheme}://{shown}:{port}", source, unquote(parts.username or ""), unquote(parts.password or "")
    )


def without_password(text: str) -> str:
    """An address that `parse` takes, as it is stored and shown: with the user's name, without the password."""
    found = parse(text)
    scheme, _, rest = found.address.partition("://")
    return f"{scheme}://{quote(found.user, safe='')}@{rest}" if found.user else found.address


def check_proxy(text: str) -> None:
    """Whether the proxy setting can be used.

    Raises:
        UserError: ("bad_proxy") it cannot.
    """
    if text.strip() in ("", DIRECT):
        return
    try:
        parse(text)
    except ValueError as error:
        raise bad_proxy(str(error), "settings") from None


def bad_proxy(why: str, source: Source) -> UserError:
    """An address that is none."""
    where = {
        "settings": say("The proxy in the settings cannot be used."),
        "environment": say("The proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names cannot be used."),
        "system": say("The proxy in the system's settings cannot be used."),
    }
    return UserError("bad_proxy", where[source], why, (NextStep("Check the proxy", StepAction.NETWORK_SETTINGS),))


def for_url(url: str, setting: str = "") -> ProxyInUse | None:
    """The proxy that a request to this address goes through; None is directly.

    Args:
        url: where to.
        setting: the launcher's own, "" follows the environment and the system.

    Raises:
        UserError: ("bad_proxy") what is named is no proxy.
    """
    setting = setting.strip()
    if setting == DIRECT:
        return None
    from urllib.request import proxy_bypass

    parts = urlsplit(url)
    found, source, exceptions = _named(parts.scheme, setting)
    if not found or is_exempt(parts.hostname or "", parts.port, exceptions):
        return None
    if source == "system" and sys.platform in ("win32", "darwin") and proxy_bypass(parts.hostname or ""):
        return None
    try:
        return parse(found, source)
    except ValueError as error:
        raise bad_proxy(str(error), source) from None


def _named(scheme: str, setting: str) -> tuple[str, Source, str]:
    """A proxy's address, who names it, and the exceptions."""
    from urllib.request import getproxies, getproxies_environment  # slow to import

    environment = getproxies_environment()
    exceptions = environment.get("no", "")
    if setting:
        return setting, "settings", exceptions
    if found := environment.get(scheme) or environment.get("all"):
        return found, "environment", exceptions
    system: Mapping[str, str] = getproxies() if sys.platform in ("win32", "darwin") else _desktop().proxies
    found = system.get(scheme) or system.get("socks") or ""
    return found, "system", ",".join(filter(None, (exceptions, system.get("no", ""))))


def is_exempt(host: str, port: int | None, exceptions: str) -> bool:
    """Whether a host is reached without the proxy, by a list as in NO_PROXY.

    Entries: a host name (its subdomains too), ".example.com", "*.example.com", an address, a network (10.0.0.0/8), each with
    ":port" where it must match; "*" is every host; "<local>" every name without a dot.
    """
    entries = [e.strip().lower() for e in exceptions.replace(";", ",").split(",") if e.strip()]
    host = host.lower().rstrip(".")
    if _is_loopback(host):
        return _LOOPBACK_TOO not in entries
    return any(_matches(host, port, entry) for entry in entries)


def _matches(host: str, port: int | None, entry: str) -> bool:
    if entry in ("*", "<local>"):
        return entry == "*" or ("." not in host and ":" not in host)
    entry = entry.partition("://")[2] or entry
    network = _network(entry)
    if network is None and entry.rpartition(":")[2].isdigit():
        entry, _, wanted = entry.rpartition(":")
        if port != int(wanted):
            return False
        network = _network(entry)
    if network is not None:
        address = _network(host)
        return address is not None and address.version == network.version and address.network_address in network
    name = entry.removeprefix("*").strip(".")
    return bool(name) and (host.endswith("." + name) or (host == name and not entry.startswith("*")))


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _network(host)
    return host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback)


def script() -> str | None:
    """The address of the system's proxy configuration script (PAC), where it has one. We do not run it."""
    from urllib.request import getproxies_environment

    if getproxies_environment().keys() & {"http", "https", "all"}:
        return None
    if sys.platform == "win32":
        import winreg

        path = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
                return str(winreg.QueryValueEx(key, "AutoConfigURL")[0]) or None
        except OSError:
            return None
    return _desktop().script or None


# --- GNOME, and the desktops that keep their settings in the same place (Cinnamon, MATE, Budgie, Unity) ----------------


@dataclass(frozen=True, slots=True)
class _Desktop:
    """What the desktop's settings say: scheme -> address, "no" -> exceptions."""

    proxies: Mapping[str, str] = field(default_factory=dict[str, str])
    script: str = ""


_desktop_lock = threading.Lock()
_desktop_known: tuple[float, _Desktop] | None = None


def _desktop() -> _Desktop:
    """The desktop's settings, asked at most twice a minute. Takes up to 2 s."""
    global _desktop_known
    with _desktop_lock:
        if _desktop_known is None or time.monotonic() - _desktop_known[0] > _DESKTOP_TTL_S:
            _desktop_known = (time.monotonic(), _ask_desktop())
        return _desktop_known[1]


def forget_desktop() -> None:
    """Ask the desktop again: the user may just have changed it."""
    global _desktop_known
    with _desktop_lock:
        _desktop_known = None


def _ask_desktop() -> _Desktop:
    has_session = any(os.environ.get(name) for name in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"))
    tool = shutil.which("gsettings") if has_session and sys.platform not in ("win32", "darwin") else None
    if tool is None:
        return _Desktop()
    try:
        answer = subprocess.run(  # noqa: S603 - the system's own tool, without anything from outside
            [tool, "list-recursively", "org.gnome.system.proxy"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GSETTINGS_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return _Desktop()
    return read_gsettings(answer.stdout)


def read_gsettings(text: str) -> _Desktop:
    """Understand `gsettings list-recursively org.gnome.system.proxy`."""
    values: dict[tuple[str, str], str] = {}
    for line in text.splitlines():
        schema, _, rest = line.partition(" ")
        key, _, value = rest.partition(" ")
        values[schema.removeprefix("org.gnome.system.proxy").lstrip("."), key] = value.strip().strip("'")
    mode = values.get(("", "mode"))
    if mode == "auto":
        return _Desktop(script=values.get(("", "autoconfig-url")) or "WPAD")
    if mode != "manual":
        return _Desktop()
    proxies = {"no": ",".join(re.findall(r"'([^']*)'", values.get(("", "ignore-hosts"), "")))}
    for kind in ("http", "https", "socks"):
        host, port = values.get((kind, "host"), ""), values.get((kind, "port"), "0")
        if host and port != "0":
            proxies[kind] = f"{'socks5' if kind == 'socks' else 'http'}://{host}:{port}"
    return _Desktop(proxies)
