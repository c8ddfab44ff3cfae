"""Describes a computer that is not here: a card by name, how many of it, and the RAM."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from launcher.core.units import GIB
from launcher.services.what_if import MachineWish
from launcher.ui.components import ComboBox, LinkButton, PrimaryButton, Text
from launcher.ui.theme import Role, Tone

_RAM_GIB = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
_MOST_CARDS = 8


class MachineDialog(QDialog):
    """A card is optional; its name is completed from the known ones.

    Signals:
        wished(MachineWish): the user wants plans for this machine.
    """

    wished = Signal(object)

    def __init__(self, gpu_names: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Plan for another machine"))
        self.setMinimumWidth(440)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(Text(self.windowTitle(), Role.SECTION, parent=self))
        why = Text("", Role.BODY, Tone.MUTED, self, wrap=True)
        why.set_text(self.tr("The table shows what would run there and how fast. Nothing is changed on this PC."))
        column.addWidget(why)
        grid = QGridLayout()
        grid.setSpacing(10)
        self._card = QLineEdit(self)
        self._card.setAccessibleName(self.tr("Graphics card"))
        self._card.setPlaceholderText(self.tr("For example {name}; empty for none").format(name="RTX 3060 12 GB"))
        completer = QCompleter(sorted(gpu_names), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._card.setCompleter(completer)
        self._count = ComboBox(self.tr("Number of cards"), self)
        self._count.addItems([str(n) for n in range(1, _MOST_CARDS + 1)])
        self._ram = ComboBox(self.tr("RAM"), self)
        self._ram.addItems([f"{size} GiB" for size in _RAM_GIB])
        self._ram.setCurrentIndex(_RAM_GIB.index(32))
        for at, (name, field) in enumerate(
            (
                (self.tr("Graphics card"), self._card),
                (self.tr("Number of cards"), self._count),
                (self.tr("RAM"), self._ram),
            )
        ):
            grid.addWidget(Text(name, Role.SMALL, parent=self), at, 0)
            grid.addWidget(field, at, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        buttons = QHBoxLayout()
        plan = PrimaryButton(self.tr("Plan for it"), self)
        plan.setDefault(True)
        plan.clicked.connect(self._on_plan_clicked)
        cancel = LinkButton(self.tr("Cancel"), self)
        cancel.clicked.connect(self.reject)
        buttons.addWidget(plan)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        column.addLayout(buttons)

    def _on_plan_clicked(self) -> None:
        name = self._card.text().strip()
        gpus = (name,) * (self._count.currentIndex() + 1) if name else ()
        self.wished.emit(MachineWish(gpus, _RAM_GIB[self._ram.currentIndex()] * GIB))
        self.accept()
