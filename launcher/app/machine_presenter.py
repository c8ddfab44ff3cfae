"""This PC and the meters beside the chat: hardware, load history, alarms."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from launcher.core.calibration import Calibration
from launcher.core.generation import Loaded
from launcher.core.machine import Sample
from launcher.engine.protocol import EngineState, TextDelta
from launcher.services.calibration_service import CalibrationProgress, CalibrationService
from launcher.services.chat_service import ChatService
from launcher.services.engine_check_service import EngineCheckProgress, EngineCheckService
from launcher.services.engine_service import EngineService
from launcher.services.hardware_service import HardwareService
from launcher.ui.meters import AlarmBanner, MeterPanel
from launcher.ui.thispc import ThisPcPage


class MachinePresenter(QObject):
    """Connects the meters and the This PC page."""

    def __init__(
        self,
        page: ThisPcPage,
        meters: MeterPanel,
        alarms: AlarmBanner,
        hardware: HardwareService,
        engine: EngineService,
        store: ChatService,
        calibration: CalibrationService,
        check: EngineCheckService,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._meters = meters
        self._engine = engine
        self._check = check
        self._rate: float | None = None
        self._alarms = alarms
        for target in (page, meters, alarms):
            hardware.machine_probed.connect(target.set_machine)
            engine.machine_read.connect(target.set_machine)
            hardware.sample_taken.connect(target.set_sample)
        hardware.sample_taken.connect(self._on_sample_taken)
        hardware.engine_described.connect(self._on_engine_described)
        engine.loaded.connect(self._on_loaded)
        engine.state_changed.connect(self._on_state_changed)
        engine.text_streamed.connect(self._on_text_streamed)
        store.loads_listed.connect(page.set_load_history)
        page.look_again_requested.connect(hardware.probe)
        page.measure_requested.connect(calibration.measure)
        page.measure_stop_requested.connect(calibration.stop)
        calibration.progressed.connect(self._on_measure_progressed)
        calibration.measured.connect(self._on_measured)
        calibration.measure_failed.connect(page.set_measured)
        calibration.measure_stopped.connect(page.set_measured)
        # A new machine value: every plan is made again with what was measured.
        calibration.measured.connect(hardware.probe)
        page.check_requested.connect(check.check)
        page.check_stop_requested.connect(check.stop)
        page.unload_requested.connect(engine.unload)
        check.progressed.connect(self._on_check_progressed)
        check.device_checked.connect(page.add_finding)
        check.checked.connect(self._on_checked)
        check.check_failed.connect(page.set_checked)
        check.check_stopped.connect(self._on_check_stopped)

    @Slot(str)
    def _on_engine_described(self, version: str) -> None:
        self._page.set_engine_version(version)

    @Slot(object)
    def _on_measure_progressed(self, progress: CalibrationProgress) -> None:
        self._page.set_measuring(progress.what, progress.fraction)

    @Slot(object)
    def _on_measured(self, calibration: Calibration) -> None:
        del calibration  # it comes back with the machine
        self._page.set_measured()

    @Slot(object)
    def _on_check_progressed(self, progress: EngineCheckProgress) -> None:
        self._page.set_checking(progress.what, progress.fraction)

    @Slot(object)
    def _on_checked(self, findings: object) -> None:
        del findings  # told one by one
        self._page.set_checked()

    @Slot()
    def _on_check_stopped(self) -> None:
        self._page.set_checked(was_stopped=True)

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        self._page.set_loaded(loaded)
        self._meters.set_loaded(loaded, self._engine.plan)
        self._alarms.set_loaded(loaded, self._engine.plan, self._engine.intended, self._engine.steps)

    @Slot(object)
    def _on_state_changed(self, state: EngineState) -> None:
        if state is not EngineState.ANSWERING:
            self._rate = None
        if state in (EngineState.STOPPED, EngineState.CRASHED, EngineState.STARTING):
            self._page.set_loaded(None)
            self._meters.set_loaded(None, None)
            self._alarms.set_loaded(None, None)
        if state is EngineState.STARTING:
            self._alarms.begin()
            self._check.stop()  # the model gets the devices
        is_there = state not in (EngineState.STOPPED, EngineState.CRASHED)
        self._page.set_model_in_the_way(is_there, can_unload=state is EngineState.READY)

    @Slot(object)
    def _on_text_streamed(self, event: TextDelta) -> None:
        self._rate = event.decode_tokens_s

    @Slot(object)
    def _on_sample_taken(self, sample: Sample) -> None:
        del sample  # the rate is drawn at the pace of the samples
        self._meters.add_rate(self._rate)
        self._alarms.add_rate(self._rate)
