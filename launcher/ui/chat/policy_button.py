"""What was cut from the context, and a menu with what is to happen when it is full."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from launcher.chat.context_policy import ContextPolicy
from launcher.ui.components import FocusRing, frame
from launcher.ui.theme import Role, Tone, colour, current, font, paint_icon, px

_PAD, _ICON = 6, 12


class PolicyButton(QPushButton):
    """A line of words with a chevron.

    Signals:
        policy_chosen(ContextPolicy): the user chose another one.
    """

    policy_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._policy = ContextPolicy.TRIM
        self._tone = Tone.MUTED
        self._actions: dict[QAction, ContextPolicy] = {}
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAutoDefault(False)
        self.clicked.connect(self._on_clicked)
        FocusRing(self, 6)
        self.set_words("", has_cut=False)

    def set_words(self, words: str, *, has_cut: bool) -> None:
        """Show what was cut."""
        self.setText(words)
        self._tone = Tone.WARN if has_cut else Tone.MUTED
        self._tell()
        self.updateGeometry()
        self.update()

    def set_policy(self, policy: ContextPolicy) -> None:
        """What happens when the context is full."""
        self._policy = policy
        self._tell()

    def sizeHint(self) -> QSize:
        """Words and chevron, high enough to hit."""
        width = QFontMetricsF(font(Role.SMALL)).horizontalAdvance(self.text())
        return QSize(round(width + 0.5) + 2 * px(_PAD) + px(4) + px(_ICON), px(28))

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size."""
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Words and chevron; a fill under the mouse."""
        painter = QPainter(self)
        if self.underMouse() or self.isDown():
            frame(painter, QRectF(self.rect()), 6, current().raised)
        painter.setFont(font(Role.SMALL))
        painter.setPen(colour(self._tone))
        area = QRectF(self.rect()).adjusted(px(_PAD), 0, 0, 0)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.text())
        side = px(_ICON)
        place = QRectF(self.width() - px(_PAD) - side, (self.height() - side) / 2, side, side)
        paint_icon(painter, "chevron-down", self._tone, place)
        painter.end()

    def _words(self) -> dict[ContextPolicy, str]:
        return {
            ContextPolicy.TRIM: self.tr("Leave out the oldest messages"),
            ContextPolicy.SUMMARISE: self.tr("Summarise the oldest messages"),
            ContextPolicy.STOP: self.tr("Send nothing and say so"),
        }

    def _tell(self) -> None:
        rule = self.tr("When the context is full: {policy}").format(policy=self._words()[self._policy])
        self.setToolTip(rule)
        self.setAccessibleName(f"{self.text()}. {rule}" if self.text() else rule)

    def _on_clicked(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(self.tr("When the context is full"))
        menu.addAction(self.tr("When the context is full")).setEnabled(False)
        group = QActionGroup(menu)
        self._actions = {}
        for policy, words in self._words().items():
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(policy is self._policy)
            group.addAction(action)
            self._actions[action] = policy
        menu.triggered.connect(self._on_triggered)
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height() - px(4))))

    def _on_triggered(self, action: QAction) -> None:
        policy = self._actions.get(action)
        if policy is not None and policy is not self._policy:
            self.policy_chosen.emit(policy)
