"""A line above the composer while older messages are summarised: what is done, how far it is, Cancel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.ui.components import LinkButton, Text, ThinBar
from launcher.ui.theme import Role, Tone, px


class SummaryStrip(QWidget):
    """Hidden while nothing is summarised.

    Signals:
        cancel_requested(): Cancel; the answer comes without a summary then.
    """

    cancel_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = Text("", Role.SMALL, Tone.TEXT, self, elide=Qt.TextElideMode.ElideRight)
        self._bar = ThinBar(self.tr("Summary"), self, height=6)
        cancel = LinkButton(self.tr("Cancel"), self)
        cancel.setAccessibleName(self.tr("Cancel the summary"))
        cancel.setToolTip(
            self.tr("The answer is made without a summary; the oldest messages are no longer sent to the model.")
        )
        cancel.clicked.connect(self.cancel_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(8), 0, px(8), px(6))
        column.setSpacing(px(2))
        row = QHBoxLayout()
        row.setSpacing(px(10))
        row.addWidget(self._words, 1)
        row.addWidget(cancel)
        column.addLayout(row)
        column.addWidget(self._bar)
        self.hide()

    def set_progress(self, fraction: float | None, words: str) -> None:
        """Show progress; words "" hides everything.

        Args:
            fraction: 0..1, None while it is not known.
            words: what is being done.
        """
        self.setVisible(bool(words))
        self._words.set_text(words)
        self._bar.set_share(fraction, words)
