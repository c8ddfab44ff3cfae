"""The row of four figures: label, large value, note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from launcher.core.units import rate, whole
from launcher.ui.components import Divider, SkeletonText, Text
from launcher.ui.home import words
from launcher.ui.theme import Role, Tone

if TYPE_CHECKING:
    from launcher.core.plans import Plan


class Figure(QWidget):
    """One figure with its label above and a note below."""

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._value = SkeletonText(Role.FIGURE, parent=self)
        # Two lines rather than a cut: system fonts are up to a fifth wider than the drawing's.
        self._note = Text("", Role.SMALL, Tone.MUTED, self, wrap=True, max_lines=2)
        column.addWidget(Text(label, Role.SMALL, Tone.MUTED, self))
        column.addWidget(self._value)
        column.addWidget(self._note)

    def set_value(self, value: str, note: str, tool_tip: str = "") -> None:
        """Show a figure; an unknown one says so in words."""
        self._value.set_text(value)
        self._note.set_text(note)
        self.setToolTip(tool_tip)
        self._note.setToolTip(tool_tip or note)
        self.setAccessibleName(f"{self._label}: {value}, {note}")
        self.setAccessibleDescription(tool_tip)

    def set_pending(self) -> None:
        """Back to "…"."""
        self._value.set_pending()
        self._note.set_text("")
        self.setAccessibleName(self._label)


class FigureRow(QWidget):
    """Speed, thinking, context, quality."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._speed = Figure(self.tr("Speed"), self)
        self._thinking = Figure(self.tr("Thinking first"), self)
        self._context = Figure(self.tr("Context"), self)
        self._quality = Figure(self.tr("Quality kept"), self)
        self._figures = (self._speed, self._thinking, self._context, self._quality)
        for i, item in enumerate(self._figures):
            if i:
                row.addSpacing(8)
                row.addWidget(Divider(self, vertical=True))
                row.addSpacing(16)
            row.addWidget(item, 0, Qt.AlignmentFlag.AlignTop)

    def set_plan(self, plan: Plan, *, short: bool = False) -> None:
        """Show a plan's figures; `short` for narrow windows."""
        speed = plan.speed
        self._speed.set_value(
            self.tr("{rate} tokens/s").format(rate=rate(speed.decode_tokens_s)),
            words.speed_note(speed, short=short),
            self.tr("Reading your text: {rate} tokens/s. A person reads about 5 tokens/s.").format(
                rate=rate(speed.prefill_tokens_s)
            ),
        )
        self._thinking.set_value(*words.thinking_words(plan))
        self._context.set_value(
            self.tr("{n} tokens").format(n=whole(plan.context)),
            words.context_note(plan.context),
            self.tr(
                "What the model can keep in view: your messages, its answers and its thoughts. 0.75 words per token."
            ),
        )
        value, note = words.quality_words(plan)
        self._quality.set_value(value, note, "\n".join(plan.quality.sources))

    def set_pending(self) -> None:
        """No plan yet."""
        for item in self._figures:
            item.set_pending()
