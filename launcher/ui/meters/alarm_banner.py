"""The alarms as banners above the chat; they stay until solved."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.core.generation import Loaded
from launcher.core.machine import Machine, Sample
from launcher.core.plans import Plan
from launcher.ui.components import Banner, BannerKind
from launcher.ui.components.device_names import gpu_labels
from launcher.ui.meters.alarms import Alarm, fallback_alarm, spill_alarm, spilled_bytes

_SAMPLES_TO_BELIEVE = 4  # 2 s: a driver's figures lag behind a load


class AlarmBanner(QWidget):
    """Watches a load and says in words what is wrong with it; takes no room while all is well.

    Signals:
        step_chosen(NextStep): a button of an alarm ("load_again").
    """

    step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._machine: Machine | None = None
        self._loaded: Loaded | None = None
        self._predicted: Plan | None = None
        self._rate: float | None = None
        self._spilling = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._fallback = Banner(self)
        self._spill = Banner(self)
        for banner in (self._fallback, self._spill):
            banner.step_chosen.connect(self.step_chosen)
            column.addWidget(banner)

    @property
    def words(self) -> tuple[str, ...]:
        """First lines of the alarms shown."""
        return tuple(banner.texts[0] for banner in (self._fallback, self._spill) if not banner.isHidden())

    def set_machine(self, machine: Machine) -> None:
        """For the names of the cards."""
        self._machine = machine

    def set_loaded(self, loaded: Loaded | None, predicted: Plan | None) -> None:
        """Judge a new load; None ends all alarms."""
        self._loaded, self._predicted, self._spilling, self._rate = loaded, predicted, 0, None
        self._show(self._spill, None)
        card = " + ".join(gpu_labels(self._machine)) if self._machine else ""
        alarm = fallback_alarm(loaded, predicted, card or self.tr("your graphics card")) if loaded else None
        self._show(self._fallback, alarm)

    def set_sample(self, sample: Sample) -> None:
        """Watch for video memory that spills; believed after 2 s."""
        if self._loaded is None:
            return
        size = spilled_bytes(self._loaded, sample)
        self._spilling = self._spilling + 1 if size else 0
        if self._spilling >= _SAMPLES_TO_BELIEVE:
            self._show(self._spill, spill_alarm(size, self._rate, self._predicted))
        elif not size:
            self._show(self._spill, None)

    def add_rate(self, tokens_s: float | None) -> None:
        """The newest speed, for the numbers in the words."""
        if tokens_s is not None:
            self._rate = tokens_s

    @staticmethod
    def _show(banner: Banner, alarm: Alarm | None) -> None:
        if alarm is None:
            banner.hide()
        elif banner.texts != (alarm.what, alarm.why) or banner.isHidden():
            banner.show_message(BannerKind.WARN, alarm.what, alarm.why, alarm.steps, has_primary=True)
