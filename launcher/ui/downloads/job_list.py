"""The cards of everything that is not finished, in the order of the queue; the mouse and the keyboard change that order."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadRequest
from launcher.core.errors import NextStep
from launcher.ui.downloads.job_card import JobCard
from launcher.ui.downloads.job_menu import Move
from launcher.ui.theme import current, px

_GAP = 10


class JobList(QWidget):
    """Makes, keeps and drops cards. Signals as `JobCard`'s, except for the order.

    Signals:
        moved(str, str): key, and the key that it shall stand before; "" is the end.
    """

    pause_requested = Signal(str)
    resume_requested = Signal(str)
    remove_requested = Signal(str)
    chat_when_done_changed = Signal(str, bool)
    next_step_chosen = Signal(str, object)
    limit_chosen = Signal(str, object)
    other_limit_requested = Signal(str)
    link_requested = Signal(str)
    reveal_requested = Signal(str)
    moved = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = ""
        self._is_tight = False
        self._cards: dict[str, JobCard] = {}
        self._chat_when_done: dict[str, bool] = {}
        self._copies: dict[str, tuple[NextStep, ...]] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(_GAP)
        self._mark = _Mark(self)

    def set_jobs(self, jobs: list[tuple[DownloadRequest, DownloadProgress]]) -> None:
        """Show exactly these, in this order; cards that stay keep their focus."""
        keys = [request.key for request, _ in jobs]
        for key in [k for k in self._cards if k not in keys]:
            self._drop(key)
        focused = self.window().focusWidget() if self.isVisible() else None
        for i, (request, progress) in enumerate(jobs):
            card = self._cards.get(request.key)
            if card is not None and card.request != request:  # it became exact: another size, other files
                card.request = request
            card = card or self._make(request, progress)
            card.set_progress(progress)
            card.set_place(is_first=i == 0, is_last=i == len(jobs) - 1)
            if self._column.indexOf(card) != i:
                self._column.insertWidget(i, card)
            card.show()
        self._cards = {key: self._cards[key] for key in keys}
        if focused is not None and self.isAncestorOf(focused):
            focused.setFocus()  # moving a card in the layout takes nothing away from the keyboard

    @property
    def cards(self) -> tuple[JobCard, ...]:
        """In the order shown."""
        return tuple(self._cards.values())

    def set_progress(self, progress: DownloadProgress) -> None:
        """Show another instant of one item; nothing for one that is not here."""
        if card := self._cards.get(progress.key):
            card.set_progress(progress)

    def set_chat_when_done(self, key: str, wanted: bool) -> None:
        """Tick an item's box, now or when it comes."""
        self._chat_when_done[key] = wanted
        if card := self._cards.get(key):
            card.set_chat_when_done(wanted)

    def set_copies(self, key: str, copies: tuple[NextStep, ...]) -> None:
        """Open copies of an item that waits for its owner's terms."""
        self._copies[key] = copies
        if card := self._cards.get(key):
            card.set_copies(copies)

    def set_tight(self, is_tight: bool) -> None:
        """A narrow window, or a large text."""
        self._is_tight = is_tight
        for card in self._cards.values():
            card.set_tight(is_tight)

    def set_host(self, host: str) -> None:
        """The server that downloads come from."""
        self._host = host
        for card in self._cards.values():
            card.set_host(host)

    def _make(self, request: DownloadRequest, progress: DownloadProgress) -> JobCard:
        card = JobCard(request, progress, self._host, self)
        card.set_tight(self._is_tight)
        card.set_chat_when_done(self._chat_when_done.get(request.key, False))
        if copies := self._copies.get(request.key):
            card.set_copies(copies)
        card.pause_requested.connect(self.pause_requested)
        card.resume_requested.connect(self.resume_requested)
        card.remove_requested.connect(self.remove_requested)
        card.next_step_chosen.connect(self.next_step_chosen)
        card.limit_chosen.connect(self.limit_chosen)
        card.other_limit_requested.connect(self.other_limit_requested)
        card.link_requested.connect(self.link_requested)
        card.reveal_requested.connect(self.reveal_requested)
        card.chat_when_done_changed.connect(self._on_chat_when_done_changed)
        card.move_requested.connect(self._on_move_requested)
        card.dragged.connect(self._on_dragged)
        card.dropped.connect(self._on_dropped)
        self._cards[request.key] = card
        return card

    def _drop(self, key: str) -> None:
        card = self._cards.pop(key)
        self._copies.pop(key, None)
        self._mark.hide()
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    # --- order ---

    def _gap_at(self, y: int) -> int:
        """Which gap between cards a height (own coordinates) means: 0 is above the first."""
        cards = list(self._cards.values())
        return sum(y > card.geometry().center().y() for card in cards)

    def _on_dragged(self, key: str, place: QPoint) -> None:
        del key
        cards = list(self._cards.values())
        gap = self._gap_at(self.mapFromGlobal(place).y())
        y = cards[gap].geometry().top() - _GAP // 2 if gap < len(cards) else cards[-1].geometry().bottom() + _GAP // 2
        self._mark.show_at(max(0, min(y, self.height() - self._mark.height())), self.width())
        self._mark.setProperty("gap", gap)

    def _on_dropped(self, key: str, is_wanted: bool) -> None:
        was_shown = not self._mark.isHidden()
        self._mark.hide()
        if is_wanted and was_shown:
            self._move(key, int(self._mark.property("gap")))

    def _on_move_requested(self, key: str, move: Move) -> None:
        here = list(self._cards).index(key)
        self._move(key, {Move.TOP: 0, Move.UP: here - 1, Move.DOWN: here + 2}[move])

    def _move(self, key: str, gap: int) -> None:
        keys = list(self._cards)
        here = keys.index(key)
        if gap < 0 or gap in (here, here + 1) or gap > len(keys):
            return
        self.moved.emit(key, keys[gap] if gap < len(keys) else "")

    def _on_chat_when_done_changed(self, key: str, wanted: bool) -> None:
        self._chat_when_done[key] = wanted
        self.chat_when_done_changed.emit(key, wanted)


class _Mark(QWidget):
    """Where a dragged card would land."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()

    def show_at(self, y: int, width: int) -> None:
        self.setGeometry(0, y, width, px(3))
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current().accent))
        painter.end()
