"""The chat page: what is shown in its frame, and what the user wants of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from launcher.chat.branches import places
from launcher.chat.context_policy import ContextPolicy
from launcher.chat.conversation import ChatList, Conversation, Message, Summary
from launcher.chat.export import to_markdown
from launcher.chat.turns import ContextUse
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.ui.chat.link_dialog import LinkDialog
from launcher.ui.chat.page_frame import ChatFrame
from launcher.ui.chat.states import ModelState, ThinkingMode
from launcher.ui.chat.stream import AnswerStream
from launcher.ui.components import BannerKind


class ChatPage(ChatFrame):
    """Shows values, emits intents; it knows nothing of engine and store.

    Signals:
        message_sent(str): the user sent a message.
        stop_requested(): Stop or Esc.
        regenerate_requested(str): id of the answer to make again.
        edit_requested(str, str): id of a message of the user, new text.
        message_intended(MessageIntent): what else is to be done with a message.
        undo_requested(): bring back the messages that were deleted last.
        conversation_selected(str), new_chat_requested(), rename_requested(str, str), delete_requested(str),
        undo_delete_requested(str), search_changed(str): the list of chats.
        model_chosen(Installed): another model of the picker.
        models_requested(): the user wants to see or choose models.
        try_requested(): the built-in model will do for now.
        thinking_toggled(bool): the switch.
        next_step_chosen(NextStep): a button of a banner.
        load_cancel_requested(): Cancel while loading.
        summary_cancel_requested(): Cancel while older messages are summarised.
        context_policy_chosen(ContextPolicy): what is to happen when the context is full.
        meter_toggled(bool): the switch of the meter panel.
        settings_toggled(bool): the switch of the settings of this chat.
        link_open_requested(str): a web or mail address, confirmed by the user.
        export_requested(Conversation, str): write the open chat in that form ("md", "html", "json", "pdf").
        export_all_requested(str), import_requested(): all chats to files; chats of files.
        file_work_cancelled(): Cancel while chats are written or read.
    """

    message_sent = Signal(str)
    stop_requested = Signal()
    regenerate_requested = Signal(str)
    edit_requested = Signal(str, str)
    message_intended = Signal(object)
    undo_requested = Signal()
    conversation_selected = Signal(str)
    new_chat_requested = Signal()
    rename_requested = Signal(str, str)
    delete_requested = Signal(str)
    undo_delete_requested = Signal(str)
    search_changed = Signal(str)
    model_chosen = Signal(object)
    models_requested = Signal()
    try_requested = Signal()
    thinking_toggled = Signal(bool)
    next_step_chosen = Signal(object)
    load_cancel_requested = Signal()
    summary_cancel_requested = Signal()
    context_policy_chosen = Signal(object)
    meter_toggled = Signal(bool)
    settings_toggled = Signal(bool)
    link_open_requested = Signal(str)
    export_requested = Signal(object, str)
    export_all_requested = Signal(str)
    import_requested = Signal()
    file_work_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._conversation: Conversation | None = None
        self._context: ContextUse | None = None
        self._cut = 0
        self._summary: Summary | None = None
        self._is_answering = False
        self._stream = AnswerStream(self)
        self._connect()
        self._composer.set_blocked("")

    # -- the list of chats

    def set_conversations(self, chats: ChatList) -> None:
        """Show these chats in the list, the last used first (all, or the hits of a search)."""
        self.panel.set_conversations(chats)

    def set_conversation(self, conversation: Conversation) -> None:
        """Open a chat at its end. A message that still streams goes on with `append_delta`."""
        self._stream.flush()
        is_other = self._conversation is None or self._conversation.id != conversation.id
        self._conversation = conversation
        self.panel.set_current(conversation.id)
        if is_other:
            self._undo.withdraw()
            self._list.clear_error()
            self._cut, self._summary = 0, None
        self.set_messages(conversation.path())

    def set_messages(self, messages: Sequence[Message]) -> None:
        """Show these messages, oldest first."""
        self._list.set_messages(messages)
        self._list.set_cut(self._cut, self._summary)
        self._show_places()
        self._show_empty(not messages)

    def show_message(self, message_id: str) -> None:
        """Scroll to a message of the open branch and point at it."""
        self._list.show_message(message_id)

    def offer_undo(self, words: str) -> None:
        """Say what was deleted of the chat; `undo_requested` brings it back."""
        self._undo.offer(words)

    def find_in_chat(self) -> None:
        """Ctrl+F: in the open chat, or in all of them while it is empty."""
        if self._stack.currentWidget() is self._list:
            self.finder.open()
        else:
            self.focus_search()

    def focus_search(self) -> None:
        """Ctrl+Shift+F."""
        self.panel.focus_search()

    def focus_composer(self) -> None:
        """A new chat begins with writing."""
        self._composer.take_focus()

    # -- an answer

    def add_message(self, message: Message) -> None:
        """Put a message at the end (what the user has just sent)."""
        self._remember(message)
        self._show_empty(False)
        self._list.add_message(message)
        self._show_places()

    def begin_answer(self, message: Message) -> None:
        """A streaming answer begins (or is shown again after another chat)."""
        self._stream.start()
        self.add_message(message)
        self.set_answering(True)

    def append_delta(self, channel: str, text: str, tokens: int = 1) -> None:
        """A piece of the streaming answer.

        Args:
            channel: "reasoning" or "answer".
            text: the piece, as the engine sent it.
            tokens: how many tokens it is.
        """
        self._stream.add(channel, text, tokens)

    def finish_answer(self, message: Message) -> None:
        """The answer is done, stopped or failed; `message` is its final value."""
        self._stream.flush()
        self._remember(message)
        self._list.finish(message)
        self.set_answering(False)

    def show_figures(self, message: Message) -> None:
        """More is known of how an answer was made; the text is the same."""
        self._remember(message)
        self._list.show_figures(message)

    def set_answering(self, is_answering: bool) -> None:
        """Stop instead of Send."""
        self._composer.set_answering(is_answering)
        self._is_answering = is_answering
        self._show_places()

    def show_engine_error(self, error: UserError, kind: BannerKind = BannerKind.BAD) -> None:
        """Say where the answer stopped why it did, with the next steps as buttons; stays until the next message."""
        self._show_empty(False)
        self._list.show_error(error, kind)

    def clear_engine_error(self) -> None:
        """The failure is solved."""
        self._list.clear_error()

    # -- model, context, what can be sent

    def set_model(self, name: str, quant: str, state: ModelState) -> None:
        """Show which model answers and what it is doing."""
        self._head.picker.set_model(name, quant, state)

    def set_installed(self, installed: Sequence[Installed]) -> None:
        """The models of the picker's menu, the built-in one among them."""
        self._head.picker.set_installed(installed)
        self._empty.set_has_model(any(not model.is_builtin for model in installed))

    def set_builtin(self, try_words: str, examples: Sequence[str]) -> None:
        """Offer the built-in model in a chat without messages while nothing is installed, and what it can be asked."""
        self._empty.set_builtin(try_words, examples)

    def set_demonstration(self, words: str, more: str = "", *, is_chosen: bool = False) -> None:
        """Say that the built-in model is the one that answers, and what it knows; "" while another one does.

        Args:
            words: what it knows.
            more: what it is not.
            is_chosen: the user asked for it: a chat without messages shows what can be asked.
        """
        self._demonstration.set_words(words, more)
        self._empty.set_is_builtin(is_chosen)

    def set_coming(self, words: str) -> None:
        """What is being downloaded while there is no model yet; "" for nothing."""
        self._empty.set_coming(words)

    def set_blocked(self, reason: str) -> None:
        """Why nothing can be sent now; "" when it can."""
        self._composer.set_blocked(reason)

    def set_thinking(self, mode: ThinkingMode, is_on: bool = False, reason: str = "") -> None:
        """The thinking switch: free with its state, or locked with the reason."""
        self._composer.set_thinking(mode, is_on, reason)

    def set_context(self, use: ContextUse | None) -> None:
        """What is inside the context; None while no model is loaded."""
        self._context = use
        self._context_line.set_use(use, self._cut, self._summary)

    def set_context_cut(self, position: int, summary: Summary | None = None) -> None:
        """Messages before number `position` are no longer sent word for word; 0: all are. `summary` goes in place of the first."""
        self._cut, self._summary = position, summary
        self._list.set_cut(position, summary)
        self._context_line.set_use(self._context, position, summary)

    def set_context_policy(self, policy: ContextPolicy) -> None:
        """What happens when the context is full, as the menu at the meter shows it."""
        self._context_line.set_policy(policy)

    def take_back(self, text: str) -> None:
        """A message was not sent: its text goes back into the field, before what was written there meanwhile."""
        written = self._composer.text.strip()
        self._composer.set_text(f"{text}\n\n{written}" if written else text)

    def shut_down(self) -> None:
        """End the worker thread of formulas and code colours; call once before the window goes."""
        self._stream.start()
        self._typesetter.close()

    def _connect(self) -> None:
        for name in (
            "conversation_selected",
            "new_chat_requested",
            "rename_requested",
            "delete_requested",
            "undo_delete_requested",
            "search_changed",
        ):
            getattr(self.panel, name).connect(getattr(self, name))
        self._head.model_chosen.connect(self.model_chosen)
        self._head.models_requested.connect(self.models_requested)
        self._head.copy_requested.connect(self._on_copy_requested)
        self._head.meter_toggled.connect(self._on_meter_toggled)
        self._head.settings_toggled.connect(self.settings_toggled)
        self._head.export_requested.connect(self._on_export_requested)
        self._head.export_all_requested.connect(self.export_all_requested)
        self._head.import_requested.connect(self.import_requested)
        self._files.cancel_requested.connect(self.file_work_cancelled)
        self._files.step_chosen.connect(self.next_step_chosen)
        self._list.regenerate_requested.connect(self.regenerate_requested)
        self._list.edit_requested.connect(self.edit_requested)
        self._list.intended.connect(self.message_intended)
        self._undo.undo_pressed.connect(self.undo_requested)
        self._list.step_chosen.connect(self.next_step_chosen)
        self._list.link_activated.connect(self._on_link_activated)
        self._banner.step_chosen.connect(self.next_step_chosen)
        self._empty.suggestion_chosen.connect(self._composer.set_text)
        self._empty.models_requested.connect(self.models_requested)
        self._empty.try_requested.connect(self.try_requested)
        self._loading.cancel_requested.connect(self.load_cancel_requested)
        self._summarising.cancel_requested.connect(self.summary_cancel_requested)
        self._context_line.policy_chosen.connect(self.context_policy_chosen)
        self._composer.message_sent.connect(self.message_sent)
        self._composer.stop_requested.connect(self.stop_requested)
        self._composer.thinking_toggled.connect(self.thinking_toggled)
        self._stream.flushed.connect(self._on_flushed)

    def _show_places(self) -> None:
        chat = self._conversation
        if chat is not None:
            self._list.set_places(places(chat), chat.leaf_id or "", is_free=not self._is_answering)

    def _remember(self, message: Message) -> None:
        if self._conversation is not None:
            self._conversation = self._conversation.with_message(message)
            if self._conversation.leaf_id != message.id and message.parent_id == self._conversation.leaf_id:
                self._conversation = replace(self._conversation, leaf_id=message.id)

    def _on_flushed(self, reasoning: str, text: str, tokens: int) -> None:
        self._list.append(reasoning, text, tokens or None)

    def _on_export_requested(self, form: str) -> None:
        if self._conversation is not None:
            self.export_requested.emit(self._conversation, form)

    def _on_meter_toggled(self, shown: bool) -> None:
        self.set_meters_shown(shown)
        self.meter_toggled.emit(shown)

    def _on_copy_requested(self) -> None:
        if self._conversation is not None:
            QGuiApplication.clipboard().setText(to_markdown(self._conversation))

    def _on_link_activated(self, address: str) -> None:
        dialog = LinkDialog(address, self)
        dialog.finished.connect(self._on_link_dialog_finished)
        dialog.open()

    def _on_link_dialog_finished(self) -> None:
        dialog = self.sender()
        if isinstance(dialog, LinkDialog) and dialog.chosen_address:
            self.link_open_requested.emit(dialog.chosen_address)
