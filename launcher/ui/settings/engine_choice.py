"""Which engine runs models: automatic or one by name, and below what is known about each of them."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.core.engine_packs import AUTO, BUILT_IN, PackChoice, PackState, PackUse
from launcher.ui.components import ComboBox, Text
from launcher.ui.theme import Role, Tone


class EngineChoice(QWidget):
    """A list to choose from, and a line for each engine: its state and why.

    Signals:
        chosen(str): another value of the setting: "auto" or a pack's name.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = AUTO
        self._packs: tuple[PackState, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._list = ComboBox(self.tr("Engine"), self)
        self._list.activated.connect(self._on_activated)
        column.addWidget(self._list)
        self._states = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        column.addWidget(self._states)
        self.setFocusProxy(self._list)
        self._fill()

    def set_wanted(self, name: str) -> None:
        """Show the setting, without a signal."""
        self._wanted = name
        self._fill()

    def set_packs(self, choice: PackChoice) -> None:
        """What there is and how each did."""
        self._packs = choice.packs
        self._states.set_text("\n".join(self._line(pack) for pack in choice.packs))
        self._fill()

    def _fill(self) -> None:
        names = dict.fromkeys((AUTO, *(p.name for p in self._packs if p.use is not PackUse.SKIPPED), self._wanted))
        with QSignalBlocker(self._list):
            self._list.clear()
            for name in names:
                self._list.addItem(self._title(name), name)
            self._list.setCurrentIndex(list(names).index(self._wanted))
        self._states.setVisible(bool(self._packs))
        self._list.updateGeometry()

    def _title(self, name: str) -> str:
        return {AUTO: self.tr("Automatic"), BUILT_IN: self.tr("Built-in")}.get(name, name)

    def _line(self, pack: PackState) -> str:
        template = {
            PackUse.IN_USE: self.tr("{name}: in use. {reason}"),
            PackUse.READY: self.tr("{name}: ready. {reason}"),
            PackUse.SKIPPED: self.tr("{name}: skipped. {reason}"),
        }[pack.use]
        return template.format(name=self._title(pack.name), reason=pack.reason)

    def _on_activated(self, index: int) -> None:
        name = str(self._list.itemData(index))
        if name != self._wanted:
            self._wanted = name
            self.chosen.emit(name)
