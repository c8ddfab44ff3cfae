"""Where downloads come from, and how fast they come now."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.ui.components import Card, Dot, ElidedLabel, Text
from launcher.ui.downloads.words import transfer_rate
from launcher.ui.theme import Role, Tone


class SourceCard(Card):
    """Host and the rate over all running downloads."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(8)
        column.addWidget(Text(self.tr("Source"), Role.SECTION, parent=self))
        row = QHBoxLayout()
        row.setSpacing(8)
        self._dot = Dot(Tone.MUTED, self)
        self._host = ElidedLabel("…", Role.SMALL_MEDIUM, parent=self)
        self._rate = Text("", Role.SMALL, Tone.MUTED, self)
        row.addWidget(self._dot)
        row.addWidget(self._host, 1)
        row.addWidget(self._rate)
        column.addLayout(row)
        self.set_rate(None)

    def set_host(self, host: str) -> None:
        """The server's name."""
        self._host.set_text(host)

    def set_rate(self, rate_bytes_s: float | None) -> None:
        """Over all running downloads; None when nothing is coming."""
        self._dot.set_tone(Tone.GOOD if rate_bytes_s else Tone.MUTED)
        self._rate.set_text(
            self.tr("{rate} now").format(rate=transfer_rate(rate_bytes_s)) if rate_bytes_s else self.tr("idle")
        )
