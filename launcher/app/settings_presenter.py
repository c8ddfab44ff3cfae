"""Settings: shows the values in force and applies changes at once. What reads disk, keyring or network runs in a thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from launcher.catalog import network
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import GIB
from launcher.core.words import joined, known
from launcher.engine import pack_choice
from launcher.services import network as reach
from launcher.services.chat_service import ChatService
from launcher.services.download_service import DownloadService
from launcher.services.engine_service import EngineService
from launcher.services.plan_service import PlanService
from launcher.services.tasks import CLOSE_PATIENCE_S, TaskRunner
from launcher.store.settings import (
    CA_FILE,
    CONNECTIONS,
    CONTEXT_POLICY,
    DOWNLOADS_AT_ONCE,
    ENGINE_PACK,
    HUB_ENDPOINT,
    KV_STATE_CAP_GB,
    NOTIFY,
    OFFLINE,
    PROXY,
    REGISTRY,
    RELEASE_FEED,
    RESUME_ON_START,
    SPEED_LIMIT_KB_S,
    SYSTEM_PROMPT,
    THEME,
    UNLOAD_MINUTES,
    VRAM_RESERVE_GIB,
    Setting,
    Settings,
)
from launcher.ui.theme import ThemeManager, ThemeMode

if TYPE_CHECKING:
    from launcher.ui.settings import SettingsPage
    from launcher.ui.settings.network_section import NetworkSection

_SHOWN: tuple[Setting[Any], ...] = (
    THEME, VRAM_RESERVE_GIB, UNLOAD_MINUTES, KV_STATE_CAP_GB, ENGINE_PACK, HUB_ENDPOINT, PROXY, CA_FILE, OFFLINE,
    DOWNLOADS_AT_ONCE, CONNECTIONS, SPEED_LIMIT_KB_S, RESUME_ON_START, NOTIFY, SYSTEM_PROMPT,
    CONTEXT_POLICY, RELEASE_FEED,
)  # fmt: skip
_OF_THE_NETWORK = (HUB_ENDPOINT, PROXY, CA_FILE, OFFLINE)
_BYTES_PER_KB = 1000
_BYTES_PER_GB = 10**9


class SettingsPresenter(QObject):
    """Puts the settings in force, and connects the Settings page once there is one.

    Signals:
        next_step_chosen(NextStep): the connection test, the dialog for a token.
        network_changed(): another server, proxy, certificate or token is in force.
        engine_pack_changed(): the next worker gets another engine.
        context_policy_changed(str): what happens when a chat no longer fits.
        system_prompt_changed(str): what goes before chats without a system prompt of their own.
    """

    next_step_chosen = Signal(object)
    network_changed = Signal()
    engine_pack_changed = Signal()
    context_policy_changed = Signal(str)
    system_prompt_changed = Signal(str)

    def __init__(
        self,
        settings: Settings,
        store: ChatService,
        plans: PlanService,
        theme: ThemeManager,
        engine: EngineService,
        downloads: DownloadService,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page: SettingsPage | None = None
        self._problems: dict[str, UserError | None] = {}
        self._settings = settings
        self._store = store
        self._plans = plans
        self._theme = theme
        self._engine = engine
        self._downloads = downloads
        self._tasks = TaskRunner("settings", self, serial=True, patience_s=CLOSE_PATIENCE_S)
        for setting in _SHOWN:
            if setting not in _OF_THE_NETWORK:
                self._apply(setting, settings.get(setting))
        reach.apply(settings)

    def set_page(self, page: SettingsPage) -> None:
        """Connect the page, which is made when it is first shown; it gets all that happened until then."""
        self._page = page
        from_environment = os.environ.get("HF_ENDPOINT")
        page.network.set_default_endpoint(
            from_environment or network.DEFAULT_ENDPOINT, from_environment=from_environment is not None
        )
        page.setting_changed.connect(self._on_setting_changed)
        page.restore_defaults_requested.connect(self._on_restore_defaults_requested)
        section = page.network
        section.test_requested.connect(self._on_test_requested)
        section.proxy_entered.connect(self._on_proxy_entered)
        section.ca_file_requested.connect(self._on_ca_file_requested)
        section.token_requested.connect(self._on_token_requested)
        section.token_forgotten.connect(self._on_token_forgotten)
        self._show({})
        for key, error in self._problems.items():
            page.show_problem(key, error)

    @Slot(str)
    def on_page_changed(self, page: str) -> None:
        """Ask the keyring and the system only when the page shows: that may unlock something, and loads the hub's library."""
        if page == "settings":
            self._show_way()

    def close(self) -> None:
        """End the thread."""
        self._tasks.close()

    def go_online(self) -> None:
        """Leave offline mode."""
        self._change(OFFLINE, False)
        self._show({})

    @Slot(str, object)
    def change(self, key: str, value: object) -> None:
        """A setting was changed on another page."""
        self._on_setting_changed(key, value)
        # What the thread is just writing is not in the settings yet.
        self._show({key: value})

    @Slot()
    def refresh_token(self) -> None:
        """A token was entered or forgotten elsewhere."""
        self._show_way()

    # --- settings ---

    def _show(self, newer: dict[str, Any]) -> None:
        """Show the settings as they are, but for the newer values."""
        if self._page is not None:
            self._page.set_values({s.key: self._settings.get(s) for s in _SHOWN} | newer)

    def _show_problem(self, key: str, error: UserError | None) -> None:
        self._problems[key] = error
        if self._page is not None:
            self._page.show_problem(key, error)

    @Slot(str, object)
    def _on_setting_changed(self, key: str, value: object) -> None:
        setting = next(s for s in REGISTRY if s.key == key)
        self._change(setting, value)

    @Slot()
    def _on_restore_defaults_requested(self) -> None:
        for setting in _SHOWN:
            self._show_problem(setting.key, None)
            self._change(setting, setting.default)
        self._show({s.key: s.default for s in _SHOWN})

    def _change(self, setting: Setting[Any], value: Any) -> None:
        if setting in _OF_THE_NETWORK:
            self._on_the_way(lambda: self._take(setting, value), setting.key)
            return
        self._store.run(lambda: self._settings.set(setting, value))
        self._apply(setting, value)

    def _apply(self, setting: Setting[Any], value: object) -> None:
        if setting is THEME:
            self._theme.set_mode(ThemeMode(cast("str", value)))
        elif setting is VRAM_RESERVE_GIB:
            self._plans.set_vram_reserve(int(cast("float", value) * GIB))
        elif setting is ENGINE_PACK:
            pack_choice.prefer(lambda: cast("str", value))
            self.engine_pack_changed.emit()
        elif setting is UNLOAD_MINUTES:
            self._engine.set_idle_minutes(cast("int", value))
        elif setting is KV_STATE_CAP_GB:
            self._engine.set_state_cap(cast("int", value) * _BYTES_PER_GB)
        elif setting is CONTEXT_POLICY:
            self.context_policy_changed.emit(value)
        elif setting is SYSTEM_PROMPT:
            self.system_prompt_changed.emit(value)
        elif setting is DOWNLOADS_AT_ONCE:
            self._downloads.set_at_once(cast("int", value))
        elif setting is CONNECTIONS:
            self._downloads.set_connections(cast("int", value))
        elif setting is SPEED_LIMIT_KB_S:
            self._downloads.set_limit(cast("int", value) * _BYTES_PER_KB or None)

    # --- network ---

    def _take(self, setting: Setting[Any], value: Any) -> str:
        """Check, keep and use a setting of the network; in the thread."""
        if setting is HUB_ENDPOINT:
            network.check_endpoint(value)
        elif setting is CA_FILE:
            network.check_ca_file(value)
        if setting is PROXY:
            return reach.set_proxy(self._settings, value)
        self._settings.set(setting, value)
        reach.apply(self._settings)
        return ""

    def _on_the_way(self, work: Callable[[], str], key: str) -> None:
        """Change how the network is reached; an error stands beside the setting of that key."""

        def done(kept: str) -> None:
            self._show_problem(key, None)
            self._show({})
            if kept and self._page is not None:
                self._page.network.set_password_kept(kept)
            self._show_way()
            self.network_changed.emit()

        self._tasks.run(work, done, lambda error: self._show_problem(key, error))

    def _show_way(self) -> None:
        """Which proxy and which token requests take now."""
        if self._page is not None:
            self._tasks.run(_way, partial(self._on_way_known, self._page.network))

    def _on_way_known(
        self, section: NetworkSection, way: tuple[network.ProxyInUse | UserError | None, str, bool]
    ) -> None:
        proxy, token, is_own = way
        if isinstance(proxy, UserError):
            section.set_proxy_in_use(joined(known(proxy.what), known(proxy.why)))
        elif proxy is None:
            section.set_proxy_in_use(self.tr("Now: the server is reached directly."))
        else:
            source = {
                "settings": self.tr("from this setting"),
                "environment": self.tr("from the environment (HTTPS_PROXY and the like)"),
                "system": self.tr("from the system's settings"),
            }[proxy.source]
            text = self.tr("Now: {address}, {source}.").format(address=proxy.address, source=source)
            section.set_proxy_in_use(text)
        nothing = self.tr("None. Only models with terms to accept ask for one.")
        section.set_token(token or nothing, can_forget=is_own)

    @Slot()
    def _on_test_requested(self) -> None:
        self.next_step_chosen.emit(NextStep(self.tr("Test connection"), StepAction.TEST_CONNECTION))

    @Slot(str)
    def _on_proxy_entered(self, text: str) -> None:
        self._change(PROXY, text)

    @Slot()
    def _on_ca_file_requested(self) -> None:
        dialog = QFileDialog(self._page, self.tr("A file of certificates"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Certificates (*.pem *.crt *.cer)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(self._on_ca_file_chosen)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot(str)
    def _on_ca_file_chosen(self, path: str) -> None:
        self._change(CA_FILE, path)

    @Slot()
    def _on_token_requested(self) -> None:
        host = urlsplit(network.endpoint()).netloc
        self.next_step_chosen.emit(NextStep(self.tr("Enter access token"), StepAction.ENTER_TOKEN, host))

    @Slot()
    def _on_token_forgotten(self) -> None:
        from launcher.store import secrets

        def forget() -> str:
            secrets.forget_token(urlsplit(network.endpoint()).netloc)
            network.renew()
            return ""

        self._on_the_way(forget, HUB_ENDPOINT.key)


def _way() -> tuple[network.ProxyInUse | UserError | None, str, bool]:
    """The proxy in use or why it cannot be, the token's source in words, and whether that token was entered here. Blocks."""
    try:
        proxy: network.ProxyInUse | UserError | None = network.proxy_in_use(network.endpoint())
    except UserError as error:
        proxy = error
    try:
        token = network.token()
        return proxy, reach.token_source(), token is not None and token.source == "launcher"
    except UserError as error:
        return proxy, joined(known(error.what), known(error.why)), True
