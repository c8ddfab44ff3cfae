"""The messages of a chat. Widgets exist only near what is seen; everything else is a remembered or estimated height."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import accumulate

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QWidget

from launcher.chat.branches import Place
from launcher.chat.conversation import Message, MessageState, Role, Summary
from launcher.core.errors import UserError
from launcher.ui.chat.answer_row import AnswerRow
from launcher.ui.chat.list_entry import Entry, estimated_height
from launcher.ui.chat.message_actions import Pointer
from launcher.ui.chat.rows import BannerRow, CutRow, MessageRow
from launcher.ui.chat.selection import Selection
from launcher.ui.chat.summary_row import SummaryRow
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.chat.user_row import UserRow
from launcher.ui.components import BannerKind, IconButton
from launcher.ui.theme import px

MAX_COLUMN = 720
SIDE_MARGIN = 32
_EDGE = 12
_ROW_GAP = 12
_END_SLACK = 8
_CUT, _SUMMARY, _ERROR = "cut", "summary", "error"


class MessageList(QAbstractScrollArea):
    """Scrolls over rows of very different heights.

    It stays at the end while an answer grows, if the reader was there; otherwise what is read does not move.

    Signals:
        regenerate_requested(str): id of the answer to make again.
        edit_requested(str, str): id of a message of the user, and its new text.
        link_activated(str): an address in an answer; nothing was opened.
        step_chosen(NextStep): a button of a banner in the list.
        intended(MessageIntent): what else the user wants done with a message.
        arranged(): what is near the view has its widgets, in their places.
        content_changed(): there are other messages, or more text.
    """

    regenerate_requested = Signal(str)
    edit_requested = Signal(str, str)
    link_activated = Signal(str)
    step_chosen = Signal(object)
    intended = Signal(object)
    arranged = Signal()
    content_changed = Signal()

    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._entries: list[Entry] = []
        self._live: list[Entry] = []  # those with widgets
        self._tops: list[int] = [0]
        self._valid_tops = 0  # so many heights are summed up in _tops
        self._width = 0
        self._streaming_id = ""
        self._cut = 0
        self._summary: Summary | None = None
        self._places: dict[str, Place] = {}
        self._last_id = ""
        self._unfolded: set[str] = set()  # long messages of the user of which all is shown
        self._is_free = True
        self._pointer = Pointer(self.viewport())
        self._follows = True
        self._is_arranging = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(self.tr("Messages"))
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().setSingleStep(px(40))
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._arrange)
        self.selection = Selection(self, lambda: self._entries)
        self._to_end = IconButton("arrow-down", self.tr("Go to the end"), self, side=32, outlined=True)
        self._to_end.clicked.connect(self.scroll_to_end)
        self._to_end.hide()

    # -- content

    def set_messages(self, messages: Sequence[Message]) -> None:
        """Show a chat, at its end. Rows that are the same keep their widgets, so that nothing flickers."""
        marks = [e for e in self._entries if e.message is None]
        old = {e.key: e for e in self._entries if e.message is not None}
        is_other_chat = not any(m.id in old for m in messages)
        self._drop(marks)
        self._cut, self._summary = 0, None
        self._entries = []
        for message in messages:
            entry = old.pop(message.id, None)
            if entry is None or entry.message != message:
                if entry is not None:
                    self._drop([entry])
                entry = Entry(message.id, message)
            self._entries.append(entry)
        self._drop(old.values())
        self._streaming_id = next((m.id for m in messages if m.state is MessageState.STREAMING), "")
        if is_other_chat:
            self._follows = True
        self._restructure()
        self.content_changed.emit()

    def add_message(self, message: Message) -> None:
        """Put a message at the end and go there."""
        self.clear_error()
        if message.state is MessageState.STREAMING:
            self._streaming_id = message.id
        known = self._entry(message.id)
        if known is not None:
            self._drop([known])
            known.message = message
            known.measured_width = 0
        else:
            self._entries.append(Entry(message.id, message))
        self._follows = True
        self._restructure(len(self._entries) - 1)
        self.content_changed.emit()

    def append(self, reasoning: str, text: str, reasoning_tokens: int | None) -> None:
        """More of the streaming answer."""
        entry = self._entry(self._streaming_id)
        if entry is None:
            return
        row = self._widget(entry)
        if isinstance(row, AnswerRow):
            row.append(reasoning, text, reasoning_tokens)
            entry.message = row.message
            entry.measured_width = 0
            self._arrange()
            self.content_changed.emit()

    def finish(self, message: Message) -> None:
        """The streaming answer is over."""
        entry = self._entry(message.id)
        self._streaming_id = ""
        if entry is None:
            return
        if isinstance(entry.widget, AnswerRow):
            entry.widget.finish(message)
        entry.message = message
        entry.measured_width = 0
        self._arrange()
        self.content_changed.emit()

    def show_figures(self, message: Message) -> None:
        """Other figures of an answer."""
        entry = self._entry(message.id)
        if entry is not None:
            entry.message = message
            if isinstance(entry.widget, AnswerRow):
                entry.widget.show_figures(message)

    def set_cut(self, position: int, summary: Summary | None = None) -> None:
        """Show what is not sent word for word.

        Args:
            position: messages before this number are not sent; the line stands there. 0 draws none.
            summary: stands for the first of them, at the place where they end.
        """
        if (position, summary) == (self._cut, self._summary):
            return  # an open summary stays open
        self._cut, self._summary = position, summary
        self._drop([e for e in self._entries if e.key in (_CUT, _SUMMARY)])
        self._entries = [e for e in self._entries if e.key not in (_CUT, _SUMMARY)]
        summarised = summary.n_messages if summary is not None else 0
        if summarised < position < len(self._entries):
            self._entries.insert(position, Entry(_CUT, make=partial(CutRow, has_summary=summary is not None)))
        if summary is not None and summarised <= len(self._entries):
            self._entries.insert(summarised, Entry(_SUMMARY, make=partial(self._summary_row, summary)))
        self._restructure()

    def set_places(self, places: dict[str, Place], last_id: str, *, is_free: bool) -> None:
        """Which messages have other versions and which one is the last; not free: an answer is being made."""
        self._places, self._last_id, self._is_free = places, last_id, is_free
        for entry in self._live:
            self._set_place(entry)

    def show_message(self, message_id: str) -> None:
        """Scroll to a message and point at it."""
        entry = self._entry(message_id)
        if entry is None:
            return
        self._follows = False
        self._unfolded.add(message_id)  # what was searched for may be in the part that is folded
        if isinstance(entry.widget, UserRow):
            entry.widget.set_open(True)
        # Heights near the place are guesses until they are seen: its own top is right after the second time.
        for _ in range(3):
            self.verticalScrollBar().setValue(self._tops[entry.index] - px(_EDGE))
            self._arrange()
        self._pointer.point_at(message_id)
        self._arrange()

    @property
    def messages(self) -> list[Message]:
        """All messages, from top to bottom, with what is written so far."""
        return [e.message for e in self._entries if e.message is not None]

    def first_seen_id(self) -> str:
        """The topmost message in view; "" without any."""
        first = bisect_right(self._tops, self.verticalScrollBar().value()) - 1
        return next((e.key for e in self._entries[max(0, first) :] if e.message is not None), "")

    def row_of(self, message_id: str) -> MessageRow | None:
        """The row of a message, which is scrolled to where it is out of view."""
        entry = self._entry(message_id)
        if entry is None:
            return None
        bar, view = self.verticalScrollBar(), self.viewport().height()
        self._follows = False
        for _ in range(3):
            top = self._tops[entry.index]
            if top < bar.value() + view and top + entry.height > bar.value():
                break
            bar.setValue(top - px(_EDGE))
            self._arrange()
        return entry.widget

    def scroll_to(self, row: MessageRow, top: int, height: int) -> None:
        """Scroll so that a stretch of a row is in view; it does not move when it already is.

        Args:
            row: one that has its widgets.
            top: px from the top of the row.
            height: px.
        """
        entry = next((e for e in self._live if e.widget is row), None)
        if entry is None:
            return
        self._follows = False
        bar, view = self.verticalScrollBar(), self.viewport().height()
        place = self._tops[entry.index] + top
        if not bar.value() + px(_EDGE) <= place <= bar.value() + view - height - px(_EDGE):
            bar.setValue(place - view // 3)
        self._arrange()

    def show_error(self, error: UserError, kind: BannerKind = BannerKind.BAD) -> None:
        """Say at the end of the chat why the answer stopped there, or what happened to it."""
        self.clear_error()
        self._entries.append(Entry(_ERROR, make=partial(self._banner_row, error, kind)))
        self._follows = True
        self._restructure(len(self._entries) - 1)

    def clear_error(self) -> None:
        """Take the failure away."""
        self._drop([e for e in self._entries[-1:] if e.key == _ERROR])
        if self._entries and self._entries[-1].key == _ERROR:
            self._entries.pop()
            self._restructure(len(self._entries))

    def scroll_to_end(self) -> None:
        """Go to the newest text and stay there."""
        self._follows = True
        self._arrange()

    @property
    def is_at_end(self) -> bool:
        """The reader is at the end and stays there while an answer grows."""
        return self._follows

    @property
    def rows(self) -> tuple[MessageRow, ...]:
        """The rows that have widgets now, from top to bottom."""
        live = sorted(self._live, key=lambda e: e.index)
        return tuple(e.widget for e in live if e.widget is not None)

    # -- geometry

    def column(self) -> tuple[int, int]:
        """Left edge and width of the text."""
        # Of the whole list, with or without scroll bar, so that the text stands above the composer.
        width = max(160, min(px(MAX_COLUMN), self.width() - 2 * px(SIDE_MARGIN)))
        return max(0, (self.width() - width) // 2), width

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the rows out again."""
        super().resizeEvent(event)
        hint = self._to_end.sizeHint()
        self._to_end.setGeometry(
            self.width() - hint.width() - px(16), self.height() - hint.height() - px(8), hint.width(), hint.height()
        )
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        """The first look at a page that was made in the background."""
        super().showEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copying works wherever the keyboard is in the list."""
        if not self.selection.handle_key(event):
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press beside the texts ends a selection."""
        self.selection.clear()
        super().mousePressEvent(event)

    def _restructure(self, start: int = 0) -> None:
        """Rows were added, removed or moved from `start` on."""
        if start == 0:
            self.selection.clear()
        _, width = self.column()
        for index in range(start, len(self._entries)):
            entry = self._entries[index]
            entry.index = index
            if entry.height == 0:
                entry.height = estimated_height(entry, width)
        self._valid_tops = min(self._valid_tops, start)
        self._arrange()

    def _arrange(self) -> None:
        """Make, measure and place what is near the viewport; keep what is read where it is."""
        if self._is_arranging or self.viewport().width() < 50:
            return
        self._is_arranging = True
        self._later.stop()
        try:
            left, width = self.column()
            if width != self._width:
                self._estimate_again(width)
            self._measure(width)
            self._place(left, width)
        finally:
            self._is_arranging = False

    def _estimate_again(self, width: int) -> None:
        """Another width: heights seen so far are scaled until they are seen again."""
        for entry in self._entries:
            if self._width and entry.measured_width:
                entry.height = max(px(38), round(entry.height * self._width / width))
            else:
                entry.height = estimated_height(entry, width)
        self._width = width
        self._valid_tops = 0

    def _measure(self, width: int) -> None:
        bar, view = self.verticalScrollBar(), self.viewport().height()
        self._sum_up()
        anchor, mark = self._anchor(bar.value())
        # Measuring changes the heights and so what is near; three rounds are enough for any jump.
        for _ in range(3):
            value = self._value(anchor, mark, view)
            changed = [self._measure_entry(self._entries[i], width, value, view) for i in self._near(value, view)]
            self._sum_up()
            if not any(changed):
                break
        bar.setRange(0, max(0, self._tops[-1] - view))
        bar.setPageStep(view)
        bar.setValue(self._value(anchor, mark, view))

    def _value(self, anchor: int, mark: tuple[int, int], view: int) -> int:
        """Where the scroll bar belongs: at the end, or where the line that was on top is on top again."""
        end = max(0, self._tops[-1] - view)
        if self._follows or not self._entries:
            return end if self._follows else 0
        widget = self._entries[anchor].widget
        offset = mark[1] if widget is None else widget.place_of(mark)
        return max(0, min(end, self._tops[anchor] + offset))

    def _measure_entry(self, entry: Entry, width: int, value: int, view: int) -> bool:
        widget = self._widget(entry)
        top = value - self._tops[entry.index]
        must = widget.set_view(top - view // 2, top + view + view // 2)
        if entry.measured_width == width and not must:
            return False
        height = widget.arrange(width)
        entry.measured_width = width
        if height == entry.height:
            return False
        entry.height = height
        self._valid_tops = min(self._valid_tops, entry.index)
        return True

    def _place(self, left: int, width: int) -> None:
        value, view = self.verticalScrollBar().value(), self.viewport().height()
        near = self._near(value, view)
        self._drop([e for e in self._live if e.index not in near and not self._is_held(e)])
        for entry in self._live:
            if entry.widget is not None:
                if entry.measured_width != width:
                    self._measure_entry(entry, width, value, view)
                entry.widget.setGeometry(QRect(left, self._tops[entry.index] - value, width, entry.height))
                entry.widget.show()
            if entry.key == self._pointer.message_id:
                self._pointer.setGeometry(left - px(14), self._tops[entry.index] - value, px(3), entry.height)
        self.selection.adopt()
        self.arranged.emit()
        is_far_from_end = not self._follows and self.verticalScrollBar().maximum() - value > view // 2
        self._to_end.setVisible(is_far_from_end)
        self._to_end.raise_()

    def _sum_up(self) -> None:
        """Tops of all rows; only those after the first changed height are computed (the last one while streaming)."""
        start = self._valid_tops
        gap = px(_ROW_GAP)
        if start == 0:
            self._tops = [px(_EDGE)]
        del self._tops[start + 1 :]
        heights = (e.height + gap for e in self._entries[start:])
        self._tops += list(accumulate(heights, initial=self._tops[start]))[1:]
        self._valid_tops = len(self._entries)

    def _anchor(self, value: int) -> tuple[int, tuple[int, int]]:
        """The first row that is seen, and what of it is at the top of the view."""
        index = max(0, min(bisect_right(self._tops, value) - 1, len(self._entries) - 1))
        if not self._entries:
            return 0, (0, 0)
        offset, widget = value - self._tops[index], self._entries[index].widget
        return index, (0, offset) if widget is None else widget.mark(offset)

    def _near(self, value: int, view: int) -> range:
        """Rows in view, and half a screen above and below them."""
        first = max(0, bisect_right(self._tops, value - view // 2) - 1)
        last = bisect_right(self._tops, value + view + view // 2)
        return range(min(first, len(self._entries)), min(last, len(self._entries)))

    # -- widgets

    def _is_held(self, entry: Entry) -> bool:
        """A growing answer, and what the keyboard is in, stay alive out of view."""
        focus = QApplication.focusWidget()
        has_focus = bool(focus) and entry.widget is not None and entry.widget.isAncestorOf(focus)
        return has_focus or entry.key == self._streaming_id or self.selection.holds(entry.index)

    def _entry(self, message_id: str) -> Entry | None:
        # The newest are asked for most.
        return next((e for e in reversed(self._entries) if e.key == message_id), None)

    def _widget(self, entry: Entry) -> MessageRow:
        if entry.widget is None:
            entry.widget = self._make(entry)
            entry.widget.height_changed.connect(self._on_height_changed)
            entry.widget.link_activated.connect(self.link_activated)
            entry.widget.unfolded.connect(self._on_unfolded)
            entry.widget.intended.connect(self.intended)
            self._set_place(entry)
            entry.widget.show()
            self._live.append(entry)
        return entry.widget

    def _set_place(self, entry: Entry) -> None:
        if entry.widget is not None and entry.message is not None:
            place = self._places.get(entry.key)
            entry.widget.set_place(place, is_last=entry.key == self._last_id, is_free=self._is_free)

    def _make(self, entry: Entry) -> MessageRow:
        if entry.message is None:
            assert entry.make is not None  # noqa: S101 - one of the two
            return entry.make(self.viewport())
        if entry.message.role is Role.USER:
            row = UserRow(entry.message, self._typesetter, self.viewport(), entry.key in self._unfolded)
            row.edit_requested.connect(self.edit_requested)
            row.toggled.connect(self._on_toggled)
            return row
        answer = AnswerRow(entry.message, self._typesetter, self.viewport())
        answer.regenerate_requested.connect(self.regenerate_requested)
        return answer

    def _banner_row(self, error: UserError, kind: BannerKind, parent: QWidget) -> MessageRow:
        banner = BannerRow(error, parent, kind)
        banner.step_chosen.connect(self.step_chosen)
        return banner

    def _summary_row(self, summary: Summary, parent: QWidget) -> MessageRow:
        return SummaryRow(summary, self._typesetter, parent)

    def _drop(self, entries: Iterable[Entry]) -> None:
        for entry in list(entries):
            if entry.widget is not None:
                entry.widget.hide()
                entry.widget.deleteLater()
                entry.widget = None
                self._live.remove(entry)

    def _on_height_changed(self) -> None:
        sender = self.sender()
        for entry in self._live:
            if entry.widget is sender:
                entry.measured_width = 0
        self._later.start()

    def _on_toggled(self, message_id: str, is_open: bool) -> None:
        """A long message is shown whole from here on, or only its beginning, which must not slip out of view."""
        (self._unfolded.add if is_open else self._unfolded.discard)(message_id)
        entry = self._entry(message_id)
        self._follows = False
        self.selection.clear()
        if entry is not None and not is_open:
            top = self._tops[entry.index] - px(_EDGE)
            self.verticalScrollBar().setValue(min(self.verticalScrollBar().value(), max(0, top)))

    def _on_unfolded(self) -> None:
        # What was opened is read from its beginning; at the end of the chat it would be scrolled out.
        self._follows = False

    def _on_scrolled(self, value: int) -> None:
        if self._is_arranging:
            return
        self._follows = value >= self.verticalScrollBar().maximum() - px(_END_SLACK)
        self._arrange()
