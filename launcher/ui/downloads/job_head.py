"""The first line of a download's card: what it is, and the buttons that are always at hand."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.core.downloads import DownloadRequest
from launcher.core.units import gb
from launcher.ui.components import CheckBox, Chip, ElidedLabel, IconButton, Text, show_checked
from launcher.ui.downloads.face import Face
from launcher.ui.theme import Role, Tone, px


class JobHead(QWidget):
    """Name, quantisation, size; chat when done, pause or resume, more, remove.

    Signals:
        pause_clicked(), resume_clicked(), more_clicked(), remove_clicked(): the buttons.
        chat_toggled(bool): the tick.
    """

    pause_clicked = Signal()
    resume_clicked = Signal()
    more_clicked = Signal()
    remove_clicked = Signal()
    chat_toggled = Signal(bool)

    def __init__(self, request: DownloadRequest, about: str, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        # As high as its buttons, also while they are hidden.
        row.addStrut(px(30))
        row.addWidget(ElidedLabel(request.short_name, Role.BODY_STRONG, parent=self))
        row.addWidget(Chip(request.quant, parent=self, mono=True))
        # The hub's own figure once it is known: files are re-uploaded now and then.
        self._size = Text(gb(request.file_bytes), Role.SMALL, Tone.MUTED, self)
        row.addWidget(self._size)
        row.addStretch(1)
        self._chat = CheckBox(self.tr("Chat when done"), self)
        self._chat.setAccessibleName(self.tr("Chat when {name} is done").format(name=about))
        self._chat.toggled.connect(self.chat_toggled)
        self._pause = IconButton("pause", self.tr("Pause {name}").format(name=about), self)
        self._resume = IconButton("play", self.tr("Resume {name}").format(name=about), self)
        self._more = IconButton("ellipsis", self.tr("More for {name}").format(name=about), self)
        self._remove = IconButton("x", self.tr("Remove {name}").format(name=about), self)
        self._pause.clicked.connect(self.pause_clicked)
        self._resume.clicked.connect(self.resume_clicked)
        self._more.clicked.connect(self.more_clicked)
        self._remove.clicked.connect(self.remove_clicked)
        row.addWidget(self._chat)
        row.addSpacing(4)
        for button in (self._pause, self._resume, self._more, self._remove):
            row.addWidget(button)

    @property
    def more_button(self) -> QWidget:
        """Where the menu hangs."""
        return self._more

    def set_face(self, face: Face, size_bytes: int) -> None:
        """Show what can be done now."""
        self._size.set_text(gb(size_bytes))
        self._hand_over_focus(face)
        self._pause.setVisible(face.can_pause)
        self._resume.setVisible(face.can_resume)
        self._remove.setVisible(face.has_remove)
        self._chat.setVisible(face.has_chat)

    def set_chat_when_done(self, wanted: bool) -> None:
        """Tick the box without a signal."""
        show_checked(self._chat, wanted)

    def set_tight(self, is_tight: bool) -> None:
        """Where there is no room for its words the tick keeps only its name and its tool tip."""
        words = self.tr("Chat when done")
        self._chat.setText("" if is_tight else words)
        self._chat.setToolTip(words if is_tight else "")
        self._chat.updateGeometry()

    def focus_remove(self) -> None:
        """Back to the button that asked."""
        target = self._remove if self._remove.isVisible() else self._more
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _hand_over_focus(self, face: Face) -> None:
        """Pause turns into Resume under the finger, and back: the keyboard stays where it was."""
        if self._pause.hasFocus() and face.can_resume:
            self._resume.show()
            self._resume.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self._resume.hasFocus() and face.can_pause:
            self._pause.show()
            self._pause.setFocus(Qt.FocusReason.OtherFocusReason)
