"""What the model gets of a conversation: system prompt, turns without earlier reasoning, and which old ones no longer fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from launcher.chat.conversation import Message, Role
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import ChatTurn
from launcher.core.units import whole
from launcher.core.words import say

# Role marks around each turn: 2 to 5 tokens in every DeepSeek template.
TURN_OVERHEAD_TOKENS = 5
# After a cut the prompt fills at most this share, so that the next cut is many turns away: every cut makes the
# engine evaluate the whole prompt again, because the cached beginning has changed.
_SHARE_AFTER_CUT = 0.6


def estimated_tokens(text: str) -> int:
    """Tokens of a text without a tokenizer, on the high side: 3.2 characters each in Latin text, 1 per CJK character."""
    wide = sum(1 for c in text if c >= "\u2e80")
    return wide + -(-(len(text) - wide) * 10 // 32)


@dataclass(frozen=True, slots=True)
class ContextUse:
    """What is inside the context, in tokens.

    Attributes:
        total_tokens: the context the engine allocated.
        chat_tokens: messages of both sides that are sent.
        thinking_tokens: reasoning of the answer in progress; it is dropped when the next question is sent.
        estimated: counted without the model's tokenizer.
    """

    total_tokens: int
    system_tokens: int = 0
    chat_tokens: int = 0
    thinking_tokens: int = 0
    estimated: bool = False

    @property
    def used_tokens(self) -> int:
        """All parts together."""
        return self.system_tokens + self.chat_tokens + self.thinking_tokens


@dataclass(frozen=True, slots=True)
class Prompt:
    """The turns to send, and what was left out.

    Attributes:
        cut: how many of the oldest messages of the path are not sent; the cut line stands before message `cut`. 0: nothing cut.
    """

    turns: tuple[ChatTurn, ...]
    cut: int
    use: ContextUse


def build_turns(
    path: Sequence[Message], system_prompt: str = "", system_policy: str = "allowed"
) -> tuple[ChatTurn, ...]:
    """Turn messages into what the engine's chat template takes.

    Earlier reasoning is left out, as DeepSeek's templates do. Answers without text (stopped while thinking) are left
    out and the questions around them joined, because several templates demand that roles alternate.

    Args:
        path: the open branch, oldest first, ending with the user's message.
        system_prompt: the user's own; "" for none.
        system_policy: `Variant.system_prompt`. "discouraged" (R1, R1 distils, LLM): the text goes in front of the first
            user turn, as the R1 model card asks; otherwise it is a system turn. "built-in": the template brings its own
            when none is sent.
    """
    turns: list[ChatTurn] = []
    for message in path:
        if not message.text.strip():
            continue
        role = message.role.value
        if turns and turns[-1].role == role:
            turns[-1] = ChatTurn(role, f"{turns[-1].content}\n\n{message.text}")
        else:
            turns.append(ChatTurn(role, message.text))
    if turns and turns[0].role == Role.ASSISTANT.value:
        turns.pop(0)
    prompt = system_prompt.strip()
    if not prompt or not turns:
        return tuple(turns)
    if system_policy == "discouraged":
        turns[0] = ChatTurn(turns[0].role, f"{prompt}\n\n{turns[0].content}")
        return tuple(turns)
    return (ChatTurn("system", prompt), *turns)


def fit_prompt(
    path: Sequence[Message],
    context_tokens: int,
    answer_tokens: int,
    system_prompt: str = "",
    system_policy: str = "allowed",
    previous_cut: int = 0,
    count: Callable[[str], int] = estimated_tokens,
) -> Prompt:
    """Choose the turns that fit and say which messages were left out.

    Whole exchanges leave from the front, in one large block (down to 60 % of the room), so that the kept beginning
    stays the same for many turns and the engine reuses it. The system prompt and the newest message always stay.

    Args:
        path: the open branch, ending with the user's message.
        context_tokens: what the engine allocated.
        answer_tokens: kept free for the answer.
        system_prompt: the user's own; "" for none.
        system_policy: `Variant.system_prompt`, see `build_turns`.
        previous_cut: the cut of the turn before; a cut only moves forward, never back and forth.
        count: tokens of a text; the estimate is used until the engine's tokenizer is at hand.

    Raises:
        UserError: ("message_too_long") the newest message alone does not fit.
    """
    costs = [count(m.text) + TURN_OVERHEAD_TOKENS if m.text.strip() else 0 for m in path]
    system_tokens = count(system_prompt) + TURN_OVERHEAD_TOKENS if system_prompt.strip() else 0
    room = context_tokens - answer_tokens - system_tokens
    starts = [i for i, m in enumerate(path) if m.role is Role.USER] or [0]
    cut = max((s for s in starts if s <= previous_cut), default=0)
    if sum(costs[cut:]) > room:
        target = int(room * _SHARE_AFTER_CUT)
        later = [s for s in starts if s > cut]
        fitting = next((s for s in later if sum(costs[s:]) <= target), None)
        # One long exchange may exceed the target and still fit: then only what must go goes.
        cut = fitting if fitting is not None else next((s for s in later if sum(costs[s:]) <= room), starts[-1])
        if sum(costs[cut:]) > room:
            raise _too_long(sum(costs[cut:]), room, context_tokens)
    turns = build_turns(path[cut:], system_prompt, system_policy)
    use = ContextUse(
        total_tokens=context_tokens,
        system_tokens=system_tokens,
        chat_tokens=sum(costs[cut:]),
        estimated=count is estimated_tokens,
    )
    return Prompt(turns, cut, use)


def _too_long(needed: int, room: int, context_tokens: int) -> UserError:
    longer = 2 * context_tokens
    return UserError(
        "message_too_long",
        "This message is too long for the model's context.",
        say(
            "It has about {needed} tokens; {room} of the {all} tokens are left for it.",
            needed=whole(needed),
            room=whole(max(0, room)),
            all=whole(context_tokens),
        ),
        (
            NextStep("Shorten the message", "edit_message"),
            NextStep(say("Load with {n} context", n=whole(longer)), "load_with_context", str(longer)),
        ),
    )
