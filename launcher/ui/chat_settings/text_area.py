"""A text of several lines that is taken a moment after the last key, and when the field is left."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from launcher.ui.components import FocusRing, frame
from launcher.ui.theme import Role, current, font, px

_PAUSE_MS = 400


class TextArea(QFrame):
    """Plain text.

    Signals:
        typed(str): another text, with every key.
        taken(str): another text, after a pause.
    """

    typed = Signal(str)
    taken = Signal(str)

    def __init__(self, name: str, role: Role, lines: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._role, self._lines = role, lines
        self._value = ""
        self._edit = QPlainTextEdit(self)
        self._edit.setAccessibleName(name)
        self._edit.setFrameShape(QFrame.Shape.NoFrame)
        self._edit.setTabChangesFocus(True)
        self._edit.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        self._edit.textChanged.connect(self._on_text_changed)
        self._edit.installEventFilter(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(8), px(6), px(4), px(6))
        column.addWidget(self._edit)
        self.setFocusProxy(self._edit)
        FocusRing(self._edit, 8)
        self._set_size()

    @property
    def text(self) -> str:
        """What is written, taken or not."""
        return self._edit.toPlainText()

    @property
    def is_being_written(self) -> bool:
        """Whether what is written was not taken yet."""
        return self._pause.isActive()

    def show_text(self, text: str) -> None:
        """Show a text without a signal; the one that was taken last stays as it is being written."""
        if text == self._value:
            return
        self._pause.stop()
        self._value = text
        if text != self.text:
            self._edit.blockSignals(True)
            self._edit.setPlainText(text)
            self._edit.blockSignals(False)

    def set_text(self, text: str) -> None:
        """Write a text as the user would."""
        self._edit.setPlainText(text)
        self.flush()

    def set_placeholder(self, text: str) -> None:
        """What holds while nothing is written."""
        self._edit.setPlaceholderText(text)

    def set_description(self, words: str) -> None:
        """What a screen reader says after the name."""
        self._edit.setAccessibleDescription(words)

    def flush(self) -> None:
        """Take what is written now."""
        self._pause.stop()
        if self.text != self._value:
            self._value = self.text
            self.taken.emit(self._value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leaving the field takes its text."""
        if event.type() == QEvent.Type.FocusOut:
            self.flush()
        return False

    def changeEvent(self, event: QEvent) -> None:
        """A new text size."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._set_size()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), 8, current().surface, current().outline)
        painter.end()

    def _set_size(self) -> None:
        if self._edit.font() != font(self._role):
            self._edit.setFont(font(self._role))
        self.setFixedHeight(self._lines * self._edit.fontMetrics().lineSpacing() + px(22))

    def _on_text_changed(self) -> None:
        if self.text != self._value:
            self._pause.start()
            self.typed.emit(self.text)
