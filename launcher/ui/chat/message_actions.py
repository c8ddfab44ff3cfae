"""What can be done with a message of the chat: the values that say so, and the small controls under it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from launcher.chat.branches import Place
from launcher.ui.components import IconButton, Text, frame
from launcher.ui.theme import Role, Tone, current, paint_icon, px

_SIDE, _ICON = 28, 15
_POINT_MS = 2000


class MessageAction(Enum):
    """What is to be done."""

    SHOW = "show"
    EDIT = "edit"
    CONTINUE = "continue"
    FORK = "fork"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class MessageIntent:
    """A wish about one message.

    Attributes:
        message_id: the message; for SHOW the version that is to be shown.
        text: for EDIT: what an answer is to say.
    """

    action: MessageAction
    message_id: str
    text: str = ""


class ActionButton(IconButton):
    """Under an answer: muted at rest, as the figures beside it."""

    def __init__(self, icon: str, name: str, parent: QWidget) -> None:
        super().__init__(icon, name, parent, side=_SIDE, icon_size=_ICON)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon alone, until it is pointed at."""
        if self.underMouse() or self.hasFocus() or self.isDown() or self.isChecked():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.4)
        side = px(_ICON)
        place = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        paint_icon(painter, self._icon, Tone.MUTED, place)
        painter.end()


class QuietButton(IconButton):
    """Beside a question: seen while the mouse is over the row or the keyboard is on it; always there for screen readers."""

    def __init__(self, icon: str, name: str, parent: QWidget) -> None:
        super().__init__(icon, name, parent, side=_SIDE, icon_size=_ICON)
        self._is_shown = False

    def set_shown(self, shown: bool) -> None:
        """The mouse came or went."""
        self._is_shown = shown
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Nothing while nobody looks."""
        if self._is_shown or self.hasFocus():
            super().paintEvent(event)


class VersionSwitch(QWidget):
    """Arrows between the versions of a message: "‹ 2/3 ›".

    Signals:
        chosen(str): id of the version to show.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._place: Place | None = None
        self._is_free = True
        self._before = ActionButton("chevron-left", self.tr("Previous version"), self)
        self._after = ActionButton("chevron-right", self.tr("Next version"), self)
        self._number = Text("", Role.SMALL, Tone.MUTED, self)
        self._before.clicked.connect(self._on_before_clicked)
        self._after.clicked.connect(self._on_after_clicked)
        self.hide()

    @property
    def place(self) -> Place | None:
        """Where the message stands; None where there is nothing to switch to."""
        return self._place

    def set_place(self, place: Place | None, is_free: bool) -> None:
        """Where the message stands among its versions; None hides the arrows. Not free: an answer is being made."""
        self._place, self._is_free = place, is_free
        self.setVisible(place is not None)
        if place is None:
            return
        self._number.set_text(f"{place.number}/{place.count}")
        self.setAccessibleName(self.tr("Version {number} of {count}").format(number=place.number, count=place.count))
        self._before.setEnabled(is_free and place.before_id is not None)
        self._after.setEnabled(is_free and place.after_id is not None)
        self.resizeEvent(None)

    def sizeHint(self) -> QSize:
        """Two buttons and the figures between them."""
        return QSize(2 * px(_SIDE) + self._number.sizeHint().width(), px(_SIDE))

    def resizeEvent(self, event: object) -> None:
        """Arrow, figures, arrow."""
        side, width = px(_SIDE), self._number.sizeHint().width()
        self._before.setGeometry(0, 0, side, side)
        self._number.setGeometry(side, 0, width, side)
        self._after.setGeometry(side + width, 0, side, side)

    def _on_before_clicked(self) -> None:
        if self._place is not None and self._place.before_id is not None:
            self.chosen.emit(self._place.before_id)

    def _on_after_clicked(self) -> None:
        if self._place is not None and self._place.after_id is not None:
            self.chosen.emit(self._place.after_id)


class Pointer(QWidget):
    """A bar beside the message that a search led to, for two seconds.

    Attributes:
        message_id: the message; "" while it is hidden.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.message_id = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_POINT_MS)
        self._timer.timeout.connect(self._on_over)
        self.hide()

    def point_at(self, message_id: str) -> None:
        """Begin; the list places it."""
        self.message_id = message_id
        self.show()
        self.raise_()
        self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The accent."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), 1.5, current().accent)
        painter.end()

    def _on_over(self) -> None:
        self.message_id = ""
        self.hide()
