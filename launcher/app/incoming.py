"""What comes from outside: files and links that are dropped on the window, model files that are double-clicked."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from launcher.app.chat_files_presenter import ChatFilesPresenter
from launcher.app.chat_presenter import ChatPresenter
from launcher.app.download_dialogs import DownloadDialogs
from launcher.app.library_presenter import LibraryPresenter
from launcher.app.navigation import Navigation
from launcher.ui.dropped import sorted_out
from launcher.ui.main_window import MainWindow


class Incoming(QObject):
    """Hands everything to the part of the program that it is for."""

    def __init__(
        self,
        window: MainWindow,
        go: Navigation,
        chat: ChatPresenter,
        chat_files: ChatFilesPresenter,
        library: LibraryPresenter,
        dialogs: DownloadDialogs,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._go = go
        self._chat = chat
        self._chat_files = chat_files
        self._library = library
        window.files_dropped.connect(self._on_files_dropped)
        window.link_dropped.connect(dialogs.add_link)

    def open_files(self, paths: tuple[str, ...]) -> None:
        """Model files that the user double-clicked: one is chatted with, several are listed."""
        if len(paths) == 1:
            self._library.open_file(paths[0])
        else:
            self._library.add(paths)

    @Slot(object)
    def _on_files_dropped(self, paths: tuple[str, ...]) -> None:
        """Each file goes where the overlay said while it hovered."""
        there = sorted_out(paths)
        if there.message:
            self._go.show_chat()
            self._chat.attachments.add(list(there.message))
        if there.chats:
            self._go.show_chat()
            self._chat_files.import_files(list(there.chats))
        if there.library:
            self._library.add(there.library)
