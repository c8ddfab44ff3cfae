"""Predicted and actual of the present load, side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from launcher.core.generation import Loaded, Timings
from launcher.core.plans import MemoryUse, Plan
from launcher.core.units import GIB, rate
from launcher.ui.components import ElidedLabel, Text
from launcher.ui.home.words import range_words
from launcher.ui.theme import Role, Tone

_UNKNOWN = "–"


class LoadTable(QWidget):
    """Four rows, three columns; a sentence only where the actual value lies outside the predicted range."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._predicted: Plan | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        column.addLayout(grid)
        right = Qt.AlignmentFlag.AlignRight
        grid.addWidget(Text(self.tr("This load"), Role.BODY_STRONG, parent=self), 0, 0)
        grid.addWidget(Text(self.tr("Predicted"), Role.SMALL, Tone.MUTED, self, align=right), 0, 1)
        grid.addWidget(Text(self.tr("Actual"), Role.SMALL, Tone.MUTED, self, align=right), 0, 2)
        self._rows: dict[str, tuple[Text, Text]] = {}
        names = {
            "memory": self.tr("Memory, GiB"),
            "rate": self.tr("Tokens/s"),
            "first": self.tr("First token, s"),
            "loading": self.tr("Loading, s"),
        }
        for row, (key, name) in enumerate(names.items(), start=1):
            grid.addWidget(ElidedLabel(name, Role.SMALL, Tone.MUTED, self), row, 0)
            predicted = Text(_UNKNOWN, Role.SMALL, Tone.MUTED, self, align=right)
            actual = Text(_UNKNOWN, Role.SMALL_MEDIUM, parent=self, align=right)
            predicted.setAccessibleName(self.tr("{name}, predicted").format(name=name))
            actual.setAccessibleName(self.tr("{name}, actual").format(name=name))
            grid.addWidget(predicted, row, 1)
            grid.addWidget(actual, row, 2)
            self._rows[key] = (predicted, actual)
        self._outside = Text("", Role.SMALL, Tone.WARN, self, wrap=True)
        self._outside.hide()
        column.addWidget(self._outside)

    def set_loaded(self, loaded: Loaded | None, predicted: Plan | None, predicted_load_s: float | None) -> None:
        """A new load, or none."""
        self._predicted = predicted
        self._outside.hide()
        memory = _main_memory(predicted.memory) if predicted else None
        self._set("memory", f"{memory:.2f}" if memory is not None else _UNKNOWN, _UNKNOWN)
        self._set("rate", range_words(predicted.speed) if predicted else _UNKNOWN, _UNKNOWN)
        self._set("first", f"{predicted.speed.time_to_first_token_s:.1f}" if predicted else _UNKNOWN, _UNKNOWN)
        self._set("loading", f"{predicted_load_s:.1f}" if predicted_load_s is not None else _UNKNOWN, _UNKNOWN)
        if loaded is not None:
            self._rows["memory"][1].set_text(f"{_main_memory(loaded.memory):.2f}")
            self._rows["loading"][1].set_text(f"{loaded.load_seconds:.1f}")

    def set_timings(self, timings: Timings) -> None:
        """Measured figures of the newest answer."""
        tokens_s = timings.decode_tokens_s
        self._rows["rate"][1].set_text(rate(tokens_s) if tokens_s < 10 else f"{tokens_s:.1f}")
        self._rows["first"][1].set_text(f"{timings.time_to_first_token_s:.1f}")
        speed = self._predicted.speed if self._predicted else None
        words = ""
        if speed is not None and tokens_s < speed.decode_low:
            words = self.tr("Slower than predicted: {actual} instead of {range} tokens/s.")
        elif speed is not None and tokens_s > speed.decode_high:
            words = self.tr("Faster than predicted: {actual} instead of {range} tokens/s.")
        if speed is not None and words:
            self._outside.set_text(words.format(actual=rate(tokens_s), range=range_words(speed)))
        self._outside.setVisible(bool(words))

    def _set(self, key: str, predicted: str, actual: str) -> None:
        self._rows[key][0].set_text(predicted)
        self._rows[key][1].set_text(actual)


def _main_memory(memory: MemoryUse) -> float:
    """GiB on the cards, or in RAM when there are none."""
    on_cards = sum(d.total_bytes for d in memory.devices if d.kind == "gpu")
    return (on_cards or memory.total_bytes) / GIB
