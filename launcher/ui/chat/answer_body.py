"""A text of any length: only what is near the view has widgets, and only the block that still grows is written again."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QTextEdit, QWidget

from launcher.chat.blocks import Block, BlockSplitter
from launcher.ui.chat.chunks import Chunk
from launcher.ui.chat.code_block import CodeBlock
from launcher.ui.chat.formats import ANSWER, THINKING, Look
from launcher.ui.chat.region import Region
from launcher.ui.chat.text_spot import TextPart
from launcher.ui.chat.typesetter import LONG_TEXT, Typesetter

_PLAIN_CHARS = 4000


class BodyKind(Enum):
    """How a text is written: Markdown of an answer or of its thinking, or as it is."""

    ANSWER = ANSWER
    THINKING = THINKING
    PLAIN = Look(ANSWER.text, ANSWER.strong, ANSWER.tone, ())


class AnswerBody(QWidget):
    """A text, finished or streaming.

    Signals:
        height_changed(): a formula arrived, or a long text has been taken apart.
        link_activated(str): an address the user wants to open.
    """

    height_changed = Signal()
    link_activated = Signal(str)

    def __init__(self, typesetter: Typesetter, parent: QWidget, kind: BodyKind = BodyKind.ANSWER) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._kind = kind
        self._splitter = BlockSplitter()
        self._taken = 0
        self._chunks: list[Chunk] = []
        self._open: Chunk | None = None  # the block that still grows
        self._waits_for = ""
        self._view: tuple[int, int] | None = None
        self._width = 0
        self._held: frozenset[int] = frozenset()
        typesetter.text_split.connect(self._on_text_split)

    # -- text

    def append(self, text: str) -> None:
        """More of the answer."""
        self._splitter.feed(text)
        self._take_new()

    def finish(self) -> None:
        """The answer is complete."""
        self._splitter.finish()
        self._take_new()

    def set_text(self, text: str, is_final: bool) -> None:
        """Show another text from the beginning."""
        for chunk in self._all():
            self._drop(chunk)
        self._chunks, self._open, self._waits_for = [], None, ""
        self._splitter, self._taken = BlockSplitter(), 0
        self._held = frozenset()
        if self._kind is BodyKind.PLAIN:
            self._take([Block(piece) for piece in _plain_pieces(text)])
        elif is_final and len(text) > LONG_TEXT:
            blocks = self._typesetter.blocks_of(text)
            self._waits_for = text if blocks is None else ""
            # Until it has been taken apart it stands as one part that is never made, only as high as it may be.
            self._take(blocks if blocks is not None else (Block(text),))
        else:
            self._splitter.feed(text)
            if is_final:
                self._splitter.finish()
            self._take_new()

    # -- geometry

    def set_view(self, top: int, bottom: int) -> bool:
        """Say which part is near what is seen, px from the top; everything is until this was said. True: arrange it again."""
        if self._view == (top, bottom):
            return False
        self._view = (top, bottom)
        for chunk in self._all():
            self._show_near(chunk)
        return any((c.region is None) == self._is_near(c) for c in self._all())

    def arrange(self, width: int) -> int:
        """Make, measure and place what is near the view; returns the height of all."""
        height = self._stack(width)
        # What has been measured may move other parts into view.
        for _ in range(3):
            near = [c for c in self._all() if self._is_near(c) and (c.width != width or c.region is None)]
            if not near or self._waits_for:
                break
            for chunk in near:
                self._measure(chunk, width)
            height = self._stack(width)
        for i, chunk in enumerate(self._all()):
            if chunk.region is None:
                continue
            if self._is_near(chunk) or self._is_held(i, chunk.region):
                if chunk.width != width:
                    self._measure(chunk, width)
                chunk.region.setGeometry(0, chunk.top, width, chunk.height)
                self._show_near(chunk)
            else:
                self._drop(chunk)
        return height

    def ideal_width(self, width: int) -> int:
        """What the widest line takes when lines may be `width` long."""
        if len(self._chunks) != 1 or self._open is not None or self._waits_for:
            return width
        return self._made(self._chunks[0]).ideal_width(width)

    def mark(self, y: int) -> tuple[int, int]:
        """What stands at a height: number of the part and the distance from its top."""
        chunks = self._all()
        number = 0
        # A part that was added since has no place yet: its top is 0.
        while number + 1 < len(chunks) and 0 < chunks[number + 1].top <= y:
            number += 1
        return (number, y - chunks[number].top) if chunks else (0, y)

    def place_of(self, mark: tuple[int, int]) -> int:
        """Where that stands now."""
        chunks = self._all()
        return chunks[mark[0]].top + mark[1] if mark[0] < len(chunks) else mark[1]

    # -- selecting

    @property
    def views(self) -> list[tuple[tuple[int, int], QTextEdit]]:
        """The widgets in which text can be selected, with their places: number of the part, and in it."""
        found: list[tuple[tuple[int, int], QTextEdit]] = []
        for i, chunk in enumerate(self._all()):
            if chunk.region is not None:
                found += [((i, j), view) for j, view in chunk.region.views]
        return found

    @property
    def kind(self) -> BodyKind:
        """How the text is written."""
        return self._kind

    @property
    def n_parts(self) -> int:
        """Parts, those without widgets included."""
        return len(self._all())

    def hold(self, parts: frozenset[int]) -> None:
        """Keep these parts, in which a selection begins and ends, out of view as well."""
        self._held = parts

    def source_between(self, first: int, last: int) -> str:
        """The text of the parts from `first` up to, without, `last`."""
        return "".join(chunk.source for chunk in self._all()[first:last])

    def part_at(self, at: int) -> tuple[int, int]:
        """The part that holds a character of the text, and where its own text starts; the last one for what lies behind."""
        number = start = 0
        chunks = self._all()
        for number, chunk in enumerate(chunks):
            end = start + sum(len(block.source) for block in chunk.blocks)
            if at < end or number == len(chunks) - 1:
                break
            start = end
        return number, start

    def text_part(self, area: int, at: int, top: int) -> TextPart:
        """The part that holds a character; of a long listing the lines that do.

        Args:
            area: which text of the row this is.
            at: number of the character.
            top: of this text in the row, px.
        """
        number, start = self.part_at(at)
        top += self.place_of((number, 0))
        chunks = self._all()
        region = chunks[number].region if chunks else None
        listing = region.segments[0][1] if region is not None and len(region.segments) == 1 else None
        if isinstance(listing, CodeBlock) and listing.n_slices > 1:
            begin = start + max(0, chunks[number].source.find(listing.code))
            text, first, slice_top = listing.slice_at(at - begin)
            return TextPart(area, number, begin + first, top + slice_top, text)
        return TextPart(area, number, start, top)

    def region(self, number: int) -> Region | None:
        """The widgets of a part."""
        chunks = self._all()
        return chunks[number].region if number < len(chunks) else None

    # -- inside

    def _all(self) -> list[Chunk]:
        return [*self._chunks, self._open] if self._open is not None else self._chunks

    def _take_new(self) -> None:
        closed = self._splitter.closed
        self._take(closed[self._taken :])
        self._taken = len(closed)
        block = self._splitter.open_block
        if block is None:
            if self._open is not None:
                self._drop(self._open)
            self._open = None
            return
        if self._open is None:
            self._open = Chunk()
        self._open.blocks.clear()
        self._open.add(block)
        if self._open.region is not None:
            self._open.region.replace(block)

    def _take(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            chunk = self._chunks[-1] if self._chunks else None
            if chunk is None or not chunk.takes(block):
                chunk = Chunk()
                self._chunks.append(chunk)
                grown = self._open
                if grown is not None and grown.region is not None:
                    # The widget that showed it while it grew goes on showing it.
                    chunk.region, grown.region = grown.region, None
                    chunk.region.replace(block, is_final=True)
                    self._open = None
            elif chunk.region is not None:
                self._write(chunk.region, block)
            chunk.add(block)

    def _write(self, region: Region, block: Block) -> None:
        if self._kind is BodyKind.PLAIN:
            region.add_plain(block.source.removesuffix("\n"))
        else:
            region.add(block)

    def _made(self, chunk: Chunk) -> Region:
        if chunk.region is None:
            region = chunk.region = Region(self._typesetter, self, self._kind.value)
            region.height_changed.connect(self._on_region_height_changed)
            region.link_activated.connect(self.link_activated)
            self._show_near(chunk)
            for block in chunk.blocks:
                if chunk is self._open:
                    region.replace(block)
                else:
                    self._write(region, block)
            region.show()
        return chunk.region

    def _measure(self, chunk: Chunk, width: int) -> None:
        region = self._made(chunk)
        chunk.height = region.arrange(width)
        chunk.width = width
        chunk.note(region)

    def _drop(self, chunk: Chunk) -> None:
        if chunk.region is not None:
            chunk.region.hide()
            chunk.region.deleteLater()
            chunk.region = None

    def _stack(self, width: int) -> int:
        """Tops of all parts; returns where the last one ends."""
        y = 0
        before: Chunk | None = None
        is_other_width, self._width = self._width != width, width
        for chunk in self._all():
            if not chunk.height or (is_other_width and chunk.region is None):
                chunk.height, chunk.width = chunk.estimate(width, self._kind.value.text), 0
            if before is not None and self._kind is not BodyKind.PLAIN:
                y += chunk.gap_after(before)
            chunk.top = y
            y += chunk.height
            before = chunk
        return y

    def _is_near(self, chunk: Chunk) -> bool:
        return self._view is None or (chunk.top < self._view[1] and chunk.top + chunk.height >= self._view[0])

    def _show_near(self, chunk: Chunk) -> None:
        """A long listing makes only the lines that are near the view."""
        if chunk.region is not None and self._view is not None:
            chunk.region.set_view(self._view[0] - chunk.top, self._view[1] - chunk.top)

    def _is_held(self, number: int, region: Region) -> bool:
        focus = QApplication.focusWidget()
        return number in self._held or (bool(focus) and region.isAncestorOf(focus))

    def _on_region_height_changed(self) -> None:
        sender = self.sender()
        for chunk in self._all():
            if chunk.region is sender:
                chunk.width = 0
        self.height_changed.emit()

    def _on_text_split(self, text: str) -> None:
        if not self._waits_for or text != self._waits_for:
            return
        self.set_text(text, is_final=True)
        self.height_changed.emit()


def _plain_pieces(text: str) -> list[str]:
    """Text cut after lines; a line that never ends is cut as well."""
    pieces: list[str] = []
    start = 0
    while len(text) - start > 2 * _PLAIN_CHARS:
        end = text.rfind("\n", start + _PLAIN_CHARS // 2, start + 2 * _PLAIN_CHARS) + 1 or start + 2 * _PLAIN_CHARS
        pieces.append(text[start:end])
        start = end
    pieces.append(text[start:])
    return pieces
