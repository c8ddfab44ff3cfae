"""What the dialogs of downloads have in common: a title that says what, words that say why, and buttons that name results."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from launcher.ui.components import LinkButton, PrimaryButton, Text
from launcher.ui.theme import Role, Tone, px


class Dialog(QDialog):
    """Fill `column`; call `add_buttons` last. Deleted when it is closed."""

    def __init__(self, title: str, why: str, parent: QWidget, *, width: int = 460) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(px(width))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(14)
        outer.addWidget(Text(title, Role.SECTION, parent=self, wrap=True))
        if why:
            outer.addWidget(Text(why, Role.BODY, Tone.MUTED, self, wrap=True))
        self.column = QVBoxLayout()
        self.column.setSpacing(10)
        outer.addLayout(self.column, 1)
        self._outer = outer

    def fit(self) -> None:
        """Grow to what is shown now; wrapped text asks for its height only once its width is known."""
        self._outer.activate()
        self.resize(self.width(), max(self.minimumHeight(), self._outer.totalHeightForWidth(self.width())))

    def add_buttons(self, primary: str, *others: QWidget, cancel: str = "") -> PrimaryButton:
        """The last row: the filled button, outlined ones, and Cancel as text at the right edge."""
        row = QHBoxLayout()
        row.setSpacing(8)
        button = PrimaryButton(primary, self)
        button.setDefault(True)
        row.addWidget(button)
        for other in others:
            row.addWidget(other)
        row.addStretch(1)
        leave = LinkButton(cancel or self.tr("Cancel"), self)
        leave.clicked.connect(self.reject)
        row.addWidget(leave)
        self._outer.addLayout(row)
        return button
