"""What the model gets of a conversation: system prompt, summary, turns without earlier reasoning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from launcher.chat.conversation import Message, Role, Summary
from launcher.core.generation import ChatTurn

# To the model, so not translated: it marks what is no message of the person.
_SUMMARY_HEAD = "[Summary of the earlier part of this conversation, which is not shown any more:"
_SUMMARY_END = "End of the summary.]"


def estimated_tokens(text: str) -> int:
    """Tokens of a text without a tokenizer, on the high side: 3.2 characters each in Latin text, 1 per CJK character."""
    wide = sum(1 for c in text if c >= "\u2e80")
    return wide + -(-(len(text) - wide) * 10 // 32)


@dataclass(frozen=True, slots=True)
class ContextUse:
    """What is inside the context, in tokens.

    Attributes:
        total_tokens: the context the engine allocated.
        chat_tokens: messages of both sides that are sent, a summary included.
        thinking_tokens: reasoning of the answer in progress; it is dropped when the next question is sent.
        answer_tokens: kept free for the next answer.
        estimated: counted without the model's tokenizer.
    """

    total_tokens: int
    system_tokens: int = 0
    chat_tokens: int = 0
    thinking_tokens: int = 0
    estimated: bool = False
    answer_tokens: int = 0

    @property
    def used_tokens(self) -> int:
        """All parts together."""
        return self.system_tokens + self.chat_tokens + self.thinking_tokens


def turn_starts(path: Sequence[Message]) -> tuple[int, ...]:
    """For each turn of `build_turns` but the system's: the number of the message it begins with."""
    return tuple(group[0] for group in _grouped(path))


def build_turns(
    path: Sequence[Message], system_prompt: str = "", system_policy: str = "allowed", summary: Summary | None = None
) -> tuple[ChatTurn, ...]:
    """Turn messages into what the engine's chat template takes.

    Earlier reasoning is left out, as DeepSeek's templates do. Answers without text (stopped while thinking) are left
    out and the questions around them joined, because several templates demand that roles alternate.

    Args:
        path: the messages to send, oldest first.
        system_prompt: the user's own; "" for none.
        system_policy: `Variant.system_prompt`. "discouraged" (R1, R1 distils, LLM): the text goes in front of the first
            user turn, as the R1 model card asks; otherwise it is a system turn. "built-in": the template brings its own
            when none is sent.
        summary: of what came before `path`. It goes in front of the first user turn, where every template allows text
            and where text by a model has no more weight than a message.
    """
    turns = [
        ChatTurn(path[group[0]].role.value, "\n\n".join(path[i].sent_text for i in group)) for group in _grouped(path)
    ]
    if not turns:
        return ()
    first = turns[0].content
    if summary is not None:
        first = f"{_SUMMARY_HEAD}\n{summary.text}\n{_SUMMARY_END}\n\n{first}"
    prompt = system_prompt.strip()
    if prompt and system_policy == "discouraged":
        first = f"{prompt}\n\n{first}"
    turns[0] = ChatTurn(turns[0].role, first)
    if prompt and system_policy != "discouraged":
        return (ChatTurn("system", prompt), *turns)
    return tuple(turns)


def prompt_alone(system_prompt: str, system_policy: str) -> tuple[ChatTurn, ...]:
    """What a chat without messages would send of its system prompt; () where there is none."""
    prompt = system_prompt.strip()
    if not prompt:
        return ()
    # Templates ask for something said by the user.
    if system_policy == "discouraged":
        return (ChatTurn("user", prompt),)
    return ChatTurn("system", prompt), ChatTurn("user", "")


def _grouped(path: Sequence[Message]) -> list[list[int]]:
    """Numbers of the messages with text, those of one side after one another together, the user first."""
    groups: list[list[int]] = []
    for i, message in enumerate(path):
        if not (message.text.strip() or message.attachments):
            continue
        if groups and path[groups[-1][0]].role is message.role:
            groups[-1].append(i)
        elif groups or message.role is Role.USER:
            groups.append([i])
    return groups
