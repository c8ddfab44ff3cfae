"""Ends blocking network reads from another thread, so that Stop works on stalled connections too."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any


class Line:
    """The socket that one connection is reading from."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Hook of the HTTP client ("trace" extension): learns of a connection while the answer is still awaited."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.watch(info["return_value"])

    def watch(self, stream: Any) -> None:
        """Remember the connection's socket (httpcore's NetworkStream)."""
        found = stream.get_extra_info("socket")
        with self._lock:
            self._socket = found
        if self._is_cut:
            self.cut()

    def cut(self) -> None:
        """End the read. The kernel's shutdown, not SSLSocket's: that one would pull the TLS state from under the reader."""
        with self._lock:
            self._is_cut = True
            found, self._socket = self._socket, None
        if found is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(found, socket.SHUT_RDWR)


class Lines:
    """All connections of one fetch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: set[Line] = set()
        self._is_cut = False

    def open(self) -> Line:
        """A new connection's line; cut at once when all are."""
        line = Line()
        with self._lock:
            self._lines.add(line)
            is_cut = self._is_cut
        if is_cut:
            line.cut()
        return line

    def close(self, line: Line) -> None:
        """That connection has ended."""
        with self._lock:
            self._lines.discard(line)

    def cut(self) -> None:
        """End every read, and every later one as soon as it begins."""
        with self._lock:
            self._is_cut = True
            lines = tuple(self._lines)
        for line in lines:
            line.cut()
