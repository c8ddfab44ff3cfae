"""The strip under the head of This PC while it is measured, and what to do when that was not possible."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.errors import UserError
from launcher.ui.components import Banner, BannerKind, ButtonSize, Card, SecondaryButton, Text, ThinBar
from launcher.ui.theme import Role, Tone


class MeasureStrip(QWidget):
    """Hidden until a measurement runs or has failed.

    Signals:
        stop_requested(): the user has seen enough.
        next_step_chosen(NextStep): a button of the error.
    """

    stop_requested = Signal()
    next_step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._banner = Banner(self)
        self._banner.step_chosen.connect(self.next_step_chosen)
        column.addWidget(self._banner)
        self._card = Card(self)
        self._card.setAccessibleName(self.tr("Measuring this PC"))
        row = QHBoxLayout(self._card)
        row.setContentsMargins(20, 14, 16, 14)
        row.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(6)
        self._what = Text("", Role.BODY, parent=self._card)
        self._bar = ThinBar(self.tr("Measured so far"), self._card)
        hint = self.tr("Leave the PC alone for this half minute; other programs make the figures worse than they are.")
        words.addWidget(self._what)
        words.addWidget(self._bar)
        words.addWidget(Text(hint, Role.SMALL, Tone.MUTED, self._card, wrap=True))
        row.addLayout(words, 1)
        self._stop = SecondaryButton(self.tr("Stop"), self._card, size=ButtonSize.SMALL)
        self._stop.clicked.connect(self.stop_requested)
        row.addWidget(self._stop)
        column.addWidget(self._card)
        self._card.hide()
        self.hide()

    def show_progress(self, what: str, fraction: float) -> None:
        """What is measured now ("" at the start), and how much is done."""
        self._banner.hide()
        self._what.set_text(
            self.tr("Measuring {what}").format(what=what) if what else self.tr("Asking the engine for its devices…")
        )
        self._bar.set_share(fraction, self.tr("{n} % measured").format(n=round(100 * fraction)))
        self._card.show()
        self.show()

    def show_error(self, error: UserError) -> None:
        """Why it was not possible."""
        self._card.hide()
        self._banner.show_error(error, kind=BannerKind.WARN)
        self.show()

    def clear(self) -> None:
        """Nothing runs and nothing is wrong."""
        self._card.hide()
        self._banner.hide()
        self.hide()
