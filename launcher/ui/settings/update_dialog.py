"""The check for updates: asking, what is new, and how this copy is updated. Nothing is fetched or installed from here."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QWidget

from launcher.catalog.releases import Release, UpdateAnswer
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.ui.chat.link_dialog import LinkDialog
from launcher.ui.components import Banner, SecondaryButton, Text
from launcher.ui.downloads.dialog import Dialog
from launcher.ui.settings.reading_field import ReadingField
from launcher.ui.theme import Role, Tone, px

_NOTES_HEIGHT = 240


class UpdateDialog(Dialog):
    """It waits for `show_answer` or `show_error` from the start.

    Signals:
        check_requested(): once more.
        stop_requested(): it was closed or stopped while it waits.
        page_confirmed(str): the user wants this address opened, having seen it.
        step_chosen(NextStep): a step of the error, except trying again; the dialog closes.
    """

    check_requested = Signal()
    stop_requested = Signal()
    page_confirmed = Signal(str)
    step_chosen = Signal(object)

    def __init__(self, host: str, parent: QWidget) -> None:
        why = QCoreApplication.translate(
            "UpdateDialog", "Only when you press the button, and nothing is downloaded or installed."
        )
        super().__init__(QCoreApplication.translate("UpdateDialog", "Check for updates"), why, parent, width=560)
        self._host = host
        self._page = ""
        self._is_waiting = False
        self._result = Text("", Role.BODY, parent=self, wrap=True)
        self._notes = ReadingField(self.tr("What is new"), Role.BODY, self)
        self._notes.setMinimumHeight(px(_NOTES_HEIGHT))
        self._way = Text("", Role.BODY, Tone.MUTED, self, wrap=True)
        self._error = Banner(self)
        self._error.step_chosen.connect(self._on_step_chosen)
        self.column.addWidget(self._result)
        self.column.addWidget(self._notes, 1)
        self.column.addWidget(self._way)
        self.column.addWidget(self._error)
        self._again = SecondaryButton(self.tr("Check again"), self)
        self._again.clicked.connect(self._on_again_clicked)
        self._stop = SecondaryButton(self.tr("Stop"), self)
        self._stop.clicked.connect(self._on_stop_clicked)
        self._open = self.add_buttons(
            self.tr("Open the release page…"), self._again, self._stop, cancel=self.tr("Close")
        )
        self._open.clicked.connect(self._on_open_clicked)
        self.finished.connect(self._on_finished)
        self._show_waiting()

    @Slot(object, str)
    def show_answer(self, answer: UpdateAnswer, how_to_update: str) -> None:
        """The feed has answered."""
        self._end_waiting()
        if not answer.newer:
            self._show_current(answer)
            return
        newest = answer.newer[0]
        self._result.set_text(
            self.tr("Version {newest} is out; {installed} is installed.").format(
                newest=newest.version, installed=answer.installed
            )
        )
        self._result.set_tone(Tone.TEXT)
        self._notes.set_text("\n\n".join(self._entry(release) for release in answer.newer))
        self._way.set_text(how_to_update)
        self._page = newest.page
        self._notes.show()
        self._way.show()
        self._open.setVisible(bool(self._page))
        self.fit()

    @Slot(object)
    def show_error(self, error: UserError) -> None:
        """It cannot be told."""
        self._end_waiting()
        self._result.hide()
        self._error.show_error(error)
        self.fit()

    def _show_current(self, answer: UpdateAnswer) -> None:
        if answer.newest is None:
            text = self.tr("{host} lists no release. Version {installed} is installed.")
            self._result.set_text(text.format(host=answer.host, installed=answer.installed))
            self._result.set_tone(Tone.TEXT)
        else:
            text = self.tr("Up to date: version {installed} is installed; the newest release is {newest}.")
            self._result.set_text(text.format(installed=answer.installed, newest=answer.newest.version))
            self._result.set_tone(Tone.GOOD)
        self.fit()

    def _entry(self, release: Release) -> str:
        head = f"{release.version} · {release.published}" if release.published else release.version
        notes = release.notes or self.tr("It comes without notes.")
        return f"{head}\n{notes}"

    def _show_waiting(self) -> None:
        self._is_waiting = True
        for part in (self._notes, self._way, self._error, self._open, self._again):
            part.hide()
        self._stop.show()
        self._result.set_text(self.tr("Asking {host}…").format(host=self._host) if self._host else self.tr("Looking…"))
        self._result.set_tone(Tone.MUTED)
        self._result.show()
        self.fit()

    def _end_waiting(self) -> None:
        self._is_waiting = False
        self._stop.hide()
        self._again.show()

    def _on_again_clicked(self) -> None:
        self._show_waiting()
        self.check_requested.emit()

    def _on_stop_clicked(self) -> None:
        self.stop_requested.emit()
        self._end_waiting()
        self._result.set_text(self.tr("The check was stopped."))

    def _on_open_clicked(self) -> None:
        dialog = LinkDialog(self._page, self)
        dialog.finished.connect(self._on_link_dialog_finished)
        dialog.open()

    def _on_link_dialog_finished(self) -> None:
        dialog = self.sender()
        if isinstance(dialog, LinkDialog) and dialog.chosen_address:
            self.page_confirmed.emit(dialog.chosen_address)

    def _on_step_chosen(self, step: NextStep) -> None:
        if step.action == StepAction.RETRY:
            self._on_again_clicked()
            return
        self.step_chosen.emit(step)
        self.accept()

    def _on_finished(self) -> None:
        if self._is_waiting:
            self.stop_requested.emit()
