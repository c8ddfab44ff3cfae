"""Reaching the network as the settings say: the one place where settings, secrets and the environment meet. Without Qt."""

from __future__ import annotations

import ipaddress
from enum import Enum
from urllib.parse import urlsplit

from launcher.catalog import network, proxies
from launcher.core.words import joined, say
from launcher.store import secrets
from launcher.store.settings import CA_FILE, HUB_ENDPOINT, OFFLINE, PROXY, Settings


class Unreachable(Enum):
    """Why nothing can come from the hub, as this PC knows without asking anybody."""

    OFFLINE_MODE = "offline_mode"
    """Switched on in the settings."""
    VARIABLE = "variable"
    """An environment variable of the hub's programs wants it so."""
    NO_NETWORK = "no_network"


def why_unreachable() -> Unreachable | None:
    """None where nothing speaks against a download. Sends nothing; reads the system's network interfaces."""
    from launcher.hardware import links

    reason = network.offline_reason()
    if reason is not None:
        return Unreachable.OFFLINE_MODE if reason == "settings" else Unreachable.VARIABLE
    return None if _is_on_this_pc(network.endpoint()) or links.is_connected() else Unreachable.NO_NETWORK


def _is_on_this_pc(address: str) -> bool:
    """A hub of one's own, which needs no network."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def apply(settings: Settings) -> None:
    """From now on everything is fetched as the settings say. Does not block; what is not usable shows when it is used."""
    network.configure(
        network.NetworkSettings(
            endpoint=settings.get(HUB_ENDPOINT).strip() or None,
            proxy=settings.get(PROXY).strip(),
            ca_file=settings.get(CA_FILE).strip(),
            offline=settings.get(OFFLINE),
        ),
        secrets,
    )


def set_proxy(settings: Settings, text: str) -> str:
    """Take a proxy as the user wrote it, its password apart. May block while a keyring is being unlocked.

    Args:
        settings: gets the address without the password.
        text: "", "direct", or an address, with user:password@ where the proxy wants them.

    Returns:
        Where the password is kept, as a sentence; "" when there is none.

    Raises:
        UserError: ("bad_proxy") it is no proxy; ("settings_not_written") it is in force, but not saved.
    """
    network.check_proxy(text)
    text, kept = text.strip(), ""
    if text not in ("", proxies.DIRECT):
        found = proxies.parse(text)
        if found.password:
            kept = secrets.keep_proxy_password(found.account, found.password)
            network.renew()
        text = proxies.without_password(text)
    settings.set(PROXY, text)
    apply(settings)
    return kept


def keep_token(text: str, host: str | None = None) -> str:
    """Keep an access token for a hub. May block while a keyring is being unlocked.

    Args:
        text: as the user entered it.
        host: None is the hub in use.

    Returns:
        Where it is kept, as a sentence.

    Raises:
        UserError: ("bad_token") it is none.
    """
    return secrets.keep_token(host or urlsplit(network.endpoint()).netloc, text)


def token_source() -> str:
    """Where the access token in use comes from, as a sentence; "" when there is none. May block as `keep_token`."""
    found = network.token()
    if found is None:
        return ""
    host = urlsplit(network.endpoint()).netloc
    if found.source == "launcher":
        return say("The one you entered here for {host}.", host=host)
    return joined(say("From {source}.", source=found.source), say("One that you enter here goes first."))
