"""Lines of "name … value extra", as on the cards of This PC."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.ui.components import ElidedLabel, IconLabel, Run, Text
from launcher.ui.theme import Role, Tone


class FactList(QWidget):
    """Facts under each other; the value is bold, what qualifies it is muted behind it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._values: dict[str, Text] = {}

    def set_fact(self, name: str, value: str, extra: str = "", tool_tip: str = "") -> None:
        """Add a line, or change it; an unknown value is said in words and muted."""
        if name not in self._values:
            row = QHBoxLayout()
            row.setSpacing(12)
            label = ElidedLabel(name, Role.SMALL, Tone.MUTED, self)
            text = Text("", Role.SMALL_MEDIUM, parent=self, align=Qt.AlignmentFlag.AlignRight)
            row.addWidget(label, 1)
            row.addWidget(text)
            self._column.addLayout(row)
            self._values[name] = text
        runs = [Run(value, Role.SMALL_MEDIUM)] if value else [Run(self.tr("unknown"), Role.SMALL, Tone.MUTED)]
        if extra:
            runs.append(Run(f"  {extra}", Role.SMALL, Tone.MUTED))
        self._values[name].set_text(runs)
        self._values[name].setToolTip(tool_tip)
        self._values[name].setAccessibleName(f"{name}: {self._values[name].text()}")


def card_title(icon: str, words: str, parent: QWidget) -> QHBoxLayout:
    """The head of a card: accent icon and name; callers may add a chip at the right."""
    row = QHBoxLayout()
    row.setSpacing(9)
    row.addWidget(IconLabel(icon, Tone.ACCENT, 20, parent))
    row.addWidget(ElidedLabel(words, Role.SECTION, parent=parent), 1)
    return row
