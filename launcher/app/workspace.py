"""Everything behind the frame, built by hand: services, pages, presenters, and the connections between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from launcher.app.about_presenter import AboutPresenter
from launcher.app.builtin_presenter import BuiltinPresenter
from launcher.app.chat_files_presenter import ChatFilesPresenter
from launcher.app.chat_presenter import ChatPresenter
from launcher.app.download_dialogs import DownloadDialogs
from launcher.app.downloads_presenter import DownloadsPresenter
from launcher.app.engine_presenter import EnginePresenter
from launcher.app.flow import ChatFlow
from launcher.app.home_presenter import HomePresenter
from launcher.app.incoming import Incoming
from launcher.app.library_presenter import LibraryPresenter
from launcher.app.load_recorder import LoadRecorder
from launcher.app.loading_presenter import LoadingPresenter
from launcher.app.machine_presenter import MachinePresenter
from launcher.app.models_presenter import ModelsPresenter
from launcher.app.navigation import Navigation
from launcher.app.notifications import Notifications
from launcher.app.report import BugReport
from launcher.app.settings_presenter import SettingsPresenter
from launcher.app.status_presenter import StatusPresenter
from launcher.app.steps import Steps
from launcher.app.storage_presenter import StoragePresenter
from launcher.core.errors import StepAction
from launcher.core.plans import Wishes
from launcher.services.calibration_service import CalibrationService
from launcher.services.chat_service import ChatService
from launcher.services.connection_service import ConnectionService
from launcher.services.download_service import DownloadService
from launcher.services.engine_check_service import EngineCheckService
from launcher.services.engine_service import EngineService
from launcher.services.exact_service import ExactService
from launcher.services.hardware_service import HardwareService
from launcher.services.library_service import LibraryService
from launcher.services.plan_service import PlanService
from launcher.store.settings import CONTEXT_POLICY, METERS_SHOWN, RESUME_ON_START, WINDOW_GEOMETRY, Settings
from launcher.ui.chat import ChatPage
from launcher.ui.downloads import DownloadsPage
from launcher.ui.home import HomePage
from launcher.ui.library import DownloadsArea
from launcher.ui.main_window import MainWindow
from launcher.ui.meters import AlarmBanner, MeterPanel
from launcher.ui.models import ModelsPage
from launcher.ui.theme import ThemeManager
from launcher.ui.thispc import ThisPcPage

if TYPE_CHECKING:
    from launcher.ui.library.page import LibraryPage
    from launcher.ui.settings import SettingsPage


class Workspace(QObject):
    """All that the first paint does not need; made right after it."""

    def __init__(
        self, window: MainWindow, home: HomePage, settings: Settings, theme: ThemeManager, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._home = home
        self._settings = settings
        self._theme = theme
        self._build_services()
        self._build_pages()
        self._build_presenters()
        self._connect()

    def _build_services(self) -> None:
        self._engine = EngineService(self)
        self._hardware = HardwareService(self._engine_pid, self)
        self._calibration = CalibrationService(self)
        self._check = EngineCheckService(self)
        self._plans = PlanService(self)
        self._exact = ExactService(self)
        self._downloads = DownloadService(self)
        self._library = LibraryService(self._downloads, self._plans, self)
        self._store = ChatService(self)
        self._connection = ConnectionService(self)
        self._flow = ChatFlow(self._downloads, self._engine, self._plans, self)
        self._steps = Steps(self)
        self._report = BugReport(self._hardware, self._engine, self._check, self)

    def _build_pages(self) -> None:
        self._chat = ChatPage()
        self._meters = MeterPanel()
        self._chat.set_meter_panel(self._meters)
        self._alarms = AlarmBanner()
        self._chat.set_alarms(self._alarms)
        self._are_meters_shown = self._settings.get(METERS_SHOWN)
        self._chat.set_meters_shown(self._are_meters_shown)
        self._models = ModelsPage()
        self._downloads_page = DownloadsPage()
        self._downloads_area = DownloadsArea(self._downloads_page, self._make_library_page)
        self._this_pc = ThisPcPage()
        chat_regions = (self._chat.panel, self._chat.message_list, self._chat.composer, self._meters)
        self._window.set_page("chat", self._chat, regions=chat_regions)
        self._window.set_page("models", self._models)
        self._window.set_page("downloads", self._downloads_area)
        self._window.set_page("this-pc", self._this_pc)

    def _build_presenters(self) -> None:
        plans, downloads, engine, flow = self._plans, self._downloads, self._engine, self._flow
        self._home_presenter = HomePresenter(self._home, self._hardware, plans, downloads, flow, self._connection, self)
        self._chat_presenter = ChatPresenter(self._chat, self._store, engine, self._settings, self)
        self._window.add_region("chat", self._chat_presenter.settings.panel)
        self._builtin_presenter = BuiltinPresenter(
            self._home, self._chat, self._downloads_page, downloads, engine, flow, self
        )
        self._chat_files_presenter = ChatFilesPresenter(self._chat, self._store, self)
        self._loading_presenter = LoadingPresenter(self._chat, engine, self)
        self._models_presenter = ModelsPresenter(
            self._models, self._hardware, plans, self._exact, downloads, flow, self
        )
        self._engine_presenter = EnginePresenter(self._this_pc, self._hardware, self)
        self._machine_presenter = MachinePresenter(
            self._this_pc,
            self._meters,
            self._alarms,
            self._hardware,
            engine,
            self._store,
            self._calibration,
            self._check,
            self,
        )
        self._settings_presenter = SettingsPresenter(
            self._settings, self._store, plans, self._theme, engine, downloads, self
        )
        self._storage_presenter: StoragePresenter | None = None
        self._about_presenter = AboutPresenter(self._settings, self)
        self._window.set_page_when_shown("settings", self._make_settings_page)
        # After the settings, which say where the hub is.
        self._dialogs = DownloadDialogs(self._window, downloads, flow, self._hardware, plans, self)
        self._downloads_presenter = DownloadsPresenter(
            self._downloads_page, self._window, downloads, flow, self._hardware, self._settings, self._dialogs, self
        )
        self._library_presenter = LibraryPresenter(self._library, downloads, self._store, flow, self)
        self._notifications = Notifications(self._window, downloads, self._settings, self)
        self._status_presenter = StatusPresenter(self._window, engine, self._hardware, plans, self)
        self._recorder = LoadRecorder(engine, self._store, self)
        self._go = Navigation(
            self._window,
            (self._chat, self._chat_presenter),
            (self._models, self._models_presenter),
            self._downloads_area,
            self._library_presenter,
            lambda: self._settings_page,
            self,
        )
        self._incoming = Incoming(
            self._window,
            self._go,
            self._chat_presenter,
            self._chat_files_presenter,
            self._library_presenter,
            self._dialogs,
            self,
        )

    def _make_library_page(self) -> LibraryPage:
        page = self._library_presenter.page
        self._window.catch_drops(page)
        return page

    def _make_settings_page(self) -> SettingsPage:
        from launcher.ui.settings import SettingsPage

        page = SettingsPage()
        self._settings_page = page
        self._settings_presenter.set_page(page)
        self._engine_presenter.set_section(page.engine)
        self._about_presenter.set_section(page.about)
        self._storage_presenter = StoragePresenter(page.storage, self._downloads, self)
        self._engine.states_changed.connect(self._storage_presenter.on_states_changed)
        return page

    def _connect(self) -> None:
        window, chat = self._window, self._chat
        window.closing.connect(self._on_closing)
        window.stop_requested.connect(self._chat_presenter.stop)
        window.meters_toggle_requested.connect(self._on_meters_toggle_requested)
        chat.meter_toggled.connect(self._on_meter_toggled)
        chat.link_open_requested.connect(self._on_link_open_requested)
        self._builtin_presenter.ready.connect(self._chat_presenter.set_builtin)
        self._chat_presenter.model_wanted.connect(self._flow.open)
        self._chat_presenter.models_wanted.connect(self._go.show_models)
        self._chat_presenter.answer_measured.connect(self._recorder.on_answer_measured)
        self._chat_presenter.answer_measured.connect(self._meters.set_timings)
        self._hardware.machine_probed.connect(self._chat_presenter.figures.on_machine_probed)
        self._hardware.sample_taken.connect(self._chat_presenter.figures.on_sample_taken)
        self._downloads.library_changed.connect(self._chat_presenter.set_installed)
        self._downloads.remove_failed.connect(chat.show_banner)
        self._flow.chat_wanted.connect(self._chat_presenter.opened_model.begin)
        self._flow.chat_wanted.connect(self._go.show_chat)
        self._flow.opening.connect(self._chat_presenter.opened_model.on_opening)
        self._flow.opening.connect(self._go.show_chat)
        self._home_presenter.model_page_wanted.connect(self._go.show_plan)
        self._downloads_page.home_requested.connect(self._go.show_home)
        self._downloads_presenter.setting_changed.connect(self._settings_presenter.change)
        self._chat_presenter.setting_changed.connect(self._settings_presenter.change)
        self._settings_presenter.context_policy_changed.connect(self._chat_presenter.set_context_policy)
        self._settings_presenter.system_prompt_changed.connect(self._chat_presenter.set_system_prompt)
        self._settings_presenter.engine_pack_changed.connect(self._check.stop)
        self._settings_presenter.engine_pack_changed.connect(self._engine_presenter.on_pack_changed)
        self._settings_presenter.network_changed.connect(self._downloads_presenter.on_network_changed)
        self._settings_presenter.network_changed.connect(self._connection.look)
        self._window.page_changed.connect(self._settings_presenter.on_page_changed)
        self._dialogs.failed.connect(self._downloads_page.show_error)
        self._dialogs.token_kept.connect(self._settings_presenter.refresh_token)
        self._connect_library()
        self._this_pc.copy_report_requested.connect(self._report.copy)
        self._this_pc.engine_settings_requested.connect(self._go.show_engine_settings)
        self._connect_steps()

    def _connect_library(self) -> None:
        presenter = self._library_presenter
        presenter.page_wanted.connect(self._go.show_library)
        presenter.downloads_wanted.connect(self._go.show_downloads)
        presenter.home_wanted.connect(self._go.show_home)
        self._notifications.chat_wanted.connect(self._flow.open_key)
        self._notifications.downloads_wanted.connect(self._go.show_downloads)

    def _connect_steps(self) -> None:
        """Every `StepAction` that concerns more than one download; the Downloads page does its own."""
        self._alarms.step_chosen.connect(self._steps.carry_out)
        pages = (self._home, self._chat, self._this_pc, self._dialogs)
        presenters = (self._downloads_presenter, self._models_presenter, self._library_presenter)
        for source in (*pages, *presenters, self._settings_presenter, self._about_presenter):
            source.next_step_chosen.connect(self._steps.carry_out)
        teach, teach_plain = self._steps.teach, self._steps.teach_plain
        teach_plain(StepAction.LOAD_AGAIN, self._chat_presenter.load_again)
        teach(StepAction.LOAD_WITH_CONTEXT, self._on_load_with_context)
        teach(StepAction.LOAD_WITH_KV_TYPE, self._on_load_with_kv_type)
        teach_plain(StepAction.LOOK_AGAIN, self._hardware.probe)
        teach_plain(StepAction.CHOOSE_MODEL, self._go.show_models)
        teach_plain(StepAction.TRY_BUILTIN, self._builtin_presenter.open)
        teach(StepAction.SWITCH_MODEL, self._builtin_presenter.switch)
        teach(StepAction.DOWNLOAD_AGAIN, self._flow.download_again)
        teach_plain(StepAction.NEW_CHAT, self._go.new_chat)
        teach_plain(StepAction.EDIT_MESSAGE, self._chat.focus_composer)
        teach(StepAction.CHAT_SETTINGS, self._chat_presenter.settings.open_panel)
        teach(StepAction.CONTINUE_ANSWER, self._chat_presenter.sending.continue_answer)
        teach(StepAction.ANSWER_AGAIN, self._chat_presenter.sending.answer_again)
        teach(StepAction.SET_CONTEXT_POLICY, self._on_set_context_policy)
        teach(StepAction.ENTER_TOKEN, self._dialogs.ask_token)
        teach_plain(StepAction.FREE_SPACE, self._go.show_library)
        teach(StepAction.CHANGE_FOLDER, self._dialogs.ask_folder)
        teach(StepAction.USE_COPY, self._downloads_presenter.use_copy)
        teach_plain(StepAction.NETWORK_SETTINGS, self._go.show_network_settings)
        teach_plain(StepAction.TEST_CONNECTION, self._dialogs.test_connection)
        teach_plain(StepAction.GO_ONLINE, self._settings_presenter.go_online)
        teach_plain(StepAction.COPY_REPORT, self._report.copy)

    # -- life

    @property
    def actions(self) -> frozenset[str]:
        """The next steps that the window can carry out."""
        return self._steps.actions

    @Slot()
    def start(self) -> None:
        """Begin everything that reads drivers, disk or network."""
        self._store.start()
        self._plans.start()
        self._downloads.start_service(self._settings.get(RESUME_ON_START))
        self._settings_presenter.on_page_changed(self._window.page_key)
        self._hardware.start()
        self._builtin_presenter.start()
        self._connection.start()

    def close(self) -> None:
        """End threads and processes; called after the event loop."""
        self._notifications.close()
        self._chat.shut_down()
        self._chat_presenter.save()
        self._chat_files_presenter.close()
        self._engine.close()
        self._dialogs.close()
        self._library.close()
        if self._storage_presenter is not None:
            self._storage_presenter.close()
        self._settings_presenter.close()
        self._about_presenter.close()
        self._engine_presenter.close()
        self._downloads.close()
        self._calibration.close()
        self._builtin_presenter.close()
        self._connection.close()
        self._check.close()
        self._hardware.close()
        self._exact.close()
        self._plans.close()
        self._store.close()

    def open_files(self, paths: tuple[str, ...]) -> None:
        """Model files that the user double-clicked."""
        self._incoming.open_files(paths)

    # -- small connections

    def _engine_pid(self) -> int | None:
        return self._engine.pid

    @Slot()
    def _on_closing(self) -> None:
        geometry = self._window.saveGeometry().toBase64().toStdString()
        self._store.run(lambda: self._settings.set(WINDOW_GEOMETRY, geometry))

    @Slot()
    def _on_meters_toggle_requested(self) -> None:
        self._on_meter_toggled(not self._are_meters_shown)
        self._chat.set_meters_shown(self._are_meters_shown)

    @Slot(bool)
    def _on_meter_toggled(self, shown: bool) -> None:
        self._are_meters_shown = shown
        self._store.run(lambda: self._settings.set(METERS_SHOWN, shown))

    @Slot(str)
    def _on_link_open_requested(self, address: str) -> None:
        QDesktopServices.openUrl(QUrl(address))

    # -- next steps

    def _on_load_with_context(self, context: str) -> None:
        self._load_with(replace(self._plans.wishes, context=int(context)))

    def _on_load_with_kv_type(self, kv_type: str) -> None:
        self._load_with(replace(self._plans.wishes, kv_type=kv_type))

    def _load_with(self, wishes: Wishes) -> None:
        target = self._chat_presenter.target()
        if target is not None:
            self._flow.open(target, wishes)

    def _on_set_context_policy(self, policy: str) -> None:
        self._settings_presenter.change(CONTEXT_POLICY.key, policy)
