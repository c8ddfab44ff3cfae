"""Downloads: what is being fetched, the disk it goes to, and the way there."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal, Slot

from launcher.app.download_dialogs import DownloadDialogs
from launcher.app.flow import ChatFlow, key_of
from launcher.app.steps import copy_text, open_folder
from launcher.catalog import hub, network
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, Installed
from launcher.core.errors import NextStep, StepAction
from launcher.core.machine import Disk, Machine
from launcher.core.paths import hub_cache_dir
from launcher.core.units import gb
from launcher.downloads.disk.disks import DiskUse
from launcher.services.download_service import DownloadService
from launcher.services.hardware_service import HardwareService
from launcher.store.settings import DOWNLOADS_AT_ONCE, SPEED_LIMIT_KB_S, Settings
from launcher.ui.downloads import DownloadsPage
from launcher.ui.downloads.words import RUNNING, status_words
from launcher.ui.main_window import MainWindow

_Jobs = tuple[tuple[DownloadRequest, DownloadProgress], ...]
_BYTES_PER_KB = 1000


class DownloadsPresenter(QObject):
    """Connects the Downloads page, the badge on the rail and the status bar's figure.

    Signals:
        next_step_chosen(NextStep): a step that does not concern the download alone.
        setting_changed(str, object): key of a setting and its new value.
    """

    next_step_chosen = Signal(object)
    setting_changed = Signal(str, object)

    def __init__(
        self,
        page: DownloadsPage,
        window: MainWindow,
        downloads: DownloadService,
        flow: ChatFlow,
        hardware: HardwareService,
        settings: Settings,
        dialogs: DownloadDialogs,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._window = window
        self._downloads = downloads
        self._flow = flow
        self._settings = settings
        self._dialogs = dialogs
        self._disk_kind: str | None = None
        self._disk_use: DiskUse | None = None
        self._copies: dict[str, frozenset[str]] = {}
        downloads.jobs_changed.connect(self._on_jobs_changed)
        downloads.progressed.connect(self._on_progressed)
        downloads.disk_measured.connect(self._on_disk_measured)
        downloads.library_changed.connect(self._on_library_changed)
        downloads.note_changed.connect(page.set_note)
        flow.chat_when_done_changed.connect(page.set_chat_when_done)
        hardware.machine_probed.connect(self._on_machine_probed)
        window.page_changed.connect(self._on_page_changed)
        dialogs.token_kept.connect(self._on_token_kept)
        self._connect_items()
        self._connect_rest()
        self._show_settings()

    def _connect_items(self) -> None:
        page, downloads = self._page, self._downloads
        page.pause_requested.connect(downloads.pause)
        page.resume_requested.connect(downloads.resume)
        page.remove_requested.connect(downloads.remove)
        page.pause_all_requested.connect(downloads.pause_all)
        page.resume_all_requested.connect(downloads.resume_all)
        page.chat_requested.connect(self._flow.open_key)
        page.chat_when_done_changed.connect(self._flow.set_chat_when_done)
        page.moved.connect(self._on_moved)
        page.item_limit_chosen.connect(downloads.set_item_limit)
        page.other_item_limit_requested.connect(self._dialogs.ask_item_limit)
        page.link_requested.connect(self._on_link_requested)
        page.reveal_requested.connect(self._dialogs.reveal)
        page.next_step_chosen.connect(self._on_next_step_chosen)

    def _connect_rest(self) -> None:
        page, dialogs = self._page, self._dialogs
        page.add_link_requested.connect(dialogs.add_link)
        page.open_folder_requested.connect(self._on_open_folder_requested)
        page.change_folder_requested.connect(dialogs.ask_downloads_folder)
        page.limit_chosen.connect(self._on_limit_chosen)
        page.other_limit_requested.connect(self._on_other_limit_requested)
        dialogs.limit_chosen.connect(self._on_limit_chosen)
        page.at_once_chosen.connect(self._on_at_once_chosen)
        page.test_requested.connect(dialogs.test_connection)
        page.network_settings_requested.connect(self._on_network_settings_requested)

    # --- what is shown ---

    @Slot(object)
    def _on_jobs_changed(self, jobs: _Jobs) -> None:
        self._page.set_jobs(jobs)
        # One that comes again is a new card, which is told again.
        self._copies = {request.key: self._copies[request.key] for request, _ in jobs if request.key in self._copies}
        for _request, progress in jobs:
            self._look_for_copies(progress)
        self._show_counts()

    @Slot(object)
    def _on_progressed(self, progress: DownloadProgress) -> None:
        self._page.set_progress(progress)
        self._look_for_copies(progress)
        self._show_counts()

    def _show_counts(self) -> None:
        now = [progress for _request, progress in self._downloads.jobs()]
        self._window.rail.set_badge("downloads", sum(p.state in RUNNING for p in now))
        self._window.status_bar.set_downloads(status_words(now))

    def _look_for_copies(self, progress: DownloadProgress) -> None:
        """Where the owner asks for terms, others may publish the same without."""
        is_gated = progress.state is DownloadState.FAILED and progress.error and progress.error.code == "gated"
        if not is_gated or progress.key in self._copies:
            return
        found = sorted(self._downloads.alternatives(progress.key), key=lambda copy: copy.file_bytes)
        self._copies[progress.key] = frozenset(copy.key for copy in found)
        quant = progress.key.rpartition("::")[2]
        steps = (NextStep(self._copy_words(copy, quant), StepAction.USE_COPY, copy.key) for copy in found[:1])
        self._page.set_copies(progress.key, tuple(steps))

    def _copy_words(self, copy: DownloadRequest, quant: str) -> str:
        """Names the copy's quantisation where it is another one than asked for."""
        same, other = self.tr("Use the open copy by {owner} · {size}"), self.tr("Use {quant} by {owner} · {size}")
        owner = copy.repo.partition("/")[0]
        text = same if copy.quant == quant else other
        return text.format(quant=copy.quant, owner=owner, size=gb(copy.file_bytes))

    @Slot(object)
    def _on_library_changed(self, installed: tuple[Installed, ...]) -> None:
        self._page.set_installed_count(len(installed))
        times = {key_of(i): i.installed_unix_s for i in installed if i.repo and i.installed_unix_s is not None}
        self._page.set_finished_times(times)

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
            max(0, p.total_bytes - p.done_bytes) for _request, p in self._downloads.jobs() if p.state in RUNNING
        )
        is_shared = use.folder == str(hub_cache_dir())
        # What the probe found is the disk of the hub cache.
        disk = Disk(use.folder, use.free_bytes, use.total_bytes, None, self._disk_kind if is_shared else None)
        self._page.set_disk(disk, use.models_bytes + use.partial_bytes, still_to_come, is_shared=is_shared)

    @Slot(str)
    def _on_page_changed(self, page: str) -> None:
        if page == "downloads":
            self._show_settings()

    def _show_settings(self) -> None:
        """As they are now: the Settings page may have changed them."""
        self._page.set_limit(self._settings.get(SPEED_LIMIT_KB_S) * _BYTES_PER_KB or None)
        self._page.set_at_once(self._settings.get(DOWNLOADS_AT_ONCE))
        self._page.set_source(urlsplit(network.endpoint()).netloc)
        self._page.set_offline(network.is_offline())

    @Slot()
    def on_network_changed(self) -> None:
        """Another way to the hub: what stopped or waits because of the old one tries again."""
        self._show_settings()
        self._try_waiting("")
        self._retry_failed(StepAction.NETWORK_SETTINGS, StepAction.GO_ONLINE)

    @Slot()
    def _on_token_kept(self) -> None:
        """What stopped for want of a token goes on."""
        self._retry_failed(StepAction.ENTER_TOKEN)

    def _retry_failed(self, *remedies: StepAction) -> None:
        """Go on with what stopped and named one of these as the remedy; what the user paused stays paused."""
        failed = [p.error for _request, p in self._downloads.jobs() if p.state is DownloadState.FAILED and p.error]
        self._downloads.retry_failed(*{e.code for e in failed if any(s.action in remedies for s in e.next_steps)})

    def _try_waiting(self, key: str) -> bool:
        """End the wait of one item, or ("") of all; whether any waited."""
        waiting = [
            request.key
            for request, progress in self._downloads.jobs()
            if key in (request.key, "") and (progress.retry_in_s is not None or progress.state is DownloadState.QUEUED)
        ]
        for each in waiting:
            self._downloads.retry_now(each)
        return bool(waiting)

    # --- what the user wants ---

    @Slot(str, str)
    def _on_moved(self, key: str, before: str) -> None:
        """The page shows finished items apart; the queue has them all in one order."""
        order = [request.key for request, _progress in self._downloads.jobs() if request.key != key]
        self._downloads.move(key, order.index(before) if before in order else len(order))

    @Slot(str)
    def _on_link_requested(self, key: str) -> None:
        request = self._request(key)
        if request is None:
            return
        page = f"{hub.endpoint()}/{request.repo}"
        name = request.files[0].name if request.files else ""
        copy_text(hub.file_url(request.repo, request.revision or "main", name) if name else page)

    @Slot()
    def _on_open_folder_requested(self) -> None:
        open_folder(self._disk_use.folder if self._disk_use else str(hub_cache_dir()))

    @Slot(object)
    def _on_limit_chosen(self, limit_bytes_s: int | None) -> None:
        self._page.set_limit(limit_bytes_s)
        self.setting_changed.emit(SPEED_LIMIT_KB_S.key, (limit_bytes_s or 0) // _BYTES_PER_KB)

    @Slot()
    def _on_other_limit_requested(self) -> None:
        self._dialogs.ask_limit(self._settings.get(SPEED_LIMIT_KB_S) * _BYTES_PER_KB or None)

    @Slot(int)
    def _on_at_once_chosen(self, count: int) -> None:
        self.setting_changed.emit(DOWNLOADS_AT_ONCE.key, count)

    @Slot()
    def _on_network_settings_requested(self) -> None:
        self.next_step_chosen.emit(NextStep(self.tr("Mirror, proxy…"), StepAction.NETWORK_SETTINGS))

    @Slot(str, object)
    def _on_next_step_chosen(self, key: str, step: NextStep) -> None:
        if step.action == StepAction.RETRY:
            self._try_now(key)
        elif step.action == StepAction.RESTART:
            self._downloads.restart(key)
        elif step.action == StepAction.REMOVE:
            self._downloads.remove(key)
        elif step.action == StepAction.CHANGE_FOLDER:
            self._dialogs.ask_item_folder(key)
        elif step.action == StepAction.USE_COPY:
            self._use_copy(key, step.argument)
        else:
            self.next_step_chosen.emit(step)

    def _try_now(self, key: str) -> None:
        """One item, or ("") everything that waits for the network."""
        if not self._try_waiting(key) and key:
            self._downloads.resume(key)

    def use_copy(self, argument: str) -> None:
        """Fetch "repo::quant" instead of something that cannot be had."""
        key = next((k for k, copies in self._copies.items() if argument in copies), "")
        self._use_copy(key, argument)

    def _use_copy(self, key: str, copy_key: str) -> None:
        if key:
            wants_chat = self._flow.wants_chat(key)
            self._downloads.use_copy(key, copy_key)
        else:
            wants_chat = False
            repo, _, quant = copy_key.partition("::")
            # Without file names the hub's listing is asked for them.
            self._downloads.start(DownloadRequest(repo, repo.rpartition("/")[2], quant, repo, (), 0))
        if wants_chat:
            self._flow.set_chat_when_done(key, False)
            self._flow.set_chat_when_done(copy_key, True)

    def _request(self, key: str) -> DownloadRequest | None:
        return next((request for request, _progress in self._downloads.jobs() if request.key == key), None)
