"""Predicted and actual of the present load, side by side: memory per device, speed, waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from launcher.core.generation import Loaded, Timings
from launcher.core.plans import DeviceMemory, MemoryUse, Plan
from launcher.core.units import GIB, rate
from launcher.ui.components import ElidedLabel, Text
from launcher.ui.home.words import range_words
from launcher.ui.theme import Role, Tone

_UNKNOWN = "–"
_MOST_DEVICES = 16
_RIGHT = Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True, slots=True)
class DevicePair:
    """Bytes on one device, None where only the other side knows it."""

    name: str
    predicted_bytes: int | None
    actual_bytes: int | None


@dataclass(frozen=True, slots=True)
class _Row:
    name: ElidedLabel
    predicted: Text
    actual: Text


class LoadTable(QWidget):
    """Three columns; a sentence only where the actual value lies outside the predicted range."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._predicted: Plan | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        grid = self._grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        column.addLayout(grid)
        grid.addWidget(Text(self.tr("This load"), Role.BODY_STRONG, parent=self), 0, 0)
        grid.addWidget(Text(self.tr("Predicted"), Role.SMALL, Tone.MUTED, self, align=_RIGHT), 0, 1)
        grid.addWidget(Text(self.tr("Actual"), Role.SMALL, Tone.MUTED, self, align=_RIGHT), 0, 2)
        self._devices: list[_Row] = []
        names = {
            "rate": self.tr("Tokens/s"),
            "first": self.tr("First token, s"),
            "loading": self.tr("Loading, s"),
        }
        self._rows = {key: self._make_row(_MOST_DEVICES + 1 + i, name) for i, (key, name) in enumerate(names.items())}
        self._set_devices(())
        self._outside = Text("", Role.SMALL, Tone.WARN, self, wrap=True)
        self._outside.hide()
        column.addWidget(self._outside)

    def set_loaded(self, loaded: Loaded | None, predicted: Plan | None, predicted_load_s: float | None) -> None:
        """A new load, or none."""
        self._predicted = predicted
        self._outside.hide()
        self._set_devices(side_by_side(predicted.memory if predicted else None, loaded.memory if loaded else None))
        self._set("rate", range_words(predicted.speed) if predicted else _UNKNOWN, _UNKNOWN)
        self._set("first", f"{predicted.speed.time_to_first_token_s:.1f}" if predicted else _UNKNOWN, _UNKNOWN)
        self._set("loading", f"{predicted_load_s:.1f}" if predicted_load_s is not None else _UNKNOWN, _UNKNOWN)
        if loaded is not None:
            self._rows["loading"].actual.set_text(f"{loaded.load_seconds:.1f}")

    def set_timings(self, timings: Timings) -> None:
        """Measured figures of the newest answer."""
        tokens_s = timings.decode_tokens_s
        self._rows["rate"].actual.set_text(rate(tokens_s) if tokens_s < 10 else f"{tokens_s:.1f}")
        self._rows["first"].actual.set_text(f"{timings.time_to_first_token_s:.1f}")
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
        self._rows[key].predicted.set_text(predicted)
        self._rows[key].actual.set_text(actual)

    def _set_devices(self, pairs: Sequence[DevicePair]) -> None:
        """One row per device; one for the memory while nothing is known."""
        for row in self._devices:
            for widget in (row.name, row.predicted, row.actual):
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        names = [self.tr("{device}, GiB").format(device=pair.name) for pair in pairs] or [self.tr("Memory, GiB")]
        self._devices = [self._make_row(1 + i, name) for i, name in enumerate(names[:_MOST_DEVICES])]
        for row, pair in zip(self._devices, pairs, strict=False):
            row.predicted.set_text(_gib(pair.predicted_bytes))
            row.actual.set_text(_gib(pair.actual_bytes))

    def _make_row(self, at: int, name: str) -> _Row:
        label = ElidedLabel(name, Role.SMALL, Tone.MUTED, self)
        predicted = Text(_UNKNOWN, Role.SMALL, Tone.MUTED, self, align=_RIGHT)
        actual = Text(_UNKNOWN, Role.SMALL_MEDIUM, parent=self, align=_RIGHT)
        predicted.setAccessibleName(self.tr("{name}, predicted").format(name=name))
        actual.setAccessibleName(self.tr("{name}, actual").format(name=name))
        for column, widget in enumerate((label, predicted, actual)):
            self._grid.addWidget(widget, at, column)
        return _Row(label, predicted, actual)


def side_by_side(predicted: MemoryUse | None, actual: MemoryUse | None) -> tuple[DevicePair, ...]:
    """The same device's memory as planned and as it came.

    The two name cards in their own ways ("RTX 4090", "CUDA0"), so cards belong together by order. Of the RAM what the engine's
    books count: the rest of a process is in no load's own figures.
    """
    plan = [d for d in predicted.devices if d.total_bytes] if predicted else []
    came = [d for d in actual.devices if d.total_bytes] if actual else []
    pairs: list[DevicePair] = []
    for kind in ("gpu", "host"):
        both = zip_longest(*([d for d in side if d.kind == kind] for side in (plan, came)))
        pairs += [DevicePair((p or c).name, _size(p), _size(c)) for p, c in both]
    return tuple(pairs)


def _size(row: DeviceMemory | None) -> int | None:
    if row is None:
        return None
    return row.total_bytes - (row.unaccounted_bytes if row.kind == "host" else 0)


def _gib(size_bytes: int | None) -> str:
    return _UNKNOWN if size_bytes is None else f"{size_bytes / GIB:.2f}"
