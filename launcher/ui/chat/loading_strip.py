"""A thin progress bar with words and Cancel, above the composer while a model loads."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.ui.components import LinkButton, Text, ThinBar
from launcher.ui.theme import Role, Tone, px


class LoadingStrip(QWidget):
    """Hidden while nothing loads.

    Signals:
        cancel_requested(): Cancel.
    """

    cancel_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = Text("", Role.SMALL, Tone.TEXT, self, elide=Qt.TextElideMode.ElideMiddle)
        self._share = Text("", Role.SMALL, Tone.MUTED, self)
        self._bar = ThinBar(self.tr("Loading"), self, height=6)
        self._cancel = LinkButton(self.tr("Cancel"), self)
        self._cancel.setAccessibleName(self.tr("Cancel loading"))
        self._cancel.clicked.connect(self.cancel_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(8), 0, px(8), px(6))
        column.setSpacing(px(2))
        row = QHBoxLayout()
        row.setSpacing(px(10))
        row.addWidget(self._words, 1)
        row.addWidget(self._share)
        row.addWidget(self._cancel)
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
        self._share.set_text("" if fraction is None else f"{fraction * 100:.0f} %")
        self._bar.set_share(fraction, f"{words} {self._share.text()}".strip())
