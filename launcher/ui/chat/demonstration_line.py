"""The quiet line above the composer while the built-in model answers: what it is and what it knows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.ui.components import IconLabel, Text
from launcher.ui.theme import Role, Tone, px


class DemonstrationLine(QWidget):
    """Hidden while any other model answers."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = Text("", Role.SMALL, Tone.MUTED, self, elide=Qt.TextElideMode.ElideRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(8), 0, px(8), px(4))
        row.setSpacing(px(6))
        row.addWidget(IconLabel("info", Tone.MUTED, 14, self))
        row.addWidget(self._words, 1)
        self.hide()

    def set_words(self, words: str, more: str = "") -> None:
        """Show the line, with more in its tool tip; "" hides it."""
        self._words.set_text(words)
        self.setToolTip(more)
        self.setAccessibleName(words)
        self.setAccessibleDescription(more)
        self.setVisible(bool(words))
