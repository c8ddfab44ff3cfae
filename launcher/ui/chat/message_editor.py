"""Changes a message in its place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from launcher.ui.components import ButtonSize, PrimaryButton, SecondaryButton, frame
from launcher.ui.theme import Role, current, font, px

_RADIUS = 12


class MessageEditor(QWidget):
    """A field in the place of a message. Enter accepts, Shift+Enter breaks the line, Esc leaves the message as it was.

    Signals:
        accepted(str): the new text.
        cancelled(): nothing is to change.
    """

    accepted = Signal(str)
    cancelled = Signal()

    def __init__(self, text: str, accept_words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._edit = QPlainTextEdit(text, self)
        self._edit.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._edit.setFont(font(Role.CHAT))
        self._edit.setAccessibleName(self.tr("Edited message"))
        self._edit.viewport().setAutoFillBackground(False)
        self._edit.installEventFilter(self)
        self._send = PrimaryButton(accept_words, self, size=ButtonSize.SMALL)
        self._cancel = SecondaryButton(self.tr("Cancel"), self, size=ButtonSize.SMALL)
        self._send.clicked.connect(self._on_send_clicked)
        self._cancel.clicked.connect(self.cancelled)
        self._edit.textChanged.connect(self._on_text_changed)

    def take_focus(self) -> None:
        """Go on at the end of the text."""
        self._edit.setFocus()
        self._edit.moveCursor(self._edit.textCursor().MoveOperation.End)

    def height_at(self, width: int) -> int:
        """Of two to sixteen lines at a width."""
        room = max(1, width - px(24))
        wrapped = sum(1 + len(line) * px(7.4) / room for line in self._edit.toPlainText()[:4000].split("\n"))
        lines = min(16, max(2, int(wrapped)))
        return lines * px(24) + px(24) + px(40)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Enter and Esc."""
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
        """The field above, the buttons below it at the right."""
        foot = px(40)
        self._edit.setGeometry(px(12), px(10), self.width() - px(24), self.height() - foot - px(12))
        x = self.width() - px(12)
        for button in (self._send, self._cancel):
            hint = button.sizeHint()
            x -= hint.width()
            button.setGeometry(x, self.height() - foot + px(2), hint.width(), hint.height())
            x -= px(8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A frame as the composer's."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), _RADIUS, current().surface, current().outline)
        painter.end()

    def _on_text_changed(self) -> None:
        self._send.setEnabled(bool(self._edit.toPlainText().strip()))

    def _on_send_clicked(self) -> None:
        text = self._edit.toPlainText().strip()
        if text:
            self.accepted.emit(text)
