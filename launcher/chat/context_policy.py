"""Which part of a chat the model gets once it is longer than the context, and what happens to the rest.

Every message of the open branch is in exactly one of three places, from the oldest to the newest: covered by the summary,
behind the cut line (not sent), or sent word for word. The newest question is always sent. A cut is large (down to 60 % of
the room), so that between two cuts each prompt begins with the whole one before it and the engine's cache holds: models
that cannot shift their cache (deepseek2) evaluate everything again after a cut.

`prepare` is the way there, free of engine and window: a generator that asks for what it needs to know and ends with the
prompt. The window answers it with events, the terminal in a loop, tests with numbers.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from launcher.chat.context_room import load_step
from launcher.chat.conversation import Message, Summary
from launcher.chat.summary import summary_cost, summary_parts, summary_turns
from launcher.chat.turns import ContextUse, build_turns, estimated_tokens, turn_starts
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.generation import ChatTurn
from launcher.core.units import whole
from launcher.core.words import say

_SHARE_AFTER_CUT = 0.6
# With a larger context everything is sent again only where this leaves room for more than the next question.
_SHARE_TO_GO_BACK = 0.8
_LEAST_ANSWER_TOKENS = 256


class ContextPolicy(StrEnum):
    """What happens when a chat no longer fits."""

    TRIM = "trim"
    SUMMARISE = "summarise"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which messages of a path go to the model: those from number `start` on, and the summary of the first `summarised` ones."""

    start: int = 0
    summary: Summary | None = None

    @property
    def summarised(self) -> int:
        """How many of the oldest messages the summary covers."""
        return self.summary.n_messages if self.summary else 0

    @property
    def n_cut(self) -> int:
        """How many messages are neither sent nor covered."""
        return self.start - self.summarised


def in_force(path: Sequence[Message], cut_id: str | None, summaries: Sequence[Summary]) -> Selection:
    """What earlier cuts mean for this branch: those made on another one do not count.

    Args:
        path: the open branch, oldest first.
        cut_id: `Conversation.cut_id`; None: everything was sent last, whatever summaries there are from a smaller context.
        summaries: `Conversation.summaries`.
    """
    if cut_id is None:
        return Selection()
    numbers = {m.id: i for i, m in enumerate(path)}
    starts = turn_starts(path)
    best: Summary | None = None
    for summary in summaries:
        until = numbers.get(summary.until_id)
        # The count is told by the path, not by the file; what follows must be a question.
        if until is not None and until + 1 in starts and (best is None or until + 1 > best.n_messages):
            best = replace(summary, n_messages=until + 1)
    summarised = best.n_messages if best else 0
    cut = numbers.get(cut_id, 0)
    start = max((s for s in starts if s <= max(cut, summarised)), default=0)
    return Selection(start, best)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be sent, and what it must fit into.

    Attributes:
        path: the open branch, ending with the user's message (or with what is continued).
        context_tokens: what the engine allocated.
        answer_tokens: kept free for the answer, see `answer_room`.
        system_prompt: the user's own; "" for none.
        system_policy: `Variant.system_prompt`, see `build_turns`.
        prefix: of an answer that is continued: it stands in the context too.
        larger_context: a context that the memory allows, offered where this one is too small; None for none.
        may_go_back: a context may have become larger: whether everything fits again is tried first.
    """

    path: tuple[Message, ...]
    context_tokens: int
    answer_tokens: int
    policy: ContextPolicy = ContextPolicy.TRIM
    system_prompt: str = ""
    system_policy: str = "allowed"
    prefix: str = ""
    larger_context: int | None = None
    may_go_back: bool = False

    @property
    def room(self) -> int:
        """Tokens that the prompt may have."""
        return self.context_tokens - self.answer_tokens

    @property
    def utmost_room(self) -> int:
        """The same for the newest question alone: better a short answer than none."""
        return self.context_tokens - min(self.answer_tokens, _LEAST_ANSWER_TOKENS, self.context_tokens // 8)

    def turns(self, selection: Selection) -> tuple[ChatTurn, ...]:
        """What the model gets."""
        return build_turns(self.path[selection.start :], self.system_prompt, self.system_policy, selection.summary)


@dataclass(frozen=True, slots=True)
class Count:
    """`prepare` asks how many tokens these turns take in the model's template; the reply is a `Measured`."""

    turns: tuple[ChatTurn, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Tokens of a rendered conversation, and of each turn's own text."""

    tokens: int
    turn_tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Summarise:
    """`prepare` asks for a summary of these turns; the reply is its text, or the UserError that came instead.

    Attributes:
        n_messages: how many messages the finished summary covers.
        part: 1 for the first of `n_parts` pieces.
    """

    turns: tuple[ChatTurn, ...]
    n_messages: int
    part: int
    n_parts: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """The turns to send.

    Attributes:
        tokens: of all of it in the model's template, a prefix included.
        problem: why there is no summary although one was wanted; None when all went as the policy says.
    """

    turns: tuple[ChatTurn, ...]
    selection: Selection
    tokens: int
    use: ContextUse
    problem: UserError | None = None


Preparation = Generator[Count | Summarise, Measured | str | UserError, Prompt]


def prepare(question: Question, selection: Selection) -> Preparation:
    """Find the prompt for a question; `selection` is what is in force (`in_force`).

    Raises:
        UserError: ("message_too_long") the newest question alone does not fit; ("context_stopped") the chat does not fit
            and the policy is to stop. Nothing has changed then.
    """
    if question.may_go_back and selection.start:
        measured = yield from _measured(question, Selection())
        if measured.tokens <= question.room * _SHARE_TO_GO_BACK:
            return _prompt(question, Selection(), measured, None)
    problem: UserError | None = None
    while True:
        measured = yield from _measured(question, selection)
        if measured.tokens <= question.room:
            return _prompt(question, selection, measured, problem)
        start = _next_start(question, selection, measured)
        if start is None:
            if measured.tokens <= question.utmost_room:
                return _prompt(question, selection, measured, problem)
            raise _too_long(question, measured.tokens)
        if question.policy is ContextPolicy.STOP:
            raise _stopped(question, measured.tokens)
        selection = replace(selection, start=start)
        if question.policy is ContextPolicy.SUMMARISE and problem is None:
            made = yield from _summarised(question, selection)
            if isinstance(made, UserError):
                problem = made
            else:
                selection = Selection(start, made)


def estimated(turns: Sequence[ChatTurn]) -> Measured:
    """The reply to `Count` while no model is loaded, on the high side."""
    tokens = tuple(estimated_tokens(t.content) for t in turns)
    return Measured(sum(tokens) + 5 * len(tokens), tokens)


def _measured(question: Question, selection: Selection) -> Generator[Count, Measured | str | UserError, Measured]:
    turns = question.turns(selection)
    if question.prefix:
        turns = (*turns, ChatTurn("assistant", question.prefix))
    reply = yield Count(turns)
    assert isinstance(reply, Measured)  # noqa: S101 - the promise of `Count`
    return reply


def _next_start(question: Question, selection: Selection, measured: Measured) -> int | None:
    """The message with which a shorter prompt begins: at most 60 % of the room, else whatever fits; None: nothing can leave."""
    kept = question.path[selection.start :]
    origins = turn_starts(kept)
    frame = -(-max(0, measured.tokens - sum(measured.turn_tokens)) // max(1, len(measured.turn_tokens)))
    costs = [tokens + frame for tokens in measured.turn_tokens]
    n_before = len(costs) - len(origins) - bool(question.prefix)  # a system turn, which stays
    costs = costs[n_before:]
    fixed = estimated_tokens(question.system_prompt) + frame if question.system_prompt.strip() else 0
    if question.policy is ContextPolicy.SUMMARISE:
        fixed += summary_cost(question.context_tokens)
    elif selection.summary is not None:
        fixed += estimated_tokens(selection.summary.text)
    # Questions only: every second turn.
    later = [(selection.start + origins[i], fixed + sum(costs[i:])) for i in range(2, len(origins), 2)]
    if not later:
        return None
    for most in (question.room * _SHARE_AFTER_CUT, question.room):
        for start, tokens in later:
            if tokens <= most:
                return start
    return later[-1][0]


def _summarised(
    question: Question, selection: Selection
) -> Generator[Summarise, Measured | str | UserError, Summary | UserError]:
    """A summary of everything before the selection's start, in as few pieces as the context allows."""
    n_messages = selection.start
    try:
        parts = summary_parts(question.path[selection.summarised : n_messages], question.context_tokens)
    except UserError as error:
        return error
    summary = selection.summary
    until = question.path[n_messages - 1].id
    for number, part in enumerate(parts, 1):
        turns = summary_turns(part, summary, question.system_prompt, question.system_policy, question.context_tokens)
        reply = yield Summarise(turns, n_messages, number, len(parts))
        if isinstance(reply, UserError):
            return reply
        assert isinstance(reply, str)  # noqa: S101 - the promise of `Summarise`
        summary = Summary(until, reply, n_messages)
    return summary if summary is not None else UserError("summary_empty", "There is nothing to summarise.")


def _prompt(question: Question, selection: Selection, measured: Measured, problem: UserError | None) -> Prompt:
    turns = question.turns(selection)
    system = measured.turn_tokens[0] if turns[0].role == "system" else 0
    use = ContextUse(question.context_tokens, system, measured.tokens - system, answer_tokens=question.answer_tokens)
    return Prompt(turns, selection, measured.tokens, use, problem)


def _too_long(question: Question, tokens: int) -> UserError:
    if question.prefix:
        return UserError(
            "answer_too_long",
            "This answer cannot be continued: with its question alone the context is full.",
            say(
                "Together they have {needed} tokens; {all} are loaded.",
                needed=whole(tokens),
                all=whole(question.context_tokens),
            ),
            load_step(question.larger_context),
        )
    return UserError(
        "message_too_long",
        "This message is too long for the model's context.",
        say(
            "It has {needed} tokens; {room} of the {all} tokens are left for it.",
            needed=whole(tokens),
            room=whole(max(0, question.utmost_room)),
            all=whole(question.context_tokens),
        ),
        (NextStep("Shorten the message", StepAction.EDIT_MESSAGE), *load_step(question.larger_context)),
    )


def _stopped(question: Question, tokens: int) -> UserError:
    return UserError(
        "context_stopped",
        say("The context is full: the answer was not continued.")
        if question.prefix
        else say("The context is full: the message was not sent."),
        say(
            "With it the chat has {tokens} tokens; {room} of the {all} tokens are for the chat, the rest is kept for the "
            "answer. You chose that nothing is left out.",
            tokens=whole(tokens),
            room=whole(question.room),
            all=whole(question.context_tokens),
        ),
        (
            NextStep("Start a new chat", StepAction.NEW_CHAT),
            *load_step(question.larger_context),
            NextStep("Leave out the oldest messages", StepAction.SET_CONTEXT_POLICY, ContextPolicy.TRIM),
            NextStep("Summarise the oldest messages", StepAction.SET_CONTEXT_POLICY, ContextPolicy.SUMMARISE),
        ),
    )
