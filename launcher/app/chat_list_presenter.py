"""The list of chats: connects the panel with the store, and leads from a search hit to its message."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from launcher.chat.conversation import Conversation, Maker
from launcher.services.chat_service import ChatService
from launcher.ui.chat import ChatPage


class ChatListPresenter(QObject):
    """Lists, searches, opens, pins, moves, names and deletes chats.

    Signals:
        chat_wanted(Conversation, str): show this chat, and the message of that id; "" for its end.
        chat_deleted(str): id; it may be the open one.
        chat_named(str, str): id and the title that the user gave it.
    """

    chat_wanted = Signal(object, str)
    chat_deleted = Signal(str)
    chat_named = Signal(str, str)

    def __init__(self, page: ChatPage, store: ChatService, parent: QObject) -> None:
        super().__init__(parent)
        self._panel = page.panel
        self._finder = page.finder
        self._words = ""
        self._store = store
        self._make = Maker()
        self._wanted = ("", "")  # the chat that was asked for last, and its message
        panel = self._panel
        page.conversation_selected.connect(self._on_selected)
        page.rename_requested.connect(self._on_rename_requested)
        page.delete_requested.connect(self._on_delete_requested)
        page.undo_delete_requested.connect(store.restore)
        page.search_changed.connect(self._on_search_changed)
        panel.hit_selected.connect(self._on_hit_selected)
        panel.pin_requested.connect(store.pin)
        panel.move_requested.connect(self._on_move_requested)
        panel.new_folder_requested.connect(self._on_new_folder_requested)
        panel.folder_changed.connect(store.save_folder)
        panel.delete_folder_requested.connect(store.delete_folder)
        panel.undo_delete_folder_requested.connect(store.restore_folder)
        store.conversations_listed.connect(page.set_conversations)
        store.conversation_opened.connect(self._on_opened)

    @Slot(str)
    def _on_selected(self, chat_id: str) -> None:
        self._on_hit_selected(chat_id, "")

    @Slot(str, str)
    def _on_hit_selected(self, chat_id: str, message_id: str) -> None:
        self._wanted = (chat_id, message_id)
        self._store.open(chat_id)

    @Slot(str)
    def _on_search_changed(self, words: str) -> None:
        self._words = words
        self._store.search(words)

    @Slot(object)
    def _on_opened(self, conversation: Conversation) -> None:
        chat_id, message_id = self._wanted
        is_hit = conversation.id == chat_id and bool(message_id)
        self.chat_wanted.emit(conversation, message_id if is_hit else "")
        if is_hit and self._words:
            self._finder.show_words(self._words, message_id)

    @Slot(str, str)
    def _on_rename_requested(self, chat_id: str, title: str) -> None:
        self._store.rename(chat_id, title)
        self.chat_named.emit(chat_id, title)

    @Slot(str, str)
    def _on_move_requested(self, chat_id: str, folder_id: str) -> None:
        self._store.move(chat_id, folder_id or None)

    @Slot(str)
    def _on_new_folder_requested(self, chat_id: str) -> None:
        folder = self._make.folder(self.tr("New folder"))
        self._panel.edit_folder(folder.id)
        if chat_id:
            self._store.add_folder(folder, chat_id)
        else:
            self._store.save_folder(folder)

    @Slot(str)
    def _on_delete_requested(self, chat_id: str) -> None:
        self._store.delete(chat_id)
        self.chat_deleted.emit(chat_id)
