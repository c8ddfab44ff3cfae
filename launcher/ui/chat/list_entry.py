"""A row of the message list while it may have no widget: what it will show, and how high it is or may be."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from launcher.chat.conversation import Message, Role
from launcher.ui.chat.long_message import folded_part
from launcher.ui.chat.rows import MessageRow
from launcher.ui.theme import px


class Entry:
    """A row of the list, with or without its widget. A row without a message is made by `make`."""

    __slots__ = ("height", "index", "key", "make", "measured_width", "message", "widget")

    def __init__(
        self, key: str, message: Message | None = None, make: Callable[[QWidget], MessageRow] | None = None
    ) -> None:
        self.key = key
        self.message = message
        self.make = make
        self.widget: MessageRow | None = None
        self.index = 0
        self.height = 0
        self.measured_width = 0


def estimated_height(entry: Entry, width: int) -> int:
    """Height of a message nobody has seen yet."""
    if entry.message is None:
        return px(28)
    text = entry.message.text
    if entry.message.role is Role.USER:
        text = folded_part(text) or text
    lines = len(text) * px(7.4) / max(1, width) + text.count("\n") * 0.6 + 1
    extra = px(86) if entry.message.role is Role.ASSISTANT else px(14)
    return round(lines * px(24)) + extra
