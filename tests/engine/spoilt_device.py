"""A graphics card that computes wrongly, breaks off or falls silent: an RPC server behind a proxy that changes its answers."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable


class SpoiltDevice:
    """Stands between the engine and an RPC server, which is a graphics card as far as the engine can tell."""

    def __init__(self, server: str, spoil: Callable[[bytes], bytes | None]) -> None:
        """`spoil` changes what the device answers (without the length before it); None hangs up."""
        host, _, port = server.rpartition(":")
        self._server = (host, int(port))
        self._spoil = spoil
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for each in self._sockets:
            each.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._server)
            self._sockets += [near, far]
            for target, ends in ((self._forward, (near, far)), (self._answer, (far, near))):
                self._threads.append(threading.Thread(target=target, args=ends))
                self._threads[-1].start()

    @staticmethod
    def _forward(near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(1 << 16):
                far.sendall(data)
        _hang_up(far)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while head := _exactly(far, 8):
                body = self._spoil(_exactly(far, struct.unpack("<Q", head)[0]))
                if body is None:
                    break
                near.sendall(head + body)
        _hang_up(near)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (piece := source.recv(count - len(data))):
        data += piece
    return data
