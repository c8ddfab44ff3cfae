"""Where a message is written: grows to ten lines, Enter sends, with the thinking switch and Send or Stop."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from launcher.ui.chat.attachment_chips import AttachmentChip, AttachmentChips
from launcher.ui.chat.states import ThinkingMode
from launcher.ui.components import (
    IconButton,
    IconLabel,
    PrimaryButton,
    SecondaryButton,
    Text,
    ToggleSwitch,
    frame,
    show_checked,
)
from launcher.ui.theme import Role, Tone, current, font, px

_MAX_LINES = 10
_RADIUS = 12


class Composer(QWidget):
    """The writing field with its row of controls.

    Signals:
        message_sent(str): the text, without blank space around it; the field is empty now.
        stop_requested(): Stop or Esc.
        thinking_toggled(bool): the user moved the switch.
        files_given(list): paths of files that were dropped or pasted.
        attach_requested(): the paper clip: choose files.
    """

    message_sent = Signal(str)
    stop_requested = Signal()
    thinking_toggled = Signal(bool)
    files_given = Signal(list)
    attach_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._blocked_reason = ""
        self._is_answering = False
        self._has_attachments = False
        self._wait_reason = ""
        self.chips = AttachmentChips(self)
        self._attach = IconButton("paperclip", self.tr("Attach files"), self, side=30, icon_size=17)
        self._attach.clicked.connect(self.attach_requested)
        self._field = _Field(self)
        self._field.files_given.connect(self.files_given)
        self.setAcceptDrops(True)
        self._field.submitted.connect(self._on_submitted)
        self._field.escaped.connect(self._on_escaped)
        self._field.textChanged.connect(self._update_buttons)
        self._field.focus_changed.connect(self.update)
        self._switch = ToggleSwitch(self.tr("Thinking"), self)
        self._switch.toggled.connect(self.thinking_toggled)
        self._words = Text(self.tr("Thinking"), Role.SMALL_STRONG, parent=self)
        self._lock = IconLabel("lock", Tone.MUTED, 13, self)
        self._reason = Text("", Role.SMALL, Tone.MUTED, self, elide=Qt.TextElideMode.ElideRight)
        self._send = PrimaryButton(self.tr("Send"), self)
        self._stop = SecondaryButton(self.tr("Stop"), self, icon="square", icon_filled=True)
        self._send.clicked.connect(self._on_submitted)
        self._stop.clicked.connect(self.stop_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(14), px(11), px(10), px(8))
        column.setSpacing(px(2))
        column.addWidget(self.chips)
        column.addWidget(self._field)
        row = QHBoxLayout()
        row.setSpacing(px(8))
        row.addWidget(self._attach)
        row.addWidget(self._switch)
        row.addWidget(self._words)
        row.addSpacing(px(2))
        row.addWidget(self._lock)
        row.addWidget(self._reason, 1)
        row.addStretch(0)
        row.addWidget(self._send)
        row.addWidget(self._stop)
        column.addLayout(row)
        # Fixed would be the height of one line of chips, however many the width makes of them.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.set_thinking(ThinkingMode.NEVER, False, "")
        self.set_answering(False)

    @property
    def text(self) -> str:
        """What is in the field."""
        return self._field.toPlainText()

    def set_text(self, text: str) -> None:
        """Put text into the field and the cursor behind it (a suggestion)."""
        self._field.setPlainText(text)
        self._field.moveCursor(self._field.textCursor().MoveOperation.End)
        self._field.setFocus()

    def take_focus(self) -> None:
        """Put the cursor into the field."""
        self._field.setFocus()

    def set_blocked(self, reason: str) -> None:
        """Sending is not possible now, and why; "" makes it possible. Writing always is."""
        self._blocked_reason = reason
        self._field.setPlaceholderText(
            reason or self.tr("Write a message. Enter sends, Shift+Enter starts a new line.")
        )
        self._update_buttons()

    def set_attachments(self, chips: Sequence[AttachmentChip], reason: str) -> None:
        """Show what goes with the message, and why it cannot be sent with that; "" when it can."""
        self._has_attachments, self._wait_reason = bool(chips), reason
        self.chips.set_chips(chips)
        self._update_buttons()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere on it."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """They go with the message."""
        if files := local_files(event.mimeData()):
            event.acceptProposedAction()
            self.files_given.emit(files)

    def set_answering(self, is_answering: bool) -> None:
        """Show Stop instead of Send."""
        had_focus = self._stop.hasFocus() or self._send.hasFocus()
        self._is_answering = is_answering
        self._stop.setVisible(is_answering)
        self._send.setVisible(not is_answering)
        if had_focus:
            self._field.setFocus()
        self.set_blocked(self._blocked_reason)

    def set_thinking(self, mode: ThinkingMode, is_on: bool, reason: str) -> None:
        """Show what the model can do.

        Args:
            mode: whether the switch is free, or locked on or off.
            is_on: its state when it is free.
            reason: why it is locked ("always on for R1"); "" when it is free.
        """
        show_checked(self._switch, is_on if mode is ThinkingMode.SWITCH else mode is ThinkingMode.ALWAYS)
        is_locked = mode is not ThinkingMode.SWITCH
        self._switch.set_locked((reason or self.tr("This model cannot be switched")) if is_locked else "")
        self._lock.setVisible(is_locked and bool(reason))
        self._reason.set_text(reason if is_locked else "")
        is_shown = mode is not ThinkingMode.NEVER or bool(reason)
        self._switch.setVisible(is_shown)
        self._words.setVisible(is_shown)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The outlined frame; accent while the keyboard is in the field."""
        tokens = current()
        painter = QPainter(self)
        has_focus = self._field.hasFocus()
        line = tokens.accent if has_focus else tokens.outline
        frame(painter, QRectF(self.rect()), _RADIUS, tokens.surface, line)
        painter.end()

    def _update_buttons(self) -> None:
        reason = self._blocked_reason or self._wait_reason
        self._send.setEnabled(bool(self.text.strip() or self._has_attachments) and not reason)
        self._send.setToolTip(reason)
        self._send.setAccessibleDescription(reason)

    def _on_submitted(self) -> None:
        text = self.text.strip()
        is_empty = not text and not self._has_attachments
        if is_empty or self._blocked_reason or self._wait_reason or self._is_answering:
            return
        self._field.clear()
        self.message_sent.emit(text)

    def _on_escaped(self) -> None:
        if self._is_answering:
            self.stop_requested.emit()


def local_files(source: QMimeData) -> list[str]:
    """The paths of the files in what is dropped or pasted; folders and addresses are none."""
    if not source.hasUrls():
        return []
    return [u.toLocalFile() for u in source.urls() if u.isLocalFile() and not u.toLocalFile().endswith("/")]


class _Field(QPlainTextEdit):
    """Plain text that grows; pasted rich text loses its form."""

    submitted = Signal()
    escaped = Signal()
    focus_changed = Signal()
    files_given = Signal(list)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setAccessibleName(self.tr("Message"))
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(font(Role.CHAT))
        self.document().documentLayout().documentSizeChanged.connect(self._on_size_changed)
        self._on_size_changed()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Files too: they are attached."""
        return bool(local_files(source)) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """What is pasted or dropped: files go with the message, text into it."""
        if files := local_files(source):
            self.files_given.emit(files)
        else:
            super().insertFromMimeData(source)

    def sizeHint(self) -> QSize:
        """As many lines as there are, ten at most."""
        # The layout of a plain text document measures its height in lines.
        lines = min(_MAX_LINES, max(1, round(self.document().size().height())))
        return QSize(200, max(px(24), lines * self.fontMetrics().lineSpacing()) + px(8))

    def minimumSizeHint(self) -> QSize:
        """The same: it scrolls only beyond ten lines."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends, Shift+Enter starts a line, Esc stops the answer."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier):
                self.insertPlainText("\n")
                self.ensureCursorVisible()
            else:
                self.submitted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """The application's font is not the one of this field."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self.font() != font(Role.CHAT):
            self.setFont(font(Role.CHAT))
            self.updateGeometry()
        super().changeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The frame is painted by the composer."""
        super().focusInEvent(event)
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The frame is painted by the composer."""
        super().focusOutEvent(event)
        self.focus_changed.emit()

    def _on_size_changed(self) -> None:
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded
            if self.document().size().height() > _MAX_LINES
            else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self.updateGeometry()
