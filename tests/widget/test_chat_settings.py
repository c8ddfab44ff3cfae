"""The settings of a chat: the panel by its names, and with the real engine and store what a setting changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from launcher.chat.chat_settings import ChatSettings, SamplingChanges
from launcher.chat.conversation import Maker, MessageState
from launcher.chat.prompts import PromptPreset, library
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.models import Sampling
from launcher.store.settings import CHAT_DEFAULTS, CHAT_SETTINGS_SHOWN, SYSTEM_PROMPT
from launcher.ui.chat import ChatPage
from launcher.ui.chat.code_block import CodeBlock
from launcher.ui.chat.states import ThinkingMode
from launcher.ui.chat_settings import ChatSettingsPanel, ModelWords
from launcher.ui.components import Text, ToggleSwitch
from launcher.ui.components.slider import Slider
from launcher.ui.theme import ThemeManager
from tests.fakes.gguf_models import make_model
from tests.widget.test_chat_context import PATIENCE_MS, Desk

W = TypeVar("W", bound=QWidget)
R1 = ModelWords("R1", Sampling(temperature=0.6, top_p=0.95), ThinkingMode.SWITCH, "discouraged")
BOOK = '{"type": "object", "properties": {"old": {"type": "boolean"}}, "required": ["old"]}'


def named(root: QWidget, kind: type[W], name: str) -> W:
    found = [w for w in root.findChildren(kind) if w.accessibleName() == name or getattr(w, "text", str)() == name]
    assert len(found) == 1, (name, len(found))
    return found[0]


def words(root: QWidget) -> str:
    return "\n".join(t.text() for t in root.findChildren(Text) if t.isVisible())


def write(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    if text:
        qtbot.keyClicks(field, text)
    else:
        qtbot.keyClick(field, Qt.Key.Key_Delete)


class Panel:
    """The panel alone, and the settings it told last."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.widget = ChatSettingsPanel()
        qtbot.addWidget(self.widget)
        self.told: list[tuple[str, ChatSettings]] = []
        self.checks: list[str] = []
        self.widget.settings_changed.connect(self._on_changed)
        self.widget.schema_check_wanted.connect(self.checks.append)
        self.widget.set_model(R1)
        self.widget.set_chat("a", ChatSettings())
        self.widget.resize(368, 1400)
        self.widget.show()

    @property
    def settings(self) -> ChatSettings:
        return self.told[-1][1] if self.told else ChatSettings()

    def field(self, name: str) -> QLineEdit:
        return named(self.widget, QLineEdit, name)

    def area(self, name: str) -> QPlainTextEdit:
        return named(self.widget, QPlainTextEdit, name)

    def press(self, name: str) -> None:
        button = named(self.widget, QPushButton, name)
        assert button.isVisible(), name
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def _on_changed(self, chat_id: str, settings: ChatSettings) -> None:
        self.told.append((chat_id, settings))


@pytest.fixture
def panel(qtbot: QtBot, theme: ThemeManager) -> Panel:
    del theme
    return Panel(qtbot)


def test_a_value_is_taken_shown_beside_the_recommended_one_and_reset(panel: Panel, qtbot: QtBot) -> None:
    field = panel.field("Temperature")
    assert (field.text(), field.placeholderText()) == ("", "0.6")
    assert named(panel.widget, Slider, "Temperature, slider").recommended == 12
    write(qtbot, field, "0.25")
    assert panel.settings.sampling == SamplingChanges(temperature=0.25)
    assert "instead of 0.6" in words(panel.widget)
    panel.press("Reset Temperature")
    assert panel.settings == ChatSettings()
    assert field.text() == ""
    assert "instead of" not in words(panel.widget)


def test_a_slider_writes_and_its_recommended_place_is_no_change(panel: Panel, qtbot: QtBot) -> None:
    slider = named(panel.widget, Slider, "Temperature, slider")
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert panel.settings.sampling == SamplingChanges(temperature=0.65)
    assert panel.field("Temperature").text() == "0.65"
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert panel.settings.sampling is None


def test_what_is_no_value_is_not_taken_and_not_lost(panel: Panel, qtbot: QtBot) -> None:
    field = panel.field("Top-p")
    write(qtbot, field, "0.9")
    before = len(panel.told)
    write(qtbot, field, "1.9")
    assert panel.settings.sampling == SamplingChanges(top_p=0.9) or len(panel.told) > before
    assert panel.settings.sampling != SamplingChanges(top_p=1.9)
    assert "A number from 0 to 1." in words(panel.widget)
    in_force = panel.settings
    panel.widget.set_chat("b", ChatSettings())
    assert field.text() == ""
    assert "A number from" not in words(panel.widget)
    panel.widget.set_chat("a", in_force)
    assert field.text() == "1.9"
    assert "A number from 0 to 1." in words(panel.widget)
    panel.press("Reset all sampling values")
    assert (field.text(), panel.settings.sampling) == ("", None)


def test_lengths_and_thinking(panel: Panel, qtbot: QtBot) -> None:
    write(qtbot, panel.field("Longest answer, tokens"), "1,500")
    write(qtbot, panel.field("Longest thought, tokens"), "64")
    switch = named(panel.widget, ToggleSwitch, "Think before answering")
    assert switch.isChecked()
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert panel.settings == ChatSettings(max_tokens=1500, thinking_budget=64, thinking=False)
    assert not panel.field("Longest thought, tokens").isVisible()
    panel.widget.set_model(replace(R1, thinking=ThinkingMode.ALWAYS))
    assert not switch.isEnabled()
    assert panel.field("Longest thought, tokens").isVisible()
    panel.widget.set_model(replace(R1, thinking=ThinkingMode.NEVER))
    assert not switch.isVisible()
    assert not panel.field("Longest thought, tokens").isVisible()


def test_a_schema_holds_only_once_it_was_found_right(panel: Panel, qtbot: QtBot) -> None:
    area = panel.area("JSON schema of answers")
    area.setFocus()
    qtbot.keyClicks(area, '{"type": "objec"}')
    assert panel.settings.json_schema == ""
    assert panel.settings.json_schema_draft  # from the first key on
    qtbot.waitUntil(lambda: panel.checks[-1:] == ['{"type": "objec"}'])
    panel.widget.show_schema_checked('{"type": "objec"}', UserError("bad_schema", "x", 'There is no type "objec".'))
    assert 'There is no type "objec". Nothing is sent' in words(panel.widget)
    assert panel.settings.json_schema_draft == '{"type": "objec"}'
    panel.widget.show_schema_checked("{", None)  # of a text that is not there any more
    assert panel.settings.json_schema == ""
    panel.press("Any JSON")
    panel.widget.show_schema_checked("{}", None)
    assert (panel.settings.json_schema, panel.settings.json_schema_draft) == ("{}", "")
    assert "Answers are JSON of any form." in words(panel.widget)
    panel.press("No schema")
    assert panel.settings == ChatSettings()


def test_what_is_being_written_goes_to_the_chat_it_was_written_in(panel: Panel, qtbot: QtBot) -> None:
    area = panel.area("System prompt")
    area.setFocus()
    qtbot.keyClicks(area, "Rhyme")
    panel.widget.set_chat("b", ChatSettings(system_prompt="Count"))
    assert panel.told == [("a", ChatSettings(system_prompt="Rhyme"))]
    assert area.toPlainText() == "Count"


def test_a_prompt_of_the_program_can_be_replaced_and_taken_away(panel: Panel) -> None:
    panel.widget.set_program_prompt("Be kind.")
    area = panel.area("System prompt")
    assert (area.toPlainText(), area.placeholderText()) == ("", "Be kind.")
    assert "program's settings" in words(panel.widget)
    area.setPlainText("Rhyme")
    panel.widget.flush()
    assert panel.settings.system_prompt == "Rhyme"
    assert "goes before your first message" in words(panel.widget)
    area.setPlainText("")
    panel.widget.flush()
    assert panel.settings.system_prompt == ""
    assert "not used in this chat" in words(panel.widget)


def menu_actions(panel: Panel, qtbot: QtBot) -> QMenu:
    panel.press("Presets")
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def choose(menu: QMenu, *path: str) -> None:
    for name in path[:-1]:
        menu = next(a.menu() for a in menu.actions() if a.text() == name)  # pyright: ignore[reportAssignmentType]
    next(a for a in menu.actions() if a.text() == path[-1]).trigger()


@pytest.mark.qt_log_ignore("does not support (raise|grabbing the keyboard|propagateSizeHints)", extend=True)
def test_presets_of_both_languages_and_own_ones(panel: Panel, qtbot: QtBot) -> None:
    own = PromptPreset("1", "Mine & yours", "Share.")
    panel.widget.set_presets((*library(), own))
    told: list[tuple[str, ...]] = []
    panel.widget.preset_saved.connect(lambda name, text: told.append((name, text)))
    panel.widget.preset_renamed.connect(lambda one, name: told.append((one, name)))
    panel.widget.preset_deleted.connect(lambda one: told.append((one,)))
    chinese = next(p for p in library() if p.language == "zh")
    menu = menu_actions(panel, qtbot)
    choose(menu, "中文", chinese.name)
    menu.close()
    assert panel.settings.system_prompt == chinese.text
    assert f"“{chinese.name}”" in words(panel.widget)
    menu = menu_actions(panel, qtbot)
    choose(menu, "Mine && yours")
    menu.close()
    assert panel.settings.system_prompt == "Share."
    for path, typed in ((("Save as a preset…",), "New"), (("Rename a preset", "Mine && yours"), "Ours")):
        menu = menu_actions(panel, qtbot)
        choose(menu, *path)
        menu.close()
        write(qtbot, panel.field("Name of the preset"), typed)
        panel.press("Save the preset")
    menu = menu_actions(panel, qtbot)
    choose(menu, "Delete a preset", "Mine && yours")
    menu.close()
    assert told == [("New", "Share."), ("1", "Ours"), ("1",)]


# -- with engine and store


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It never thinks, and stops by itself after a few sentences."""
    return make_model(tmp_path_factory.mktemp("settings") / "tiny.gguf", template="v3", end_weight=0.6)


@pytest.fixture
def desk(qtbot: QtBot, theme: ThemeManager) -> Iterator[Desk]:
    del theme
    parent = QObject()
    page = ChatPage()
    qtbot.addWidget(page)
    page.resize(1300, 900)
    page.show()
    made = Desk(qtbot, page, parent)
    yield made
    page.shut_down()
    made.presenter.save()
    made.engine.close()
    made.store.close()
    # The presenters first: they listen to the engine and write into the page.
    parent.deleteLater()
    QApplication.sendPostedEvents(None, 52)  # QEvent.DeferredDelete


def settings_panel(desk: Desk) -> ChatSettingsPanel:
    return desk.page.findChildren(ChatSettingsPanel)[0]


def test_the_panel_opens_by_its_button_and_stays_open(desk: Desk, qtbot: QtBot) -> None:
    panel = settings_panel(desk)
    assert not panel.isVisible()
    desk.press("Settings of this chat")
    assert panel.isVisible()
    qtbot.waitUntil(lambda: desk.settings.get(CHAT_SETTINGS_SHOWN), timeout=PATIENCE_MS)
    cross = named(panel, QPushButton, "Close the settings of this chat")
    qtbot.waitUntil(lambda: cross.x() > panel.width() // 2, timeout=PATIENCE_MS)  # it has its place
    desk.press("Close the settings of this chat")
    assert not panel.isVisible()
    qtbot.waitUntil(lambda: not desk.settings.get(CHAT_SETTINGS_SHOWN), timeout=PATIENCE_MS)


def test_settings_of_a_chat_change_its_answers_and_are_there_again(desk: Desk, qtbot: QtBot, model_path: Path) -> None:
    desk.use(model_path)
    desk.press("Settings of this chat")
    panel = settings_panel(desk)
    named(panel, QPlainTextEdit, "System prompt").setPlainText("Be brief. " * 20)
    write(qtbot, named(panel, QLineEdit, "Temperature"), "0")
    write(qtbot, named(panel, QLineEdit, "Longest answer, tokens"), "40")
    area = named(panel, QPlainTextEdit, "JSON schema of answers")
    area.setPlainText("{")
    qtbot.waitUntil(lambda: "line 1, column 2" in words(panel), timeout=PATIENCE_MS)
    desk.page.composer.set_text("Is it old?")
    desk.press("Send")
    assert "cannot be used" in desk.notice()[0]
    assert desk.page.composer.text == "Is it old?"
    assert desk.engine.model is None  # nothing was even loaded for it
    area.setPlainText(BOOK)
    qtbot.waitUntil(lambda: "follows this schema" in words(panel), timeout=PATIENCE_MS)
    desk.say("Is it old?")
    answer = desk.chat.path()[-1]
    assert set(json.loads(answer.text)) == {"old"}
    qtbot.waitUntil(lambda: (desk.page._context.system_tokens if desk.page._context else 0) > 20, timeout=PATIENCE_MS)
    first = desk.chat
    desk.press("New chat")
    assert desk.chat.settings == ChatSettings()
    assert named(panel, QLineEdit, "Temperature").text() == ""
    with qtbot.waitSignal(desk.store.conversation_opened, timeout=PATIENCE_MS):
        desk.page.conversation_selected.emit(first.id)
    assert desk.chat.settings == first.settings
    assert desk.chat.settings == ChatSettings(
        system_prompt="Be brief. " * 20,
        sampling=SamplingChanges(temperature=0.0),
        max_tokens=40,
        json_schema=BOOK,
    )
    assert named(panel, QLineEdit, "Temperature").text() == "0"


def test_the_meter_counts_a_system_prompt_at_once(desk: Desk, qtbot: QtBot, model_path: Path) -> None:
    desk.use(model_path)
    desk.say("Hello")
    desk.press("New chat")

    def system_tokens() -> int:
        return desk.page._context.system_tokens if desk.page._context else -1

    qtbot.waitUntil(lambda: system_tokens() == 0, timeout=PATIENCE_MS)
    desk.press("Settings of this chat")
    named(settings_panel(desk), QPlainTextEdit, "System prompt").setPlainText("Rhyme. " * 30)
    qtbot.waitUntil(lambda: system_tokens() > 30, timeout=PATIENCE_MS)


def test_each_chat_has_its_model(desk: Desk, qtbot: QtBot, model_path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(model_path.read_bytes())
    size = other.stat().st_size
    one, two = (
        Installed(name, name, "F16", str(path), size, "deepseek2", "launcher", True)
        for name, path in (("one", model_path), ("two", other))
    )
    desk.presenter.set_installed((one, two))
    desk.say("Hello")
    assert desk.engine.installed == one
    first = desk.chat
    desk.press("New chat")
    desk.press("Settings of this chat")
    choice = named(settings_panel(desk), QComboBox, "Model of this chat")
    choice.setFocus()
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    assert choice.currentText() == "two  F16"
    assert desk.engine.installed == one  # until it is needed
    desk.say("Hello")
    assert desk.engine.installed == two
    assert desk.chat.settings.model_path == str(other)
    with qtbot.waitSignal(desk.store.conversation_opened, timeout=PATIENCE_MS):
        desk.page.conversation_selected.emit(first.id)
    desk.page.model_chosen.emit(one)
    qtbot.waitUntil(lambda: desk.engine.installed == one and desk.engine.model is not None, timeout=PATIENCE_MS)
    assert desk.chat.settings.model_path == str(model_path)
    desk.presenter.set_installed((two,))
    assert "one F16 (not here any more)" in [choice.itemText(i) for i in range(choice.count())]


def test_new_chats_can_begin_like_this_one(desk: Desk, qtbot: QtBot) -> None:
    told: list[tuple[str, object]] = []
    desk.presenter.setting_changed.disconnect(desk._on_setting_changed)
    desk.presenter.setting_changed.connect(lambda key, value: told.append((key, value)))
    desk.press("Settings of this chat")
    panel = settings_panel(desk)
    write(qtbot, named(panel, QLineEdit, "Seed"), "7")
    named(panel, QPlainTextEdit, "System prompt").setPlainText("Rhyme")
    qtbot.mouseClick(named(panel, QPushButton, "Use for new chats"), Qt.MouseButton.LeftButton)
    assert told == [(SYSTEM_PROMPT.key, "Rhyme")]
    qtbot.waitUntil(lambda: bool(desk.settings.get(CHAT_DEFAULTS)), timeout=PATIENCE_MS)
    desk.press("New chat")
    assert desk.chat.settings == ChatSettings(sampling=SamplingChanges(seed=7))


def shown_code(page: ChatPage) -> list[str]:
    return [b.code for b in page.findChildren(CodeBlock) if b.isVisible()]


def test_an_answer_that_is_json_is_a_listing(qtbot: QtBot, theme: ThemeManager) -> None:
    del theme
    page = ChatPage()
    qtbot.addWidget(page)
    page.resize(900, 700)
    page.show()
    make = Maker()
    question = make.user_message("Describe a book", None)
    answer = make.answer(question.id, "Tiny", "F16")
    page.set_conversation(make.conversation().with_message(question))
    page.begin_answer(answer)
    for piece in ('{"ti', 'tle":"The ', 'Trial","year":19'):
        page.append_delta("answer", piece)
    qtbot.waitUntil(lambda: shown_code(page) == ['{"title":"The Trial","year":19'], timeout=PATIENCE_MS)
    whole = '{"title":"The Trial","year":1925}'
    page.finish_answer(replace(answer, text=whole, state=MessageState.DONE))
    laid = '{\n  "title": "The Trial",\n  "year": 1925\n}'
    qtbot.waitUntil(lambda: shown_code(page) == [laid], timeout=PATIENCE_MS)
    # Something else that begins so is text again in the end.
    page.set_conversation(make.conversation().with_message(question))
    page.begin_answer(answer)
    page.append_delta("answer", '{"a"')
    qtbot.waitUntil(lambda: shown_code(page) == ['{"a"'], timeout=PATIENCE_MS)
    page.append_delta("answer", " is a set of one letter.")
    page.finish_answer(replace(answer, text='{"a" is a set of one letter.', state=MessageState.DONE))
    qtbot.waitUntil(lambda: not shown_code(page), timeout=PATIENCE_MS)
    page.shut_down()
