"""Reaching the hub, off the GUI thread: testing the connection and keeping an access token."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Qt, Signal, Slot

from launcher.catalog.connection import ConnectionReport, ConnectionStep, test_connection
from launcher.core.errors import UserError
from launcher.services import network
from launcher.services.tasks import CLOSE_PATIENCE_S, TaskRunner


class ReachService(QObject):
    """One test at a time.

    Signals:
        step_taken(ConnectionStep): a step began or ended.
        tested(ConnectionReport): the test has ended, also when it was stopped.
        token_kept(str, str): the hub's host, and where its token is kept, as a sentence.
        token_refused(UserError): it is no token.
    """

    step_taken = Signal(object)
    tested = Signal(object)
    token_kept = Signal(str, str)
    token_refused = Signal(object)
    _arrived = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("reach", self, patience_s=CLOSE_PATIENCE_S)
        self._stop: threading.Event | None = None
        # Steps come from the worker thread; the queued signal carries them into the GUI thread.
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    @property
    def is_testing(self) -> bool:
        """A test is under way."""
        return self._stop is not None

    @Slot()
    def test(self) -> None:
        """Begin a test; one that is under way goes on."""
        if self._stop is not None:
            return
        stop = self._stop = threading.Event()
        self._tasks.run(lambda: test_connection(self._arrived.emit, stop), self._on_tested)

    @Slot()
    def stop(self) -> None:
        """End a test that is under way."""
        if self._stop is not None:
            self._stop.set()

    def keep_token(self, host: str, token: str) -> None:
        """Keep an access token for a hub; `token_kept` or `token_refused` follows."""

        def on_kept(where: str) -> None:
            self.token_kept.emit(host, where)

        self._tasks.run(lambda: network.keep_token(token, host or None), on_kept, self._on_refused)

    def close(self) -> None:
        """End the threads."""
        self.stop()
        self._tasks.close()

    def _on_refused(self, error: UserError) -> None:
        self.token_refused.emit(error)

    def _on_tested(self, report: ConnectionReport) -> None:
        self._stop = None
        self.tested.emit(report)

    @Slot(object)
    def _on_arrived(self, step: ConnectionStep) -> None:
        if self._stop is not None:
            self.step_taken.emit(step)
