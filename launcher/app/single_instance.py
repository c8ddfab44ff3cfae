"""One window per user: a second start hands its arguments to the first and ends."""

from __future__ import annotations

import json
from typing import cast

from PySide6.QtCore import QCryptographicHash, QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from launcher.core.paths import data_dir

_PROTOCOL = 1
_TIMEOUT_MS = 1000
_MAX_MESSAGE_BYTES = 65536


def _server_name() -> str:
    # The data folder is the identity: two LAUNCHER_HOMEs are two programs.
    # Qt's own hash: hashlib brings OpenSSL, 4 MB that a window without downloads can do without.
    digest = QCryptographicHash.hash(str(data_dir()).encode(), QCryptographicHash.Algorithm.Sha256)
    return "launcher-" + digest.toHex().toStdString()[:16]


def hand_over(arguments: list[str]) -> bool:
    """Give the arguments to a running window.

    Returns:
        True when a running window took them and this process should end.
    """
    socket = QLocalSocket()
    socket.connectToServer(_server_name())
    if not socket.waitForConnected(_TIMEOUT_MS):
        return False
    socket.write(json.dumps({"v": _PROTOCOL, "arguments": arguments}).encode() + b"\n")
    socket.waitForBytesWritten(_TIMEOUT_MS)
    taken = socket.waitForReadyRead(_TIMEOUT_MS) and socket.readAll().data() == b"ok\n"
    socket.disconnectFromServer()
    return taken


class InstanceServer(QObject):
    """Listens for later starts.

    Signals:
        arguments_received(list[str]): another start of the program was asked for with these.
    """

    arguments_received = Signal(list)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_new_connection)

    def listen(self) -> bool:
        """Claim the name; a socket left by a crashed program is removed first."""
        QLocalServer.removeServer(_server_name())
        return self._server.listen(_server_name())

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
        try:
            message = json.loads(bytes(socket.readLine(_MAX_MESSAGE_BYTES).data()))
            arguments = [str(a) for a in message["arguments"]] if message["v"] == _PROTOCOL else []
        except (ValueError, KeyError, TypeError):
            socket.abort()
            return
        socket.write(b"ok\n")
        socket.flush()
        self.arguments_received.emit(arguments)
