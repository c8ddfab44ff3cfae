"""Adds a model by link or name: says what it is, which quantisations there are and how each sits on this PC."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import gb
from launcher.core.words import known
from launcher.services.offers import Choice, Offer
from launcher.ui.components import Banner, CheckBox, SecondaryButton, Text
from launcher.ui.downloads.choices import Choices, Option
from launcher.ui.downloads.dialog import Dialog
from launcher.ui.theme import Role, Tone, px

_SLOW_MS = 300
_BESIDE = (StepAction.ENTER_TOKEN, StepAction.OPEN_PAGE, StepAction.TEST_CONNECTION)


class AddLinkDialog(Dialog):
    """A field, then what it names, then a choice. Errors stand in place; nothing is fetched before Download.

    Signals:
        look_up_requested(str): answer with `show_offer` or `show_error`.
        download_requested(DownloadRequest, bool): what to fetch, and whether a chat follows.
        step_chosen(NextStep): a step of an error, except RETRY, which looks it up again.
    """

    look_up_requested = Signal(str)
    download_requested = Signal(object, bool)
    step_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(QCoreApplication.translate("AddLinkDialog", "Add a link"), "", parent, width=600)
        self._offer: Offer | None = None
        self.column.addWidget(
            Text(
                self.tr(
                    "The link of a model or of a GGUF file on the hub, owner/repository, owner/repository:file, or a name of "
                    "the list of models."
                ),
                Role.BODY,
                Tone.MUTED,
                self,
                wrap=True,
            )
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        self._field = QLineEdit(self)
        self._field.setAccessibleName(self.tr("Link or name"))
        self._field.setPlaceholderText("unsloth/DeepSeek-R1-0528-Qwen3-8B-GGUF")
        self._field.setMinimumHeight(px(34))
        self._field.setMaxLength(2000)
        self._field.setClearButtonEnabled(True)
        self._field.textEdited.connect(self._on_text_edited)
        self._field.returnPressed.connect(self._on_look_clicked)
        self._look = SecondaryButton(self.tr("Look it up"), self)
        self._look.setEnabled(False)
        self._look.clicked.connect(self._on_look_clicked)
        row.addWidget(self._field, 1)
        row.addWidget(self._look)
        self.column.addLayout(row)
        self._state = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._name = Text("", Role.BODY_STRONG, parent=self, wrap=True)
        self._about = Text("", Role.SMALL, Tone.MUTED, self, wrap=True, max_lines=3)
        self._choices = Choices(self.tr("Quantisations"), self)
        self._choices.chosen.connect(self._on_chosen)
        self._chat = CheckBox(self.tr("Chat when done"), self)
        self._error = Banner(self)
        self._error.step_chosen.connect(self._on_step_chosen)
        for widget in (self._state, self._error, self._name, self._about, self._choices, self._chat):
            self.column.addWidget(widget)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SLOW_MS)
        self._slow.timeout.connect(self._on_slow)
        self._download = self.add_buttons(self.tr("Download"))
        self._download.setDefault(False)
        self._download.clicked.connect(self._on_download_clicked)
        self._show_nothing()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_text(self, text: str) -> None:
        """Fill the field, from the clipboard for example."""
        self._field.setText(text)
        self._field.selectAll()
        self._look.setEnabled(bool(text.strip()))

    @Slot(object)
    def show_offer(self, offer: Offer) -> None:
        """What the text names."""
        self._show_nothing()
        self._offer = offer
        self._name.set_text(offer.name)
        self._about.set_text(offer.about)
        self._choices.set_options([_option(choice) for choice in offer.choices], offer.chosen)
        self._name.show()
        self._about.setVisible(bool(offer.about))
        self._choices.show()
        self._chat.show()
        self._on_chosen(self._choices.index)
        self._download.setDefault(True)
        self._choices.focus_chosen()
        self.fit()

    @Slot(object)
    def show_error(self, error: UserError) -> None:
        """Why it names nothing."""
        self._show_nothing()
        self._error.show_error(error)
        self.fit()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_nothing(self) -> None:
        self._offer = None
        self._slow.stop()
        for widget in (self._state, self._error, self._name, self._about, self._choices, self._chat):
            widget.hide()
        self._look.setEnabled(bool(self._field.text().strip()))
        self._download.setText(self.tr("Download"))
        self._download.setEnabled(False)
        self._download.setDefault(False)

    def _on_text_edited(self, text: str) -> None:
        del text
        self._show_nothing()

    def _on_look_clicked(self) -> None:
        text = self._field.text().strip()
        if not text or self._offer is not None:
            return
        self._show_nothing()
        self._look.setEnabled(False)
        self._slow.start()
        self.look_up_requested.emit(text)

    def _on_slow(self) -> None:
        self._state.set_text(self.tr("Asking the hub…"))
        self._state.show()

    def _on_chosen(self, index: int) -> None:
        offer = self._offer
        if offer is None or index < 0:
            return
        size = gb(offer.choices[index].request.file_bytes)
        self._download.setText(self.tr("Download · {size}").format(size=size))
        self._download.setEnabled(True)
        self._download.updateGeometry()

    def _on_step_chosen(self, step: NextStep) -> None:
        if step.action == StepAction.RETRY:
            self._on_look_clicked()
            return
        self.step_chosen.emit(step)
        if step.action not in _BESIDE:  # it leads to another page, which this dialog would cover
            self.reject()

    def _on_download_clicked(self) -> None:
        if self._offer is not None and self._choices.index >= 0:
            request = self._offer.choices[self._choices.index].request
            self.download_requested.emit(request, self._chat.isChecked())
            self.accept()


def _option(choice: Choice) -> Option:
    request = choice.request
    figure = gb(request.file_bytes) if request.file_bytes else ""
    return Option(request.quant, known(choice.fit), figure, Tone.TEXT if choice.fits is not False else Tone.WARN)
