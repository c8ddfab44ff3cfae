"""The chat that is open: its newest value, and the way of its changes to the disk."""

from __future__ import annotations

import time
from dataclasses import replace

from launcher.chat.attachments import Attachment
from launcher.chat.chat_settings import ChatSettings
from launcher.chat.conversation import Conversation, Maker, Message
from launcher.chat.titles import title_from, title_from_exchange
from launcher.services.chat_service import ChatService


class OpenChat:
    """One at a time. A new one is written with its first message.

    Attributes:
        value: with all its messages.
        is_on_disk: whether it has been written.
    """

    def __init__(self, store: ChatService) -> None:
        """Begin with an empty one."""
        self._store = store
        self._make = Maker()
        self.value: Conversation = self._make.conversation()
        self.is_on_disk = False

    def begin(self, settings: ChatSettings) -> None:
        """An empty chat takes its place."""
        self.set(replace(self._make.conversation(), settings=settings), is_on_disk=False)

    def set(self, chat: Conversation, *, is_on_disk: bool) -> None:
        """Another chat takes its place, or another value of it that is written already."""
        self.value, self.is_on_disk = chat, is_on_disk

    # -- messages

    def send(self, text: str, attachments: tuple[Attachment, ...]) -> Message:
        """Put a message of the user at the end; a chat without a title gets one."""
        message = self._make.user_message(text, self.value.leaf_id, attachments)
        if not self.value.title:
            names = ", ".join(a.name for a in attachments)
            self.value = replace(self.value, title=title_from(text) or names)
        self._add(message)
        return message

    def send_again(self, old: Message, text: str) -> None:
        """Open the branch that ends with a message of the user, or with its new text as another branch beside it."""
        if text == old.text.strip():
            self.value = self.value.with_leaf(old.id)
        else:
            self.value = self.value.with_leaf(old.parent_id)
            self._add(self._make.user_message(text, old.parent_id, old.attachments))

    def go_back(self, message_id: str | None) -> None:
        """End the open branch with an earlier message, here alone: what is asked next writes where it ends."""
        self.value = self.value.with_leaf(message_id)

    def take_back(self, message_id: str | None) -> None:
        """End the open branch with an earlier message, on the disk as well: what came after it was not sent."""
        self.go_back(message_id)
        self._store.set_leaf(self.value.id, message_id)

    def grow(self, chat: Conversation) -> None:
        """The chat with more of its answer; its name and settings may have changed while that was made."""
        now = self.value
        self.value = replace(chat, title=now.title, is_named=now.is_named, settings=now.settings)

    def update(self, message: Message) -> None:
        """Another value of one of its messages, written elsewhere."""
        self.value = self.value.with_message(message)

    def _add(self, message: Message) -> None:
        self.value = self.value.with_message(message, time.time()).with_leaf(message.id)
        if self.is_on_disk:
            self._store.save_message(self.value.id, message)
        else:
            self.is_on_disk = True
            self._store.create(self.value)
        self._store.list_conversations()

    # -- what it is called, and how it is answered

    def set_name(self, title: str) -> None:
        """The user named it, which is written elsewhere."""
        self.value = replace(self.value, title=title, is_named=True)

    def name_after(self, answered: Conversation) -> None:
        """After the first exchange of a chat, open or not: the answer may say better than the question what it is about."""
        path = answered.path()
        if len(path) != 2 or answered.is_named or not path[1].text:
            return
        title = title_from_exchange(path[0].text, path[1].text)
        if title and title != answered.title:
            self._store.set_title(answered.id, title)
            if answered.id == self.value.id and not self.value.is_named:
                self.value = replace(self.value, title=title)

    def set_settings(self, settings: ChatSettings) -> None:
        """What it wants of its answers."""
        self.value = replace(self.value, settings=settings)
        if self.is_on_disk:
            self._store.save_settings(self.value.id, settings)
