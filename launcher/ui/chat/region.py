"""A stretch of blocks as widgets: texts and listings one under the other."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from launcher.chat.blocks import Block, fence_of
from launcher.ui.chat.code_block import CodeBlock
from launcher.ui.chat.formats import ANSWER, Look, character_format, line_format
from launcher.ui.chat.prose import Prose
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.chat.writer import Writer
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

    def __init__(self, typesetter: Typesetter, parent: QWidget, look: Look = ANSWER) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._look = look
        self._segments: list[tuple[Prose | CodeBlock, int]] = []
        self._spare: list[Prose | CodeBlock] = []
        self._code_is_final = True
        self._edits: list[QTextCursor] = []
        self._view: tuple[int, int] | None = None

    @property
    def starts_with_code(self) -> bool:
        """The first thing is a listing."""
        return bool(self._segments) and isinstance(self._segments[0][0], CodeBlock)

    @property
    def ends_with_code(self) -> bool:
        """The last thing is a listing."""
        return bool(self._segments) and isinstance(self._segments[-1][0], CodeBlock)

    @property
    def segments(self) -> list[tuple[int, Prose | CodeBlock]]:
        """What stands one under the other, with the number of its first text: a long listing has many."""
        number = 0
        found: list[tuple[int, Prose | CodeBlock]] = []
        for segment, _ in self._segments:
            found.append((number, segment))
            number += segment.n_slices if isinstance(segment, CodeBlock) else 1
        return found

    @property
    def views(self) -> list[tuple[int, QTextEdit]]:
        """The widgets in which text can be selected, with their numbers, from top to bottom."""
        found: list[tuple[int, QTextEdit]] = []
        for first, segment in self.segments:
            if isinstance(segment, CodeBlock):
                found += [(first + i, view) for i, view in segment.views]
            else:
                found.append((first, segment))
        return found

    def set_view(self, top: int, bottom: int) -> None:
        """Say which part is near what is seen, px from the top; everything is until this was said."""
        self._view = (top, bottom)
        for segment, _ in self._segments:
            if isinstance(segment, CodeBlock):
                segment.set_view(top - segment.y(), bottom - segment.y())

    def add(self, block: Block, is_final: bool = True) -> None:
        """Write a block at the end."""
        self._code_is_final = is_final
        fence = fence_of(block.source)
        if fence is not None:  # a long listing is not parsed again while it grows
            self.code(fence.language, fence.code, 0)
        else:
            Writer(self, self.devicePixelRatioF(), self._look).write_block(block.source, block.number)
        self._end_edits()

    def add_plain(self, text: str) -> None:
        """Write text as it is, line for line."""
        prose = self.prose()
        cursor = prose.end()
        if prose.document().isEmpty():
            cursor.setBlockFormat(line_format(self._look.text))
        prose.write(cursor, text, character_format(self._look.text, self._look.tone))
        self._end_edits()

    def replace(self, block: Block, is_final: bool = False) -> None:
        """Show only this block, with the widgets that are there."""
        self._spare = [segment for segment, _ in self._segments]
        self._segments = []
        self.add(block, is_final)
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
            if isinstance(segment, CodeBlock):
                if self._view is None:
                    segment.make_lines()
                else:
                    segment.set_view(self._view[0] - y, self._view[1] - y)
            y += height
        return y

    def ideal_width(self, width: int) -> int:
        """What the widest line takes when lines may be `width` long."""
        self.arrange(width)
        texts = [s for s, _ in self._segments if isinstance(s, Prose)]
        if len(texts) < len(self._segments):
            return width
        return min(width, max((int(t.document().idealWidth()) + 1 for t in texts), default=0))

    def _edited(self, prose: Prose) -> Prose:
        """Lay a document out once per block, not once per piece of text."""
        if not any(edit.document() is prose.document() for edit in self._edits):
            edit = QTextCursor(prose.document())
            edit.beginEditBlock()
            self._edits.append(edit)
        return prose

    def _end_edits(self) -> None:
        for edit in self._edits:
            edit.endEditBlock()
        self._edits = []
