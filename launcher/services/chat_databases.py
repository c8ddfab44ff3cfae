"""The files of chats and loads: opened on first use, mended when they are damaged, written until it succeeds.

Without Qt and without threads of its own. `ChatService` says which thread does what: one has the connections (sqlite binds them
to the thread that opened them), another looks for damage beside it.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from launcher.core.errors import UserError
from launcher.core.paths import data_dir
from launcher.engine.kv_states import chat_states
from launcher.store import database
from launcher.store.chats import ChatStore
from launcher.store.loads import LoadHistory

_log = logging.getLogger(__name__)
T = TypeVar("T")

Work = Callable[[ChatStore], object]


@dataclass
class _Opened:
    chats: ChatStore
    loads: LoadHistory


class ChatDatabases:
    """Does pieces of work on the chats and on the history of loads; all but the search for damage in one thread."""

    def __init__(self, on_notice: Callable[[UserError], None], on_mended: Callable[[], None]) -> None:
        """Nothing is opened yet.

        Args:
            on_notice: what an opening or a repair has to say.
            on_mended: a damaged file was replaced by its sound part, whose search index is to be filled.
        """
        self._on_notice = on_notice
        self._on_mended = on_mended
        self._files: _Opened | None = None
        self._unwritten: list[Work] = []
        self._search_is_over = threading.Event()
        self._search_is_over.set()
        self._must_end_search = threading.Event()

    @property
    def chats(self) -> ChatStore:
        """Opened when it is first needed."""
        return self._opened().chats

    # -- work

    def read(self, work: Callable[[ChatStore], T]) -> T:
        """Do it; on a file that proves damaged once more after the repair.

        Raises:
            UserError: the disk is full, or the file is locked or cannot be opened.
        """
        chats = self.chats
        try:
            return work(chats)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
                raise
            if not database.is_damage(error):
                raise database.failure(_chats_path(), error) from error
            self.mend(error)
        return work(chats)

    def write(self, work: Work | None) -> int:
        """Do it after all that could not be done so far, None for that alone; returns how many of those there were.

        Raises:
            UserError: the disk is full or the file is locked; it will be tried again with the next call. Raised once, while it
                lasts further calls do nothing.
        """
        n_before = len(self._unwritten)
        if work is not None:
            self._unwritten.append(work)
        while self._unwritten:
            try:
                self.read(self._unwritten[0])
            except UserError:
                if n_before:
                    return 0
                raise
            except BaseException:
                del self._unwritten[0]
                raise
            del self._unwritten[0]
        return n_before

    def of_loads(self, work: Callable[[LoadHistory], T]) -> T:
        """Read or write the history of loads.

        Raises:
            UserError: as for `read`.
        """
        try:
            return work(self._opened().loads)
        except sqlite3.OperationalError as error:
            raise database.failure(_chats_path(), error) from error

    def close(self) -> None:
        """Write what is pending, forget what was deleted, close the files."""
        if self._files is None:
            return
        self.write(None)
        chats = self._files.chats
        chats.purge_deleted()
        # What the engine keeps of a chat goes with it.
        chat_states().keep_only(chats.ids())
        chats.close()
        self._files.loads.close()

    # -- damage

    def expect_search(self) -> None:
        """`is_damaged` is about to be called, in whatever thread."""
        self._search_is_over.clear()

    def is_damaged(self) -> bool:
        """Whether the chats file has damage; reads all of it, and gives up (False) when `end_search` is called."""
        try:
            return database.is_damaged(_chats_path(), self._must_end_search.is_set)
        finally:
            self._search_is_over.set()

    def end_search(self) -> None:
        """The search for damage shall end soon; from any thread."""
        self._must_end_search.set()

    def mend(self, error: sqlite3.DatabaseError) -> None:
        """Replace a damaged chats file by its sound part; the damaged one is kept."""
        # The other thread must not hold the file while it is replaced.
        self.end_search()
        self._search_is_over.wait()
        chats = self.chats
        chats.recover(error)
        self._tell(chats)
        self._on_mended()

    def _opened(self) -> _Opened:
        if self._files is None:
            chats = ChatStore(_chats_path())
            self._files = _Opened(chats, LoadHistory(data_dir() / "loads.sqlite"))
            self._tell(chats)
        return self._files

    def _tell(self, chats: ChatStore) -> None:
        if chats.notice is not None:
            self._on_notice(chats.notice)
            chats.notice = None


def _chats_path() -> Path:
    return data_dir() / "chats.sqlite"
