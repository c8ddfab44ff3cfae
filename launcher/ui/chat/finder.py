"""Find in the open chat: asks for places, marks them, and leads from one to the next, whatever has widgets now."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from launcher.chat.finding import FindPlace, FindRequest, FindWish, Found, nearest
from launcher.ui.chat.find_bar import FindBar
from launcher.ui.chat.find_marks import FindMarks, Range, Spot
from launcher.ui.chat.message_list import MessageList
from launcher.ui.chat.rows import MessageRow
from launcher.ui.chat.text_spot import TextPart

# A growing answer is looked through so often at most.
_AGAIN_MS = 400
_MOST_SELECTED_CHARS = 100
# A long answer may be taken apart in the background first.
_MOST_TRIES = 40


class Finder(QObject):
    """The bar and the marks of one message list.

    Signals:
        find_requested(FindRequest): `set_found` with its places is awaited.
        closed(): the bar went, and the keyboard with it.
    """

    find_requested = Signal(object)
    closed = Signal()

    def __init__(self, messages: MessageList, parent: QWidget) -> None:
        super().__init__(parent)
        self._list = messages
        self.bar = FindBar(parent)
        self._marks = FindMarks()
        self._found = Found(FindWish(""))
        self._number = 0
        self._spot: Spot | None = None
        self._led_to = ""  # the message that a hit of the search over all chats led to
        self._must_show = False
        self._tries = 0
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self._request)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(50)
        self._later.timeout.connect(self._show_place)
        self.bar.wish_changed.connect(self._on_wish_changed)
        self.bar.next_requested.connect(self.show_next)
        self.bar.previous_requested.connect(self.show_previous)
        self.bar.closed.connect(self.close)
        messages.arranged.connect(self._mark)
        messages.content_changed.connect(self._on_content_changed)
        for keys, slot in (("F3", self.show_next), ("Shift+F3", self.show_previous)):
            shortcut = QShortcut(QKeySequence(keys), parent)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    @property
    def is_open(self) -> bool:
        """The bar is there."""
        return not self.bar.isHidden()

    @Slot()
    def open(self) -> None:
        """Ctrl+F: the bar with the keyboard in it; a few selected words are looked for."""
        selected = self._list.selection.markdown().strip()
        is_short = selected and "\n" not in selected and len(selected) <= _MOST_SELECTED_CHARS
        if is_short:
            self.bar.set_text(selected)
        self.bar.show()
        self.bar.take_focus()
        if is_short or self.bar.wish:
            self._on_wish_changed()

    def show_words(self, words: str, message_id: str) -> None:
        """Mark the words of a search over all chats, and show the first of them in a message; the keyboard stays where it is."""
        self._led_to = message_id
        self.bar.set_text(words, is_words=True)
        self._request()

    @Slot()
    def close(self) -> None:
        """The bar and the marks go."""
        had_focus = self.bar.isAncestorOf(self.bar.window().focusWidget() or self.bar.window())
        self._forget()
        self.bar.hide()
        if had_focus:
            self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    @Slot(object)
    def set_found(self, found: Found) -> None:
        """The places of the newest request."""
        if found.wish != self.bar.wish or not (self.is_open or self._led_to):
            return
        led_to, self._led_to = self._led_to, ""
        if led_to:
            if not any(p.message_id == led_to for p in found.places):
                self._forget()  # it is in a file that goes with the message
                self.bar.hide()
                return
            self.bar.show()
        before = self._place()
        is_new = found.wish != self._found.wish or bool(led_to)
        self._found = found
        if found.places:
            self._number = self._start(before, led_to)
        self._must_show = self._must_show or is_new
        self._update()

    @Slot()
    def show_next(self) -> None:
        """The next place; after the last one the first."""
        self._step(1)

    @Slot()
    def show_previous(self) -> None:
        """The place before."""
        self._step(-1)

    # -- asking

    def _on_wish_changed(self) -> None:
        self._again.stop()
        if self.bar.wish:
            self._request()
        else:
            self._forget()

    def _on_content_changed(self) -> None:
        if self.is_open and self.bar.wish and not self._again.isActive():
            self._again.start()

    def _request(self) -> None:
        self.find_requested.emit(FindRequest(self.bar.wish, self._list.messages))

    def _forget(self) -> None:
        self._again.stop()
        self._later.stop()
        self._found, self._spot, self._number, self._led_to = Found(FindWish("")), None, 0, ""
        self._must_show = False
        self._marks.clear()
        self.bar.set_count(None, 0)

    # -- places

    def _place(self) -> FindPlace | None:
        places = self._found.places
        return places[self._number] if self._number < len(places) else None

    def _start(self, before: FindPlace | None, led_to: str) -> int:
        """Which place is shown: of the message that was led to, the one shown so far, or the first one in view."""
        order = {m.id: i for i, m in enumerate(self._list.messages)}
        if led_to:
            return nearest(self._found.places, order, led_to)
        if before is not None and before.message_id in order:
            return nearest(self._found.places, order, before.message_id, -1 if before.is_reasoning else before.start)
        return nearest(self._found.places, order, self._list.first_seen_id())

    def _step(self, step: int) -> None:
        if not self.is_open:
            self.open()
            return
        n_places = len(self._found.places)
        if n_places:
            self._number = (self._number + step) % n_places
            self._must_show = True
            self._update()

    def _update(self) -> None:
        found = self._found
        self.bar.set_count(self._number, len(found.places), is_cut=found.is_cut)
        self._spot, self._tries = None, 0
        self._later.stop()
        if self._must_show and found.places:
            self._show_place()
        else:
            self._must_show = False
            self._find_spot()
        self._mark()

    def _show_place(self) -> None:
        """Scroll to the place; its thought is unfolded, and a text that is still being taken apart is waited for."""
        place = self._place()
        row = self._list.row_of(place.message_id) if place is not None else None
        if place is None or row is None:
            self._must_show = False
            return
        for _ in range(4):
            part = row.part_of(place.is_reasoning, place.start, unfolds=True)
            if part is None:
                break
            spot = self._spot = self._spot_in(part, place)
            where = self._marks.range_of(row, self._found.wish.in_shown(), spot)
            if where is not None:
                self._must_show = False
                self._scroll_to(row, *where)
            elif any(part.holds(path) for path, _ in row.views()):
                self._must_show = False  # an address or a mark of Markdown: its surroundings are what there is to see
                self._list.scroll_to(row, part.top, 0)
            else:
                self._list.scroll_to(row, part.top, 0)
        if self._must_show:
            self._tries += 1
            self._must_show = self._tries < _MOST_TRIES
            if self._must_show:
                self._later.start()
        self._mark()

    def _scroll_to(self, row: MessageRow, view: QTextEdit, where: Range) -> None:
        cursor = QTextCursor(view.document())
        cursor.setPosition(where[0])
        area = view.cursorRect(cursor)
        bar = view.horizontalScrollBar()
        if not 0 <= area.x() < view.viewport().width() - 20:
            bar.setValue(bar.value() + area.x() - view.viewport().width() // 3)
        top = view.viewport().mapTo(row, QPoint(0, area.top())).y()
        self._list.scroll_to(row, top, area.height())

    def _spot_in(self, part: TextPart, place: FindPlace) -> Spot:
        number, rank = self._number - 1, 0
        while number >= 0:
            other = self._found.places[number]
            if other[:2] != place[:2] or other.start < part.start:
                break
            number, rank = number - 1, rank + 1
        return Spot(place.message_id, part, rank)

    def _find_spot(self) -> None:
        """Where the place is now that the text has grown, without moving anything."""
        place = self._place()
        for row in self._list.rows if place is not None else ():
            if place is not None and getattr(getattr(row, "message", None), "id", "") == place.message_id:
                part = row.part_of(place.is_reasoning, place.start, unfolds=False)
                self._spot = None if part is None else self._spot_in(part, place)

    def _mark(self) -> None:
        if self._found.wish and (self.is_open or self._led_to):
            self._marks.show(self._list.rows, self._found.wish.in_shown(), self._spot)
