"""The bytes of one HTTP answer, read in large pieces straight from its socket."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from launcher.downloads.transfer.retry import TransientError

if TYPE_CHECKING:
    import httpx2


class Answer:
    """Bytes `at` to `until` of a file. Whoever opened it closes it.

    The HTTP client reads 64 KiB at a time through three layers of Python, which takes 2.4 s of processor time per GB. After the
    head of an answer with a Content-Length the rest of the connection is nothing but the body, so it is read from the socket
    into one buffer: 0.5 s per GB. Other framings (and TLS inside TLS) go through the client.

    Attributes:
        is_whole: the server sends the file from its start, whatever was asked for.

    Args:
        response: open, its body not read.
        at: where in the file its first byte belongs.
        until: how far it goes; what a server sends beyond is not looked at.
        failure: turns an error of the network into what to raise.
    """

    def __init__(
        self, response: httpx2.Response, at: int, until: int, failure: Callable[[Exception], Exception]
    ) -> None:
        self.at, self.until = at, until
        self.is_whole = response.status_code == 200
        self._response, self._failure = response, failure
        self._chunks: Iterator[bytes] = response.iter_raw()
        self._rest = memoryview(b"")
        self._socket = _plain_socket(response)
        self._left = int(response.headers["Content-Length"]) if self._socket is not None else 0
        self._has_begun = False

    def read(self, buffer: memoryview) -> int:
        """Up to a buffer full; 0 at the end.

        Raises:
            TransientError: the connection broke, or nothing came for too long.
        """
        wanted = min(len(buffer), self.until - self.at)
        if not wanted:
            return 0
        if not self._rest and self._has_begun and self._socket is not None:
            count = self._receive(self._socket, buffer[: min(wanted, self._left)]) if self._left else 0
        else:
            count = self._next(buffer[:wanted])
        self.at += count
        self._left -= count
        return count

    def close(self) -> None:
        """End the connection."""
        self._response.close()

    def _receive(self, source: socket.socket, buffer: memoryview) -> int:
        import httpx2

        try:
            return source.recv_into(buffer)
        except TimeoutError as error:
            raise self._failure(httpx2.ReadTimeout(str(error))) from error
        except (OSError, ValueError) as error:  # ValueError: an SSL socket that was closed under us
            raise self._failure(httpx2.ReadError(str(error))) from error

    def _next(self, buffer: memoryview) -> int:
        """What the client has; its first piece is all that it read together with the head."""
        import httpx2

        try:
            while not self._rest:
                chunk = next(self._chunks, None)
                self._has_begun = True
                if chunk is None:
                    return 0
                self._rest = memoryview(chunk)
        except httpx2.TransportError as error:
            raise self._failure(error) from error
        except (httpx2.StreamError, RuntimeError) as error:  # closed by another thread that renewed the client
            raise TransientError(str(error)) from error
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _plain_socket(response: httpx2.Response) -> socket.socket | None:
    """The socket whose remaining bytes are the body and nothing else; None when there is none such."""
    stream = response.extensions.get("network_stream")
    headers = response.headers
    is_plain = (
        response.http_version == "HTTP/1.1" and "Content-Length" in headers and "Transfer-Encoding" not in headers
    )
    if stream is None or not is_plain:
        return None
    found = stream.get_extra_info("socket")
    if not isinstance(found, socket.socket):
        return None
    is_tls_elsewhere = stream.get_extra_info("ssl_object") is not None and not isinstance(found, ssl.SSLSocket)
    return None if is_tls_elsewhere else found
