"""The figures of an answer, on demand: a button among its actions that unfolds a table under them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from launcher.chat.conversation import Message
from launcher.chat.statistics import Figure, statistics, statistics_text
from launcher.ui.chat.message_actions import ActionButton
from launcher.ui.components import LinkButton, Text, frame
from launcher.ui.theme import Role, Tone, current, line_height, px

_PADDING, _GAP, _COLUMN_GAP, _RADIUS = 14, 6, 28, 8
# From this width on the table stands in two columns.
_TWO_COLUMNS_FROM = 560
_COPIED_MS = 2000


class StatisticsFold(QObject):
    """Button and table of one answer; both are children of its row, which places them.

    Signals:
        toggled(): the table was opened or closed.
    """

    toggled = Signal()

    def __init__(self, row: QWidget) -> None:
        super().__init__(row)
        self._row = row
        self._message: Message | None = None
        self._table: _Table | None = None
        self.button = ActionButton("gauge", self.tr("Statistics of this answer"), row)
        self.button.setCheckable(True)
        self.button.toggled.connect(self._on_toggled)
        self.button.hide()

    def set_message(self, message: Message | None) -> None:
        """Whose figures are shown; None hides everything, and an answer that nobody measured has no button."""
        self._message = message if message is not None and message.timings is not None else None
        self.button.setVisible(self._message is not None)
        self._show_table()

    def arrange(self, y: int, width: int) -> int:
        """Place the table under the actions; returns the height it takes with the space above it."""
        if self._table is None:
            return 0
        height = self._table.arrange(width)
        self._table.setGeometry(0, y + px(_GAP), width, height)
        return px(_GAP) + height

    def _show_table(self) -> None:
        message = self._message if self.button.isChecked() else None
        if message is None:
            if self._table is not None:
                self._table.hide()
                self._table.deleteLater()
                self._table = None
            return
        if self._table is None:
            self._table = _Table(self._row)
        self._table.set_message(message)
        self._table.show()

    def _on_toggled(self) -> None:
        self._show_table()
        self.toggled.emit()


class _Table(QWidget):
    """Names and values in one or two columns, and Copy."""

    def __init__(self, row: QWidget) -> None:
        super().__init__(row)
        self._message: Message | None = None
        self._figures: tuple[Figure, ...] = ()
        self._cells: list[tuple[Text, Text]] = []
        self._copy = LinkButton(self.tr("Copy"), self)
        self._copy.set_icon_name("copy")
        self._copy.setAccessibleName(self.tr("Copy statistics"))
        self._copy.clicked.connect(self._on_copy_clicked)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(_COPIED_MS)
        self._copied.timeout.connect(self._on_copied_over)
        self.setAccessibleName(self.tr("Statistics"))

    def set_message(self, message: Message) -> None:
        """Show the figures of this answer."""
        self._message = message
        figures = statistics(message)
        if figures == self._figures:
            return
        self._figures = figures
        for cell in self._cells:
            for text in cell:
                text.hide()
                text.deleteLater()
        self._cells = []
        for name, value in figures:
            cell = (
                Text(name, Role.SMALL, Tone.MUTED, self),
                Text(value, Role.SMALL, Tone.TEXT, self, wrap=True),
            )
            for text in cell:
                text.show()
            self._cells.append(cell)
        self.setAccessibleDescription(statistics_text(message))

    def arrange(self, width: int) -> int:
        """Place the cells at a width; returns the height."""
        pad = px(_PADDING)
        room = width - 2 * pad
        n_columns = 2 if room >= px(_TWO_COLUMNS_FROM) else 1
        per_column = -(-len(self._cells) // n_columns)
        column_width = (room - (n_columns - 1) * px(_COLUMN_GAP)) // n_columns
        bottom = pad
        for column in range(n_columns):
            cells = self._cells[column * per_column : (column + 1) * per_column]
            names = max((name.sizeHint().width() for name, _ in cells), default=0)
            names = min(names, column_width // 2) + px(12)
            left, y = pad + column * (column_width + px(_COLUMN_GAP)), pad
            for name, value in cells:
                value_width = max(1, column_width - names)
                height = max(line_height(Role.SMALL), value.heightForWidth(value_width))
                name.setGeometry(left, y, names, line_height(Role.SMALL))
                value.setGeometry(left + names, y, value_width, height)
                y += height + px(4)
            bottom = max(bottom, y)
        hint = self._copy.sizeHint()
        self._copy.setGeometry(pad - px(11), bottom + px(2), hint.width(), hint.height())
        return bottom + px(2) + hint.height() + px(_GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame, as around a thought."""
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), _RADIUS, current().surface, current().border)
        painter.end()

    def _on_copy_clicked(self) -> None:
        if self._message is not None:
            QGuiApplication.clipboard().setText(statistics_text(self._message))
        self._copy.setText(self.tr("Copied"))
        self._copy.set_icon_name("check")
        self._copy.resize(self._copy.sizeHint())
        self._copied.start()

    def _on_copied_over(self) -> None:
        self._copy.setText(self.tr("Copy"))
        self._copy.set_icon_name("copy")
        self._copy.resize(self._copy.sizeHint())
