"""The three figures of a plan in one outlined row: answering with its range, reading, to the first token."""

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
    """Large figures with their range or base beside them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(9, 9, 9, 9)
        row.setSpacing(7)
        self._answering = _Figure(self.tr("Answering, estimate"), self)
        self._reading = _Figure(self.tr("Reading your text"), self)
        self._first = _Figure(self.tr("To first token"), self)
        for i, figure in enumerate((self._answering, self._reading, self._first)):
            if i:
                row.addWidget(Divider(self, vertical=True))
            row.addWidget(figure, 0, Qt.AlignmentFlag.AlignTop)

    def set_speed(self, speed: SpeedEstimate | None, *, is_pending: bool = True) -> None:
        """Show an estimate or a measurement; None shows "…", or a dash where there is no speed."""
        if speed is None:
            for figure in (self._answering, self._reading, self._first):
                figure.set_nothing("…" if is_pending else "\u2013")
            return
        is_measured = speed.basis == "measured"
        self._answering.set_label(self.tr("Answering, measured") if is_measured else self.tr("Answering, estimate"))
        spread = "" if is_measured else f"{rate(speed.decode_low)}\u2013{rate(speed.decode_high)}"
        tokens_s = self.tr("tokens/s")
        self._answering.set_value(_rate(speed.decode_tokens_s), tokens_s, spread)
        self._reading.set_value(_rate(speed.prefill_tokens_s), tokens_s)
        # Printed for a stated length of text, so that the figure has its base.
        wait_s = rate(_READ_TOKENS / speed.prefill_tokens_s) if speed.prefill_tokens_s else self.tr("unknown")
        base = self.tr("/ {n} in").format(n=whole(_READ_TOKENS))
        self._first.set_value(wait_s, self.tr("s") if speed.prefill_tokens_s else "", base)
        self._first.setToolTip(self.tr("Until the answer to {n} tokens of text begins").format(n=whole(_READ_TOKENS)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The outline."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), 8, current().surface, current().border)
        painter.end()


class _Figure(QWidget):
    """What, and under it how much with its range or base."""

    def __init__(self, label: str, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        # They give way before the panel would have to scroll sideways.
        self._label = Text(label, Role.SMALL, Tone.MUTED, self, elide=Qt.TextElideMode.ElideRight)
        self._value = Text("", parent=self, elide=Qt.TextElideMode.ElideRight)
        for text in (self._label, self._value):
            column.addWidget(text)

    def set_label(self, label: str) -> None:
        self._label.set_text(label)

    def set_value(self, figure: str, unit: str, beside: str = "") -> None:
        runs = [Run(figure, Role.FIGURE), Run(f" {unit}", Role.SMALL)]
        self._value.set_text([*runs, Run(f" {beside}", Role.SMALL, Tone.MUTED)] if beside else runs)

    def set_nothing(self, sign: str) -> None:
        self._value.set_text([Run(sign, Role.FIGURE, Tone.MUTED)])


def _rate(tokens_s: float) -> str:
    return rate(tokens_s) if tokens_s < 1000 else whole(round(tokens_s))
