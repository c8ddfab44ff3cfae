"""Downloads: what is being fetched, and the disk it goes to."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal, Slot

from launcher.app.flow import ChatFlow
from launcher.app.steps import open_folder
from launcher.catalog import hub
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import NextStep, StepAction
from launcher.core.machine import Disk, Machine
from launcher.core.paths import hub_cache_dir
from launcher.downloads.library import DiskUse
from launcher.services.download_service import DownloadService
from launcher.services.hardware_service import HardwareService
from launcher.ui.downloads import DownloadsPage
from launcher.ui.shell import NavRail

_Jobs = tuple[tuple[DownloadRequest, DownloadProgress], ...]
_RUNNING = (DownloadState.QUEUED, DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING)


class DownloadsPresenter(QObject):
    """Connects the Downloads page and the badge on the rail.

    Signals:
        next_step_chosen(NextStep): a step that does not concern the download alone.
    """

    next_step_chosen = Signal(object)

    def __init__(
        self,
        page: DownloadsPage,
        rail: NavRail,
        downloads: DownloadService,
        flow: ChatFlow,
        hardware: HardwareService,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._rail = rail
        self._downloads = downloads
        self._disk_kind: str | None = None
        self._disk_use: DiskUse | None = None
        downloads.jobs_changed.connect(page.set_jobs)
        downloads.progressed.connect(self._on_progressed)
        downloads.disk_measured.connect(self._on_disk_measured)
        flow.chat_when_done_changed.connect(page.set_chat_when_done)
        hardware.machine_probed.connect(self._on_machine_probed)
        page.pause_requested.connect(downloads.pause)
        page.resume_requested.connect(downloads.resume)
        page.remove_requested.connect(downloads.remove)
        page.pause_all_requested.connect(downloads.pause_all)
        page.resume_all_requested.connect(downloads.resume_all)
        page.chat_requested.connect(flow.open_key)
        page.chat_when_done_changed.connect(flow.set_chat_when_done)
        page.open_folder_requested.connect(self._on_open_folder_requested)
        page.next_step_chosen.connect(self._on_next_step_chosen)
        page.set_source(urlsplit(hub.endpoint()).netloc)

    @Slot(object)
    def _on_progressed(self, progress: DownloadProgress) -> None:
        self._page.set_progress(progress)
        running = sum(p.state in _RUNNING for _request, p in self._downloads.jobs())
        self._rail.set_badge("downloads", running)

    @Slot(object)
    def _on_machine_probed(self, machine: Machine) -> None:
        self._disk_kind = machine.disks[0].kind if machine.disks else None
        self._show_disk()

    @Slot(object)
    def _on_disk_measured(self, use: DiskUse) -> None:
        self._disk_use = use
        self._show_disk()

    def _show_disk(self) -> None:
        use = self._disk_use
        if use is None:
            return
        still_to_come = sum(
            max(0, p.total_bytes - p.done_bytes) for _request, p in self._downloads.jobs() if p.state in _RUNNING
        )
        disk = Disk(use.folder, use.free_bytes, use.total_bytes, None, self._disk_kind)
        self._page.set_disk(disk, use.models_bytes + use.partial_bytes, still_to_come)

    @Slot()
    def _on_open_folder_requested(self) -> None:
        open_folder(str(hub_cache_dir()))

    @Slot(str, object)
    def _on_next_step_chosen(self, key: str, step: NextStep) -> None:
        if step.action == StepAction.RETRY:
            self._downloads.resume(key)
        elif step.action == StepAction.RESTART:
            self._downloads.restart(key)
        elif step.action == StepAction.REMOVE:
            self._downloads.remove(key)
        else:
            self.next_step_chosen.emit(step)
