"""The HTTP client that all traffic goes through; `network` gives it to huggingface_hub and to us. Imported on first use."""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
from collections.abc import Callable, Generator
from typing import Any

import httpx2

from launcher.catalog import certificates, proxies
from launcher.catalog.proxies import ProxyInUse


def make(
    proxy_setting: str, ca_file: str, proxy_password: Callable[[str], str | None], is_offline: Callable[[], bool]
) -> httpx2.Client:
    """A client like huggingface_hub's own, but with our way there.

    Args:
        proxy_setting: see `proxies.for_url`.
        ca_file: see `certificates.context`.
        proxy_password: gives a proxy's password by its account; asked when its first connection is made.
        is_offline: asked before each request.

    Raises:
        UserError: ("ca_file") the extra certificates cannot be used.
    """
    from huggingface_hub.errors import OfflineModeIsEnabled
    from huggingface_hub.utils._http import hf_request_event_hook

    def refuse_when_offline(request: httpx2.Request) -> None:
        if is_offline():
            raise OfflineModeIsEnabled(f"Nothing is sent to {request.url.host}: offline mode is on.")

    # Its debug lines would show a SOCKS proxy's password.
    logging.getLogger("httpcore2.socks").setLevel(logging.INFO)
    return httpx2.Client(
        transport=_Router(proxy_setting, certificates.context(ca_file), proxy_password),
        event_hooks={"request": [refuse_when_offline, hf_request_event_hook]},
        follow_redirects=True,
        timeout=None,  # huggingface_hub's default; every call sets its own
    )


class _Router(httpx2.BaseTransport):
    """Sends each request through its proxy, with one pool of connections for each proxy."""

    def __init__(self, setting: str, tls: ssl.SSLContext, password: Callable[[str], str | None]) -> None:
        self._setting, self._tls, self._password = setting, tls, password
        self._pools: dict[ProxyInUse | None, httpx2.BaseTransport] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it; raises as httpx does, or UserError ("bad_proxy")."""
        proxy = proxies.for_url(str(request.url), self._setting)
        pool = self._pool(proxy)
        if proxy is None:
            return pool.handle_request(request)
        with _closing_what_failed(request), _no_socks_errors():
            return pool.handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            self._is_closed = True
            pools = list(self._pools.values())
            self._pools.clear()
        for pool in pools:
            pool.close()

    def _pool(self, proxy: ProxyInUse | None) -> httpx2.BaseTransport:
        with self._lock:
            if self._is_closed:  # a redirect of a request that began before
                raise httpx2.ReadError("the client was renewed")
            if proxy not in self._pools:
                self._pools[proxy] = httpx2.HTTPTransport(verify=self._tls, proxy=self._with_password(proxy))
            return self._pools[proxy]

    def _with_password(self, proxy: ProxyInUse | None) -> httpx2.Proxy | None:
        if proxy is None:
            return None
        password = proxy.password or (self._password(proxy.account) or "" if proxy.user else "")
        return httpx2.Proxy(
            proxy.address,
            auth=(proxy.user, password) if proxy.user else None,
            ssl_context=self._tls if proxy.address.startswith("https://") else None,
        )


@contextlib.contextmanager
def _no_socks_errors() -> Generator[None]:
    """What is not SOCKS at the other end makes the client's parser trip; its stumbling is not an error of ours."""
    from socksio import SOCKSError

    try:
        yield
    except (SOCKSError, AssertionError) as error:
        raise httpx2.ProxyError("no SOCKS proxy answers there") from error


@contextlib.contextmanager
def _closing_what_failed(request: httpx2.Request) -> Generator[None]:
    """Close the connection to a proxy that refused: httpcore leaves a SOCKS one open until it is collected."""
    streams: list[Any] = []
    heard = request.extensions.get("trace")

    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith("connect_tcp.complete"):
            streams.append(info["return_value"])
        if heard is not None:
            heard(event, info)

    request.extensions = {**request.extensions, "trace": trace}
    try:
        yield
    except BaseException:
        for stream in streams:
            stream.close()
        raise
