"""The messages of a chat as rows of a scroller: what each of them shows, and what the user does with it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from launcher.chat.branches import Place
from launcher.chat.conversation import Message, MessageState, Role, Summary
from launcher.core.errors import UserError
from launcher.ui.chat.answer_row import AnswerRow
from launcher.ui.chat.list_entry import Entry
from launcher.ui.chat.message_actions import Pointer
from launcher.ui.chat.row_scroller import EDGE, RowScroller
from launcher.ui.chat.rows import BannerRow, CutRow, MessageRow
from launcher.ui.chat.selection import Selection
from launcher.ui.chat.summary_row import SummaryRow
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.chat.user_row import UserRow
from launcher.ui.components import BannerKind
from launcher.ui.theme import px

_CUT, _SUMMARY, _ERROR = "cut", "summary", "error"


class MessageList(RowScroller):
    """Questions, answers, the line of the context, a summary and a failure, one under the other.

    Signals:
        regenerate_requested(str): id of the answer to make again.
        edit_requested(str, str): id of a message of the user, and its new text.
        link_activated(str): an address in an answer; nothing was opened.
        step_chosen(NextStep): a button of a banner in the list.
        intended(MessageIntent): what else the user wants done with a message.
        content_changed(): there are other messages, or more text.
    """

    regenerate_requested = Signal(str)
    edit_requested = Signal(str, str)
    link_activated = Signal(str)
    step_chosen = Signal(object)
    intended = Signal(object)
    content_changed = Signal()

    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._streaming_id = ""
        self._cut = 0
        self._summary: Summary | None = None
        self._places: dict[str, Place] = {}
        self._last_id = ""
        self._unfolded: set[str] = set()  # long messages of the user of which all is shown
        self._is_free = True
        self._pointer = Pointer(self.viewport())
        self.selection = Selection(self, lambda: self._entries)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(self.tr("Messages"))

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
            if entry.widget is not None:
                self._set_place(entry, entry.widget)

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
            self.verticalScrollBar().setValue(self._tops[entry.index] - px(EDGE))
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copying works wherever the keyboard is in the list."""
        if not self.selection.handle_key(event):
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press beside the texts ends a selection."""
        self.selection.clear()
        super().mousePressEvent(event)

    # -- its rows

    def _restructure(self, start: int = 0) -> None:
        if start == 0:
            self.selection.clear()
        super()._restructure(start)

    def _place(self, left: int, width: int) -> None:
        super()._place(left, width)
        for entry in self._live:
            if entry.key == self._pointer.message_id:
                top = self._tops[entry.index] - self.verticalScrollBar().value()
                self._pointer.setGeometry(left - px(14), top, px(3), entry.height)
        self.selection.adopt()

    def _is_held(self, entry: Entry) -> bool:
        """Also a growing answer, and what a selection begins or ends in."""
        return super()._is_held(entry) or entry.key == self._streaming_id or self.selection.holds(entry.index)

    def _set_place(self, entry: Entry, row: MessageRow) -> None:
        if entry.message is not None:
            row.set_place(self._places.get(entry.key), is_last=entry.key == self._last_id, is_free=self._is_free)

    def _make(self, entry: Entry) -> MessageRow:
        row = self._row(entry)
        row.link_activated.connect(self.link_activated)
        row.unfolded.connect(self._on_unfolded)
        row.intended.connect(self.intended)
        self._set_place(entry, row)
        return row

    def _row(self, entry: Entry) -> MessageRow:
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

    def _on_toggled(self, message_id: str, is_open: bool) -> None:
        """A long message is shown whole from here on, or only its beginning, which must not slip out of view."""
        (self._unfolded.add if is_open else self._unfolded.discard)(message_id)
        entry = self._entry(message_id)
        self._follows = False
        self.selection.clear()
        if entry is not None and not is_open:
            top = self._tops[entry.index] - px(EDGE)
            self.verticalScrollBar().setValue(min(self.verticalScrollBar().value(), max(0, top)))

    def _on_unfolded(self) -> None:
        # What was opened is read from its beginning; at the end of the chat it would be scrolled out.
        self._follows = False
