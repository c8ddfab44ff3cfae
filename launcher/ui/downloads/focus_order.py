"""Order of focus = reading order, also for what was made later than its neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def focusable(part: QWidget) -> list[QWidget]:
    """What Tab can reach inside, in the order in which it was built (hidden widgets too: they keep their place)."""
    window = part.window()  # the list of a combo box is a window of its own
    can = (w for w in part.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return [w for w in can if w.window() is window]


def put_in_order(widgets: Iterable[QWidget]) -> None:
    """Let Tab go through these in this order."""
    for first, second in pairwise(widgets):
        QWidget.setTabOrder(first, second)
