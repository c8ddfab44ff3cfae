"""The part of the engine's card that checks it: a button, what runs, and a line for each device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.words import joined, known
from launcher.ui.components import ButtonSize, ElidedLabel, FlowLayout, IconLabel, SecondaryButton, Text, ThinBar
from launcher.ui.theme import Role, Tone

if TYPE_CHECKING:
    from launcher.engine.device_findings import DeviceFinding


class EngineCheck(QWidget):
    """Values come through setters; findings stay until the next check or other libraries.

    Signals:
        check_requested(): compare every device with the processor.
        stop_requested(): end that.
        unload_requested(): give back the memory of the model that is in the way.
        engine_settings_requested(): where another engine can be chosen.
        next_step_chosen(NextStep): copy a report.
    """

    check_requested = Signal()
    stop_requested = Signal()
    unload_requested = Signal()
    engine_settings_requested = Signal()
    next_step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._findings: list[DeviceFinding] = []
        self._lines: list[_DeviceLine] = []
        self._outcome = ""
        self._is_running = self._has_devices = self._has_model = self._can_unload = self._is_measuring = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._list = QVBoxLayout()
        self._list.setSpacing(6)
        column.addLayout(self._list)
        self._words = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        column.addWidget(self._words)
        self._bar = ThinBar(self.tr("Checked so far"), self)
        column.addWidget(self._bar)
        buttons = QWidget(self)
        column.addWidget(buttons)
        flow = FlowLayout(buttons)
        self._check = self._button("", buttons, "shield")
        self._check.clicked.connect(self.check_requested)
        self._stop = self._button(self.tr("Stop the check"), buttons)
        self._stop.clicked.connect(self.stop_requested)
        self._unload = self._button(self.tr("Unload the model"), buttons)
        self._unload.clicked.connect(self.unload_requested)
        self._other = self._button(self.tr("Choose another engine"), buttons)
        self._other.clicked.connect(self.engine_settings_requested)
        self._report = self._button(self.tr("Copy report"), buttons)
        self._report.setAccessibleName(self.tr("Copy report of the check"))
        self._report.clicked.connect(self._on_report_clicked)
        for button in (self._check, self._stop, self._unload, self._other, self._report):
            flow.addWidget(button)
        self._show()

    def set_devices_known(self, are_known: bool) -> None:
        """Whether the engine has listed its devices; without them there is nothing to check."""
        self._has_devices = are_known
        self._show()

    def set_model(self, is_there: bool, can_unload: bool) -> None:
        """Whether a model is loaded or about to be, and whether it can be given up right now."""
        self._has_model, self._can_unload = is_there, can_unload
        self._show()

    def set_measuring(self, is_measuring: bool) -> None:
        """This PC is being measured: a check beside it would make the figures worse."""
        self._is_measuring = is_measuring
        self._show()

    def show_progress(self, what: str, fraction: float) -> None:
        """What is computed now ("" at the start), and how much is done; a new check forgets the old one's findings."""
        has_focus = self._check.hasFocus()
        if not self._is_running:
            self._is_running = True
            self.clear()
        what = self.tr("Checking {what}").format(what=what) if what else self.tr("Making the small models…")
        self._bar.set_share(fraction, self.tr("{n} % checked").format(n=round(100 * fraction)))
        self._show(what)
        if has_focus:
            self._stop.setFocus()

    def add_finding(self, finding: DeviceFinding) -> None:
        """One device is done."""
        self._findings.append(finding)
        line = _DeviceLine(finding, self)
        self._lines.append(line)
        self._list.addWidget(line)
        line.show()

    def show_end(self, error: UserError | None = None, *, was_stopped: bool = False) -> None:
        """None runs any more: all devices are done, or it was stopped, or the error says why not."""
        has_focus = self._stop.hasFocus()
        self._is_running = False
        if error is not None:
            self._outcome = joined(known(error.what), known(error.why), *(known(s.label) for s in error.next_steps))
        elif was_stopped:
            self._outcome = self.tr("The check was stopped.")
        else:
            self._outcome = ""
        self._show()
        if has_focus:
            self._check.setFocus()

    def clear(self) -> None:
        """Forget what was found: other libraries compute now, or a new check begins."""
        for line in self._lines:
            self._list.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines, self._findings, self._outcome = [], [], ""
        self._show()

    def _show(self, doing: str = "") -> None:
        """Words and buttons for what there is; `doing` while it runs."""
        obstacle = "" if self._is_running else self._obstacle()
        self._words.set_text(doing or joined(self._outcome, obstacle or self._summary()))
        self._words.setVisible(bool(self._words.text()))
        self._bar.setVisible(self._is_running)
        self._check.setText(self.tr("Check again") if self._findings else self.tr("Check the engine"))
        self._check.setEnabled(not obstacle)
        self._check.setToolTip(obstacle)
        self._check.setAccessibleDescription(obstacle)
        self._check.updateGeometry()
        is_bad = any(f.is_bad for f in self._findings) and not self._is_running
        visible = {
            self._check: not self._is_running,
            self._stop: self._is_running,
            self._unload: self._can_unload and not self._is_running,
            self._other: is_bad,
            self._report: is_bad,
        }
        for button, is_visible in visible.items():
            button.setVisible(is_visible)

    def _obstacle(self) -> str:
        """Why it cannot be checked now."""
        if self._has_model:
            return self.tr("The engine cannot be checked while a model is loaded: it needs the devices for itself.")
        if self._is_measuring:
            return self.tr("The engine can be checked when this PC has been measured.")
        return "" if self._has_devices else self.tr("It can be checked once the engine has listed its devices.")

    def _summary(self) -> str:
        if not self._findings:
            return self.tr(
                "Small models are computed on every device and compared with the processor. This takes seconds."
            )
        if all(f.is_ok for f in self._findings):
            return self.tr("Every device computes what the processor does; the small differences are rounding.")
        return ""

    def _button(self, words: str, parent: QWidget, icon: str = "") -> SecondaryButton:
        return SecondaryButton(words, parent, size=ButtonSize.SMALL, icon=icon)

    def _on_report_clicked(self) -> None:
        self.next_step_chosen.emit(NextStep(self._report.text(), StepAction.COPY_REPORT))


class _DeviceLine(QWidget):
    """How one device did; below it, where it did not do well, why and what to do."""

    def __init__(self, finding: DeviceFinding, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(8)
        verdict, icon, tone = self._verdict(finding)
        row.addWidget(IconLabel(icon, tone, 15, self))
        name = ElidedLabel(finding.device, Role.SMALL, Tone.MUTED, self)
        words = Text(
            verdict, Role.SMALL_MEDIUM, Tone.TEXT if finding.is_ok else tone, self, align=Qt.AlignmentFlag.AlignRight
        )
        row.addWidget(name, 1)
        row.addWidget(words)
        column.addLayout(row)
        self.setAccessibleName(f"{finding.device}: {verdict}")
        if finding.is_ok:
            self.setToolTip(finding.detail)
        else:
            why = joined(finding.detail, finding.advice)
            column.setContentsMargins(0, 0, 0, 4)
            column.addWidget(Text(why, Role.SMALL, Tone.MUTED, self, wrap=True))
            self.setAccessibleDescription(why)
            self.setToolTip("\n".join(finding.last_words))

    def _verdict(self, finding: DeviceFinding) -> tuple[str, str, Tone]:
        from launcher.engine.device_findings import Verdict, percent  # loaded with the check, not with the window

        error = percent(finding.worst.error) if finding.worst else ""
        match finding.verdict:
            case Verdict.OK:
                return self.tr("right, within {error}").format(error=error), "check", Tone.GOOD
            case Verdict.WRONG:
                return self.tr("wrong by {error}").format(error=error), "circle-alert", Tone.BAD
            case Verdict.CRASHED:
                return self.tr("crashed"), "circle-alert", Tone.BAD
            case Verdict.FAILED:
                return self.tr("failed"), "circle-alert", Tone.BAD
            case Verdict.SLOW:
                return self.tr("no result in time"), "triangle-alert", Tone.WARN
            case Verdict.UNCHECKED:
                return self.tr("not compared"), "info", Tone.MUTED
