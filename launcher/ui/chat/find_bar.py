"""The slim bar over the messages in which something in the chat is looked for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.chat.finding import FindWish
from launcher.core.units import whole
from launcher.ui.components import IconButton, SearchField, Text
from launcher.ui.theme import Role, Tone, current, px

_TYPING_MS = 120
_FIELD_WIDTH = 300


class FindBar(QWidget):
    """Field, count, capitals, previous, next, close.

    Signals:
        wish_changed(FindWish): something else is looked for.
        next_requested(), previous_requested(): Enter and Shift+Enter, F3 and Shift+F3, the arrows.
        closed(): Esc or the cross.
    """

    wish_changed = Signal(object)
    next_requested = Signal()
    previous_requested = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_words = False
        self._field = _Field(self.tr("Find in this chat"), self.tr("Find in this chat"), self)
        self._count = Text("", Role.SMALL, Tone.MUTED, self)
        self._case = IconButton("case-sensitive", self.tr("Mind capital letters"), self, checkable=True)
        self._before = IconButton("chevron-up", self.tr("Previous place"), self)
        self._after = IconButton("chevron-down", self.tr("Next place"), self)
        self._close = IconButton("x", self.tr("Close"), self)
        self._before.setToolTip(self.tr("Previous place (Shift+F3)"))
        self._after.setToolTip(self.tr("Next place (F3)"))
        self._close.setToolTip(self.tr("Close (Esc)"))
        row = QHBoxLayout(self)
        row.setContentsMargins(px(24), px(6), px(16), px(6))
        row.setSpacing(px(4))
        self._field.setMaximumWidth(px(_FIELD_WIDTH))
        row.addWidget(self._field, 1)
        row.addSpacing(px(6))
        row.addWidget(self._count)
        row.addStretch(1)
        for button in (self._case, self._before, self._after, self._close):
            row.addWidget(button)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self._on_wish_changed)
        self._field.textEdited.connect(self._on_edited)
        self._field.cleared.connect(self._on_edited)
        self._field.next_pressed.connect(self.next_requested)
        self._field.previous_pressed.connect(self.previous_requested)
        self._field.left.connect(self.closed)
        self._case.toggled.connect(self._on_case_toggled)
        self._before.clicked.connect(self.previous_requested)
        self._after.clicked.connect(self.next_requested)
        self._close.clicked.connect(self.closed)
        self.setAccessibleName(self.tr("Find in this chat"))
        self.set_count(None, 0)
        self.hide()

    @property
    def wish(self) -> FindWish:
        """What is looked for."""
        return FindWish(self._field.text(), not self._is_words and self._case.isChecked(), self._is_words)

    def set_text(self, text: str, *, is_words: bool = False) -> None:
        """Put a text into the field; as words of a search over all chats it stays until it is edited."""
        self._typing.stop()
        self._is_words = is_words
        self._field.setText(text)

    def take_focus(self) -> None:
        """Begin to type over what is there."""
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def set_count(self, number: int | None, n_places: int, *, is_cut: bool = False) -> None:
        """Say which place of how many is shown.

        Args:
            number: from 0; None while nothing is looked for.
            n_places: 0 where it is nowhere.
            is_cut: there are more than that.
        """
        self._before.setEnabled(n_places > 0)
        self._after.setEnabled(n_places > 0)
        if number is None:
            self._count.set_text("")
            return
        if not n_places:
            self._count.set_text(self.tr("nowhere in this chat"))
            return
        count = whole(n_places) + ("+" if is_cut else "")
        self._count.set_text(self.tr("{number} of {count}").format(number=whole(number + 1), count=count))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line to the messages."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current().surface))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(current().border))
        painter.end()

    def _on_edited(self) -> None:
        self._is_words = False
        self._typing.start()

    def _on_case_toggled(self) -> None:
        self._is_words = False
        self._on_wish_changed()

    def _on_wish_changed(self) -> None:
        self._typing.stop()
        self.wish_changed.emit(self.wish)


class _Field(SearchField):
    """Esc closes the bar; Enter goes on.

    Signals:
        next_pressed(), previous_pressed(), left(): keys.
        cleared(): emptied with its button.
    """

    next_pressed = Signal()
    previous_pressed = Signal()
    left = Signal()
    cleared = Signal()

    def __init__(self, name: str, placeholder: str, parent: QWidget) -> None:
        super().__init__(name, placeholder, parent)
        self.textChanged.connect(self._on_text_changed)

    def event(self, event: QEvent) -> bool:
        """Take Esc before the window's shortcut does."""
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.ShortcutOverride and is_escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Shift+Enter, Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            is_back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            (self.previous_pressed if is_back else self.next_pressed).emit()
        else:
            super().keyPressEvent(event)

    def _on_text_changed(self, text: str) -> None:
        # The button in the field is no edit to Qt.
        if not text:
            self.cleared.emit()
