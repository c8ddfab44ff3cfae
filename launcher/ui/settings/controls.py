"""Controls of settings that are not components of their own: a number, a line, a longer text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette, QTransform, QWheelEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from launcher.core.errors import UserError
from launcher.core.words import joined, known
from launcher.ui.components import FocusRing, Text, frame
from launcher.ui.theme import Role, Tone, current, font, paint_icon, px

_ARROWS = 28


class NumberField(QWidget):
    """A number with its unit and two arrows; the arrow keys step too.

    Signals:
        changed(float): the user set another value.
    """

    changed = Signal(float)

    def __init__(self, name: str, low: float, high: float, *, digits: int, step: float, parent: QWidget) -> None:
        super().__init__(parent)
        self._spin = _Spin(self)
        self._spin.setAccessibleName(name)
        self._spin.lineEdit().setAccessibleName(name)
        self._spin.setRange(low, high)
        self._spin.setDecimals(digits)
        self._spin.setSingleStep(step)
        self._spin.valueChanged.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(10), 1, px(_ARROWS), 1)
        row.addWidget(self._spin)
        self.setFocusProxy(self._spin)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        FocusRing(self._spin, 8, reach=2)

    @property
    def value(self) -> float:
        """The number shown."""
        return self._spin.value()

    def set_value(self, value: float) -> None:
        """Show a value without a signal."""
        self._spin.blockSignals(True)
        self._spin.setValue(value)
        self._spin.blockSignals(False)

    def sizeHint(self) -> QSize:
        """As drawn."""
        return QSize(px(112), px(32))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The arrows."""
        if event.position().x() >= self.width() - px(_ARROWS):
            self._spin.setFocus(Qt.FocusReason.MouseFocusReason)
            self._spin.stepBy(1 if event.position().y() < self.height() / 2 else -1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame and arrows."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), 8, current().surface, current().outline)
        side = px(12)
        left = self.width() - px(_ARROWS) / 2 - side / 2
        down = QRectF(left, self.height() / 2 + px(2), side, side)
        paint_icon(painter, "chevron-down", Tone.MUTED, down)
        # The same icon, mirrored over the middle.
        painter.setTransform(QTransform(1, 0, 0, -1, 0, self.height()))
        paint_icon(painter, "chevron-down", Tone.MUTED, down)
        painter.end()


class _Spin(QDoubleSpinBox):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrame(False)
        self.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.setKeyboardTracking(False)
        self.setFont(font(Role.SMALL))
        # The field around it has the frame; the application's rule for line edits would draw a second one.
        self.lineEdit().setStyleSheet("QLineEdit { border: none; background: transparent; padding: 0; }")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls the page, it does not change a setting by accident."""
        event.ignore()


class AddressField(QWidget):
    """An address; a wrong one is explained under the field and not taken.

    Signals:
        changed(str): another valid address, or "" for the default.
    """

    changed = Signal(str)

    def __init__(self, name: str, parent: QWidget, check: Callable[[str], None]) -> None:
        """Make a field; `check` raises a UserError for what cannot be used."""
        super().__init__(parent)
        self._check = check
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._field = QLineEdit(self)
        self._field.setAccessibleName(name)
        self._field.setFont(font(Role.SMALL))
        self._field.setMinimumHeight(px(32))
        self._field.setMinimumWidth(px(280))
        self._field.editingFinished.connect(self._on_editing_finished)
        self._problem = Text("", Role.SMALL, Tone.BAD, self, wrap=True)
        self._problem.hide()
        self._value = ""
        column.addWidget(self._field)
        column.addWidget(self._problem)
        self.setFocusProxy(self._field)
        FocusRing(self._field, 8, reach=2)

    def set_value(self, value: str) -> None:
        """Show a value without a signal."""
        self._value = value
        self._field.setText(value)
        self._problem.hide()

    def set_placeholder(self, text: str) -> None:
        """What is used while the field is empty."""
        self._field.setPlaceholderText(text)

    def take(self) -> None:
        """Take what is written, or say why not."""
        text = self._field.text().strip().rstrip("/")
        problem = ""
        try:
            self._check(text)
        except UserError as error:
            problem = joined(known(error.what), known(error.why))
        self._problem.set_text(problem)
        self._problem.setVisible(bool(problem))
        if not problem and text != self._value:
            self._value = text
            self.changed.emit(text)

    @property
    def text(self) -> str:
        """What is written, taken or not."""
        return self._field.text().strip()

    def _on_editing_finished(self) -> None:
        self.take()


class SecretField(QLineEdit):
    """A password; its text is never shown again, only that there is one.

    Signals:
        entered(str): another password, "" to forget it.
    """

    entered = Signal(str)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setFont(font(Role.SMALL))
        self.setMinimumHeight(px(32))
        self.setMinimumWidth(px(180))
        self.editingFinished.connect(self._on_editing_finished)
        FocusRing(self, 8, reach=2)

    def _on_editing_finished(self) -> None:
        if self.isModified():
            self.setModified(False)
            self.entered.emit(self.text())
            self.clear()
            self.setModified(False)


class PromptField(QFrame):
    """A text of several lines; taken when the field is left.

    Signals:
        changed(str): another text.
    """

    changed = Signal(str)

    def __init__(self, name: str, placeholder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._value = ""
        self._edit = QPlainTextEdit(self)
        self._edit.setAccessibleName(name)
        self._edit.setPlaceholderText(placeholder)
        self._edit.setFrameShape(QFrame.Shape.NoFrame)
        self._edit.setTabChangesFocus(True)
        self._edit.setFont(font(Role.BODY))
        self._edit.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        self._edit.setMinimumHeight(px(96))
        self._edit.setMaximumHeight(px(160))
        self._edit.installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 4, 6)
        column.addWidget(self._edit)
        self.setFocusProxy(self._edit)
        FocusRing(self._edit, 8)

    def set_value(self, value: str) -> None:
        """Show a value without a signal; a text being written stays."""
        self._value = value
        if self._edit.toPlainText() != value and not self._edit.hasFocus():
            self._edit.setPlainText(value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leaving the field takes its text."""
        if event.type() == QEvent.Type.FocusOut:
            text = self._edit.toPlainText().strip()
            if text != self._value:
                self._value = text
                self.changed.emit(text)
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), 8, current().surface, current().outline)
        painter.end()


def with_unit(field: QWidget, unit: str, parent: QWidget) -> QWidget:
    """A field and its unit behind it."""
    box = QWidget(parent)
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(field)
    row.addWidget(Text(unit, Role.SMALL, Tone.MUTED, box))
    box.setFocusProxy(field)
    return box
