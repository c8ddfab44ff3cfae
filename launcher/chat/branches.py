"""What is done to a conversation's tree: versions of a message, deleting with all that follows, going on in a new chat."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from launcher.chat.conversation import Conversation, Maker, Message, Role


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands among the versions that could stand there.

    Attributes:
        number: from 1.
        count: how many versions there are.
        before_id: the version to the left; None for the first.
        after_id: the version to the right; None for the last.
    """

    number: int
    count: int
    before_id: str | None = None
    after_id: str | None = None


def places(chat: Conversation) -> dict[str, Place]:
    """The places of those messages of the open branch that have other versions, by message id."""
    path = chat.path()
    shown = {m.id for m in path}
    versions: dict[tuple[str | None, Role], list[str]] = defaultdict(list)
    known = {m.id for m in chat.messages}
    for message in chat.messages:
        versions[_parent(message, known), message.role].append(message.id)
    found: dict[str, Place] = {}
    for ids in versions.values():
        if len(ids) < 2:
            continue
        for i, message_id in enumerate(ids):
            if message_id in shown:
                before, after = ids[i - 1] if i else None, ids[i + 1] if i + 1 < len(ids) else None
                found[message_id] = Place(i + 1, len(ids), before, after)
    return found


def branch_ids(chat: Conversation, message_id: str) -> tuple[str, ...]:
    """A message and all that follow it, on every branch; parents before children."""
    inside: dict[str, None] = {}
    for message in chat.messages:
        if message.id == message_id or message.parent_id in inside:
            inside[message.id] = None
    return tuple(inside)


def newest_leaf(chat: Conversation, message_id: str) -> str:
    """The end of the newest branch through a message: where a switch to that version leads."""
    # Parents stand before children, so nothing follows the last one.
    return branch_ids(chat, message_id)[-1]


def showing(chat: Conversation, message_id: str) -> Conversation:
    """The chat with a branch open that holds the message: the same one if it does, the newest through it otherwise."""
    if chat.message(message_id) is None or any(m.id == message_id for m in chat.path()):
        return chat
    return chat.with_leaf(newest_leaf(chat, message_id))


def without(chat: Conversation, message_id: str) -> Conversation:
    """The chat without a message and all that follow it.

    If the message was shown, its nearest version is shown then, or the branch ends before it.
    """
    gone = set(branch_ids(chat, message_id))
    old = chat.message(message_id)
    rest = replace(chat, messages=tuple(m for m in chat.messages if m.id not in gone))
    if old is None or chat.leaf_id not in gone:
        return rest
    place = places(chat).get(message_id)
    if place is None:
        return rest.with_leaf(old.parent_id)
    other = place.before_id or place.after_id
    assert other is not None, "two versions at least"  # noqa: S101
    return rest.with_leaf(newest_leaf(rest, other))


def forked(chat: Conversation, message_id: str, make: Maker) -> Conversation:
    """A new chat with copies of the messages up to this one, which goes on independently.

    The summary that stands for the beginning goes with it; the cut too, where it lies in what was copied.
    """
    source = showing(chat, message_id).path()
    end = next((i for i, m in enumerate(source) if m.id == message_id), len(source) - 1)
    ids = {m.id: make.new_id() for m in source[: end + 1]}
    copies = tuple(replace(m, id=ids[m.id], parent_id=ids.get(m.parent_id or "")) for m in source[: end + 1])
    summaries = tuple(replace(s, until_id=ids[s.until_id]) for s in chat.summaries if s.until_id in ids)
    return replace(
        make.conversation(),
        title=numbered(chat.title),
        messages=copies,
        leaf_id=copies[-1].id if copies else None,
        cut_id=ids.get(chat.cut_id or ""),
        summaries=summaries,
        is_named=chat.is_named,
        folder_id=chat.folder_id,
    )


def numbered(title: str) -> str:
    """A copy's title: "Roots" becomes "Roots (2)", that becomes "Roots (3)"."""
    if not title:
        return ""
    stem, bracket, end = title.rpartition(" (")
    if bracket and end.endswith(")") and end[:-1].isdecimal() and len(end) < 6:
        return f"{stem} ({int(end[:-1]) + 1})"
    return f"{title} (2)"


def _parent(message: Message, known: set[str]) -> str | None:
    """A parent that a salvaged file has lost is no parent: such messages begin branches of their own."""
    return message.parent_id if message.parent_id in known else None
