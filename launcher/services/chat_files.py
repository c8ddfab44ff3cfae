"""Chats to files and back: one chat or all, whole or not at all. Without Qt; the terminal does the same."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from launcher import __version__
from launcher.chat.conversation import Conversation, Folder, Maker
from launcher.chat.counts import chats_in_words, messages_in_words
from launcher.chat.export import file_stem, to_markdown
from launcher.chat.export_formulas import Formulas
from launcher.chat.export_html import to_html
from launcher.chat.export_json import json_pieces
from launcher.chat.imports import Imported, LeftOut, Source
from launcher.chat.imports.own import renewed
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import whole
from launcher.core.words import joined, say
from launcher.services import file_child
from launcher.store.chats import ChatStore

Load = Callable[[str], Conversation | None]


class ChatForm(StrEnum):
    """The forms a chat can be written in; the values are the endings of the files."""

    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        path: the file, or the folder of several.
        n_chats: how many chats are in it.
        n_gone: chats that were asked for and are not on the disk any more.
    """

    path: str
    n_chats: int
    n_gone: int = 0

    def words(self) -> str:
        """One sentence or two."""
        one = self.n_chats == 1
        written = (
            say("1 chat was written to {path}.", path=self.path)
            if one
            else say("{n} chats were written to {path}.", n=whole(self.n_chats), path=self.path)
        )
        if not self.n_gone:
            return written
        one = self.n_gone == 1
        gone = say("1 was deleted meanwhile.") if one else say("{n} were deleted meanwhile.", n=whole(self.n_gone))
        return joined(written, gone)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import brought.

    Attributes:
        n_known: chats that were here already, with the same messages.
        left_out: what could not be taken, and how much of it.
        newest_id: of the chats that were added, the one used last; "" when there is none.
    """

    sources: tuple[Source, ...]
    n_chats: int
    n_messages: int
    n_known: int
    left_out: tuple[tuple[LeftOut, int], ...] = ()
    newest_id: str = ""

    def words(self) -> str:
        """What was added."""
        names = ", ".join(dict.fromkeys(s.value for s in self.sources))
        added = say(
            "Added from {source}: {chats} with {messages}.",
            chats=chats_in_words(self.n_chats),
            messages=messages_in_words(self.n_messages),
            source=names,
        )
        if not self.n_known:
            return added
        one = self.n_known == 1
        known = say("1 chat was here already.") if one else say("{n} chats were here already.", n=whole(self.n_known))
        return joined(added, known)

    def left_out_words(self) -> str:
        """What could not be taken; "" when all was."""
        told = [kind.words(n) for kind, n in self.left_out]
        return joined(say("Left out:"), *told) if told else ""


def write_chat(chat: Conversation, folders: Sequence[Folder], form: ChatForm, target: Path) -> Exported:
    """One chat into one file, which is there whole or not at all.

    Raises:
        UserError: ("export_failed") the file cannot be written.
    """
    return _write_one(iter((chat,)), folders, form, target)


def write_chats(
    ids: Sequence[str],
    load: Load,
    folders: Sequence[Folder],
    form: ChatForm,
    target: Path,
    on_written: Callable[[int], bool] = lambda _n: True,
) -> Exported:
    """Several chats: JSON into one file, other forms into a folder with a file for each.

    Args:
        ids: of the chats, in the order to write them.
        load: gives a chat; None for one that is gone.
        folders: all folders of chats.
        form: how they are written.
        target: the file for JSON, the folder otherwise; it is made.
        on_written: told how many chats are done; False ends it.

    Raises:
        UserError: ("export_failed", "export_cancelled").
    """
    gone = Counter[str]()

    def chats() -> Iterator[Conversation]:
        for number, chat_id in enumerate(ids):
            if not on_written(number):
                raise UserError("export_cancelled", "The export was stopped.", "Nothing half written is left.")
            chat = load(chat_id)
            if chat is None:
                gone["gone"] += 1
            else:
                yield chat

    if form is ChatForm.JSON:
        written = _write_one(chats(), folders, form, target)
    else:
        try:
            target.mkdir(parents=True, exist_ok=True)
            taken = {p.stem.lower() for p in target.iterdir() if p.suffix == f".{form}"}
        except OSError as error:
            raise _failed(target, error) from error
        formulas = Formulas()
        n = 0
        for chat in chats():
            _write_form(chat, form, target / f"{file_stem(chat, taken)}.{form}", formulas)
            n += 1
        written = Exported(str(target), n)
    return replace(written, n_gone=gone["gone"])


def take_in(store: ChatStore, found: Sequence[Imported], make: Maker | None = None) -> ImportReport:
    """Add what was found to the chats: all of it or, on any failure, nothing. In the thread of the store.

    A chat that is here already with the same messages is left as it is; one whose ids are taken gets new ones.
    """
    make = make or Maker()
    chat_ids, message_ids = (set(ids) for ids in store.known_ids())
    added: list[Conversation] = []
    n_known = 0
    for chat in (c for f in found for c in f.chats):
        if chat.id in chat_ids and _is_same(store.load(chat.id), chat):
            n_known += 1
            continue
        if chat.id in chat_ids or any(m.id in message_ids for m in chat.messages):
            chat = renewed(chat, make)
        chat_ids.add(chat.id)
        message_ids.update(m.id for m in chat.messages)
        added.append(chat)
    store.create_all(added, (folder for f in found for folder in f.folders))
    left_out = Counter[LeftOut]()
    for one in found:
        left_out += one.left_out
    newest = max(added, key=lambda c: c.updated_at, default=None)
    return ImportReport(
        tuple(f.source for f in found),
        len(added),
        sum(len(c.messages) for c in added),
        n_known,
        tuple((kind, left_out[kind]) for kind in LeftOut if left_out[kind] > 0),
        newest.id if newest else "",
    )


def export_name(chat: Conversation, form: ChatForm) -> str:
    """The name to propose for a chat's file."""
    return f"{file_stem(chat)}.{form}"


def _is_same(kept: Conversation | None, chat: Conversation) -> bool:
    return kept is not None and kept.messages == chat.messages


def _write_one(chats: Iterable[Conversation], folders: Sequence[Folder], form: ChatForm, target: Path) -> Exported:
    n = 0
    if form is not ChatForm.JSON:
        for chat in chats:
            _write_form(chat, form, target, Formulas())
            n += 1
        return Exported(str(target), n)

    def counted() -> Iterator[Conversation]:
        nonlocal n
        for chat in chats:
            n += 1
            yield chat

    _put(target, json_pieces(counted(), tuple(folders), f"launcher {__version__}", time.time()))
    return Exported(str(target), n)


def _write_form(chat: Conversation, form: ChatForm, target: Path, formulas: Formulas) -> None:
    if form is ChatForm.MARKDOWN:
        _put(target, (to_markdown(chat, with_reasoning=True, with_attachments=True),))
    elif form is ChatForm.HTML:
        _put(target, (to_html(chat, formulas),))
    elif form is ChatForm.JSON:
        _write_one(iter((chat,)), (), form, target)
    else:
        file_child.write_pdf(chat, target)


def _put(target: Path, pieces: Iterable[str]) -> None:
    """Beside the target first, so that a file of that name is replaced by a whole one or not at all."""
    partial = target.with_name(f"{target.name}.part")
    try:
        try:
            with partial.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
                for piece in pieces:
                    file.write(piece)
            os.replace(partial, target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _failed(target, error) from error


def _failed(target: Path, error: OSError) -> UserError:
    return UserError(
        "export_failed",
        say("{name} cannot be written.", name=target.name),
        say("The system says: {error}. The folder is {parent}.", error=error.strerror or error, parent=target.parent),
        (NextStep("Show the folder", StepAction.OPEN_FOLDER, str(target.parent)),),
        detail=repr(error),
    )
