"""Your message: a bubble at the right that can be copied and edited in place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from launcher.chat.conversation import Message
from launcher.ui.chat.prose import Prose
from launcher.ui.chat.rows import MAX_SPOKEN_CHARS, MessageRow
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.chat.writer import character_format, line_format
from launcher.ui.components import (
    ButtonSize,
    IconButton,
    PrimaryButton,
    SecondaryButton,
    frame,
)
from launcher.ui.theme import Role, current, font, px

MAX_BUBBLE = 600
_BUBBLE_SIDE, _BUBBLE_TOP = 14, 7
_BUBBLE_RADIUS = 12


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
        self.setAccessibleDescription(message.text[:MAX_SPOKEN_CHARS])
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
        self._prose.height_at(room)  # lays the text out; the ideal width is of the last layout
        text_width = min(room, int(self._prose.document().idealWidth()) + 1)
        text_height = self._prose.height_at(text_width)
        height = text_height + 2 * top
        left = width - text_width - 2 * side
        self._bubble = QRectF(left, 0, text_width + 2 * side, height)
        # The blank space of a line is above its letters; this centres them.
        self._prose.setGeometry(left + side, top - px(3), text_width, text_height)
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
