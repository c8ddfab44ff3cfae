"""Asks before an address from an answer is opened: the whole address, nothing hidden in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from launcher.chat.rich_text import can_open
from launcher.ui.chat.prose import visible

_MAX_SHOWN = 500


class LinkDialog(QMessageBox):
    """Open, copy, or not. Use `open()` and read `chosen_address` when it has finished."""

    def __init__(self, address: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._address = address
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWindowTitle(self.tr("Open link"))
        self._open_button: QPushButton | None = None
        shown = visible(address[:_MAX_SHOWN]) + ("…" if len(address) > _MAX_SHOWN else "")
        if can_open(address):
            self.setText(self.tr("Open this address in your browser?"))
            self._open_button = self.addButton(self.tr("Open"), QMessageBox.ButtonRole.AcceptRole)
        else:
            self.setText(self.tr("This address is not one that can be opened from a chat."))
        self.setInformativeText(shown)
        self._copy_button = self.addButton(self.tr("Copy address"), QMessageBox.ButtonRole.ActionRole)
        self.addButton(QMessageBox.StandardButton.Cancel)
        self._copy_button.clicked.connect(self._on_copy_clicked)

    @property
    def chosen_address(self) -> str:
        """The address when Open was pressed, otherwise ""."""
        button = self._open_button
        return self._address if button is not None and self.clickedButton() is button else ""

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._address)
