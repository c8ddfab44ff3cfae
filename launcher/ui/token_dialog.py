"""Asks for an access token of the hub; it is kept for this session only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from launcher.ui.components import LinkButton, PrimaryButton, Text
from launcher.ui.theme import Role, Tone


class TokenDialog(QDialog):
    """One field. `on_entered` gets the token when the user confirms."""

    def __init__(self, host: str, parent: QWidget, on_entered: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._on_entered = on_entered
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Access token for {host}").format(host=host))
        self.setMinimumWidth(440)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(Text(self.windowTitle(), Role.SECTION, parent=self))
        why = Text("", Role.BODY, Tone.MUTED, self, wrap=True)
        why.set_text(
            self.tr(
                "The owner of this model shares it with signed-in users. The token is kept until the launcher ends; "
                "to keep it longer, sign in with the hub's own tool (hf auth login)."
            )
        )
        column.addWidget(why)
        self._field = QLineEdit(self)
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setAccessibleName(self.tr("Access token"))
        column.addWidget(self._field)
        buttons = QHBoxLayout()
        use = PrimaryButton(self.tr("Use it and go on"), self)
        use.clicked.connect(self._on_use_clicked)
        cancel = LinkButton(self.tr("Cancel"), self)
        cancel.clicked.connect(self.reject)
        buttons.addWidget(use)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        column.addLayout(buttons)

    def _on_use_clicked(self) -> None:
        token = self._field.text().strip()
        if token:
            self._on_entered(token)
            self.accept()
