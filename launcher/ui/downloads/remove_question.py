"""Asks inside the card before bytes are deleted, and only once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.units import gb
from launcher.ui.components import ButtonSize, DangerButton, LinkButton, Text
from launcher.ui.theme import Role, px


class RemoveQuestion(QWidget):
    """How much would be deleted; delete or keep.

    Signals:
        confirmed(): delete it.
        declined(): keep it.
    """

    confirmed = Signal()
    declined = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        self._question = Text("", Role.SMALL, parent=self, wrap=True)
        self._delete = DangerButton("", self, size=ButtonSize.SMALL)
        self._delete.setMinimumWidth(px(60))
        self._keep = LinkButton(self.tr("Keep"), self)
        self._delete.clicked.connect(self._on_delete_clicked)
        self._keep.clicked.connect(self._on_keep_clicked)
        column.addWidget(self._question)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._delete)
        buttons.addWidget(self._keep)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.hide()

    def ask(self, size_bytes: int) -> None:
        """Show the question; Keep has the focus."""
        self.set_size(size_bytes)
        self.show()
        self._keep.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_size(self, size_bytes: int) -> None:
        """More may arrive while the question stands."""
        size = gb(size_bytes)
        self._question.set_text(self.tr("Removing it deletes the {size} that are already here.").format(size=size))
        self._delete.setText(self.tr("Delete {size}").format(size=size))
        self._delete.updateGeometry()

    def _on_delete_clicked(self) -> None:
        self.hide()
        self.confirmed.emit()

    def _on_keep_clicked(self) -> None:
        self.hide()
        self.declined.emit()
