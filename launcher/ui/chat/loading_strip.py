"""A thin progress bar with words and Cancel, above the composer while a model loads; what had to be given up stands below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.words import joined
from launcher.ui.components import LinkButton, Text, ThinBar
from launcher.ui.theme import Role, Tone, px

_MOST_STEP_LINES = 3


class LoadingStrip(QWidget):
    """Hidden while nothing loads.

    Signals:
        cancel_requested(): Cancel.
    """

    cancel_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = Text("", Role.SMALL, Tone.TEXT, self, elide=Qt.TextElideMode.ElideMiddle)
        self._detail = Text("", Role.SMALL, Tone.MUTED, self)
        self._bar = ThinBar(self.tr("Loading"), self, height=6)
        self._cancel = LinkButton(self.tr("Cancel"), self)
        self._cancel.setAccessibleName(self.tr("Cancel loading"))
        self._cancel.clicked.connect(self.cancel_requested)
        self._steps = Text("", Role.SMALL, Tone.WARN, self, wrap=True, max_lines=_MOST_STEP_LINES)
        self._steps.setAccessibleName(self.tr("Loading with less"))
        self._steps.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(px(8), 0, px(8), px(6))
        column.setSpacing(px(2))
        row = QHBoxLayout()
        row.setSpacing(px(10))
        row.addWidget(self._words, 1)
        row.addWidget(self._detail)
        row.addWidget(self._cancel)
        column.addLayout(row)
        column.addWidget(self._bar)
        column.addWidget(self._steps)
        self.hide()

    def set_progress(self, fraction: float | None, words: str, detail: str = "") -> None:
        """Show progress; words "" hides everything.

        Args:
            fraction: 0..1, None while it is not known.
            words: what is being done.
            detail: how far it is and how long it takes still, "" for the percentage alone.
        """
        self.setVisible(bool(words))
        self._words.set_text(words)
        self._detail.set_text(detail or ("" if fraction is None else f"{fraction * 100:.0f} %"))
        self._bar.set_share(fraction, f"{words} {self._detail.text()}".strip())

    def set_steps(self, steps: Sequence[str]) -> None:
        """What had to be given up so far, the newest first; () hides it."""
        words = joined(*reversed(steps))
        self._steps.set_text(words)
        self._steps.setToolTip(words)
        self._steps.setVisible(bool(words))
