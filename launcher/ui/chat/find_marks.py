"""Marks what was found in the texts that have widgets now; the texts themselves stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextEdit
from shiboken6 import isValid

from launcher.ui.chat.formula_objects import OBJECT, SOURCE_PROPERTY
from launcher.ui.chat.rows import MessageRow
from launcher.ui.chat.text_spot import TextPart, TextPath
from launcher.ui.theme import current

Range = tuple[int, int]
"""Begin and end in a document, in UTF-16 units as Qt counts."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The place that is shown now: the `rank`-th (from 0) in a part of a message."""

    message_id: str
    part: TextPart
    rank: int


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a view was marked with, so that it is marked again only when something is another."""

    revision: int
    pattern: re.Pattern[str]
    theme: str
    chosen: int


class FindMarks:
    """Marks of one wish at a time."""

    def __init__(self) -> None:
        self._shown: WeakKeyDictionary[QTextEdit, _Shown] = WeakKeyDictionary()
        self._ranges: WeakKeyDictionary[QTextEdit, tuple[int, re.Pattern[str], list[Range]]] = WeakKeyDictionary()

    def show(self, rows: Iterable[MessageRow], pattern: re.Pattern[str], spot: Spot | None) -> None:
        """Mark every place in these rows, and the chosen one more strongly."""
        for row in rows:
            message_id = str(getattr(getattr(row, "message", None), "id", ""))
            views = row.views()
            chosen = (
                self._chosen(_of(views, spot.part), pattern, spot.rank)
                if spot and spot.message_id == message_id
                else None
            )
            for _, view in views:
                self._mark(view, pattern, chosen[1] if chosen is not None and chosen[0] is view else -1)

    def clear(self) -> None:
        """Nothing is marked."""
        for view in list(self._shown):
            if isValid(view):  # Qt may have deleted what Python has not let go of yet
                view.setExtraSelections([])
        self._shown.clear()
        self._ranges.clear()

    def range_of(self, row: MessageRow, pattern: re.Pattern[str], spot: Spot) -> tuple[QTextEdit, Range] | None:
        """Where the chosen place is; None while its part has no widgets, or where Markdown does not show it."""
        chosen = self._chosen(_of(row.views(), spot.part), pattern, spot.rank)
        return None if chosen is None else (chosen[0], self._found(chosen[0], pattern)[chosen[1]])

    def _chosen(self, views: Iterable[QTextEdit], pattern: re.Pattern[str], rank: int) -> tuple[QTextEdit, int] | None:
        """The `rank`-th place of a part, or its last: what is shown may have fewer than its source."""
        last: tuple[QTextEdit, int] | None = None
        for view in views:
            n_here = len(self._found(view, pattern))
            if rank < n_here:
                return view, rank
            rank -= n_here
            last = (view, n_here - 1) if n_here else last
        return last

    def _found(self, view: QTextEdit, pattern: re.Pattern[str]) -> list[Range]:
        known = self._ranges.get(view)
        revision = view.document().revision()
        if known is None or known[:2] != (revision, pattern):
            known = (revision, pattern, list(_ranges(view.document(), pattern)))
            self._ranges[view] = known
        return known[2]

    def _mark(self, view: QTextEdit, pattern: re.Pattern[str], chosen: int) -> None:
        wanted = _Shown(view.document().revision(), pattern, current().name, chosen)
        if self._shown.get(view) == wanted:
            return
        self._shown[view] = wanted
        marks: list[QTextEdit.ExtraSelection] = []
        looks = (_look(False), _look(True))  # made once: a common word has hundreds of places in one text
        for number, (begin, end) in enumerate(self._found(view, pattern)):
            mark = QTextEdit.ExtraSelection()
            cursor = QTextCursor(view.document())
            cursor.setPosition(begin)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            # Typed in the stubs as read only.
            mark.cursor = cursor  # pyright: ignore[reportAttributeAccessIssue]
            mark.format = looks[number == chosen]  # pyright: ignore[reportAttributeAccessIssue]
            marks.append(mark)
        view.setExtraSelections(marks)


def _of(views: Iterable[tuple[TextPath, QTextEdit]], part: TextPart) -> list[QTextEdit]:
    return [view for path, view in views if part.holds(path)]


def _look(is_chosen: bool) -> QTextCharFormat:
    tokens = current()
    shape = QTextCharFormat()
    shape.setBackground(QColor(tokens.warn if is_chosen else tokens.soft_warn))
    shape.setForeground(QColor(tokens.surface if is_chosen else tokens.text))
    if not is_chosen:
        shape.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        shape.setUnderlineColor(QColor(tokens.warn))
    return shape


def _ranges(document: QTextDocument, pattern: re.Pattern[str]) -> Iterator[Range]:
    """Places in the text as it is shown; a formula is one when its source holds the wish, once for each time it does."""
    text = document.toPlainText()
    found = [m.span() for m in pattern.finditer(text) if m.end() > m.start()]
    at = text.find(OBJECT)
    while at >= 0:
        found += [(at, at + 1)] * _n_in_formula(document, _units(text, at), pattern)
        at = text.find(OBJECT, at + 1)
    is_narrow = text.isascii() or max(text) <= "\uffff"
    for begin, end in sorted(found):
        yield (begin, end) if is_narrow else (_units(text, begin), _units(text, end))


def _n_in_formula(document: QTextDocument, position: int, pattern: re.Pattern[str]) -> int:
    cursor = QTextCursor(document)
    cursor.setPosition(position + 1)
    source = cursor.charFormat().property(SOURCE_PROPERTY)
    return sum(1 for _ in pattern.finditer(str(source))) if source else 0


def _units(text: str, at: int) -> int:
    """Characters before `at` as Qt counts them."""
    return len(text[:at].encode("utf-16-le", "surrogatepass")) // 2
