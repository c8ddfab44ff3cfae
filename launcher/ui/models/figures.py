"""The three figures of a plan in one outlined row: answering, reading, to the first token."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.plans import SpeedEstimate
from launcher.core.units import rate, whole
from launcher.ui.components import Divider, Run, Text, frame
from launcher.ui.theme import Role, Tone, current

_READ_TOKENS = 1000


class SpeedFigures(QWidget):
    """Large figures with their range or base beside them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 8, 8)
        row.setSpacing(9)
        self._labels: list[Text] = []
        self._values: list[Text] = []
        for i, label in enumerate((self.tr("Answering"), self.tr("Reading your text"), self.tr("To first token"))):
            if i:
                row.addWidget(Divider(self, vertical=True))
            column = QVBoxLayout()
            column.setSpacing(0)
            name = Text(label, Role.SMALL, Tone.MUTED, self, wrap=True)
            value = Text("", parent=self, wrap=True)
            column.addWidget(name)
            column.addWidget(value)
            column.addStretch(1)
            row.addLayout(column)
            self._labels.append(name)
            self._values.append(value)

    def set_speed(self, speed: SpeedEstimate | None) -> None:
        """Show an estimate or a measurement; None shows "…"."""
        answering, reading, first = self._values
        if speed is None:
            for value in self._values:
                value.set_text([Run("…", Role.FIGURE, Tone.MUTED)])
            return
        is_measured = speed.basis == "measured"
        self._labels[0].set_text(self.tr("Answering, measured") if is_measured else self.tr("Answering, estimate"))
        spread = "" if is_measured else f" {rate(speed.decode_low)}\u2013{rate(speed.decode_high)}"
        answering.set_text(
            [
                Run(_rate(speed.decode_tokens_s), Role.FIGURE),
                Run(" " + self.tr("tokens/s"), Role.BODY),
                Run(spread, Role.SMALL, Tone.MUTED),
            ]
        )
        reading.set_text([Run(_rate(speed.prefill_tokens_s), Role.FIGURE), Run(" " + self.tr("tokens/s"), Role.BODY)])
        # Printed for a stated length of text, so that the figure has its base.
        wait_s = _READ_TOKENS / speed.prefill_tokens_s if speed.prefill_tokens_s else None
        first.set_text(
            [
                Run(rate(wait_s) if wait_s is not None else self.tr("unknown"), Role.FIGURE),
                Run(" s" if wait_s is not None else "", Role.BODY),
                Run(self.tr(" / {n} in").format(n=f"{_READ_TOKENS:,}"), Role.SMALL, Tone.MUTED),
            ]
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """The outline."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), 8, current().surface, current().border)
        painter.end()


def _rate(tokens_s: float) -> str:
    return rate(tokens_s) if tokens_s < 1000 else whole(round(tokens_s))
