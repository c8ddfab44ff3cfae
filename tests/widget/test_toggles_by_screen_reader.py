"""Screen readers do not click what can be switched, they toggle it: both must do the same, and do it once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleActionInterface
from PySide6.QtWidgets import QAbstractButton, QApplication, QButtonGroup, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from launcher.app.application import Application
from launcher.app.crash import CrashReporter
from launcher.core.downloads import DownloadRequest
from launcher.ui.chat.composer import Composer
from launcher.ui.chat.states import ThinkingMode
from launcher.ui.downloads.choices import Choices, Option
from launcher.ui.downloads.job_head import JobHead
from launcher.ui.library import DOWNLOADS, LIBRARY, DownloadsArea
from launcher.ui.library.page import LibraryPage
from launcher.ui.main_window import MainWindow
from launcher.ui.settings import SettingsPage
from launcher.ui.settings.page import SECTIONS
from tests.widget import library_values

PAGES = ("home", "chat", "models", "downloads", "this-pc", "settings")

pytestmark = pytest.mark.usefixtures("theme")

Effect = tuple[list[str], list[str]]
"""What our widgets around a control told, and which parts came or went."""


def toggle(button: QAbstractButton) -> None:
    """As AT-SPI, UI Automation and NSAccessibility do it."""
    actions = QAccessible.queryAccessibleInterface(button).actionInterface()
    assert actions.actionNames()[0] == QAccessibleActionInterface.toggleAction()
    actions.doAction(QAccessibleActionInterface.toggleAction())


def click(button: QAbstractButton) -> None:
    button.click()


def signals_of(widget: QWidget) -> list[str]:
    ours = [c for c in type(widget).__mro__ if c.__module__.startswith("launcher.")]
    return [name for c in ours for name, value in vars(c).items() if isinstance(value, Signal)]


def parts_of(window: QWidget) -> dict[QWidget, bool]:
    """Our own widgets; holders of Qt's own kind also come and go with the room that there is."""
    return {w: w.isHidden() for w in window.findChildren(QWidget) if type(w).__module__.startswith("launcher.")}


def effect(act: Callable[[QAbstractButton], None], button: QAbstractButton) -> Effect:
    """Do it, and see what happens before anything else can."""
    told: list[str] = []
    spies: list[Any] = []

    def hear(name: str, *values: object) -> None:
        told.append(f"{name}{values}")

    around: QWidget | None = button
    while around is not None:
        for name in signals_of(around):
            spies.append(getattr(around, name).connect(partial(hear, f"{type(around).__name__}.{name}")))
        around = around.parentWidget()
    parts = parts_of(button.window())
    act(button)
    moved = [f"{type(w).__name__} {w.isHidden()}" for w, was in parts.items() if w.isHidden() != was]
    for spy in spies:
        button.disconnect(spy)
    return told, sorted(moved)


def shown(root: QWidget) -> list[QAbstractButton]:
    """What can be switched now."""
    found = (b for b in root.findChildren(QAbstractButton) if b.isCheckable())
    return [b for b in found if b.isVisible() and b.isEnabled()]


def partner(button: QAbstractButton) -> QAbstractButton:
    """What switches it back: the chosen one of its group, else itself."""
    group: QButtonGroup | None = button.group()
    chosen: QAbstractButton | None = group.checkedButton() if group else None
    return chosen or button


def check(button: QAbstractButton) -> str:
    """Toggled and clicked, there and back: the same effect, and an effect. Returns its name."""
    name = button.accessibleName() or button.text()
    other = partner(button)
    if other is button and button.isChecked() and button.group():
        return name  # its neighbours switch it
    was = button.isChecked()
    toggle(button)  # what is built at the first use is built now
    assert button.isChecked() is not was, name
    click(other)
    assert button.isChecked() is was, name
    there, back = effect(toggle, button), effect(click, other)
    assert effect(click, button) == there, name
    assert effect(toggle, other) == back, name
    assert button.isChecked() is was, name
    for told, moved in (there, back):
        assert told or moved, f"nothing hears {name}"
        assert len(set(told)) == len(told), f"{name} is heard twice"
    return name


def views(window: MainWindow) -> Iterator[None]:
    """Show everything that can be shown."""
    for key in PAGES:
        window.show_page(key)
        yield
        page = window.page(key)
        if isinstance(page, DownloadsArea):
            for part in (LIBRARY, DOWNLOADS):
                page.show_part(part)
                yield
        if isinstance(page, SettingsPage):
            for section in SECTIONS:
                page.show_section(section)
                yield


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    reporter = CrashReporter(qapp)
    application = Application(reporter, qapp)
    application.show()
    application.start()
    qtbot.waitUntil(lambda: application.workspace is not None, timeout=20_000)
    yield application.window
    application.close()
    application.deleteLater()
    reporter.deleteLater()
    qtbot.wait(50)


def test_everything_in_the_window(window: MainWindow) -> None:
    checked: dict[QAbstractButton, str] = {}
    for _ in views(window):
        for button in shown(window):
            if button not in checked:
                checked[button] = check(button)
    assert {
        "Meters", "Runs on this PC", "Installed", "Show: On this PC", "Appearance: Dark", "Proxy: None", "Offline mode",
        "Continue at startup", "Notify at the end", "Chat", "Network",
    } <= set(checked.values())  # fmt: skip


def head(parent: QWidget) -> QWidget:
    made = JobHead(DownloadRequest("m", "R1", "Q4_K_M", "someone/m", (), 10**9), "R1", parent)
    made.set_chat_when_done(True)
    return made


def thinking(parent: QWidget) -> QWidget:
    made = Composer(parent)
    made.set_thinking(ThinkingMode.SWITCH, False, "")
    return made


def disks(parent: QWidget) -> QWidget:
    made = Choices("Disk", parent)
    made.set_options([Option("/"), Option("/mnt/big"), Option("/mnt/full", problem="full")], 1)
    return made


def library(parent: QWidget) -> QWidget:
    made = LibraryPage(parent)
    made.set_library(library_values.LIBRARY)
    return made


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (head, "Chat when R1 is done"),
        (thinking, "Thinking"),
        (disks, "/"),
        (library, "Keep this version"),
    ],
)
def test_what_needs_a_model(qtbot: QtBot, make: Callable[[QWidget], QWidget], name: str) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.resize(1200, 800)
    part = make(holder)
    part.resize(1200, 800)
    holder.show()
    assert name in {check(button) for button in shown(part)}


def test_a_section_ends_the_search_also_the_one_that_was_open(qtbot: QtBot) -> None:
    page = SettingsPage()
    qtbot.addWidget(page)
    page.show()
    search = next(f for f in page.findChildren(QLineEdit) if f.accessibleName() == "Find a setting")
    for act in (toggle, click):
        for name in ("General", "About", "About"):
            search.setText("telemetry")
            items = {b.text(): b for b in shown(page)}
            assert not any(items[n].isChecked() for n in ("General", "About"))
            act(items[name])
            assert search.text() == ""
            assert [n for n, b in items.items() if b.isChecked() and b.autoExclusive()] == [name]
