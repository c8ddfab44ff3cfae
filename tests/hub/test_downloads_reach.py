"""Random downloads over every kind of way: TLS with a private authority, a mirror below a path, proxies that want a password."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from huggingface_hub.utils import close_session

from launcher.catalog import certificates, network
from launcher.catalog.network import NetworkSettings
from tests.fakes.certificates import private_ca
from tests.fakes.hub import FakeHub
from tests.fakes.proxy import ForwardProxy, SocksProxy
from tests.hub import download_runs

NAME = "hub.test"
USER, PASSWORD = "ann", "pen:cil @%"
WAYS = ("tls", "mirror", "http proxy", "socks proxy", "tls, http proxy", "tls, socks proxy, mirror")
SEEDS = (101, 102)


class Given:
    """The proxy's password; the hub's token comes from the environment."""

    def token(self, host: str) -> str | None:
        return None

    def proxy_password(self, account: str) -> str | None:
        return PASSWORD if account.startswith(f"{USER}@") else None


@pytest.fixture(autouse=True)
def own_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", *certificates.VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", download_runs.TOKEN)
    yield
    network.configure(NetworkSettings())
    close_session()


@contextmanager
def reached(
    way: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[tuple[FakeHub, ForwardProxy | SocksProxy | None]]:
    """A hub that can be reached that way only, and the proxy on it."""
    ca = private_ca(folder) if "tls" in way else None
    kind = {"http": ForwardProxy, "socks": SocksProxy}["http" if "http" in way else "socks"] if "proxy" in way else None
    name = NAME if kind else "127.0.0.1"
    prefix = "/mirrors/hf" if "mirror" in way else ""
    with (
        FakeHub(ca.server_context((NAME, "127.0.0.1")) if ca else None, prefix, name) as hub,
        kind(USER, PASSWORD, {NAME: "127.0.0.1"}) if kind else nullcontext() as proxy,
    ):
        for variable, value in hub.environment().items():
            monkeypatch.setenv(variable, value)
        address = f"{proxy.scheme}://{USER}@{proxy.address}" if proxy else ""
        network.configure(NetworkSettings(proxy=address, ca_file=str(ca.ca_file) if ca else ""), Given())
        try:
            yield hub, proxy
        finally:
            close_session()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", WAYS)
def test_right_bytes_or_a_clear_error_and_nothing_lost(
    way: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reached(way, tmp_path, monkeypatch) as (hub, proxy):
        outcome = download_runs.run(seed, hub)
        assert outcome.ends[-1] == "done"
        if proxy is not None:  # the name is found nowhere else, so what came, came through it
            assert proxy.requests
            assert all(NAME in request for request in proxy.requests)
            assert {r.where for r in hub.log if r.where != "api"} == {"resolve", "cdn"}
