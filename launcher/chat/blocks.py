"""Cuts a streaming answer into top-level Markdown blocks, so that only the last one has to be rendered again.

What holds at every moment (and is tested on random text): the sources of the blocks put together are the input;
only the last block is open; blocks that were closed never change; after `finish` they are the same as if the whole
text had come at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from launcher.chat.markdown import block_parser, clean

_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)")


@dataclass(frozen=True, slots=True)
class Block:
    """One top-level block and the blank lines after it. `is_open`: more text may still change it."""

    source: str
    is_open: bool = False


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
    def blocks(self) -> tuple[Block, ...]:
        """All blocks; the last one is open while text may come."""
        tail = (Block(self._open, is_open=True),) if self._open else ()
        return (*self.closed, *tail)

    def feed(self, text: str) -> None:
        """Add a piece of any length."""
        self._open += text
        # A line that is still growing may turn into anything ("#" into "#1"): only complete lines close a block.
        complete = self._open.rfind("\n") + 1
        if complete > self._parsed:
            self._cut(complete)

    def finish(self) -> None:
        """No more text will come: everything is closed."""
        self._cut(len(self._open))
        if self._open:
            self.closed.append(Block(self._open))
        self._open = ""
        self._parsed = 0
        self._fence_mark = ""

    def _cut(self, complete: int) -> None:
        """Close every block but the last within the first `complete` characters."""
        # A long listing grows without being parsed again: only a closing line matters.
        fresh = self._open[self._parsed : complete]
        if self._fence_mark and not any(_closes(line, self._fence_mark) for line in fresh.split("\n")):
            self._parsed = complete
            return
        sources = _sources(self._open[:complete])
        self.closed += [Block(source) for source in sources[:-1]]
        self._open = self._open[sum(map(len, sources[:-1])) :]
        self._parsed = len(sources[-1]) if sources else 0
        fence = _fence_opening(self._open)
        has_ended = fence is None or any(
            _closes(line, fence["mark"]) for line in self._open[: self._parsed].split("\n")[1:]
        )
        self._fence_mark = "" if fence is None or has_ended else fence["mark"]


def split(text: str) -> tuple[Block, ...]:
    """The blocks of a finished text."""
    return tuple(Block(source) for source in _sources(text))


def fence_of(source: str) -> Fence | None:
    """The code of a block that is a fence, also while it is open; None for other blocks."""
    opening = _fence_opening(source)
    if opening is None:
        return None
    body = source[opening.end() :].removeprefix("\n")
    words = opening["info"].split()
    language = words[0].strip("{}.`") if words else ""
    mark = opening["mark"]
    indent = len(opening[0]) - len(opening[0].lstrip(" "))
    lines = body.split("\n")
    end = next((i for i, line in enumerate(lines) if _closes(line, mark)), None)
    if end is None:
        # The closing mark may be half here; it must not flash up as code.
        if lines and lines[-1].strip() and set(lines[-1].strip()) == {mark[0]}:
            lines.pop()
        return Fence(language, "\n".join(_dedented(lines, indent)).rstrip("\n"), is_closed=False)
    return Fence(language, "\n".join(_dedented(lines[:end], indent)), is_closed=True)


def _dedented(lines: list[str], indent: int) -> list[str]:
    if not indent:
        return lines
    return [line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in lines]


def _fence_opening(source: str) -> re.Match[str] | None:
    match = _FENCE.match(source)
    if match is None or (match["mark"][0] == "`" and "`" in match["info"]):
        return None
    return match


def _closes(line: str, mark: str) -> bool:
    stripped = line.strip(" \t\r")
    return len(stripped) >= len(mark) and set(stripped) == {mark[0]} and len(line) - len(line.lstrip(" ")) < 4


def _sources(text: str) -> list[str]:
    """The text cut before each top-level block but the first; blank lines stay with the block before them."""
    tokens = block_parser().parse(clean(text))
    starts = [t.map[0] for t in tokens if t.level == 0 and t.map and t.nesting >= 0]
    if not text:
        return []
    offsets = _line_offsets(text)
    edges = [0, *(offsets[line] for line in starts[1:]), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def _line_offsets(text: str) -> list[int]:
    return [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]
