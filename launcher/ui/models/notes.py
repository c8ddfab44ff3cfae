"""Reasons and warnings of a plan with their icons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.plans import Plan
from launcher.ui.components import IconLabel, Text
from launcher.ui.theme import Role, Tone

Note = tuple[str, Tone, str]
"""Icon name, tone and sentence."""


def plan_notes(plan: Plan) -> list[Note]:
    """What the planner says about its plan."""
    reasons: list[Note] = [("info", Tone.ACCENT, text) for text in plan.reasons]
    return [*reasons, *(("triangle-alert", Tone.WARN, text) for text in plan.warnings)]


class Notes(QWidget):
    """Sentences under each other. While dragging their rows are used again instead of being made anew."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._rows: list[_NoteRow] = []

    def set_notes(self, notes: list[Note]) -> None:
        """Show these."""
        while len(self._rows) < len(notes):
            row = _NoteRow(self)
            self._column.addWidget(row)
            self._rows.append(row)
        for i, row in enumerate(self._rows):
            row.setVisible(i < len(notes))
            if i < len(notes):
                row.set_note(notes[i])
        self.setVisible(bool(notes))


class _NoteRow(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self._icon = IconLabel("info", Tone.ACCENT, 16, self)
        self._text = Text("", Role.SMALL, parent=self, wrap=True)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)

    def set_note(self, note: Note) -> None:
        icon, tone, text = note
        self._icon.set_icon(icon, tone)
        self._text.set_text(text)
