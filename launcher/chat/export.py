"""A conversation as Markdown, for a file or the clipboard; and what every written form of a chat shares."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from launcher.chat.attachments import Attachment, shown_name
from launcher.chat.conversation import Conversation, Message, MessageState, Role
from launcher.chat.counts import characters_in_words, tokens_in_words
from launcher.chat.json_text import as_listing, is_json
from launcher.core.units import duration, whole
from launcher.core.words import say

# Not allowed in names on some system, or reordering text.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_MOST_NAME_CHARS = 80
_BACKTICKS = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)


def to_markdown(
    conversation: Conversation,
    with_reasoning: bool = False,
    zone: tzinfo | None = None,
    *,
    with_attachments: bool = False,
) -> str:
    """The open branch as one Markdown document.

    Args:
        conversation: what to export.
        with_reasoning: also the thinking, as a quote before each answer.
        zone: time zone of the date line; None is the local one.
        with_attachments: the whole texts of attached files; otherwise their names.
    """
    parts = [f"# {title_of(conversation)}", date_of(conversation.created_at, zone)]
    if note := branch_note(conversation):
        parts.append(f"*{note}*")
    parts += [_section(m, with_reasoning, with_attachments) for m in conversation.path()]
    return "\n\n".join(parts) + "\n"


def title_of(conversation: Conversation) -> str:
    """The title on one line, never empty."""
    return " ".join(conversation.title.split()) or say("Chat")


def date_of(seconds: float, zone: tzinfo | None = None) -> str:
    """Year to minute; "" for a time that no calendar has (imported files)."""
    try:
        return datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return ""


def writer_of(message: Message) -> str:
    """Who wrote a message: you, or the model."""
    if message.role is Role.USER:
        return say("You")
    return " ".join(f"{message.model} {message.quant}".split()) or say("Answer")


def branch_note(conversation: Conversation) -> str:
    """That there is more than the open branch, which only the JSON form keeps; "" when there is not."""
    others = len(conversation.messages) - len(conversation.path())
    if not others:
        return ""
    if others == 1:
        return say("1 message of another branch is not shown here.")
    return say("{count} messages of other branches are not shown here.", count=whole(others))


def end_note(message: Message) -> str:
    """That an answer is not complete; "" when it is."""
    if message.state is MessageState.STOPPED:
        return say("stopped")
    if message.state is MessageState.FAILED:
        return say("incomplete")
    return ""


def thought_words(message: Message) -> str:
    """How long the thought before an answer was, as far as that is known."""
    timings = message.timings
    if timings is None or not timings.reasoning_seconds:
        return say("Thought")
    words = say("Thought for {time}", time=duration(timings.reasoning_seconds))
    return f"{words} · {tokens_in_words(timings.reasoning_tokens)}"


def attachment_words(attachment: Attachment) -> str:
    """A file's name and how much of it was sent."""
    words = f"{shown_name(attachment.name)} · {characters_in_words(len(attachment.text))}"
    if attachment.cut_chars:
        words += f" · {say('{count} characters were left out', count=whole(attachment.cut_chars))}"
    return words


def file_stem(conversation: Conversation, taken: set[str] | None = None) -> str:
    """A file name without ending for a chat, that every system takes.

    Args:
        conversation: whose title it comes from.
        taken: names in use, in lower case; the new one is added, and is none of them.
    """
    stem = " ".join(_NOT_IN_NAMES.sub(" ", title_of(conversation)).split())[:_MOST_NAME_CHARS].strip(". ")
    if not stem or _RESERVED.match(stem):
        stem = f"{say('Chat')} {stem}".strip()
    if taken is None:
        return stem
    name, number = stem, 1
    while name.lower() in taken:
        number += 1
        name = f"{stem} ({number})"
    taken.add(name.lower())
    return name


def _section(message: Message, with_reasoning: bool, with_attachments: bool) -> str:
    parts = [f"## {writer_of(message)}"]
    if with_reasoning and message.reasoning.strip():
        parts.append("\n".join(f"> {line}".rstrip() for line in message.reasoning.strip().splitlines()))
    for attachment in message.attachments:
        parts.append(f"*{attachment_words(attachment)}*")
        if with_attachments:
            parts.append(fenced(attachment.text))
    if message.text.strip():
        text = message.text.strip()
        parts.append(as_listing(text, is_whole=True).strip() if is_json(text) else text)
    if note := end_note(message):
        parts.append(f"*({note})*")
    return "\n\n".join(parts)


def fenced(text: str) -> str:
    """A listing whose marks are longer than any inside it."""
    longest = max((len(m[1]) for m in _BACKTICKS.finditer(text)), default=2)
    mark = "`" * (longest + 1)
    return f"{mark}\n{text.rstrip()}\n{mark}"
