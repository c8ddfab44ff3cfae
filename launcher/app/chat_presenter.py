"""The chat: connects the page with the store and the engine, and keeps the open conversation."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.chat.conversation import Conversation, Maker, Message, MessageState
from launcher.chat.titles import title_from
from launcher.chat.turns import ContextUse, Prompt, estimated_tokens, fit_prompt
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.generation import Answer, GenerateRequest, Loaded
from launcher.core.models import Sampling, Thinking
from launcher.core.plans import Plan
from launcher.engine.protocol import (
    EngineState,
    LoadProgress,
    OperationFailed,
    TextDelta,
    TokensCounted,
)
from launcher.services.chat_service import ChatService
from launcher.services.engine_service import EngineService
from launcher.store.settings import LAST_MODEL, SYSTEM_PROMPT, Settings
from launcher.ui.chat import ChatPage, ModelState, ThinkingMode

_ANSWER_ROOM_TOKENS = 2048
_SAVE_SECONDS = 1.0
_MODES = {
    Thinking.ALWAYS: ThinkingMode.ALWAYS,
    Thinking.NEVER: ThinkingMode.NEVER,
    Thinking.SWITCH: ThinkingMode.SWITCH,
}


class ChatPresenter(QObject):
    """Sends messages, shows and saves what streams back, and says what went wrong in place.

    Signals:
        model_wanted(Installed): load this model (the picker, or a message while none is loaded).
        models_wanted(): show the Models page.
        answer_measured(Timings): figures of a finished answer.
    """

    model_wanted = Signal(object)
    models_wanted = Signal()
    answer_measured = Signal(object)

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
        self._is_on_disk = False
        self._answer: Message | None = None
        self._answer_chat: Conversation | None = None
        self._saved_at = 0.0
        self._shown_tokens = 0
        self._wants_answer = False
        self._thinking = True
        self._cut = 0
        self._counts: dict[str, int] = {}
        self._counted: tuple[str, ...] = ()
        self._installed: tuple[Installed, ...] = ()
        self._connect_page()
        self._connect_engine()
        store.conversations_listed.connect(page.set_conversations)
        store.conversation_opened.connect(self._on_conversation_opened)
        store.store_failed.connect(page.show_banner)
        page.set_model("", "", ModelState.NONE)
        page.set_conversation(self._chat)

    def _connect_page(self) -> None:
        page, store = self._page, self._store
        page.message_sent.connect(self._on_message_sent)
        page.stop_requested.connect(self._engine.stop)
        page.load_cancel_requested.connect(self._engine.stop)
        page.regenerate_requested.connect(self._on_regenerate_requested)
        page.edit_requested.connect(self._on_edit_requested)
        page.conversation_selected.connect(store.open)
        page.new_chat_requested.connect(self.new_chat)
        page.rename_requested.connect(store.rename)
        page.delete_requested.connect(self._on_delete_requested)
        page.undo_delete_requested.connect(store.restore)
        page.search_changed.connect(store.search)
        page.model_chosen.connect(self.model_wanted)
        page.models_requested.connect(self.models_wanted)
        page.thinking_toggled.connect(self._on_thinking_toggled)

    def _connect_engine(self) -> None:
        engine = self._engine
        engine.state_changed.connect(self._on_state_changed)
        engine.planned.connect(self._on_planned)
        engine.load_progressed.connect(self._on_load_progressed)
        engine.loaded.connect(self._on_loaded)
        engine.load_failed.connect(self._on_load_failed)
        engine.load_cancelled.connect(self._on_load_cancelled)
        engine.text_streamed.connect(self._on_text_streamed)
        engine.answer_finished.connect(self._on_answer_finished)
        engine.answer_failed.connect(self._on_answer_failed)
        engine.tokens_counted.connect(self._on_tokens_counted)
        engine.crashed.connect(self._on_crashed)

    # -- what the user does

    @Slot()
    def new_chat(self) -> None:
        """Begin an empty chat; it is written with its first message."""
        self._show(self._make.conversation(), is_on_disk=False)
        self._page.focus_composer()

    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """What the picker offers."""
        self._installed = installed
        self._page.set_installed(installed)
        self._update_blocked()

    def load_again(self) -> None:
        """Open the model once more after a failure; an unanswered message is answered then."""
        target = self.target()
        if target is not None:
            self.model_wanted.emit(target)

    @Slot(str)
    def _on_message_sent(self, text: str) -> None:
        message = self._make.user_message(text, self._chat.leaf_id)
        if not self._chat.title:
            self._chat = replace(self._chat, title=title_from(text))
        is_first = not self._is_on_disk
        self._take(message)
        self._page.clear_engine_error()
        if is_first:
            self._page.set_conversation(self._chat)
        else:
            self._page.add_message(message)
        self._ask()

    @Slot(str)
    def _on_regenerate_requested(self, message_id: str) -> None:
        old = self._chat.message(message_id)
        if old is None or self._answer is not None:
            return
        self._chat = self._chat.with_leaf(old.parent_id)
        self._page.set_conversation(self._chat)
        self._page.clear_engine_error()
        self._ask()

    @Slot(str, str)
    def _on_edit_requested(self, message_id: str, text: str) -> None:
        old = self._chat.message(message_id)
        if old is None or self._answer is not None:
            return
        self._chat = self._chat.with_leaf(old.parent_id)
        self._take(self._make.user_message(text, old.parent_id))
        self._page.set_conversation(self._chat)
        self._page.clear_engine_error()
        self._ask()

    @Slot(bool)
    def _on_thinking_toggled(self, is_on: bool) -> None:
        self._thinking = is_on
        self._update_thinking()

    @Slot(str)
    def _on_delete_requested(self, chat_id: str) -> None:
        self._store.delete(chat_id)
        if chat_id == self._chat.id:
            self.new_chat()

    @Slot(object)
    def _on_conversation_opened(self, conversation: Conversation) -> None:
        running = self._answer_chat
        self._show(running if running is not None and running.id == conversation.id else conversation, is_on_disk=True)

    # -- one answer

    def _ask(self) -> None:
        """Answer the last message of the chat, loading a model first if none is there."""
        if self._engine.model is None:
            self._wants_answer = True
            if self._engine.state not in (EngineState.STARTING, EngineState.LOADING):
                self.load_again()
            return
        self._wants_answer = False
        loaded = self._engine.model
        try:
            prompt = self._prompt(loaded)
        except UserError as error:
            self._page.show_engine_error(error)
            return
        if prompt.cut != self._cut:
            self._cut = prompt.cut
            self._page.set_context_cut(prompt.cut)
        leaf = self._chat.leaf_id
        assert leaf is not None, "an answer follows a message"  # noqa: S101
        answer = self._make.answer(leaf, loaded.name, loaded.quant)
        self._answer = answer
        self._take(answer)
        self._answer_chat = self._chat
        self._saved_at = time.monotonic()
        self._shown_tokens = 0
        self._page.begin_answer(answer)
        self._page.set_context(prompt.use)
        variant = self._engine.variant
        self._engine.generate(
            GenerateRequest(
                turns=prompt.turns,
                sampling=variant.sampling if variant else Sampling(),
                thinking=self._thinks(loaded),
            ),
            self._chat.id,
        )

    def _prompt(self, loaded: Loaded) -> Prompt:
        variant = self._engine.variant
        return fit_prompt(
            self._chat.path(),
            loaded.n_ctx,
            min(_ANSWER_ROOM_TOKENS, loaded.n_ctx // 3),
            self._settings.get(SYSTEM_PROMPT),
            variant.system_prompt if variant else "allowed",
            self._cut,
            self._tokens_of,
        )

    def _tokens_of(self, text: str) -> int:
        """Counted by the engine's tokenizer where it has, estimated on the high side otherwise."""
        return self._counts.get(text) or estimated_tokens(text)

    @Slot(object)
    def _on_text_streamed(self, event: TextDelta) -> None:
        answer = self._answer
        if answer is None:
            return
        if event.reclassified:
            answer = replace(answer, reasoning=answer.reasoning + answer.text, text="")
        for delta in event.deltas:
            if delta.channel == "reasoning":
                answer = replace(answer, reasoning=answer.reasoning + delta.text)
            else:
                answer = replace(answer, text=answer.text + delta.text)
        self._keep_answer(answer)
        if self._is_answer_shown():
            if event.reclassified:
                self._page.set_messages(self._chat.path())
            else:
                new_tokens = event.decode_tokens - self._shown_tokens
                for delta in event.deltas:
                    self._page.append_delta(delta.channel, delta.text, new_tokens)
                    new_tokens = 0
                self._shown_tokens = event.decode_tokens
            self._show_context(event.context_used, event.reasoning_tokens)
        if time.monotonic() - self._saved_at >= _SAVE_SECONDS and self._answer_chat is not None:
            self._saved_at = time.monotonic()
            self._store.save_message(self._answer_chat.id, answer)

    @Slot(object)
    def _on_answer_finished(self, result: Answer) -> None:
        state = MessageState.STOPPED if result.timings.stop_reason == "stopped" else MessageState.DONE
        self._end_answer(result.answer, result.reasoning, state, result)
        self.answer_measured.emit(result.timings)
        self._show_context(result.timings.context_used, result.timings.reasoning_tokens)
        self._count()

    @Slot(object)
    def _on_answer_failed(self, event: OperationFailed) -> None:
        answer = self._answer
        if answer is not None:
            self._end_answer(
                event.answer or answer.text, event.reasoning or answer.reasoning, MessageState.FAILED, None
            )
        self._page.show_engine_error(event.failure.error())

    def _end_answer(self, text: str, reasoning: str, state: MessageState, result: Answer | None) -> None:
        if self._answer is None or self._answer_chat is None:
            return
        timings = result.timings if result else None
        message = replace(self._answer, text=text, reasoning=reasoning, state=state, timings=timings)
        chat_id, was_shown = self._answer_chat.id, self._is_answer_shown()
        self._keep_answer(message)
        self._answer, self._answer_chat = None, None
        self._store.save_message(chat_id, message)
        self._store.list_conversations()
        if was_shown:
            self._page.finish_answer(message)
        else:
            self._page.set_answering(False)

    def _keep_answer(self, answer: Message) -> None:
        """The newest text of the streaming answer, in its chat, also while another chat is open."""
        self._answer = answer
        if self._answer_chat is not None:
            self._answer_chat = self._answer_chat.with_message(answer)
            if self._is_answer_shown():
                self._chat = self._answer_chat

    def _is_answer_shown(self) -> bool:
        return self._answer_chat is not None and self._answer_chat.id == self._chat.id

    # -- the model

    @Slot(object)
    def _on_state_changed(self, state: EngineState) -> None:
        self._update_picker(state)
        self._update_blocked()
        if state is EngineState.STARTING:
            self._page.clear_engine_error()
            self._page.set_loading(None, self.tr("Planning on the memory that is free now…"))
        elif state is not EngineState.LOADING:
            self._page.set_loading(None, "")

    @Slot(object)
    def _on_planned(self, plan: Plan) -> None:
        self._page.set_loading(
            None, self.tr("Loading {model}: {placement}").format(model=plan.name, placement=plan.summary)
        )

    @Slot(object)
    def _on_load_progressed(self, progress: LoadProgress) -> None:
        phases = {
            "weights": self.tr("Reading the weights"),
            "context": self.tr("Making room for the context"),
            "warm_up": self.tr("Warming up"),
        }
        words = phases.get(progress.phase, self.tr("Loading"))
        self._page.set_loading(progress.fraction, f"{words}, {progress.fraction:.0%}")

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        self._page.set_loading(None, "")
        path = self._engine.installed.path if self._engine.installed else ""
        self._store.run(lambda: self._settings.set(LAST_MODEL, path))
        self._counts.clear()
        self._cut = 0
        self._page.set_context_cut(0)
        self._thinking = True
        self._update_thinking()
        self._show_context(0, 0)
        self._update_blocked()
        if self._wants_answer:
            self._ask()
        else:
            self._count()

    @Slot(object)
    def _on_load_failed(self, error: UserError) -> None:
        self._page.set_loading(None, "")
        self._page.show_engine_error(error)

    @Slot()
    def _on_load_cancelled(self) -> None:
        self._wants_answer = False
        self._page.set_loading(None, "")

    @Slot(object)
    def _on_crashed(self, error: UserError) -> None:
        self._page.set_loading(None, "")
        self._page.show_engine_error(error)

    def target(self) -> Installed | None:
        """What would be loaded now: the model in use, else the one used last, else the first on the disk."""
        if self._engine.installed is not None:
            return self._engine.installed
        last = self._settings.get(LAST_MODEL)
        return next((i for i in self._installed if i.path == last), self._installed[0] if self._installed else None)

    def _update_picker(self, state: EngineState) -> None:
        states = {
            EngineState.STOPPED: ModelState.UNLOADED,
            EngineState.STARTING: ModelState.LOADING,
            EngineState.LOADING: ModelState.LOADING,
            EngineState.READY: ModelState.READY,
            EngineState.ANSWERING: ModelState.ANSWERING,
            EngineState.SAVING: ModelState.UNLOADED,
            EngineState.CRASHED: ModelState.STOPPED,
        }
        target = self.target()
        if target is None:
            self._page.set_model("", "", ModelState.NONE)
        else:
            self._page.set_model(target.name, target.quant, states[state])

    def _update_blocked(self) -> None:
        """A message can be sent as soon as there is something to load; it waits for the load."""
        self._update_picker(self._engine.state)
        self._page.set_blocked("" if self.target() else self.tr("Download a model first."))

    def _update_thinking(self) -> None:
        loaded = self._engine.model
        if loaded is None:
            return
        reasons = {
            Thinking.ALWAYS: self.tr("always on for this model"),
            Thinking.NEVER: self.tr("this model does not think first"),
        }
        self._page.set_thinking(_MODES[loaded.thinking], self._thinks(loaded), reasons.get(loaded.thinking, ""))

    def _thinks(self, loaded: Loaded) -> bool:
        """Whether the next answer begins with a thought: the switch, where the model has one."""
        return self._thinking if loaded.thinking is Thinking.SWITCH else loaded.thinking is Thinking.ALWAYS

    # -- the context meter

    def _show_context(self, used: int, reasoning_tokens: int) -> None:
        loaded = self._engine.model
        if loaded is not None:
            thinking = min(reasoning_tokens, used)
            self._page.set_context(ContextUse(loaded.n_ctx, 0, used - thinking, thinking))

    def _count(self) -> None:
        """Ask the engine's tokenizer how long the chat is; the next prompt is fitted by these counts."""
        loaded = self._engine.model
        path = self._chat.path()
        if loaded is None or not path:
            return
        try:
            turns = self._prompt(loaded).turns
        except UserError:
            return  # the newest message is too long; sending it says so
        self._counted = tuple(turn.content for turn in turns)
        self._engine.count_tokens(turns, thinking=self._thinks(loaded))

    @Slot(object)
    def _on_tokens_counted(self, event: TokensCounted) -> None:
        if len(event.turn_tokens) == len(self._counted):
            self._counts.update(zip(self._counted, event.turn_tokens, strict=True))
        if self._answer is None:
            self._page.set_context(ContextUse(event.n_ctx, 0, event.tokens, 0))

    # -- the conversation

    def _show(self, chat: Conversation, *, is_on_disk: bool) -> None:
        self._chat, self._is_on_disk = chat, is_on_disk
        self._cut = 0
        self._page.set_conversation(chat)
        # One answer at a time: while it is made in another chat, this one offers Stop too.
        self._page.set_answering(self._answer is not None)
        if self._answer is None:
            self._show_context(0, 0)
            self._count()

    def _take(self, message: Message) -> None:
        """Put a message at the end of the open chat, here and on the disk."""
        self._chat = self._chat.with_message(message, time.time()).with_leaf(message.id)
        if self._is_on_disk:
            self._store.save_message(self._chat.id, message)
        else:
            self._is_on_disk = True
            self._store.create(self._chat)
        self._store.list_conversations()
