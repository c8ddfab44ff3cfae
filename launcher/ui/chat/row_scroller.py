"""Scrolls over any number of rows of very different heights: only those near the view have widgets.

Everything else is a remembered or estimated height. It knows rows, not what they show: see `message_list`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QWidget

from launcher.ui.chat.list_entry import Entry, estimated_height
from launcher.ui.chat.rows import MessageRow
from launcher.ui.components import IconButton
from launcher.ui.theme import px

MAX_COLUMN, SIDE_MARGIN = 720, 32
"""Width of the text at most, and what stays free beside it at least; px at 100 %."""
EDGE = 12
"""Above the first row, px at 100 %."""
_ROW_GAP = 12
_END_SLACK = 8


class RowScroller(QAbstractScrollArea):
    """A column of rows. It stays at the end while the last one grows, if the reader was there; otherwise what is read does not move.

    Who derives from it fills `_entries`, says with `_restructure` what became another, and makes the rows with `_make`.

    Signals:
        arranged(): what is near the view has its widgets, in their places.
    """

    arranged = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []
        self._live: list[Entry] = []  # those with widgets
        self._tops: list[int] = [0]
        self._valid_tops = 0  # so many heights are summed up in _tops
        self._width = 0
        self._follows = True
        self._is_arranging = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().setSingleStep(px(40))
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._arrange)
        self._to_end = IconButton("arrow-down", self.tr("Go to the end"), self, side=32, outlined=True)
        self._to_end.clicked.connect(self.scroll_to_end)
        self._to_end.hide()

    # -- what is seen

    @property
    def rows(self) -> tuple[MessageRow, ...]:
        """The rows that have widgets now, from top to bottom."""
        live = sorted(self._live, key=lambda e: e.index)
        return tuple(e.widget for e in live if e.widget is not None)

    @property
    def is_at_end(self) -> bool:
        """The reader is at the end and stays there while an answer grows."""
        return self._follows

    def scroll_to_end(self) -> None:
        """Go to the newest text and stay there."""
        self._follows = True
        self._arrange()

    def row_of(self, key: str) -> MessageRow | None:
        """The row of a message, which is scrolled to where it is out of view."""
        entry = self._entry(key)
        if entry is None:
            return None
        bar, view = self.verticalScrollBar(), self.viewport().height()
        self._follows = False
        for _ in range(3):
            top = self._tops[entry.index]
            if top < bar.value() + view and top + entry.height > bar.value():
                break
            bar.setValue(top - px(EDGE))
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
        if not bar.value() + px(EDGE) <= place <= bar.value() + view - height - px(EDGE):
            bar.setValue(place - view // 3)
        self._arrange()

    def column(self) -> tuple[int, int]:
        """Left edge and width of the text."""
        # Of the whole list, with or without scroll bar, so that the text stands above the composer.
        width = max(160, min(px(MAX_COLUMN), self.width() - 2 * px(SIDE_MARGIN)))
        return max(0, (self.width() - width) // 2), width

    # -- for who derives from it

    def _make(self, entry: Entry) -> MessageRow:
        """The widget of an entry, a child of the viewport."""
        raise NotImplementedError

    def _is_held(self, entry: Entry) -> bool:
        """Whether it keeps its widget out of view: the keyboard is in it."""
        focus = QApplication.focusWidget()
        return bool(focus) and entry.widget is not None and entry.widget.isAncestorOf(focus)

    def _entry(self, key: str) -> Entry | None:
        # The newest are asked for most.
        return next((e for e in reversed(self._entries) if e.key == key), None)

    def _widget(self, entry: Entry) -> MessageRow:
        if entry.widget is None:
            entry.widget = self._make(entry)
            entry.widget.height_changed.connect(self._on_height_changed)
            entry.widget.show()
            self._live.append(entry)
        return entry.widget

    def _drop(self, entries: Iterable[Entry]) -> None:
        for entry in list(entries):
            if entry.widget is not None:
                entry.widget.hide()
                entry.widget.deleteLater()
                entry.widget = None
                self._live.remove(entry)

    def _restructure(self, start: int = 0) -> None:
        """Rows were added, removed or moved from `start` on."""
        _, width = self.column()
        for index in range(start, len(self._entries)):
            entry = self._entries[index]
            entry.index = index
            if entry.height == 0:
                entry.height = estimated_height(entry, width)
        self._valid_tops = min(self._valid_tops, start)
        self._arrange()

    # -- geometry

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
            self.arranged.emit()
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
        """Put what has widgets where it belongs, and drop what is far."""
        value, view = self.verticalScrollBar().value(), self.viewport().height()
        near = self._near(value, view)
        self._drop([e for e in self._live if e.index not in near and not self._is_held(e)])
        for entry in self._live:
            if entry.widget is not None:
                if entry.measured_width != width:
                    self._measure_entry(entry, width, value, view)
                entry.widget.setGeometry(QRect(left, self._tops[entry.index] - value, width, entry.height))
                entry.widget.show()
        is_far_from_end = not self._follows and self.verticalScrollBar().maximum() - value > view // 2
        self._to_end.setVisible(is_far_from_end)
        self._to_end.raise_()

    def _sum_up(self) -> None:
        """Tops of all rows; only those after the first changed height are computed (the last one while streaming)."""
        start = self._valid_tops
        gap = px(_ROW_GAP)
        if start == 0:
            self._tops = [px(EDGE)]
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

    def _on_height_changed(self) -> None:
        sender = self.sender()
        for entry in self._live:
            if entry.widget is sender:
                entry.measured_width = 0
        self._later.start()

    def _on_scrolled(self, value: int) -> None:
        if self._is_arranging:
            return
        self._follows = value >= self.verticalScrollBar().maximum() - px(_END_SLACK)
        self._arrange()
