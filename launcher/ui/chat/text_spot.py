"""Places in the text of a message, in the order of reading."""

from __future__ import annotations

from typing import NamedTuple

TextPath = tuple[int, int, int]
"""Which text of a row: 0 thinking or 1 text, number of the part, number of the text in it."""

THINKING_AREA, TEXT_AREA = 0, 1
BEGIN: TextPath = (-1, 0, 0)
END: TextPath = (9, 0, 0)


class TextSpot(NamedTuple):
    """A position between two letters; `position` counts as Qt does, in UTF-16 units of the text's document."""

    path: TextPath
    position: int
