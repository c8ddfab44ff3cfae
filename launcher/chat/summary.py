"""A summary of the oldest part of a chat, written by the loaded model itself: what it is asked, and what is kept of its reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from launcher.chat.conversation import Message, Role, Summary
from launcher.chat.turns import build_turns, estimated_tokens
from launcher.core.errors import UserError
from launcher.core.generation import Answer, ChatTurn, GenerateRequest
from launcher.core.models import Sampling
from launcher.core.units import whole
from launcher.core.words import say

# To the model, so not translated.
_INSTRUCTION = (
    "Summarise this conversation up to here, so that it can go on without the messages themselves. Keep what was asked for, "
    "decisions, names, numbers, code identifiers and open questions; leave out courtesies. If a summary of an even earlier "
    "part is included above, keep what matters of it. Write at most {words} words in the language of the conversation, "
    "as plain sentences, and nothing else."
)
# The answer is made to begin with this: a model that always thinks has its thought closed by the engine then.
_OPENING = "Summary of the conversation up to here:\n"
_THOUGHT_END = "</think>"
_TEMPERATURE = 0.3
_WORDS_PER_TOKEN = 0.6
_FRAME_TOKENS = 160  # instruction, opening and the marks around a summary
_MOST_TOKENS, _LEAST_TOKENS = 768, 96
_SENTENCE_ENDS = (". ", ".\n", "! ", "? ", "。", "！", "？", "\n")


def summary_tokens(context_tokens: int) -> int:
    """The longest summary, in tokens: a sixteenth of the context, at most 768."""
    return max(_LEAST_TOKENS, min(_MOST_TOKENS, context_tokens // 16))


def summary_cost(context_tokens: int) -> int:
    """What a summary may take in the prompts after it, with the marks around it; tokens."""
    return summary_tokens(context_tokens) + _FRAME_TOKENS // 2


def summary_parts(messages: Sequence[Message], context_tokens: int) -> tuple[tuple[Message, ...], ...]:
    """Split what is to be summarised into parts that the model can read at once: whole exchanges, one part normally.

    Raises:
        UserError: ("summary_too_long") one exchange alone is longer than the context.
    """
    room = context_tokens - 2 * summary_tokens(context_tokens) - _FRAME_TOKENS
    parts: list[list[Message]] = [[]]
    used = 0
    for exchange in _exchanges(messages):
        tokens = sum(estimated_tokens(m.sent_text) + 8 for m in exchange)
        if tokens > room:
            raise _too_long(tokens, room)
        if parts[-1] and used + tokens > room:
            parts.append([])
            used = 0
        parts[-1] += exchange
        used += tokens
    return tuple(tuple(part) for part in parts if part)


def summary_turns(
    part: Sequence[Message], previous: Summary | None, system_prompt: str, system_policy: str, context_tokens: int
) -> tuple[ChatTurn, ...]:
    """The chat itself with the wish for a summary as its last question: its beginning is the one that is in the cache already."""
    words = int(summary_tokens(context_tokens) * _WORDS_PER_TOKEN)
    wish = Message("", Role.USER, _INSTRUCTION.format(words=words))
    return build_turns((*part, wish), system_prompt, system_policy, previous)


def summary_request(turns: tuple[ChatTurn, ...], sampling: Sampling, context_tokens: int) -> GenerateRequest:
    """What the engine is asked: without a thought, of bounded length, close to the likeliest words."""
    return GenerateRequest(
        turns,
        replace(sampling, temperature=min(sampling.temperature, _TEMPERATURE)),
        thinking=False,
        max_tokens=summary_tokens(context_tokens),
        prefix=_OPENING,
        thinking_budget=0,
    )


def summary_text(answer: Answer) -> str:
    """What is kept of the model's reply.

    Raises:
        UserError: ("summary_stopped") the person stopped it; ("summary_empty") the model wrote nothing.
    """
    if answer.timings.stop_reason == "stopped":
        raise UserError("summary_stopped", "The summary was cancelled.")
    text = answer.answer.removeprefix(_OPENING).removeprefix(_OPENING.strip())
    # A model that thinks although its thought was closed ends that with the mark alone.
    text = text.rpartition(_THOUGHT_END)[2].strip()
    if answer.timings.stop_reason in ("length", "context"):
        text = _to_last_sentence(text)
    if not text:
        raise UserError("summary_empty", "The model wrote no summary.")
    return text


def _exchanges(messages: Sequence[Message]) -> list[list[Message]]:
    """Each question with its answers."""
    groups: list[list[Message]] = []
    for message in messages:
        if message.role is Role.USER or not groups:
            groups.append([])
        groups[-1].append(message)
    return groups


def _to_last_sentence(text: str) -> str:
    """Without the half sentence at which the length limit fell, where that leaves more than half of the text."""
    end = max(text.rfind(mark) + len(mark.rstrip(" \n")) for mark in _SENTENCE_ENDS)
    return text[:end].strip() if end > len(text) // 2 else text


def _too_long(tokens: int, room: int) -> UserError:
    return UserError(
        "summary_too_long",
        "The oldest messages are too long for a summary.",
        say("They have about {tokens} tokens; {room} can be read at once.", tokens=whole(tokens), room=whole(room)),
    )
