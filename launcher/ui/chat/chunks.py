"""Part of a long text that may have widgets or not: a few hundred words that are made, measured and dropped together."""

from __future__ import annotations

import re

from launcher.chat.blocks import Block, is_fence
from launcher.ui.chat.region import SEGMENT_GAP, Region
from launcher.ui.chat.writer import HEADING_GAP, ITEM_GAP, PARAGRAPH_GAP
from launcher.ui.theme import Role, line_height, px

# About a screen. Larger ones cost more to make while scrolling, smaller ones more widgets.
CHUNK_CHARS = 1600
_HEADING = re.compile(r"\s*#{1,6}[ \t]")
_ITEM = re.compile(r"\s*(?:[-*+]|[0-9]{1,9}[.)])[ \t\n]")
_TABLE_LINE = re.compile(r"^ {0,3}\|", re.MULTILINE)
_HEAD_OF_CODE, _TABLE_ROW, _MEAN_LETTER = 44, 13, 7.4


class Chunk:
    """Blocks that stand one under the other, and the widgets that show them while they are near the view.

    Attributes:
        height: measured at `width`, or estimated when `width` is 0; 0 while it is neither.
    """

    __slots__ = ("blocks", "chars", "ends_with_code", "height", "is_full", "region", "starts_with_code", "top", "width")

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.chars = 0
        self.is_full = False
        self.region: Region | None = None
        self.height = 0
        self.width = 0
        self.top = 0
        self.starts_with_code = False
        self.ends_with_code = False

    @property
    def source(self) -> str:
        """The text it shows."""
        return "".join(block.source for block in self.blocks)

    def add(self, block: Block) -> None:
        """Take a block at the end. A listing is alone, so that its widget can be kept when it is complete."""
        is_code = is_fence(block.source)
        self.starts_with_code = is_code if not self.blocks else self.starts_with_code
        self.ends_with_code = is_code
        self.blocks.append(block)
        self.chars += len(block.source)
        self.is_full = is_code or self.chars >= CHUNK_CHARS
        self.width = 0
        if self.region is None:
            self.height = 0

    def takes(self, block: Block) -> bool:
        """Whether this block still belongs in here."""
        return not self.is_full and block.source.lstrip(" ")[:1] not in ("`", "~")

    def note(self, region: Region) -> None:
        """What stands at its edges, seen in the widgets."""
        self.starts_with_code, self.ends_with_code = region.starts_with_code, region.ends_with_code

    def gap_after(self, before: Chunk) -> int:
        """Blank space between two, px."""
        if before.ends_with_code or self.starts_with_code:
            return px(SEGMENT_GAP)
        first, last = self.blocks[0].source, before.blocks[-1].source
        if _HEADING.match(first):
            return px(HEADING_GAP)
        return px(ITEM_GAP if _ITEM.match(first) and _ITEM.match(last) else PARAGRAPH_GAP)

    def estimate(self, width: int, role: Role) -> int:
        """Height of what nobody has seen yet, px."""
        return sum(_estimate(block.source, width, role) for block in self.blocks)


def text_height(text: str, width: int, role: Role) -> int:
    """About how high a paragraph is. Chinese letters are twice as wide, and take three bytes."""
    letters = len(text) + (len(text.encode("utf-8", "replace")) - len(text)) // 2
    letter = px(_MEAN_LETTER) * role.value[0] / Role.CHAT.value[0]
    return (int(letters * letter / max(1, width)) + 1) * line_height(role)


def _estimate(source: str, width: int, role: Role) -> int:
    if is_fence(source):
        # Of its lines two are fences.
        return (
            px(_HEAD_OF_CODE) + max(1, source.rstrip("\n").count("\n") - 1) * line_height(Role.MONO) + px(SEGMENT_GAP)
        )
    rows = len(_TABLE_LINE.findall(source))
    if rows > 1:
        return (rows - 1) * (line_height(role) + px(_TABLE_ROW)) + px(PARAGRAPH_GAP)
    return text_height(source, width, role) + px(PARAGRAPH_GAP)
