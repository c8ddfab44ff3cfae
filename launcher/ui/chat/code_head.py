"""The head of a listing: language and Copy; while the listing is scrolled through it stays in view."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from launcher.ui.components import LinkButton, Text, frame
from launcher.ui.theme import Role, Tone, current, px

HEAD, RADIUS = 30, 8
"""Its height, and the corners of the listing's frame; px at 100 %."""
_COPIED_MS = 2000


class CodeHead(QWidget):
    """It belongs to one listing, and stands at its top or further down.

    Signals:
        copy_clicked(): the code is wanted.
    """

    copy_clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._block = parent
        self._label = Text("", Role.SMALL_MEDIUM, Tone.MUTED, self)
        self._copy = LinkButton(self.tr("Copy"), self)
        self._copy.set_icon_name("copy")
        self._copy.setAccessibleName(self.tr("Copy code"))
        self._copy.clicked.connect(self._on_copy_clicked)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(_COPIED_MS)
        self._copied.timeout.connect(self._on_copied_over)

    @property
    def label(self) -> str:
        """The language."""
        return self._label.text()

    def set_label(self, text: str) -> None:
        """Name the language."""
        if text != self._label.text():
            self._label.set_text(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Language left, Copy right."""
        self._arrange()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The top of the listing's frame, also while it stands further down."""
        tokens = current()
        area = QRectF(0, -self.y(), self.width(), self._block.height())
        clip = QPainterPath()
        clip.addRoundedRect(area, RADIUS, RADIUS)
        painter = QPainter(self)
        painter.save()
        painter.setClipPath(clip)
        painter.fillRect(self.rect(), QColor(tokens.raised))
        if self.y() > 0:
            painter.fillRect(QRectF(0, 0, self.width(), 1), QColor(tokens.border))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(tokens.border))
        painter.restore()
        frame(painter, area, RADIUS, None, tokens.border)
        painter.end()

    def _arrange(self) -> None:
        hint = self._copy.sizeHint()
        top = (self.height() - hint.height()) // 2 + 1
        self._copy.setGeometry(self.width() - hint.width() - px(4), top, hint.width(), hint.height())
        self._label.setGeometry(px(13), 1, max(0, self._copy.x() - px(16)), self.height())

    def _on_copy_clicked(self) -> None:
        self.copy_clicked.emit()
        self._copy.setText(self.tr("Copied"))
        self._copy.set_icon_name("check")
        self._copied.start()
        self._arrange()

    def _on_copied_over(self) -> None:
        self._copy.setText(self.tr("Copy"))
        self._copy.set_icon_name("copy")
        self._arrange()
