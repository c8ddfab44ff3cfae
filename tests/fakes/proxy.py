"""Proxies on this machine: an HTTP one (absolute addresses and CONNECT) and a SOCKS5 one, with or without a password.

    with ForwardProxy("ann", "pencil", names={"hub.test": "127.0.0.1"}) as proxy:
        os.environ["HTTPS_PROXY"] = proxy.url_with_password
        ...
    assert proxy.requests == ["CONNECT hub.test:443"]

The launcher asks no proxy for this computer itself: give a server a name that only the proxy knows, as above, or set
NO_PROXY to "<-loopback>".

Both look names up themselves, as real ones do: in `names`, else only loopback. What the client never resolves shows that way.
"""

from __future__ import annotations

import base64
import contextlib
import selectors
import socket
import socketserver
import struct
import threading
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

_BLOCK = 1 << 16
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class RefusedError(Exception):
    """The proxy does not go there."""


class ForbiddenError(RefusedError):
    """Whoever runs it does not allow it."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False  # joined by server_close: a test sees no leaked thread
    allow_reuse_address = True

    def __init__(self, proxy: _Proxy, handler: type[socketserver.BaseRequestHandler]) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are no news."""


class _Proxy:
    """What both have in common.

    Attributes:
        requests: what was asked for, in order: "CONNECT host:port", "GET http://host/path".
        refused: how many were turned away for their password.
        forbidden: hosts that it does not let anybody go to.
    """

    scheme = ""
    handler: type[socketserver.BaseRequestHandler]

    def __init__(
        self, user: str | None = None, password: str | None = None, names: Mapping[str, str] | None = None
    ) -> None:
        self.user, self.password, self.names = user, password or "", dict(names or {})
        self.requests: list[str] = []
        self.refused = 0
        self.forbidden: set[str] = set()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = _Server(self, self.handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=f"fake-{self.scheme}-proxy"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """Its address without a password."""
        return f"{self.scheme}://{self.address}"

    @property
    def url_with_password(self) -> str:
        """As it would be written into HTTPS_PROXY."""
        return f"{self.scheme}://{self.user}:{self.password}@{self.address}"

    def connect(self, host: str, port: int) -> socket.socket:
        """To where a client wants to go, on this machine only."""
        if host in self.forbidden:
            raise ForbiddenError(host)
        found = self.names.get(host, host)
        if found not in _LOOPBACK:
            raise RefusedError(host)
        try:
            return self.watch(socket.create_connection((found, port), 10))
        except OSError as error:
            raise RefusedError(host) from error

    def watch(self, sock: socket.socket) -> socket.socket:
        """End this connection when the proxy ends."""
        with self._lock:
            self._open.add(sock)
        return sock

    def forget(self, sock: socket.socket) -> None:
        """It was closed."""
        with self._lock:
            self._open.discard(sock)

    def relay(self, one: socket.socket, other: socket.socket) -> None:
        """Pass bytes both ways until one side ends."""
        one.setblocking(True)
        with selectors.DefaultSelector() as selector:
            selector.register(one, selectors.EVENT_READ, other)
            selector.register(other, selectors.EVENT_READ, one)
            while True:
                for key, _ in selector.select():
                    source, target = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    if not (data := source.recv(_BLOCK)):
                        return
                    target.sendall(data)


class _Handler(socketserver.BaseRequestHandler):
    """One connection of a client. Sockets that it opens are closed with it."""

    server: _Server
    request: socket.socket

    def setup(self) -> None:
        self.request.settimeout(30)
        self.server.proxy.watch(self.request)
        self._upstream: socket.socket | None = None

    def finish(self) -> None:
        self.server.proxy.forget(self.request)
        if self._upstream is not None:
            self.server.proxy.forget(self._upstream)
            self._upstream.close()

    def go_to(self, host: str, port: int) -> socket.socket:
        self._upstream = self.server.proxy.connect(host, port)
        return self._upstream

    def read(self, count: int) -> bytes:
        """Exactly so many bytes."""
        data = b""
        while len(data) < count:
            if not (more := self.request.recv(count - len(data))):
                raise ConnectionError
            data += more
        return data


def _head(sock: socket.socket) -> bytes:
    """The lines of a request or answer with the empty one that ends them; b"" when it never comes."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        try:
            more = sock.recv(1)
        except OSError:
            more = b""
        if not more:
            return b""
        data += more
    return data


class _ForwardHandler(_Handler):
    def handle(self) -> None:
        head = _head(self.request)
        if not head:
            return
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        proxy = self.server.proxy
        proxy.requests.append(f"{method} {target}")
        if not self._is_allowed(lines[1:]):
            proxy.refused += 1
            self._say(407, 'Proxy-Authenticate: Basic realm="office"\r\n')
            return
        try:
            if method == "CONNECT":
                host, _, port = target.rpartition(":")
                upstream = self.go_to(host.strip("[]"), int(port))
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                parts = urlsplit(target)
                upstream = self.go_to(parts.hostname or "", parts.port or 80)
                path = target.partition(parts.netloc)[2] or "/"
                kept = [line for line in lines[1:] if not line.lower().startswith(("proxy-", "connection:"))]
                # One request per connection: the next one of this client may be for another host.
                sent = "\r\n".join([f"{method} {path} HTTP/1.1", "Connection: close", *kept])
                upstream.sendall(sent.encode("latin-1"))
                answer = _head(upstream)
                self.request.sendall(answer[:-2] + b"Connection: close\r\n\r\n")
        except RefusedError as error:
            self._say(403 if isinstance(error, ForbiddenError) else 502)
            return
        proxy.relay(self.request, upstream)

    def _is_allowed(self, headers: list[str]) -> bool:
        proxy = self.server.proxy
        if proxy.user is None:
            return True
        wanted = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        return f"proxy-authorization: basic {wanted}".lower() in [line.lower() for line in headers]

    def _say(self, status: int, headers: str = "") -> None:
        reason = {403: "Forbidden", 407: "Proxy Authentication Required", 502: "Bad Gateway"}[status]
        answer = f"HTTP/1.1 {status} {reason}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n"
        self.request.sendall(answer.encode())


class ForwardProxy(_Proxy):
    """An HTTP proxy. A wrong or missing password is answered with 407."""

    scheme = "http"
    handler = _ForwardHandler


class _SocksHandler(_Handler):
    def handle(self) -> None:
        try:
            self._handle()
        except (ConnectionError, TimeoutError):
            return

    def _handle(self) -> None:
        proxy = self.server.proxy
        methods = self.read(self.read(2)[1])
        method = 0 if proxy.user is None else 2
        if method not in methods:
            proxy.refused += 1
            self.request.sendall(b"\x05\xff")
            return
        self.request.sendall(bytes((5, method)))
        if method == 2 and not self._is_allowed():
            proxy.refused += 1
            self.request.sendall(b"\x01\x01")
            return
        if method == 2:
            self.request.sendall(b"\x01\x00")
        host, port = self._target()
        proxy.requests.append(f"CONNECT {host}:{port}")
        try:
            upstream = self.go_to(host, port)
        except RefusedError as error:
            self._reply(2 if isinstance(error, ForbiddenError) else 4)  # not allowed by ruleset; host unreachable
            return
        self._reply(0)
        proxy.relay(self.request, upstream)

    def _is_allowed(self) -> bool:
        user = self.read(self.read(2)[1]).decode()
        password = self.read(self.read(1)[0]).decode()
        return (user, password) == (self.server.proxy.user, self.server.proxy.password)

    def _target(self) -> tuple[str, int]:
        kind = self.read(4)[3]
        if kind == 1:
            host = socket.inet_ntop(socket.AF_INET, self.read(4))
        elif kind == 4:
            host = socket.inet_ntop(socket.AF_INET6, self.read(16))
        else:
            host = self.read(self.read(1)[0]).decode()
        return host, struct.unpack("!H", self.read(2))[0]

    def _reply(self, code: int) -> None:
        self.request.sendall(bytes((5, code, 0, 1, 0, 0, 0, 0, 0, 0)))


class SocksProxy(_Proxy):
    """A SOCKS5 proxy. Takes user and password when it has some, else nobody needs any."""

    scheme = "socks5"
    handler = _SocksHandler
