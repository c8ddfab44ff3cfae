"""Asks for a speed limit that the lists do not have."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.ui.components import SecondaryButton, Text
from launcher.ui.downloads.dialog import Dialog
from launcher.ui.settings.controls import NumberField
from launcher.ui.theme import Role

translate = QCoreApplication.translate  # before there is a dialog whose tr() could be asked
_LOWEST_MB_S, _HIGHEST_MB_S = 0.1, 10_000.0


class LimitDialog(Dialog):
    """A number of megabytes per second.

    Signals:
        limit_chosen(int | None): bytes per second; None is no limit.
    """

    limit_chosen = Signal(object)

    def __init__(self, limit_bytes_s: int | None, about: str, parent: QWidget) -> None:
        """Make the dialog.

        Args:
            limit_bytes_s: the limit now.
            about: the item that it is for; "" is all downloads together.
            parent: the window.
        """
        of_item = translate("LimitDialog", "Speed limit of {name}").format(name=about)
        title = of_item if about else translate("LimitDialog", "Speed limit")
        why = translate("LimitDialog", "In megabytes per second; 8 of them are 64 megabits.")
        super().__init__(title, why, parent, width=400)
        row = QHBoxLayout()
        self._field = NumberField(title, _LOWEST_MB_S, _HIGHEST_MB_S, digits=1, step=1.0, parent=self)
        self._field.set_value((limit_bytes_s or 5 * 10**6) / 1e6)
        row.addWidget(self._field)
        row.addWidget(Text("MB/s", Role.BODY, parent=self))
        row.addStretch(1)
        self.column.addLayout(row)
        free = SecondaryButton(self.tr("No limit"), self)
        free.clicked.connect(self._on_free_clicked)
        self.add_buttons(self.tr("Set the limit"), free).clicked.connect(self._on_set_clicked)
        self._field.setFocus()

    def _on_set_clicked(self) -> None:
        self.limit_chosen.emit(round(self._field.value * 1e6))
        self.accept()

    def _on_free_clicked(self) -> None:
        self.limit_chosen.emit(None)
        self.accept()
