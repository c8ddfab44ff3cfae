"""The list of models: titles of its columns above, arrows and Enter, one chosen row."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QSizePolicy, QVBoxLayout, QWidget

from launcher.services.library_values import LibraryEntry
from launcher.ui.components import Card, FocusRing
from launcher.ui.library.delegate import LibraryDelegate, columns
from launcher.ui.library.rows import Heading, LibraryModel, Row, key_of
from launcher.ui.theme import Role, Tone, colour, current, font, px

_AnyIndex = QModelIndex | QPersistentModelIndex


class LibraryList(Card):
    """A card with the list in it. One row is always chosen while there is any.

    Signals:
        row_chosen(LibraryEntry | BrokenRow | None): what the panel is about, also when its values changed.
        opened(LibraryEntry): Enter or a double click on a model.
    """

    row_chosen = Signal(object)
    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = LibraryModel(self)
        self._chosen = ""
        self._wanted = ""
        self.view = _View(self._model, self)
        self.view.moved.connect(self._on_moved)
        self.view.opened.connect(self._on_opened)
        self._head = _Head(self.view, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 4, 1, 8)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.view, 1)

    def set_rows(self, rows: tuple[Row, ...]) -> None:
        """Show other rows; the chosen item stays chosen where it is still there."""
        self._model.set_rows(rows)
        index = self._model.index_of(self._wanted)
        if index.isValid():
            self._wanted = ""
        else:
            index = self._model.index_of(self._chosen)
        if not index.isValid():
            first = next((row for row in rows if not isinstance(row, Heading)), None)
            index = self._model.index_of(key_of(first)) if first is not None else QModelIndex()
        if index != self.view.currentIndex():
            self.view.setCurrentIndex(index)
        self._on_moved(index)
        self._head.update()

    def choose(self, path: str) -> None:
        """Choose an item and scroll to it; one that is not listed yet, as soon as it is."""
        index = self._model.index_of(path)
        self._wanted = "" if index.isValid() else path
        if index.isValid():
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)

    def _on_moved(self, index: _AnyIndex) -> None:
        row = self._model.row(index)
        if row is not None and not isinstance(row, Heading):
            self._chosen = key_of(row)
        self.row_chosen.emit(row)

    def _on_opened(self, index: _AnyIndex) -> None:
        row = self._model.row(index)
        if isinstance(row, LibraryEntry):
            self.opened.emit(row)


class _View(QListView):
    moved = Signal(object)
    opened = Signal(object)

    def __init__(self, model: LibraryModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(LibraryDelegate(self))
        self.setAccessibleName(self.tr("Models on this PC"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        self.doubleClicked.connect(self._on_double_clicked)
        FocusRing(self, 0, reach=0)

    def currentChanged(self, current: _AnyIndex, previous: _AnyIndex) -> None:
        """Tell which row is chosen."""
        super().currentChanged(current, previous)
        self.moved.emit(current)

    def _on_double_clicked(self, index: QModelIndex) -> None:
        self.opened.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; the rest is Qt's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the height of rows."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.scheduleDelayedItemsLayout()


class _Head(QWidget):
    """Small muted titles over a line, in the columns of the rows below."""

    def __init__(self, view: QListView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(px(200), px(32))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Titles, and the line below."""
        painter = QPainter(self)
        painter.setFont(font(Role.SMALL_MEDIUM))
        metrics = QFontMetricsF(font(Role.SMALL_MEDIUM))
        painter.setPen(colour(Tone.MUTED))
        # The rows end where a scroll bar begins.
        name, size, fit, used = columns(QRectF(0, 0, self._view.viewport().width(), self.height()))
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        for area, text, align in (
            (name, self.tr("Model"), left),
            (size.adjusted(0, 0, -px(12), 0), self.tr("Size"), right),
            (fit.adjusted(px(8), 0, 0, 0), self.tr("Where it runs"), left),
            (used, self.tr("Last used"), right),
        ):
            if area is not None:
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
                painter.drawText(area, align | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(current().border))
        painter.end()
