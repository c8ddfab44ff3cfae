"""Whether this computer is connected to any network at all; nothing is sent to find out."""

from __future__ import annotations

import ipaddress

import psutil


def is_connected() -> bool:
    """Whether a network interface is up with an address that others can reach. About a millisecond.

    A cable into nowhere and a machine's own virtual networks count as connected: that nothing comes through them shows when
    something is fetched.
    """
    try:
        up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
        addresses = psutil.net_if_addrs()
    except OSError:  # not told here: then nothing is known that speaks against it
        return True
    return any(_is_reachable(a.address) for name in up for a in addresses.get(name, ()))


def _is_reachable(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:  # the hardware's own address
        return False
    return not (address.is_loopback or address.is_link_local or address.is_unspecified)
