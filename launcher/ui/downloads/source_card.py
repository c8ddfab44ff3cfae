"""Where downloads come from, how fast they come now, and how fast and how many at a time they may."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from launcher.ui.components import (
    ButtonSize,
    Card,
    ComboBox,
    Dot,
    ElidedLabel,
    FlowLayout,
    LinkButton,
    SecondaryButton,
    Text,
)
from launcher.ui.downloads.words import LIMITS_BYTES_S, limit_words, transfer_rate
from launcher.ui.theme import Role, Tone

_MOST_AT_ONCE = 4


class SourceCard(Card):
    """Host, rate over all running downloads, speed limit and order of magnitude; tests the connection.

    Signals:
        limit_chosen(int | None): bytes per second for all downloads together.
        other_limit_requested(): a limit that the list does not have.
        at_once_chosen(int): files at a time.
        test_requested(), network_settings_requested(): the buttons.
    """

    limit_chosen = Signal(object)
    other_limit_requested = Signal()
    at_once_chosen = Signal(int)
    test_requested = Signal()
    network_settings_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limit_bytes_s: int | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(0)
        column.addWidget(Text(self.tr("Source"), Role.SECTION, parent=self))
        column.addSpacing(9)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._dot = Dot(Tone.MUTED, self)
        self._host = ElidedLabel("…", Role.SMALL_MEDIUM, parent=self)
        self._rate = Text("", Role.SMALL, Tone.MUTED, self)
        row.addWidget(self._dot)
        row.addWidget(self._host, 1)
        row.addWidget(self._rate)
        column.addLayout(row)
        column.addSpacing(12)
        column.addLayout(self._build_choices())
        column.addSpacing(12)
        column.addWidget(self._build_buttons())
        self.set_rate(None)
        self.set_limit(None)
        self.set_at_once(2)

    def set_host(self, host: str) -> None:
        """The server's name."""
        self._host.set_text(host)

    def set_rate(self, rate_bytes_s: float | None, *, is_away: bool = False) -> None:
        """Over all running downloads; None when nothing is coming.

        Args:
            rate_bytes_s: bytes per second.
            is_away: the server cannot be reached, or asks to wait.
        """
        self._dot.set_tone(Tone.WARN if is_away else Tone.GOOD if rate_bytes_s else Tone.MUTED)
        if is_away:
            self._rate.set_text(self.tr("waiting"))
        elif rate_bytes_s:
            self._rate.set_text(self.tr("{rate} now").format(rate=transfer_rate(rate_bytes_s)))
        else:
            self._rate.set_text(self.tr("idle"))

    def set_limit(self, limit_bytes_s: int | None) -> None:
        """Show the limit in force; one that the list does not have is added to it."""
        self._limit_bytes_s = limit_bytes_s
        usual = limit_bytes_s in LIMITS_BYTES_S
        self._limits = LIMITS_BYTES_S if usual else (*LIMITS_BYTES_S, limit_bytes_s)
        self._limit.blockSignals(True)
        self._limit.clear()
        self._limit.addItems([*map(limit_words, self._limits), self.tr("Other…")])
        self._limit.setCurrentIndex(self._limits.index(limit_bytes_s))
        self._limit.blockSignals(False)

    def set_at_once(self, count: int) -> None:
        """Show how many files come at a time."""
        self._at_once.blockSignals(True)
        while self._at_once.count() < max(count, _MOST_AT_ONCE):
            n = self._at_once.count() + 1
            self._at_once.addItem(self.tr("1 file") if n == 1 else self.tr("{n} files").format(n=n))
        self._at_once.setCurrentIndex(count - 1)
        self._at_once.blockSignals(False)

    def _build_choices(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self._limit = ComboBox(self.tr("Speed limit"), self)
        self._at_once = ComboBox(self.tr("Downloads at a time"), self)
        self._limit.activated.connect(self._on_limit_activated)
        self._at_once.activated.connect(self._on_at_once_activated)
        for i, (name, field) in enumerate(
            ((self.tr("Speed limit"), self._limit), (self.tr("At a time"), self._at_once))
        ):
            grid.addWidget(Text(name, Role.SMALL, Tone.MUTED, self), i, 0)
            grid.addWidget(field, i, 1)
        grid.setColumnMinimumWidth(0, 86)
        return grid

    def _build_buttons(self) -> QWidget:
        holder = QWidget(self)
        flow = FlowLayout(holder, gap=8)
        test = SecondaryButton(self.tr("Test connection"), holder, size=ButtonSize.SMALL)
        network = LinkButton(self.tr("Mirror, proxy…"), holder)
        test.clicked.connect(self.test_requested)
        network.clicked.connect(self.network_settings_requested)
        flow.addWidget(test)
        flow.addWidget(network)
        return holder

    def _on_limit_activated(self, index: int) -> None:
        if index < len(self._limits):
            self._limit_bytes_s = self._limits[index]
            self.limit_chosen.emit(self._limit_bytes_s)
        else:
            self.set_limit(self._limit_bytes_s)  # until another is typed
            self.other_limit_requested.emit()

    def _on_at_once_activated(self, index: int) -> None:
        self.at_once_chosen.emit(index + 1)
