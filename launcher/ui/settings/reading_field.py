"""A longer text to read and copy: release notes, licences. Plain text, whatever is in it."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from launcher.ui.components import FocusRing, frame
from launcher.ui.theme import Role, current, font


class ReadingField(QFrame):
    """Framed as the text fields are; Tab leaves it, the arrow keys scroll."""

    def __init__(self, name: str, role: Role, parent: QWidget) -> None:
        super().__init__(parent)
        self._edit = QPlainTextEdit(self)
        self._edit.setAccessibleName(name)
        self._edit.setReadOnly(True)
        self._edit.setTabChangesFocus(True)
        self._edit.setFrameShape(QFrame.Shape.NoFrame)
        self._edit.setFont(font(role))
        self._edit.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 4, 6)
        column.addWidget(self._edit)
        self.setFocusProxy(self._edit)
        FocusRing(self._edit, 8)

    @property
    def text(self) -> str:
        """What is shown."""
        return self._edit.toPlainText()

    def set_text(self, text: str) -> None:
        """Show another text from its beginning."""
        self._edit.setPlainText(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame."""
        painter = QPainter(self)
        frame(painter, self.rect().toRectF(), 8, current().surface, current().outline)
        painter.end()
