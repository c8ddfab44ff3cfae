"""A model that the user opens, and the chat that is answered with it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.app.open_chat import OpenChat
from launcher.app.question_presenter import QuestionPresenter
from launcher.chat.conversation import Conversation, Role
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.words import joined
from launcher.services.engine_service import EngineService
from launcher.ui.chat import ChatPage


class OpenedModel(QObject):
    """Settles which chat an opened model answers in, so that no chat goes on with a model that nobody chose for it.

    Chosen in a chat (the picker, Load again), a model is for that chat. Chosen elsewhere (a file that is double-clicked, a Chat
    button) it gets a chat of its own, unless the open one is empty or is answered with it anyway; the open one keeps its model.

    Signals:
        new_chat_wanted(): an empty chat is to take the place of the open one.
        settings_changed(ChatSettings): the open chat is answered with another model from now on; it is not written yet.
        model_wanted(Installed): load this one.
    """

    new_chat_wanted = Signal()
    settings_changed = Signal(object)
    model_wanted = Signal(object)

    def __init__(
        self, page: ChatPage, engine: EngineService, open_chat: OpenChat, questions: QuestionPresenter, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._engine = engine
        self._open = open_chat
        self._questions = questions
        page.model_chosen.connect(self._on_model_chosen)

    @Slot(object)
    def begin(self, installed: Installed) -> None:
        """A model is chosen outside of the chats; it is about to be loaded if it is not in use already."""
        chat, used = self._open.value, self._engine.installed
        used_path = used.path if used is not None else ""
        if chat.messages:
            if installed.path == (chat.settings.model_path or used_path):
                return
            if used is not None and not chat.settings.model_path and _is_answered_by(chat, used):
                self._give(used)  # or it would go on with the other model when it is opened again
        if installed.path != used_path:
            self._interrupt(installed)
        if chat.messages:
            self.new_chat_wanted.emit()
        self._give(installed)

    @Slot(object)
    def on_opening(self, installed: Installed) -> None:
        """A model is about to be loaded while a chat is open that has its own: this one is its own now."""
        if self._questions.is_answering:
            self._interrupt(installed)
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
        given = replace(settings, model_path=installed.path, model_name=_name(installed))
        if given != settings:
            self.settings_changed.emit(given)

    def _interrupt(self, installed: Installed) -> None:
        """The model that answers goes; where it answered is said, because that chat may be out of sight."""
        chat = self._questions.give_up()
        if chat is None:
            return
        what = self.tr("{model} was opened before an answer was finished.").format(model=_name(installed))
        where = self.tr("It is the last one of the chat “{title}”.").format(title=chat.title)
        again = self.tr("There it can be continued or asked for again.")
        self._page.show_note(UserError("answer_interrupted", what, joined(where, again)))


def _is_answered_by(chat: Conversation, used: Installed) -> bool:
    """Whether the last answer of a chat is by this model, or would be. The built-in one is there until another is: no chat keeps it."""
    answers = [m for m in chat.path() if m.role is Role.ASSISTANT]
    return not used.is_builtin and (not answers or (answers[-1].model, answers[-1].quant) == (used.name, used.quant))


def _name(installed: Installed) -> str:
    return f"{installed.name} {installed.quant}".strip()
