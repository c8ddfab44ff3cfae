"""The chat: which one is open, and how the parts that answer in it come together.

In the order of a message: sent (sending_presenter.py) into the open chat (open_chat.py), kept until its model is loaded
(question_presenter.py), fitted into the context (context_presenter.py), answered (answer_presenter.py), measured (answer_figures.py);
what went wrong is said at the end of the chat (chat_notices.py).
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.app.answer_figures import AnswerFigures
from launcher.app.answer_presenter import AnswerPresenter, Turn
from launcher.app.attachments_presenter import AttachmentsPresenter
from launcher.app.chat_list_presenter import ChatListPresenter
from launcher.app.chat_notices import ChatNotices
from launcher.app.chat_settings_presenter import ChatSettingsPresenter
from launcher.app.context_presenter import ContextPresenter
from launcher.app.message_presenter import MessagePresenter
from launcher.app.model_choice import ModelChoice
from launcher.app.open_chat import OpenChat
from launcher.app.opened_model import OpenedModel
from launcher.app.question_presenter import QuestionPresenter
from launcher.app.sending_presenter import SendingPresenter
from launcher.chat.branches import showing
from launcher.chat.chat_settings import ChatSettings
from launcher.chat.context_policy import ContextPolicy
from launcher.chat.conversation import Conversation, MessageState
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.generation import Loaded, Timings
from launcher.engine.protocol import OperationFailed
from launcher.services.chat_service import ChatService
from launcher.services.engine_service import EngineService
from launcher.services.find_service import FindService
from launcher.store.settings import CONTEXT_POLICY, LAST_MODEL, Settings
from launcher.ui.chat import ChatPage
from launcher.ui.components import BannerKind


class ChatPresenter(QObject):
    """Keeps the list of chats and the open one, says what the model is doing, and what went wrong in place.

    Signals:
        model_wanted(Installed): load this model (the picker, or a message while none is loaded).
        models_wanted(): show the Models page.
        answer_measured(Timings): figures of a finished answer.
        setting_changed(str, object): a setting that is also changed here: key and value.

    Attributes:
        sending: what the user asks, and what the steps of errors ask for them.
        attachments: what goes with the next message.
        settings: of the open chat, with their panel.
        figures: wants the meters.
        opened_model: wants to know of models that are opened elsewhere.
    """

    model_wanted = Signal(object)
    models_wanted = Signal()
    answer_measured = Signal(object)
    setting_changed = Signal(str, object)

    def __init__(
        self, page: ChatPage, store: ChatService, engine: EngineService, settings: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._store = store
        self._engine = engine
        self._settings = settings
        self._open = OpenChat(store)
        self._answered = self._open.value
        self._model = ModelChoice(page, engine, settings, self)
        self.attachments = AttachmentsPresenter(page, engine, self)
        self._context = ContextPresenter(page, engine, settings, self)
        self._answers = AnswerPresenter(page, store, engine, self._context, self)
        self._notices = ChatNotices(page, self._context)
        self._questions = QuestionPresenter(page, engine, self._model, self._answers, self._notices, self)
        self.sending = SendingPresenter(page, engine, self._model, self._open, self.attachments, self._questions, self)
        self.figures = AnswerFigures(store, self)
        self._find = FindService(self)
        page.finder.find_requested.connect(self._find.find)
        self._find.found.connect(page.finder.set_found)
        self._connect_page()
        self._connect_engine()
        self._connect_answers()
        self._questions.model_wanted.connect(self.model_wanted)
        self._questions.refused.connect(self._on_refused)
        self.opened_model = OpenedModel(page, engine, self._open, self._questions, self)
        self.opened_model.new_chat_wanted.connect(self.new_chat)
        self.opened_model.settings_changed.connect(self._on_model_given)
        self.opened_model.model_wanted.connect(self.model_wanted)
        self._list = ChatListPresenter(page, store, self)
        self._list.chat_wanted.connect(self._on_chat_wanted)
        self._list.chat_deleted.connect(self._on_chat_deleted)
        self._list.chat_named.connect(self._on_chat_named)
        self._messages = MessagePresenter(page, store, self._chat, self._is_answering, self)
        self._messages.changed.connect(self._on_tree_changed)
        self._messages.forked.connect(self._on_tree_changed)
        self._messages.continue_wanted.connect(self.sending.continue_answer)
        store.store_failed.connect(page.show_banner)
        store.store_recovered.connect(page.clear_banner)
        self.settings = ChatSettingsPresenter(page, store, engine, settings, self._chat, self)
        self.settings.changed.connect(self._on_settings_changed)
        self.settings.setting_changed.connect(self.setting_changed)
        self._model.target_changed.connect(self.settings.set_target)
        self._begin_chat()

    def _connect_page(self) -> None:
        page = self._page
        page.stop_requested.connect(self._answers.stop)
        page.load_cancel_requested.connect(self._engine.stop)
        page.new_chat_requested.connect(self.new_chat)
        page.models_requested.connect(self.models_wanted)
        page.context_policy_chosen.connect(self._on_context_policy_chosen)

    def _connect_engine(self) -> None:
        engine = self._engine
        engine.loaded.connect(self._on_loaded)
        engine.load_failed.connect(self._on_engine_failed)
        engine.crashed.connect(self._on_engine_failed)
        engine.state_not_kept.connect(self._page.show_note)

    def _connect_answers(self) -> None:
        answers = self._answers
        answers.chat_changed.connect(self._on_chat_changed)
        answers.measured.connect(self.answer_measured)
        answers.ended.connect(self._on_answer_ended)
        answers.refused.connect(self._on_refused)
        answers.failed.connect(self._on_answer_failed)
        answers.trimmed.connect(self._on_trimmed)
        answers.asked.connect(self.figures.on_asked)
        answers.written.connect(self.figures.on_written)
        self.figures.measured.connect(self._on_figures_measured)

    # -- what the user does

    @Slot()
    def new_chat(self) -> None:
        """Begin an empty chat; it is written with its first message."""
        self._begin_chat()
        self._page.focus_composer()

    @Slot(object)
    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """What the picker offers."""
        self._model.set_installed(installed)
        self.settings.set_installed(self._model.choices)

    @Slot(object)
    def set_builtin(self, model: Installed) -> None:
        """The built-in model, for as long as nothing else is there."""
        self._model.set_builtin(model)
        self.settings.set_installed(self._model.choices)

    @Slot(str)
    def set_system_prompt(self, text: str) -> None:
        """The program's system prompt is another one: chats without their own send it from now on."""
        self.settings.set_program_prompt(text)
        self._context.set_program_prompt(text)
        self._show_context()

    def load_again(self) -> None:
        """Open the model once more after a failure; an unanswered message is answered then."""
        self._questions.load_again()

    def save(self) -> None:
        """Before the program ends: what is written of the running answer goes to the disk."""
        self._find.close()
        self.attachments.close()
        self._answers.save()
        self.settings.close()

    @Slot()
    def stop(self) -> None:
        """End the answer, or the load."""
        if self._is_answering():
            self._answers.stop()
        else:
            self._engine.stop()

    @Slot(str)
    def set_context_policy(self, policy: str) -> None:
        """What happens when the context is full, from the next message on."""
        self._context.set_policy(ContextPolicy(policy))

    @Slot(object)
    def _on_context_policy_chosen(self, policy: ContextPolicy) -> None:
        self.setting_changed.emit(CONTEXT_POLICY.key, policy.value)

    @Slot(str)
    def _on_chat_deleted(self, chat_id: str) -> None:
        self._questions.forget(chat_id)
        if chat_id == self.chat.id:
            self.new_chat()

    @Slot(str, str)
    def _on_chat_named(self, chat_id: str, title: str) -> None:
        if chat_id == self.chat.id:
            self._open.set_name(title)

    @Slot(object, str)
    def _on_chat_wanted(self, conversation: Conversation, message_id: str) -> None:
        running = self._answers.chat
        if running is not None and running.id == conversation.id:
            # It is further than the disk, and its branch must stay open; its settings may have changed since.
            shown = replace(running, settings=conversation.settings)
        else:
            shown = showing(conversation, message_id)
            if shown.leaf_id != conversation.leaf_id:
                self._store.set_leaf(shown.id, shown.leaf_id)
        self._change(shown)
        if message_id:
            self._page.show_message(message_id)

    @Slot(object)
    def _on_tree_changed(self, chat: Conversation) -> None:
        """Another version, branch or chat is open now; a question that waited for a model may not be in it."""
        self._questions.forget(chat.id)
        self._notices.drop(chat.id)
        self._change(chat)

    @Slot(object)
    def _on_settings_changed(self, settings: ChatSettings) -> None:
        self._open.set_settings(settings)
        self._questions.set_settings(self.chat.id, settings)
        self._model.set_chat(settings)
        if self._answers.chat is None or self._answers.chat.id != self.chat.id:
            self._show_context()

    @Slot(object)
    def _on_model_given(self, settings: ChatSettings) -> None:
        self._on_settings_changed(settings)
        self.settings.show_chat()

    def _chat(self) -> Conversation:
        return self._open.value

    def _is_answering(self) -> bool:
        return self._questions.is_answering

    # -- one answer

    @Slot(object)
    def _on_chat_changed(self, chat: Conversation) -> None:
        self._answered = chat
        if chat.id == self.chat.id:
            self._open.grow(chat)

    @Slot(str, object)
    def _on_figures_measured(self, answer_id: str, timings: Timings) -> None:
        """What the meters know of an answer that is over."""
        answer = self.chat.message(answer_id)
        if answer is None or answer.state is MessageState.STREAMING:
            return
        answer = replace(answer, timings=timings)
        self._open.update(answer)
        self._page.show_figures(answer)

    @Slot(str)
    def _on_answer_ended(self, chat_id: str) -> None:
        self._open.name_after(self._answered)
        if chat_id == self.chat.id:
            self._show_notice()
            self._show_context()

    @Slot(object, object)
    def _on_refused(self, turn: Turn, error: UserError) -> None:
        self._notices.keep(turn.chat.id, error, BannerKind.WARN)
        if turn.chat.id != self.chat.id:
            return
        if turn.continued is None:
            self.sending.take_back(turn)
            self._show_context()
        self._show_notice()

    @Slot(str, object)
    def _on_answer_failed(self, chat_id: str, event: OperationFailed) -> None:
        self._notices.keep(chat_id, event.failure.error(), BannerKind.BAD)
        if not event.is_crash:  # else `crashed` says it, whichever chat is open
            self._show_notice()

    @Slot(str, object)
    def _on_trimmed(self, chat_id: str, problem: UserError) -> None:
        self._notices.keep(chat_id, self._context.trimmed_instead(problem), BannerKind.INFO)
        self._show_notice()

    def _show_notice(self) -> None:
        self._notices.show(self.chat, is_answering=self._is_answering())

    # -- the model

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        del loaded  # the service has it
        model = self._engine.installed
        if model is not None and not model.is_builtin:
            self._store.run(lambda: self._settings.set(LAST_MODEL, model.path))
        self._context.forget()
        self._notices.forget()
        if not self._questions.go_on(self.chat):
            self._show_context()
            self._show_notice()

    @Slot(object)
    def _on_engine_failed(self, error: UserError) -> None:
        self._page.show_engine_error(error)

    def target(self) -> Installed | None:
        """What would be loaded now."""
        return self._model.target()

    # -- the conversation

    @property
    def chat(self) -> Conversation:
        """The open one."""
        return self._open.value

    @property
    def is_busy(self) -> bool:
        """An answer is being made, or a question waits for its model."""
        return self._questions.is_answering or self._questions.waiting is not None

    def _begin_chat(self) -> None:
        self._open.begin(self.settings.of_new_chats())
        self._show()

    def _change(self, chat: Conversation) -> None:
        """Another chat, or another value of it, is open; it is on the disk."""
        self._open.set(chat, is_on_disk=True)
        self._show()

    def _show(self) -> None:
        chat = self.chat
        self._answers.set_shown(chat.id)
        self._page.set_conversation(chat)
        # One answer at a time: while it is made in another chat, this one offers Stop too.
        self._page.set_answering(self._is_answering())
        self._context.forget()
        self._model.set_chat(chat.settings)
        self.settings.show_chat()
        self._show_context()
        self._show_notice()

    def _show_context(self) -> None:
        self._context.show_chat(self.chat, thinks=self._model.thinks)
