"""A finished download: one line, and the way to its chat."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadRequest
from launcher.core.units import gb
from launcher.ui.components import ButtonSize, Card, Chip, ElidedLabel, IconLabel, SecondaryButton
from launcher.ui.theme import Role, Tone


class FinishedCard(Card):
    """Name, size, time, checksum.

    Signals:
        chat_requested(str): the item's key.
    """

    chat_requested = Signal(str)

    def __init__(
        self, request: DownloadRequest, progress: DownloadProgress, finished_at: str, parent: QWidget | None = None
    ) -> None:
        """Make the card.

        Args:
            request: what was fetched.
            progress: its last state.
            finished_at: the time of day in words; "" when it was not seen.
            parent: as for any widget.
        """
        super().__init__(parent)
        self._key = request.key
        about = f"{request.short_name} {request.quant}"
        self.setAccessibleName(about)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 11, 18, 11)
        row.setSpacing(8)
        row.addWidget(IconLabel("check", Tone.GOOD, 18, self))
        row.addSpacing(6)
        row.addWidget(ElidedLabel(request.short_name, Role.BODY_STRONG, parent=self))
        row.addWidget(Chip(request.quant, parent=self, mono=True))
        facts = [gb(progress.total_bytes or request.file_bytes)]
        if finished_at:
            facts.append(self.tr("finished {time}").format(time=finished_at))
        if progress.sha256:
            facts.append(self.tr("sha256 matches"))
        row.addSpacing(4)
        row.addWidget(ElidedLabel(" · ".join(facts), Role.SMALL, Tone.MUTED, self), 1)
        chat = SecondaryButton(self.tr("Chat"), self, size=ButtonSize.SMALL)
        chat.setAccessibleName(self.tr("Chat with {name}").format(name=about))
        chat.clicked.connect(self._on_chat_clicked)
        row.addWidget(chat)

    def _on_chat_clicked(self) -> None:
        self.chat_requested.emit(self._key)
