"""Chats as one JSON document that loses nothing: all branches, thoughts, figures, files and settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from launcher.chat.conversation import Conversation, Folder
from launcher.core.codec import to_json

FORMAT = "launcher-chats"
VERSION = 1
"""One more when an older program would misread a newer document; new keys alone do not need it."""


def json_pieces(
    chats: Iterable[Conversation], folders: Sequence[Folder], program: str, exported_at: float
) -> Iterator[str]:
    """The document in pieces, one per chat, so that all of a person's chats are never in memory at once.

    Args:
        chats: what to export.
        folders: those the chats lie in.
        program: name and version of this program.
        exported_at: seconds since the epoch.
    """
    head = {
        "format": FORMAT,
        "version": VERSION,
        "program": program,
        "exported_at": exported_at,
        "folders": to_json(folders),
    }
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "chats": ['
    separator = "\n"
    for chat in chats:
        yield separator + json.dumps(to_json(chat), ensure_ascii=False, indent=1)
        separator = ",\n"
    yield "\n ]\n}\n"


def to_json_document(chat: Conversation, folders: Sequence[Folder], program: str, exported_at: float) -> str:
    """One chat as a document of its own."""
    return "".join(json_pieces((chat,), folders, program, exported_at))
