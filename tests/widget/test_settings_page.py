"""The Settings page: values in, valid changes out, a search that finds by words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QDoubleSpinBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

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
    assert len(seen) == 3
    assert all(BY_KEY[key].accepts(value) for key, value in seen)


def test_a_wrong_address_is_explained_and_not_taken(page: SettingsPage, qtbot: QtBot) -> None:
    open_section(page, "Network")
    page.set_default_endpoint("https://hub.example", from_environment=True)
    assert "Empty takes HF_ENDPOINT from the environment: https://hub.example" in says(page)
    address = field(page, "Download server")
    assert address.placeholderText() == "https://hub.example"
    with qtbot.assertNotEmitted(page.setting_changed):
        qtbot.keyClicks(address, "hub example")
        qtbot.keyClick(address, Qt.Key.Key_Return)
    assert "Write it as https://server" in says(page)
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
    page.set_models_folder("/somewhere/hub")
    open_section(page, "Models and storage")
    assert "/somewhere/hub" in says(page)
    with qtbot.waitSignal(page.open_folder_requested):
        buttons(page)["Open folder"].click()
    page.set_about("0.1.0", "engine of today", (("Icons", "ISC"), ("Qt", "LGPL-3.0")))
    open_section(page, "About")
    assert "engine of today" in says(page)
    assert "Icons: ISC · Qt: LGPL-3.0" in says(page)
    with qtbot.waitSignal(page.restore_defaults_requested):
        buttons(page)["Restore defaults"].click()


@pytest.mark.parametrize("section", ["General", "Models and storage", "Network", "Engine", "Chat", "Privacy", "About"])
def test_every_control_has_a_name(page: SettingsPage, section: str) -> None:
    open_section(page, section)
    controls = [w for w in page.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()]
    names = {w: QAccessible.queryAccessibleInterface(w).text(QAccessible.Text.Name) for w in controls}
    assert len(names) >= 9
    assert not [w for w, name in names.items() if not name]
