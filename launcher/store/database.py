"""Opening SQLite files: WAL, schema versions, and what happens when a file is damaged."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from launcher.core.errors import UserError
from launcher.core.words import say

_log = logging.getLogger(__name__)


def connect(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open or create a database and bring it to the newest schema.

    The connection belongs to the calling thread (sqlite3 enforces it), so there is one writer.

    Args:
        path: the file; its folder must exist.
        migrations: SQL scripts; number i leads from version i to i + 1, in one transaction.

    Raises:
        sqlite3.DatabaseError: the file is damaged or no database.
        UserError: ("database_newer") a newer version of the program wrote it; ("database_unavailable") it cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    except sqlite3.OperationalError as error:
        raise _unavailable(path, error) from error
    try:
        connection.row_factory = sqlite3.Row
        # First of all, so that a file of a newer program stays untouched.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(migrations):
            raise _newer(path, version, len(migrations))
        # WAL with NORMAL: a crash of the program loses nothing, a power cut at most the last transactions, never the file.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        _check(connection)
        _migrate(connection, version, migrations)
    except sqlite3.OperationalError as error:
        connection.close()
        raise _unavailable(path, error) from error
    except (sqlite3.DatabaseError, UserError):
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """Everything inside happens, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def set_aside(path: Path) -> Path:
    """Rename a damaged file, with its WAL files, to "<name>.corrupt-<date>" and return the new path."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = path.with_name(f"{path.name}.corrupt-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            os.replace(part, target.with_name(target.name + suffix))
    return target


def readable_rows(path: Path, table: str, order: str) -> list[sqlite3.Row]:
    """The rows of a damaged file that can still be read: from the front up to the damage, and from the back down to it.

    Args:
        path: the damaged file; it is only read.
        table: a table of ours.
        order: its integer key.
    """
    rows: dict[int, sqlite3.Row] = {}
    for direction in ("ASC", "DESC"):
        # A connection per pass: after a damaged page SQLite may refuse everything else.
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                connection.row_factory = sqlite3.Row
                # Table and key are constants of this room; SQL has no placeholder for them.
                for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order} {direction}"):  # noqa: S608
                    if row[order] in rows:
                        break
                    rows[row[order]] = row
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            _log.info("Reading %s of %s ended at the damage: %s", table, path, error)
    return [rows[key] for key in sorted(rows)]


def _check(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("quick_check found damage")


def _migrate(connection: sqlite3.Connection, version: int, migrations: Sequence[str]) -> None:
    for number in range(version, len(migrations)):
        connection.executescript(f"BEGIN;\n{migrations[number]}\nPRAGMA user_version={number + 1};\nCOMMIT;")


def _newer(path: Path, version: int, known: int) -> UserError:
    return UserError(
        "database_newer",
        "This file was written by a newer version of the program.",
        say(
            "{name} has version {version}; this program knows versions up to {known}. Nothing was changed in it.",
            name=path.name,
            version=version,
            known=known,
        ),
    )


def _unavailable(path: Path, error: sqlite3.OperationalError) -> UserError:
    return UserError(
        "database_unavailable",
        say("{name} cannot be opened.", name=path.name),
        say("The system says: {error}. The folder is {parent}.", error=error, parent=path.parent),
        detail=repr(error),
    )
