"""The list of chats beside the chat: search, New chat, pins, folders, rename, delete with undo."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.chat.conversation import ChatList, Folder
from launcher.ui.chat.conversation_model import ConversationModel
from launcher.ui.chat.conversation_view import ConversationView
from launcher.ui.chat.undo_bar import UndoBar
from launcher.ui.components import IconButton, SearchField, Text
from launcher.ui.theme import Role, Tone, current, px

WIDTH = 232
_SEARCH_DELAY_MS = 150


class ConversationPanel(QWidget):
    """Search field, list, undo bar.

    Signals:
        conversation_selected(str): id of the chat to open.
        hit_selected(str, str): ids of the chat to open and of the message to show.
        new_chat_requested(): the plus button.
        rename_requested(str, str): id and new title.
        pin_requested(str, bool): id, and whether it is to be pinned.
        move_requested(str, str): ids of a chat and of a folder; "" for none.
        new_folder_requested(str): id of the chat that is to lie in it; "" for an empty folder.
        folder_changed(Folder): it has another name, or is folded or unfolded.
        delete_requested(str): id; the undo bar shows at once.
        undo_delete_requested(str): id.
        delete_folder_requested(str): id; its chats stay, and the undo bar shows at once.
        undo_delete_folder_requested(str): id.
        search_changed(str): words of the search field; "" lists all.
    """

    conversation_selected = Signal(str)
    hit_selected = Signal(str, str)
    new_chat_requested = Signal()
    rename_requested = Signal(str, str)
    pin_requested = Signal(str, bool)
    move_requested = Signal(str, str)
    new_folder_requested = Signal(str)
    folder_changed = Signal(object)
    delete_requested = Signal(str)
    undo_delete_requested = Signal(str)
    delete_folder_requested = Signal(str)
    undo_delete_folder_requested = Signal(str)
    search_changed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedWidth(px(WIDTH))
        self._current_id = ""
        self._deleted_chat, self._deleted_folder = "", ""
        self._new_folder_id = ""
        self._chats_later: ChatList | None = None
        self._search = SearchField(self.tr("Search chats"), self.tr("Search chats"), self)
        self._new = IconButton("plus", self.tr("New chat"), self, side=32, outlined=True)
        self._model = ConversationModel(self)
        self._view = ConversationView(self._model, self)
        self._empty = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._undo = UndoBar(self)
        self._search_delay = QTimer(self)
        self._search_delay.setSingleShot(True)
        self._search_delay.setInterval(_SEARCH_DELAY_MS)
        self._lay_out()
        self._connect()
        self.set_conversations(ChatList())

    @property
    def search_words(self) -> str:
        """What is searched for."""
        return self._search.text().strip()

    def set_conversations(self, chats: ChatList) -> None:
        """Show these chats (all, or what a search found), the last used first."""
        if self._view.is_editing:
            self._chats_later = chats  # what is being typed is not taken away
            return
        self._chats_later = None
        row = self._model.row(self._view.currentIndex())
        folder = row.folder if row is not None else None
        self._model.set_chats(chats, datetime.now().astimezone().date())
        same_folder = self._model.index_of_folder(folder.id if folder is not None else "")
        is_empty = not chats.entries and (bool(chats.words) or not chats.folders)
        self._view.setVisible(not is_empty)
        words = self.search_words
        self._empty.set_text(
            self.tr("No chat contains “{words}”.").format(words=words) if words else self.tr("No chats yet.")
        )
        self._empty.setVisible(is_empty)
        if same_folder.isValid():
            self._view.setCurrentIndex(same_folder)  # the keyboard stays where it is
        else:
            self.set_current(self._current_id)
        self._edit_new_folder()

    def set_current(self, chat_id: str) -> None:
        """Mark the open chat; "" marks none."""
        self._current_id = chat_id
        row = self._model.row(self._view.currentIndex())
        if row is not None and row.entry is not None and row.entry.id == chat_id:
            return  # also one of its hits
        index = self._model.index_of(chat_id)
        if index.isValid():
            self._view.setCurrentIndex(index)
        else:
            self._view.clearSelection()
            self._view.setCurrentIndex(QModelIndex())

    def edit_folder(self, folder_id: str) -> None:
        """Let the user name a folder that was just made, as soon as it is listed."""
        self._new_folder_id = folder_id

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

    def _connect(self) -> None:
        self._new.clicked.connect(self.new_chat_requested)
        self._search.textChanged.connect(self._search_delay.start)
        self._search_delay.timeout.connect(self._on_search_due)
        self._model.renamed.connect(self.rename_requested)
        self._model.folder_changed.connect(self.folder_changed)
        view = self._view
        view.editing_ended.connect(self._on_editing_ended, Qt.ConnectionType.QueuedConnection)
        view.opened.connect(self._on_opened)
        view.delete_pressed.connect(self._on_delete_pressed)
        view.pin_pressed.connect(self.pin_requested)
        view.move_pressed.connect(self.move_requested)
        view.new_folder_pressed.connect(self.new_folder_requested)
        view.folder_changed.connect(self.folder_changed)
        view.delete_folder_pressed.connect(self._on_delete_folder_pressed)
        self._undo.undo_pressed.connect(self._on_undo_pressed)

    def _edit_new_folder(self) -> None:
        index = self._model.index_of_folder(self._new_folder_id)
        if index.isValid():
            self._new_folder_id = ""
            self._view.setFocus()
            self._view.setCurrentIndex(index)
            self._view.edit(index)

    def _on_editing_ended(self) -> None:
        if self._chats_later is not None:
            self.set_conversations(self._chats_later)

    def _on_search_due(self) -> None:
        self.search_changed.emit(self.search_words)

    def _on_opened(self, chat_id: str, message_id: str) -> None:
        is_other = chat_id != self._current_id
        self._current_id = chat_id
        if message_id:
            self.hit_selected.emit(chat_id, message_id)
        elif is_other:
            self.conversation_selected.emit(chat_id)

    def _on_delete_pressed(self, chat_id: str, title: str) -> None:
        self._deleted_chat, self._deleted_folder = chat_id, ""
        self._undo.offer(self.tr("Deleted “{title}”").format(title=title or self.tr("New chat")))
        self.delete_requested.emit(chat_id)

    def _on_delete_folder_pressed(self, folder: Folder) -> None:
        self._deleted_chat, self._deleted_folder = "", folder.id
        self._undo.offer(self.tr("Deleted folder “{name}”").format(name=folder.name))
        self.delete_folder_requested.emit(folder.id)

    def _on_undo_pressed(self) -> None:
        if self._deleted_chat:
            self.undo_delete_requested.emit(self._deleted_chat)
        elif self._deleted_folder:
            self.undo_delete_folder_requested.emit(self._deleted_folder)
