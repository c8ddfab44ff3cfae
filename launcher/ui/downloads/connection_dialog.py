"""The way to the hub, step by step, while it is tested; where it ends, and what helps."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.catalog.connection import ConnectionReport, ConnectionStep
from launcher.core.errors import NextStep, StepAction
from launcher.ui.components import Banner, IconLabel, LinkButton, SecondaryButton, Text
from launcher.ui.downloads.dialog import Dialog
from launcher.ui.theme import Role, Tone

_ICONS = {
    "running": ("rotate-cw", Tone.ACCENT),
    "ok": ("check", Tone.GOOD),
    "failed": ("circle-alert", Tone.BAD),
    "skipped": ("chevron-right", Tone.MUTED),
}


class ConnectionDialog(Dialog):
    """Feed it with `show_step` and `show_report`.

    Signals:
        test_requested(): once more.
        stop_requested(): it was closed, or stopped, while a test runs.
        step_chosen(NextStep): a step of the error, except those that mean once more; the dialog closes.
    """

    test_requested = Signal()
    stop_requested = Signal()
    step_chosen = Signal(object)

    def __init__(self, host: str, parent: QWidget) -> None:
        title = QCoreApplication.translate("ConnectionDialog", "Connection to {host}").format(host=host)
        super().__init__(title, "", parent, width=580)
        self._rows: dict[str, _StepRow] = {}
        self._is_running = True
        self._lines: list[str] = []
        self._result = Text("", Role.BODY, Tone.MUTED, self, wrap=True)
        self.column.addWidget(self._result)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self.column.addLayout(self._list)
        self._error = Banner(self)
        self._error.step_chosen.connect(self._on_step_chosen)
        self.column.addWidget(self._error)
        self._copy = LinkButton(self.tr("Copy report"), self)
        self._stop = SecondaryButton(self.tr("Stop"), self)
        self._again = self.add_buttons(self.tr("Test again"), self._stop, self._copy, cancel=self.tr("Close"))
        self._again.clicked.connect(self._on_again_clicked)
        self._stop.clicked.connect(self.stop_requested)
        self._copy.clicked.connect(self._on_copy_clicked)
        self.finished.connect(self._on_finished)
        self._show_running()

    @Slot(object)
    def show_step(self, step: ConnectionStep) -> None:
        """A step began or ended."""
        row = self._rows.get(step.name)
        if row is None:
            row = self._rows[step.name] = _StepRow(self)
            self._list.addWidget(row)
            row.show()
        row.show_step(step)
        self.fit()

    @Slot(object)
    def show_report(self, report: ConnectionReport) -> None:
        """The test has ended."""
        self._is_running = False
        for step in report.steps:
            self.show_step(step)
        self._lines = [f"{s.title}: {s.state}, {s.seconds:.1f} s. {s.text}" for s in report.steps]
        self._again.setEnabled(True)
        self._stop.hide()
        self._copy.show()
        if report.error is not None:
            self._result.hide()
            self._error.show_error(report.error)
        elif any(step.state == "ok" for step in report.steps) and report.steps[-1].state != "skipped":
            self._result.set_text(self.tr("The connection works: downloads can run."))
            self._result.set_tone(Tone.GOOD)
        else:
            self._result.set_text(self.tr("The test was stopped."))
        self.fit()

    def _show_running(self) -> None:
        self._error.hide()
        self._copy.hide()
        self._stop.show()
        self._again.setEnabled(False)
        self._result.set_text(self.tr("It goes the way that a download takes, for a few kB."))
        self._result.set_tone(Tone.MUTED)
        self._result.show()

    def _on_again_clicked(self) -> None:
        for row in self._rows.values():
            row.hide()
            row.deleteLater()
        self._rows.clear()
        self._is_running = True
        self._show_running()
        self.test_requested.emit()

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText("\n".join([self.windowTitle(), *self._lines]))

    def _on_step_chosen(self, step: NextStep) -> None:
        if step.action in (StepAction.RETRY, StepAction.TEST_CONNECTION):
            self._on_again_clicked()
            return
        self.step_chosen.emit(step)
        self.accept()

    def _on_finished(self, result: int) -> None:
        del result
        if self._is_running:
            self.stop_requested.emit()


class _StepRow(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self._icon = IconLabel("rotate-cw", Tone.ACCENT, 16, self)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        self._title = Text("", Role.SMALL_STRONG, parent=self)
        self._text = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        words.addWidget(self._title)
        words.addWidget(self._text)
        row.addLayout(words, 1)
        self._seconds = Text("", Role.SMALL, Tone.MUTED, self)
        row.addWidget(self._seconds, 0, Qt.AlignmentFlag.AlignTop)

    def show_step(self, step: ConnectionStep) -> None:
        self._icon.set_icon(*_ICONS[step.state])
        self._title.set_text(step.title)
        self._title.set_tone(Tone.MUTED if step.state == "skipped" else Tone.TEXT)
        text = step.text if step.text or step.state != "running" else self.tr("asking…")
        self._text.set_text(text)
        self._text.setVisible(bool(text))
        self._seconds.set_text(f"{step.seconds:.1f} s" if step.state in ("ok", "failed") else "")
        self.setAccessibleName(f"{step.title}: {text or step.state}")
