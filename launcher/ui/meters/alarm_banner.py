"""The alarms as banners above the chat; they stay until solved, the worst until the user has read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.core.generation import Loaded
from launcher.core.machine import Machine, Sample
from launcher.core.plans import Plan
from launcher.core.words import joined
from launcher.ui.components import Banner, BannerKind
from launcher.ui.components.device_names import gpu_labels
from launcher.ui.meters.alarms import Alarm, fallback_alarm, load_notice, spill_alarm, spilled_bytes

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
        self._is_bad = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._fallback = Banner(self)
        self._spill = Banner(self)
        self._notice = Banner(self)
        for banner in self._banners:
            banner.step_chosen.connect(self.step_chosen)
            column.addWidget(banner)
        self._fallback.dismissed.connect(self._on_dismissed)

    @property
    def words(self) -> tuple[str, ...]:
        """First lines of the alarms shown."""
        return tuple(banner.texts[0] for banner in self._banners if not banner.isHidden())

    @property
    def _banners(self) -> tuple[Banner, ...]:
        return self._fallback, self._spill, self._notice

    def set_machine(self, machine: Machine) -> None:
        """For the names of the cards."""
        self._machine = machine

    def begin(self) -> None:
        """A load begins: what was said of the one before is over."""
        self._is_bad = False
        self.set_loaded(None, None)

    def set_loaded(
        self,
        loaded: Loaded | None,
        predicted: Plan | None,
        intended: Plan | None = None,
        steps: Sequence[str] = (),
    ) -> None:
        """Judge a new load; None ends all alarms but the worst, which was perhaps not read yet.

        Args:
            loaded: the load.
            predicted: the plan it was made by.
            intended: the plan before anything had to be given up.
            steps: what was; they are among the load's notes.
        """
        self._loaded, self._predicted, self._spilling, self._rate = loaded, predicted, 0, None
        self._show(self._spill, None)
        if loaded is None:
            self._show(self._notice, None)
            if not self._is_bad:
                self._show(self._fallback, None)
            return
        card = " + ".join(gpu_labels(self._machine)) if self._machine else ""
        alarm = fallback_alarm(loaded, predicted, card or self.tr("your graphics card"), intended)
        notice = load_notice(loaded.notes, is_less=bool(steps))
        self._is_bad = alarm is not None and alarm.is_bad
        if alarm is not None and alarm.is_bad:  # one message is read, two are not
            alarm, notice = replace(alarm, why=joined(alarm.why, *loaded.notes)), None
        self._show(self._fallback, alarm)
        self._show(self._notice, notice)

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

    def _show(self, banner: Banner, alarm: Alarm | None) -> None:
        if alarm is None:
            banner.hide()
        elif banner.texts != (alarm.what, alarm.why) or banner.isHidden():
            is_notice = banner is self._notice
            kind = BannerKind.BAD if alarm.is_bad else BannerKind.WARN if alarm.steps else BannerKind.INFO
            banner.show_message(
                kind,
                alarm.what,
                alarm.why,
                alarm.steps,
                has_primary=not is_notice,
                can_dismiss=alarm.is_bad or is_notice,
            )

    @Slot()
    def _on_dismissed(self) -> None:
        self._is_bad = False
