"""One turn of a chat: from the question through the prompt to the answer, shown where its chat is open and saved as it comes."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.app.answer_figures import Written
from launcher.app.context_presenter import ContextPresenter
from launcher.chat.context_policy import Prompt
from launcher.chat.conversation import Conversation, Maker, Message, MessageState
from launcher.chat.statistics import together
from launcher.core.errors import UserError
from launcher.core.generation import Answer, AnswerCost, DeviceShare, GenerateRequest, Timings
from launcher.core.models import Sampling
from launcher.engine.protocol import OperationFailed, TextDelta
from launcher.services.chat_service import ChatService
from launcher.services.engine_service import EngineService
from launcher.ui.chat import ChatPage


@dataclass(frozen=True, slots=True)
class Turn:
    """A question on its way.

    Attributes:
        chat: its open branch ends with the question; an answer in the making is its leaf later.
        thinks: the answer begins with a thought.
        continued: the answer that goes on from the text it has; None for a new one.
        answer_tokens: to be kept free; None for the usual room.
        before: the leaf before the question, for taking it back.
        draft: the text to give back to the writing field then; "" for none.
    """

    chat: Conversation
    thinks: bool
    continued: Message | None = None
    answer_tokens: int | None = None
    before: str | None = None
    draft: str = ""

    @property
    def text(self) -> str:
        """What is written of the answer already; "" for a new one, and while there is only a thought."""
        return "" if self.continued is None or self.continued.is_only_thought else self.continued.text

    @property
    def thought(self) -> str:
        """The cut-off thought that goes on; "" for none."""
        return self.continued.reasoning if self.continued is not None and self.continued.is_only_thought else ""


class AnswerPresenter(QObject):
    """Makes one answer at a time, also while another chat is shown.

    Signals:
        chat_changed(Conversation): the chat of the turn has another value.
        measured(Timings): figures of a finished answer.
        ended(str): the turn of the chat of that id is over.
        refused(Turn, UserError): it was not sent.
        failed(str, OperationFailed): the answer of the chat of that id broke off.
        trimmed(str, UserError): older messages were left out because no summary could be made.
        interrupted(Turn): the engine went away before the answer began.
        asked(str): the engine has been asked for the answer of that id.
        written(Written): an answer is whole, and saved.
    """

    chat_changed = Signal(object)
    measured = Signal(object)
    ended = Signal(str)
    refused = Signal(object, object)
    failed = Signal(str, object)
    trimmed = Signal(str, object)
    interrupted = Signal(object)
    asked = Signal(str)
    written = Signal(object)

    def __init__(
        self, page: ChatPage, store: ChatService, engine: EngineService, context: ContextPresenter, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._store = store
        self._engine = engine
        self._context = context
        self._make = Maker()
        self._turn: Turn | None = None
        self._answer: Message | None = None
        self._asked_s = 0.0
        self._shown_id = ""
        self._shown_tokens = 0
        context.prepared.connect(self._on_prepared)
        context.refused.connect(self._on_refused)
        context.interrupted.connect(self._on_interrupted)
        engine.text_streamed.connect(self._on_text_streamed)
        engine.answer_finished.connect(self._on_answer_finished)
        engine.answer_failed.connect(self._on_answer_failed)

    @property
    def chat(self) -> Conversation | None:
        """The chat of the turn, with what is written so far; None between turns."""
        return self._turn.chat if self._turn else None

    def set_shown(self, chat_id: str) -> None:
        """Which chat is open."""
        self._shown_id = chat_id

    def ask(self, turn: Turn) -> None:
        """Answer the last message of the chat, or go on with an answer. One at a time."""
        self._turn = turn
        self._page.set_answering(True)
        chat = turn.chat
        if turn.continued is not None:
            chat = chat.with_leaf(turn.continued.parent_id)
        begun = turn.text or turn.thought
        self._context.prepare(chat, thinks=turn.thinks, prefix=begun, answer_tokens=turn.answer_tokens)

    def save(self) -> None:
        """What is written so far, as an answer that was stopped here: nobody will hear of its end."""
        if self._turn is not None and self._answer is not None:
            self._store.save_message(self._turn.chat.id, replace(self._answer, state=MessageState.STOPPED))

    @Slot()
    def stop(self) -> None:
        """End the answer; one that has not begun is an empty one, which can be asked for again."""
        if not self._context.is_preparing:
            self._engine.stop()
            return
        if self._context.cancel():
            self._engine.stop()
        turn = self._turn
        if turn is not None and turn.continued is None:
            self._begin(turn)
            self._end("", "", MessageState.STOPPED, None)
        else:
            self._over()

    def give_up(self) -> None:
        """Another model is about to be loaded, so nothing more will come: what is written so far is an answer that was stopped."""
        answer = self._answer
        if self._context.is_preparing:
            self.stop()
        elif answer is not None:
            self._end(answer.text, answer.reasoning, MessageState.STOPPED, None)

    # -- before the answer

    @Slot(object)
    def _on_prepared(self, prompt: Prompt) -> None:
        turn, loaded = self._turn, self._engine.model
        if turn is None or loaded is None:
            self._on_interrupted()
            return
        turn = self._keep_cut(turn, prompt)
        self._begin(turn)
        if self._is_shown():
            self._page.set_context_cut(prompt.selection.start, prompt.selection.summary)
            self._page.set_context(prompt.use)
        if prompt.problem is not None:
            self.trimmed.emit(turn.chat.id, prompt.problem)
        variant = self._engine.variant
        request = GenerateRequest(
            turns=prompt.turns,
            sampling=variant.sampling if variant else Sampling(),
            thinking=turn.thinks or bool(turn.thought),
            prefix=turn.text,
            thought=turn.thought,
        )
        self._asked_s = time.monotonic()
        self._engine.generate(turn.chat.settings.applied(request), turn.chat.id)
        if self._answer is not None:
            self.asked.emit(self._answer.id)

    def _keep_cut(self, turn: Turn, prompt: Prompt) -> Turn:
        """Remember in the chat, and on the disk, what is sent of it from now on."""
        chat, selection = turn.chat, prompt.selection
        start = selection.start
        path = chat.path()
        cut_id = path[start].id if start else None
        is_new = selection.summary is not None and selection.summary not in chat.summaries
        if is_new or cut_id != chat.cut_id:
            chat = chat.with_cut(cut_id, selection.summary)
            self._store.save_cut(chat.id, cut_id, selection.summary if is_new else None)
        return replace(turn, chat=chat)

    def _begin(self, turn: Turn) -> None:
        """The answer is the leaf of its chat from now on."""
        loaded = self._engine.model
        name, quant = (loaded.name, loaded.quant) if loaded else ("", "")
        if turn.continued is not None:
            answer = replace(turn.continued, state=MessageState.STREAMING)
        else:
            leaf = turn.chat.leaf_id
            assert leaf is not None, "an answer follows a message"  # noqa: S101
            answer = self._make.answer(leaf, name, quant)
        chat = turn.chat.with_message(answer, time.time()).with_leaf(answer.id)
        self._turn = replace(turn, chat=chat)
        self._keep(answer)
        self._store.save_message(chat.id, answer)
        self._store.list_conversations()
        self._shown_tokens = 0
        if self._is_shown():
            self._page.begin_answer(answer)

    @Slot(object)
    def _on_refused(self, error: UserError) -> None:
        turn = self._turn
        self._over()
        if turn is not None:
            self.refused.emit(turn, error)

    @Slot()
    def _on_interrupted(self) -> None:
        turn = self._turn
        self._over()
        if turn is not None:
            self.interrupted.emit(turn)

    # -- the answer

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
        self._keep(answer)
        if self._is_shown():
            self._show_text(event)
            self._context.show_use(event.context_used, event.reasoning_tokens)
        if self._turn is not None:
            self._store.save_message(self._turn.chat.id, answer)

    def _show_text(self, event: TextDelta) -> None:
        if event.reclassified and self._turn is not None:
            self._page.set_messages(self._turn.chat.path())
            return
        new_tokens = event.decode_tokens - self._shown_tokens
        for delta in event.deltas:
            self._page.append_delta(delta.channel, delta.text, new_tokens)
            new_tokens = 0
        self._shown_tokens = event.decode_tokens

    @Slot(object)
    def _on_answer_finished(self, result: Answer) -> None:
        if self._answer is None:
            return  # a summary
        state = MessageState.STOPPED if result.timings.stop_reason == "stopped" else MessageState.DONE
        self.measured.emit(result.timings)
        self._context.show_use(result.timings.context_used, result.timings.reasoning_tokens)
        self._end(result.answer, result.reasoning, state, self._with_cost(result.timings))

    def _with_cost(self, timings: Timings) -> Timings:
        """The figures, with what is known at once of what the answer took; the meters tell the rest a moment later."""
        loaded = self._engine.model
        devices = loaded.memory.devices if loaded is not None else ()
        shares = tuple(DeviceShare(d.name, d.kind, d.total_bytes) for d in devices if d.total_bytes)
        return replace(timings, cost=AnswerCost(time.monotonic() - self._asked_s, shares))

    @Slot(object)
    def _on_answer_failed(self, event: OperationFailed) -> None:
        answer, turn = self._answer, self._turn
        if answer is None or turn is None:
            return
        text = turn.text + event.answer if event.answer else answer.text
        reasoning = turn.thought + event.reasoning if event.reasoning else answer.reasoning
        self._end(text, reasoning, MessageState.FAILED, None)
        self.failed.emit(turn.chat.id, event)

    def _end(self, text: str, reasoning: str, state: MessageState, timings: Timings | None) -> None:
        answer, turn = self._answer, self._turn
        assert answer is not None  # noqa: S101 - callers have them
        assert turn is not None  # noqa: S101
        before, own = turn.continued, timings
        if before is not None:
            reasoning = reasoning or before.reasoning
            timings = together(before.timings, timings) if timings else before.timings
        message = replace(answer, text=text, reasoning=reasoning, state=state, timings=timings)
        self._keep(message)
        self._store.save_message(turn.chat.id, message)
        self._store.list_conversations()
        if self._is_shown():
            self._page.finish_answer(message)
        self._over()
        if own is not None:
            self.written.emit(Written(message, own, before.timings if before is not None else None))
        self.ended.emit(turn.chat.id)

    def _over(self) -> None:
        self._turn, self._answer = None, None
        self._page.set_answering(False)

    def _keep(self, answer: Message) -> None:
        """The newest text of the answer, in its chat."""
        turn = self._turn
        self._answer = answer
        if turn is not None:
            self._turn = replace(turn, chat=turn.chat.with_message(answer))
            self.chat_changed.emit(self._turn.chat)

    def _is_shown(self) -> bool:
        return self._turn is not None and self._turn.chat.id == self._shown_id
