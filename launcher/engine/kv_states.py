"""The folder of saved KV states: one file per chat, a cap on all of them, the longest unused go first.

Used by the window, which names and forgets them, and by the worker, which makes room before it writes one. The files hold
what was said in a chat: only the user may read them. Nothing here looks into one (worker/states.py does).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.paths import data_dir
from launcher.core.units import gb
from launcher.core.words import say

SUFFIX = ".kvstate"
PART_SUFFIX = ".kvstate-part"
"""Of a file that is being written; one that nobody is writing any more is rubbish."""
LEFT_FREE_BYTES = 2**30
"""On the disk, whatever the cap says: chats and downloads come before states."""
_SHARE_OF_DISK = 4  # states take at most a quarter of what they and the free space are together


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    size_bytes: int
    used_at: float


class StateFolder:
    """A folder of states. Every call reads the disk; missing folders and files are nothing to complain about."""

    def __init__(self, folder: Path, cap_bytes: int) -> None:
        self.folder = folder
        self.cap_bytes = cap_bytes

    def path(self, chat_id: str) -> Path:
        """Where the state of a chat belongs: the id in hexadecimal digits, which mean themselves on every disk."""
        return self.folder / (chat_id.encode("utf-8", "surrogatepass").hex() + SUFFIX)

    def total_bytes(self) -> int:
        """Of all states, those that are being written included."""
        return sum(e.size_bytes for e in self._entries(SUFFIX, PART_SUFFIX))

    def count(self) -> int:
        """How many chats have one."""
        return len(self._entries(SUFFIX))

    def make_room(self, size_bytes: int, path: Path) -> bool:
        """Let others go until a state of this size may be written to `path`; False when it may not be at all.

        Nobody else writes here meanwhile: there is one engine per program, and one program per folder.
        """
        self._make_folder()
        for left_over in self._entries(PART_SUFFIX):
            _remove(left_over.path)
        if size_bytes > self._allowed_bytes():
            return False
        self._trim(self._allowed_bytes() - size_bytes, spared=path)
        return shutil.disk_usage(self.folder).free - size_bytes >= LEFT_FREE_BYTES

    def missing_bytes(self, size_bytes: int) -> int:
        """How much more of the disk would have to be free for a state of this size; 0 where the disk is not what it lacks."""
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self.folder).free
            of_all = _SHARE_OF_DISK * size_bytes - self.total_bytes() - free
            return max(0, of_all, size_bytes + LEFT_FREE_BYTES - free) if size_bytes <= self.cap_bytes else 0
        return 0

    def trim(self) -> None:
        """Keep to the cap, after it became smaller."""
        self._trim(self.cap_bytes, spared=None)

    def forget(self, chat_id: str) -> None:
        """The chat is gone."""
        _remove(self.path(chat_id))

    def keep_only(self, chat_ids: Collection[str]) -> None:
        """Remove the states of all chats but these."""
        wanted = {self.path(chat_id).name for chat_id in chat_ids}
        for entry in self._entries(SUFFIX):
            if entry.path.name not in wanted:
                _remove(entry.path)

    def clear(self) -> None:
        """Remove all states; the chats stay."""
        for entry in self._entries(SUFFIX, PART_SUFFIX):
            _remove(entry.path)

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.name != "nt":
            self.folder.chmod(0o700)  # also one that was made by hand

    def _allowed_bytes(self) -> int:
        free = shutil.disk_usage(self.folder).free
        return min(self.cap_bytes, (self.total_bytes() + free) // _SHARE_OF_DISK)

    def _trim(self, limit_bytes: int, spared: Path | None) -> None:
        """Remove the longest unused until the others are within the limit; `spared` is about to be written anew."""
        entries = [e for e in self._entries(SUFFIX) if e.path != spared]
        total = sum(e.size_bytes for e in entries)
        for entry in sorted(entries, key=lambda e: e.used_at):
            if total <= limit_bytes:
                return
            _remove(entry.path)
            total -= entry.size_bytes

    def _entries(self, *suffixes: str) -> list[_Entry]:
        found: list[_Entry] = []
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith(suffixes) and entry.is_file(follow_symlinks=False):
                    with contextlib.suppress(FileNotFoundError):  # gone since
                        stat = entry.stat(follow_symlinks=False)
                        found.append(_Entry(Path(entry.path), stat.st_size, stat.st_mtime))
        return found


def not_kept(missing_bytes: int) -> UserError:
    """The disk has no room for the states of chats; nothing that was said is lost by that."""
    return UserError(
        "state_not_saved",
        "The disk is too full to keep what the engine has read.",
        say(
            "{size} more would have to be free. Your chats are saved and go on as always; only after a change of chat or model "
            "a long one is read again before its next answer.",
            size=gb(missing_bytes),
        ),
        (NextStep("Free up space", StepAction.FREE_SPACE),),
    )


def chat_states(cap_bytes: int = 0) -> StateFolder:
    """Those of the program's own chats."""
    return StateFolder(data_dir() / "states", cap_bytes)


def _remove(path: Path) -> None:
    # Windows refuses while another program looks at it; the next time it goes.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
