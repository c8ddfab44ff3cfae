"""Banners: what (bold), why with the numbers, what to do now as buttons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from launcher.core.errors import NextStep, UserError
from launcher.core.words import joined, known
from launcher.ui.components.buttons import Button, ButtonKind, ButtonSize, IconButton
from launcher.ui.components.flow_layout import FlowLayout
from launcher.ui.components.icon_label import IconLabel
from launcher.ui.components.paint import frame
from launcher.ui.components.text import Text
from launcher.ui.theme import Role, Tone, current

_USUAL_STEPS = 3
_TELLING = re.compile(r"error|fail|assert|abort|fatal|cannot|unable|out of memory", re.IGNORECASE)


class BannerKind(Enum):
    """What a banner is about: fill token, line token, icon, tone."""

    BAD = ("soft_bad", "bad", "circle-alert", Tone.BAD)
    WARN = ("soft_warn", "warn", "triangle-alert", Tone.WARN)
    GOOD = ("soft_good", "good", "check", Tone.GOOD)
    INFO = ("surface", "outline", "info", Tone.MUTED)
    OFFLINE = ("surface", "outline", "wifi-off", Tone.MUTED)


class Banner(QWidget):
    """Sits above the content it concerns and pushes it down; hidden until something is shown.

    Signals:
        step_chosen(NextStep): the user pressed one of the buttons.
        dismissed(): the user has read it; it is hidden.
    """

    step_chosen = Signal(object)
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = BannerKind.INFO
        self._steps: dict[Button, NextStep | None] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 12, 16, 12)
        row.setSpacing(13)
        self._icon = IconLabel("info", Tone.MUTED, 18, self)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(0)
        row.addLayout(column, 1)
        self._what = Text("", Role.BODY_STRONG, parent=self, wrap=True)
        self._why = Text("", Role.BODY, parent=self, wrap=True)
        self._detail = _Detail(self)
        self._buttons = QWidget(self)
        self._button_flow = FlowLayout(self._buttons, gap=8)
        # Made at once, so that they have their place in the order of focus; shown when there are steps.
        for _ in range(_USUAL_STEPS):
            self._add_button()
        column.addWidget(self._what)
        column.addWidget(self._why)
        column.addSpacing(2)
        column.addWidget(self._detail)
        column.addSpacing(6)
        column.addWidget(self._buttons)
        self._dismiss = IconButton("x", self.tr("Dismiss"), self, side=28, icon_size=14)
        self._dismiss.clicked.connect(self._on_dismiss_clicked)
        self._dismiss.hide()
        row.addWidget(self._dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def texts(self) -> tuple[str, str]:
        """What and why, as shown."""
        return self._what.text(), self._why.text()

    def show_message(
        self,
        kind: BannerKind,
        what: str,
        why: str = "",
        steps: Sequence[NextStep] = (),
        detail: str = "",
        *,
        has_primary: bool = False,
        can_dismiss: bool = False,
    ) -> None:
        """Show a message.

        Args:
            kind: its colour and icon.
            what: the bold first line.
            why: one or two lines with the numbers.
            steps: buttons in order; a step without an action is advice and printed as a sentence.
            detail: raw text of the engine in a monospace box; "" for none.
            has_primary: the first button is filled (the page has no other).
            can_dismiss: a cross at the right hides it.
        """
        self._dismiss.setVisible(can_dismiss)
        self._kind = kind
        self._icon.set_icon(kind.value[2], kind.value[3])
        advice = [known(step.label) for step in steps if not step.action]
        self._what.set_text(what)
        self._why.set_text(joined(why, *advice))
        self._why.setVisible(bool(self._why.text()))
        self._detail.set_text(_telling_lines(detail))
        self._set_steps([step for step in steps if step.action], has_primary)
        self.setAccessibleName(what)
        self.setAccessibleDescription(self._why.text())
        self.show()
        self.updateGeometry()
        self.update()

    def show_error(self, error: UserError, *, has_primary: bool = False, kind: BannerKind = BannerKind.BAD) -> None:
        """Show a failure with its next steps."""
        self.show_message(
            kind, known(error.what), known(error.why), error.next_steps, error.detail, has_primary=has_primary
        )

    def _set_steps(self, steps: Sequence[NextStep], has_primary: bool) -> None:
        while len(self._steps) < len(steps):
            self._add_button()
        for i, button in enumerate(self._steps):
            step = steps[i] if i < len(steps) else None
            self._steps[button] = step
            button.setVisible(step is not None)
            if step is not None:
                is_first = i == 0 and has_primary
                button.set_kind(ButtonKind.PRIMARY if is_first else ButtonKind.SECONDARY if i < 2 else ButtonKind.LINK)
                button.setText(known(step.label))
                button.updateGeometry()
        self._buttons.setVisible(bool(steps))

    def _add_button(self) -> None:
        button = Button("", ButtonKind.SECONDARY, self._buttons, size=ButtonSize.SMALL)
        button.hide()
        button.clicked.connect(self._on_button_clicked)
        if self._steps:
            QWidget.setTabOrder(list(self._steps)[-1], button)
        self._steps[button] = None
        self._button_flow.addWidget(button)

    def _on_button_clicked(self) -> None:
        step = next((step for button, step in self._steps.items() if button is self.sender()), None)
        if step is not None:
            self.step_chosen.emit(step)

    def _on_dismiss_clicked(self) -> None:
        self.hide()
        self.dismissed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Soft fill and a line in its colour."""
        tokens = current()
        painter = QPainter(self)
        fill, line, _, _ = self._kind.value
        frame(painter, QRectF(self.rect()), 8, getattr(tokens, fill), getattr(tokens, line))
        painter.end()


def _telling_lines(detail: str) -> str:
    """The lines of an engine's log that tell why it failed; the whole log goes into the report."""
    lines = [line.strip() for line in detail.splitlines() if _TELLING.search(line)]
    return "\u2028".join(lines[-4:])  # a text layout breaks lines there, not at \\n


class _Detail(QWidget):
    """The engine's own words in a box."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(11, 6, 11, 6)
        self._text = Text("", Role.MONO_SMALL, Tone.MUTED, self, wrap=True, max_lines=4)
        column.addWidget(self._text)
        self.hide()

    def set_text(self, text: str) -> None:
        self._text.set_text(text)
        self.setToolTip(text)
        self.setVisible(bool(text))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), 6, current().surface, current().border)
        painter.end()
