"""This PC: the hardware, what uses it now, and how good the predictions were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.calibration import Calibration
from launcher.core.engine_packs import PackState
from launcher.core.errors import UserError
from launcher.core.generation import Loaded
from launcher.core.machine import Machine, Sample
from launcher.core.words import joined
from launcher.store.loads import LoadRecord
from launcher.ui.components import ScrollPage, SecondaryButton, Text
from launcher.ui.components.live_memory import gpu_parts, ram_parts
from launcher.ui.theme import Role, Tone, px
from launcher.ui.thispc.device_cards import CpuDiskCard, EngineCard, GpuCard, RamCard
from launcher.ui.thispc.history_table import HistoryTable
from launcher.ui.thispc.measuring import MeasureStrip

if TYPE_CHECKING:
    from launcher.engine.device_findings import DeviceFinding

_NARROW_BELOW = 920


class ThisPcPage(ScrollPage):
    """Values come through setters.

    Signals:
        copy_report_requested(): put a report of this PC on the clipboard.
        look_again_requested(): probe the hardware again.
        measure_requested(): measure what this PC really does.
        measure_stop_requested(): end that.
        check_requested(): compare what every device computes with the processor.
        check_stop_requested(): end that.
        unload_requested(): the model that is in the way of a check.
        engine_settings_requested(): where another engine can be chosen.
        next_step_chosen(NextStep): a button of an error.
    """

    copy_report_requested = Signal()
    look_again_requested = Signal()
    measure_requested = Signal()
    measure_stop_requested = Signal()
    check_requested = Signal()
    check_stop_requested = Signal()
    unload_requested = Signal()
    engine_settings_requested = Signal()
    next_step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._machine: Machine | None = None
        self._loaded: Loaded | None = None
        self._gpus: list[GpuCard] = []
        self._ram: RamCard | None = None
        self._cpu: CpuDiskCard | None = None
        self._is_narrow: bool | None = None
        self._is_measuring = self._is_checking = False
        self._column = QVBoxLayout(self.content)
        self._column.setSpacing(16)
        self._column.addLayout(self._make_head())
        self._strip = MeasureStrip(self.content)
        self._strip.stop_requested.connect(self.measure_stop_requested)
        self._strip.next_step_chosen.connect(self.next_step_chosen)
        self._column.addWidget(self._strip)
        self._grid = QGridLayout()
        self._grid.setSpacing(16)
        self._column.addLayout(self._grid)
        self._history = HistoryTable(self.content)
        self._engine = EngineCard(self.content)
        self._connect_check()
        self._lower = QGridLayout()
        self._lower.setSpacing(16)
        self._column.addLayout(self._lower)
        self._column.addStretch(1)
        self._set_narrow(False)

    def _connect_check(self) -> None:
        check = self._engine.check
        check.check_requested.connect(self.check_requested)
        check.stop_requested.connect(self.check_stop_requested)
        check.unload_requested.connect(self.unload_requested)
        check.engine_settings_requested.connect(self.engine_settings_requested)
        check.next_step_chosen.connect(self.next_step_chosen)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Text(self.tr("This PC"), Role.TITLE, parent=self.content))
        self._basis = Text(self.tr("Looking at this PC…"), Role.BODY, Tone.MUTED, self.content, wrap=True)
        words.addWidget(self._basis)
        head.addLayout(words, 1)
        copy = SecondaryButton(self.tr("Copy report"), self.content)
        copy.clicked.connect(self.copy_report_requested)
        again = SecondaryButton(self.tr("Look again"), self.content, icon="rotate-cw")
        again.clicked.connect(self.look_again_requested)
        self._measure = SecondaryButton("", self.content, icon="zap")
        self._measure.clicked.connect(self.measure_requested)
        self._set_measure_button()
        for button in (copy, again, self._measure):
            head.addWidget(button)
        return head

    def set_machine(self, machine: Machine) -> None:
        """Show the hardware."""
        self._machine = machine
        for card in [*self._gpus, self._ram, self._cpu]:
            if card is not None:
                self._grid.removeWidget(card)
                card.hide()
                card.deleteLater()
        measured = machine.calibration
        self._gpus = [GpuCard(gpu, self.content, measured) for gpu in machine.gpus]
        self._ram = RamCard(machine.ram, self.content, measured)
        self._cpu = CpuDiskCard(machine.cpu, machine.disks, self.content)
        self._engine.set_devices(machine.engine_devices)
        self._basis.set_text(joined(self._basis_words(measured), *machine.notes))
        self._set_measure_button()
        self._place()

    def set_measuring(self, what: str, fraction: float) -> None:
        """A measurement runs: what of, and how much is done."""
        self._is_measuring = True
        self._strip.show_progress(what, fraction)
        self._engine.check.set_measuring(True)
        self._set_measure_button()

    def set_measured(self, error: UserError | None = None) -> None:
        """None runs any more; the error says why it came to nothing."""
        self._is_measuring = False
        if error is None:
            self._strip.clear()
        else:
            self._strip.show_error(error)
        self._engine.check.set_measuring(False)
        self._set_measure_button()

    def set_checking(self, what: str, fraction: float) -> None:
        """A check of the engine runs: what of, and how much is done."""
        self._is_checking = True
        self._engine.check.show_progress(what, fraction)
        self._set_measure_button()

    def add_finding(self, finding: DeviceFinding) -> None:
        """The check is through with a device."""
        self._engine.check.add_finding(finding)

    def set_checked(self, error: UserError | None = None, *, was_stopped: bool = False) -> None:
        """No check runs any more; the error says why it came to nothing."""
        self._is_checking = False
        self._engine.check.show_end(error, was_stopped=was_stopped)
        self._set_measure_button()

    def set_model_in_the_way(self, is_there: bool, *, can_unload: bool = False) -> None:
        """Whether a model is loaded or about to be: nothing is checked beside it."""
        self._engine.check.set_model(is_there, can_unload)

    def _set_measure_button(self) -> None:
        machine = self._machine
        is_known = machine is not None and machine.calibration is not None
        self._measure.setText(self.tr("Measure again") if is_known else self.tr("Measure this PC"))
        is_busy = self._is_measuring or self._is_checking
        self._measure.setEnabled(machine is not None and bool(machine.engine_devices) and not is_busy)
        self._measure.setToolTip(
            self.tr("About half a minute; predictions then use its figures instead of data sheets")
        )
        self._measure.updateGeometry()

    def _basis_words(self, measured: Calibration | None) -> str:
        if measured is None:
            return self.tr("Predictions use data sheets for what was not measured.")
        moment = QDateTime.fromString(measured.measured_at, Qt.DateFormat.ISODate).toLocalTime()
        date = QLocale().toString(moment, QLocale.FormatType.ShortFormat)
        if measured.is_noisy:
            return self.tr("Measured on {date} while the PC was busy: these figures are rough.").format(date=date)
        return self.tr("Measured on {date}. Predictions use these figures, not data sheets.").format(date=date)

    def set_loaded(self, loaded: Loaded | None) -> None:
        """What the engine has loaded, for its share in the bars."""
        self._loaded = loaded
        if loaded is not None:
            self._engine.set_version(loaded.engine_version)

    def set_engine_version(self, words: str) -> None:
        """The engine's build, when known before a load."""
        self._engine.set_version(words)

    def set_engine_pack(self, pack: PackState | None) -> None:
        """Which libraries the engine runs with, and why."""
        self._engine.set_pack(pack)

    def set_sample(self, sample: Sample) -> None:
        """Follow the meters; skipped while nobody looks."""
        if self._machine is None or self._ram is None or self._cpu is None or not self.isVisibleTo(self.window()):
            return
        for i, (card, gpu) in enumerate(zip(self._gpus, sample.gpus, strict=False)):
            card.set_parts(gpu_parts(self._machine, self._loaded, i, gpu))
            card.set_gpu(gpu)
        self._ram.set_parts(ram_parts(self._machine, self._loaded, sample))
        self._ram.set_sample(sample)
        self._cpu.set_sample(sample)

    def set_load_history(self, loads: tuple[LoadRecord, ...]) -> None:
        """Earlier loads, newest first."""
        self._history.set_loads(loads)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow windows get fewer columns."""
        super().resizeEvent(event)
        self._set_narrow(self.width() < px(_NARROW_BELOW))

    def _set_narrow(self, is_narrow: bool) -> None:
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        side = 20 if is_narrow else 32
        self._column.setContentsMargins(side, 16 if is_narrow else 20, side, 20)
        self._lower.addWidget(self._history, 0, 0)
        self._lower.addWidget(self._engine, *((1, 0) if is_narrow else (0, 1)))
        self._lower.setColumnStretch(0, 2)
        self._lower.setColumnStretch(1, 0 if is_narrow else 1)
        self._place()

    def _place(self) -> None:
        columns = 2 if self._is_narrow else 3
        cards = [card for card in [*self._gpus, self._ram, self._cpu] if card is not None]
        for i, card in enumerate(cards):
            self._grid.addWidget(card, i // columns, i % columns)
            card.show()
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < min(columns, len(cards)) else 0)
