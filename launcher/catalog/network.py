"""How this process reaches the network: one configuration, one HTTP client that all traffic goes through.

`configure` says once how (the services do it from the settings); `session` gives the client, which is huggingface_hub's
own shared one (`get_session`), made by `http_client`. It keeps what huggingface_hub's factory sets (the request hook, following
redirects, no time limit of its own) and adds: the proxy is looked up for each request, so that a changed network is noticed
without a restart; the certificates of `certificates.context`; offline mode, which stops a request before any connection.

Changing the configuration closes the shared client: what is under way ends with an error of the kind that downloads
retry, and goes on by the new one.

Xet. The hub stores large files in chunks ("Xet"), but it answers a plain GET of `/resolve/` for them too: with a redirect to a
bridge that puts the file together and honours ranges. huggingface_hub falls back to that GET itself where its Xet library is not
installed; that it refuses more than 50 GB there (`constants.MAX_HTTP_DOWNLOAD_SIZE`) is a rule of its own download function,
which we do not use: our transfer knows no limit. So nothing here needs Xet. Should a hub ever answer with Xet's directions only
(`X-Xet-Hash` and no content), `hub_errors.xet_only` is what the user reads.
"""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from launcher.catalog import proxies
from launcher.catalog.certificates import check_ca_file
from launcher.catalog.proxies import ProxyInUse, check_proxy
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.words import say

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "NetworkSettings", "ProxyInUse", "Secrets", "Token", "check_ca_file", "check_endpoint", "check_proxy", "configure",
    "endpoint", "is_offline", "offline_reason", "proxy_in_use", "renew", "session", "token",
]  # fmt: skip

DEFAULT_ENDPOINT = "https://huggingface.co"
_TRUE = frozenset({"1", "ON", "YES", "TRUE"})


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What the user set.

    Attributes:
        endpoint: the hub's address, a mirror's; None takes HF_ENDPOINT or huggingface.co.
        proxy: see `proxies`; "" follows environment and system.
        ca_file: PEM file with certificates beside the system's, "" is none.
        offline: nothing is sent.
    """

    endpoint: str | None = None
    proxy: str = ""
    ca_file: str = ""
    offline: bool = False


class Secrets(Protocol):
    """Where tokens and passwords are kept (store/secrets.py); may block while a keyring is being unlocked."""

    def token(self, host: str) -> str | None:
        """The access token that was given for a hub."""
        ...

    def proxy_password(self, account: str) -> str | None:
        """The password of a proxy, by `ProxyInUse.account`."""
        ...


class _NoSecrets:
    def token(self, host: str) -> str | None:
        return None

    def proxy_password(self, account: str) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and where it comes from: "launcher", "HF_TOKEN" or "hf auth login". Its text is never shown."""

    text: str
    source: str

    def __repr__(self) -> str:
        return f"Token(…, {self.source!r})"


_lock = threading.Lock()
_settings = NetworkSettings()
_secrets: Secrets = _NoSecrets()
_is_installed = False


def configure(settings: NetworkSettings, secrets: Secrets | None = None) -> None:
    """Reach the network like this from now on. Does not block and sends nothing; call it from any thread.

    Args:
        settings: what is not usable shows as a UserError when something is fetched; the `check_…` functions tell before.
        secrets: tokens and the proxy's password; None is none.
    """
    global _settings, _secrets
    with _lock:
        is_same = (settings, secrets or _secrets) == (_settings, _secrets)
        _settings, _secrets = settings, secrets or _NoSecrets()
    if not is_same:
        renew()


def renew() -> None:
    """Close the shared client, so that the next request begins with what is true now (a new password, another network)."""
    proxies.forget_desktop()
    if "huggingface_hub.utils._http" in sys.modules:
        from huggingface_hub.utils import close_session

        close_session()


def session() -> httpx2.Client:
    """The client that every request goes through. Never close it.

    Raises:
        UserError: ("ca_file") the extra certificates cannot be used.
    """
    from huggingface_hub.utils import get_session

    install()
    return get_session()


def install() -> None:
    """Have huggingface_hub take its clients from us, and send nothing on its own; before anything that makes headers or requests."""
    global _is_installed
    from huggingface_hub import constants
    from huggingface_hub.utils import set_client_factory

    with _lock:
        if not _is_installed:
            # Else the first headers make it fetch a list of known agents from huggingface.co, whatever the hub in use is.
            constants.HF_HUB_DISABLE_TELEMETRY = True
            set_client_factory(_new_client)
            _is_installed = True


def endpoint() -> str:
    """The hub's address without a slash at its end. Read now, not at import, so that a changed setting counts."""
    return (_settings.endpoint or os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).strip().rstrip("/")


def _new_client() -> httpx2.Client:
    """huggingface_hub's factory calls this under its lock, so nothing here may ask for a session."""
    from launcher.catalog import http_client

    return http_client.make(_settings.proxy, _settings.ca_file, _secrets.proxy_password, is_offline)


def is_offline() -> bool:
    """Whether nothing may be sent."""
    return offline_reason() is not None


def offline_reason() -> str | None:
    """Who wants that: "settings", the name of an environment variable, or None when we are online."""
    if _settings.offline:
        return "settings"
    return next((n for n in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE") if os.environ.get(n, "").upper() in _TRUE), None)


def proxy_in_use(url: str) -> ProxyInUse | None:
    """The proxy that a request to this address goes through, None is directly. May block for 2 s (the desktop is asked).

    Raises:
        UserError: ("bad_proxy") what is named is no proxy.
    """
    return proxies.for_url(url, _settings.proxy)


def ca_file() -> str:
    """The extra certificates of the settings, "" is none."""
    return _settings.ca_file


def token() -> Token | None:
    """The access token for the hub in use. May block while a keyring is being unlocked.

    First the one that the user entered here for this hub, because that is the most exact wish; then HF_TOKEN; then that of
    `hf auth login`. The last two are for huggingface.co, and for the mirror that HF_ENDPOINT names beside them: a mirror that is
    only in our settings has never been told of by those who set them, and gets nothing but a token entered for it.

    Raises:
        UserError: ("bad_token") it holds characters that no token has.
    """
    address = endpoint()
    if kept := _secrets.token(urlsplit(address).netloc):
        return _sound(Token(kept, "launcher"))
    if _settings.endpoint and address not in (DEFAULT_ENDPOINT, os.environ.get("HF_ENDPOINT", "").rstrip("/")):
        return None
    from huggingface_hub import get_token

    found = get_token()
    if found is None:
        return None
    is_variable = any(os.environ.get(name) for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"))
    return _sound(Token(found, "HF_TOKEN" if is_variable else "hf auth login"))


def _sound(found: Token) -> Token:
    """A control character would end up in a header, and the client's complaint about it in a log."""
    if found.text.isascii() and found.text.isprintable() and " " not in found.text:
        return found
    raise UserError(
        "bad_token",
        "The access token cannot be used.",
        say("The one from {source} holds characters that no token has.", source=found.source),
        (NextStep("Enter access token", StepAction.ENTER_TOKEN, urlsplit(endpoint()).netloc),),
    )


def check_endpoint(text: str) -> None:
    """Whether the setting for the hub's address can be used.

    Raises:
        UserError: ("bad_endpoint") it cannot.
    """
    text = text.strip()
    if not text:
        return
    try:
        parts = urlsplit(text)
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        is_fine, parts = False, urlsplit("")
    if not is_fine:
        why = say("It must look like https://mirror.example, with a path after it where the mirror says so.")
    elif parts.username or parts.password:
        why = say("It must not hold a name or password.")
    elif parts.query or parts.fragment:
        why = say("Nothing may follow the path.")
    else:
        return
    steps = (NextStep("Check the address", StepAction.NETWORK_SETTINGS),)
    raise UserError("bad_endpoint", "This is not the address of a download server.", why, steps)
