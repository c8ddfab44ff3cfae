"""The conversation of `launcher chat`: what is sent of it once it is longer than the context, said on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from launcher.chat.context_policy import (
    ContextPolicy,
    Count,
    Measured,
    Preparation,
    Prompt,
    Question,
    Summarise,
    in_force,
    prepare,
)
from launcher.chat.context_room import answer_room, larger_context
from launcher.chat.conversation import Conversation, Maker, Message, MessageState
from launcher.chat.statistics import together
from launcher.chat.summary import summary_request, summary_text
from launcher.cli.chat_terminal import Shown, TerminalEngine
from launcher.core.errors import UserError
from launcher.core.generation import Answer, Loaded, Timings
from launcher.core.models import Sampling
from launcher.core.plans import MemoryUse
from launcher.core.units import whole


@dataclass(frozen=True, slots=True)
class Manner:
    """How a conversation is led.

    Attributes:
        system_prompt: "" for none.
        system_policy: `Variant.system_prompt`.
        thinks: answers begin with a thought.
        max_answer_tokens: None for no limit.
        planned: what the load takes, for offering a larger context; None when not known.
    """

    policy: ContextPolicy
    sampling: Sampling
    system_prompt: str
    system_policy: str
    thinks: bool
    max_answer_tokens: int | None
    planned: MemoryUse | None


class Talk:
    """Questions and answers, kept as the window keeps them."""

    def __init__(self, engine: TerminalEngine, loaded: Loaded, manner: Manner, say: Callable[[str], None]) -> None:
        self._engine = engine
        self._loaded = loaded
        self._manner = manner
        self._say = say
        self._make = Maker()
        self._chat: Conversation = self._make.conversation()

    def clear(self) -> None:
        """Begin a new chat."""
        self._chat = self._make.conversation()

    @property
    def unfinished(self) -> Message | None:
        """The last answer, where it can go on: it has text, or a thought, and ended before the model did."""
        path = self._chat.path()
        last = path[-1] if path else None
        timings = last.timings if last else None
        can_go_on = timings is not None and timings.stop_reason != "end"
        has_begun = last is not None and (bool(last.text.strip()) or last.is_only_thought)
        return last if has_begun and can_go_on else None

    def ask(self, text: str) -> Prompt:
        """Take a question on and find the prompt for it.

        Raises:
            UserError: it does not fit, or the policy is to stop; the question is no part of the chat then.
        """
        before = self._chat
        self._chat = before.with_message(self._make.user_message(text, before.leaf_id))
        try:
            return self._prepared("")
        except UserError:
            self._chat = before
            raise

    def go_on(self, answer: Message) -> Prompt:
        """Find the prompt for going on with the last answer; older messages leave where there is no room.

        Raises:
            UserError: it cannot go on.
        """
        before = self._chat
        self._chat = before.with_leaf(answer.parent_id)
        try:
            return self._prepared(answer.reasoning if answer.is_only_thought else answer.text)
        finally:
            self._chat = self._chat.with_leaf(before.leaf_id)

    def answered(self, answer: Answer, continued: Message | None) -> Timings:
        """The engine's answer is the chat's last message. Its figures, with those of the part that it goes on from."""
        timings = together(continued.timings if continued else None, answer.timings)
        if continued is not None:
            reasoning = answer.reasoning if continued.is_only_thought else continued.reasoning
            message = replace(continued, text=answer.answer, reasoning=reasoning, timings=timings)
        else:
            made = self._make.answer(self._chat.leaf_id or "", self._loaded.name, self._loaded.quant)
            message = replace(
                made, text=answer.answer, reasoning=answer.reasoning, state=MessageState.DONE, timings=timings
            )
        self._chat = self._chat.with_message(message)
        return timings

    def take_back(self) -> None:
        """The last question was not answered: it is no part of the chat."""
        path = self._chat.path()
        self._chat = self._chat.with_leaf(path[-1].parent_id if path else None)

    @property
    def thinks(self) -> bool:
        """Whether the next answer begins with a thought."""
        return self._manner.thinks

    def _prepared(self, prefix: str) -> Prompt:
        manner, chat = self._manner, self._chat
        path = chat.path()
        before = in_force(path, chat.cut_id, chat.summaries)
        n_ctx = self._loaded.n_ctx
        question = Question(
            path,
            n_ctx,
            answer_room(n_ctx, manner.max_answer_tokens, thinks=self.thinks),
            manner.policy,
            manner.system_prompt,
            manner.system_policy,
            prefix,
            larger_context(self._loaded, manner.planned),
        )
        prompt = self._run(prepare(question, before))
        start, summary = prompt.selection.start, prompt.selection.summary
        if summary is not None and summary != before.summary:
            summary = replace(summary, model=f"{self._loaded.name} {self._loaded.quant}", created_at=time.time())
            self._say(f"The {whole(summary.n_messages)} oldest messages go as a summary from now on:\n{summary.text}")
        if prompt.problem is not None:
            self._say(f"There is no summary: {prompt.problem}")
        if prompt.selection.n_cut and start != before.start:
            self._say(f"The context is full: the {whole(start)} oldest messages are no longer sent to the model.")
        self._chat = chat.with_cut(path[start].id if start else None, summary)
        return prompt

    def _run(self, preparation: Preparation) -> Prompt:
        try:
            wish = next(preparation)
            while True:
                wish = preparation.send(self._measured(wish) if isinstance(wish, Count) else self._summarised(wish))
        except StopIteration as end:
            return end.value

    def _measured(self, wish: Count) -> Measured:
        counted = self._engine.count(wish.turns, self.thinks)
        return Measured(counted.tokens, counted.turn_tokens)

    def _summarised(self, wish: Summarise) -> str | UserError:
        part = f", part {wish.part} of {wish.n_parts}" if wish.n_parts > 1 else ""
        self._say(f"Summarising {whole(wish.n_messages)} older messages{part} (Ctrl+C goes on without) …")
        request = summary_request(wish.turns, self._manner.sampling, self._loaded.n_ctx)
        try:
            return summary_text(self._engine.answer(request, Shown(None, None)))
        except UserError as error:
            if error.code == "engine_stopped":
                raise
            return error
