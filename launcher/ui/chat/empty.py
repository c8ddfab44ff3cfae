"""What a chat without messages shows: one sentence and suggestions, or the buttons that lead to a model."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.core.words import joined
from launcher.ui.components import ButtonKind, PrimaryButton, SecondaryButton, Text
from launcher.ui.theme import Role, Tone, px


class EmptyChat(QWidget):
    """The beginning of a chat.

    Signals:
        suggestion_chosen(str): put this text into the composer.
        models_requested(): the user wants a model.
        try_requested(): the built-in model will do.
    """

    suggestion_chosen = Signal(str)
    models_requested = Signal()
    try_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._has_model, self._is_builtin = False, False
        self._try_words, self._coming = "", ""
        self._title = Text("", Role.TITLE, parent=self, wrap=True, align=Qt.AlignmentFlag.AlignHCenter)
        self._words = Text("", Role.BODY, Tone.MUTED, self, wrap=True, align=Qt.AlignmentFlag.AlignHCenter)
        self._models = PrimaryButton(self.tr("Choose a model"), self)
        self._models.clicked.connect(self.models_requested)
        self._try = SecondaryButton("", self)
        self._try.clicked.connect(self.try_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(32), 0, px(32), 0)
        column.setSpacing(px(8))
        column.addStretch(2)
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addSpacing(px(12))
        self._column = column
        self._usual = self._make_suggestions(
            self.tr("Explain how transformers work, in plain words"),
            self.tr("Write a Python script that renames photos by date"),
            self.tr("Why is the square root of 2 irrational?"),
        )
        self._examples: list[SecondaryButton] = []
        for button in (self._models, self._try):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self._show_state()

    def set_has_model(self, has_model: bool) -> None:
        """Whether any model is installed; the built-in one does not count."""
        self._has_model = has_model
        self._show_state()

    def set_builtin(self, try_words: str, examples: Sequence[str]) -> None:
        """Offer the built-in model by this button, and what it can be asked."""
        self._try_words = try_words
        self._try.setText(try_words)
        self._examples = self._make_suggestions(*examples)
        self._show_state()

    def set_is_builtin(self, is_builtin: bool) -> None:
        """Whether the built-in model is the one that answers here."""
        self._is_builtin = is_builtin
        self._show_state()

    def set_coming(self, words: str) -> None:
        """What is being downloaded and how far it is; "" for nothing."""
        if words != self._coming:
            self._coming = words
            self._show_state()

    def _make_suggestions(self, *texts: str) -> list[SecondaryButton]:
        buttons = [SecondaryButton(text, self) for text in texts]
        for place, button in enumerate(buttons, self._column.indexOf(self._words) + 2):
            button.clicked.connect(self._on_suggestion_clicked)
            self._column.insertWidget(place, button, 0, Qt.AlignmentFlag.AlignHCenter)
        return buttons

    def _show_state(self) -> None:
        if self._is_builtin:
            self._title.set_text(self.tr("Try it with a small question"))
            honest = self.tr("This tiny model is built in, a demonstration by this project, not a DeepSeek release.")
            words = joined(honest, self._coming)
        elif self._has_model:
            self._title.set_text(self.tr("What do you want to know?"))
            words = self.tr("Everything stays on this PC.")
        else:
            self._title.set_text(self.tr("No model is installed yet."))
            words = self._coming or self.tr("A model is downloaded once; after that, chats work without the internet.")
        self._words.set_text(words)
        is_waiting = bool(self._coming and self._try_words)
        is_without = not self._has_model and not self._is_builtin
        self._models.setVisible(is_without and not is_waiting)
        self._try.setVisible(is_without and bool(self._try_words))
        self._try.set_kind(ButtonKind.PRIMARY if is_waiting else ButtonKind.SECONDARY)
        for button in self._usual:
            button.setVisible(self._has_model and not self._is_builtin)
        for button in self._examples:
            button.setVisible(self._is_builtin)

    def _on_suggestion_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, SecondaryButton):
            self.suggestion_chosen.emit(button.text())
