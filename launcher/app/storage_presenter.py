"""Settings, Models and storage: the folders, chosen in the system's own dialogs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from launcher.app.steps import open_folder
from launcher.core.errors import UserError
from launcher.core.paths import hub_cache_dir
from launcher.core.words import joined, known
from launcher.downloads.disk import folders
from launcher.engine.kv_states import chat_states
from launcher.services.download_service import DownloadService
from launcher.services.storage import Storage, read_storage
from launcher.services.tasks import CLOSE_PATIENCE_S, TaskRunner

if TYPE_CHECKING:
    from launcher.ui.settings import StorageSection


class StoragePresenter(QObject):
    """Connects the section; what it changes, the library follows."""

    def __init__(self, section: StorageSection, downloads: DownloadService, parent: QObject) -> None:
        super().__init__(parent)
        self._section = section
        self._downloads = downloads
        self._tasks = TaskRunner("storage", self, serial=True, patience_s=CLOSE_PATIENCE_S)
        section.change_requested.connect(self._on_change_requested)
        section.cache_wanted.connect(self._on_cache_wanted)
        section.open_requested.connect(open_folder)
        section.search_requested.connect(self._on_search_requested)
        section.forget_requested.connect(self._on_forget_requested)
        section.clear_states_requested.connect(self._on_clear_states_requested)
        downloads.library_changed.connect(self._on_library_changed)
        self._read()

    def close(self) -> None:
        """End the thread."""
        self._tasks.close()

    @Slot(object)
    def _on_library_changed(self, installed: object) -> None:
        """Also changed by the command line, the library page, and what was fetched since."""
        del installed
        self._read()

    @Slot()
    def on_states_changed(self) -> None:
        """The engine has written one, or the cap is another."""
        self._read()

    @Slot()
    def _on_clear_states_requested(self) -> None:
        def clear() -> Storage:
            chat_states().clear()
            return read_storage()

        self._tasks.run(clear, self._section.set_storage)

    def _read(self) -> None:
        self._tasks.run(read_storage, self._section.set_storage)

    def _change(self, change: Callable[[], None]) -> None:
        """Do it in the thread; the section and the library follow."""

        def work() -> Storage:
            change()
            return read_storage()

        def done(storage: Storage) -> None:
            self._section.show_folder_problem("")
            self._section.set_storage(storage)
            self._downloads.rescan()

        def failed(error: UserError) -> None:
            self._section.show_folder_problem(joined(known(error.what), known(error.why)))

        self._tasks.run(work, done, failed)

    @Slot()
    def _on_change_requested(self) -> None:
        ask_folder(self._section, self.tr("Folder for new downloads"), self._on_folder_chosen)

    @Slot(str)
    def _on_folder_chosen(self, folder: str) -> None:
        self._change(lambda: folders.set_downloads(folder))

    @Slot()
    def _on_cache_wanted(self) -> None:
        self._change(lambda: folders.set_downloads(None))

    @Slot()
    def _on_search_requested(self) -> None:
        ask_folder(self._section, self.tr("Look for models in"), self._on_search_chosen)

    @Slot(str)
    def _on_search_chosen(self, folder: str) -> None:
        self._change(lambda: folders.add_searched(str(Path(folder).absolute())))

    @Slot(str)
    def _on_forget_requested(self, folder: str) -> None:
        self._change(lambda: folders.forget_searched(folder))


def ask_folder(parent: QWidget, title: str, on_chosen: Callable[[str], None]) -> None:
    """Show the system's dialog for a folder; `on_chosen` gets it, unless the user gives up."""
    dialog = QFileDialog(parent, title, str(hub_cache_dir()))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(on_chosen)
    dialog.open()
