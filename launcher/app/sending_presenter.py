"""What the user asks of the model: a message, an edited one, another answer, more of one; and taking back what was not sent."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from launcher.app.answer_presenter import Turn
from launcher.app.attachments_presenter import AttachmentsPresenter
from launcher.app.model_choice import ModelChoice
from launcher.app.open_chat import OpenChat
from launcher.app.question_presenter import QuestionPresenter
from launcher.chat.context_room import answer_room_of_a_thought
from launcher.chat.conversation import Conversation, Message
from launcher.services.engine_service import EngineService
from launcher.ui.chat import ChatPage


class SendingPresenter(QObject):
    """Puts into the open chat what is asked, shows it, and hands it on as a question."""

    def __init__(
        self,
        page: ChatPage,
        engine: EngineService,
        model: ModelChoice,
        open_chat: OpenChat,
        attachments: AttachmentsPresenter,
        questions: QuestionPresenter,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._engine = engine
        self._model = model
        self._open = open_chat
        self._attachments = attachments
        self._questions = questions
        page.message_sent.connect(self._on_message_sent)
        page.regenerate_requested.connect(self._on_regenerate_requested)
        page.edit_requested.connect(self._on_edit_requested)

    @Slot(str)
    def continue_answer(self, message_id: str) -> None:
        """Go on with the last answer of the open chat, or with its thought; older messages leave where there is no room."""
        answer = self._chat.message(message_id)
        if answer is None or message_id != self._chat.leaf_id or not (answer.text.strip() or answer.is_only_thought):
            return
        self._ask(continued=answer)

    def answer_again(self, message_id: str) -> None:
        """Make an answer again whose thought filled the context, with most of the context kept free for it."""
        loaded = self._engine.model
        room = answer_room_of_a_thought(loaded.n_ctx) if loaded else None
        self._make_again(message_id, room)

    def take_back(self, turn: Turn) -> None:
        """A question of the open chat was not sent: the chat is as it was before, and what was written is in the field again."""
        self._open.take_back(turn.before)
        self._page.set_conversation(self._chat)
        if turn.draft:
            self._page.take_back(turn.draft)
        question = turn.chat.message(turn.chat.leaf_id or "")
        if question is not None and question.parent_id == turn.before:  # it was sent just now, not asked again
            self._attachments.give_back(question.attachments)

    @Slot(str)
    def _on_message_sent(self, text: str) -> None:
        before, is_first = self._chat.leaf_id, not self._open.is_on_disk
        message = self._open.send(text, self._attachments.take())
        if is_first:
            self._page.set_conversation(self._chat)
        else:
            self._page.add_message(message)
        self._ask(before=before, draft=text)

    @Slot(str)
    def _on_regenerate_requested(self, message_id: str) -> None:
        self._make_again(message_id, None)

    def _make_again(self, message_id: str, answer_tokens: int | None) -> None:
        old = self._chat.message(message_id)
        if old is None or self._questions.is_answering:
            return
        before = self._chat.leaf_id
        self._open.go_back(old.parent_id)
        self._page.set_conversation(self._chat)
        self._ask(answer_tokens=answer_tokens, before=before)

    @Slot(str, str)
    def _on_edit_requested(self, message_id: str, text: str) -> None:
        old = self._chat.message(message_id)
        if old is None or self._questions.is_answering:
            return
        before = self._chat.leaf_id
        self._open.send_again(old, text)
        self._page.set_conversation(self._chat)
        self._ask(before=before, draft=text)

    def _ask(
        self,
        *,
        continued: Message | None = None,
        answer_tokens: int | None = None,
        before: str | None = None,
        draft: str = "",
    ) -> None:
        """Have the last message of the open chat answered; see `Turn`."""
        self._questions.ask(Turn(self._chat, self._model.thinks, continued, answer_tokens, before, draft))

    @property
    def _chat(self) -> Conversation:
        return self._open.value
