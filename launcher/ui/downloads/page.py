"""The Downloads page. Cards are kept between updates, so that a tick seven times a second only changes words and bars."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Disk
from launcher.core.words import known
from launcher.ui.components import (
    Banner,
    BannerKind,
    Card,
    FlowLayout,
    PrimaryButton,
    ScrollPage,
    SecondaryButton,
    Text,
    TitleLine,
)
from launcher.ui.downloads import words
from launcher.ui.downloads.disk_card import DiskCard
from launcher.ui.downloads.finished_list import FinishedList
from launcher.ui.downloads.focus_order import focusable, put_in_order
from launcher.ui.downloads.job_list import JobList
from launcher.ui.downloads.network_bar import NetworkBar
from launcher.ui.downloads.source_card import SourceCard
from launcher.ui.theme import Role, Tone, px

_NARROW_BELOW = 1000
_TIGHT_BELOW = 700
_READ = "read"
_SIDE_WIDTH = 336
_ANY_WIDTH = 16777215


class DownloadsPage(ScrollPage):
    """Shows every item, the disk and the source; says what the user wants.

    Signals:
        pause_requested(str), resume_requested(str), remove_requested(str): the item's key; a removal was confirmed
            where bytes are deleted.
        pause_all_requested(), resume_all_requested(), add_link_requested(): the buttons in the head.
        chat_requested(str), chat_when_done_changed(str, bool): a finished item's chat; the wish for one.
        moved(str, str): key, and the key that it shall stand before; "" is behind all that are unfinished.
        item_limit_chosen(str, int | None), other_item_limit_requested(str): an item's own limit, bytes per second.
        link_requested(str), reveal_requested(str): copy an item's link, show its folder.
        next_step_chosen(str, NextStep): key and a step of its error; "" as the key: a step of the bar on top.
        open_folder_requested(), change_folder_requested(): the disk's buttons.
        limit_chosen(int | None), other_limit_requested(), at_once_chosen(int), test_requested(),
            network_settings_requested(): the source's.
        home_requested(): the empty page's button.
        try_requested(): chat with the built-in model meanwhile.
    """

    pause_requested = Signal(str)
    resume_requested = Signal(str)
    remove_requested = Signal(str)
    pause_all_requested = Signal()
    resume_all_requested = Signal()
    add_link_requested = Signal()
    chat_requested = Signal(str)
    chat_when_done_changed = Signal(str, bool)
    moved = Signal(str, str)
    item_limit_chosen = Signal(str, object)
    other_item_limit_requested = Signal(str)
    link_requested = Signal(str)
    reveal_requested = Signal(str)
    next_step_chosen = Signal(str, object)
    open_folder_requested = Signal()
    change_folder_requested = Signal()
    limit_chosen = Signal(object)
    other_limit_requested = Signal()
    at_once_chosen = Signal(int)
    test_requested = Signal()
    network_settings_requested = Signal()
    home_requested = Signal()
    try_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Downloads"))
        self._jobs: dict[str, tuple[DownloadRequest, DownloadProgress]] = {}
        self._host = ""
        self._n_installed = 0
        self._try_words = ""
        self._is_offline = False
        column = QVBoxLayout(self.content)
        column.setContentsMargins(32, 20, 32, 20)
        column.setSpacing(16)
        column.addLayout(self._build_head())
        self._network = NetworkBar(self.content)
        self._network.step_chosen.connect(self._on_network_step_chosen)
        column.addWidget(self._network)
        self._notice = Banner(self.content)
        self._notice.step_chosen.connect(self._on_notice_step_chosen)
        column.addWidget(self._notice)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(16)
        column.addLayout(self._body)
        column.addStretch(1)
        self._body.addWidget(self._build_list(), 1)
        self._body.addWidget(self._build_side())
        self._connect_list()
        self._order_focus()
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
        job = self._jobs.get(progress.key)
        if job is None:
            return
        self._note_the_end(progress)
        request, before = job
        self._jobs[progress.key] = (request, progress)
        if (progress.state is DownloadState.DONE) != (before.state is DownloadState.DONE):
            self._arrange()
            return
        self._list.set_progress(progress)
        self._refresh()

    def set_chat_when_done(self, key: str, wanted: bool) -> None:
        """Tick an item's box."""
        self._list.set_chat_when_done(key, wanted)

    def set_copies(self, key: str, copies: tuple[NextStep, ...]) -> None:
        """Open copies (USE_COPY) of an item whose owner asks for terms first."""
        self._list.set_copies(key, copies)

    def set_finished_times(self, times: dict[str, float]) -> None:
        """When finished items came (Unix seconds by key), where the page did not see it itself."""
        self._finished.set_times(times)

    def set_installed_count(self, count: int) -> None:
        """How many models work without a network."""
        self._n_installed = count
        self._refresh()

    def set_try(self, words: str) -> None:
        """Offer the built-in model while there is nothing to chat with yet; "" for no."""
        self._try_words = words
        self._refresh()

    def set_note(self, note: str) -> None:
        """Something to be told about the list of downloads, until it is read; "" for nothing."""
        if note:
            self._notice.show_message(BannerKind.WARN, note, steps=(NextStep(self.tr("Understood"), _READ),))
        else:
            self._notice.hide()

    def show_error(self, error: UserError) -> None:
        """Something that was asked for here could not be done."""
        steps = (*error.next_steps, NextStep(self.tr("Understood"), _READ))
        self._notice.show_message(BannerKind.BAD, known(error.what), known(error.why), steps)

    def set_offline(self, is_offline: bool) -> None:
        """Whether offline mode is on."""
        self._is_offline = is_offline
        self._refresh()

    def set_disk(self, disk: Disk, models_bytes: int, reserved_bytes: int, *, is_shared: bool = True) -> None:
        """The disk of the models' folder; see `DiskCard.set_disk` and `DiskCard.set_shared`."""
        self._disk.set_disk(disk, models_bytes, reserved_bytes)
        self._disk.set_shared(is_shared=is_shared)

    def set_source(self, host: str) -> None:
        """The server that downloads come from ("huggingface.co")."""
        self._host = host
        self._source.set_host(host)
        self._list.set_host(host)
        self._refresh()

    def set_limit(self, limit_bytes_s: int | None) -> None:
        """The limit of all downloads together; None is none."""
        self._source.set_limit(limit_bytes_s)

    def set_at_once(self, count: int) -> None:
        """How many come at a time."""
        self._source.set_at_once(count)

    # --- building ---

    def _build_head(self) -> QBoxLayout:
        head = self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        head.setSpacing(8)
        titles = QVBoxLayout()
        titles.setSpacing(0)
        self.title_line = TitleLine(self.tr("Downloads"), self.content)
        titles.addWidget(self.title_line)
        self._summary = Text("", Role.BODY, Tone.MUTED, self.content, wrap=True)
        titles.addWidget(self._summary)
        head.addLayout(titles, 1)
        self._buttons = QWidget(self.content)
        flow = FlowLayout(self._buttons, gap=8)
        self._pause_all = SecondaryButton(self.tr("Pause all"), self._buttons, icon="pause")
        self._resume_all = SecondaryButton(self.tr("Resume all"), self._buttons, icon="play")
        self._add_link = SecondaryButton(self.tr("Add a link…"), self._buttons, icon="link")
        self._pause_all.clicked.connect(self.pause_all_requested)
        self._resume_all.clicked.connect(self.resume_all_requested)
        self._add_link.clicked.connect(self.add_link_requested)
        self._try = SecondaryButton("", self._buttons, icon="message-square")
        self._try.clicked.connect(self.try_requested)
        for button in (self._try, self._pause_all, self._resume_all, self._add_link):
            flow.addWidget(button)
        head.addWidget(self._buttons, 0, Qt.AlignmentFlag.AlignVCenter)
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
        self._list = JobList(holder)
        self._finished = FinishedList(holder)
        for part in (self._empty, self._list, self._finished):
            column.addWidget(part)
        column.addStretch(1)
        return holder

    def _build_side(self) -> QWidget:
        self._side = QWidget(self.content)
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(16)
        self._disk = DiskCard(self._side)
        self._disk.open_folder_requested.connect(self.open_folder_requested)
        self._disk.change_requested.connect(self.change_folder_requested)
        self._source = SourceCard(self._side)
        self._source.limit_chosen.connect(self.limit_chosen)
        self._source.other_limit_requested.connect(self.other_limit_requested)
        self._source.at_once_chosen.connect(self.at_once_chosen)
        self._source.test_requested.connect(self.test_requested)
        self._source.network_settings_requested.connect(self.network_settings_requested)
        side.addWidget(self._disk)
        side.addWidget(self._source)
        side.addStretch(1)
        return self._side

    def _connect_list(self) -> None:
        cards = self._list
        cards.pause_requested.connect(self.pause_requested)
        cards.resume_requested.connect(self.resume_requested)
        cards.remove_requested.connect(self.remove_requested)
        cards.chat_when_done_changed.connect(self.chat_when_done_changed)
        cards.next_step_chosen.connect(self.next_step_chosen)
        cards.limit_chosen.connect(self.item_limit_chosen)
        cards.other_limit_requested.connect(self.other_item_limit_requested)
        cards.link_requested.connect(self.link_requested)
        cards.reveal_requested.connect(self.reveal_requested)
        cards.moved.connect(self.moved)
        self._finished.chat_requested.connect(self.chat_requested)
        self._finished.forget_requested.connect(self.remove_requested)

    # --- showing ---

    def _note_the_end(self, progress: DownloadProgress) -> None:
        """Remember when an item is seen to finish."""
        job = self._jobs.get(progress.key)
        if job and job[1].state is not DownloadState.DONE and progress.state is DownloadState.DONE:
            self._finished.set_times({progress.key: time.time()})

    def _arrange(self) -> None:
        """Make, keep or drop cards so that they match the items, in their order."""
        jobs = list(self._jobs.values())
        self._list.set_jobs([job for job in jobs if job[1].state is not DownloadState.DONE])
        self._finished.set_jobs([job for job in reversed(jobs) if job[1].state is DownloadState.DONE])
        self._order_focus()
        self._refresh()

    def _order_focus(self) -> None:
        parts = (self._buttons, self._network, self._notice, self._empty, *self._list.cards, self._finished, self._side)
        put_in_order(widget for part in parts for widget in focusable(part))

    def _refresh(self) -> None:
        """Everything that depends on all items together."""
        now = [progress for _, progress in self._jobs.values()]
        states = [progress.state for progress in now]
        running = [p for p in now if p.state in words.RUNNING]
        self._summary.set_text(words.summary(now))
        self._summary.setVisible(bool(self._summary.text()))
        is_active = bool(running) or DownloadState.QUEUED in states
        self._pause_all.setVisible(is_active)
        self._resume_all.setVisible(DownloadState.PAUSED in states and not is_active)
        self._empty.setVisible(not self._jobs)
        self._try.setText(self._try_words)
        self._try.setVisible(bool(self._try_words) and any(state is not DownloadState.DONE for state in states))
        waiting = [p for p in running if p.retry_in_s is not None]
        is_away = bool(running) and len(waiting) == len(running)
        self._source.set_rate(words.total_rate(running), is_away=is_away)
        if self._is_offline:
            self._network.show_offline(self._n_installed)
        elif is_away:
            soonest = min(waiting, key=lambda p: p.retry_in_s or 0.0)
            reason = words.wait_reason(soonest)
            self._network.show_waiting(self._host, reason, soonest.retry_in_s or 0.0, self._n_installed)
        else:
            self._network.clear()

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
        self._side.setMaximumWidth(_ANY_WIDTH if is_narrow else px(_SIDE_WIDTH))
        is_tight = self.width() < px(_TIGHT_BELOW)
        self._head.setDirection(QBoxLayout.Direction.TopToBottom if is_tight else QBoxLayout.Direction.LeftToRight)
        self._list.set_tight(is_tight)
        side = 20 if is_narrow else 32
        layout = self.content.layout()
        if layout is not None:
            layout.setContentsMargins(side, 20, side, 20)

    def _on_notice_step_chosen(self, step: NextStep) -> None:
        self._notice.hide()
        if step.action != _READ:
            self.next_step_chosen.emit("", step)

    def _on_network_step_chosen(self, step: NextStep) -> None:
        self.next_step_chosen.emit("", step)
