"""The licences of everything that is shipped: a list that can be searched, and the texts."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from launcher.services.licences import Licensed
from launcher.ui.components import FocusRing, SearchField, Text, frame, paint_line, two_lines
from launcher.ui.downloads.dialog import Dialog
from launcher.ui.settings.reading_field import ReadingField
from launcher.ui.theme import Role, Tone, current, line_height, px

_WIDTH, _HEIGHT, _LIST_WIDTH = 880, 600, 280
_LICENCE = Qt.ItemDataRole.UserRole
_INDEX = Qt.ItemDataRole.UserRole + 1


class LicencesDialog(Dialog):
    """Fill it with `set_shipped`.

    Signals:
        copy_requested(str): the text that is shown, for the clipboard.
    """

    copy_requested = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        title = QCoreApplication.translate("LicencesDialog", "Licences")
        why = QCoreApplication.translate(
            "LicencesDialog", "Everything this program consists of, under which licence, and where its source is."
        )
        super().__init__(title, why, parent, width=_WIDTH)
        self._shipped: tuple[Licensed, ...] = ()
        row = QHBoxLayout()
        row.setSpacing(12)
        left = QVBoxLayout()
        left.setSpacing(8)
        self._search = SearchField(self.tr("Find a component"), self.tr("Find a component"), self)
        self._search.textChanged.connect(self._on_search_changed)
        self._list = _List(self)
        self._list.setAccessibleName(self.tr("Components"))
        self._list.currentItemChanged.connect(self._on_current_changed)
        left.addWidget(self._search)
        left.addWidget(self._list, 1)
        right = QVBoxLayout()
        right.setSpacing(6)
        self._head = Text(self.tr("Reading…"), Role.BODY_STRONG, parent=self, wrap=True)
        self._source = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._text = ReadingField(self.tr("Licence text"), Role.MONO_SMALL, self)
        right.addWidget(self._head)
        right.addWidget(self._source)
        right.addWidget(self._text, 1)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.column.addLayout(row, 1)
        self.add_buttons(self.tr("Copy the text"), cancel=self.tr("Close")).clicked.connect(self._on_copy_clicked)
        self.resize(px(_WIDTH), px(_HEIGHT))

    @Slot(object)
    def set_shipped(self, shipped: tuple[Licensed, ...]) -> None:
        """Show the components, the first of them chosen."""
        self._list.clear()
        self._shipped = shipped
        for i, licensed in enumerate(shipped):
            component = licensed.component
            item = QListWidgetItem(f"{component.name} {component.version}".strip())
            item.setData(_LICENCE, component.licence)
            item.setData(_INDEX, i)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, component.licence)
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        self._list.setFocus()

    def _on_search_changed(self, query: str) -> None:
        words = query.lower().split()
        for i in range(self._list.count()):
            item = self._list.item(i)
            told = f"{item.text()} {item.data(_LICENCE)}".lower()
            item.setHidden(not all(word in told for word in words))
        shown = [i for i in range(self._list.count()) if not self._list.item(i).isHidden()]
        if shown and self._list.currentRow() not in shown:
            self._list.setCurrentRow(shown[0])

    def _on_current_changed(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        licensed = self._shipped[int(item.data(_INDEX))]
        component = licensed.component
        self._head.set_text(f"{component.name} {component.version}".strip() + f" · {component.licence}")
        self._source.set_text(self.tr("Source: {address}").format(address=component.source) if component.source else "")
        self._source.setVisible(bool(component.source))
        parts = [f"{title}\n\n{text}" if len(licensed.texts) > 1 else text for title, text in licensed.texts]
        self._text.set_text(f"\n{'―' * 40}\n\n".join(parts))

    def _on_copy_clicked(self) -> None:
        self.copy_requested.emit(self._text.text)


class _List(QListWidget):
    """Two lines for each component: its name, and its licence."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedWidth(px(_LIST_WIDTH))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.setItemDelegate(_Delegate(self))
        FocusRing(self, 8, reach=2)

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the height of rows."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.scheduleDelayedItemsLayout()


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Two lines."""
        del option, index
        return QSize(px(200), px(46))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Soft accent when chosen, then name and licence."""
        tokens = current()
        # PySide's stubs do not list the fields of style options.
        area = QRectF(option.rect)  # pyright: ignore
        state: QStyle.StateFlag = option.state  # pyright: ignore
        is_on = bool(state & QStyle.StateFlag.State_Selected)
        is_under = bool(state & QStyle.StateFlag.State_MouseOver)
        fill = tokens.soft_accent if is_on else tokens.raised if is_under else None
        line = tokens.accent if is_on and tokens.name == "high-contrast" else None
        painter.save()
        frame(painter, area.adjusted(0, 1, 0, -1), 6, fill, line)
        inner = area.adjusted(px(10), 0, -px(8), 0)
        upper, lower = two_lines(inner, line_height(Role.BODY_MEDIUM), line_height(Role.SMALL))
        paint_line(painter, upper, index.data(), Role.BODY_MEDIUM, Tone.ACCENT if is_on else Tone.TEXT)
        paint_line(painter, lower, index.data(_LICENCE), Role.SMALL, Tone.MUTED)
        painter.restore()
