"""Measuring this PC, for the window."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from launcher.core.calibration import Calibration
from launcher.core.errors import UserError
from launcher.services.tasks import TaskRunner


@dataclass(frozen=True, slots=True)
class CalibrationProgress:
    """`what` is measured now, in the user's language; `fraction` of the whole, 0 to 1."""

    what: str
    fraction: float


class CalibrationService(QObject):
    """One measurement at a time; its result is kept on disk before it is told.

    Signals:
        progressed(CalibrationProgress): while it runs.
        measured(Calibration): done; machines that are probed from now on carry it.
        measure_failed(UserError): nothing was changed.
        measure_stopped(): as asked; nothing was changed.
    """

    progressed = Signal(object)
    measured = Signal(object)
    measure_failed = Signal(object)
    measure_stopped = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("calibration", self, serial=True)
        self._stop: threading.Event | None = None

    @property
    def is_measuring(self) -> bool:
        """Whether one runs."""
        return self._stop is not None

    def measure(self) -> None:
        """Begin, unless one runs."""
        if self._stop is not None:
            return
        stop = self._stop = threading.Event()
        self.progressed.emit(CalibrationProgress("", 0.0))

        def work() -> Calibration:
            from launcher.engine.calibration import calibrate, save_calibration
            from launcher.engine.devices import engine_info

            def on_progress(what: str, fraction: float) -> None:
                self.progressed.emit(CalibrationProgress(what, fraction))

            calibration = calibrate(on_progress, stop)
            save_calibration(calibration, engine_info().processor)
            return calibration

        self._tasks.run(work, self._on_measured, self._on_failed)

    def stop(self) -> None:
        """End it; `measure_stopped` follows within a second."""
        if self._stop is not None:
            self._stop.set()

    def close(self) -> None:
        """End it and its thread."""
        self.stop()
        self._tasks.close()

    def _on_measured(self, calibration: Calibration) -> None:
        self._stop = None
        self.measured.emit(calibration)

    def _on_failed(self, error: UserError) -> None:
        self._stop = None
        if error.code == "calibration_stopped":
            self.measure_stopped.emit()
        else:
            self.measure_failed.emit(error)
