"""Selecting and copying across the messages of a chat, also those that have no widgets now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QTextCursor
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QTextEdit
from shiboken6 import isValid

from launcher.chat.conversation import Role
from launcher.ui.chat.document_text import mime_of
from launcher.ui.chat.list_entry import Entry
from launcher.ui.chat.selected_text import view_text
from launcher.ui.chat.text_spot import BEGIN, END, TextPath, TextSpot

_SCROLL_MS = 30


class _Place(NamedTuple):
    """A spot in the chat: number of the row, and where in it."""

    row: int
    spot: TextSpot


@dataclass(slots=True)
class _Found:
    """A text on the screen."""

    row: int
    path: TextPath
    view: QTextEdit


class Selection(QObject):
    """Goes on with a selection when the mouse leaves the text it began in, and copies what is selected.

    Signals:
        changed(): which rows it begins and ends in.
    """

    changed = Signal()

    def __init__(self, area: QAbstractScrollArea, entries: Callable[[], Sequence[Entry]]) -> None:
        super().__init__(area)
        self._area = area
        self._entries = entries
        self._anchor: _Place | None = None
        self._head: _Place | None = None
        self._is_wide = False  # more than one text is selected
        self._pressed: QTextEdit | None = None
        self._mouse = QPoint()
        self._scroll = QTimer(self)
        self._scroll.setInterval(_SCROLL_MS)
        self._scroll.timeout.connect(self._on_scroll_timeout)

    # -- for the list

    def clear(self) -> None:
        """Nothing is selected."""
        self._anchor = self._head = None
        self._is_wide = False
        self._pressed = None
        self._scroll.stop()
        self.apply()
        self._hold()

    def adopt(self) -> None:
        """Watch the texts that are there now, and show what is selected in new ones."""
        for found in self._views():
            if found.view.property("watched") is None:
                found.view.setProperty("watched", True)
                found.view.installEventFilter(self)
                found.view.viewport().installEventFilter(self)
        if self._is_wide:
            self.apply()

    def holds(self, index: int) -> bool:
        """Whether a row must keep its widgets: the selection begins or ends in it."""
        return self._is_wide and index in {p.row for p in (self._anchor, self._head) if p is not None}

    def select_all(self) -> None:
        """The whole chat."""
        n_rows = len(self._entries())
        if n_rows:
            self._anchor, self._head = _Place(0, TextSpot(BEGIN, 0)), _Place(n_rows - 1, TextSpot(END, 0))
            self._is_wide = True
            self.apply()

    def handle_key(self, event: QKeyEvent) -> bool:
        """Copy, copy as Markdown, select all."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif _is_copy_as_markdown(event):
            self.copy(as_markdown=True)
        else:
            return False
        return True

    def copy(self, as_markdown: bool = False) -> None:
        """Put what is selected on the clipboard; by itself as words and rich text."""
        text, is_code = self._text()
        if not text:
            return
        if as_markdown or is_code:
            QGuiApplication.clipboard().setText(text)
        else:
            QGuiApplication.clipboard().setMimeData(mime_of(text))

    def markdown(self) -> str:
        """What is selected."""
        return self._text()[0]

    def apply(self) -> None:
        """Mark what is selected in the texts on the screen."""
        ends = self._ends()
        for found in self._views():
            _mark(found.view, _range(found, *ends) if ends is not None else None)

    # -- events of the texts

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Mouse and keys of every text."""
        kind = event.type()
        if isinstance(event, QMouseEvent):
            view = watched.parent()
            if not isinstance(view, QTextEdit):
                return False
            if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                return self._press(view, event)
            if kind == QEvent.Type.MouseMove and event.buttons() & Qt.MouseButton.LeftButton:
                return self._move(view, event.globalPosition().toPoint())
            if kind == QEvent.Type.MouseButtonRelease:
                self._scroll.stop()
                return False
        elif isinstance(event, QKeyEvent) and kind == QEvent.Type.ShortcutOverride:
            if _is_ours(event):
                event.accept()
                return True
        elif isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress:
            return self.handle_key(event)
        elif isinstance(event, QContextMenuEvent):
            view = watched if isinstance(watched, QTextEdit) else watched.parent()
            if isinstance(view, QTextEdit):
                self._show_menu(view, event)
                return True
        return False

    def _press(self, view: QTextEdit, event: QMouseEvent) -> bool:
        here = self._place_in(view, event.globalPosition().toPoint())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._anchor is not None and here is not None:
            self._head = here
            self._is_wide = not self._is_in_one()
            self.apply()
            self._hold()
            return True
        was_wide = self._is_wide
        self._anchor, self._head, self._is_wide, self._pressed = here, None, False, view
        for found in self._views():
            if found.view is not view or was_wide:
                _mark(found.view, None)
        self._hold()
        return False

    def _move(self, view: QTextEdit, at: QPoint) -> bool:
        if self._anchor is None or view is not self._pressed:
            return False
        self._mouse = at
        local = self._area.viewport().mapFromGlobal(at)
        is_out = not 0 <= local.y() < self._area.viewport().height()
        if is_out != self._scroll.isActive():
            self._scroll.start() if is_out else self._scroll.stop()
        if not self._is_wide and view.viewport().rect().contains(view.viewport().mapFromGlobal(at)):
            return False
        self._extend()
        return True

    def _extend(self) -> None:
        head = self._nearest(self._mouse)
        if head is None or self._anchor is None:
            return
        is_new_row = self._head is None or head.row != self._head.row
        self._head = head
        self._is_wide = True
        self.apply()
        if is_new_row:
            self._hold()

    def _on_scroll_timeout(self) -> None:
        local = self._area.viewport().mapFromGlobal(self._mouse).y()
        beyond = local if local < 0 else local - self._area.viewport().height()
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.value() + beyond // 2 + (1 if beyond > 0 else -1))
        self._extend()

    def _show_menu(self, view: QTextEdit, event: QContextMenuEvent) -> None:
        menu = QMenu(self._area)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if not self._is_wide:
            self._pressed = view
        has_text = bool(self._text()[0])
        copy = menu.addAction(self.tr("Copy"), self._on_copy_chosen)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        as_markdown = menu.addAction(self.tr("Copy as Markdown"), self._on_copy_markdown_chosen)
        as_markdown.setShortcut(QKeySequence("Ctrl+Shift+C"))
        for action in (copy, as_markdown):
            action.setEnabled(has_text)
        address = view.anchorAt(view.viewport().mapFromGlobal(event.globalPos()))
        if address:
            link = menu.addAction(self.tr("Copy link address"), self._on_copy_address_chosen)
            link.setData(address)
        menu.addSeparator()
        menu.addAction(self.tr("Select all"), self.select_all).setShortcut(
            QKeySequence(QKeySequence.StandardKey.SelectAll)
        )
        menu.popup(event.globalPos())

    def _on_copy_chosen(self) -> None:
        self.copy()

    def _on_copy_markdown_chosen(self) -> None:
        self.copy(as_markdown=True)

    def _on_copy_address_chosen(self) -> None:
        sender = self.sender()
        QGuiApplication.clipboard().setText(str(sender.data()) if hasattr(sender, "data") else "")  # pyright: ignore

    # -- where things are

    def _views(self) -> list[_Found]:
        return [
            _Found(entry.index, path, view)
            for entry in self._entries()
            if entry.widget is not None
            for path, view in entry.widget.views()
        ]

    def _place_in(self, view: QTextEdit, at: QPoint) -> _Place | None:
        found = next((f for f in self._views() if f.view is view), None)
        if found is None:
            return None
        position = view.cursorForPosition(view.viewport().mapFromGlobal(at)).position()
        return _Place(found.row, TextSpot(found.path, position))

    def _nearest(self, at: QPoint) -> _Place | None:
        """The place in the text that is nearest to the mouse, up and down first."""
        best: tuple[int, _Found] | None = None
        for found in self._views():
            top = found.view.mapToGlobal(QPoint(0, 0)).y()
            distance = max(top - at.y(), at.y() - top - found.view.height(), 0)
            if best is None or distance < best[0]:
                best = (distance, found)
        return None if best is None else self._place_in(best[1].view, at)

    def _ends(self) -> tuple[_Place, _Place] | None:
        if not self._is_wide or self._anchor is None or self._head is None:
            return None
        return min(self._anchor, self._head), max(self._anchor, self._head)

    def _is_in_one(self) -> bool:
        return (
            self._anchor is not None
            and self._head is not None
            and ((self._anchor.row, self._anchor.spot.path) == (self._head.row, self._head.spot.path))
        )

    def _hold(self) -> None:
        ends = self._ends()
        for entry in self._entries():
            if entry.widget is not None:
                places = () if ends is None else tuple(p.spot.path for p in ends if p.row == entry.index)
                entry.widget.hold(places)
        self.changed.emit()

    # -- what is selected

    def _text(self) -> tuple[str, bool]:
        """The Markdown, and whether it is nothing but code."""
        ends = self._ends()
        if ends is None:
            if self._pressed is None or not isValid(self._pressed):
                return "", False
            cursor = self._pressed.textCursor()
            return view_text(self._pressed, cursor.selectionStart(), cursor.selectionEnd())
        first, last = ends
        rows: list[tuple[str, str]] = []
        for entry in self._entries()[first.row : last.row + 1]:
            begin = first.spot if entry.index == first.row else None
            end = last.spot if entry.index == last.row else None
            text = self._row_text(entry, begin, end).strip()
            if text and entry.message is not None:
                name = self.tr("You") if entry.message.role is Role.USER else entry.message.model or self.tr("Answer")
                rows.append((name, text))
        if len(rows) == 1:
            return rows[0][1], False
        return "\n\n".join(f"## {name}\n\n{text}" for name, text in rows), False

    @staticmethod
    def _row_text(entry: Entry, begin: TextSpot | None, end: TextSpot | None) -> str:
        if entry.message is None:
            return ""
        begin = None if begin is not None and begin.path == BEGIN else begin
        end = None if end is not None and end.path == END else end
        if (begin is None and end is None) or entry.widget is None:
            return entry.message.text
        return entry.widget.markdown_between(begin, end)


def _range(found: _Found, first: _Place, last: _Place) -> tuple[int, int] | None:
    """What of a text is selected."""
    here = (found.row, found.path)
    low, high = (first.row, first.spot.path), (last.row, last.spot.path)
    if not low <= here <= high:
        return None
    length = found.view.document().characterCount() - 1
    begin = min(first.spot.position, length) if here == low else 0
    return begin, min(last.spot.position, length) if here == high else length


def _mark(view: QTextEdit, selected: tuple[int, int] | None) -> None:
    cursor = view.textCursor()
    begin, end = selected or (cursor.position(), cursor.position())
    if (cursor.selectionStart(), cursor.selectionEnd()) == (begin, end):
        return
    bar = view.horizontalScrollBar().value()
    cursor.setPosition(begin)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    view.horizontalScrollBar().setValue(bar)  # a long line of code stays where it was


def _is_copy_as_markdown(event: QKeyEvent) -> bool:
    wanted = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    return event.key() == Qt.Key.Key_C and event.modifiers() == wanted


def _is_ours(event: QKeyEvent) -> bool:
    return (
        event.matches(QKeySequence.StandardKey.Copy)
        or event.matches(QKeySequence.StandardKey.SelectAll)
        or _is_copy_as_markdown(event)
    )
