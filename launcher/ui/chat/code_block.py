"""A listing: head with language and Copy, coloured code that scrolls sideways and never wraps.

Of a long one only the lines near the view have widgets: its height is known without them. While it is scrolled through,
head and scroll bar stay in view.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QScrollBar, QTextEdit, QWidget

from launcher.chat.highlight import MAX_COLOURED_CHARS, Span, label
from launcher.ui.chat.code_head import HEAD, RADIUS, CodeHead
from launcher.ui.chat.code_view import SIDE_PADDING, CodeView, shown, width_of
from launcher.ui.chat.typesetter import CodeKey, Typesetter
from launcher.ui.components import frame
from launcher.ui.theme import Role, current, line_height, px

SLICE_LINES, SLICE_CHARS = 100, 16_000
"""Lines that are made and dropped together: a few screens; a slice ends with the line that reaches so many characters."""
_PADDING = 7


@dataclass(slots=True)
class _Slice:
    """Some lines; `start` and `end` count characters of the listing, without the line break after them."""

    start: int
    end: int
    first_line: int
    n_lines: int
    view: CodeView | None = None
    is_coloured: bool = False


class CodeBlock(QWidget):
    """One listing.

    Signals:
        height_changed(): a scroll bar came or went.
    """

    height_changed = Signal()

    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._language: str = ""
        self._code: str = ""
        self._is_final = False
        self._slices: list[_Slice] = []
        self._widest = 0
        self._near: tuple[int, int] | None = None
        self._head = CodeHead(self)
        self._head.copy_clicked.connect(self._on_copy_clicked)
        self._bar = QScrollBar(Qt.Orientation.Horizontal, self)
        self._bar.setAccessibleName(self.tr("Scroll the code sideways"))
        self._bar.valueChanged.connect(self._on_scrolled)
        self._bar.hide()
        typesetter.code_coloured.connect(self._on_code_coloured)

    @property
    def code(self) -> str:
        """The listing."""
        return self._code

    @property
    def language(self) -> str:
        """As it stands at the fence."""
        return self._language

    @property
    def n_slices(self) -> int:
        """Texts it consists of, with or without widgets."""
        return len(self._slices)

    @property
    def views(self) -> list[tuple[int, QTextEdit]]:
        """The texts that have widgets now, with their numbers, for selecting."""
        return [(i, part.view) for i, part in enumerate(self._slices) if part.view is not None]

    def set_code(self, language: str, code: str, is_final: bool) -> None:
        """Show a listing; one that grows is continued, and coloured when it is final."""
        if (language, code, is_final) == (self._language, self._code, self._is_final):
            return
        grows = code.startswith(self._code) and language == self._language and not self._is_final
        if not grows:
            for part in self._slices:
                self._drop(part)
            self._slices, self._widest = [], 0
        self._head.set_label(label(language) or self.tr("Text"))
        self._continue(code)
        self._language, self._code, self._is_final = language, code, is_final
        self.setAccessibleName(self.tr("Code, {language}").format(language=self._head.label))
        if self._near is not None:
            self.make_lines()
        else:  # they are made when it is arranged
            self._arrange()
            self._colour()

    def height_at(self, width: int) -> int:
        """Height of head, lines, padding and the scroll bar if it is needed."""
        bar = self._bar.sizeHint().height() if self._widest > self._room(width) else 0
        return px(HEAD) + self._n_lines() * line_height(Role.MONO) + 2 * px(_PADDING) + bar

    def set_view(self, top: int, bottom: int) -> None:
        """Make the lines that are near what is seen and drop the others.

        Args:
            top: px in this widget, half a screen above what is seen.
            bottom: half a screen below it.
        """
        if self._near != (top, bottom):
            self._near = (top, bottom)
            self.make_lines()

    def make_lines(self) -> None:
        """Make the lines near the view; all of them while nobody has said what is seen."""
        first, last = self._near_lines()
        for part in self._slices:
            if part.first_line < last and part.first_line + part.n_lines >= first:
                if part.view is None:
                    self._make(part)
            elif part.view is not None and not part.view.hasFocus():
                self._drop(part)
        self._arrange()
        self._colour()

    def slice_at(self, at: int) -> tuple[int, int, int]:
        """The text that holds a character of the code: its number, its first character, and its top in px."""
        number = max(0, bisect_right(self._slices, at, key=lambda part: part.start) - 1)
        part = self._slices[number]
        return number, part.start, self._top_of(part)

    def text_between(self, begin: tuple[int, int] | None, end: tuple[int, int] | None) -> str:
        """The code between two places, as it is on the screen.

        Args:
            begin: number of a text and a position in it as Qt counts; None is the beginning.
            end: the same; None is the end.
        """
        first, low = begin or (0, 0)
        last, high = end or (len(self._slices) - 1, None)
        pieces: list[str] = []
        for i in range(first, min(last + 1, len(self._slices))):
            text = self._text(self._slices[i])
            units = text.encode("utf-16-le", "surrogatepass")
            stop = None if i < last or high is None else 2 * high
            pieces.append(units[2 * low if i == first else 0 : stop].decode("utf-16-le", "surrogatepass"))
        return "\n".join(pieces)

    def restyle(self) -> None:
        """Take over a new theme."""
        for part in self._slices:
            if part.view is not None:
                part.view.restyle()
            part.is_coloured = False
        self._colour()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Head above the code."""
        self._arrange()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), RADIUS, current().surface, current().border)
        painter.end()

    # -- its lines

    def _continue(self, code: str) -> None:
        """Cut what is new; the last slice so far goes on where it is."""
        last = self._slices.pop() if self._slices else None
        added = _cut(code, last.start, last.first_line) if last is not None else _cut(code, 0, 0)
        if last is not None and last.view is not None:
            added[0].view = last.view
            last.view.append_text(shown(code[last.end : added[0].end]))
        for part in added:
            self._widest = max(self._widest, width_of(self._text(part, code)))
        self._slices += added

    def _make(self, part: _Slice) -> None:
        view = part.view = CodeView(self)
        view.set_text(self._text(part))
        view.horizontalScrollBar().valueChanged.connect(self._bar.setValue)
        view.show()

    def _drop(self, part: _Slice) -> None:
        if part.view is not None:
            part.view.hide()
            part.view.deleteLater()
            part.view, part.is_coloured = None, False

    def _text(self, part: _Slice, code: str | None = None) -> str:
        return shown((self._code if code is None else code)[part.start : part.end])

    def _n_lines(self) -> int:
        return self._slices[-1].first_line + self._slices[-1].n_lines if self._slices else 1

    def _top_of(self, part: _Slice) -> int:
        return px(HEAD) + px(_PADDING) + part.first_line * line_height(Role.MONO)

    def _near_lines(self) -> tuple[int, int]:
        """The lines near what is seen, from the first up to the last."""
        if self._near is None:
            return 0, self._n_lines() + 1
        top, line = px(HEAD) + px(_PADDING), line_height(Role.MONO)
        return (self._near[0] - top) // line, (self._near[1] - top) // line + 1

    # -- geometry

    @staticmethod
    def _room(width: int) -> int:
        """What is left of a width for the code, px."""
        return width - 2 - 2 * px(SIDE_PADDING)

    def _arrange(self) -> None:
        width, line = self.width(), line_height(Role.MONO)
        most = max(0, self._widest - self._room(width))
        self._bar.setRange(0, most)
        self._bar.setPageStep(max(1, self._room(width)))
        self._bar.setSingleStep(px(20))
        for part in self._slices:
            if part.view is not None:
                part.view.setGeometry(1, self._top_of(part), width - 2, part.n_lines * line)
                part.view.scroll_sideways(self._bar.value(), most)
        near = self._near or (0, self.height())
        # What is seen are the two middle quarters of it.
        margin = (near[1] - near[0]) // 4 if self._near is not None else 0
        head, bar = px(HEAD), self._bar.sizeHint().height()
        lowest = max(0, self.height() - head - 4 * line)
        self._head.setGeometry(0, max(0, min(near[0] + margin, lowest)), width, head)
        bar_top = max(head + 4 * line, min(self.height(), near[1] - margin) - bar)
        self._bar.setGeometry(px(SIDE_PADDING), min(bar_top, self.height() - bar) - 1, self._room(width) + 2, bar)
        self._bar.setVisible(most > 0)
        self._bar.raise_()
        self._head.raise_()

    def _colour(self) -> None:
        is_asked = self._is_final and len(self._code) <= MAX_COLOURED_CHARS
        if not is_asked or all(part.view is None or part.is_coloured for part in self._slices):
            return
        found = self._typesetter.code_spans(CodeKey(self._language, self._code))
        # Colours are shown when the visible text is the listing itself, character by character.
        if not found or shown(self._code) != self._code:
            return
        for part in self._slices:
            if part.view is not None and not part.is_coloured:
                part.is_coloured = True
                part.view.colour(self._code[part.start : part.end], _within(found, part.start, part.end))

    def _on_code_coloured(self, key: CodeKey) -> None:
        if self._is_final and key == CodeKey(self._language, self._code):
            self._colour()

    def _on_scrolled(self, value: int) -> None:
        for part in self._slices:
            if part.view is not None:
                part.view.horizontalScrollBar().setValue(value)

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._code)


def _cut(code: str, start: int, line: int) -> list[_Slice]:
    """The slices of a listing from a slice's beginning on. Where they end depends on what is before it alone."""
    found: list[_Slice] = []
    here, n_lines, is_last = start, 0, False
    while not is_last:
        stop = code.find("\n", here)
        is_last = stop < 0
        stop = len(code) if is_last else stop
        here, n_lines = stop + 1, n_lines + 1
        if is_last or n_lines == SLICE_LINES or stop - start >= SLICE_CHARS:
            found.append(_Slice(start, stop, line, n_lines))
            start, line, n_lines = here, line + n_lines, 0
    return found


def _within(found: tuple[Span, ...], start: int, end: int) -> tuple[Span, ...]:
    """The spans of some characters, counted from the first of them."""
    first = bisect_left(found, start, key=lambda span: span.end)
    last = bisect_left(found, end, lo=first, key=lambda span: span.start)
    return tuple(Span(max(s.start, start) - start, min(s.end, end) - start, s.kind) for s in found[first:last])
