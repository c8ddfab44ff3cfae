"""The thinking before an answer: a row that tells its time and length, and unfolds."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QTimer, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QWidget

from launcher.chat.counts import tokens_in_words
from launcher.core.units import duration
from launcher.ui.chat.answer_body import AnswerBody, BodyKind
from launcher.ui.chat.fold_head import FOLD_LEFT, FOLD_RADIUS, FOLD_ROW, FoldHead
from launcher.ui.chat.prose import visible, wrap_mode
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.components import frame
from launcher.ui.theme import Role, Tone, colour, current, font, line_height, px

_LIVE_LINES = 6
# Lines kept above the visible ones while the thinking runs; everything older is left out of the layout.
_SPARE_LINES = 12
_PREVIEW_CHARS = 160


class ReasoningFold(QWidget):
    """Thinking, running or finished.

    Signals:
        height_changed(): it was folded or unfolded.
        toggled_by_user(bool): the user opened or closed it.
        link_activated(str): an address the user wants to open.
    """

    height_changed = Signal()
    toggled_by_user = Signal(bool)
    link_activated = Signal(str)

    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = ""
        self._is_running = False
        self._is_open = False
        self._opened_by_user = False
        self._head = FoldHead(self)
        self._head.clicked.connect(self._on_head_clicked)
        self._live = _Tail(self)
        self._live.hide()
        self._full: AnswerBody | None = None
        self._view: tuple[int, int] | None = None
        self._typesetter = typesetter
        self._update_head(0.0, None)

    @property
    def is_open(self) -> bool:
        """Unfolded."""
        return self._is_open

    @property
    def is_running(self) -> bool:
        """The thinking goes on."""
        return self._is_running

    def set_running(self, text: str, seconds: float, tokens: int | None) -> None:
        """More thinking has come.

        Args:
            text: all of it so far.
            seconds: since the thinking began.
            tokens: generated so far, None when nobody counts.
        """
        if not self._is_running:
            self._is_running = True
            self._is_open = True
        self._text = text
        self._live.set_text(visible(text))
        self._update_head(seconds, tokens)
        self._show_parts()

    def set_finished(self, text: str, seconds: float | None, tokens: int | None) -> None:
        """The thinking is over; it folds itself unless the user opened it."""
        self._text = text
        was_running, self._is_running = self._is_running, False
        if was_running and not self._opened_by_user:
            self._is_open = False
        self._update_head(seconds, tokens)
        self._show_parts()

    def arrange(self, width: int) -> int:
        """Place the parts; returns the height."""
        row = px(FOLD_ROW)
        self._head.setGeometry(0, 0, width, row)
        if not self._is_open:
            return row
        room = width - px(FOLD_LEFT) - px(16)
        if self._full is not None and not self._is_running:
            height = self._full.arrange(room)
            self._full.setGeometry(px(FOLD_LEFT), row, room, height)
        else:
            height = self._live.height_at(room)
            self._live.setGeometry(px(FOLD_LEFT), row, room, height)
        return row + height + px(8)

    def set_view(self, top: int, bottom: int) -> bool:
        """Say which part is near what is seen, px from the top; returns whether it must be arranged again."""
        self._view = (top, bottom)
        row = px(FOLD_ROW)
        return self._full is not None and self._full.set_view(top - row, bottom - row)

    def unfold(self) -> None:
        """Open it, as the user would; one that still runs stays as it is."""
        if not self._is_open:
            self._on_head_clicked()

    @property
    def body_top(self) -> int:
        """Where the text begins, px from the top."""
        return px(FOLD_ROW)

    @property
    def body(self) -> AnswerBody | None:
        """The text while it is unfolded and complete."""
        return self._full if self._is_open and not self._is_running else None

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame around row and text."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), FOLD_RADIUS, current().surface, current().border)
        painter.end()

    def restyle(self) -> None:
        """Take over a new theme."""
        if self._full is not None:
            self._full.set_text(self._text.strip(), is_final=True)

    def _show_parts(self) -> None:
        self._live.setVisible(self._is_open and self._is_running)
        if self._is_open and not self._is_running and self._full is None:
            self._full = AnswerBody(self._typesetter, self, BodyKind.THINKING)
            self._full.height_changed.connect(self.height_changed)
            self._full.link_activated.connect(self.link_activated)
            if self._view is not None:
                self.set_view(*self._view)
            self._full.set_text(self._text.strip(), is_final=True)
        if self._full is not None:
            self._full.setVisible(self._is_open and not self._is_running)
        self._head.set_open(self._is_open)

    def _update_head(self, seconds: float | None, tokens: int | None) -> None:
        if self._is_running:
            title = self.tr("Thinking, {time}").format(time=duration(seconds or 0))
        elif seconds is None:
            title = self.tr("Thought")
        else:
            title = self.tr("Thought for {time}").format(time=duration(seconds))
        count = "" if tokens is None else tokens_in_words(tokens)
        preview = (
            "" if self._is_running else visible(" ".join(self._text[: 2 * _PREVIEW_CHARS].split())[:_PREVIEW_CHARS])
        )
        self._head.set_words(title, count, preview, self._is_running)

    def _on_head_clicked(self) -> None:
        self._is_open = not self._is_open
        self._opened_by_user = self._is_open
        self._show_parts()
        self.toggled_by_user.emit(self._is_open)
        self.height_changed.emit()


class _Tail(QWidget):
    """The last lines of a growing text, with a cursor block. Only the end is ever laid out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = ""
        self._start = 0  # where the layout begins, always the beginning of a line
        self._lines: list[tuple[int, int]] = []
        self._layout: QTextLayout | None = None
        self._is_lit = True
        flash_ms = QGuiApplication.styleHints().cursorFlashTime() // 2
        self._blink = QTimer(self)
        self._blink.setInterval(max(100, flash_ms))
        self._blink.timeout.connect(self._on_blink)
        self._can_blink = flash_ms > 0
        self.setAccessibleName(self.tr("Thinking"))

    def set_text(self, text: str) -> None:
        """Show the end of `text`."""
        if not text.startswith(self._text[: self._start]):
            self._start = 0
        self._text = text.rstrip("\n")
        self._layout = None
        self.update()

    def height_at(self, width: int) -> int:
        """Height of at most six lines."""
        layout = self._laid_out(width)
        return min(_LIVE_LINES, max(1, layout.lineCount())) * line_height(Role.BODY)

    def _laid_out(self, width: int) -> QTextLayout:
        if self._layout is not None and self._layout.lineAt(0).isValid() and self._layout.lineAt(0).width() == width:
            return self._layout
        layout = self._lay_out(width)
        surplus = layout.lineCount() - _LIVE_LINES - _SPARE_LINES
        if surplus > _SPARE_LINES:
            # Cut at the beginning of a line, so that the lines below break where they did.
            units = layout.lineAt(surplus).textStart()
            shown = self._text[self._start :]
            before = shown.encode("utf-16-le", "surrogatepass")[: 2 * units]
            self._start += len(before.decode("utf-16-le", "surrogatepass"))
            layout = self._lay_out(width)
        self._layout = layout
        return layout

    def _lay_out(self, width: int) -> QTextLayout:
        shown = self._text[self._start :]
        layout = QTextLayout(shown.replace("\n", "\u2028"), font(Role.BODY))
        option = QTextOption()
        option.setWrapMode(wrap_mode(shown))
        layout.setTextOption(option)
        layout.beginLayout()
        height, y = line_height(Role.BODY), 0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, y + (height - line.height()) / 2))
            y += height
        layout.endLayout()
        return layout

    def showEvent(self, event: object) -> None:
        if self._can_blink:
            self._blink.start()

    def hideEvent(self, event: object) -> None:
        self._blink.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        layout = self._laid_out(self.width())
        count = layout.lineCount()
        height = line_height(Role.BODY)
        top = -max(0, count - _LIVE_LINES) * height
        painter = QPainter(self)
        painter.setPen(colour(Tone.MUTED))
        layout.draw(painter, QPointF(0, top))
        if count and self._is_lit:
            last = layout.lineAt(count - 1)
            x = min(last.naturalTextWidth() + px(3), self.width() - px(7))
            painter.fillRect(QRectF(x, top + (count - 1) * height + px(3), px(7), px(14)), QColor(current().accent))
        painter.end()

    def _on_blink(self) -> None:
        self._is_lit = not self._is_lit
        self.update()
