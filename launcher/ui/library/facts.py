"""Lines of "name … value" that can say good and bad, and leave out what is not known."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from launcher.ui.components import ElidedLabel, Text
from launcher.ui.theme import Role, Tone

Fact = tuple[str, str, Tone, str]
"""Name, value ("" leaves the line out), tone, tool tip."""


class Facts(QWidget):
    """Facts under each other; the names are always the same ones in the same order."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        self._lines: dict[str, tuple[Text, ElidedLabel]] = {}

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        """Show exactly these."""
        for name, value, tone, tip in facts:
            label, text = self._lines.get(name) or self._add(name)
            text.set_tone(tone)
            text.set_text(value)
            text.setToolTip(tip or value)
            text.setAccessibleName(f"{name}: {value}")
            label.setVisible(bool(value))
            text.setVisible(bool(value))

    def _add(self, name: str) -> tuple[Text, ElidedLabel]:
        label = Text(name, Role.SMALL, Tone.MUTED, self)
        text = ElidedLabel("", Role.SMALL_MEDIUM, Tone.TEXT, self)
        row = self._grid.rowCount()
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(text, row, 1, Qt.AlignmentFlag.AlignRight)
        self._lines[name] = (label, text)
        return label, text
