"""An answer: thinking, text, actions and figures."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from launcher.chat.conversation import Message, MessageState
from launcher.core.generation import Timings
from launcher.core.units import rate, whole
from launcher.ui.chat.answer_body import AnswerBody
from launcher.ui.chat.reasoning import ReasoningFold
from launcher.ui.chat.rows import MAX_SPOKEN_CHARS, MessageRow
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.components import (
    IconButton,
    Text,
)
from launcher.ui.theme import Role, Tone, line_height, paint_icon, px


class AnswerRow(MessageRow):
    """An answer: thinking, text, actions and figures.

    Signals:
        regenerate_requested(str): message id.
    """

    regenerate_requested = Signal(str)

    def __init__(self, message: Message, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self.message = message
        self._typesetter = typesetter
        self._fold: ReasoningFold | None = None
        self._body = AnswerBody(typesetter, self)
        self._body.height_changed.connect(self.height_changed)
        self._body.link_activated.connect(self.link_activated)
        self._copy = _ActionButton("copy", self.tr("Copy answer"), self)
        self._again = _ActionButton("rotate-cw", self.tr("Answer again"), self)
        self._figures = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._copy.clicked.connect(self._on_copy_clicked)
        self._again.clicked.connect(self._on_again_clicked)
        self._thinking_since = time.monotonic()
        self._spoken_at = 0.0
        self.setAccessibleName(self.tr("Answer"))
        self.show_message(message)

    def show_message(self, message: Message) -> None:
        """Show a message from the beginning."""
        is_streaming = message.state is MessageState.STREAMING
        self.message = message
        self._body.set_text(message.text, is_final=not is_streaming)
        self._show_reasoning()
        self._show_actions()

    def append(self, reasoning: str, text: str, reasoning_tokens: int | None) -> None:
        """More of a streaming answer."""
        self.message = replace(
            self.message, reasoning=self.message.reasoning + reasoning, text=self.message.text + text
        )
        if text:
            self._body.append(text)
        self._show_reasoning(reasoning_tokens)
        if time.monotonic() - self._spoken_at > 1.0:
            self._speak()

    def finish(self, message: Message) -> None:
        """The answer is complete, stopped or failed; what is already written stays."""
        is_same = message.text == self.message.text
        self.message = message
        if is_same:
            self._body.finish()
        else:
            self._body.set_text(message.text, is_final=True)
        self._show_reasoning()
        self._show_actions()

    def restyle(self) -> None:
        """Write the text in the colours of the theme."""
        self._body.set_text(self.message.text, is_final=self.message.state is not MessageState.STREAMING)
        if self._fold is not None:
            self._fold.restyle()

    def arrange(self, width: int) -> int:
        """Fold, text, actions."""
        y = 0
        if self._fold is not None:
            height = self._fold.arrange(width)
            self._fold.setGeometry(0, 0, width, height)
            y = height + (px(10) if self.message.text else 0)
        height = self._body.arrange(width)
        self._body.setGeometry(0, y, width, height)
        y += height
        if not self._copy.isHidden():
            y += px(8)
            x = -px(6)
            for button in (self._copy, self._again):
                hint = button.sizeHint()
                button.setGeometry(x, y, hint.width(), hint.height())
                x += hint.width() + px(2)
            # The first line is level with the buttons; many figures take a second one.
            room = max(1, width - x - px(6))
            lines = self._figures.heightForWidth(room)
            top = (self._copy.height() - line_height(Role.SMALL)) // 2
            self._figures.setGeometry(x + px(6), y + top, room, lines)
            y += max(self._copy.height(), top + lines)
        return y

    def _show_reasoning(self, tokens: int | None = None) -> None:
        message = self.message
        if not message.reasoning.strip():
            return
        if self._fold is None:
            self._fold = ReasoningFold(self._typesetter, self)
            self._fold.height_changed.connect(self.height_changed)
            self._fold.show()
            self._thinking_since = time.monotonic()
        timings = message.timings
        if message.state is MessageState.STREAMING and not message.text:
            self._fold.set_running(message.reasoning, time.monotonic() - self._thinking_since, tokens)
        elif timings is not None:
            self._fold.set_finished(message.reasoning, timings.reasoning_seconds, timings.reasoning_tokens)
        elif self._fold.is_running:
            self._fold.set_finished(message.reasoning, time.monotonic() - self._thinking_since, tokens)
        elif message.state is not MessageState.STREAMING:
            self._fold.set_finished(message.reasoning, None, None)

    def _show_actions(self) -> None:
        is_over = self.message.state is not MessageState.STREAMING
        for widget in (self._copy, self._again, self._figures):
            widget.setVisible(is_over)
        self._copy.setEnabled(bool(self.message.text))
        self._figures.set_text(self._figure_words())
        if is_over:
            self._speak()
        self.height_changed.emit()

    def _figure_words(self) -> str:
        parts: list[str] = []
        if self.message.state is MessageState.STOPPED:
            parts.append(self.tr("stopped"))
        elif self.message.state is MessageState.FAILED:
            parts.append(self.tr("incomplete"))
        if self.message.timings is not None:
            parts += self._timing_words(self.message.timings)
        return " · ".join(parts)

    def _timing_words(self, timings: Timings) -> list[str]:
        words: list[str] = []
        if timings.decode_tokens_s > 0:
            words.append(self.tr("{rate} tokens/s").format(rate=f"{timings.decode_tokens_s:.1f}"))
        words.append(self.tr("{count} tokens").format(count=whole(timings.decode_tokens)))
        words.append(self.tr("first after {seconds} s").format(seconds=f"{timings.time_to_first_token_s:.1f}"))
        if timings.restored_tokens:
            words.append(self.tr("{count} tokens restored from disk").format(count=whole(timings.restored_tokens)))
        if timings.drafted_tokens:
            share = f"{100 * timings.accepted_tokens / timings.drafted_tokens:.0f}"
            words.append(self.tr("{percent} % of the guessed tokens were right").format(percent=share))
        if timings.drafting == "off" and timings.drafting_s and timings.plain_s:
            slow, plain = rate(1 / timings.drafting_s), rate(1 / timings.plain_s)
            words.append(self.tr("guesses are off: {slow} instead of {plain} tokens/s").format(slow=slow, plain=plain))
        if timings.stop_reason == "length":
            words.append(self.tr("ended by the length limit"))
        elif timings.stop_reason == "context":
            words.append(self.tr("ended because the context is full"))
        return words

    def _speak(self) -> None:
        """Screen readers (and the end-to-end test) read the whole answer here; at most once per second while it grows."""
        self._spoken_at = time.monotonic()
        self.setAccessibleDescription(self.message.text[:MAX_SPOKEN_CHARS])

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.message.text)

    def _on_again_clicked(self) -> None:
        self.regenerate_requested.emit(self.message.id)


class _ActionButton(IconButton):
    """Muted at rest, as the figures beside it."""

    def __init__(self, icon: str, name: str, parent: QWidget) -> None:
        super().__init__(icon, name, parent, side=28, icon_size=15)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.underMouse() or self.hasFocus() or self.isDown():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        side = px(15)
        place = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        paint_icon(painter, self._icon, Tone.MUTED, place)
        painter.end()
