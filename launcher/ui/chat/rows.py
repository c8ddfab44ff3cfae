"""The rows of the message list: your message, an answer, the cut line, a banner."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFontMetricsF, QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from launcher.chat.conversation import Message, MessageState
from launcher.core.errors import UserError
from launcher.core.generation import Timings
from launcher.core.units import whole
from launcher.ui.chat.answer_body import AnswerBody
from launcher.ui.chat.prose import Prose
from launcher.ui.chat.reasoning import ReasoningFold
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.chat.writer import character_format, line_format
from launcher.ui.components import (
    Banner,
    BannerKind,
    ButtonSize,
    IconButton,
    PrimaryButton,
    SecondaryButton,
    Text,
    frame,
)
from launcher.ui.theme import Role, Tone, current, font, paint_icon, px

MAX_BUBBLE = 600
_BUBBLE_SIDE, _BUBBLE_TOP = 14, 7
_BUBBLE_RADIUS = 12
_ACCESSIBLE_CHARS = 100_000


class MessageRow(QWidget):
    """What every row has in common.

    Signals:
        height_changed(): the list must ask for the height again.
        link_activated(str): an address the user wants to open.
    """

    height_changed = Signal()
    link_activated = Signal(str)

    def arrange(self, width: int) -> int:
        """Place the parts at a width; returns the height."""
        raise NotImplementedError

    def changeEvent(self, event: QEvent) -> None:
        """A change of theme or text size writes the text again."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and self.testAttribute(
            Qt.WidgetAttribute.WA_WState_Created
        ):
            self.restyle()
            self.height_changed.emit()
        super().changeEvent(event)

    def restyle(self) -> None:
        """Take over a new theme."""


class UserRow(MessageRow):
    """Your message: a bubble at the right; copy and edit appear beside it.

    Signals:
        edit_requested(str, str): message id and its new text.
    """

    edit_requested = Signal(str, str)

    def __init__(self, message: Message, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self.message = message
        self._prose = Prose(typesetter, self)
        self._copy = _QuietButton("copy", self.tr("Copy message"), self)
        self._edit = _QuietButton("pencil", self.tr("Edit message"), self)
        self._copy.clicked.connect(self._on_copy_clicked)
        self._edit.clicked.connect(self._on_edit_clicked)
        self._editor: _Editor | None = None
        self._bubble = QRectF()
        self.setAccessibleName(self.tr("You"))
        self.setAccessibleDescription(message.text[:_ACCESSIBLE_CHARS])
        self.restyle()

    def restyle(self) -> None:
        """Write the text in the colours of the theme."""
        self._prose.reset()
        cursor = self._prose.end()
        cursor.setBlockFormat(line_format(Role.CHAT))
        self._prose.write(cursor, self.message.text, character_format(Role.CHAT))

    def arrange(self, width: int) -> int:
        """The bubble hugs its text."""
        if self._editor is not None:
            height = self._editor.height_at(width)
            self._editor.setGeometry(0, 0, width, height)
            return height
        side, top = px(_BUBBLE_SIDE), px(_BUBBLE_TOP)
        room = min(px(MAX_BUBBLE), width) - 2 * side
        document = self._prose.document()
        document.setTextWidth(room)
        text_width = min(room, int(document.idealWidth()) + 1)
        text_height = self._prose.height_at(text_width)
        height = text_height + 2 * top
        left = width - text_width - 2 * side
        self._bubble = QRectF(left, 0, text_width + 2 * side, height)
        self._prose.setGeometry(left + side, top, text_width, text_height)
        x = left - px(4)
        for button in (self._edit, self._copy):
            hint = button.sizeHint()
            x -= hint.width()
            button.setGeometry(x, max(0, (min(height, px(38)) - hint.height()) // 2), hint.width(), hint.height())
        self.update()
        return height

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bubble."""
        if self._editor is not None:
            return
        painter = QPainter(self)
        line = current().outline if current().name == "high-contrast" else None
        frame(painter, self._bubble, _BUBBLE_RADIUS, current().raised, line)
        painter.end()

    def enterEvent(self, event: QEnterEvent) -> None:
        """The buttons appear."""
        self._show_buttons(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The buttons go."""
        self._show_buttons(False)
        super().leaveEvent(event)

    def _show_buttons(self, shown: bool) -> None:
        for button in (self._copy, self._edit):
            button.set_shown(shown)

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.message.text)

    def _on_edit_clicked(self) -> None:
        self._editor = _Editor(self.message.text, self)
        self._editor.accepted.connect(self._on_edit_accepted)
        self._editor.cancelled.connect(self._on_edit_cancelled)
        for widget in (self._prose, self._copy, self._edit):
            widget.hide()
        self._editor.show()
        self.height_changed.emit()
        self._editor.take_focus()

    def _on_edit_accepted(self, text: str) -> None:
        self._end_editing()
        self.edit_requested.emit(self.message.id, text)

    def _on_edit_cancelled(self) -> None:
        self._end_editing()

    def _end_editing(self) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
        for widget in (self._prose, self._copy, self._edit):
            widget.show()
        self.height_changed.emit()


class AnswerRow(MessageRow):
    """An answer: thinking, text, actions and figures; a banner where it broke off.

    Signals:
        regenerate_requested(str): message id.
        step_chosen(NextStep): a button of the banner.
    """

    regenerate_requested = Signal(str)
    step_chosen = Signal(object)

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
        self._figures = Text("", Role.SMALL, Tone.MUTED, self)
        self._banner = Banner(self)
        self._banner.step_chosen.connect(self.step_chosen)
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

    def show_error(self, error: UserError) -> None:
        """Say why it broke off, in place."""
        self._banner.show_error(error, has_primary=True)
        self.height_changed.emit()

    def restyle(self) -> None:
        """Write the text in the colours of the theme."""
        self._body.set_text(self.message.text, is_final=self.message.state is not MessageState.STREAMING)
        if self._fold is not None:
            self._fold.restyle()

    def arrange(self, width: int) -> int:
        """Fold, text, banner, actions."""
        y = 0
        if self._fold is not None:
            height = self._fold.arrange(width)
            self._fold.setGeometry(0, 0, width, height)
            y = height + (px(10) if self.message.text else 0)
        height = self._body.arrange(width)
        self._body.setGeometry(0, y, width, height)
        y += height
        if not self._banner.isHidden():
            y += px(10) if y else 0
            height = self._banner.heightForWidth(width)
            self._banner.setGeometry(0, y, width, height)
            y += height
        if not self._copy.isHidden():
            y += px(8)
            x = -px(6)
            for button in (self._copy, self._again):
                hint = button.sizeHint()
                button.setGeometry(x, y, hint.width(), hint.height())
                x += hint.width() + px(2)
            self._figures.setGeometry(x + px(6), y, max(0, width - x - px(6)), self._copy.height())
            y += self._copy.height()
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
        if timings.stop_reason == "length":
            words.append(self.tr("ended by the length limit"))
        elif timings.stop_reason == "context":
            words.append(self.tr("ended because the context is full"))
        return words

    def _speak(self) -> None:
        """Screen readers (and the end-to-end test) read the whole answer here; at most once per second while it grows."""
        self._spoken_at = time.monotonic()
        self.setAccessibleDescription(self.message.text[:_ACCESSIBLE_CHARS])

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.message.text)

    def _on_again_clicked(self) -> None:
        self.regenerate_requested.emit(self.message.id)


class CutRow(MessageRow):
    """The line above which messages no longer go to the model."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = self.tr("Older messages are no longer sent: the context is full")
        self.setAccessibleName(self._words)

    def arrange(self, width: int) -> int:
        """One line."""
        return px(28)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line with words in its middle."""
        painter = QPainter(self)
        painter.setFont(font(Role.SMALLEST))
        room = QFontMetricsF(font(Role.SMALLEST)).horizontalAdvance(self._words) + px(24)
        middle, side = self.height() // 2, max(0.0, (self.width() - room) / 2)
        ink = QColor(current().outline)
        painter.fillRect(QRectF(0, middle, side, 1), ink)
        painter.fillRect(QRectF(self.width() - side, middle, side, 1), ink)
        painter.setPen(QColor(current().muted))
        painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, self._words)
        painter.end()


class BannerRow(MessageRow):
    """A failure that belongs to no answer, at the end of the chat.

    Signals:
        step_chosen(NextStep): a button of the banner.
    """

    step_chosen = Signal(object)

    def __init__(self, error: UserError, parent: QWidget, kind: BannerKind = BannerKind.BAD) -> None:
        super().__init__(parent)
        self._banner = Banner(self)
        self._banner.show_error(error, has_primary=True, kind=kind)
        self._banner.step_chosen.connect(self.step_chosen)

    def arrange(self, width: int) -> int:
        """As high as its words need."""
        height = self._banner.heightForWidth(width)
        self._banner.setGeometry(0, 0, width, height)
        return height


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


class _QuietButton(IconButton):
    """Seen while the mouse is over the row or the keyboard is on it; always there for screen readers."""

    def __init__(self, icon: str, name: str, parent: QWidget) -> None:
        super().__init__(icon, name, parent, side=28, icon_size=15)
        self._is_shown = False

    def set_shown(self, shown: bool) -> None:
        self._is_shown = shown
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._is_shown or self.hasFocus():
            super().paintEvent(event)


class _Editor(QWidget):
    """Changes a message in place."""

    accepted = Signal(str)
    cancelled = Signal()

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._edit = QPlainTextEdit(text, self)
        self._edit.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._edit.setFont(font(Role.CHAT))
        self._edit.setAccessibleName(self.tr("Edited message"))
        self._edit.viewport().setAutoFillBackground(False)
        self._edit.installEventFilter(self)
        self._send = PrimaryButton(self.tr("Send again"), self, size=ButtonSize.SMALL)
        self._cancel = SecondaryButton(self.tr("Cancel"), self, size=ButtonSize.SMALL)
        self._send.clicked.connect(self._on_send_clicked)
        self._cancel.clicked.connect(self.cancelled)
        self._edit.textChanged.connect(self._on_text_changed)

    def take_focus(self) -> None:
        self._edit.setFocus()
        self._edit.moveCursor(self._edit.textCursor().MoveOperation.End)

    def height_at(self, width: int) -> int:
        lines = min(10, max(2, self._edit.blockCount()))
        return lines * px(24) + px(24) + px(40)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # Esc ends the editing before it means "stop the answer" to the window.
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._on_send_clicked()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.cancelled.emit()
                return True
        return False

    def resizeEvent(self, event: object) -> None:
        foot = px(40)
        self._edit.setGeometry(px(12), px(10), self.width() - px(24), self.height() - foot - px(12))
        x = self.width() - px(12)
        for button in (self._send, self._cancel):
            hint = button.sizeHint()
            x -= hint.width()
            button.setGeometry(x, self.height() - foot + px(2), hint.width(), hint.height())
            x -= px(8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), _BUBBLE_RADIUS, current().surface, current().outline)
        painter.end()

    def _on_text_changed(self) -> None:
        self._send.setEnabled(bool(self._edit.toPlainText().strip()))

    def _on_send_clicked(self) -> None:
        text = self._edit.toPlainText().strip()
        if text:
            self.accepted.emit(text)
