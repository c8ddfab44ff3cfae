"""One row of the plan editor with a slider."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from launcher.ui.components import Run, Text
from launcher.ui.components.slider import Slider
from launcher.ui.theme import Role, Tone, px

_HEIGHT = 31


@dataclass(frozen=True, slots=True)
class LeverRow:
    """Name, slider, and at the right the value with its cost."""

    name: Text
    slider: Slider
    value: Text

    @classmethod
    def named(cls, name: str, parent: QWidget) -> LeverRow:
        """A row that nothing lays out yet."""
        row = cls(Text(name, Role.SMALL, parent=parent), Slider(name, parent), Text("", Role.SMALL, parent=parent))
        # The height is the slider's, so that a hidden row takes none.
        row.slider.setMinimumHeight(px(_HEIGHT))
        return row

    def set_shown(self, is_shown: bool) -> None:
        """Show or hide all of it."""
        for widget in (self.name, self.slider, self.value):
            widget.setVisible(is_shown)

    def show(self, step: int, words: str, figure: str, cost: str) -> None:
        """Move the knob; `words` are for screen readers, `figure` and `cost` stand at the right."""
        self.slider.show_value(step, words)
        runs = [Run(figure, Role.SMALL_STRONG)]
        self.value.set_text([*runs, Run(f" {cost}", Role.SMALL, Tone.MUTED)] if cost else runs)

    def delete(self) -> None:
        """It is not needed any more."""
        for widget in (self.name, self.slider, self.value):
            widget.hide()
            widget.deleteLater()


def add_row(grid: QGridLayout, at: int, name: QWidget, control: QWidget, value: QWidget) -> None:
    """Lay out one row of levers."""
    grid.addWidget(name, at, 0, Qt.AlignmentFlag.AlignVCenter)
    grid.addWidget(control, at, 1, Qt.AlignmentFlag.AlignVCenter)
    grid.addWidget(value, at, 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
