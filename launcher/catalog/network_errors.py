"""What a failure on the way to a server means to the user: the proxy, the name, the connection, the certificate, offline."""

from __future__ import annotations

import datetime
import errno
import re
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from launcher.catalog import network
from launcher.catalog.proxies import ProxyInUse
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import duration
from launcher.core.words import joined, say

if TYPE_CHECKING:
    import httpx2

_E = TypeVar("_E", bound=BaseException)

RETRY = NextStep("Try again", StepAction.RETRY)
TEST = NextStep("Test the connection", StepAction.TEST_CONNECTION)
_PROXY = NextStep("Check proxy", StepAction.NETWORK_SETTINGS)
_GO_ONLINE = NextStep("Go online", StepAction.GO_ONLINE)

# Trying again without a change changes nothing.
LASTING = frozenset(
    {"certificate", "proxy_password", "proxy_forbids", "bad_proxy", "ca_file", "bad_token", "offline_mode", "xet_only"}
)

# OpenSSL's verification results (X509_V_ERR_…); truststore gives others, and the message has to do.
_NOT_YET_VALID, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64
_UNKNOWN_ISSUER = frozenset({18, 19, 20, 21})
_NO_WAY = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, getattr(errno, "WSAENETUNREACH", -1),
     getattr(errno, "WSAEHOSTUNREACH", -1)}
)  # fmt: skip
_PASSWORD_WANTED = re.compile(r"^407|invalid username|username/password|no acceptable methods", re.IGNORECASE)
_FORBIDDEN = re.compile(r"^403|not allowed by ruleset", re.IGNORECASE)
_STATUS = re.compile(r"^(\d{3})\b")


def mirror_step(host: str) -> NextStep:
    """The way to another hub: a mirror, or back from one that does not work."""
    is_default = host == urlsplit(network.DEFAULT_ENDPOINT).netloc
    return NextStep("Use a mirror…" if is_default else "Check the download server", StepAction.NETWORK_SETTINGS)


def transport_error(error: Exception, host: str, timeout_s: float) -> UserError | None:
    """The meaning of a failed request, None when it failed for another reason than the network.

    Args:
        error: of the HTTP client.
        host: the hub's (or other server's) host and port; another one where the request was sent on to another.
        timeout_s: the time limit that was set.
    """
    import ssl  # a megabyte, which nothing but TLS needs

    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    detail = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, OfflineModeIsEnabled):
        return offline(detail)
    if not isinstance(error, httpx2.TransportError):
        return None
    asked, proxy = _where(error, host)
    if is_certificate_error(error):
        return _untrusted(error, asked, detail)
    if isinstance(error, httpx2.ProxyError):
        return proxy_refused(str(error), asked, proxy, detail)
    has_no_connection = isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout))
    if proxy is not None and has_no_connection and _first(error, ssl.SSLError) is None:
        return UserError(
            "proxy_failed",
            say("The proxy {address} could not be reached.", address=proxy.address),
            joined(_named_by(proxy), _why(error, timeout_s)),
            (_PROXY, RETRY, TEST),
            detail,
        )
    steps = (RETRY, TEST, mirror_step(asked)) if asked == host else (RETRY, TEST)
    why = _why(error, timeout_s)
    if proxy is not None:
        why = joined(why, say("The connection goes through the proxy {address}.", address=proxy.address))
    if asked != host:
        why = joined(why, say("{host} answers, but its files are on that other server.", host=host))
    what = (
        say("{host} did not answer.", host=asked)
        if isinstance(error, httpx2.TimeoutException)
        else say("{host} could not be reached.", host=asked)
    )
    return UserError("hub_unreachable", what, why, steps, detail)


def offline(detail: str = "") -> UserError:
    """Offline mode is on."""
    reason = network.offline_reason() or "HF_HUB_OFFLINE"
    if reason == "settings":
        why, steps = say("It is switched on in the settings."), (_GO_ONLINE,)
    else:
        why, steps = say("{name} is set.", name=reason), (NextStep(say("Unset {name}", name=reason)),)
    return UserError("offline_mode", "Offline mode is on, so nothing is fetched.", why, steps, detail)


def proxy_refused(answer: str, host: str, proxy: ProxyInUse | None, detail: str) -> UserError:
    """A proxy that was reached and says no.

    Args:
        answer: "407 Proxy Authentication Required", or a SOCKS proxy's reason.
        host: where the request was to go.
        proxy: the one that was used, where known.
        detail: raw text for a report.
    """
    address = proxy.address if proxy is not None else say("The proxy")
    named = _named_by(proxy) if proxy is not None else ""
    if _PASSWORD_WANTED.search(answer):
        why = (
            say("It did not accept the password of {user}.", user=proxy.user)
            if proxy is not None and proxy.user
            else say("It wants a user name and password, and none is set.")
        )
        return UserError(
            "proxy_password",
            say("The proxy {address} asks for a password.", address=address)
            if proxy is not None
            else say("The proxy asks for a password."),
            joined(named, why),
            (NextStep("Enter the proxy's password", StepAction.NETWORK_SETTINGS), TEST),
            detail,
        )
    status = _STATUS.match(answer)
    if status and status[1] == "403":
        why = say("It answered 403: whoever runs it does not allow this address.")
    elif status:
        why = say("It answered {status}.", status=status[1])
    else:
        why = say("It says: {answer}", answer=answer[:200])
    what = say("{proxy} did not let us through to {host}.", proxy=address, host=host)
    code = "proxy_forbids" if _FORBIDDEN.search(answer) else "proxy_failed"
    return UserError(code, what, joined(named, why), (_PROXY, RETRY, mirror_step(host)), detail)


def is_certificate_error(error: BaseException) -> bool:
    """Whether a certificate was refused somewhere below; trying again would not help."""
    import ssl

    return _first(error, ssl.SSLCertVerificationError) is not None or "CERTIFICATE_VERIFY_FAILED" in str(error)


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and everything that led to it, without going in circles."""
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.__cause__ or now.__context__


def _first(error: BaseException, kind: type[_E]) -> _E | None:
    return next((e for e in causes(error) if isinstance(e, kind)), None)


def _where(error: httpx2.TransportError, host: str) -> tuple[str, ProxyInUse | None]:
    """The host that was asked when it failed, and the proxy that was on the way."""
    try:
        url = error.request.url
    except RuntimeError:  # it was never tied to one
        return host, None
    try:
        proxy = network.proxy_in_use(str(url))
    except UserError:
        proxy = None
    default = {"http": 80, "https": 443}.get(url.scheme)
    wanted = urlsplit(f"//{host}")
    if (url.host, url.port or default) == (wanted.hostname, wanted.port or default):
        return host, proxy
    return url.netloc.decode("ascii", "replace"), proxy


def _named_by(proxy: ProxyInUse) -> str:
    return {
        "settings": say("It is the one in the launcher's settings."),
        "environment": say("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names it."),
        "system": say("The system's network settings name it."),
    }[proxy.source]


def _why(error: Exception, timeout_s: float) -> str:
    """Why there is no connection."""
    import ssl

    import httpx2

    failed = _first(error, OSError)
    if isinstance(error, httpx2.TimeoutException):
        return say("Nothing came back within {time}.", time=duration(timeout_s))
    if isinstance(failed, socket.gaierror):
        return say("Its name was not found: there is no network, or its name server does not know or blocks it.")
    if isinstance(failed, ConnectionRefusedError):
        return say("Nothing answers at that address and port (connection refused).")
    if failed is not None and failed.errno in _NO_WAY:
        return say("It cannot be reached: this computer is not connected to a network.")
    if isinstance(failed, ConnectionResetError):
        return say("The connection was cut on the way. Some networks and firewalls do this to block an address.")
    if isinstance(failed, ssl.SSLError):
        return say("No encrypted connection could be made ({reason}).", reason=failed.reason or type(failed).__name__)
    return say("The network says: {error}", error=error)[:300]


def _untrusted(error: Exception, host: str, detail: str) -> UserError:
    import ssl

    refused = _first(error, ssl.SSLCertVerificationError)
    code = getattr(refused, "verify_code", 0)
    message = str(getattr(refused, "verify_message", "") or error)
    certificates = NextStep("Add a certificate…", StepAction.NETWORK_SETTINGS)
    steps = (certificates, RETRY, TEST)
    if code in (_EXPIRED, _NOT_YET_VALID):
        now = f"{datetime.datetime.now():%Y-%m-%d %H:%M}"
        why = say("Its certificate is out of date, or this computer's clock is wrong: it says {now}.", now=now)
        steps = (NextStep("Set the clock"), RETRY, TEST)
    elif code in (_OTHER_NAME, _OTHER_ADDRESS):
        why = say(
            "Its certificate is for another name: something on the way answers in its place, such as a login page."
        )
        steps = (NextStep("Log in to the network"), RETRY, mirror_step(host))
    elif code in _UNKNOWN_ISSUER:
        why = say(
            "Its certificate is signed by somebody this computer does not know. A company network or virus scanner that inspects traffic does this; its certificate can be added."
        )
    else:
        why = joined(
            say("Its certificate could not be verified: {message}.", message=message[:150].rstrip(".")),
            say("A company network that inspects traffic does this."),
        )
    return UserError("certificate", say("The connection to {host} is not trusted.", host=host), why, steps, detail)
