"""Opening SQLite files: WAL, schema versions, and what happens when a file is damaged."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import gb
from launcher.core.words import say

_log = logging.getLogger(__name__)


def connect(path: Path, migrations: Sequence[str], *, is_checked: bool = True) -> sqlite3.Connection:
    """Open or create a database and bring it to the newest schema.

    The connection belongs to the calling thread (sqlite3 enforces it), so there is one writer.

    Args:
        path: the file; its folder must exist.
        migrations: SQL scripts; number i leads from version i to i + 1, in one transaction.
        is_checked: look for damage in all of the file first; a large one is better checked beside the work (`is_damaged`).

    Raises:
        sqlite3.DatabaseError: the file is damaged or no database.
        UserError: ("database_newer") a newer version of the program wrote it; ("database_unavailable") it cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    except sqlite3.OperationalError as error:
        raise failure(path, error) from error
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
        if is_checked:
            _check(connection)
        _migrate(connection, version, migrations)
    except sqlite3.OperationalError as error:
        connection.close()
        raise failure(path, error) from error
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
    for suffix in ("", "-wal"):
        part = path.with_name(path.name + suffix)
        if part.exists() and (not suffix or part.stat().st_size):
            os.replace(part, target.with_name(target.name + suffix))
    # An empty log and the index of a log say nothing, but they must not meet the next file.
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return target


def is_damaged(path: Path, is_cancelled: Callable[[], bool]) -> bool:
    """Whether the file has damage that SQLite can see; reads all of it, from any thread, while another one works with it.

    Args:
        path: the file.
        is_cancelled: asked many times per second; the answer is False when it ends the check.
    """
    try:
        with closing(sqlite3.connect(read_only(path), uri=True)) as connection:
            connection.set_progress_handler(is_cancelled, 10_000)
            return connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok"
    except sqlite3.OperationalError as error:
        # Interrupted, or not readable now: opening says so.
        _log.info("The check of %s ended early: %s", path, error)
        return False
    except sqlite3.DatabaseError:
        return True


def is_damage(error: sqlite3.Error) -> bool:
    """Whether this failure says that the file is damaged or no database (and not: full, locked, read-only)."""
    # An error without a number comes from the module itself, not from SQLite.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def read_only(path: Path) -> str:
    """The address of a file that is only read; to be opened with `uri=True`."""
    return f"{path.absolute().as_uri()}?mode=ro"


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


def failure(path: Path, error: sqlite3.Error) -> UserError:
    """What to tell the user about a read or a write that failed on a sound file: the disk is full, the file is locked or read-only."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        return UserError(
            "disk_full",
            "The disk is full: what is new in this chat could not be saved.",
            say(
                "The disk of {parent} has {free} free.",
                parent=path.parent,
                free=gb(shutil.disk_usage(path.parent).free),
            ),
            (NextStep("Free up space", StepAction.FREE_SPACE),),
            detail=repr(error),
        )
    return _unavailable(path, error)


def _unavailable(path: Path, error: sqlite3.Error) -> UserError:
    return UserError(
        "database_unavailable",
        say("{name} cannot be opened.", name=path.name),
        say("The system says: {error}. The folder is {parent}.", error=error, parent=path.parent),
        detail=repr(error),
    )
