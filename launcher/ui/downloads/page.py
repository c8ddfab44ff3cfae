"""The Downloads page. Cards are kept between updates, so that a tick seven times a second only changes words and bars."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, QTime, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.machine import Disk
from launcher.core.words import joined, listed, say
from launcher.ui.components import Card, PrimaryButton, ScrollPage, SecondaryButton, Text
from launcher.ui.downloads import words
from launcher.ui.downloads.disk_card import DiskCard
from launcher.ui.downloads.finished_card import FinishedCard
from launcher.ui.downloads.job_card import JobCard
from launcher.ui.downloads.source_card import SourceCard
from launcher.ui.theme import Role, Tone, px

_NARROW_BELOW = 1000
_SIDE_WIDTH = 336


class DownloadsPage(ScrollPage):
    """Shows every item; asks for pauses, removals and chats.

    Signals:
        pause_requested(str), resume_requested(str), remove_requested(str): the item's key; a removal was confirmed
            where bytes are deleted.
        pause_all_requested(), resume_all_requested(): the buttons in the head.
        chat_requested(str): chat with a finished item.
        chat_when_done_changed(str, bool): key and wish.
        open_folder_requested(): the models' folder.
        next_step_chosen(str, NextStep): key and a step of its error.
        home_requested(): the empty page's button.
    """

    pause_requested = Signal(str)
    resume_requested = Signal(str)
    remove_requested = Signal(str)
    pause_all_requested = Signal()
    resume_all_requested = Signal()
    chat_requested = Signal(str)
    chat_when_done_changed = Signal(str, bool)
    open_folder_requested = Signal()
    next_step_chosen = Signal(str, object)
    home_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Downloads"))
        self._jobs: dict[str, tuple[DownloadRequest, DownloadProgress]] = {}
        self._cards: dict[str, JobCard] = {}
        self._finished: dict[str, FinishedCard] = {}
        self._finished_at: dict[str, str] = {}
        self._chat_when_done: dict[str, bool] = {}
        column = QVBoxLayout(self.content)
        column.setContentsMargins(32, 20, 32, 20)
        column.setSpacing(16)
        column.addLayout(self._build_head())
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(16)
        column.addLayout(self._body)
        column.addStretch(1)
        self._body.addWidget(self._build_list(), 1)
        self._side = QWidget(self.content)
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(16)
        self._disk = DiskCard(self._side)
        self._disk.open_folder_requested.connect(self.open_folder_requested)
        self._source = SourceCard(self._side)
        side.addWidget(self._disk)
        side.addWidget(self._source)
        side.addStretch(1)
        self._body.addWidget(self._side)
        self._refresh()

    # --- values ---

    def set_jobs(self, jobs: tuple[tuple[DownloadRequest, DownloadProgress], ...]) -> None:
        """Show exactly these items, in this order."""
        for _, progress in jobs:
            self._note_the_end(progress)
        self._jobs = {request.key: (request, progress) for request, progress in jobs}
        self._arrange()

    def set_progress(self, progress: DownloadProgress) -> None:
        """Show another instant of one item; items that `set_jobs` did not name are ignored."""
        known = self._jobs.get(progress.key)
        if known is None:
            return
        self._note_the_end(progress)
        request, before = known
        self._jobs[progress.key] = (request, progress)
        if (progress.state is DownloadState.DONE) != (before.state is DownloadState.DONE):
            self._arrange()
            return
        if card := self._cards.get(progress.key):
            card.set_progress(progress)
        self._refresh()

    def set_chat_when_done(self, key: str, wanted: bool) -> None:
        """Tick an item's box."""
        self._chat_when_done[key] = wanted
        if card := self._cards.get(key):
            card.set_chat_when_done(wanted)

    def set_disk(self, disk: Disk, models_bytes: int, reserved_bytes: int) -> None:
        """The disk of the models' folder; see `DiskCard.set_disk`."""
        self._disk.set_disk(disk, models_bytes, reserved_bytes)

    def set_source(self, host: str) -> None:
        """The server that downloads come from ("huggingface.co")."""
        self._source.set_host(host)

    # --- building ---

    def _build_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addWidget(Text(self.tr("Downloads"), Role.TITLE, parent=self.content))
        self._summary = Text("", Role.BODY, Tone.MUTED, self.content, wrap=True)
        titles.addWidget(self._summary)
        head.addLayout(titles, 1)
        self._pause_all = SecondaryButton(self.tr("Pause all"), self.content, icon="pause")
        self._resume_all = SecondaryButton(self.tr("Resume all"), self.content, icon="play")
        self._pause_all.clicked.connect(self.pause_all_requested)
        self._resume_all.clicked.connect(self.resume_all_requested)
        head.addWidget(self._pause_all)
        head.addWidget(self._resume_all)
        return head

    def _build_list(self) -> QWidget:
        holder = QWidget(self.content)
        holder.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._empty = Card(holder)
        inside = QVBoxLayout(self._empty)
        inside.setContentsMargins(24, 24, 24, 24)
        inside.setSpacing(16)
        sentence = self.tr("Nothing is being downloaded. Home shows which model suits this PC.")
        inside.addWidget(Text(sentence, Role.BODY, parent=self._empty, wrap=True))
        home = PrimaryButton(self.tr("Choose a model"), self._empty)
        home.clicked.connect(self.home_requested)
        inside.addWidget(home)
        column.addWidget(self._empty)
        self._card_column = QVBoxLayout()
        self._card_column.setSpacing(10)
        column.addLayout(self._card_column)
        self._finished_title = Text(self.tr("Finished"), Role.SMALL_MEDIUM, Tone.MUTED, holder)
        column.addWidget(self._finished_title)
        self._finished_column = QVBoxLayout()
        self._finished_column.setSpacing(10)
        column.addLayout(self._finished_column)
        column.addStretch(1)
        self._list = holder
        return holder

    # --- showing ---

    def _note_the_end(self, progress: DownloadProgress) -> None:
        """Remember the time of day when an item is seen to finish; what was finished before has no time."""
        known = self._jobs.get(progress.key)
        if known and known[1].state is not DownloadState.DONE and progress.state is DownloadState.DONE:
            now = QTime.currentTime()
            self._finished_at[progress.key] = QLocale().toString(now, QLocale.FormatType.ShortFormat)

    def _arrange(self) -> None:
        """Make, keep or drop cards so that they match the items, in their order."""
        running = [key for key, (_, p) in self._jobs.items() if p.state is not DownloadState.DONE]
        done = [key for key, (_, p) in self._jobs.items() if p.state is DownloadState.DONE]
        _drop(self._cards, running, self._card_column)
        _drop(self._finished, done, self._finished_column)
        for i, key in enumerate(running):
            request, progress = self._jobs[key]
            card = self._cards.get(key) or self._new_card(request, progress)
            card.set_progress(progress)
            self._card_column.insertWidget(i, card)
            card.show()
        for i, key in enumerate(reversed(done)):
            card = self._finished.get(key) or self._new_finished(key)
            self._finished_column.insertWidget(i, card)
            card.show()
        self._refresh()

    def _new_card(self, request: DownloadRequest, progress: DownloadProgress) -> JobCard:
        card = JobCard(request, progress, self._list)
        card.set_chat_when_done(self._chat_when_done.get(request.key, False))
        card.pause_requested.connect(self.pause_requested)
        card.resume_requested.connect(self.resume_requested)
        card.remove_requested.connect(self.remove_requested)
        card.chat_when_done_changed.connect(self._on_chat_when_done_changed)
        card.next_step_chosen.connect(self.next_step_chosen)
        self._cards[request.key] = card
        return card

    def _new_finished(self, key: str) -> FinishedCard:
        request, progress = self._jobs[key]
        card = FinishedCard(request, progress, self._finished_at.get(key, ""), self._list)
        card.chat_requested.connect(self.chat_requested)
        self._finished[key] = card
        return card

    def _refresh(self) -> None:
        """Everything that depends on all items together."""
        states = [p.state for _, p in self._jobs.values()]
        n_running = sum(s in words.RUNNING for s in states)
        n_waiting = states.count(DownloadState.QUEUED)
        n_paused = states.count(DownloadState.PAUSED)
        n_failed = states.count(DownloadState.FAILED)
        parts = [
            text.format(n=n)
            for n, text in (
                (n_running, self.tr("{n} running")),
                (n_waiting, self.tr("{n} waiting")),
                (n_paused, self.tr("{n} paused")),
                (n_failed, self.tr("{n} stopped")),
            )
            if n
        ]
        later = self.tr("If you close the app, they continue where they stopped next time.")
        self._summary.set_text(joined(say("{words}.", words=listed(*parts)), later) if parts else "")
        self._summary.setVisible(bool(parts))
        self._pause_all.setVisible(bool(n_running or n_waiting))
        self._resume_all.setVisible(bool(n_paused) and not (n_running or n_waiting))
        self._empty.setVisible(not self._jobs)
        self._finished_title.setVisible(bool(self._finished))
        rates = [p.rate_bytes_s for _, p in self._jobs.values() if p.state is DownloadState.DOWNLOADING]
        self._source.set_rate(sum(rate for rate in rates if rate) or None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Below 1000 px the disk goes under the list."""
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the widths."""
        super().changeEvent(event)
        # Also sent while Qt builds the base class.
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_side"):
            self._lay_out()

    def _lay_out(self) -> None:
        is_narrow = self.width() < px(_NARROW_BELOW)
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._body.setDirection(direction)
        self._side.setMinimumWidth(0 if is_narrow else px(_SIDE_WIDTH))
        self._side.setMaximumWidth(16777215 if is_narrow else px(_SIDE_WIDTH))
        side = 20 if is_narrow else 32
        layout = self.content.layout()
        if layout is not None:
            layout.setContentsMargins(side, 20, side, 20)

    def _on_chat_when_done_changed(self, key: str, wanted: bool) -> None:
        self._chat_when_done[key] = wanted
        self.chat_when_done_changed.emit(key, wanted)


def _drop(cards: dict[str, JobCard] | dict[str, FinishedCard], keep: list[str], column: QVBoxLayout) -> None:
    for key in [k for k in cards if k not in keep]:
        card = cards.pop(key)
        column.removeWidget(card)
        card.hide()
        card.deleteLater()
