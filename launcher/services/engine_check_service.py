"""Comparing what every device computes with the processor, for the window."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from launcher.core.errors import UserError
from launcher.services.tasks import TaskRunner

if TYPE_CHECKING:
    from launcher.engine.device_findings import DeviceFinding


@dataclass(frozen=True, slots=True)
class EngineCheckProgress:
    """`what` is computed now ("CUDA0: dense F32", "" at the start); `fraction` of the whole, 0 to 1."""

    what: str
    fraction: float


class EngineCheckService(QObject):
    """One check at a time, in workers of its own: what is loaded is not touched, but takes part of the devices.

    Signals:
        progressed(EngineCheckProgress): while it runs.
        device_checked(DeviceFinding): one device is done.
        checked(tuple[DeviceFinding, ...]): all are.
        check_failed(UserError): the engine does not start, or there is no room for the models.
        check_stopped(): as asked; the devices told so far stand.
    """

    progressed = Signal(object)
    device_checked = Signal(object)
    checked = Signal(object)
    check_failed = Signal(object)
    check_stopped = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("engine-check", self, serial=True)
        self._stop: threading.Event | None = None
        self.findings: tuple[DeviceFinding, ...] = ()
        """Of the latest check, as far as it came; for a report."""

    @property
    def is_checking(self) -> bool:
        """Whether one runs."""
        return self._stop is not None

    @Slot()
    def check(self) -> None:
        """Begin, unless one runs."""
        if self._stop is not None:
            return
        stop = self._stop = threading.Event()
        self.findings = ()
        self.progressed.emit(EngineCheckProgress("", 0.0))

        def work() -> tuple[DeviceFinding, ...]:
            from launcher.engine.device_check import check_devices
            from launcher.engine.devices import engine_info

            def on_progress(what: str, fraction: float) -> None:
                self.progressed.emit(EngineCheckProgress(what, fraction))

            def on_finding(finding: DeviceFinding) -> None:
                self.device_checked.emit(finding)

            return check_devices(engine_info(), on_finding, on_progress=on_progress, stop=stop)

        self._tasks.run(work, self._on_checked, self._on_failed)

    @Slot()
    def stop(self) -> None:
        """End it, if one runs; `check_stopped` follows within a second."""
        if self._stop is not None:
            self._stop.set()

    def close(self) -> None:
        """End it and its thread."""
        self.stop()
        self._tasks.close()

    def _on_checked(self, findings: tuple[DeviceFinding, ...]) -> None:
        was_stopped = self._stop is not None and self._stop.is_set()
        self._stop = None
        self.findings = findings
        if was_stopped:
            self.check_stopped.emit()
        else:
            self.checked.emit(findings)

    def _on_failed(self, error: UserError) -> None:
        was_stopped = self._stop is not None and self._stop.is_set()
        self._stop = None
        if was_stopped:
            self.check_stopped.emit()
        else:
            self.check_failed.emit(error)
