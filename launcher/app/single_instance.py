"""One window per user: a second start gives its files to the first and ends, also while the first is still opening."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import (
    QCryptographicHash,
    QDeadlineTimer,
    QLockFile,
    QObject,
    QSysInfo,
    QThread,
    QUrl,
    Signal,
    Slot,
)
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from launcher.core.paths import data_dir

_PROTOCOL = 2
_PATIENCE_MS = 15_000
_CONNECT_MS = 500
_PAUSE_MS = 50
_MAX_MESSAGE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Start:
    """What one start of the program was asked for.

    Attributes:
        files: absolute paths.
        activation_token: the desktop's permission to come to the front (XDG activation); empty without one.
    """

    files: tuple[str, ...] = ()
    activation_token: str = ""


def start_of(arguments: Sequence[str]) -> Start:
    """Files are named from where this process was started; the running one may have been started anywhere else."""
    return Start(tuple(_path(a) for a in arguments), os.environ.get("XDG_ACTIVATION_TOKEN", ""))


def _path(argument: str) -> str:
    local = QUrl(argument).toLocalFile() if argument.startswith("file:") else argument
    return str(Path(local or argument).absolute())


def _server_name() -> str:
    # The data folder is the identity: two LAUNCHER_HOMEs are two programs.
    # Qt's own hash: hashlib brings OpenSSL, 4 MB that a window without downloads can do without.
    digest = QCryptographicHash.hash(str(data_dir()).encode(), QCryptographicHash.Algorithm.Sha256)
    return "launcher-" + digest.toHex().toStdString()[:16]


class Instance(QObject):
    """This process's claim to be the one with the window.

    Signals:
        other_started(Start): the program was started once more; its process has ended.
    """

    other_started = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # A lock besides the socket, because a name can be taken only after others were asked, and two may ask at once.
        self._lock = QLockFile(str(data_dir() / "window.lock"))
        self._lock.setStaleLockTime(
            0
        )  # never by age: a window may be open for weeks; a dead process is noticed all the same
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_new_connection)

    def claim(self, start: Start) -> bool:
        """Become the one, or give the start to the one that runs; waits at most 15 s for it to open or to end.

        Returns:
            True when this process shall show the window, False when the running one took the start.
        """
        patience = QDeadlineTimer(_PATIENCE_MS)
        while not self._lock.tryLock(0) and self._is_held_here() and not patience.hasExpired():
            if _hand_over(start, patience):
                return False
            QThread.msleep(_PAUSE_MS)
        # Without the lock: a hung window, or a folder that cannot be written. A second window is better than none.
        QLocalServer.removeServer(_server_name())
        self._server.listen(_server_name())
        return True

    def close(self) -> None:
        """Let the next start open a window of its own; called when the event loop has ended."""
        self._server.close()

    def release(self) -> None:
        """Called last, when nothing of ours is written any more."""
        self._lock.unlock()

    def _is_held_here(self) -> bool:
        """False for a lock that cannot be taken, or that a computer holds with which the home folder is shared."""
        if self._lock.error() is not QLockFile.LockError.LockFailedError:
            return False
        _pid, host, _name = self._lock.getLockInfo()
        return host in ("", QSysInfo.machineHostName())

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
        self.other_started.emit(start)


def _hand_over(start: Start, patience: QDeadlineTimer) -> bool:
    """Whether a running window took it. It answers from its event loop, which may still have to begin."""
    socket = QLocalSocket()
    socket.connectToServer(_server_name())
    if not socket.waitForConnected(_CONNECT_MS):
        return False
    socket.write(json.dumps({"v": _PROTOCOL, **asdict(start)}).encode() + b"\n")
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
