"""What the model gets of a chat: measured by the engine, cut or summarised where it does not fit, shown at the meter."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.chat.context_policy import (
    ContextPolicy,
    Count,
    Measured,
    Preparation,
    Prompt,
    Question,
    Summarise,
    estimated,
    in_force,
    prepare,
)
from launcher.chat.context_room import answer_room, larger_context, load_step
from launcher.chat.conversation import Conversation, Message
from launcher.chat.summary import summary_request, summary_text, summary_tokens
from launcher.chat.turns import ContextUse, prompt_alone
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.generation import Answer, ChatTurn, Loaded
from launcher.core.models import Sampling
from launcher.core.units import whole
from launcher.core.words import joined, known
from launcher.engine.protocol import EngineState, OperationFailed, TextDelta, TokensCounted
from launcher.services.engine_service import EngineService
from launcher.store.settings import CONTEXT_POLICY, SYSTEM_PROMPT, Settings
from launcher.ui.chat import ChatPage

_GONE = (EngineState.STOPPED, EngineState.STARTING, EngineState.CRASHED)


class ContextPresenter(QObject):
    """Finds the prompt for a question, one at a time, and shows how full the context is.

    Signals:
        prepared(Prompt): ready to be sent.
        refused(UserError): nothing can be sent, and nothing has changed.
        interrupted(): the engine went away meanwhile; the question waits for the next load.
    """

    prepared = Signal(object)
    refused = Signal(object)
    interrupted = Signal()

    def __init__(self, page: ChatPage, engine: EngineService, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._page = page
        self._engine = engine
        self._program_prompt = settings.get(SYSTEM_PROMPT)
        self._policy = ContextPolicy(settings.get(CONTEXT_POLICY))
        self._preparation: Preparation | None = None
        self._chat_id = ""
        self._thinks = False
        self._counting: int | None = None
        self._metering: int | None = None
        self._room = 0
        self._has_system = False
        self._system = 0
        self._summarise: Summarise | None = None
        self._failed: UserError | None = None
        self._may_go_back = True
        page.set_context_policy(self._policy)
        page.summary_cancel_requested.connect(engine.stop)
        engine.tokens_counted.connect(self._on_tokens_counted)
        engine.count_failed.connect(self._on_count_failed)
        engine.text_streamed.connect(self._on_text_streamed)
        engine.answer_finished.connect(self._on_answer_finished)
        engine.answer_failed.connect(self._on_answer_failed)
        engine.state_changed.connect(self._on_state_changed)

    @property
    def is_preparing(self) -> bool:
        """A prompt is being measured or older messages are being summarised: what the engine says belongs to that."""
        return self._preparation is not None

    def set_policy(self, policy: ContextPolicy) -> None:
        """What happens when the context is full, from the next message on."""
        self._policy = policy
        self._page.set_context_policy(policy)

    def set_program_prompt(self, text: str) -> None:
        """The system prompt of chats without one of their own, from the next message on."""
        self._program_prompt = text

    def forget(self) -> None:
        """Another chat, model or context: whether everything fits again is tried with the next question."""
        self._may_go_back = True

    # -- a prompt

    def prepare(self, chat: Conversation, *, thinks: bool, prefix: str = "", answer_tokens: int | None = None) -> None:
        """Find the prompt for the last message of the chat; `prepared`, `refused` or `interrupted` follows.

        Args:
            chat: its open branch ends with what is to be answered.
            thinks: the answer begins with a thought.
            prefix: of an answer that is continued.
            answer_tokens: to be kept free for it; None for the usual room.
        """
        loaded = self._engine.model
        if loaded is None:
            self.interrupted.emit()
            return
        question = self._question(loaded, chat, thinks=thinks)
        if answer_tokens is not None:
            question = replace(question, answer_tokens=answer_tokens)
        self._chat_id, self._thinks = chat.id, thinks
        self._preparation = prepare(
            replace(question, prefix=prefix), in_force(question.path, chat.cut_id, chat.summaries)
        )
        self._advance(None)

    def cancel(self) -> bool:
        """End the preparation, if there is one: nothing will be sent. Whether the engine still has a summary to stop."""
        was_summarising = self._summarise is not None
        if self._preparation is not None:
            self._preparation.close()
        self._end()
        return was_summarising

    def _question(self, loaded: Loaded, chat: Conversation, *, thinks: bool) -> Question:
        variant, plan = self._engine.variant, self._engine.plan
        return Question(
            chat.path(),
            loaded.n_ctx,
            answer_room(loaded.n_ctx, chat.settings.max_tokens, thinks=thinks),
            self._policy,
            chat.settings.prompt_over(self._program_prompt),
            variant.system_prompt if variant else "allowed",
            larger_context=larger_context(loaded, plan.memory if plan else None),
            may_go_back=self._may_go_back,
        )

    def _advance(self, reply: Measured | str | UserError | None) -> None:
        """Give the preparation what it asked for, until it has to wait for the engine or has ended."""
        preparation = self._preparation
        assert preparation is not None  # noqa: S101 - callers have it
        try:
            wish = next(preparation) if reply is None else preparation.send(reply)
            while isinstance(wish, Count):
                self._counting = self._engine.count_tokens(wish.turns, thinking=self._thinks)
                if self._counting is not None:
                    return
                wish = preparation.send(estimated(wish.turns))
        except StopIteration as end:
            prompt: Prompt = end.value
            self._end()
            self._may_go_back = False
            self.prepared.emit(self._signed(prompt))
        except UserError as error:
            self._end()
            self.refused.emit(error)
        else:
            self._begin_summary(wish)

    def _end(self) -> None:
        self._preparation, self._counting, self._summarise, self._failed = None, None, None, None
        self._page.set_summarising(None, "")

    def _signed(self, prompt: Prompt) -> Prompt:
        """A summary that was just made gets the name of its writer."""
        summary, loaded = prompt.selection.summary, self._engine.model
        if summary is None or summary.created_at or loaded is None:
            return prompt
        signed = replace(summary, model=f"{loaded.name} {loaded.quant}".strip(), created_at=time.time())
        return replace(prompt, selection=replace(prompt.selection, summary=signed))

    # -- a summary

    def _begin_summary(self, wish: Summarise) -> None:
        loaded = self._engine.model
        if loaded is None:  # unloaded this instant; the state change is on its way
            return
        self._summarise = wish
        self._show_summary(None)
        variant = self._engine.variant
        request = summary_request(wish.turns, variant.sampling if variant else Sampling(), loaded.n_ctx)
        self._engine.generate(request, self._chat_id)

    def _show_summary(self, fraction: float | None) -> None:
        wish = self._summarise
        if wish is None:
            return
        words = self.tr("Summarising {count} older messages…").format(count=whole(wish.n_messages))
        if wish.n_parts > 1:
            words += " " + self.tr("Part {number} of {all}").format(number=wish.part, all=wish.n_parts)
        self._page.set_summarising(fraction, words)

    @Slot(object)
    def _on_text_streamed(self, event: TextDelta) -> None:
        loaded = self._engine.model
        if self._summarise is not None and loaded is not None:
            self._show_summary(min(1.0, event.decode_tokens / summary_tokens(loaded.n_ctx)))

    @Slot(object)
    def _on_answer_finished(self, answer: Answer) -> None:
        if self._summarise is None:
            return
        self._summarise = None
        self._page.set_summarising(None, "")
        try:
            text = summary_text(answer)
        except UserError as error:
            self._advance(error)
        else:
            self._advance(text)

    @Slot(object)
    def _on_answer_failed(self, event: OperationFailed) -> None:
        if self._summarise is None:
            return
        self._summarise = None
        self._page.set_summarising(None, "")
        if self._engine.state is EngineState.ANSWERING:
            self._failed = event.failure.error()  # goes on when the next state shows that the engine lives
        else:
            self._advance(event.failure.error())

    @Slot(object)
    def _on_state_changed(self, state: EngineState) -> None:
        if self._preparation is None:
            return
        if state in _GONE:
            self.cancel()
            self.interrupted.emit()
        elif state is EngineState.READY and self._failed is not None:
            failed, self._failed = self._failed, None
            self._advance(failed)

    # -- counts

    @Slot(object)
    def _on_tokens_counted(self, event: TokensCounted) -> None:
        if event.id == self._counting:
            self._counting = None
            self._advance(Measured(event.tokens, event.turn_tokens))
        elif event.id == self._metering:
            self._metering = None
            self._system = event.turn_tokens[0] if self._has_system and event.turn_tokens else 0
            self._show_parts(event.n_ctx, event.tokens, 0)

    @Slot(object)
    def _on_count_failed(self, event: OperationFailed) -> None:
        if event.id != self._counting or event.is_crash:
            return  # a dead engine is told by its state
        # A template that refuses the chat.
        if self._preparation is not None:
            self._preparation.close()
        self._end()
        self.refused.emit(event.failure.error())

    # -- what is said in the chat

    def trimmed_instead(self, problem: UserError) -> UserError:
        """That the oldest messages are no longer sent after all, and why."""
        what = self.tr("The oldest messages are no longer sent to the model: there is no summary of them.")
        return UserError("no_summary", what, joined(known(problem.what), known(problem.why)))

    def end_of_context(self, chat: Conversation) -> UserError | None:
        """That the last answer of a chat ended because the context is full, and what can be done; None when it did not."""
        path = chat.path()
        answer = path[-1] if path else None
        if answer is None or answer.timings is None or answer.timings.stop_reason != "context":
            return None
        loaded, plan = self._engine.model, self._engine.plan
        larger = load_step(larger_context(loaded, plan.memory if plan else None)) if loaded else ()
        used = self.tr("{count} tokens are in use.").format(count=whole(answer.timings.context_used))
        if not answer.text.strip():
            return self._end_of_thought(chat, answer, used, larger)
        what = self.tr("The answer ends here because the context is full.")
        why = joined(
            used, self.tr("To continue, older messages are summarised or no longer sent to the model, as it is set.")
        )
        go_on = NextStep(self.tr("Continue"), StepAction.CONTINUE_ANSWER, answer.id)
        return UserError("answer_at_context_end", what, why, (go_on, *larger))

    def _end_of_thought(
        self, chat: Conversation, answer: Message, used: str, larger: tuple[NextStep, ...]
    ) -> UserError:
        """The engine closes a thought before it goes on: from the middle of one it cannot."""
        path = chat.path()
        what = self.tr("The context was full before the thought was finished.")
        if in_force(path, chat.cut_id, chat.summaries).start >= len(path) - 2:
            why = joined(used, self.tr("A thought cannot be continued, and there is nothing older to leave out."))
            return UserError("thought_at_context_end", what, why, larger)
        why = joined(
            used,
            self.tr(
                "A thought cannot be continued. For thinking again, older messages are no longer sent to the model."
            ),
        )
        again = NextStep(self.tr("Think again with more room"), StepAction.ANSWER_AGAIN, answer.id)
        return UserError("thought_at_context_end", what, why, (again, *larger))

    # -- the meter

    def show_use(self, used: int, reasoning_tokens: int) -> None:
        """Show the figures of an answer in progress; nothing while no model is loaded."""
        loaded = self._engine.model
        if loaded is not None:
            thinking = min(reasoning_tokens, used)
            self._show_parts(loaded.n_ctx, used - thinking, thinking)

    def _show_parts(self, n_ctx: int, sent: int, thinking: int) -> None:
        system = min(self._system, sent)
        self._page.set_context(ContextUse(n_ctx, system, sent - system, thinking, answer_tokens=self._room))

    def show_chat(self, chat: Conversation, *, thinks: bool) -> None:
        """Show what is sent of a chat, and have it measured."""
        path = chat.path()
        selection = in_force(path, chat.cut_id, chat.summaries)
        self._page.set_context_cut(selection.start, selection.summary)
        loaded = self._engine.model
        if loaded is None:
            return
        question = self._question(loaded, chat, thinks=thinks)
        self._room = question.answer_tokens
        turns: tuple[ChatTurn, ...] = question.turns(selection) or prompt_alone(
            question.system_prompt, question.system_policy
        )
        self._has_system, self._system = bool(turns) and turns[0].role == "system", 0
        if turns:
            self._metering = self._engine.count_tokens(turns, thinking=thinks)
        else:
            self.show_use(0, 0)
