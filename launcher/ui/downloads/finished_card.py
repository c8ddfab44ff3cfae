"""A finished download: one line, and the way to its chat."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadRequest
from launcher.core.units import gb
from launcher.ui.components import ButtonSize, Card, Chip, ElidedLabel, IconButton, IconLabel, SecondaryButton
from launcher.ui.downloads.words import time_of_day
from launcher.ui.theme import Role, Tone


class FinishedCard(Card):
    """Name, size, time, checksum.

    Signals:
        chat_requested(str): the item's key.
        forget_requested(str): take it off the list; the model stays.
    """

    chat_requested = Signal(str)
    forget_requested = Signal(str)

    def __init__(self, request: DownloadRequest, progress: DownloadProgress, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = request.key
        self._size_bytes = progress.total_bytes or request.file_bytes
        self._has_checksum = any(progress.sha256)
        about = f"{request.short_name} {request.quant}"
        self.setAccessibleName(about)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 11, 18, 11)
        row.setSpacing(8)
        row.addWidget(IconLabel("check", Tone.GOOD, 18, self))
        row.addSpacing(6)
        row.addWidget(ElidedLabel(request.short_name, Role.BODY_STRONG, parent=self))
        row.addWidget(Chip(request.quant, parent=self, mono=True))
        row.addSpacing(4)
        self._facts = ElidedLabel("", Role.SMALL, Tone.MUTED, self)
        row.addWidget(self._facts, 1)
        chat = SecondaryButton(self.tr("Chat"), self, size=ButtonSize.SMALL)
        chat.setAccessibleName(self.tr("Chat with {name}").format(name=about))
        chat.clicked.connect(self._on_chat_clicked)
        forget = IconButton("x", self.tr("Take {name} off this list; the model stays").format(name=about), self)
        forget.clicked.connect(self._on_forget_clicked)
        row.addWidget(chat)
        row.addWidget(forget)
        self.set_finished_at(None)

    def set_finished_at(self, unix_s: float | None) -> None:
        """When it was finished; None when that is not known."""
        facts = [gb(self._size_bytes)]
        if unix_s is not None:
            facts.append(self.tr("finished {time}").format(time=time_of_day(unix_s)))
        if self._has_checksum:
            facts.append(self.tr("sha256 matches"))
        self._facts.set_text(" · ".join(facts))

    def _on_chat_clicked(self) -> None:
        self.chat_requested.emit(self._key)

    def _on_forget_clicked(self) -> None:
        self.forget_requested.emit(self._key)
