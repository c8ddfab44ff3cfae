"""Places in the text of a message, in the order of reading."""

from __future__ import annotations

from typing import NamedTuple

TextPath = tuple[int, int, int]
"""Which text of a row: 0 thinking or 1 text, number of the part, number of the text in it."""

THINKING_AREA, TEXT_AREA = 0, 1
BEGIN: TextPath = (-1, 0, 0)
END: TextPath = (9, 0, 0)


class TextPart(NamedTuple):
    """A part of a row's text that has its widgets together.

    Attributes:
        area: THINKING_AREA or TEXT_AREA.
        number: among the parts of that area.
        start: the first character of its source in the whole text.
        top: px from the top of the row.
        text: only this text of the part, some lines of a long listing; -1 is all of them.
    """

    area: int
    number: int
    start: int
    top: int
    text: int = -1

    def holds(self, path: TextPath) -> bool:
        """Whether a text is of this part."""
        return path[:2] == (self.area, self.number) and self.text in (-1, path[2])


class TextSpot(NamedTuple):
    """A position between two letters; `position` counts as Qt does, in UTF-16 units of the text's document."""

    path: TextPath
    position: int
