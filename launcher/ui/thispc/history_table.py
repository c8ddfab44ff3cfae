"""Predicted and actual of earlier loads, with how far the speed was off."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from launcher.core.plans import MemoryUse
from launcher.core.units import GIB, rate
from launcher.store.loads import LoadRecord
from launcher.ui.components import Card, Divider, ElidedLabel, Text
from launcher.ui.meters.load_table import side_by_side
from launcher.ui.theme import Role, Tone, current

SHOWN_LOADS = 6
_SCALE = 0.2  # the ends of the little scale: 20 % off


class DeviationBar(QWidget):
    """How far the speed was from the prediction, -20 to +20 %, with the predicted range as a band."""

    def __init__(self, deviation: float, low: float, high: float, parent: QWidget | None = None) -> None:
        """Draw a deviation.

        Args:
            deviation: actual over predicted, less 1.
            low: the same for the lower end of the predicted range.
            high: the same for its upper end.
            parent: as for any widget.
        """
        super().__init__(parent)
        self._deviation, self._low, self._high = deviation, low, high
        self.setAccessibleName(f"{100 * deviation:+.0f} %")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Wide enough to tell 2 %."""
        return QSize(120, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Scale, band, centre tick, dot."""
        tokens = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        painter.setPen(QPen(QColor(tokens.border), 1))
        painter.drawLine(QPointF(0, middle), QPointF(self.width(), middle))
        left, right = self._x(self._low), self._x(self._high)
        painter.fillRect(QRectF(left, middle - 4, max(1.0, right - left), 8), QColor(tokens.soft_accent))
        painter.setPen(QPen(QColor(tokens.muted), 1.5))
        painter.drawLine(QPointF(self._x(0), middle - 7), QPointF(self._x(0), middle + 7))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.accent))
        painter.drawEllipse(QPointF(self._x(self._deviation), middle), 4.5, 4.5)
        painter.end()

    def _x(self, deviation: float) -> float:
        share = min(1.0, max(-1.0, deviation / _SCALE))
        return 5 + (self.width() - 10) * (share + 1) / 2


class HistoryTable(Card):
    """The newest loads, newest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Predicted and actual"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(Text(self.tr("Predicted and actual"), Role.SECTION, parent=self), 1)
        self._summary = Text("", Role.SMALL, Tone.MUTED, self)
        head.addWidget(self._summary)
        column.addLayout(head)
        self._empty = Text(
            self.tr("Nothing was loaded yet. After the first load both stand here."),
            Role.BODY,
            Tone.MUTED,
            self,
            wrap=True,
        )
        column.addWidget(self._empty)
        self._holder = QVBoxLayout()
        column.addLayout(self._holder)
        column.addStretch(1)
        self._table: QWidget | None = None

    def set_loads(self, loads: tuple[LoadRecord, ...]) -> None:
        """Show the history; only loads with a prediction and an actual figure count."""
        if self._table is not None:
            self._holder.removeWidget(self._table)
            self._table.hide()
            self._table.deleteLater()
            self._table = None
        complete = [load for load in loads if load.actual_memory is not None]
        self._empty.setVisible(not complete)
        errors = [abs(d) for load in complete if (d := _speed_deviation(load)) is not None]
        if errors:
            one, many = (
                self.tr("1 load; speed off by {percent} %"),
                self.tr("{n} loads; speed off by {percent} % on average"),
            )
            words = one if len(errors) == 1 else many
            self._summary.set_text(words.format(n=len(errors), percent=f"{100 * sum(errors) / len(errors):.0f}"))
        else:
            self._summary.set_text("")
        if complete:
            self._table = self._make_table(complete[:SHOWN_LOADS])
            self._holder.addWidget(self._table)

    def _make_table(self, loads: list[LoadRecord]) -> QWidget:
        table = QWidget(self)
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(0, 1)
        right = Qt.AlignmentFlag.AlignRight
        for column, span, words in (
            (0, 2, self.tr("Model")),
            (2, 3, self.tr("Memory, GiB")),
            (5, 3, self.tr("Tokens/s")),
        ):
            align = right if column else Qt.AlignmentFlag.AlignLeft
            grid.addWidget(Text(words, Role.SMALL, Tone.MUTED, table, align=align), 0, column, 1, span)
        grid.addWidget(Text(self.tr("−20 to +20 %"), Role.SMALL, Tone.MUTED, table), 0, 8)
        for i, load in enumerate(loads):
            grid.addWidget(Divider(table), 2 * i + 1, 0, 1, 9)
            self._add_row(grid, 2 * i + 2, load, table)
        return table

    def _add_row(self, grid: QGridLayout, row: int, load: LoadRecord, table: QWidget) -> None:
        right = Qt.AlignmentFlag.AlignRight
        grid.addWidget(ElidedLabel(load.model, Role.SMALL_MEDIUM, parent=table), row, 0)
        grid.addWidget(Text(load.quant, Role.MONO_SMALL, Tone.MUTED, table), row, 1)
        predicted, actual = _memory(load.predicted_memory), _memory(load.actual_memory)
        cells = [f"{predicted:.2f}", f"{actual:.2f}", _percent(actual / predicted - 1, 1) if predicted else ""]
        deviation = _speed_deviation(load)
        speed = load.predicted_speed
        cells += [
            rate(speed.decode_tokens_s) if speed else "–",
            rate(load.actual_decode_tokens_s) if load.actual_decode_tokens_s else "–",
            _percent(deviation, 0) if deviation is not None else "",
        ]
        for i, words in enumerate(cells):
            is_actual = i % 3 == 1
            role, tone = (Role.SMALL_STRONG, Tone.TEXT) if is_actual else (Role.SMALL, Tone.MUTED)
            cell = Text(words, role, tone, table, align=right)
            if i < 3:
                cell.setToolTip(_device_words(load))
            grid.addWidget(cell, row, 2 + i)
        if speed is not None and deviation is not None:
            low, high = speed.decode_low / speed.decode_tokens_s - 1, speed.decode_high / speed.decode_tokens_s - 1
            grid.addWidget(DeviationBar(deviation, low, high, table), row, 8)


def _speed_deviation(load: LoadRecord) -> float | None:
    if load.predicted_speed is None or not load.actual_decode_tokens_s:
        return None
    return load.actual_decode_tokens_s / load.predicted_speed.decode_tokens_s - 1


def _device_words(load: LoadRecord) -> str:
    """Device by device, and what had to be given up."""
    lines = [
        f"{pair.name}: {_gib(pair.predicted_bytes)} / {_gib(pair.actual_bytes)} GiB"
        for pair in side_by_side(load.predicted_memory, load.actual_memory)
    ]
    return "\n".join((*lines, *load.steps))


def _gib(size_bytes: int | None) -> str:
    return "–" if size_bytes is None else f"{size_bytes / GIB:.2f}"


def _memory(memory: MemoryUse | None) -> float:
    """GiB on the cards, or in RAM when there are none."""
    if memory is None:
        return 0.0
    on_cards = sum(d.total_bytes for d in memory.devices if d.kind == "gpu")
    return (on_cards or memory.total_bytes) / GIB


def _percent(share: float, digits: int) -> str:
    words = f"{100 * share:+.{digits}f} %"
    return words.replace("-", "−")
