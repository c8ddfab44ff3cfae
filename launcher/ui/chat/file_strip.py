"""Above the messages while chats are written to files or read from them, and what came of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.errors import UserError
from launcher.core.words import known
from launcher.ui.components import Banner, BannerKind, LinkButton, Text, ThinBar
from launcher.ui.theme import Role, Tone, px


class FileStrip(QWidget):
    """Hidden while there is nothing to say.

    Signals:
        cancel_requested(): Cancel.
        step_chosen(NextStep): a button of the result.
    """

    cancel_requested = Signal()
    step_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._work = QWidget(self)
        self._words = Text("", Role.SMALL, Tone.TEXT, self._work, elide=Qt.TextElideMode.ElideMiddle)
        self._bar = ThinBar(self.tr("Chats to and from files"), self._work, height=6)
        cancel = LinkButton(self.tr("Cancel"), self._work)
        cancel.setAccessibleName(self.tr("Cancel the export or import"))
        cancel.clicked.connect(self.cancel_requested)
        column = QVBoxLayout(self._work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(2))
        row = QHBoxLayout()
        row.setSpacing(px(10))
        row.addWidget(self._words, 1)
        row.addWidget(cancel)
        column.addLayout(row)
        column.addWidget(self._bar)
        self._result = Banner(self)
        self._result.step_chosen.connect(self.step_chosen)
        self._result.dismissed.connect(self.hide)
        around = QVBoxLayout(self)
        around.setContentsMargins(px(24), px(10), px(24), px(2))
        around.addWidget(self._work)
        around.addWidget(self._result)
        self.hide()

    def set_progress(self, words: str, fraction: float | None) -> None:
        """Show what is being done; 0..1 or None for unknown; words "" hides it."""
        self._result.hide()
        self._work.setVisible(bool(words))
        self.setVisible(bool(words))
        self._words.set_text(words)
        self._bar.set_share(fraction, words)

    def show_result(self, result: UserError, kind: BannerKind) -> None:
        """Say what was done, or why it was not; a cross hides it."""
        self._work.hide()
        self._result.show_message(kind, known(result.what), known(result.why), result.next_steps, can_dismiss=True)
        self._result.show()
        self.show()
