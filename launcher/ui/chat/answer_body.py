"""The text of an answer: what is finished is written once, only the block that is still growing is written again."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QWidget

from launcher.chat.blocks import BlockSplitter, fence_of
from launcher.ui.chat.code_block import CodeBlock
from launcher.ui.chat.prose import Prose
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.chat.writer import PARAGRAPH_GAP, Writer
from launcher.ui.theme import px

SEGMENT_GAP = 12


class Region(QWidget):
    """Texts and listings one under the other.

    Signals:
        height_changed(): something in it has another height now.
        link_activated(str): an address the user wants to open.
    """

    height_changed = Signal()
    link_activated = Signal(str)

    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._segments: list[tuple[Prose | CodeBlock, int]] = []
        self._spare: list[Prose | CodeBlock] = []
        self._code_is_final = True
        self._edits: list[QTextCursor] = []

    @property
    def is_empty(self) -> bool:
        """Nothing in it."""
        return not self._segments

    @property
    def starts_with_code(self) -> bool:
        """The first thing is a listing."""
        return bool(self._segments) and isinstance(self._segments[0][0], CodeBlock)

    @property
    def ends_with_code(self) -> bool:
        """The last thing is a listing."""
        return bool(self._segments) and isinstance(self._segments[-1][0], CodeBlock)

    def add(self, source: str, is_final: bool = True) -> None:
        """Write a block at the end."""
        self._code_is_final = is_final
        fence = fence_of(source)
        if fence is not None:  # a long listing is not parsed again while it grows
            self.code(fence.language, fence.code, 0)
        else:
            Writer(self, self.devicePixelRatioF()).write_block(source)
        for edit in self._edits:
            edit.endEditBlock()
        self._edits = []

    def replace(self, source: str) -> None:
        """Show only this block, with the widgets that are there."""
        self._spare = [segment for segment, _ in self._segments]
        self._segments = []
        if source:
            self.add(source, is_final=False)
        for segment in self._spare:
            segment.hide()
            segment.deleteLater()
        self._spare = []

    def prose(self) -> Prose:
        """The text to go on with (see `writer.Flow`)."""
        if self._segments and isinstance(self._segments[-1][0], Prose):
            return self._edited(self._segments[-1][0])
        prose = next((s for s in self._spare if isinstance(s, Prose)), None)
        if prose is None:
            prose = Prose(self._typesetter, self)
            prose.height_changed.connect(self.height_changed)
            prose.link_activated.connect(self.link_activated)
            prose.show()
        else:
            self._spare.remove(prose)
            prose.reset()
        self._segments.append((prose, 0))
        return self._edited(prose)

    def _edited(self, prose: Prose) -> Prose:
        """Lay a document out once per block, not once per piece of text."""
        if not any(edit.document() is prose.document() for edit in self._edits):
            edit = QTextCursor(prose.document())
            edit.beginEditBlock()
            self._edits.append(edit)
        return prose

    def code(self, language: str, code: str, indent: int) -> None:
        """A listing (see `writer.Flow`)."""
        block = next((s for s in self._spare if isinstance(s, CodeBlock)), None)
        if block is None:
            block = CodeBlock(self._typesetter, self)
            block.height_changed.connect(self.height_changed)
            block.show()
        else:
            self._spare.remove(block)
        block.set_code(language, code, self._code_is_final)
        self._segments.append((block, indent))

    def arrange(self, width: int) -> int:
        """Place everything at a width; returns the height."""
        y = 0
        for i, (segment, indent) in enumerate(self._segments):
            if i:
                y += px(SEGMENT_GAP)
            room = max(80, width - indent)
            height = segment.height_at(room)
            segment.setGeometry(indent, y, room, height)
            y += height
        return y


class AnswerBody(QWidget):
    """An answer in Markdown, finished or streaming.

    Signals:
        height_changed(): a formula arrived.
        link_activated(str): an address the user wants to open.
    """

    height_changed = Signal()
    link_activated = Signal(str)

    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._splitter = BlockSplitter()
        self._written = 0
        self._closed = self._region()
        self._open = self._region()

    def append(self, text: str) -> None:
        """More of the answer."""
        self._splitter.feed(text)
        self._write()

    def finish(self) -> None:
        """The answer is complete."""
        self._splitter.finish()
        self._write()

    def set_text(self, text: str, is_final: bool) -> None:
        """Show another text from the beginning."""
        for region in (self._closed, self._open):
            region.hide()
            region.deleteLater()
        self._closed, self._open = self._region(), self._region()
        self._splitter, self._written = BlockSplitter(), 0
        self._splitter.feed(text)
        if is_final:
            self._splitter.finish()
        self._write()

    def arrange(self, width: int) -> int:
        """Place both regions; returns the height."""
        height = self._closed.arrange(width)
        self._closed.setGeometry(0, 0, width, height)
        if not self._open.is_empty:
            if not self._closed.is_empty:
                touches_code = self._closed.ends_with_code or self._open.starts_with_code
                height += px(SEGMENT_GAP if touches_code else PARAGRAPH_GAP)
            top = height
            height += self._open.arrange(width)
            self._open.setGeometry(0, top, width, height - top)
        return height

    def _write(self) -> None:
        closed = self._splitter.closed
        for block in closed[self._written :]:
            self._closed.add(block.source)
        self._written = len(closed)
        self._open.replace(self._splitter.open_source)

    def _region(self) -> Region:
        region = Region(self._typesetter, self)
        region.height_changed.connect(self.height_changed)
        region.link_activated.connect(self.link_activated)
        region.show()
        return region
