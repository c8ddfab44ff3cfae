"""Numbers of chats, messages, tokens and characters in words, one and many."""

from __future__ import annotations

from launcher.core.units import whole
from launcher.core.words import say


def chats_in_words(n: int) -> str:
    """One chat, or a number of them."""
    return say("1 chat") if n == 1 else say("{n} chats", n=whole(n))


def messages_in_words(n: int) -> str:
    """One message, or a number of them."""
    return say("1 message") if n == 1 else say("{n} messages", n=whole(n))


def tokens_in_words(n: int) -> str:
    """One token, or a number of them."""
    return say("1 token") if n == 1 else say("{count} tokens", count=whole(n))


def characters_in_words(n: int) -> str:
    """One character, or a number of them."""
    return say("1 character") if n == 1 else say("{count} characters", count=whole(n))
