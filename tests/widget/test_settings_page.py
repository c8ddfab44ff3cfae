"""The Settings page: values in, valid changes out, a search that finds by words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QDoubleSpinBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from launcher.core.errors import UserError
from launcher.services.storage import Storage
from launcher.store.settings import REGISTRY, Setting
from launcher.ui.components import Text
from launcher.ui.settings import SettingsPage

VALUES: dict[str, object] = {s.key: s.default for s in REGISTRY}
BY_KEY: dict[str, Setting[object]] = {s.key: s for s in REGISTRY}


@pytest.fixture
def page(qtbot: QtBot) -> SettingsPage:
    made = SettingsPage()
    qtbot.addWidget(made)
    made.resize(1200, 770)
    made.show()
    made.set_values(VALUES)
    return made


def buttons(page: QWidget) -> dict[str, QAbstractButton]:
    return {b.accessibleName() or b.text(): b for b in page.findChildren(QAbstractButton) if b.isVisible()}


def says(page: QWidget) -> str:
    return "\n".join(label.text() for label in page.findChildren(Text) if label.isVisible())


def field(page: SettingsPage, name: str) -> QLineEdit:
    return next(f for f in page.findChildren(QLineEdit) if f.accessibleName() == name)


def open_section(page: SettingsPage, name: str) -> None:
    buttons(page)[name].click()


def test_sections_show_one_at_a_time(page: SettingsPage) -> None:
    assert "Appearance" in says(page)
    open_section(page, "Engine")
    assert "Keep free on each card" in says(page)
    assert "Appearance" not in says(page)


def test_appearance(page: SettingsPage, qtbot: QtBot) -> None:
    page.set_values({**VALUES, "appearance.theme": "dark"})
    assert buttons(page)["Appearance: Dark"].isChecked()
    with qtbot.waitSignal(page.setting_changed) as caught:
        buttons(page)["Appearance: Light"].click()
    assert caught.args == ["appearance.theme", "light"]


def test_what_happens_when_the_context_is_full(page: SettingsPage, qtbot: QtBot) -> None:
    page.set_values({**VALUES, "chat.context_policy": "summarise"})
    open_section(page, "Chat")
    assert buttons(page)["When the context is full: Summarise"].isChecked()
    with qtbot.waitSignal(page.setting_changed) as caught:
        buttons(page)["When the context is full: Stop"].click()
    assert caught.args == ["chat.context_policy", "stop"]
    assert BY_KEY["chat.context_policy"].accepts("stop")


def test_the_reserve_follows_keys_and_stays_in_range(page: SettingsPage, qtbot: QtBot) -> None:
    open_section(page, "Engine")
    spin = next(s for s in page.findChildren(QDoubleSpinBox) if s.accessibleName() == "Keep free on each card")
    assert spin.value() == 0.5
    with qtbot.waitSignal(page.setting_changed) as caught:
        qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert caught.args == ["engine.vram_reserve_gib", 1.0]
    spin.setValue(1000)
    assert BY_KEY["engine.vram_reserve_gib"].accepts(spin.value())


def test_the_arrows_of_a_number_can_be_clicked(page: SettingsPage, qtbot: QtBot) -> None:
    open_section(page, "Engine")
    spin = next(s for s in page.findChildren(QDoubleSpinBox) if s.accessibleName() == "Keep free on each card")
    outer = spin.parentWidget()
    place = outer.rect().topRight()
    with qtbot.waitSignal(page.setting_changed) as caught:
        qtbot.mouseClick(outer, Qt.MouseButton.LeftButton, pos=place + type(place)(-6, 5))
    assert caught.args[1] == 1.0
    place = outer.rect().bottomRight()
    qtbot.mouseClick(outer, Qt.MouseButton.LeftButton, pos=place + type(place)(-6, -5))
    assert spin.value() == 0.5


def test_every_emitted_value_is_one_the_registry_accepts(page: SettingsPage, qtbot: QtBot) -> None:
    seen: list[tuple[str, object]] = []
    page.setting_changed.connect(lambda key, value: seen.append((key, value)))
    open_section(page, "Engine")
    for spin in page.findChildren(QDoubleSpinBox):
        spin.setValue(3)
    open_section(page, "General")
    buttons(page)["Appearance: Dark"].click()
    assert len(seen) == 7
    assert all(BY_KEY[key].accepts(value) for key, value in seen)


def test_a_wrong_address_is_explained_and_not_taken(page: SettingsPage, qtbot: QtBot) -> None:
    open_section(page, "Network")
    page.network.set_default_endpoint("https://hub.example", from_environment=True)
    assert "If empty, HF_ENDPOINT of the environment is used: https://hub.example" in says(page)
    address = field(page, "Download server")
    assert address.placeholderText() == "https://hub.example"
    with qtbot.assertNotEmitted(page.setting_changed):
        qtbot.keyClicks(address, "hub example")
        qtbot.keyClick(address, Qt.Key.Key_Return)
    assert "It must look like https://mirror.example" in says(page)
    address.clear()
    with qtbot.waitSignal(page.setting_changed) as caught:
        qtbot.keyClicks(address, "http://127.0.0.1:8080/")
        qtbot.keyClick(address, Qt.Key.Key_Return)
    assert caught.args == ["hub.endpoint", "http://127.0.0.1:8080"]
    assert "Write it as" not in says(page)


def test_the_prompt_is_taken_when_the_field_is_left(page: SettingsPage, qtbot: QtBot) -> None:
    page.activateWindow()
    open_section(page, "Chat")
    edit = next(e for e in page.findChildren(QPlainTextEdit) if e.accessibleName() == "System prompt")
    edit.setFocus()
    qtbot.keyClicks(edit, "Be brief.")
    with qtbot.waitSignal(page.setting_changed) as caught:
        qtbot.keyClick(edit, Qt.Key.Key_Tab)
    assert caught.args == ["chat.system_prompt", "Be brief."]


def test_showing_values_changes_nothing(page: SettingsPage, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(page.setting_changed):
        page.set_values(
            {**VALUES, "engine.vram_reserve_gib": 2.0, "chat.system_prompt": "x", "appearance.theme": "light"}
        )


def test_settings_without_a_value_are_not_shown(page: SettingsPage) -> None:
    page.set_values({key: value for key, value in VALUES.items() if key != "engine.unload_minutes"})
    open_section(page, "Engine")
    assert "Unload the model when idle" not in says(page)
    assert "Keep free on each card" in says(page)


def test_search_goes_through_all_sections(page: SettingsPage, qtbot: QtBot) -> None:
    search = field(page, "Find a setting")
    qtbot.keyClicks(search, "telemetry")
    assert "Nothing leaves this PC" in says(page)
    assert "Appearance" not in says(page)
    search.setText("engine")
    assert "Keep free on each card" in says(page)  # the whole section of that name
    search.setText("nonsense")
    assert "No setting called \u201cnonsense\u201d" in says(page)
    buttons(page)["Clear the search"].click()
    assert "Appearance" in says(page)


def test_choosing_a_section_ends_the_search(page: SettingsPage) -> None:
    search = field(page, "Find a setting")
    search.setText("telemetry")
    open_section(page, "Chat")
    assert search.text() == ""
    assert "System prompt" in says(page)


def test_folder_about_and_defaults(page: SettingsPage, qtbot: QtBot) -> None:
    page.storage.set_storage(Storage("/somewhere/hub", True, 60 * 10**9, ("/mnt/old",), ("/data/gguf",)))
    page.show_section("storage")
    assert "/somewhere/hub" in says(page)
    assert "The Hugging Face cache, shared with other programs. 60.0 GB free on its disk." in says(page)
    assert "/mnt/old" in says(page)
    assert "Use the Hugging Face cache" not in buttons(page)
    with qtbot.waitSignal(page.storage.open_requested) as caught:
        buttons(page)["Open folder"].click()
    assert caught.args == ["/somewhere/hub"]
    with qtbot.waitSignal(page.storage.forget_requested) as caught:
        buttons(page)["Stop searching /data/gguf"].click()
    assert caught.args == ["/data/gguf"]
    with qtbot.waitSignal(page.storage.change_requested):
        buttons(page)["Change the folder for new downloads"].click()
    page.storage.show_folder_problem("It cannot be written.")
    assert "It cannot be written." in says(page)
    page.about.set_about("0.1.0", "engine of today")
    open_section(page, "About")
    assert "engine of today" in says(page)
    with qtbot.waitSignal(page.restore_defaults_requested):
        buttons(page)["Restore defaults"].click()


def test_room_for_the_states_of_chats(page: SettingsPage, qtbot: QtBot) -> None:
    page.show_section("storage")
    spin = next(s for s in page.findChildren(QDoubleSpinBox) if s.accessibleName() == "Saved states of chats")
    assert spin.value() == 4
    with qtbot.waitSignal(page.setting_changed) as caught:
        spin.setValue(10)
    assert caught.args == ["chat.state_cap_gb", 10]
    page.storage.set_storage(Storage("/somewhere/hub", True, 0))
    clear = buttons(page)["Clear the saved states of chats"]
    assert not clear.isEnabled()
    page.storage.set_storage(Storage("/somewhere/hub", True, 0, states_bytes=2_500_000_000, states_count=7))
    assert "Now: 2.5 GB (chats: 7)." in says(page)
    with qtbot.waitSignal(page.storage.clear_states_requested):
        clear.click()


def test_a_proxy_of_its_own_is_put_together_from_its_fields(page: SettingsPage, qtbot: QtBot) -> None:
    page.show_section("network")
    assert "Proxy address" not in says(page)
    with qtbot.assertNotEmitted(page.network.proxy_entered):
        buttons(page)["Proxy: Own address"].click()
    assert "Proxy address" in says(page)
    address = field(page, "Proxy address")
    with qtbot.assertNotEmitted(page.network.proxy_entered):
        qtbot.keyClicks(address, "ftp://proxy.example")
        qtbot.keyClick(address, Qt.Key.Key_Return)
    assert "It must begin with http://" in says(page)
    address.clear()
    with qtbot.waitSignal(page.network.proxy_entered) as caught:
        qtbot.keyClicks(address, "proxy.example:3128")
        qtbot.keyClick(address, Qt.Key.Key_Return)
    assert caught.args == ["http://proxy.example:3128"]
    with qtbot.waitSignal(page.network.proxy_entered) as caught:
        qtbot.keyClicks(field(page, "Proxy user"), "an@na")
        qtbot.keyClick(field(page, "Proxy user"), Qt.Key.Key_Return)
    assert caught.args == ["http://an%40na@proxy.example:3128"]
    password = field(page, "Proxy password")
    assert password.echoMode() is QLineEdit.EchoMode.Password
    with qtbot.waitSignal(page.network.proxy_entered) as caught:
        qtbot.keyClicks(password, "s:cret/")
        qtbot.keyClick(password, Qt.Key.Key_Return)
    assert caught.args == ["http://an%40na:s%3Acret%2F@proxy.example:3128"]
    assert password.text() == ""
    with qtbot.waitSignal(page.network.proxy_entered) as caught:
        buttons(page)["Proxy: None"].click()
    assert caught.args == ["direct"]
    assert "Proxy address" not in says(page)


def test_a_password_without_a_user_is_explained(page: SettingsPage, qtbot: QtBot) -> None:
    page.set_values({**VALUES, "network.proxy": "socks5://127.0.0.1:1080"})
    page.show_section("network")
    assert field(page, "Proxy address").text() == "socks5://127.0.0.1:1080"
    with qtbot.assertNotEmitted(page.network.proxy_entered):
        qtbot.keyClicks(field(page, "Proxy password"), "secret")
        qtbot.keyClick(field(page, "Proxy password"), Qt.Key.Key_Return)
    assert "A password needs a user." in says(page)


def test_certificates_offline_mode_and_token(page: SettingsPage, qtbot: QtBot) -> None:
    page.set_values({**VALUES, "network.ca_file": "/etc/firm.pem"})
    page.show_section("network")
    assert "/etc/firm.pem" in says(page)
    with qtbot.waitSignal(page.setting_changed) as caught:
        buttons(page)["Use no extra certificates"].click()
    assert caught.args == ["network.ca_file", ""]
    page.show_problem("network.ca_file", UserError("ca_file", "No certificate.", "It is a picture."))
    assert "No certificate. It is a picture." in says(page)
    page.show_problem("network.ca_file", None)
    assert "No certificate." not in says(page)
    with qtbot.waitSignal(page.setting_changed) as caught:
        buttons(page)["Offline mode"].click()
    assert caught.args == ["network.offline", True]
    assert "Forget the access token" not in buttons(page)
    page.network.set_token("The one you entered here for huggingface.co.", can_forget=True)
    assert "The one you entered here" in says(page)
    with qtbot.waitSignal(page.network.token_forgotten):
        buttons(page)["Forget the access token"].click()
    with qtbot.waitSignal(page.network.test_requested):
        buttons(page)["Test connection"].click()


def test_downloads_are_limited_in_megabytes_and_kept_in_kilobytes(page: SettingsPage, qtbot: QtBot) -> None:
    page.set_values({**VALUES, "downloads.speed_limit_kb_s": 12500, "downloads.notify": False})
    page.show_section("downloads")
    spin = next(s for s in page.findChildren(QDoubleSpinBox) if s.accessibleName() == "Speed limit")
    assert spin.value() == 12.5
    with qtbot.waitSignal(page.setting_changed) as caught:
        spin.setValue(2.5)
    assert caught.args == ["downloads.speed_limit_kb_s", 2500]
    assert not buttons(page)["Notify at the end"].isChecked()
    with qtbot.waitSignal(page.setting_changed) as caught:
        buttons(page)["Continue at startup"].click()
    assert caught.args == ["downloads.resume_on_start", False]


def test_a_search_finds_the_new_settings(page: SettingsPage) -> None:
    field(page, "Find a setting").setText("certificates")
    assert "Extra certificates" in says(page)
    assert "Offline mode" not in says(page)


@pytest.mark.parametrize(
    "section", ["General", "Models and storage", "Network", "Downloads", "Engine", "Chat", "Privacy", "About"]
)
def test_every_control_has_a_name(page: SettingsPage, section: str) -> None:
    open_section(page, section)
    controls = [w for w in page.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()]
    names = {w: QAccessible.queryAccessibleInterface(w).text(QAccessible.Text.Name) for w in controls}
    assert len(names) >= 9
    assert not [w for w, name in names.items() if not name]
