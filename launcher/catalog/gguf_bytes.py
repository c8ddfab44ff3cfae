"""The bytes of a GGUF header, wherever they come from: a cursor over a window that asks for more when it runs short.

The source is a function, so that one parser reads a local file, a range buffer that grows over HTTP, and a test's bytes.
Only a window is held: what is stepped over (vocabularies) never is in memory as a whole.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from operator import length_hint

from launcher.core.errors import NextStep, UserError
from launcher.core.units import whole
from launcher.core.words import joined, say

ReadBytes = Callable[[int, int], bytes]
"""(start, end) -> the bytes from `start`, at least up to `end`, more where that is cheap. Fewer mean that the source has ended."""

MAX_HEADER_BYTES = 64 * 2**20
"""No header is larger: a DeepSeek one has 4-8 MB, nearly all of it vocabulary."""

_LENGTH = struct.Struct("<Q")


class Cursor:
    """Reads forward through the first bytes of a file. `place` says what is being read, for the error's text."""

    def __init__(self, read: ReadBytes, file_bytes: int, name: str) -> None:
        self.file_bytes = file_bytes
        self.at = 0
        self.place = ""
        self._read = read
        self._name = name
        self._window = b""
        self._window_start = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        offset = self._ensure(size)
        self.at += size
        return self._window[offset : offset + size]

    def number(self, size: int) -> int:
        """The next `size` bytes as an unsigned number."""
        return int.from_bytes(self.take(size), "little")

    def skip(self, size: int) -> None:
        """Step over `size` bytes; they are asked for only when something behind them is read."""
        self._check(size)
        self.at += size

    def skip_strings(self, count: int) -> None:
        """Step over strings, each a length and its bytes (130,000 in a vocabulary) without making Python objects of them."""
        unpack, width, left = _LENGTH.unpack_from, _LENGTH.size, count
        while left:
            window, at = self._window, self.at - self._window_start
            turns = iter(range(left))
            try:
                # No test in the loop: 300,000 turns per file, and a library has many files.
                for _ in turns:
                    at += width + unpack(window, at)[0]
                left = 0
            except (struct.error, OverflowError):  # the window ends here, or a length leads far behind it
                left = length_hint(turns) + 1
            self.at = self._window_start + at
            if self.at > self.file_bytes:
                raise self.damaged(self._ended())
            if left:
                self._ensure(width)
        self._check(0)

    def damaged(self, why: str) -> UserError:
        """The error for this file: what is wrong, and where."""
        return damaged_file(self._name, joined(why, self._where()))

    def not_gguf(self, why: str) -> UserError:
        """The error for a file that is something else."""
        return not_gguf_file(self._name, why)

    def _where(self) -> str:
        if not self.place:
            return say("This is at byte {at}.", at=whole(self.at))
        return say("This is at byte {at}, in {place}.", at=whole(self.at), place=self.place)

    def _ended(self) -> str:
        return say("It ends in the middle of its header, after {size} bytes.", size=whole(self.file_bytes))

    def _check(self, size: int) -> None:
        end = self.at + size
        if end > self.file_bytes:
            raise self.damaged(self._ended())
        if end > MAX_HEADER_BYTES:
            raise self.damaged(say("Its header claims more than {limit} bytes.", limit=whole(MAX_HEADER_BYTES)))

    def _ensure(self, size: int) -> int:
        """Have the next `size` bytes in the window; returns where in it they begin."""
        self._check(size)
        offset = self.at - self._window_start
        if offset + size <= len(self._window):
            return offset
        self._window = self._read(self.at, self.at + size)
        self._window_start = self.at
        if len(self._window) < size:  # the file became shorter while it was read
            raise self.damaged(self._ended())
        return 0


def shown(text: str, limit: int = 60) -> str:
    """Untrusted text for a sentence: one line, printable, not too long."""
    clean = "".join(c if c.isprintable() else "\ufffd" for c in text[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def damaged_file(name: str, why: str) -> UserError:
    """A GGUF file that cannot be right. `name` is its file name or path as shown to the user."""
    return UserError("damaged_gguf", say("{name} is damaged or not complete.", name=_base(name)), why, _steps(name))


def not_gguf_file(name: str, why: str) -> UserError:
    """Not a GGUF file of a version that is read here."""
    return UserError("not_gguf", say("{name} is not a GGUF model file.", name=_base(name)), why, _steps(name))


def _base(name: str) -> str:
    return shown(name.replace("\\", "/").rstrip("/").rpartition("/")[2], 120)


def _steps(name: str) -> tuple[NextStep, ...]:
    return (NextStep("Download it again", "download_again", name), NextStep("Choose another model", "choose_model"))
