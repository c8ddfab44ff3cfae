"""The chat: connects the page with the store and the engine, and keeps the open conversation."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from launcher.app.answer_figures import AnswerFigures
from launcher.app.answer_presenter import AnswerPresenter, Turn
from launcher.app.attachments_presenter import AttachmentsPresenter
from launcher.app.chat_list_presenter import ChatListPresenter
from launcher.app.chat_settings_presenter import ChatSettingsPresenter
from launcher.app.context_presenter import ContextPresenter
from launcher.app.message_presenter import MessagePresenter
from launcher.app.model_choice import ModelChoice
from launcher.chat.branches import showing
from launcher.chat.chat_settings import ChatSettings
from launcher.chat.context_policy import ContextPolicy
from launcher.chat.context_room import answer_room_of_a_thought
from launcher.chat.conversation import Conversation, Maker, Message, MessageState
from launcher.chat.titles import title_from, title_from_exchange
from launcher.core.downloads import Installed
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.generation import Loaded, Timings
from launcher.engine.protocol import EngineState, OperationFailed
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
        figures: wants the meters.
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
        self._make = Maker()
        self._chat: Conversation = self._make.conversation()
        self._answered = self._chat
        self._is_on_disk = False
        self._waiting: Turn | None = None
        self._notices: dict[str, tuple[UserError, BannerKind]] = {}
        self._model = ModelChoice(page, engine, settings, self)
        self._restart = QTimer(self)
        self._restart.setSingleShot(True)
        self._restart.timeout.connect(self.load_again)
        self._attachments = AttachmentsPresenter(page, engine, self)
        self._context = ContextPresenter(page, engine, settings, self)
        self._answers = AnswerPresenter(page, store, engine, self._context, self)
        self.figures = AnswerFigures(store, self)
        self._find = FindService(self)
        page.finder.find_requested.connect(self._find.find)
        self._find.found.connect(page.finder.set_found)
        self._connect_page()
        self._connect_engine()
        self._connect_answers()
        self._list = ChatListPresenter(page, store, self)
        self._list.chat_wanted.connect(self._on_chat_wanted)
        self._list.chat_deleted.connect(self._on_chat_deleted)
        self._list.chat_named.connect(self._on_chat_named)
        self._messages = MessagePresenter(page, store, self._open_chat, self._is_answering, self)
        self._messages.changed.connect(self._on_tree_changed)
        self._messages.forked.connect(self._on_tree_changed)
        self._messages.continue_wanted.connect(self.continue_answer)
        store.store_failed.connect(page.show_banner)
        store.store_recovered.connect(page.clear_banner)
        self._chat_settings = ChatSettingsPresenter(page, store, engine, settings, self._open_chat, self)
        self._chat_settings.changed.connect(self._on_settings_changed)
        self._chat_settings.setting_changed.connect(self.setting_changed)
        self._model.target_changed.connect(self._chat_settings.set_target)
        self._show(replace(self._chat, settings=self._chat_settings.of_new_chats()), is_on_disk=False)

    def _connect_page(self) -> None:
        page = self._page
        page.message_sent.connect(self._on_message_sent)
        page.stop_requested.connect(self._answers.stop)
        page.load_cancel_requested.connect(self._engine.stop)
        page.regenerate_requested.connect(self._on_regenerate_requested)
        page.edit_requested.connect(self._on_edit_requested)
        page.new_chat_requested.connect(self.new_chat)
        page.model_chosen.connect(self._on_model_chosen)
        page.models_requested.connect(self.models_wanted)
        page.context_policy_chosen.connect(self._on_context_policy_chosen)

    def _connect_engine(self) -> None:
        engine = self._engine
        engine.state_changed.connect(self._on_state_changed)
        engine.loaded.connect(self._on_loaded)
        engine.load_failed.connect(self._on_load_failed)
        engine.load_cancelled.connect(self._on_load_cancelled)
        engine.crashed.connect(self._on_crashed)
        engine.state_not_kept.connect(self._page.show_note)

    def _connect_answers(self) -> None:
        answers = self._answers
        answers.chat_changed.connect(self._on_chat_changed)
        answers.measured.connect(self.answer_measured)
        answers.ended.connect(self._on_answer_ended)
        answers.refused.connect(self._on_refused)
        answers.failed.connect(self._on_answer_failed)
        answers.trimmed.connect(self._on_trimmed)
        answers.interrupted.connect(self._on_interrupted)
        answers.asked.connect(self.figures.on_asked)
        answers.written.connect(self.figures.on_written)
        self.figures.measured.connect(self._on_figures_measured)

    # -- what the user does

    @Slot()
    def new_chat(self) -> None:
        """Begin an empty chat; it is written with its first message."""
        self._show(replace(self._make.conversation(), settings=self._chat_settings.of_new_chats()), is_on_disk=False)
        self._page.focus_composer()

    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """What the picker offers."""
        self._model.set_installed(installed)
        self._chat_settings.set_installed(self._model.choices)

    @Slot(object)
    def set_builtin(self, model: Installed) -> None:
        """The built-in model, for as long as nothing else is there."""
        self._model.set_builtin(model)
        self._chat_settings.set_installed(self._model.choices)

    def attach(self, paths: list[str]) -> None:
        """Files that were dropped on the window go with the next message."""
        self._attachments.add(paths)

    @property
    def settings_panel(self) -> QWidget:
        """The settings of the open chat (for F6)."""
        return self._chat_settings.panel

    def open_settings(self, part: str) -> None:
        """Show the settings of the open chat, at one of their parts."""
        self._chat_settings.open_panel(part)

    @Slot()
    def toggle_settings(self) -> None:
        """Show or hide them."""
        self._chat_settings.toggle()

    @Slot(str)
    def set_system_prompt(self, text: str) -> None:
        """The program's system prompt is another one: chats without their own send it from now on."""
        self._chat_settings.set_program_prompt(text)
        self._context.set_program_prompt(text)
        self._context.show_chat(self._chat, thinks=self._model.thinks)

    @Slot(object)
    def on_opening(self, installed: Installed) -> None:
        """The user opens a model while a chat is open that has its own: this one is its own now."""
        waiting = self._waiting
        is_for_another = waiting is not None and waiting.chat.id != self._chat.id
        if self._chat.settings.model_path and not is_for_another:
            self._give_model(installed)

    def load_again(self) -> None:
        """Open the model once more after a failure; an unanswered message is answered then."""
        target = self.target()
        if target is not None:
            self.model_wanted.emit(target)

    def save(self) -> None:
        """Before the program ends: what is written of the running answer goes to the disk."""
        self._find.close()
        self._attachments.close()
        self._answers.save()
        self._chat_settings.close()

    @Slot()
    def stop(self) -> None:
        """End the answer, or the load."""
        if self._answers.chat is not None:
            self._answers.stop()
        else:
            self._engine.stop()

    def continue_answer(self, message_id: str) -> None:
        """Go on with the last answer of the open chat, or with its thought; older messages leave where there is no room."""
        answer = self._chat.message(message_id)
        if answer is None or message_id != self._chat.leaf_id or not (answer.text.strip() or answer.is_only_thought):
            return
        self._ask(Turn(self._chat, self._model.thinks, continued=answer))

    def answer_again(self, message_id: str) -> None:
        """Make an answer again whose thought filled the context, with most of the context kept free for it."""
        loaded = self._engine.model
        room = answer_room_of_a_thought(loaded.n_ctx) if loaded else None
        self._make_again(message_id, room)

    @Slot(str)
    def set_context_policy(self, policy: str) -> None:
        """What happens when the context is full, from the next message on."""
        self._context.set_policy(ContextPolicy(policy))

    @Slot(str)
    def _on_message_sent(self, text: str) -> None:
        before = self._chat.leaf_id
        message = self._make.user_message(text, before, self._attachments.take())
        if not self._chat.title:
            names = [a.name for a in message.attachments]
            self._chat = replace(self._chat, title=title_from(text) or ", ".join(names))
        is_first = not self._is_on_disk
        self._take(message)
        if is_first:
            self._page.set_conversation(self._chat)
        else:
            self._page.add_message(message)
        self._ask(Turn(self._chat, self._model.thinks, before=before, draft=text))

    @Slot(str)
    def _on_regenerate_requested(self, message_id: str) -> None:
        self._make_again(message_id, None)

    def _make_again(self, message_id: str, answer_tokens: int | None) -> None:
        old = self._chat.message(message_id)
        if old is None or self._answers.chat is not None:
            return
        before = self._chat.leaf_id
        self._chat = self._chat.with_leaf(old.parent_id)
        self._page.set_conversation(self._chat)
        self._ask(Turn(self._chat, self._model.thinks, answer_tokens=answer_tokens, before=before))

    @Slot(str, str)
    def _on_edit_requested(self, message_id: str, text: str) -> None:
        old = self._chat.message(message_id)
        if old is None or self._answers.chat is not None:
            return
        before = self._chat.leaf_id
        if text == old.text.strip():
            self._chat = self._chat.with_leaf(old.id)  # the same question gets another answer
        else:
            self._chat = self._chat.with_leaf(old.parent_id)
            self._take(self._make.user_message(text, old.parent_id, old.attachments))
        self._page.set_conversation(self._chat)
        self._ask(Turn(self._chat, self._model.thinks, before=before, draft=text))

    @Slot(object)
    def _on_context_policy_chosen(self, policy: ContextPolicy) -> None:
        self.setting_changed.emit(CONTEXT_POLICY.key, policy.value)

    @Slot(str)
    def _on_chat_deleted(self, chat_id: str) -> None:
        if self._waiting is not None and self._waiting.chat.id == chat_id:
            self._waiting = None
        if chat_id == self._chat.id:
            self.new_chat()

    @Slot(str, str)
    def _on_chat_named(self, chat_id: str, title: str) -> None:
        if chat_id == self._chat.id:
            self._chat = replace(self._chat, title=title, is_named=True)

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
        self._show(shown, is_on_disk=True)
        if message_id:
            self._page.show_message(message_id)

    @Slot(object)
    def _on_tree_changed(self, chat: Conversation) -> None:
        """Another version, branch or chat is open now; a question that waited for a model may not be in it."""
        if self._waiting is not None and self._waiting.chat.id == chat.id:
            self._waiting = None
        self._notices.pop(chat.id, None)
        self._page.clear_engine_error()
        self._show(chat, is_on_disk=True)

    @Slot(object)
    def _on_settings_changed(self, settings: ChatSettings) -> None:
        self._chat = replace(self._chat, settings=settings)
        waiting = self._waiting
        if waiting is not None and waiting.chat.id == self._chat.id:
            self._waiting = replace(waiting, chat=replace(waiting.chat, settings=settings))
        if self._is_on_disk:
            self._store.save_settings(self._chat.id, settings)
        self._model.set_chat(settings)
        if self._answers.chat is None or self._answers.chat.id != self._chat.id:
            self._context.show_chat(self._chat, thinks=self._model.thinks)

    @Slot(object)
    def _on_model_chosen(self, installed: Installed) -> None:
        """The picker: the open chat is answered with this model from now on."""
        self._give_model(installed)
        self.model_wanted.emit(installed)

    def _give_model(self, installed: Installed) -> None:
        name = f"{installed.name} {installed.quant}".strip()
        settings = replace(self._chat.settings, model_path=installed.path, model_name=name)
        if settings != self._chat.settings:
            self._on_settings_changed(settings)
            self._chat_settings.show_chat()

    def _open_chat(self) -> Conversation:
        return self._chat

    def _is_answering(self) -> bool:
        return self._answers.chat is not None

    # -- one answer

    def _ask(self, turn: Turn) -> None:
        """Answer the last message of a chat, loading a model first if none is there."""
        if self._answers.chat is not None:
            return
        self._notices.pop(turn.chat.id, None)
        self._page.clear_engine_error()
        try:
            turn.chat.settings.check()
        except UserError as error:
            self._on_refused(turn, error)
            return
        other = self._model.other_than_loaded(turn.chat.settings)
        if self._engine.model is not None and other is not None:
            self._waiting = turn
            self.model_wanted.emit(other)
            return
        if self._engine.model is not None:
            self._waiting = None
            self._answers.ask(turn)
            return
        waiting = self._waiting
        if waiting is not None and waiting.chat.leaf_id == turn.before and waiting.draft:
            # Another message while the model loads: one answer to both, and both are taken back together.
            turn = replace(turn, before=waiting.before, draft=f"{waiting.draft}\n\n{turn.draft}")
        self._waiting = turn
        if self._engine.state not in (EngineState.STARTING, EngineState.LOADING):
            self._load_for_message()

    def _load_for_message(self) -> None:
        """A load that nobody clicked for: an engine that dies again and again is given a pause, and then not started any more."""
        try:
            pause_s = self._engine.restart_pause_s()
        except UserError as error:
            self._page.show_engine_error(error)
            return
        if not pause_s:
            self.load_again()
            return
        what = self.tr("The engine is started again in {n} s.").format(n=f"{pause_s:.0f}")
        steps = (NextStep(self.tr("Load again"), StepAction.LOAD_AGAIN),)
        waits = UserError("engine_restarts", what, self._engine.restart_reason(), steps)
        self._page.show_engine_error(waits, BannerKind.WARN)
        self._restart.start(round(1000 * pause_s))

    @Slot(object)
    def _on_chat_changed(self, chat: Conversation) -> None:
        self._answered = chat
        if chat.id == self._chat.id:
            # Its name and settings may have changed while the answer was made.
            open_ = self._chat
            self._chat = replace(chat, title=open_.title, is_named=open_.is_named, settings=open_.settings)

    @Slot(str, object)
    def _on_figures_measured(self, answer_id: str, timings: Timings) -> None:
        """What the meters know of an answer that is over."""
        answer = self._chat.message(answer_id)
        if answer is None or answer.state is MessageState.STREAMING:
            return
        answer = replace(answer, timings=timings)
        self._chat = self._chat.with_message(answer)
        self._page.show_figures(answer)

    @Slot(str)
    def _on_answer_ended(self, chat_id: str) -> None:
        self._name(self._answered)
        if chat_id == self._chat.id:
            self._show_notice()
            self._context.show_chat(self._chat, thinks=self._model.thinks)

    def _name(self, chat: Conversation) -> None:
        """After the first exchange the answer may say better than the question what the chat is about."""
        path = chat.path()
        if len(path) != 2 or chat.is_named or not path[1].text:
            return
        title = title_from_exchange(path[0].text, path[1].text)
        if title and title != chat.title:
            self._store.set_title(chat.id, title)
            if chat.id == self._chat.id and not self._chat.is_named:
                self._chat = replace(self._chat, title=title)

    @Slot(object, object)
    def _on_refused(self, turn: Turn, error: UserError) -> None:
        """Nothing was sent: the chat is as it was before, and what was written is in the field again."""
        self._notices[turn.chat.id] = (error, BannerKind.WARN)
        if turn.chat.id != self._chat.id:
            return
        if turn.continued is None:
            self._chat = self._chat.with_leaf(turn.before)
            self._store.set_leaf(self._chat.id, turn.before)
            self._page.set_conversation(self._chat)
            if turn.draft:
                self._page.take_back(turn.draft)
            question = turn.chat.message(turn.chat.leaf_id or "")
            if question is not None and question.parent_id == turn.before:  # it was sent just now, not asked again
                self._attachments.give_back(question.attachments)
            self._context.show_chat(self._chat, thinks=self._model.thinks)
        self._show_notice()

    @Slot(str, object)
    def _on_answer_failed(self, chat_id: str, event: OperationFailed) -> None:
        self._notices[chat_id] = (event.failure.error(), BannerKind.BAD)
        if not event.is_crash:  # else `crashed` says it, whichever chat is open
            self._show_notice()

    @Slot(str, object)
    def _on_trimmed(self, chat_id: str, problem: UserError) -> None:
        self._notices[chat_id] = (self._context.trimmed_instead(problem), BannerKind.INFO)
        self._show_notice()

    @Slot(object)
    def _on_interrupted(self, turn: Turn) -> None:
        self._waiting = turn

    def _show_notice(self) -> None:
        """What is to be said at the end of the open chat: what happened last, or that its answer ended with the context."""
        notice = self._notices.get(self._chat.id)
        if notice is not None:
            self._page.show_engine_error(*notice)
            return
        ended = self._context.end_of_context(self._chat)
        if ended is not None and self._answers.chat is None:
            self._page.show_engine_error(ended, BannerKind.WARN)

    # -- the model

    @Slot(object)
    def _on_state_changed(self, state: EngineState) -> None:
        if state is EngineState.STARTING:
            self._restart.stop()
            self._page.clear_engine_error()

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        del loaded  # the service has it
        model = self._engine.installed
        if model is not None and not model.is_builtin:
            self._store.run(lambda: self._settings.set(LAST_MODEL, model.path))
        self._context.forget()
        self._notices.clear()  # of an engine that is gone, or of a context that is another now
        waiting = self._waiting
        if waiting is not None:
            # It may have got a title meanwhile, and whether the model thinks is known only now.
            chat = self._chat if waiting.chat.id == self._chat.id else waiting.chat
            self._ask(replace(waiting, chat=chat, thinks=self._model.thinks))
        else:
            self._context.show_chat(self._chat, thinks=self._model.thinks)
            self._show_notice()

    @Slot(object)
    def _on_load_failed(self, error: UserError) -> None:
        self._page.show_engine_error(error)

    @Slot()
    def _on_load_cancelled(self) -> None:
        self._waiting = None

    @Slot(object)
    def _on_crashed(self, error: UserError) -> None:
        self._page.show_engine_error(error)

    def target(self) -> Installed | None:
        """What would be loaded now."""
        return self._model.target()

    # -- the conversation

    def _show(self, chat: Conversation, *, is_on_disk: bool) -> None:
        self._chat, self._is_on_disk = chat, is_on_disk
        self._answers.set_shown(chat.id)
        self._page.set_conversation(chat)
        # One answer at a time: while it is made in another chat, this one offers Stop too.
        self._page.set_answering(self._answers.chat is not None)
        self._context.forget()
        self._model.set_chat(chat.settings)
        self._chat_settings.show_chat()
        self._context.show_chat(chat, thinks=self._model.thinks)
        self._show_notice()

    def _take(self, message: Message) -> None:
        """Put a message at the end of the open chat, here and on the disk."""
        self._chat = self._chat.with_message(message, time.time()).with_leaf(message.id)
        if self._is_on_disk:
            self._store.save_message(self._chat.id, message)
        else:
            self._is_on_disk = True
            self._store.create(self._chat)
        self._store.list_conversations()
