"""A model that the user opens, and the chat that is answered with it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.app.open_chat import OpenChat
from launcher.app.question_presenter import QuestionPresenter
from launcher.core.downloads import Installed
from launcher.ui.chat import ChatPage


class OpenedModel(QObject):
    """Keeps the open chat's own model as the user opens models.

    Signals:
        settings_changed(ChatSettings): the open chat is answered with another model from now on; it is not written yet.
        model_wanted(Installed): load this one.
    """

    settings_changed = Signal(object)
    model_wanted = Signal(object)

    def __init__(self, page: ChatPage, open_chat: OpenChat, questions: QuestionPresenter, parent: QObject) -> None:
        super().__init__(parent)
        self._open = open_chat
        self._questions = questions
        page.model_chosen.connect(self._on_model_chosen)

    def on_opening(self, installed: Installed) -> None:
        """A model is opened while a chat is open that has its own: this one is its own now."""
        chat, waiting = self._open.value, self._questions.waiting
        is_for_another = waiting is not None and waiting.chat.id != chat.id
        if chat.settings.model_path and not is_for_another:
            self._give(installed)

    @Slot(object)
    def _on_model_chosen(self, installed: Installed) -> None:
        """The picker: the open chat is answered with this model from now on."""
        self._give(installed)
        self.model_wanted.emit(installed)

    def _give(self, installed: Installed) -> None:
        settings = self._open.value.settings
        given = replace(settings, model_path=installed.path, model_name=f"{installed.name} {installed.quant}".strip())
        if given != settings:
            self.settings_changed.emit(given)
