"""A conversation as Markdown, for a file or the clipboard."""

from __future__ import annotations

from datetime import datetime, tzinfo

from launcher.chat.conversation import Conversation, Message, Role


def to_markdown(conversation: Conversation, with_reasoning: bool = False, zone: tzinfo | None = None) -> str:
    """The open branch as one Markdown document.

    Args:
        conversation: what to export.
        with_reasoning: also the thinking, as a quote before each answer.
        zone: time zone of the date line; None is the local one.
    """
    date = datetime.fromtimestamp(conversation.created_at, zone).strftime("%Y-%m-%d %H:%M")
    parts = [f"# {conversation.title or 'Chat'}", date]
    parts += [_section(m, with_reasoning) for m in conversation.path()]
    return "\n\n".join(parts) + "\n"


def _section(message: Message, with_reasoning: bool) -> str:
    if message.role is Role.USER:
        return f"## You\n\n{message.text.strip()}"
    parts = [f"## {' '.join(w for w in (message.model, message.quant) if w) or 'Answer'}"]
    if with_reasoning and message.reasoning.strip():
        parts.append("\n".join(f"> {line}".rstrip() for line in message.reasoning.strip().splitlines()))
    if message.text.strip():
        parts.append(message.text.strip())
    return "\n\n".join(parts)
