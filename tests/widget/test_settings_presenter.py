"""Settings in force: checked, kept and used at once, with the real settings file, the real network layer and real folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from launcher.app.settings_presenter import SettingsPresenter
from launcher.app.storage_presenter import StoragePresenter
from launcher.catalog import network
from launcher.core.errors import StepAction
from launcher.core.paths import config_dir, hub_cache_dir
from launcher.downloads.disk import folders
from launcher.engine.kv_states import chat_states
from launcher.services.chat_service import ChatService
from launcher.services.download_service import DownloadService
from launcher.store import secrets
from launcher.store.settings import (
    CA_FILE,
    CONNECTIONS,
    DOWNLOADS_AT_ONCE,
    HUB_ENDPOINT,
    KV_STATE_CAP_GB,
    OFFLINE,
    PROXY,
    SPEED_LIMIT_KB_S,
    Setting,
    Settings,
)
from launcher.ui.components import Text
from launcher.ui.settings import SettingsPage
from launcher.ui.theme import ThemeManager

WAIT_MS = 20_000


class Rig:
    """The presenter between a real page, a real file, and a record of what the services were told."""

    def __init__(self, theme: ThemeManager, *, has_page: bool = True) -> None:
        self.owner = QObject()
        self.page = SettingsPage()
        self.settings = Settings(config_dir() / "settings.toml")
        self.store = ChatService(self.owner)
        self.told: list[tuple[str, object]] = []

        def teller(name: str) -> Any:
            return lambda value: self.told.append((name, value))

        names = ("set_at_once", "set_connections", "set_limit", "set_vram_reserve", "set_idle_minutes", "set_state_cap")
        services = cast("Any", SimpleNamespace(**{name: teller(name) for name in names}))
        self.presenter = SettingsPresenter(self.settings, self.store, services, theme, services, services, self.owner)
        if has_page:
            self.presenter.set_page(self.page)

    def in_file(self, setting: Setting[Any]) -> object:
        return Settings(config_dir() / "settings.toml").get(setting)

    def says(self, words: str) -> bool:
        return any(words in label.text() for label in self.page.findChildren(Text))

    def close(self) -> None:
        self.presenter.close()
        self.store.close()
        self.owner.deleteLater()


@pytest.fixture
def rig(theme: ThemeManager, qtbot: QtBot) -> Iterator[Rig]:
    made = Rig(theme)
    qtbot.addWidget(made.page)
    made.page.show()
    yield made
    made.close()
    network.configure(network.NetworkSettings())


def test_values_of_the_file_are_in_force_from_the_start(theme: ThemeManager, qtbot: QtBot) -> None:
    settings = Settings(config_dir() / "settings.toml")
    settings.set(SPEED_LIMIT_KB_S, 12_500)
    settings.set(DOWNLOADS_AT_ONCE, 3)
    settings.set(KV_STATE_CAP_GB, 2)
    settings.set(HUB_ENDPOINT, "http://127.0.0.1:9/mirror")
    rig = Rig(theme)
    qtbot.addWidget(rig.page)
    assert ("set_limit", 12_500_000) in rig.told
    assert ("set_at_once", 3) in rig.told
    assert ("set_state_cap", 2 * 10**9) in rig.told
    assert network.endpoint() == "http://127.0.0.1:9/mirror"
    rig.close()
    network.configure(network.NetworkSettings())


def test_a_page_that_is_made_late_shows_what_happened_before(theme: ThemeManager, qtbot: QtBot, tmp_path: Path) -> None:
    rig = Rig(theme, has_page=False)
    qtbot.addWidget(rig.page)
    rig.presenter.on_page_changed("settings")
    rig.presenter.change(CA_FILE.key, str(tmp_path / "gone.pem"))
    rig.presenter.change(PROXY.key, "http://127.0.0.1:9")
    with qtbot.waitSignal(rig.presenter.network_changed, timeout=WAIT_MS):
        pass
    rig.presenter.set_page(rig.page)
    assert rig.says("gone.pem")
    assert any(field.text() == "http://127.0.0.1:9" for field in rig.page.findChildren(QLineEdit))
    rig.close()
    network.configure(network.NetworkSettings())


def test_downloads_follow_at_once(rig: Rig, qtbot: QtBot) -> None:
    del rig.told[:]
    rig.page.setting_changed.emit(CONNECTIONS.key, 8)
    rig.page.setting_changed.emit(SPEED_LIMIT_KB_S.key, 0)
    assert rig.told == [("set_connections", 8), ("set_limit", None)]
    qtbot.waitUntil(lambda: rig.in_file(CONNECTIONS) == 8, timeout=WAIT_MS)


def test_a_proxy_is_used_and_its_password_stays_out_of_the_file(rig: Rig, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rig.presenter.network_changed, timeout=WAIT_MS):
        rig.page.network.proxy_entered.emit("socks5://anna:s%3Acret@127.0.0.1:1080")
    assert rig.in_file(PROXY) == "socks5://anna@127.0.0.1:1080"
    assert "cret" not in (config_dir() / "settings.toml").read_text("utf-8")
    assert secrets.proxy_password("anna@127.0.0.1:1080") == "s:cret"
    assert rig.says("It is kept ")
    proxy = network.proxy_in_use("https://hub.example")
    assert proxy is not None
    assert (proxy.address, proxy.source) == ("socks5://127.0.0.1:1080", "settings")
    qtbot.waitUntil(lambda: rig.says("from this setting"), timeout=WAIT_MS)


def test_what_cannot_be_used_is_not_taken(rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    picture = tmp_path / "picture.pem"
    picture.write_bytes(b"\x89PNG")
    rig.page.setting_changed.emit(CA_FILE.key, str(picture))
    qtbot.waitUntil(lambda: rig.says("It holds no certificate that can be read."), timeout=WAIT_MS)
    assert rig.in_file(CA_FILE) == ""
    assert network.ca_file() == ""
    rig.page.network.proxy_entered.emit("http://")
    qtbot.waitUntil(lambda: rig.says("It must name a host"), timeout=WAIT_MS)
    assert rig.in_file(PROXY) == ""
    # A right one takes the words away.
    with qtbot.waitSignal(rig.presenter.network_changed, timeout=WAIT_MS):
        rig.page.network.proxy_entered.emit("direct")
    assert not rig.says("It must name a host")


def test_offline_mode_and_back(rig: Rig, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rig.presenter.network_changed, timeout=WAIT_MS):
        rig.page.setting_changed.emit(OFFLINE.key, True)
    assert network.is_offline()
    with qtbot.waitSignal(rig.presenter.network_changed, timeout=WAIT_MS):
        rig.presenter.go_online()
    assert not network.is_offline()
    assert rig.in_file(OFFLINE) is False


def test_a_token_says_where_from_and_can_be_forgotten(rig: Rig, qtbot: QtBot) -> None:
    rig.presenter.on_page_changed("settings")
    qtbot.waitUntil(lambda: rig.says("None. Only models with terms to accept ask for one."), timeout=WAIT_MS)
    secrets.keep_token("huggingface.co", "hf_abc")
    rig.presenter.refresh_token()
    qtbot.waitUntil(lambda: rig.says("The one you entered here for huggingface.co."), timeout=WAIT_MS)
    assert not rig.says("hf_abc")
    with qtbot.waitSignal(rig.presenter.network_changed, timeout=WAIT_MS):
        rig.page.network.token_forgotten.emit()
    assert secrets.token("huggingface.co") is None


def test_the_connection_and_the_token_are_asked_for_as_steps(rig: Rig, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rig.presenter.next_step_chosen) as caught:
        rig.page.network.test_requested.emit()
    assert caught.args is not None
    assert caught.args[0].action == StepAction.TEST_CONNECTION
    with qtbot.waitSignal(rig.presenter.next_step_chosen) as caught:
        rig.page.network.token_requested.emit()
    assert caught.args is not None
    assert (caught.args[0].action, caught.args[0].argument) == (StepAction.ENTER_TOKEN, "huggingface.co")


def test_defaults_come_back_everywhere(rig: Rig, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rig.presenter.network_changed, timeout=WAIT_MS):
        rig.page.setting_changed.emit(OFFLINE.key, True)
    rig.page.setting_changed.emit(DOWNLOADS_AT_ONCE.key, 7)
    rig.page.restore_defaults_requested.emit()
    qtbot.waitUntil(lambda: rig.in_file(OFFLINE) is False and not network.is_offline(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: rig.in_file(DOWNLOADS_AT_ONCE) == 2, timeout=WAIT_MS)
    assert rig.told[-1][0] in ("set_limit", "set_connections", "set_at_once")


@pytest.fixture
def storage(qtbot: QtBot) -> Iterator[tuple[SettingsPage, DownloadService, StoragePresenter]]:
    owner = QObject()
    page = SettingsPage()
    qtbot.addWidget(page)
    page.show()
    downloads = DownloadService(owner)
    presenter = StoragePresenter(page.storage, downloads, owner)
    yield page, downloads, presenter
    presenter.close()
    downloads.close()
    owner.deleteLater()


def test_folders_are_checked_kept_and_shown(
    storage: tuple[SettingsPage, DownloadService, StoragePresenter], qtbot: QtBot, tmp_path: Path
) -> None:
    page, downloads, presenter = storage

    def says(words: str) -> bool:
        return any(words in label.text() for label in page.findChildren(Text))

    with qtbot.waitSignal(downloads.library_changed, timeout=WAIT_MS):
        presenter._on_folder_chosen(str(tmp_path / "big disk"))  # pyright: ignore[reportPrivateUsage]
    assert folders.read().downloads == str(tmp_path / "big disk")
    assert says(str(tmp_path / "big disk"))
    assert says("free on its disk.")
    assert says(str(hub_cache_dir()))  # it stays in use
    blocked = tmp_path / "file"
    blocked.write_text("")
    presenter._on_folder_chosen(str(blocked / "below"))  # pyright: ignore[reportPrivateUsage]
    qtbot.waitUntil(lambda: says("This is a file, not a folder."), timeout=WAIT_MS)
    assert folders.read().downloads == str(tmp_path / "big disk")
    with qtbot.waitSignal(downloads.library_changed, timeout=WAIT_MS):
        presenter._on_search_chosen(str(tmp_path))  # pyright: ignore[reportPrivateUsage]
    assert folders.read().searched == (str(tmp_path),)
    with qtbot.waitSignal(downloads.library_changed, timeout=WAIT_MS):
        page.storage.forget_requested.emit(str(tmp_path))
    assert folders.read().searched == ()
    with qtbot.waitSignal(downloads.library_changed, timeout=WAIT_MS):
        page.storage.cache_wanted.emit()
    assert folders.read().downloads is None


def test_saved_states_of_chats_are_counted_and_cleared(
    storage: tuple[SettingsPage, DownloadService, StoragePresenter], qtbot: QtBot
) -> None:
    page, _, presenter = storage
    states = chat_states(10**9)

    def says(words: str) -> bool:
        return any(words in label.text() for label in page.findChildren(Text))

    qtbot.waitUntil(lambda: says("Now: none."), timeout=WAIT_MS)
    assert states.make_room(1, states.path("a"))
    states.path("a").write_bytes(b"x" * 200_000_000)
    presenter.on_states_changed()
    qtbot.waitUntil(lambda: says("Now: 0.2 GB (chats: 1)."), timeout=WAIT_MS)
    page.storage.clear_states_requested.emit()
    qtbot.waitUntil(lambda: says("Now: none."), timeout=WAIT_MS)
    assert states.total_bytes() == 0
