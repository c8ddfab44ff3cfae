"""Damaged chat files: every row that can still be read is put into a new file, the damaged one is kept beside it."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from launcher.chat.conversation import Role
from launcher.chat.counts import chats_in_words, messages_in_words
from launcher.chat.titles import title_from
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import whole
from launcher.core.words import joined, say
from launcher.store import database
from launcher.store.chat_schema import MIGRATIONS, TABLES, to_message
from launcher.store.pages import Value, found_rows

_log = logging.getLogger(__name__)
SALVAGED_FROM_PAGES = ("chats", "messages")


Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Readable:
    """What a damaged table still gives.

    Attributes:
        rows: in the order of their numbers.
        n_lost: rows that an index of the table names and that cannot be read.
    """

    rows: tuple[Row, ...]
    n_lost: int


def salvage(path: Path, error: sqlite3.DatabaseError) -> UserError:
    """Put what a damaged file still holds into a new one in its place; returns what to tell the user.

    At every moment either the damaged file or the whole new one is there (`finish` ends what a kill cut off).
    """
    _log.warning("The chats file is damaged (%s)", error)
    new = _new_file(path)
    for leftover in _with_wal(new):
        leftover.unlink(missing_ok=True)
    tables = {table: readable_rows(path, table) for table in TABLES}
    with closing(database.connect(new, MIGRATIONS, is_checked=False)) as db:
        kept = _Rescue(db, tables)
        with database.transaction(db):
            kept.copy()
        # Everything into the file itself: it is moved without its log.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")
    os.replace(new, _done_file(path))
    return _notice(_put_in_place(path), kept)


def finish(path: Path) -> None:
    """Before a file is opened: end a salvage that a kill cut off between its last steps, or forget a half one."""
    if _done_file(path).exists():
        _put_in_place(path)
    for leftover in _with_wal(_new_file(path)):
        with suppress(OSError):
            leftover.unlink(missing_ok=True)


def _put_in_place(path: Path) -> Path:
    """The new file, which is whole, takes the place of the damaged one, which is returned where it lies now."""
    # All of it goes: its log would be taken for that of the new file.
    aside = database.set_aside(path)
    os.replace(_done_file(path), path)
    return aside


def readable_rows(path: Path, table: str) -> Readable:
    """The rows of a damaged file that can still be read; the file is only read.

    First from both ends up to the damage, then those one by one that an index names, last those that only the pages still hold.

    Args:
        path: the damaged file.
        table: one of ours; its integer key is `n`.
    """
    rows: dict[int, Row] = {}
    is_whole = True
    for direction in ("ASC", "DESC"):
        read = _Reading(path)
        for row in read.rows(f"SELECT * FROM {table} ORDER BY n {direction}"):  # noqa: S608 - a constant of ours
            if row["n"] in rows:
                break
            rows[row["n"]] = dict(row)
        is_whole = is_whole and not read.is_broken
    known = _numbers(path, table)
    rows |= _one_by_one(path, table, sorted(known - rows.keys()))
    if table in SALVAGED_FROM_PAGES and (known - rows.keys() or (not is_whole and not known)):
        for n, row in found_rows(path, table).items():
            # What no index names was deleted, where an index can be asked.
            if n not in rows and (not known or n in known):
                rows[n] = row
    return Readable(tuple(rows[n] for n in sorted(rows)), len(known - rows.keys()))


class _Rescue:
    """Copies readable rows into a new file, with what ties them together mended.

    Attributes:
        n_chats: chats in the new file.
        n_messages: messages in it.
        n_lost: chats and messages that are known to have been there.
    """

    def __init__(self, db: sqlite3.Connection, tables: dict[str, Readable]) -> None:
        self._db, self._tables = db, tables
        self.n_chats, self.n_messages = 0, 0
        self.n_lost = tables["chats"].n_lost + tables["messages"].n_lost
        self._chats = set[str]()
        self._newest: dict[str, str] = {}  # chat: its last message so far
        self._messages = set[str]()

    def copy(self) -> None:
        """All tables; a row that is damaged inside is counted and left behind."""
        for row in self._tables["folders"].rows:
            self._put("folders", row)
        for row in self._tables["chats"].rows:
            if self._put("chats", row):
                self._chats.add(str(row["id"]))
            else:
                self.n_lost += 1
        for row in self._tables["messages"].rows:
            if not self._copy_message(dict(row)):
                self.n_lost += 1
        # A lost summary is written again when it is needed, and a lost piece is the end of one answer: not counted.
        for table in ("pieces", "summaries"):
            for row in self._tables[table].rows:
                self._put(table, row)
        self._mend_leaves()
        self._mend_titles()
        self.n_chats, self.n_messages = len(self._chats), len(self._messages)

    def _copy_message(self, row: Row) -> bool:
        chat_id = str(row["chat_id"])
        if chat_id not in self._chats:
            stamp = row["created_at"]
            if not self._put("chats", {"id": chat_id, "title": "", "created_at": stamp, "updated_at": stamp}):
                return False
            self._chats.add(chat_id)
        if row["parent_id"] is not None and row["parent_id"] not in self._messages:
            # What it followed is lost: it follows what is left before it, so that the chat stays one.
            row["parent_id"] = self._newest.get(chat_id)
        if not self._put("messages", row):
            return False
        self._messages.add(str(row["id"]))
        self._newest[chat_id] = str(row["id"])
        return True

    def _put(self, table: str, row: Row) -> bool:
        known = {r["name"] for r in self._db.execute(f"PRAGMA table_info({table})")}
        values = {k: v for k, v in row.items() if k in known}
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        try:
            self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - names of ours
            if table == "messages":
                to_message(self._db.execute("SELECT * FROM messages WHERE id = ?", (values["id"],)).fetchone())
        except (sqlite3.IntegrityError, sqlite3.OperationalError):
            return False
        except (ValueError, TypeError):
            self._db.execute("DELETE FROM messages WHERE id = ?", (values["id"],))
            return False
        return True

    def _mend_leaves(self) -> None:
        for row in self._db.execute("SELECT id, leaf_id FROM chats").fetchall():
            if row["leaf_id"] not in self._messages:
                self._db.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (self._newest.get(row["id"]), row["id"]))

    def _mend_titles(self) -> None:
        rows = self._db.execute(
            "SELECT c.id, m.text FROM chats c JOIN messages m ON m.n ="
            " (SELECT min(n) FROM messages WHERE chat_id = c.id AND role = ?) WHERE c.title = ''",
            (Role.USER,),
        ).fetchall()
        self._db.executemany(
            "UPDATE chats SET title = ? WHERE id = ?", ((title_from(r["text"]), r["id"]) for r in rows)
        )


class _Reading:
    """The rows of a query up to the damage; a connection of its own, because after a damaged page SQLite may refuse everything."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_broken = False

    def rows(self, sql: str) -> Iterator[sqlite3.Row]:
        try:
            with closing(_reader(self._path)) as connection:
                yield from connection.execute(sql)
        except sqlite3.DatabaseError as error:
            self.is_broken = True
            _log.info("Reading %s ended at the damage: %s", self._path, error)


def _numbers(path: Path, table: str) -> set[int]:
    """The numbers of all rows, as far as the table's indexes still name them."""
    found = set[int]()
    for name in [r["name"] for r in _Reading(path).rows(f"PRAGMA index_list({table})")]:
        columns = [r["name"] for r in _Reading(path).rows(f"PRAGMA index_info({name})")]
        for direction in ("ASC", "DESC"):
            order = ", ".join(f"{c} {direction}" for c in columns)
            # The columns of an index and the number are all in the index: the table is not touched.
            sql = f"SELECT {columns[0]}, n FROM {table} INDEXED BY {name} ORDER BY {order}"  # noqa: S608 - names of ours
            found.update(r["n"] for r in _Reading(path).rows(sql))
    return found


def _one_by_one(path: Path, table: str, numbers: list[int]) -> dict[int, Row]:
    found: dict[int, Row] = {}
    for n in numbers:
        for row in _Reading(path).rows(f"SELECT * FROM {table} WHERE n = {n}"):  # noqa: S608 - a constant and a number
            found[n] = dict(row)
    return found


def _reader(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(database.read_only(path), uri=True)
    connection.row_factory = sqlite3.Row
    # A text with a few damaged bytes is worth keeping.
    connection.text_factory = _decoded
    return connection


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _new_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.salvaging")


def _done_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.salvaged")


def _with_wal(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm", "-journal"))


def _lost_words(n: int) -> str:
    if n < 2:
        return say("1 entry could not be read.") if n else ""
    return say("{n} entries could not be read.", n=whole(n))


def _notice(kept: Path, rescue: _Rescue) -> UserError:
    return UserError(
        "chats_damaged",
        "The file with your chats was damaged.",
        joined(
            say(
                "Read from it and here: {chats} with {messages}.",
                chats=chats_in_words(rescue.n_chats),
                messages=messages_in_words(rescue.n_messages),
            ),
            _lost_words(rescue.n_lost),
            say("The damaged file is kept as {name}.", name=kept.name),
        ),
        (NextStep("Show the file", StepAction.OPEN_FOLDER, str(kept.parent)),),
    )
