"""Our own JSON exports: the same chats again, whatever somebody has written into the file since."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from launcher.chat.conversation import Conversation, Folder, Maker, Message, MessageState
from launcher.chat.export_json import FORMAT, VERSION
from launcher.chat.imports.found import Imported, Json, LeftOut, Source, items, number, table
from launcher.core.codec import from_json
from launcher.core.errors import NextStep, UserError
from launcher.core.words import say

_NO_MESSAGES: list[object] = []
__all__ = ["FORMAT", "read", "renewed"]


def read(document: Json, name: str) -> Imported:
    """The chats of an export; one that is not whole is left out.

    Raises:
        UserError: ("import_newer") a newer version of the program wrote it.
    """
    version = document.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise UserError(
            "import_newer",
            say("{name} was written by a newer version of the program.", name=name),
            say("It has version {version}; this program reads versions up to {known}.", version=version, known=VERSION),
            (NextStep("Update this program"),),
        )
    found = Imported(Source.OWN)
    folders: dict[str, Folder] = {}
    for value in items(document.get("folders")):
        try:
            folder = from_json(Folder, value)
        except ValueError:
            continue  # its chats come without a folder
        folders[folder.id] = folder
    known = set[str]()
    for value in items(document.get("chats")):
        try:
            chat = _mended(_read(table(value)), folders)
        except (ValueError, TypeError, OverflowError):
            found.left_out[LeftOut.CHATS] += 1
            continue
        if chat.id in known:
            chat = renewed(chat, Maker())
        known.add(chat.id)
        found.left_out[LeftOut.MESSAGES] += len(items(table(value).get("messages"))) - len(chat.messages)
        found.add(chat)
    used = {c.folder_id for c in found.chats}
    found.folders = tuple(f for f in folders.values() if f.id in used)
    return found


def renewed(chat: Conversation, make: Maker) -> Conversation:
    """The same chat under new ids, for one whose ids are taken."""
    ids = {m.id: make.new_id() for m in chat.messages}
    messages = tuple(replace(m, id=ids[m.id], parent_id=ids.get(m.parent_id or "")) for m in chat.messages)
    summaries = tuple(replace(s, until_id=ids[s.until_id]) for s in chat.summaries if s.until_id in ids)
    return replace(
        chat,
        id=make.new_id(),
        messages=messages,
        leaf_id=ids.get(chat.leaf_id or ""),
        cut_id=ids.get(chat.cut_id or ""),
        summaries=summaries,
    )


def _read(value: Json) -> Conversation:
    """A chat with those of its messages that are whole.

    Raises:
        ValueError: the chat itself is not.
    """
    messages: list[Message] = []
    for message in items(value.get("messages")):
        with suppress(ValueError, TypeError, OverflowError):
            messages.append(from_json(Message, message))
    return replace(from_json(Conversation, {**value, "messages": _NO_MESSAGES}), messages=tuple(messages))


def _mended(chat: Conversation, folders: dict[str, Folder]) -> Conversation:
    """What a hand or a fault has torn apart: parents before children, ids once, references that lead somewhere."""
    kept: dict[str, Message] = {}
    for message in chat.messages:
        if not message.id or message.id in kept:
            continue
        # Parents stand before children in every export: one whose parent is lost follows what is left before it.
        parent = (
            message.parent_id
            if message.parent_id in kept
            else (next(reversed(kept), None) if message.parent_id else None)
        )
        state = MessageState.STOPPED if message.state is MessageState.STREAMING else message.state
        kept[message.id] = replace(message, parent_id=parent, state=state, created_at=number(message.created_at))
    if not chat.id:
        raise ValueError("a chat without an id")
    last = next(reversed(kept), None)
    return replace(
        chat,
        created_at=number(chat.created_at),
        updated_at=number(chat.updated_at),
        messages=tuple(kept.values()),
        leaf_id=chat.leaf_id if chat.leaf_id in kept or chat.leaf_id is None else last,
        cut_id=chat.cut_id if chat.cut_id in kept else None,
        summaries=tuple(s for s in chat.summaries if s.until_id in kept and 0 <= s.n_messages <= len(kept)),
        folder_id=chat.folder_id if chat.folder_id in folders else None,
    )
