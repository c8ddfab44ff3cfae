"""A conversation as a tree of messages; what is shown is the path to its leaf. `branches` has what is done to the tree."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from launcher.chat.attachments import Attachment, with_attachments
from launcher.chat.chat_settings import ChatSettings
from launcher.core.generation import Timings


class Role(StrEnum):
    """Who wrote a message."""

    USER = "user"
    ASSISTANT = "assistant"


class MessageState(StrEnum):
    """How far a message is. STOPPED: ended by the user; FAILED: the engine died; both keep the text they have."""

    STREAMING = "streaming"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        text: what the user wrote, or the answer without its reasoning (Markdown, untrusted).
        reasoning: the thinking before the answer, "" for none.
        parent_id: the message this one follows; None at the root. Two children of one parent are two branches.
        created_at: seconds since the epoch.
        model: short name of the model that answered; "" for the user's own.
        timings: measured figures of a finished answer.
        is_edited: an answer whose text was changed by the user.
        attachments: texts of files that go to the model with it.
    """

    id: str
    role: Role
    text: str
    parent_id: str | None = None
    created_at: float = 0.0
    reasoning: str = ""
    state: MessageState = MessageState.DONE
    model: str = ""
    quant: str = ""
    timings: Timings | None = None
    is_edited: bool = False
    attachments: tuple[Attachment, ...] = ()

    @property
    def is_only_thought(self) -> bool:
        """It ended inside its thought, before there was an answer."""
        return bool(self.reasoning.strip()) and not self.text.strip()

    @property
    def sent_text(self) -> str:
        """What the model gets of it: the text, with the files before it."""
        return with_attachments(self.text, self.attachments)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a model wrote down of the beginning of a branch, sent in its place when the context is full.

    It holds for every branch through `until_id`: what comes before a message never changes, because an edit makes another
    message. An edit or a branch before that point leaves the summary behind.

    Attributes:
        until_id: the last message it covers; all before it are covered too.
        text: by the model, so untrusted.
        n_messages: how many it covers.
        model: name and quantisation of the model that wrote it.
        created_at: seconds since the epoch.
    """

    until_id: str
    text: str
    n_messages: int
    model: str = ""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat: all its messages, and which branch is open.

    Attributes:
        messages: every message, parents before children.
        leaf_id: the last message of the open branch; None while empty.
        updated_at: seconds since the epoch; orders the list.
        cut_id: the oldest message that is still sent word for word, since older ones no longer fitted; None while all are.
        summaries: of beginnings of its branches, the newest last.
        is_named: its title was given by the user, so it is never made anew.
        is_pinned: it stands at the top of the list.
        folder_id: the folder it lies in; None for none.
        settings: what this chat wants otherwise than the rest of the program.
    """

    id: str
    title: str
    created_at: float
    updated_at: float
    messages: tuple[Message, ...] = ()
    leaf_id: str | None = None
    cut_id: str | None = None
    summaries: tuple[Summary, ...] = ()
    is_named: bool = False
    is_pinned: bool = False
    folder_id: str | None = None
    settings: ChatSettings = field(default_factory=ChatSettings)

    def path(self) -> tuple[Message, ...]:
        """The open branch, oldest first. A broken parent link ends it instead of raising: old files must open."""
        by_id = {m.id: m for m in self.messages}
        path: list[Message] = []
        seen: set[str] = set()
        current = by_id.get(self.leaf_id or "")
        while current is not None and current.id not in seen:
            seen.add(current.id)
            path.append(current)
            current = by_id.get(current.parent_id or "")
        return tuple(reversed(path))

    def message(self, message_id: str) -> Message | None:
        """The message of that id, or None."""
        return next((m for m in self.messages if m.id == message_id), None)

    def with_message(self, message: Message, updated_at: float | None = None) -> Conversation:
        """Add a message, which becomes the leaf, or replace the one of the same id, which leaves the leaf alone."""
        stamp = self.updated_at if updated_at is None else updated_at
        if self.message(message.id) is None:
            return replace(self, messages=(*self.messages, message), leaf_id=message.id, updated_at=stamp)
        messages = tuple(message if m.id == message.id else m for m in self.messages)
        return replace(self, messages=messages, updated_at=stamp)

    def with_leaf(self, message_id: str | None) -> Conversation:
        """Open another branch; None goes back before the first message."""
        return replace(self, leaf_id=message_id)

    def with_cut(self, message_id: str | None, summary: Summary | None = None) -> Conversation:
        """From now on this is the oldest message that is sent; `summary` is kept for what lies before it."""
        if summary is None or summary in self.summaries:
            return replace(self, cut_id=message_id)
        others = tuple(s for s in self.summaries if s.until_id != summary.until_id)
        return replace(self, cut_id=message_id, summaries=(*others, summary))


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message in which every word of a search occurs.

    Attributes:
        snippet: the text around the first hit, on one line.
        marks: (start, end) of every hit in the snippet, in characters.
        is_reasoning: the snippet is of the thought, not of the answer.
        file_name: the snippet is of this file that goes with the message; "" otherwise.
    """

    message_id: str
    role: Role
    snippet: str
    marks: tuple[tuple[int, int], ...] = ()
    is_reasoning: bool = False
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class ConversationEntry:
    """A chat as the list shows it.

    Attributes:
        is_pinned: it stands at the top.
        folder_id: the folder it lies in; None for none.
        hits: messages that a search found, the newest first, the first few of them; () outside a search and when the title was hit.
        n_hits: how many messages were found in it.
    """

    id: str
    title: str
    updated_at: float
    is_pinned: bool = False
    folder_id: str | None = None
    hits: tuple[SearchHit, ...] = ()
    n_hits: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of chats. Folders do not lie in folders."""

    id: str
    name: str
    is_folded: bool = False


@dataclass(frozen=True, slots=True)
class ChatList:
    """All chats, or what a search found.

    Attributes:
        entries: the last used first.
        folders: all, by name, also empty ones.
        words: what was searched for; "" lists all.
        is_cut: there are more hits than are listed.
    """

    entries: tuple[ConversationEntry, ...] = ()
    folders: tuple[Folder, ...] = ()
    words: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes new messages and conversations; clock and ids can be replaced in tests."""

    now: Callable[[], float] = time.time
    new_id: Callable[[], str] = field(default=lambda: uuid.uuid4().hex)

    def folder(self, name: str) -> Folder:
        """An empty folder."""
        return Folder(self.new_id(), name)

    def conversation(self) -> Conversation:
        """An empty chat without a title."""
        now = self.now()
        return Conversation(id=self.new_id(), title="", created_at=now, updated_at=now)

    def user_message(self, text: str, parent_id: str | None, attachments: tuple[Attachment, ...] = ()) -> Message:
        """What the user just sent."""
        return Message(self.new_id(), Role.USER, text, parent_id, self.now(), attachments=attachments)

    def edited_answer(self, old: Message, text: str) -> Message:
        """Another version of an answer, with the text the user gave it; figures and thought belong to the old one."""
        return replace(
            old,
            id=self.new_id(),
            text=text,
            created_at=self.now(),
            reasoning="",
            state=MessageState.DONE,
            timings=None,
            is_edited=True,
        )

    def answer(self, parent_id: str, model: str, quant: str) -> Message:
        """An answer that begins to stream."""
        return Message(
            id=self.new_id(),
            role=Role.ASSISTANT,
            text="",
            parent_id=parent_id,
            created_at=self.now(),
            state=MessageState.STREAMING,
            model=model,
            quant=quant,
        )
