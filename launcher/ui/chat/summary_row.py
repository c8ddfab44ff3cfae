"""The summary that goes to the model in place of the messages above it: one line in the chat that unfolds."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from launcher.chat.conversation import Summary
from launcher.core.units import whole
from launcher.ui.chat.fold_head import FOLD_LEFT, FOLD_RADIUS, FOLD_ROW, FoldHead
from launcher.ui.chat.formats import character_format, line_format
from launcher.ui.chat.prose import Prose, visible
from launcher.ui.chat.rows import MAX_SPOKEN_CHARS, MessageRow
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.components import Text, frame
from launcher.ui.theme import Role, Tone, colour, current, px

_PREVIEW_CHARS = 160


class SummaryRow(MessageRow):
    """Folded: how many messages it stands for, and its first words. Open: the text, as the model wrote it."""

    def __init__(self, summary: Summary, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._summary = summary
        self._typesetter = typesetter
        self._prose: Prose | None = None
        self._head = FoldHead(self)
        self._head.clicked.connect(self._on_head_clicked)
        self._note = Text(self._note_words(), Role.SMALL, Tone.MUTED, self, elide=Qt.TextElideMode.ElideRight)
        self._note.hide()
        title = self.tr("Summary of {count} earlier messages").format(count=whole(summary.n_messages))
        preview = visible(" ".join(summary.text[: 2 * _PREVIEW_CHARS].split())[:_PREVIEW_CHARS])
        self._head.set_words(title, "", preview)
        self.setAccessibleName(title)
        self.setAccessibleDescription(visible(summary.text[:MAX_SPOKEN_CHARS]))

    @property
    def is_open(self) -> bool:
        """Unfolded."""
        return self._prose is not None and not self._prose.isHidden()

    def arrange(self, width: int) -> int:
        """Head, and the text where it is open."""
        row = px(FOLD_ROW)
        self._head.setGeometry(0, 0, width, row)
        if self._prose is None or not self.is_open:
            return row
        left, room = px(FOLD_LEFT), width - px(FOLD_LEFT) - px(16)
        height = self._prose.height_at(room)
        self._prose.setGeometry(left, row, room, height)
        y = row + height + px(6)
        note = self._note.sizeHint().height()
        self._note.setGeometry(left, y, room, note)
        return y + note + px(8)

    def restyle(self) -> None:
        """Write the text in the colours of the theme."""
        if self._prose is not None:
            self._fill(self._prose)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame around head and text."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), FOLD_RADIUS, current().surface, current().border)
        painter.end()

    def _note_words(self) -> str:
        model = self._summary.model
        if not model:
            return self.tr("Sent instead of the messages above.")
        return self.tr("Written by {model}; sent instead of the messages above.").format(model=model)

    def _fill(self, prose: Prose) -> None:
        prose.reset()
        shape = character_format(Role.BODY)
        shape.setForeground(colour(Tone.MUTED))
        cursor = prose.end()
        cursor.setBlockFormat(line_format(Role.BODY))
        prose.write(cursor, self._summary.text.strip(), shape)

    def _on_head_clicked(self) -> None:
        if self._prose is None:
            self._prose = Prose(self._typesetter, self)
            self._prose.hide()
            self._fill(self._prose)
        is_open = not self.is_open
        self._prose.setVisible(is_open)
        self._note.setVisible(is_open)
        self._head.set_open(is_open)
        self.height_changed.emit()
