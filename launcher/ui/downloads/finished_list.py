"""The finished downloads, newest first, under "Finished today" and "Finished earlier"."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadRequest
from launcher.ui.components import Text
from launcher.ui.downloads.finished_card import FinishedCard
from launcher.ui.downloads.words import is_today
from launcher.ui.theme import Role, Tone

_GAP = 10


class FinishedList(QWidget):
    """Hidden while there are none.

    Signals:
        chat_requested(str), forget_requested(str): as `FinishedCard`'s.
    """

    chat_requested = Signal(str)
    forget_requested = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._cards: dict[str, FinishedCard] = {}
        self._times: dict[str, float] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_GAP)
        self._titles: list[Text] = []
        self._columns: list[QVBoxLayout] = []
        for title in (self.tr("Finished today"), self.tr("Finished earlier"), self.tr("Finished")):
            text = Text(title, Role.SMALL_MEDIUM, Tone.MUTED, self)
            inner = QVBoxLayout()
            inner.setSpacing(_GAP)
            column.addWidget(text)
            column.addLayout(inner)
            self._titles.append(text)
            self._columns.append(inner)
        self._arrange()

    def set_jobs(self, jobs: list[tuple[DownloadRequest, DownloadProgress]]) -> None:
        """Show exactly these, in this order."""
        keys = [request.key for request, _ in jobs]
        for key in [k for k in self._cards if k not in keys]:
            card = self._cards.pop(key)
            card.hide()
            card.deleteLater()
        for request, progress in jobs:
            if request.key not in self._cards:
                card = FinishedCard(request, progress, self)
                card.chat_requested.connect(self.chat_requested)
                card.forget_requested.connect(self.forget_requested)
                self._cards[request.key] = card
        self._cards = {key: self._cards[key] for key in keys}
        self._arrange()

    def set_times(self, times: dict[str, float]) -> None:
        """When items were finished, Unix seconds by key; a time that is known already stays."""
        self._times = {**times, **self._times}
        self._arrange()

    def _arrange(self) -> None:
        counts = [0, 0, 0]
        for key, card in self._cards.items():
            when = self._times.get(key)
            group = 2 if when is None else 0 if is_today(when) else 1
            card.set_finished_at(when)
            self._columns[group].insertWidget(counts[group], card)
            card.show()
            counts[group] += 1
        for title, count in zip(self._titles, counts, strict=True):
            title.setVisible(count > 0)
        self.setVisible(bool(self._cards))
