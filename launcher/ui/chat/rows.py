"""What the rows of the message list have in common, and the two simple ones: the cut line and a banner."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QTextEdit, QWidget

from launcher.chat.branches import Place
from launcher.core.errors import UserError
from launcher.ui.chat.text_spot import TextPart, TextPath, TextSpot
from launcher.ui.components import (
    Banner,
    BannerKind,
)
from launcher.ui.theme import Role, current, font, px

# Screen readers get no more of a message at once.
MAX_SPOKEN_CHARS = 100_000


class MessageRow(QWidget):
    """What every row has in common.

    Signals:
        height_changed(): the list must ask for the height again.
        link_activated(str): an address the user wants to open.
        unfolded(): the user opened a part of it, and wants to see its beginning.
        intended(MessageIntent): what the user wants done with the message.
    """

    height_changed = Signal()
    link_activated = Signal(str)
    unfolded = Signal()
    intended = Signal(object)

    def set_place(self, place: Place | None, *, is_last: bool, is_free: bool) -> None:
        """Where a message stands in its chat.

        Args:
            place: among its versions; None for the only one.
            is_last: nothing follows it.
            is_free: no answer is being made, so the chat can be changed.
        """

    def arrange(self, width: int) -> int:
        """Place the parts at a width; returns the height."""
        raise NotImplementedError

    def set_view(self, top: int, bottom: int) -> bool:
        """Say which part of the row is near what is seen, px from its top; returns whether it must be arranged again."""
        return False

    def mark(self, y: int) -> tuple[int, int]:
        """What stands at a height, so that it can be found again when heights above it have changed."""
        return 0, y

    def place_of(self, mark: tuple[int, int]) -> int:
        """Where that stands now."""
        return mark[1]

    def views(self) -> list[tuple[TextPath, QTextEdit]]:
        """The texts of the message that have widgets now, in the order of reading."""
        return []

    def part_of(self, is_reasoning: bool, at: int, *, unfolds: bool) -> TextPart | None:
        """Which part of the text, or of the thought, holds a character; None where nothing does.

        Args:
            is_reasoning: of the thought, without white space around it.
            at: number of the character.
            unfolds: open the thought for it; otherwise a folded one holds nothing.
        """
        return None

    def hold(self, paths: tuple[TextPath, ...]) -> None:
        """Keep these texts, in which a selection begins or ends, out of view as well."""

    def markdown_between(self, begin: TextSpot | None, end: TextSpot | None) -> str:
        """What is selected; None is the beginning or the end of the message."""
        return ""

    def changeEvent(self, event: QEvent) -> None:
        """A change of theme or text size writes the text again."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and self.testAttribute(
            Qt.WidgetAttribute.WA_WState_Created
        ):
            self.restyle()
            self.height_changed.emit()
        super().changeEvent(event)

    def restyle(self) -> None:
        """Take over a new theme."""


class CutRow(MessageRow):
    """The line above which messages no longer go to the model."""

    def __init__(self, parent: QWidget, has_summary: bool = False) -> None:
        super().__init__(parent)
        self._words = (
            self.tr("From the summary to here nothing is sent to the model: the context is full")
            if has_summary
            else self.tr("Older messages are no longer sent to the model: the context is full")
        )
        self.setAccessibleName(self._words)

    def arrange(self, width: int) -> int:
        """One line."""
        return px(28)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line with words in its middle."""
        painter = QPainter(self)
        painter.setFont(font(Role.SMALLEST))
        room = QFontMetricsF(font(Role.SMALLEST)).horizontalAdvance(self._words) + px(24)
        middle, side = self.height() // 2, max(0.0, (self.width() - room) / 2)
        ink = QColor(current().outline)
        painter.fillRect(QRectF(0, middle, side, 1), ink)
        painter.fillRect(QRectF(self.width() - side, middle, side, 1), ink)
        painter.setPen(QColor(current().muted))
        painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, self._words)
        painter.end()


class BannerRow(MessageRow):
    """A failure that belongs to no answer, at the end of the chat.

    Signals:
        step_chosen(NextStep): a button of the banner.
    """

    step_chosen = Signal(object)

    def __init__(self, error: UserError, parent: QWidget, kind: BannerKind = BannerKind.BAD) -> None:
        super().__init__(parent)
        self._banner = Banner(self)
        self._banner.show_error(error, has_primary=True, kind=kind)
        self._banner.step_chosen.connect(self.step_chosen)

    def arrange(self, width: int) -> int:
        """As high as its words need."""
        height = self._banner.heightForWidth(width)
        self._banner.setGeometry(0, 0, width, height)
        return height
