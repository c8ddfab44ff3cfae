"""A bug in this program: the report is visible, can be copied, and goes nowhere by itself."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from launcher.ui.components import PrimaryButton, SecondaryButton, Text
from launcher.ui.theme import Role, Tone


class CrashDialog(QDialog):
    """Shows one report."""

    def __init__(self, report: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Something went wrong in the launcher"))
        self.resize(640, 420)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(Text(self.windowTitle(), Role.SECTION, parent=self))
        explanation = Text("", Role.BODY, Tone.MUTED, self, wrap=True)
        explanation.set_text(
            self.tr(
                "This is a bug in the launcher. Your chats and downloads are on the disk. Nothing is sent anywhere."
            )
        )
        column.addWidget(explanation)
        self._report = QPlainTextEdit(report, self)
        self._report.setReadOnly(True)
        self._report.setAccessibleName(self.tr("Report"))
        column.addWidget(self._report, 1)
        buttons = QHBoxLayout()
        go_on = PrimaryButton(self.tr("Continue"), self)
        go_on.clicked.connect(self.accept)
        copy = SecondaryButton(self.tr("Copy report"), self)
        copy.clicked.connect(self._on_copy_clicked)
        buttons.addWidget(go_on)
        buttons.addWidget(copy)
        buttons.addStretch(1)
        column.addLayout(buttons)

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._report.toPlainText())
