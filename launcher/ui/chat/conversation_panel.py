"""The list of chats beside the chat: search, New chat, rename, delete with undo."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from launcher.chat.conversation import ChatList
from launcher.ui.chat.conversation_model import ConversationModel
from launcher.ui.components import IconButton, LinkButton, SearchField, Text, frame
from launcher.ui.components.text import ElidedLabel
from launcher.ui.theme import Role, Tone, current, font, icon, px

WIDTH = 232
_UNDO_MS = 10_000
_SEARCH_DELAY_MS = 150


class ConversationPanel(QWidget):
    """Search field, list, undo bar.

    Signals:
        conversation_selected(str): id of the chat to open.
        new_chat_requested(): the plus button.
        rename_requested(str, str): id and new title.
        delete_requested(str): id; the undo bar shows at once.
        undo_delete_requested(str): id.
        search_changed(str): words of the search field; "" lists all.
    """

    conversation_selected = Signal(str)
    new_chat_requested = Signal()
    rename_requested = Signal(str, str)
    delete_requested = Signal(str)
    undo_delete_requested = Signal(str)
    search_changed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedWidth(px(WIDTH))
        self._current_id = ""
        self._deleted_id = ""
        self._search = SearchField(self.tr("Search chats"), self.tr("Search chats"), self)
        self._new = IconButton("plus", self.tr("New chat"), self, side=32, outlined=True)
        self._model = ConversationModel(self)
        self._view = _View(self)
        self._view.setModel(self._model)
        self._empty = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._undo = _UndoBar(self)
        self._search_delay = QTimer(self)
        self._search_delay.setSingleShot(True)
        self._search_delay.setInterval(_SEARCH_DELAY_MS)
        self._lay_out()
        self._new.clicked.connect(self.new_chat_requested)
        self._search.textChanged.connect(self._search_delay.start)
        self._search_delay.timeout.connect(self._on_search_due)
        self._model.renamed.connect(self.rename_requested)
        self._view.opened.connect(self._on_opened)
        self._view.delete_pressed.connect(self._on_delete_pressed)
        self._undo.undo_pressed.connect(self._on_undo_pressed)
        self.set_conversations(ChatList())

    @property
    def search_words(self) -> str:
        """What is searched for."""
        return self._search.text().strip()

    def set_conversations(self, chats: ChatList) -> None:
        """Show these chats (all, or what a search found), the last used first."""
        entries = chats.entries
        self._model.set_entries(entries, datetime.now().astimezone().date())
        self._view.setVisible(bool(entries))
        words = self.search_words
        self._empty.set_text(
            self.tr("No chat contains “{words}”.").format(words=words) if words else self.tr("No chats yet.")
        )
        self._empty.setVisible(not entries)
        self.set_current(self._current_id)

    def set_current(self, chat_id: str) -> None:
        """Mark the open chat; "" marks none."""
        self._current_id = chat_id
        index = self._model.index_of(chat_id)
        if index.isValid():
            self._view.setCurrentIndex(index)
        else:
            self._view.clearSelection()
            self._view.setCurrentIndex(QModelIndex())

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self._search.setFocus()
        self._search.selectAll()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size."""
        if event.type() == QEvent.Type.StyleChange:
            self.setFixedWidth(px(WIDTH))
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line at the right."""
        painter = QPainter(self)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(current().border))
        painter.end()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(px(10), px(10), px(11), px(8))
        column.setSpacing(px(4))
        row = QHBoxLayout()
        row.setSpacing(px(8))
        row.addWidget(self._search, 1)
        row.addWidget(self._new)
        column.addLayout(row)
        column.addWidget(self._empty)
        column.addWidget(self._view, 1)
        column.addStretch(0)
        column.addWidget(self._undo)

    def _on_search_due(self) -> None:
        self.search_changed.emit(self.search_words)

    def _on_opened(self, chat_id: str) -> None:
        if chat_id != self._current_id:
            self._current_id = chat_id
            self.conversation_selected.emit(chat_id)

    def _on_delete_pressed(self, chat_id: str, title: str) -> None:
        self._deleted_id = chat_id
        self._undo.show_for(title)
        self.delete_requested.emit(chat_id)

    def _on_undo_pressed(self) -> None:
        self.undo_delete_requested.emit(self._deleted_id)


class _View(QListView):
    opened = Signal(str)
    delete_pressed = Signal(str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Chats"))
        self.setItemDelegate(_Delegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu_requested)
        self._menu_index = QPersistentModelIndex()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Delete deletes, F2 renames (from QListView)."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.state() != QListView.State.EditingState:
            self._open(index)
        elif event.key() == Qt.Key.Key_Delete:
            self._delete(index)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click opens."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._open(self.indexAt(event.position().toPoint()))

    def _chat_model(self) -> ConversationModel | None:
        model = self.model()
        return model if isinstance(model, ConversationModel) else None

    def _open(self, index: QModelIndex | QPersistentModelIndex) -> None:
        model = self._chat_model()
        row = model.row(index) if model else None
        if row is not None and row.entry is not None:
            self.opened.emit(row.entry.id)

    def _delete(self, index: QModelIndex | QPersistentModelIndex) -> None:
        model = self._chat_model()
        row = model.row(index) if model else None
        if row is not None and row.entry is not None:
            self.delete_pressed.emit(row.entry.id, row.entry.title)

    def _on_menu_requested(self, place: QPoint) -> None:
        index = self.indexAt(place)
        model = self._chat_model()
        row = model.row(index) if model else None
        if row is None or row.entry is None:
            return
        self._menu_index = QPersistentModelIndex(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("pencil"), self.tr("Rename")).triggered.connect(self._on_rename)
        menu.addAction(icon("trash-2"), self.tr("Delete")).triggered.connect(self._on_delete)
        menu.popup(self.viewport().mapToGlobal(place))

    def _on_rename(self) -> None:
        if self._menu_index.isValid():
            self.edit(self.model().index(self._menu_index.row(), 0))

    def _on_delete(self) -> None:
        if self._menu_index.isValid():
            self._delete(self._menu_index)


class _Delegate(QStyledItemDelegate):
    """Headings in muted, titles of 32 px, hits with their place in the text below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        model = index.model()
        row = model.row(index) if isinstance(model, ConversationModel) else None
        if row is None or row.entry is None:
            return QSize(0, px(32) if index.row() else px(28))
        return QSize(0, px(50) if row.entry.hits else px(32))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        row = model.row(index) if isinstance(model, ConversationModel) else None
        if row is None:
            return
        area: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
        painter.save()
        tokens = current()
        if row.entry is None:
            painter.setFont(font(Role.SMALL_MEDIUM))
            painter.setPen(QColor(tokens.muted))
            words = area.adjusted(px(10), 0, 0, -px(4))
            painter.drawText(words, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, row.heading)
        else:
            self._paint_chat(
                painter, option, area, str(index.data()), row.entry.hits[0].snippet if row.entry.hits else ""
            )
        painter.restore()

    @staticmethod
    def _paint_chat(painter: QPainter, option: QStyleOptionViewItem, area: QRect, title: str, snippet: str) -> None:
        tokens = current()
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
        if is_chosen:
            line = tokens.accent if has_focus or tokens.name == "high-contrast" else None
            frame(painter, QRectF(area), 6, tokens.soft_accent, line)
        elif state & QStyle.StateFlag.State_MouseOver:
            frame(painter, QRectF(area), 6, tokens.raised)
        words = area.adjusted(px(10), 0, -px(10), 0)
        title_font = font(Role.SMALL_STRONG if is_chosen else Role.SMALL)
        painter.setFont(title_font)
        painter.setPen(QColor(tokens.text))
        first = words if not snippet else words.adjusted(0, px(5), 0, -px(24))
        shown = QFontMetricsF(title_font).elidedText(title, Qt.TextElideMode.ElideRight, first.width())
        painter.drawText(first, Qt.AlignmentFlag.AlignVCenter, shown)
        if snippet:
            small = font(Role.SMALLEST)
            painter.setFont(small)
            painter.setPen(QColor(tokens.muted))
            second = words.adjusted(0, px(25), 0, -px(5))
            shown = QFontMetricsF(small).elidedText(snippet, Qt.TextElideMode.ElideRight, second.width())
            painter.drawText(second, Qt.AlignmentFlag.AlignVCenter, shown)


class _UndoBar(QWidget):
    """Says what was deleted, for ten seconds."""

    undo_pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = ElidedLabel("", Role.SMALL, parent=self)
        self._button = LinkButton(self.tr("Undo"), self)
        self._button.clicked.connect(self._on_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(10), px(4), px(4), px(4))
        row.addWidget(self._words, 1)
        row.addWidget(self._button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_UNDO_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def show_for(self, title: str) -> None:
        """Offer the undo."""
        self._words.set_text(self.tr("Deleted “{title}”").format(title=title or self.tr("New chat")))
        self.show()
        self._timer.start()

    def enterEvent(self, event: QEvent) -> None:
        """It does not vanish under the mouse."""
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """The time begins again."""
        self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame(painter, QRectF(self.rect()), 8, current().surface, current().outline)
        painter.end()

    def _on_clicked(self) -> None:
        self._timer.stop()
        self.hide()
        self.undo_pressed.emit()
