"""The way from a second start to the window that is there: one line of JSON through a local socket, answered with "ok".

Apart from the claim, because a first start needs no QtNetwork before its window is painted.
"""

from __future__ import annotations

import json
from typing import Any, cast

from PySide6.QtCore import QCryptographicHash, QDeadlineTimer, QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from launcher.app.start_request import Start
from launcher.core.paths import data_dir

_PROTOCOL = 2
_CONNECT_MS = 500
_MAX_MESSAGE_BYTES = 1 << 20


def server_name() -> str:
    """The data folder is the identity: two LAUNCHER_HOMEs are two programs."""
    # Qt's own hash: hashlib brings OpenSSL, 4 MB that a window without downloads can do without.
    digest = QCryptographicHash.hash(str(data_dir()).encode(), QCryptographicHash.Algorithm.Sha256)
    return "launcher-" + digest.toHex().toStdString()[:16]


class StartServer(QObject):
    """Takes the starts of others.

    Signals:
        start_received(Start): the program was started once more; its process has ended.
    """

    start_received = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_new_connection)

    def listen(self) -> None:
        """Begin; only the holder of the lock calls this, so a name that is taken is a dead process's."""
        QLocalServer.removeServer(server_name())
        self._server.listen(server_name())

    def close(self) -> None:
        """Take no more."""
        self._server.close()

    @Slot()
    def _on_new_connection(self) -> None:
        while socket := self._server.nextPendingConnection():
            socket.setParent(self)
            socket.readyRead.connect(self._on_ready_read)
            socket.disconnected.connect(socket.deleteLater)

    @Slot()
    def _on_ready_read(self) -> None:
        socket = cast("QLocalSocket", self.sender())
        if not socket.canReadLine():
            if socket.bytesAvailable() > _MAX_MESSAGE_BYTES:
                socket.abort()
            return
        start = _parsed(bytes(socket.readLine(_MAX_MESSAGE_BYTES).data()))
        if start is None:
            socket.abort()
            return
        socket.write(b"ok\n")
        socket.flush()
        self.start_received.emit(start)


def hand_over(start: Start, patience: QDeadlineTimer) -> bool:
    """Whether a running window took it. It answers from its event loop, which may still have to begin."""
    socket = QLocalSocket()
    socket.connectToServer(server_name())
    if not socket.waitForConnected(_CONNECT_MS):
        return False
    message = {"v": _PROTOCOL, "files": start.files, "activation_token": start.activation_token}
    socket.write(json.dumps(message).encode() + b"\n")
    # Ends at once, without an answer, when the other process ends.
    return socket.waitForReadyRead(max(1, patience.remainingTime())) and socket.readAll().data() == b"ok\n"


def _parsed(line: bytes) -> Start | None:
    try:
        message: Any = json.loads(line)
        if message["v"] != _PROTOCOL:
            return None
        return Start(tuple(str(path) for path in message["files"]), str(message["activation_token"]))
    except (ValueError, KeyError, TypeError):
        return None
