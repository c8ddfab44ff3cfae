"""Whether anything speaks against a download, found out without sending anything."""

from __future__ import annotations

from collections import namedtuple

import psutil
import pytest

from launcher.catalog import network as ways
from launcher.catalog.network import NetworkSettings
from launcher.hardware import links
from launcher.services.network import Unreachable, why_unreachable

Stats = namedtuple("Stats", "isup")
Address = namedtuple("Address", "address")
LOOPBACK = ("127.0.0.1", "::1", "00:00:00:00:00:00")


def interfaces(monkeypatch: pytest.MonkeyPatch, **found: tuple[bool, tuple[str, ...]]) -> None:
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {name: Stats(up) for name, (up, _) in found.items()})
    monkeypatch.setattr(
        psutil,
        "net_if_addrs",
        lambda: {name: [Address(a) for a in addresses] for name, (_, addresses) in found.items()},
    )


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_settings", NetworkSettings())
    monkeypatch.delenv("HF_ENDPOINT", raising=False)


@pytest.mark.parametrize(
    ("up", "addresses", "expected"),
    [
        (True, ("192.168.1.7",), True),
        (True, ("fe80::1%eth0", "2001:db8::7"), True),
        (False, ("192.168.1.7",), False),
        (True, ("fe80::1%eth0", "169.254.3.4", "02:42:ac:11:00:02"), False),
        (True, (), False),
    ],
)
def test_an_interface_counts_when_others_can_reach_it(
    monkeypatch: pytest.MonkeyPatch, up: bool, addresses: tuple[str, ...], expected: bool
) -> None:
    interfaces(monkeypatch, lo=(True, LOOPBACK), eth0=(up, addresses))
    assert links.is_connected() is expected
    assert why_unreachable() is (None if expected else Unreachable.NO_NETWORK)


def test_what_the_system_does_not_tell_speaks_against_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError("not allowed")

    monkeypatch.setattr(psutil, "net_if_stats", refuse)
    assert links.is_connected()


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_a_hub_on_this_pc_needs_no_network(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    interfaces(monkeypatch, lo=(True, LOOPBACK))
    assert why_unreachable() is Unreachable.NO_NETWORK
    monkeypatch.setenv("HF_ENDPOINT", address)
    assert why_unreachable() is None


def test_offline_mode_goes_first_whoever_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    interfaces(monkeypatch, lo=(True, LOOPBACK))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert why_unreachable() is Unreachable.VARIABLE
    monkeypatch.setattr(ways, "_settings", NetworkSettings(offline=True))
    assert why_unreachable() is Unreachable.OFFLINE_MODE
