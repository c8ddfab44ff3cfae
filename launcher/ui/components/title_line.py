"""A page's title, with room right of it for what belongs to the page as a whole."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from launcher.ui.components.flow_layout import FlowLayout
from launcher.ui.components.text import Text
from launcher.ui.theme import Role


class TitleLine(QWidget):
    """The title; what is added stands right of it, where it is narrow below it."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, gap=20)
        self._flow.addWidget(Text(title, Role.TITLE, parent=self))

    def add(self, widget: QWidget) -> None:
        """Take a widget, also from the line of another page."""
        self._flow.addWidget(widget)
        widget.show()
