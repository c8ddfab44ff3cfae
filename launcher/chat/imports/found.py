"""What was found in a file of chats, and the small readers that all formats share. Nothing in a file is trusted."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from launcher.chat.chat_settings import ChatSettings
from launcher.chat.conversation import Conversation, Folder, Message, Role
from launcher.chat.titles import title_from
from launcher.core.units import whole
from launcher.core.words import say

MOST_TEXT_CHARS = 20_000_000
_THOUGHT = re.compile(r"\A\s*<think>(.*?)(?:</think>|\Z)", re.DOTALL)

Json = dict[str, object]


class Source(StrEnum):
    """The programs whose files can be read; the values are their names."""

    OWN = "launcher"
    CHATGPT = "ChatGPT"
    LM_STUDIO = "LM Studio"
    OPEN_WEBUI = "Open WebUI"


class LeftOut(StrEnum):
    """What a file has and a chat here cannot."""

    CHATS = "chats"
    EMPTY = "empty"
    MESSAGES = "messages"
    PICTURES = "pictures"
    FILES = "files"
    TOOLS = "tools"
    INSTRUCTIONS = "instructions"
    SETTINGS = "settings"
    TAGS = "tags"

    def words(self, count: int) -> str:
        """The sentence about it."""
        if count == 1:
            return {
                LeftOut.CHATS: say("1 chat could not be read."),
                LeftOut.EMPTY: say("1 chat has no messages."),
                LeftOut.MESSAGES: say("1 message could not be read."),
                LeftOut.PICTURES: say("1 picture or recording: only text is kept here."),
                LeftOut.FILES: say("1 attached file, whose content is not in the export."),
                LeftOut.TOOLS: say("1 call of a tool and its result."),
                LeftOut.INSTRUCTIONS: say("1 hidden instruction."),
                LeftOut.SETTINGS: say("The sampling settings of 1 chat."),
                LeftOut.TAGS: say("The tags of 1 chat."),
            }[self]
        n = whole(count)
        return {
            LeftOut.CHATS: say("{n} chats could not be read.", n=n),
            LeftOut.EMPTY: say("{n} chats have no messages.", n=n),
            LeftOut.MESSAGES: say("{n} messages could not be read.", n=n),
            LeftOut.PICTURES: say("{n} pictures and recordings: only text is kept here.", n=n),
            LeftOut.FILES: say("{n} attached files, whose content is not in the export.", n=n),
            LeftOut.TOOLS: say("{n} calls of tools and their results.", n=n),
            LeftOut.INSTRUCTIONS: say("{n} hidden instructions.", n=n),
            LeftOut.SETTINGS: say("The sampling settings of {n} chats.", n=n),
            LeftOut.TAGS: say("The tags of {n} chats.", n=n),
        }[self]


@dataclass
class Imported:
    """The chats of one file.

    Attributes:
        source: which program wrote it.
        chats: ready to be kept; their ids follow from the file, so that the same file gives the same ids again.
        folders: of our own exports.
        left_out: how many of what could not be taken.
    """

    source: Source
    chats: list[Conversation] = field(default_factory=lambda: list[Conversation]())
    folders: tuple[Folder, ...] = ()
    left_out: Counter[LeftOut] = field(default_factory=lambda: Counter[LeftOut]())

    def add(self, chat: Conversation) -> None:
        """Take a chat, unless nothing is in it."""
        if chat.messages:
            self.chats.append(chat)
        else:
            self.left_out[LeftOut.EMPTY] += 1

    def add_foreign(
        self,
        chat_id: str,
        title: str,
        times: tuple[float, float],
        messages: Sequence[Message],
        leaf_id: str | None,
        is_pinned: bool,
        system_prompt: str = "",
    ) -> None:
        """Take another program's chat.

        Args:
            chat_id: what that program calls it.
            title: "" takes one from the first question.
            times: when it was made and last changed, in seconds since the epoch.
            messages: parents before children.
            leaf_id: where the open branch ends.
            is_pinned: whether it was marked there.
            system_prompt: its own, "" for none.
        """
        first = next((m.text for m in messages if m.role is Role.USER), "")
        self.add(
            Conversation(
                id=own_id(self.source, chat_id),
                title=title or title_from(first),
                created_at=times[0],
                updated_at=times[1],
                messages=tuple(messages),
                leaf_id=leaf_id,
                is_named=bool(title),
                is_pinned=is_pinned,
                settings=ChatSettings(system_prompt=system_prompt or None),
            )
        )


def own_id(*parts: str) -> str:
    """An id that follows from where something stands in a file, as long as ours are."""
    import hashlib  # OpenSSL, 4 MB that a window without imports can do without

    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def table(value: object) -> Json:
    """The object, or an empty one for anything else."""
    return cast("Json", value) if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """The list, or an empty one for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def text(value: object) -> str:
    """The string, or "" for anything else and for what no chat needs."""
    return value if isinstance(value, str) and len(value) <= MOST_TEXT_CHARS else ""


def seconds(value: object, default: float = 0.0) -> float:
    """A time since the epoch, whether the file has seconds, milli-, micro- or nanoseconds."""
    time_s = number(value)
    if not time_s:
        return default
    while time_s > 1e11:  # the year 5138
        time_s /= 1000
    return time_s


def number(value: object) -> float:
    """A figure, 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        figure = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return 0.0
    return figure if math.isfinite(figure) and figure >= 0 else 0.0


def without_thought(content: str) -> tuple[str, str]:
    """The answer, and the thought that stands before it between `<think>` marks."""
    match = _THOUGHT.match(content)
    return (content[match.end() :].strip(), match[1].strip()) if match else (content, "")


def joined(parts: Iterable[str], by: str = "\n\n") -> str:
    """Parts with text, after one another."""
    return by.join(p for p in parts if p.strip())
