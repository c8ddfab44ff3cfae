"""The three figures of a plan in one outlined row: answering, reading, to the first token."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.plans import SpeedEstimate
from launcher.core.units import rate, whole
from launcher.ui.components import Divider, Run, Text, frame
from launcher.ui.theme import Role, Tone, current

_READ_TOKENS = 1000


class SpeedFigures(QWidget):
    """Large figures with their range or base under them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 8)
        row.setSpacing(12)
        self._answering = _Figure(self.tr("Answering"), self)
        self._reading = _Figure(self.tr("Reading your text"), self)
        self._first = _Figure(self.tr("To first token"), self)
        for i, figure in enumerate((self._answering, self._reading, self._first)):
            if i:
                row.addWidget(Divider(self, vertical=True))
            row.addWidget(figure, 1, Qt.AlignmentFlag.AlignTop)

    def set_speed(self, speed: SpeedEstimate | None) -> None:
        """Show an estimate or a measurement; None shows "…"."""
        if speed is None:
            for figure in (self._answering, self._reading, self._first):
                figure.set_pending()
            return
        spread = self.tr("measured")
        if speed.basis != "measured":
            spread = self.tr("likely {low}\u2013{high}").format(
                low=rate(speed.decode_low), high=rate(speed.decode_high)
            )
        tokens_s = self.tr("tokens/s")
        self._answering.set_value(_rate(speed.decode_tokens_s), tokens_s, spread)
        self._reading.set_value(_rate(speed.prefill_tokens_s), tokens_s)
        # Printed for a stated length of text, so that the figure has its base.
        wait_s = rate(_READ_TOKENS / speed.prefill_tokens_s) if speed.prefill_tokens_s else self.tr("unknown")
        base = self.tr("{n} tokens in").format(n=whole(_READ_TOKENS))
        self._first.set_value(wait_s, self.tr("s") if speed.prefill_tokens_s else "", base)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The outline."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), 8, current().surface, current().border)
        painter.end()


class _Figure(QWidget):
    """What, how much, and its range or base."""

    def __init__(self, label: str, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        name = Text(label, Role.SMALL, Tone.MUTED, self, wrap=True)
        self._value = Text("", parent=self)
        self._under = Text("", Role.SMALL, Tone.MUTED, self)
        for text in (name, self._value, self._under):
            column.addWidget(text)

    def set_value(self, figure: str, unit: str, under: str = "") -> None:
        self._value.set_text([Run(figure, Role.FIGURE), Run(f" {unit}", Role.BODY)])
        self._under.set_text(under)

    def set_pending(self) -> None:
        self._value.set_text([Run("…", Role.FIGURE, Tone.MUTED)])
        self._under.set_text("")


def _rate(tokens_s: float) -> str:
    return rate(tokens_s) if tokens_s < 1000 else whole(round(tokens_s))
