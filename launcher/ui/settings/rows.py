"""Rows and cards of settings: words on the left, the control on the right."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from launcher.ui.components import Card, Chip, Divider, FocusRing, Text, frame
from launcher.ui.theme import Role, Tone, current, font, px


class SettingRow(QWidget):
    """One setting, or one fact. `is_wanted` says whether its value is known at all."""

    def __init__(
        self,
        title: str,
        help_text: str,
        control: QWidget | None = None,
        *,
        mark: str = "",
        below: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Make a row.

        Args:
            title: the setting in words.
            help_text: one sentence on its effect.
            control: changes it; None for a fact.
            mark: a chip beside the title ("at next load").
            below: the control needs the whole width and stands under the words.
            parent: as for any widget.
        """
        super().__init__(parent)
        self.is_wanted = True
        self._words = f"{title} {help_text}".lower()
        direction = QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        row = QBoxLayout(direction, self)
        row.setContentsMargins(0, 12, 0, 12)
        row.setSpacing(8 if below else 16)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Text(title, Role.BODY_MEDIUM, parent=self))
        if mark:
            head.addWidget(Chip(mark, parent=self))
        head.addStretch(1)
        texts.addLayout(head)
        self._help = Text(help_text, Role.SMALL, Tone.MUTED, self, wrap=True)
        texts.addWidget(self._help)
        self._problem = Text("", Role.SMALL, Tone.BAD, self, wrap=True)
        self._problem.hide()
        texts.addWidget(self._problem)
        row.addLayout(texts, 1)
        if control is not None:
            control.setAccessibleDescription(help_text)
            if below:
                row.addWidget(control)
            else:
                row.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)

    def set_help(self, help_text: str) -> None:
        """Another sentence under the title."""
        self._help.set_text(help_text)

    def set_problem(self, text: str) -> None:
        """Why a value was not taken, beside its field; "" when it was."""
        self._problem.set_text(text)
        self._problem.setVisible(bool(text))

    def matches(self, query: str) -> bool:
        """Every word of the search is in the row's words."""
        return all(word in self._words for word in query.lower().split())


class SectionCard(Card):
    """A titled card of rows with lines between the shown ones."""

    def __init__(self, title: str = "", rows: tuple[SettingRow, ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.rows: list[SettingRow] = []
        self.keyed: dict[str, SettingRow] = {}
        """Rows that show a setting, by its key: they are hidden until its value is known."""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(22, 16, 22, 8)
        self._column.setSpacing(0)
        self._title = Text(title, Role.SECTION, parent=self)
        self._column.addWidget(self._title)
        self._lines: list[Divider] = []
        for row in rows:
            self.add(row)

    def set_title(self, title: str) -> None:
        """Name the section; also the word in the list at the left."""
        self.title = title
        self._title.set_text(title)

    def add(self, row: SettingRow, key: str = "") -> SettingRow:
        """Add a row at the end; `key` is that of the setting it shows."""
        line = Divider(self)
        self._lines.append(line)
        self.rows.append(row)
        self._column.addWidget(line)
        self._column.addWidget(row)
        if key:
            row.is_wanted = False
            self.keyed[key] = row
        return row

    def show_matching(self, query: str) -> bool:
        """Show the rows that match; whether any does."""
        is_title = bool(query) and query.lower().strip() in self.title.lower()
        is_first = True
        for row, line in zip(self.rows, self._lines, strict=True):
            is_shown = row.is_wanted and (is_title or row.matches(query))
            row.setVisible(is_shown)
            line.setVisible(is_shown and not is_first)
            is_first = is_first and not is_shown
        return not is_first


class NavItem(QPushButton):
    """A section in the list at the left."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        FocusRing(self, 6, reach=2)

    def sizeHint(self) -> QSize:
        """34 px high."""
        width = QFontMetricsF(font(Role.BODY_STRONG)).horizontalAdvance(self.text()) + px(24)
        return QSize(round(width + 0.5), px(34))

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the height."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Soft accent when chosen."""
        tokens = current()
        painter = QPainter(self)
        is_on = self.isChecked()
        fill = tokens.soft_accent if is_on else tokens.raised if self.underMouse() else None
        line = tokens.accent if is_on and tokens.name == "high-contrast" else None
        frame(painter, QRectF(self.rect()), 6, fill, line)
        painter.setFont(font(Role.BODY_STRONG if is_on else Role.BODY))
        painter.setPen(tokens.accent if is_on else tokens.text)
        area = QRectF(self.rect()).adjusted(px(12), 0, -px(8), 0)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()
