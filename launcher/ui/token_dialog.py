"""Asks for an access token of the hub and says where it is kept."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from launcher.core.errors import UserError
from launcher.core.words import joined, known
from launcher.ui.components import LinkButton, PrimaryButton, Text
from launcher.ui.theme import Role, Tone, px


class TokenDialog(QDialog):
    """One field. It stays open until the token is kept, and says why one is not.

    Signals:
        entered(str, str): the host and the token; answer with `show_kept` or `show_refused`.
    """

    entered = Signal(str, str)

    def __init__(self, host: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = host
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Access token for {host}").format(host=host))
        self.setMinimumWidth(px(460))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(Text(self.windowTitle(), Role.SECTION, parent=self))
        why = self.tr(
            "The owner of this model shares it with signed-in users who accepted its terms. Make a token with the right to "
            "read on the hub's page under Settings, Access Tokens, and paste it here. It is kept in the system's keyring; "
            "where there is none, only until the launcher ends. It is sent to {host} and to nobody else."
        ).format(host=host)
        column.addWidget(Text(why, Role.BODY, Tone.MUTED, self, wrap=True))
        self._field = QLineEdit(self)
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setMinimumHeight(px(32))
        self._field.setAccessibleName(self.tr("Access token"))
        self._field.setPlaceholderText("hf_…")
        self._field.textChanged.connect(self._on_text_changed)
        column.addWidget(self._field)
        self._result = Text("", Role.SMALL, parent=self, wrap=True)
        self._result.hide()
        column.addWidget(self._result)
        buttons = QHBoxLayout()
        self._use = PrimaryButton(self.tr("Keep it and go on"), self)
        self._use.setDefault(True)
        self._use.setEnabled(False)
        self._use.clicked.connect(self._on_use_clicked)
        self._leave = LinkButton(self.tr("Cancel"), self)
        self._leave.clicked.connect(self.reject)
        buttons.addWidget(self._use)
        buttons.addStretch(1)
        buttons.addWidget(self._leave)
        column.addLayout(buttons)

    @Slot(str, str)
    def show_kept(self, host: str, where: str) -> None:
        """The token is in force; say where it is kept."""
        if host != self._host:
            return
        self._field.clear()
        self._field.setEnabled(False)
        self._say(where, Tone.GOOD)
        self._use.hide()
        self._leave.setText(self.tr("Close"))
        self._leave.updateGeometry()
        self._leave.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(object)
    def show_refused(self, error: UserError) -> None:
        """It is no token."""
        self._say(joined(known(error.what), known(error.why)), Tone.BAD)
        self._field.setEnabled(True)
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._use.setEnabled(True)

    def _say(self, words: str, tone: Tone) -> None:
        self._result.set_text(words)
        self._result.set_tone(tone)
        self._result.show()

    def _on_text_changed(self, text: str) -> None:
        self._use.setEnabled(bool(text.strip()))

    def _on_use_clicked(self) -> None:
        token = self._field.text().strip()
        if token:
            self._use.setEnabled(False)
            self._field.setEnabled(False)
            self._say(self.tr("Asking the system's keyring…"), Tone.MUTED)
            self.entered.emit(self._host, token)
