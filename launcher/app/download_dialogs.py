"""The dialogs of downloads, connected with what answers them. Whatever reads disk, keyring or network runs in a thread."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from launcher.app.flow import ChatFlow
from launcher.app.steps import open_folder
from launcher.catalog import network
from launcher.core.downloads import DownloadProgress, DownloadRequest
from launcher.core.errors import NextStep
from launcher.core.machine import Disk
from launcher.services.download_service import DownloadService
from launcher.services.hardware_service import HardwareService
from launcher.services.link_service import LinkService
from launcher.services.linked import is_link
from launcher.services.model_disks import choose_downloads, downloads_folder, model_disks
from launcher.services.plan_service import PlanService
from launcher.services.reach_service import ReachService
from launcher.services.tasks import CLOSE_PATIENCE_S, TaskRunner

_LONGEST_PASTE = 500


class DownloadDialogs(QObject):
    """Opens dialogs over the window; each is loaded when it is first asked for, says what was chosen, and is gone.

    Signals:
        limit_chosen(int | None): for all downloads together, bytes per second.
        token_kept(): an access token is in force.
        next_step_chosen(NextStep): a step of an error in a dialog.
        failed(UserError): what was chosen could not be done.
    """

    limit_chosen = Signal(object)
    token_kept = Signal()
    next_step_chosen = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        downloads: DownloadService,
        flow: ChatFlow,
        hardware: HardwareService,
        plans: PlanService,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._downloads = downloads
        self._flow = flow
        self._hardware = hardware
        self._plans = plans
        self._links = LinkService(self)
        self._reach = ReachService(self)
        self._tasks = TaskRunner("disks", self, serial=True, patience_s=CLOSE_PATIENCE_S)
        self._reach.token_kept.connect(self._on_token_kept)

    def close(self) -> None:
        """End the threads."""
        self._links.close()
        self._reach.close()
        self._tasks.close()

    # --- a link ---

    @Slot()
    @Slot(str)
    def add_link(self, text: str = "") -> None:
        """Ask for a link; one that was dropped, or is on the clipboard, is there already."""
        from launcher.ui.downloads.add_link_dialog import AddLinkDialog

        dialog = AddLinkDialog(self._window)
        text = text or QGuiApplication.clipboard().text().strip()
        if len(text) < _LONGEST_PASTE and is_link(text):
            dialog.set_text(text)
        dialog.look_up_requested.connect(self._on_look_up_requested)
        dialog.download_requested.connect(self._on_download_requested)
        dialog.step_chosen.connect(self.next_step_chosen)
        dialog.finished.connect(self._links.give_up)
        self._links.found.connect(dialog.show_offer)
        self._links.failed.connect(dialog.show_error)
        dialog.open()

    @Slot(str)
    def _on_look_up_requested(self, text: str) -> None:
        self._links.look_up(text, self._hardware.machine, self._plans.wishes)

    @Slot(object, bool)
    def _on_download_requested(self, request: DownloadRequest, wants_chat: bool) -> None:
        self._downloads.start(request)
        if wants_chat:
            self._flow.set_chat_when_done(request.key, True)

    # --- speed ---

    def ask_limit(self, limit_bytes_s: int | None) -> None:
        """Another limit of all downloads together."""
        from launcher.ui.downloads.limit_dialog import LimitDialog

        dialog = LimitDialog(limit_bytes_s, "", self._window)
        dialog.limit_chosen.connect(self.limit_chosen)
        dialog.open()

    @Slot(str)
    def ask_item_limit(self, key: str) -> None:
        """Another limit of one item."""
        from launcher.ui.downloads.limit_dialog import LimitDialog

        job = self._job(key)
        if job is None:
            return
        request, progress = job

        def on_chosen(limit_bytes_s: int | None) -> None:
            self._downloads.set_item_limit(key, limit_bytes_s)

        dialog = LimitDialog(progress.limit_bytes_s, f"{request.short_name} {request.quant}", self._window)
        dialog.limit_chosen.connect(on_chosen)
        dialog.open()

    # --- disks ---

    def ask_folder(self, key: str) -> None:
        """Another disk for one item, or for all that come ("")."""
        if key:
            self.ask_item_folder(key)
        else:
            self.ask_downloads_folder()

    @Slot()
    def ask_downloads_folder(self) -> None:
        """Where new models go."""
        self._tasks.run(lambda: (downloads_folder(), model_disks()), self._show_downloads_folder, self.failed.emit)

    def _show_downloads_folder(self, found: tuple[str, tuple[Disk, ...]]) -> None:
        from launcher.ui.downloads.folder_dialog import FolderDialog

        here, disks = found
        dialog = FolderDialog(disks, here, self._window)
        dialog.folder_chosen.connect(self._on_downloads_folder_chosen)
        dialog.open()

    @Slot(str)
    def _on_downloads_folder_chosen(self, folder: str) -> None:
        self._tasks.run(lambda: choose_downloads(folder), self._on_downloads_folder_changed, self.failed.emit)

    def _on_downloads_folder_changed(self, nothing: None) -> None:
        del nothing
        self._downloads.rescan()

    @Slot(str)
    def ask_item_folder(self, key: str) -> None:
        """Another disk for one item."""
        job = self._job(key)
        if job is None:
            return

        def show(found: tuple[str, tuple[Disk, ...]]) -> None:
            self._show_item_folder(key, *found)

        request = job[0]
        self._tasks.run(lambda: (_folder_of(request), model_disks()), show, self.failed.emit)

    def _show_item_folder(self, key: str, here: str, disks: tuple[Disk, ...]) -> None:
        from launcher.ui.downloads.folder_dialog import FolderDialog

        job = self._job(key)
        if job is None:
            return
        request, progress = job
        total = progress.total_bytes or request.file_bytes

        def on_chosen(folder: str) -> None:
            self._downloads.change_folder(key, folder)

        dialog = FolderDialog(
            disks, here, self._window, about=f"{request.short_name} {request.quant}", needed_bytes=total
        )
        dialog.folder_chosen.connect(on_chosen)
        dialog.open()

    @Slot(str)
    def reveal(self, key: str) -> None:
        """Show an item's folder, or the nearest that exists."""
        job = self._job(key)
        if job is not None:
            request = job[0]
            self._tasks.run(lambda: _nearest(_folder_of(request)), open_folder)

    # --- the way to the hub ---

    @Slot()
    def test_connection(self) -> None:
        """Test it, in a dialog."""
        from launcher.ui.downloads.connection_dialog import ConnectionDialog

        dialog = ConnectionDialog(urlsplit(network.endpoint()).netloc, self._window)
        self._reach.step_taken.connect(dialog.show_step)
        self._reach.tested.connect(dialog.show_report)
        dialog.test_requested.connect(self._reach.test)
        dialog.stop_requested.connect(self._reach.stop)
        dialog.step_chosen.connect(self._on_connection_step_chosen)
        dialog.open()
        self._reach.test()

    @Slot(object)
    def _on_connection_step_chosen(self, step: NextStep) -> None:
        self.next_step_chosen.emit(step)

    def ask_token(self, host: str) -> None:
        """An access token for a hub; "" is the one in use."""
        from launcher.ui.token_dialog import TokenDialog

        dialog = TokenDialog(host or urlsplit(network.endpoint()).netloc, self._window)
        dialog.entered.connect(self._reach.keep_token)
        self._reach.token_kept.connect(dialog.show_kept)
        self._reach.token_refused.connect(dialog.show_refused)
        dialog.open()

    @Slot(str, str)
    def _on_token_kept(self, host: str, where: str) -> None:
        del host, where
        self.token_kept.emit()

    def _job(self, key: str) -> tuple[DownloadRequest, DownloadProgress] | None:
        return next((job for job in self._downloads.jobs() if job[0].key == key), None)


def _folder_of(request: DownloadRequest) -> str:
    """The folder in the hub cache's layout that an item goes to."""
    return request.folder or downloads_folder()


def _nearest(folder: str) -> str:
    path = Path(folder)
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return str(path)
