"""The window: pages, rail, keys, status bar."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from launcher.ui.main_window import MainWindow
from launcher.ui.shell import EngineState, StatusBar

pytestmark = pytest.mark.usefixtures("theme")


def _page(*fields: str) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    for name in fields:
        field = QLineEdit(page)
        field.setObjectName(name)
        column.addWidget(field)
    return page


@pytest.fixture
def window(qtbot) -> MainWindow:
    window = MainWindow("Launcher")
    qtbot.addWidget(window)
    window.add_page("home", "house", "Home", _page("home-field"))
    chat = _page("list", "composer")
    list_field, composer = chat.findChildren(QLineEdit)
    window.add_page("chat", "message-square", "Chat", chat, regions=(list_field, composer))
    window.add_page("models", "layers", "Models", _page("search"))
    window.add_page("downloads", "arrow-down-to-line", "Downloads", _page())
    window.add_page("settings", "sliders-horizontal", "Settings", _page(), at_bottom=True)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def rail_button(window: MainWindow, title: str) -> QPushButton:
    return next(b for b in window.rail.findChildren(QPushButton) if b.text() == title)


def test_a_page_can_be_made_when_it_is_first_shown(window: MainWindow, qtbot) -> None:
    made: list[str] = []

    def make(name: str) -> QWidget:
        made.append(name)
        return _page(name)

    window.set_page_when_shown("models", lambda: make("late"))
    window.set_page_when_shown("home", lambda: make("shown already"))
    assert made == ["shown already"]
    shown: list[str] = []
    window.page_changed.connect(lambda key: shown.append(window.page(key).findChildren(QLineEdit)[0].objectName()))
    for key in ("models", "home", "models"):
        window.show_page(key)
    assert made == ["shown already", "late"]
    assert shown == ["late", "shown already", "late"]
    assert window.page("models").isVisible()


def test_a_press_on_the_rail_shows_the_page(window: MainWindow, qtbot) -> None:
    assert window.page_key == "home"
    with qtbot.waitSignal(window.page_changed) as blocker:
        qtbot.mouseClick(rail_button(window, "Chat"), Qt.MouseButton.LeftButton)
    assert blocker.args == ["chat"]
    assert window.page("chat").isVisible()
    assert not window.page("home").isVisible()
    with qtbot.assertNotEmitted(window.page_changed):
        window.show_page("chat")


def test_settings_stay_at_the_bottom(window: MainWindow) -> None:
    tops = {b.text(): b.geometry().top() for b in window.rail.findChildren(QPushButton)}
    order = sorted(tops, key=tops.__getitem__)
    assert order == ["Home", "Chat", "Models", "Downloads", "Settings"]
    assert rail_button(window, "Settings").geometry().bottom() == window.rail.height() - 13


def test_below_1000_px_words_go_and_tool_tips_come(window: MainWindow) -> None:
    assert window.rail.width() >= 80  # wide enough for the longest word in this font
    window.resize(900, 640)
    assert window.rail.width() == 60
    assert rail_button(window, "Chat").toolTip() == "Chat"
    window.resize(1280, 800)
    assert window.rail.width() >= 80  # wide enough for the longest word in this font
    assert rail_button(window, "Chat").toolTip() == ""


def test_the_badge_is_said_too(window: MainWindow) -> None:
    plain = window.rail.grab().toImage()
    window.rail.set_badge("downloads", 2)
    assert rail_button(window, "Downloads").accessibleDescription() == "2 running"
    assert window.rail.grab().toImage() != plain
    window.rail.set_badge("downloads", 0)
    assert window.rail.grab().toImage() == plain


def test_f6_goes_round_rail_and_regions(window: MainWindow, qtbot) -> None:
    window.show_page("chat")
    rail_button(window, "Chat").setFocus()
    seen: list[str] = []
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_F6)
        focus = window.focusWidget()
        seen.append(focus.objectName() or focus.property("text"))
    assert seen == ["list", "composer", "Chat"]
    qtbot.keyClick(window, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert window.focusWidget().objectName() == "composer"


@pytest.mark.parametrize(
    ("key", "modifier", "signal"),
    [
        (Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier, "new_chat_requested"),
        (Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier, "search_requested"),
        (Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier, "meters_toggle_requested"),
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, "stop_requested"),
    ],
)
def test_keys_say_what_is_wished(window: MainWindow, qtbot, key, modifier, signal: str) -> None:
    with qtbot.waitSignal(getattr(window, signal)):
        qtbot.keyClick(window, key, modifier)


def test_ctrl_k_opens_models_and_goes_to_its_search(window: MainWindow, qtbot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.page_key == "models"
    assert window.focusWidget().objectName() == "search"


def test_closing_is_announced(window: MainWindow, qtbot) -> None:
    with qtbot.waitSignal(window.closing):
        window.close()


@pytest.fixture
def bar(qtbot) -> StatusBar:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.resize(1280, 30)
    bar.show()
    return bar


def _shown(bar: StatusBar) -> list[str]:
    from launcher.ui.components import Text

    texts = [text for text in bar.findChildren(Text) if text.isVisible() and text.text()]
    return [text.text() for text in sorted(texts, key=lambda text: text.geometry().left())]


def test_nothing_loaded_shows_what_the_app_itself_takes(bar: StatusBar) -> None:
    bar.set_app_memory(94 * 2**20, 0)
    bar.set_model("Engine ready: CUDA on RTX 4090")
    assert _shown(bar) == [
        "No model loaded",
        "Engine ready: CUDA on RTX 4090",
        "This app uses 0 B of video memory · 94 MiB of RAM",
    ]
    bar.set_app_memory(94 * 2**20, None)
    assert _shown(bar)[-1] == "This app uses 94 MiB of RAM"


def test_answering_shows_speed_and_context(bar: StatusBar) -> None:
    bar.set_app_memory(94 * 2**20, 0)
    bar.set_state(EngineState.ANSWERING)
    bar.set_model("R1-Distill-Qwen-32B Q4_K_M, all 64 layers on RTX 4090")
    bar.set_rate(37.8)
    bar.set_context(667, 24576)
    assert _shown(bar)[0] == "Answering"
    assert _shown(bar)[-2:] == ["38 tokens/s", "context 667 of 24,576"]
    bar.set_rate(None)
    bar.set_context(None, None)
    assert _shown(bar)[-1].startswith("This app uses")


def test_a_long_model_name_gives_way(bar: StatusBar) -> None:
    bar.resize(400, 30)
    bar.set_model("R1-" + "Distill-" * 30)
    bar.set_context(667, 24576)
    assert bar.minimumSizeHint().width() < 400
    assert bar.height() == 30
