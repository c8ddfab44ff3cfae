"""The machine and its meters, for the window."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.services.tasks import TaskRunner

SAMPLE_SECONDS = 0.5


class HardwareService(QObject):
    """Probes the machine once (and on request) and reads the meters at 2 Hz in a thread of its own.

    Signals:
        machine_probed(Machine): what is here now, engine devices and what was measured (core.calibration) included.
        probe_failed(UserError): the engine could not tell its devices; the machine follows without them.
        sample_taken(Sample): all meters.
        engine_described(str): the engine's version, before anything is loaded.
    """

    machine_probed = Signal(object)
    probe_failed = Signal(object)
    sample_taken = Signal(object)
    engine_described = Signal(str)

    def __init__(self, engine_pid: Callable[[], int | None], parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("hardware", self)
        self._engine_pid = engine_pid
        self._stop = threading.Event()
        self._sampler = threading.Thread(target=self._sample_until_stopped, name="launcher-meters", daemon=True)
        self.machine: Machine | None = None

    def start(self) -> None:
        """Probe now and begin sampling."""
        self._sampler.start()
        self.probe()

    def probe(self) -> None:
        """Look again; `machine_probed` follows."""
        self._tasks.run(self._probe, self._on_probed)

    def close(self) -> None:
        """End the threads."""
        self._stop.set()
        if self._sampler.is_alive():
            self._sampler.join()
        self._tasks.close()

    def _probe(self) -> Machine:
        from launcher import hardware
        from launcher.engine.devices import engine_info
        from launcher.services.this_machine import machine_of

        try:
            info = engine_info(fresh=self.machine is not None)
        except UserError as error:
            self.probe_failed.emit(error)
            return hardware.probe()
        self.engine_described.emit(info.engine_version)
        return machine_of(info)

    def _on_probed(self, machine: Machine) -> None:
        self.machine = machine
        self.machine_probed.emit(machine)

    def _sample_until_stopped(self) -> None:
        from launcher.hardware import Meters

        meters = Meters(self._engine_pid)
        try:
            while not self._stop.is_set():
                self.sample_taken.emit(meters.sample())
                self._stop.wait(SAMPLE_SECONDS)
        finally:
            meters.close()
