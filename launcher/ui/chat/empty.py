"""What a chat without messages shows: one sentence and suggestions, or the one button that leads to a model."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.ui.components import PrimaryButton, SecondaryButton, Text
from launcher.ui.theme import Role, Tone, px


class EmptyChat(QWidget):
    """The beginning of a chat.

    Signals:
        suggestion_chosen(str): put this text into the composer.
        models_requested(): the user wants a model.
    """

    suggestion_chosen = Signal(str)
    models_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = Text("", Role.TITLE, parent=self, wrap=True, align=Qt.AlignmentFlag.AlignHCenter)
        self._words = Text("", Role.BODY, Tone.MUTED, self, wrap=True, align=Qt.AlignmentFlag.AlignHCenter)
        self._models = PrimaryButton(self.tr("Choose a model"), self)
        self._models.clicked.connect(self.models_requested)
        self._suggestions: dict[SecondaryButton, str] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(px(32), 0, px(32), 0)
        column.setSpacing(px(8))
        column.addStretch(2)
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addSpacing(px(12))
        column.addWidget(self._models, 0, Qt.AlignmentFlag.AlignHCenter)
        for text in (
            self.tr("Explain how transformers work, in plain words"),
            self.tr("Write a Python script that renames photos by date"),
            self.tr("Why is the square root of 2 irrational?"),
        ):
            button = SecondaryButton(text, self)
            button.clicked.connect(self._on_suggestion_clicked)
            self._suggestions[button] = text
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self.set_has_model(False)

    def set_has_model(self, has_model: bool) -> None:
        """Whether any model is installed."""
        if has_model:
            self._title.set_text(self.tr("What do you want to know?"))
            self._words.set_text(self.tr("Everything stays on this PC."))
        else:
            self._title.set_text(self.tr("No model is installed yet."))
            self._words.set_text(self.tr("A model is downloaded once; after that, chats work without the internet."))
        self._models.setVisible(not has_model)
        for button in self._suggestions:
            button.setVisible(has_model)

    def _on_suggestion_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, SecondaryButton):
            self.suggestion_chosen.emit(self._suggestions[button])
