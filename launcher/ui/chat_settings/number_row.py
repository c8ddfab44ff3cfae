"""One number of the settings: its name, what holds without it, a field, a way back, and a slider where one helps."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from launcher.chat.chat_settings import Limit
from launcher.core.units import whole
from launcher.ui.components import FocusRing, IconButton, Text
from launcher.ui.components.slider import Slider
from launcher.ui.theme import Role, Tone, font, px


class NumberRow(QWidget):
    """A number or nothing: an empty field takes the recommended value. What is no value stays written and says why.

    Signals:
        changed(object): another number, or None for the recommended one.
    """

    changed = Signal(object)

    def __init__(self, title: str, limit: Limit, parent: QWidget, *, help_words: str = "", without: str = "") -> None:
        """Make a row.

        Args:
            title: the words before the field.
            limit: which numbers are values.
            parent: as for any widget.
            help_words: one sentence, as tool tip.
            without: what the field says while it is empty and nothing is recommended.
        """
        super().__init__(parent)
        self._limit, self._without, self._title = limit, without, title
        self._value: float | None = None
        self._recommended: float | None = None
        name = Text(title, Role.BODY, parent=self, elide=Qt.TextElideMode.ElideRight)
        name.setToolTip(help_words)
        self._hint = Text("", Role.SMALL, Tone.MUTED, self)
        self._field = QLineEdit(self)
        self._field.setAccessibleName(title)
        self._field.setToolTip(help_words)
        self._field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._field.setFixedWidth(px(76))
        self._field.setMinimumHeight(px(28))
        self._field.textEdited.connect(self._on_text_edited)
        FocusRing(self._field, 8, reach=2)
        self._reset = IconButton("rotate-cw", self.tr("Reset {name}").format(name=title), self, side=28, icon_size=14)
        keeps = self._reset.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(keeps)
        self._reset.clicked.connect(self.reset)
        self._problem = Text("", Role.SMALL, Tone.BAD, self, wrap=True)
        self._problem.hide()
        row = QHBoxLayout()
        row.setSpacing(px(6))
        row.addWidget(name, 1)
        row.addWidget(self._hint)
        row.addWidget(self._field)
        row.addWidget(self._reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(2))
        column.addLayout(row)
        self._slider: Slider | None = None
        if limit.slider is not None:
            self._slider = Slider(self.tr("{name}, slider").format(name=title), self)
            self._slider.moved.connect(self._on_moved)
            self._slider.reset_requested.connect(self.reset)
            under = QHBoxLayout()
            under.addWidget(self._slider, 1)
            under.addSpacing(self._reset.sizeHint().width() + px(6))
            column.addLayout(under)
        column.addWidget(self._problem)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.setFocusProxy(self._field)
        self._set_fonts()

    @property
    def draft(self) -> str:
        """What is written and is no value; "" for none."""
        return "" if self._problem.isHidden() else self._field.text()

    def set_draft(self, text: str) -> None:
        """Write again what is no value."""
        if text:
            self._field.setText(text)
            self._on_text_edited(text)

    def forget(self) -> None:
        """Nothing is written any more: another chat."""
        self._value = None
        self._field.clear()
        self._say("")

    def show_value(self, value: float | None, recommended: float | None) -> None:
        """Show a value without a signal; what is being written stays.

        Args:
            value: None for the recommended one.
            recommended: what holds then; None where that is no number.
        """
        is_written = self.draft or (self._field.hasFocus() and value == self._value)
        self._value, self._recommended = value, recommended
        if not is_written:
            self._field.setText("" if value is None else self._words(value))
        words = "" if recommended is None else self._words(recommended)
        self._field.setPlaceholderText(words or self._without)
        self._hint.set_text(self.tr("instead of {value}").format(value=words) if words and value is not None else "")
        self._field.setAccessibleDescription(
            self._problem.text() or (self.tr("recommended {value}").format(value=words) if words else self._without)
        )
        self._reset.setVisible(value is not None or bool(self.draft))
        self._show_slider()

    def reset(self) -> None:
        """Back to the recommended value."""
        had_focus = self._reset.hasFocus()
        self._field.clear()
        self._say("")
        self._take(None)
        if had_focus:
            self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        """A new text size."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._set_fonts()
        super().changeEvent(event)

    def _set_fonts(self) -> None:
        self._field.setFont(font(Role.SMALL))

    def _on_text_edited(self, text: str) -> None:
        if not text.strip():
            self._say("")
            self._take(None)
            return
        try:
            value = self._limit.read(text)
        except ValueError:
            self._say(self._wrong_words())
            return
        self._say("")
        self._take(value)

    def _on_moved(self, step: int) -> None:
        value = round(self._limit.low + step * self._limit.step, self._limit.digits)
        self._say("")
        is_recommended = self._recommended is not None and abs(value - self._recommended) < self._limit.step / 2
        self._field.setText("" if is_recommended else self._words(value))
        self._take(None if is_recommended else value)

    def _take(self, value: float | None) -> None:
        is_other = value != self._value
        self.show_value(value, self._recommended)
        if is_other:
            self.changed.emit(value)

    def _say(self, problem: str) -> None:
        self._problem.set_text(problem)
        self._problem.setVisible(bool(problem))
        if problem:
            self._field.setAccessibleDescription(problem)
            self._reset.show()

    def _wrong_words(self) -> str:
        template = (
            self.tr("A whole number from {least} to {most}. It is not used like this.")
            if self._limit.is_whole
            else self.tr("A number from {least} to {most}. It is not used like this.")
        )
        return template.format(least=self._words(self._limit.low), most=self._words(self._limit.high))

    def _words(self, value: float) -> str:
        if self._limit.is_whole:
            return whole(int(value)) if self._limit.high < 2**31 else str(int(value))
        return f"{value:.{self._limit.digits}f}".rstrip("0").rstrip(".")

    def _show_slider(self) -> None:
        if self._slider is None or self._limit.slider is None:
            return
        steps = round((self._limit.slider - self._limit.low) / self._limit.step)
        recommended = None if self._recommended is None else self._step(self._recommended, steps)
        self._slider.set_scale(steps, recommended)
        value = self._value if self._value is not None else self._recommended
        if value is not None:
            self._slider.show_value(self._step(value, steps), self._words(value))

    def _step(self, value: float, steps: int) -> int:
        return min(steps, max(0, round((value - self._limit.low) / self._limit.step)))
