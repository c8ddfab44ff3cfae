"""Cuts a streaming answer into top-level Markdown blocks, so that only the last one has to be rendered again.

What holds at every moment (and is tested on random text): the sources of the blocks put together are the input;
only the last block is open; blocks that were closed never change; after `finish` they are the same as if the whole
text had come at once.

An item of a list is a block of its own, so that a list of a thousand steps costs no more than a paragraph; and nothing
but a listing is longer than 2 * MAX_BLOCK_CHARS, whatever the model writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from launcher.chat.markdown import block_parser, clean

# A paragraph, item or table that reaches this many characters ends with that line; a line of twice as many is cut.
MAX_BLOCK_CHARS = 8000
_ORDERED = re.compile(r"(?: {0,3}\n)* {0,3}(?P<number>[0-9]{1,9})(?P<mark>[.)])(?:[ \t\r\n]|\Z)")
_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)")


@dataclass(frozen=True, slots=True)
class Block:
    """One top-level block (or item of a top-level list) and the blank lines after it.

    Attributes:
        is_open: more text may still change it.
        number: which one it is when it is an item of an ordered list: they count on, whatever the model wrote.
    """

    source: str
    is_open: bool = False
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced code block taken apart. `is_closed`: its closing line has come."""

    language: str
    code: str
    is_closed: bool


class BlockSplitter:
    """Takes text in pieces; `closed` grows, `open_source` is the rest."""

    def __init__(self) -> None:
        self.closed: list[Block] = []
        self._open = ""
        self._parsed = 0  # so much of the open text has been looked at, always up to the end of a line
        self._fence_mark = ""  # the open block is a fence that waits for this mark

    @property
    def open_source(self) -> str:
        """Source of the last, open block; "" before the first text and after `finish`."""
        return self._open

    @property
    def open_block(self) -> Block | None:
        """The last block while text may come."""
        return self._block(self._open, is_open=True) if self._open else None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks; the last one is open while text may come."""
        tail = self.open_block
        return (*self.closed, tail) if tail else tuple(self.closed)

    def feed(self, text: str) -> None:
        """Add a piece of any length."""
        self._open += text
        while self._advance():
            pass

    def finish(self) -> None:
        """No more text will come: everything is closed."""
        if not self._fence_mark:  # a listing that never ended is one block, whatever stands in it
            self._cut(len(self._open))
        if self._open:
            self._close(len(self._open))

    def _advance(self) -> bool:
        """Close what can be closed of the next part; whether there may be more to close.

        A line that is still growing may turn into anything ("#" into "#1"): only complete lines close a block. How far one
        step looks depends on the text alone and not on the pieces it came in.
        """
        if self._fence_mark:
            return self._advance_in_fence()
        n_closed = len(self.closed)
        last_line = self._open.find("\n", MAX_BLOCK_CHARS, 2 * MAX_BLOCK_CHARS) + 1
        is_endless = not last_line and len(self._open) >= 2 * MAX_BLOCK_CHARS
        complete = last_line or self._open.rfind("\n", 0, MAX_BLOCK_CHARS if is_endless else len(self._open)) + 1
        if complete > self._parsed:
            self._cut(complete)
        if len(self.closed) > n_closed or self._fence_mark:
            return True
        if last_line or is_endless:
            self._close(last_line or 2 * MAX_BLOCK_CHARS)
            return True
        return False

    def _advance_in_fence(self) -> bool:
        """A long listing grows without being parsed again: only its closing line matters."""
        while (end := self._open.find("\n", self._parsed) + 1) > 0:
            closes = self._parsed > 0 and _closes(self._open[self._parsed : end - 1], self._fence_mark)
            self._parsed = end
            if closes:
                self._fence_mark = ""
                if end >= MAX_BLOCK_CHARS:
                    self._close(end)
                return True
        return False

    def _close(self, length: int) -> None:
        """Close so many characters of the open text as one block."""
        self.closed.append(self._block(self._open[:length]))
        self._open = self._open[length:]
        self._parsed = 0
        self._fence_mark = ""

    def _cut(self, complete: int) -> None:
        """Close every block but the last within the first `complete` characters."""
        sources = _sources(self._open[:complete])
        for source in sources[:-1]:
            self.closed.append(self._block(source))
        self._open = self._open[sum(map(len, sources[:-1])) :]
        self._parsed = len(sources[-1]) if sources else 0
        fence = _fence_opening(self._open)
        has_ended = fence is None or any(
            _closes(line, fence["mark"]) for line in self._open[: self._parsed].split("\n")[1:]
        )
        self._fence_mark = "" if fence is None or has_ended else fence["mark"]

    def _block(self, source: str, is_open: bool = False) -> Block:
        item = _ORDERED.match(source)
        if item is None:
            return Block(source, is_open)
        before = self.closed[-1] if self.closed else None
        previous = _ORDERED.match(before.source) if before is not None else None
        if before is None or before.number is None or previous is None or previous["mark"] != item["mark"]:
            return Block(source, is_open, int(item["number"]))
        return Block(source, is_open, before.number + 1)


def split(text: str) -> tuple[Block, ...]:
    """The blocks of a finished text."""
    splitter = BlockSplitter()
    splitter.feed(text)
    splitter.finish()
    return tuple(splitter.closed)


def is_fence(source: str) -> bool:
    """Whether a block is a fenced listing; only its first line is looked at."""
    return _fence_opening(source) is not None


def fence_of(source: str) -> Fence | None:
    """The code of a block that is a fence, also while it is open; None for other blocks.

    A listing that grows is looked at again and again: lines are searched for the closing mark, not taken apart.
    """
    opening = _fence_opening(source)
    if opening is None:
        return None
    words = opening["info"].split()
    language = words[0].strip("{}.`") if words else ""
    mark = opening["mark"]
    indent = len(opening[0]) - len(opening[0].lstrip(" "))
    start = opening.end() + (source[opening.end() : opening.end() + 1] == "\n")
    end = _closing_line(source, start, mark)
    if end is not None:
        return Fence(language, _dedented(source[start : max(start, end - 1)], indent), is_closed=True)
    # The closing mark may be half here; it must not flash up as code.
    last = max(start, source.rfind("\n", start) + 1)
    half = source[last:].strip()
    stop = last if half and set(half) == {mark[0]} else len(source)
    return Fence(language, _dedented(source[start:stop], indent).rstrip("\n"), is_closed=False)


def _closing_line(source: str, start: int, mark: str) -> int | None:
    """Where the line begins that closes a fence whose code begins at `start`."""
    at = source.find(mark, start)
    while at >= 0:
        line = max(start, source.rfind("\n", start, at) + 1)
        end = source.find("\n", at)
        end = len(source) if end < 0 else end
        if _closes(source[line:end], mark):
            return line
        at = source.find(mark, end)
    return None


def _dedented(code: str, indent: int) -> str:
    if not indent:
        return code
    lines = code.split("\n")
    return "\n".join(line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in lines)


def _fence_opening(source: str) -> re.Match[str] | None:
    match = _FENCE.match(source)
    if match is None or (match["mark"][0] == "`" and "`" in match["info"]):
        return None
    return match


def _closes(line: str, mark: str) -> bool:
    stripped = line.strip(" \t\r")
    return len(stripped) >= len(mark) and set(stripped) == {mark[0]} and len(line) - len(line.lstrip(" ")) < 4


def _sources(text: str) -> list[str]:
    """The text cut before each top-level block and each item of a top-level list but the first; blank lines stay with what is before them."""
    if not text:
        return []
    starts: list[int] = []
    for token in block_parser().parse(clean(text)):
        is_item = token.level == 1 and token.type == "list_item_open"
        is_block = token.level == 0 and token.nesting >= 0
        if token.map and (is_item or is_block) and token.map[0] not in starts[-1:]:
            starts.append(token.map[0])
    offsets = _line_offsets(text)
    edges = [0, *(offsets[line] for line in starts[1:]), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def _line_offsets(text: str) -> list[int]:
    return [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]
