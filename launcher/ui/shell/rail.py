"""The navigation rail: icon and word, or icon alone in a narrow window."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from launcher.ui.components import FocusRing, frame
from launcher.ui.theme import Role, current, font, paint_icon, px

_WIDE, _NARROW = 80, 60
_SIDE = 5


class NavRail(QWidget):
    """One button per page.

    Signals:
        page_chosen(str): the key of the page that the user picked.
    """

    page_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Pages"))
        self._buttons: dict[str, _RailButton] = {}
        self._group = QButtonGroup(self)
        # Toggled, not clicked: assistive technology checks a button without clicking it.
        self._group.buttonToggled.connect(self._on_button_toggled)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 12, 9, 12)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self._bottom_count = 0
        self._is_compact = False
        self._words_width = 0
        self.setFixedWidth(px(_WIDE))

    def add(self, key: str, icon: str, title: str, *, at_bottom: bool = False) -> None:
        """Add a page's button, below those already there."""
        button = _RailButton(icon, title, self)
        button.set_compact(self._is_compact)
        self._buttons[key] = button
        self._group.addButton(button)
        if at_bottom:
            self._column.addWidget(button)
            self._bottom_count += 1
        else:
            self._column.insertWidget(self._column.count() - 1 - self._bottom_count, button)
        self._order_focus()
        self._words_width = max(self._words_width, button.words_width())
        self._update_width()

    def set_current(self, key: str) -> None:
        """Mark the page that is shown, without a signal."""
        with QSignalBlocker(self._group):
            self._buttons[key].setChecked(True)

    def set_badge(self, key: str, number: int) -> None:
        """A small number on a page's icon; 0 removes it."""
        self._buttons[key].set_badge(number)

    def set_compact(self, is_compact: bool) -> None:
        """Icons alone (60 px) or with words (80 px)."""
        if is_compact == self._is_compact:
            return
        self._is_compact = is_compact
        self._update_width()
        for button in self._buttons.values():
            button.set_compact(is_compact)

    def sizeHint(self) -> QSize:
        """Full height, fixed width."""
        return QSize(self.width(), super().sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        """Another font may need another width."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_buttons"):
            self._words_width = max((b.words_width() for b in self._buttons.values()), default=0)
            self._update_width()

    def _update_width(self) -> None:
        """Wide enough for the longest word in the system's font: no page's name is cut."""
        wide = max(px(_WIDE), self._words_width + px(2 * _SIDE))
        self.setFixedWidth(px(_NARROW) if self._is_compact else wide)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line at the right, and the mark of the chosen page at the window's edge."""
        tokens = current()
        painter = QPainter(self)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(tokens.border))
        chosen = self._group.checkedButton()
        if chosen is not None:
            place = chosen.geometry()
            inset = px(12)
            mark = QRectF(-3, place.top() + inset, 6, place.height() - 2 * inset)
            frame(painter, mark, 2, tokens.accent)
        painter.end()

    def _order_focus(self) -> None:
        shown = [item.widget() for i in range(self._column.count()) if (item := self._column.itemAt(i))]
        for first, second in pairwise(widget for widget in shown if widget is not None):
            QWidget.setTabOrder(first, second)

    def _on_button_toggled(self, button: QPushButton, is_checked: bool) -> None:
        self.update()
        if not is_checked:
            return
        for key, candidate in self._buttons.items():
            if candidate is button:
                self.page_chosen.emit(key)


class _RailButton(QPushButton):
    def __init__(self, icon: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(title)  # as in `Button`
        self._icon, self._badge, self._is_compact = icon, 0, False
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.toggled.connect(self._on_toggled)
        FocusRing(self, 8, reach=2)

    def set_badge(self, number: int) -> None:
        self._badge = number
        self.setAccessibleDescription(self.tr("{n} running").format(n=number) if number else "")
        self.update()

    def words_width(self) -> int:
        """Of the title as it is drawn while its page is shown."""
        words_font = font(Role.RAIL)
        words_font.setWeight(words_font.Weight.DemiBold)
        return round(QFontMetricsF(words_font).horizontalAdvance(self.text())) + px(4)

    def set_compact(self, is_compact: bool) -> None:
        self._is_compact = is_compact
        self.setToolTip(self.text() if is_compact else "")
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(px(43), px(44)) if self._is_compact else QSize(px(63), px(58))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current()
        painter = QPainter(self)
        area = QRectF(self.rect())
        fill: str | None = None
        if self.isChecked():
            fill = tokens.soft_accent
        elif self.isDown():
            fill = tokens.border
        elif self.underMouse():
            fill = tokens.raised
        if fill is not None:
            frame(painter, area, 8, fill)
        ink = tokens.accent if self.isChecked() else tokens.muted
        side = px(20)
        top = (area.height() - side) / 2 if self._is_compact else px(10)
        icon_area = QRectF((area.width() - side) / 2, top, side, side)
        paint_icon(painter, self._icon, ink, icon_area)
        if not self._is_compact:
            self._paint_words(painter, area, ink)
        if self._badge:
            self._paint_badge(painter, icon_area)
        painter.end()

    def _paint_words(self, painter: QPainter, area: QRectF, ink: str) -> None:
        words_font = font(Role.RAIL)
        if self.isChecked():
            words_font.setWeight(words_font.Weight.DemiBold)
        place = QRectF(0, px(34), area.width(), px(18))
        painter.setFont(words_font)
        painter.setPen(QColor(ink))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.text())

    def _paint_badge(self, painter: QPainter, icon_area: QRectF) -> None:
        tokens = current()
        side = px(16)
        place = QRectF(icon_area.right() - side / 4, icon_area.top() - side / 3, side, side)
        frame(painter, place, side / 2, tokens.accent)
        painter.setFont(font(Role.SMALLEST_STRONG))
        painter.setPen(QColor(tokens.on_accent))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(self._badge) if self._badge < 10 else "9+")

    def _on_toggled(self) -> None:
        rail = self.parentWidget()
        if rail is not None:
            rail.update()
