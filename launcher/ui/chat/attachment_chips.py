"""The files that go with the next message: a chip each, with its cost in tokens, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.ui.components import Chip, ChipKind, FlowLayout, IconButton, LinkButton
from launcher.ui.theme import px


@dataclass(frozen=True, slots=True)
class AttachmentChip:
    """What a chip says.

    Attributes:
        id: tells it from the others.
        words: name and cost.
        is_bad: it cannot go as it is.
        cut_words: the button that shortens it so that it fits; "" for none.
        about: more, for the tooltip.
    """

    id: int
    words: str
    is_bad: bool = False
    cut_words: str = ""
    about: str = ""


class AttachmentChips(QWidget):
    """A row of chips that takes no room while there are none.

    Signals:
        removed(int): the cross of a chip.
        cut_requested(int): the button that shortens it.
    """

    removed = Signal(int)
    cut_requested = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Attachments"))
        self._flow = FlowLayout(self, gap=px(6))
        self._shown: tuple[AttachmentChip, ...] = ()
        self._parts: list[_ChipRow] = []
        self.hide()

    def set_chips(self, chips: Sequence[AttachmentChip]) -> None:
        """Show these."""
        if tuple(chips) == self._shown:
            return
        self._shown = tuple(chips)
        for part in self._parts:
            self._flow.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._parts = []
        for chip in chips:
            part = _ChipRow(chip, self)
            part.removed.connect(self.removed)
            part.cut_requested.connect(self.cut_requested)
            self._flow.addWidget(part)
            part.show()
            self._parts.append(part)
        self.setVisible(bool(chips))
        self.updateGeometry()


class _ChipRow(QWidget):
    removed = Signal(int)
    cut_requested = Signal(int)

    def __init__(self, chip: AttachmentChip, parent: QWidget) -> None:
        super().__init__(parent)
        self._id = chip.id
        label = Chip(chip.words, ChipKind.WARN if chip.is_bad else ChipKind.NEUTRAL, self, icon="file-text")
        label.setToolTip(chip.about)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(2))
        row.addWidget(label)
        if chip.cut_words:
            cut = LinkButton(chip.cut_words, self)
            cut.clicked.connect(self._on_cut)
            row.addWidget(cut)
        remove = IconButton("x", self.tr("Remove {name}").format(name=chip.words), self, side=28, icon_size=13)
        remove.clicked.connect(self._on_removed)
        row.addWidget(remove)

    def _on_removed(self) -> None:
        self.removed.emit(self._id)

    def _on_cut(self) -> None:
        self.cut_requested.emit(self._id)
