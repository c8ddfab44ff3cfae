"""About: the check for updates with real feeds on this machine, and the licences of what is shipped."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from huggingface_hub.utils import close_session
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QListWidget, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from launcher import __version__
from launcher.app.about_presenter import AboutPresenter
from launcher.catalog import network, releases
from launcher.core.errors import NextStep, StepAction
from launcher.core.paths import config_dir
from launcher.store.settings import RELEASE_FEED, Settings
from launcher.ui.chat.link_dialog import LinkDialog
from launcher.ui.components import Text
from launcher.ui.downloads.dialog import Dialog
from launcher.ui.settings.about_section import AboutSection
from launcher.ui.settings.licences_dialog import LicencesDialog
from launcher.ui.settings.update_dialog import UpdateDialog
from tests.fakes.feed import Feed, lists, release, sends

WAIT_MS = 20_000


class Rig:
    """The section in a window, its presenter, and the steps that were chosen."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.owner = QObject()
        self.window = QWidget()
        self.window.resize(900, 700)
        self.section = AboutSection(self.window)
        self.section.resize(800, 420)
        self.settings = Settings(config_dir() / "settings.toml")
        self.presenter = AboutPresenter(self.settings, self.owner)
        self.presenter.set_section(self.section)
        self.steps: list[NextStep] = []
        self.presenter.next_step_chosen.connect(self.steps.append)
        self.window.show()

    def use(self, feed: str) -> None:
        self.settings.set(RELEASE_FEED, feed)
        self.section.set_values({RELEASE_FEED.key: feed})
        for row in self.section.keyed.values():
            row.is_wanted = True
        self.section.show_matching("")

    def press(self, name: str, part: QWidget | None = None) -> None:
        buttons(part or self.section)[name].click()

    def check(self) -> UpdateDialog:
        self.press("Check for updates")
        return self.window.findChildren(UpdateDialog)[-1]

    def wait_for(self, words: str, part: QWidget) -> None:
        self.qtbot.waitUntil(lambda: words in says(part), timeout=WAIT_MS)

    def close(self) -> None:
        for dialog in self.window.findChildren(QWidget):
            if dialog.isWindow():
                dialog.close()
        self.qtbot.waitUntil(lambda: not self.window.findChildren(Dialog), timeout=WAIT_MS)
        self.presenter.close()
        self.owner.deleteLater()
        self.window.close()
        self.window.deleteLater()


def buttons(part: QWidget) -> dict[str, QAbstractButton]:
    return {b.accessibleName() or b.text(): b for b in part.findChildren(QAbstractButton) if b.isVisible()}


def says(part: QWidget) -> str:
    return "\n".join(label.text() for label in part.findChildren(Text) if label.isVisible())


@pytest.fixture
def rig(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(releases, "RELEASE_FEED", "")
    made = Rig(qtbot)
    yield made
    made.close()
    network.configure(network.NetworkSettings())
    close_session()


def test_what_the_section_says(rig: Rig) -> None:
    rig.use("")
    assert __version__ in says(rig.section)
    assert "No release feed is set in this build. Nothing is ever asked by itself." in says(rig.section)
    rig.use("https://server.example/releases.json")
    assert "Asked only when you press the button" in says(rig.section)


def test_the_feeds_address_is_checked(rig: Rig, qtbot: QtBot) -> None:
    rig.use("")
    field = next(f for f in rig.section.findChildren(QLineEdit) if f.accessibleName() == "Release feed")
    with qtbot.assertNotEmitted(rig.section.setting_changed):
        qtbot.keyClicks(field, "server")
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert "It must look like https://server.example/releases.json." in says(rig.section)
    field.clear()
    with qtbot.waitSignal(rig.section.setting_changed) as caught:
        qtbot.keyClicks(field, "https://server.example/list")
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert caught.args == ["updates.feed", "https://server.example/list"]
    assert "Asked only when you press the button" in says(rig.section)


def test_nothing_is_asked_before_the_button(rig: Rig) -> None:
    with Feed(lists(release("99.0"))) as feed:
        rig.use(feed.address)
        dialog = rig.check()
        rig.wait_for("Version 99.0 is out", dialog)
        assert len(feed.asked) == 1


def test_what_is_new_and_its_page_only_after_it_was_shown(rig: Rig) -> None:
    page = "https://server.example/releases/99"
    with Feed(lists(release("v99.0", "<b>- A door</b>", page), release("v98.0"))) as feed:
        rig.use(feed.address)
        dialog = rig.check()
        rig.wait_for(f"Version 99.0 is out; {__version__} is installed.", dialog)
    notes = next(e for e in dialog.findChildren(QPlainTextEdit) if e.accessibleName() == "What is new")
    assert notes.toPlainText() == "99.0 · 2026-11-22\n<b>- A door</b>\n\n98.0 · 2026-11-22\nIt comes without notes."
    assert "git pull" in says(dialog)
    rig.press("Open the release page…", dialog)
    ask = dialog.findChildren(LinkDialog)[-1]
    assert ask.informativeText() == page
    assert rig.steps == []
    next(b for b in ask.buttons() if b.text() == "Open").click()
    assert [(s.action, s.argument) for s in rig.steps] == [(StepAction.OPEN_PAGE, page)]


def test_a_page_can_be_left_alone(rig: Rig) -> None:
    with Feed(lists(release("99.0", page="https://server.example/99"))) as feed:
        rig.use(feed.address)
        dialog = rig.check()
        rig.wait_for("is out", dialog)
    rig.press("Open the release page…", dialog)
    dialog.findChildren(LinkDialog)[-1].reject()
    assert rig.steps == []


def test_up_to_date(rig: Rig) -> None:
    with Feed(lists(release(__version__))) as feed:
        rig.use(feed.address)
        dialog = rig.check()
        rig.wait_for(f"Up to date: version {__version__} is installed", dialog)
    assert "Open the release page…" not in buttons(dialog)


def test_no_feed(rig: Rig) -> None:
    rig.use("")
    dialog = rig.check()
    rig.wait_for("No release feed is set in this build.", dialog)
    assert "Enter the address of a release feed" in says(dialog)


def test_offline_mode_has_a_way_out(rig: Rig) -> None:
    network.configure(network.NetworkSettings(offline=True))
    with Feed(lists()) as feed:
        rig.use(feed.address)
        dialog = rig.check()
        rig.wait_for("Offline mode is on", dialog)
        rig.press("Go online", dialog)
        assert feed.asked == []
    assert [s.action for s in rig.steps] == [StepAction.GO_ONLINE]


def test_a_failure_can_be_tried_again(rig: Rig) -> None:
    answers = [sends(b"", 500), lists(release("99.0"))]
    with Feed(lambda handler: answers.pop(0)(handler)) as feed:
        rig.use(feed.address)
        dialog = rig.check()
        rig.wait_for("It answered 500.", dialog)
        rig.press("Try again", dialog)
        rig.wait_for("Version 99.0 is out", dialog)


def test_it_can_be_stopped_and_its_late_answer_is_not_shown(rig: Rig, qtbot: QtBot) -> None:
    may_answer = threading.Event()

    def late(handler: object) -> None:
        may_answer.wait(60)
        lists(release("99.0"))(handler)  # pyright: ignore[reportArgumentType]

    with Feed(late) as feed:
        rig.use(feed.address)
        dialog = rig.check()
        qtbot.waitUntil(lambda: len(feed.asked) == 1, timeout=WAIT_MS)
        assert "Asking 127.0.0.1" in says(dialog)
        rig.press("Stop", dialog)
        assert "The check was stopped." in says(dialog)
        may_answer.set()
        feed.wait_until_answered()
    with Feed(lists(release(__version__))) as feed:
        rig.use(feed.address)
        rig.press("Check again", dialog)
        rig.wait_for("Up to date", dialog)


def test_licences(rig: Rig, qtbot: QtBot) -> None:
    rig.press("Show licences")
    dialog = rig.window.findChildren(LicencesDialog)[-1]
    listed = dialog.findChild(QListWidget)
    assert isinstance(listed, QListWidget)
    qtbot.waitUntil(lambda: listed.count() > 20, timeout=WAIT_MS)
    text = next(e for e in dialog.findChildren(QPlainTextEdit) if e.accessibleName() == "Licence text")
    names = [listed.item(i).text() for i in range(listed.count())]
    search = next(f for f in dialog.findChildren(QLineEdit) if f.accessibleName() == "Find a component")
    qtbot.keyClicks(search, "lgpl")
    shown = [name for i, name in enumerate(names) if not listed.item(i).isHidden()]
    assert len(shown) == 1
    assert shown[0].startswith("Qt and Qt for Python")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text.toPlainText()
    assert "Your own Qt in this program" in text.toPlainText()
    assert "Source: https://download.qt.io" in says(dialog)
    rig.press("Copy the text", dialog)
    assert QGuiApplication.clipboard().text() == text.toPlainText()
    # Every one has a text.
    search.clear()
    for i in range(listed.count()):
        listed.setCurrentRow(i)
        assert len(text.toPlainText()) > 200, names[i]


def test_a_feed_that_was_set_is_used_by_the_command_too(rig: Rig) -> None:
    rig.use("http://127.0.0.1:9/releases.json")
    assert (
        json.dumps(Settings(config_dir() / "settings.toml").get(RELEASE_FEED)) == '"http://127.0.0.1:9/releases.json"'
    )
