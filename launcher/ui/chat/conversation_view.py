"""The list of chats itself: what keys, clicks and menus do."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemDelegate, QFrame, QListView, QMenu, QWidget

from launcher.chat.conversation import ConversationEntry, Folder
from launcher.ui.chat.conversation_delegate import ConversationDelegate
from launcher.ui.chat.conversation_model import ConversationModel, ListRow
from launcher.ui.theme.menu_icons import icon


class ConversationView(QListView):
    """Enter and a click open (a folder: fold), F2 renames, Delete deletes; the menu key and the right button have the rest.

    Signals:
        opened(str, str): id of a chat, and of the message of a hit ("" for the chat itself).
        delete_pressed(str, str): id and title of a chat.
        pin_pressed(str, bool): id of a chat, and whether it is to be pinned.
        move_pressed(str, str): ids of a chat and of a folder; "" for none.
        new_folder_pressed(str): id of the chat that is to lie in it; "" for an empty folder.
        folder_changed(Folder): it is folded or unfolded.
        delete_folder_pressed(Folder): delete it, not its chats.
        editing_ended(): a title was typed, or left as it was.
    """

    opened = Signal(str, str)
    delete_pressed = Signal(str, str)
    pin_pressed = Signal(str, bool)
    move_pressed = Signal(str, str)
    new_folder_pressed = Signal(str)
    folder_changed = Signal(object)
    delete_folder_pressed = Signal(object)
    editing_ended = Signal()

    def __init__(self, model: ConversationModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._chats = model
        self.setModel(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Chats"))
        self.setItemDelegate(ConversationDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self._menu_index = QPersistentModelIndex()

    @property
    def is_editing(self) -> bool:
        """A title is being typed."""
        return self.state() == QListView.State.EditingState

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """The field goes."""
        super().closeEditor(editor, hint)
        self.editing_ended.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Delete, left and right; F2 and the arrows are QListView's."""
        index, row = self.currentIndex(), self._chats.row(self.currentIndex())
        if self.is_editing or row is None:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(index)
        elif event.key() == Qt.Key.Key_Delete:
            self._delete(row)
        elif row.folder is not None and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._fold(row.folder, event.key() == Qt.Key.Key_Left)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click opens."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._open(self.indexAt(event.position().toPoint()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of what is pointed at, or of what the keyboard is on."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        place = self.visualRect(index).bottomLeft() if by_key else event.pos()
        self._menu_index = QPersistentModelIndex(index)
        row = self._chats.row(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if row is not None and row.folder is not None:
            self._fill_for_folder(menu, row.folder)
        elif row is not None and row.entry is not None:
            self._fill_for_chat(menu, row.entry)
        else:
            self._add(menu, "folder", self.tr("New folder"), self._on_new_empty_folder)
        menu.popup(self.viewport().mapToGlobal(QPoint(place)))

    # -- menus

    def _fill_for_chat(self, menu: QMenu, entry: ConversationEntry) -> None:
        menu.setAccessibleName(self.tr("Chat {title}").format(title=entry.title))
        self._add(menu, "pin", self.tr("Unpin") if entry.is_pinned else self.tr("Pin"), self._on_pin)
        self._add(menu, "pencil", self.tr("Rename"), self._on_rename)
        folders = menu.addMenu(icon("folder"), self.tr("Move to folder"))
        for folder in self._chats.folders:
            action = folders.addAction(folder.name.replace("&", "&&"))
            action.setData(folder.id)
            action.setCheckable(True)
            action.setChecked(folder.id == entry.folder_id)
            action.triggered.connect(self._on_move)
        if self._chats.folders:
            folders.addSeparator()
        if entry.folder_id is not None:
            out = folders.addAction(self.tr("Remove from folder"))
            out.setData("")
            out.triggered.connect(self._on_move)
        folders.addAction(self.tr("New folder")).triggered.connect(self._on_new_folder)
        menu.addSeparator()
        self._add(menu, "trash-2", self.tr("Delete"), self._on_delete)

    def _fill_for_folder(self, menu: QMenu, folder: Folder) -> None:
        menu.setAccessibleName(self.tr("Folder {name}").format(name=folder.name))
        self._add(menu, "pencil", self.tr("Rename"), self._on_rename)
        self._add(menu, "trash-2", self.tr("Delete the folder, keep its chats"), self._on_delete)

    @staticmethod
    def _add(menu: QMenu, picture: str, words: str, slot: object) -> None:
        menu.addAction(icon(picture), words).triggered.connect(slot)

    def _menu_row(self) -> ListRow | None:
        return self._chats.row(self._menu_index) if self._menu_index.isValid() else None

    def _on_pin(self) -> None:
        row = self._menu_row()
        if row is not None and row.entry is not None:
            self.pin_pressed.emit(row.entry.id, not row.entry.is_pinned)

    def _on_rename(self) -> None:
        row = self._menu_row()
        if row is not None and row.entry is not None:
            self.edit(self._chats.index_of(row.entry.id))  # a hit's chat
        elif row is not None:
            self.edit(self._chats.index(self._menu_index.row()))

    def _on_move(self) -> None:
        row, action = self._menu_row(), self.sender()
        if row is not None and row.entry is not None:
            self.move_pressed.emit(row.entry.id, action.data())  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]

    def _on_new_folder(self) -> None:
        row = self._menu_row()
        if row is not None and row.entry is not None:
            self.new_folder_pressed.emit(row.entry.id)

    def _on_new_empty_folder(self) -> None:
        self.new_folder_pressed.emit("")

    def _on_delete(self) -> None:
        row = self._menu_row()
        if row is not None:
            self._delete(row)

    # -- what is done

    def _open(self, index: QModelIndex) -> None:
        row = self._chats.row(index)
        if row is None:
            return
        if row.folder is not None:
            self._fold(row.folder, not row.folder.is_folded)
        elif row.entry is not None:
            # A chat that was found opens at its newest hit.
            hit = row.hit or (row.entry.hits[0] if row.entry.hits else None)
            self.opened.emit(row.entry.id, hit.message_id if hit else "")

    def _delete(self, row: ListRow) -> None:
        if row.folder is not None:
            self.delete_folder_pressed.emit(row.folder)
        elif row.entry is not None and row.hit is None:
            self.delete_pressed.emit(row.entry.id, row.entry.title)

    def _fold(self, folder: Folder, is_folded: bool) -> None:
        if folder.is_folded is not is_folded:
            self.folder_changed.emit(Folder(folder.id, folder.name, is_folded))
