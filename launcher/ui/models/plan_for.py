"""For which computer the page plans: this PC, a usual what-if machine, any other, or one from a file."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSizePolicy, QWidget

from launcher.core.machine import Machine
from launcher.core.units import GIB, gib
from launcher.core.words import listed
from launcher.services.what_if import COMMON, MachineWish
from launcher.ui.components import ComboBox, Text
from launcher.ui.components.device_names import cpu_name, short_card_name
from launcher.ui.models.machine_dialog import MachineDialog
from launcher.ui.theme import Role, Tone

_OTHER, _FILE = "other", "file"


class PlanForBox(QWidget):
    """The "Plan for" row.

    Signals:
        chosen(MachineWish | None): None is this PC.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gpu_names: tuple[str, ...] = ()
        self._at = 0
        self._wishes: dict[int, MachineWish] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(Text(self.tr("Plan for"), Role.SMALL, Tone.MUTED, self))
        self._box = ComboBox(self.tr("Plan for"), self, height=32, icon="monitor")
        self._box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._box.activated.connect(self._on_activated)
        row.addWidget(self._box, 1)
        self._box.addItem(self.tr("This PC"))
        for wish in COMMON:
            self._add(wish_words(wish), wish)
        self._box.addItem(self.tr("Another machine…"), _OTHER)
        self._box.addItem(self.tr("From a file…"), _FILE)

    def set_this_pc(self, machine: Machine) -> None:
        """Name this PC."""
        self._box.setItemText(0, self.tr("This PC: {name}").format(name=machine_words(machine)))
        self._box.update()

    def set_gpu_names(self, names: tuple[str, ...]) -> None:
        """Cards that the dialog completes."""
        self._gpu_names = names

    def go_back(self) -> None:
        """The machine last chosen cannot be planned for: this PC again."""
        self._box.setCurrentIndex(0)
        self._at = 0
        self.chosen.emit(None)

    def choose(self, wish: MachineWish, words: str) -> None:
        """Plan for another machine, which stays in the list."""
        at = self._add(words, wish, at=self._box.count() - 2)
        self._take(at)

    def _add(self, words: str, wish: MachineWish, at: int | None = None) -> int:
        at = self._box.count() if at is None else at
        self._box.insertItem(at, words)
        self._wishes[at] = wish
        return at

    def _take(self, at: int) -> None:
        self._at = at
        self._box.setCurrentIndex(at)
        self.chosen.emit(self._wishes.get(at))

    def _on_activated(self, at: int) -> None:
        kind = self._box.itemData(at)
        if kind is None:
            if at != self._at:
                self._take(at)
            return
        self._box.setCurrentIndex(self._at)
        if kind == _OTHER:
            dialog = MachineDialog(self._gpu_names, self.window())
            dialog.wished.connect(self._on_wished)
            dialog.open()
        else:
            picker = QFileDialog(self.window(), self.tr("Machine description"), "", self.tr("Machines (*.json)"))
            picker.setFileMode(QFileDialog.FileMode.ExistingFile)
            picker.fileSelected.connect(self._on_file_selected)
            picker.finished.connect(picker.deleteLater)
            picker.open()

    def _on_wished(self, wish: MachineWish) -> None:
        self.choose(wish, wish_words(wish))

    def _on_file_selected(self, path: str) -> None:
        self.choose(MachineWish(path=path), path.replace("\\", "/").rsplit("/", 1)[-1])


def wish_words(wish: MachineWish) -> str:
    """In short: "2x RTX 3090, 128 GiB RAM"."""
    return _words(wish.gpus, wish.ram_bytes)


def machine_words(machine: Machine) -> str:
    """In short: "RTX 4090 24 GiB, 64 GiB RAM"; the processor's name where there is no card."""
    names = [
        f"{short_card_name(gpu.name)} {gib(gpu.vram_total_bytes, 0)}"
        if gpu.vram_total_bytes and not gpu.unified_memory
        else short_card_name(gpu.name)
        for gpu in machine.gpus
    ]
    return _words(names or [cpu_name(machine.cpu.name)], machine.ram.total_bytes)


def _words(names: tuple[str, ...] | list[str], ram_bytes: int) -> str:
    counted = [f"{n}x {name}" if n > 1 else name for name, n in Counter(names).items()]
    ram = QCoreApplication.translate("Models", "{size} RAM").format(size=f"{round(ram_bytes / GIB)} GiB")
    return listed(*(counted or [QCoreApplication.translate("Models", "No graphics card")]), ram)
