"""Versions, edits, deletions, forks, titles, folders and search, in the real page with the real store and engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QListView, QMenu, QPlainTextEdit
from pytestqt.qtbot import QtBot

from launcher.chat.conversation import Conversation, Maker, Message, MessageState, Role
from launcher.ui.chat import ChatPage
from launcher.ui.chat.answer_row import AnswerRow
from launcher.ui.chat.conversation_model import ConversationModel
from launcher.ui.chat.rows import MessageRow
from launcher.ui.chat.user_row import UserRow
from launcher.ui.components import SearchField
from launcher.ui.theme import ThemeManager
from tests.fakes.gguf_models import REASONING, make_model
from tests.widget.test_chat_context import PATIENCE_MS, Desk

BEGUN = " ".join(REASONING.split()[:4])
menus = pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
"""The off-screen platform, of every menu."""


@pytest.fixture(scope="session")
def short_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It never thinks, and stops by itself after a few words."""
    return make_model(tmp_path_factory.mktemp("talk") / "short.gguf", template="v3", end_weight=0.8)


@pytest.fixture(scope="session")
def thoughtful_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It thinks a few words, then answers with a few."""
    return make_model(tmp_path_factory.mktemp("talk") / "thoughtful.gguf", think_end_weight=3.0, end_weight=3.0)


class Talk(Desk):
    """The desk, with what these tests do."""

    def row(self, message_id: str) -> MessageRow:
        self.page.show_message(message_id)
        found = [r for r in self.page.message_list.rows if getattr(getattr(r, "message", None), "id", "") == message_id]
        assert found, message_id
        return found[0]

    def press_on(self, message_id: str, name: str) -> None:
        """A button of a message, with the keyboard."""
        found = [b for b in self.row(message_id).findChildren(QAbstractButton) if name in (b.text(), b.accessibleName()) and not b.isHidden()]  # fmt: skip
        assert found, name
        assert found[0].isEnabled(), name
        found[0].setFocus()
        self.qtbot.keyClick(found[0], Qt.Key.Key_Space)

    def choose_on(self, message_id: str, more: str, words: str) -> None:
        self.press_on(message_id, more)
        _chosen(words)

    def wait_for_store(self) -> None:
        """All that was asked of the disk is done, and what was asked because of that."""
        for _ in range(2):
            done = list[None]()
            self.store.with_chats(lambda _chats: None, done.append)
            self.qtbot.waitUntil(lambda done=done: bool(done), timeout=PATIENCE_MS)

    def on_disk(self, chat_id: str) -> Conversation:
        with self.qtbot.waitSignal(self.store.conversation_opened, timeout=PATIENCE_MS) as opened:
            self.store.open(chat_id)
        return opened.args[0]

    def path(self) -> list[str]:
        return [m.text for m in self.chat.path()]

    def put(self, *texts: str, title: str = "Coin tosses") -> Conversation:
        """A chat on the disk and open."""
        make = Maker()
        chat = replace(make.conversation(), title=title)
        for text in texts:
            if chat.path() and chat.path()[-1].role is Role.USER:
                answer = make.answer(chat.leaf_id or "", "Tiny", "F16")
                chat = chat.with_message(replace(answer, text=text, state=MessageState.DONE))
            else:
                chat = chat.with_message(make.user_message(text, chat.leaf_id))
        self.store.create(chat)
        with self.qtbot.waitSignal(self.store.conversation_opened, timeout=PATIENCE_MS):
            self.page.conversation_selected.emit(chat.id)
        return chat

    @property
    def view(self) -> QListView:
        return self.page.findChildren(QListView)[0]

    def lines(self) -> list[str]:
        model = self.view.model()
        return [str(model.index(i, 0).data(Qt.ItemDataRole.AccessibleTextRole)) for i in range(model.rowCount())]

    def wait_for_lines(self, *lines: str, start: int = 0) -> None:
        """Until the list shows these from `start` on; a list that was asked for before may come first."""
        try:
            self.qtbot.waitUntil(lambda: self.lines()[start:] == list(lines), timeout=PATIENCE_MS)
        finally:
            assert self.lines()[start:] == list(lines)

    def line(self, words: str) -> int:
        return next(i for i, line in enumerate(self.lines()) if line.startswith(words))

    def menu_of(self, words: str) -> None:
        """The menu of a line of the list, as the menu key opens it."""
        self.view.setFocus()
        self.view.setCurrentIndex(self.view.model().index(self.line(words), 0))
        place = self.view.viewport().rect().center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, place, self.view.mapToGlobal(place))
        QApplication.sendEvent(self.view.viewport(), event)


def _menu() -> QMenu:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def _actions(menu: QMenu) -> dict[str, QAction]:
    found: dict[str, QAction] = {}
    for action in menu.actions():
        found[action.text()] = action
        inner = action.menu()
        if isinstance(inner, QMenu):
            found |= {a.text(): a for a in inner.actions()}
    return found


def _chosen(words: str) -> None:
    menu = _menu()
    action = _actions(menu)[words]
    assert action.isEnabled()
    action.trigger()
    menu.close()


@pytest.fixture
def talk(qtbot: QtBot, theme: ThemeManager) -> Iterator[Talk]:
    del theme
    parent = QObject()
    page = ChatPage()
    qtbot.addWidget(page)
    page.resize(1100, 720)
    page.show()
    made = Talk(qtbot, page, parent)
    made.store.start()
    yield made
    page.shut_down()
    made.presenter.save()
    made.engine.close()
    made.store.close()
    parent.deleteLater()
    QCoreApplication.sendPostedEvents(parent, QEvent.Type.DeferredDelete.value)


def test_an_answer_made_again_is_another_version(talk: Talk, short_path: Path) -> None:
    talk.use(short_path)
    talk.say("How many coin tosses until two heads?")
    question, first = talk.chat.path()
    talk.press_on(first.id, "Answer again")
    talk.wait_until_quiet()
    second = talk.chat.path()[-1]
    assert second.id != first.id
    row = talk.row(second.id)
    assert isinstance(row, AnswerRow)
    assert row._versions.accessibleName() == "Version 2 of 2"
    talk.press_on(second.id, "Previous version")
    assert talk.chat.leaf_id == first.id
    after = [b for b in talk.row(first.id).findChildren(QAbstractButton) if b.accessibleName() == "Next version"]
    assert after[0].isEnabled()
    assert talk.on_disk(talk.chat.id).leaf_id == first.id
    # The same question sent again is answered again; another one is another version of the question.
    talk.press_on(question.id, "Edit message")
    talk.press("Send again")
    talk.wait_until_quiet()
    assert [m.role for m in talk.chat.messages].count(Role.USER) == 1
    talk.press_on(question.id, "Edit message")
    field = next(e for e in talk.page.findChildren(QPlainTextEdit) if e.accessibleName() == "Edited message")
    field.setPlainText("And until three?")
    talk.qtbot.keyClick(field, Qt.Key.Key_Return)
    talk.wait_until_quiet()
    edited = talk.chat.path()[0]
    assert edited.text == "And until three?"
    row = talk.row(edited.id)
    assert isinstance(row, UserRow)
    assert row._versions.accessibleName() == "Version 2 of 2"
    talk.press_on(edited.id, "Previous version")
    assert talk.chat.path()[0].id == question.id


@menus
def test_messages_are_deleted_with_what_follows_and_come_back(talk: Talk) -> None:
    chat = talk.put("One?", "Yes.", "Two?", "No.")
    second = chat.path()[2]
    talk.choose_on(second.id, "More with this message", "Delete with all that follows")
    assert talk.path() == ["One?", "Yes."]
    assert len(talk.on_disk(chat.id).messages) == 2
    talk.press("Undo")
    assert talk.path() == ["One?", "Yes.", "Two?", "No."]
    assert talk.on_disk(chat.id) == replace(chat, updated_at=chat.updated_at)
    talk.choose_on(chat.path()[0].id, "More with this message", "Delete with all that follows")
    assert talk.path() == []
    assert not talk.page._list.isVisible()
    talk.press("Undo")
    assert len(talk.path()) == 4


@menus
def test_an_edited_answer_is_a_version_that_can_go_on(talk: Talk, short_path: Path) -> None:
    chat = talk.put("One?", "Yes.")
    answer = chat.path()[-1]
    assert "Continue" not in [b.text() for b in talk.row(answer.id).findChildren(QAbstractButton) if not b.isHidden()]
    talk.choose_on(answer.id, "More with this answer", "Edit answer")
    field = next(e for e in talk.page.findChildren(QPlainTextEdit) if e.accessibleName() == "Edited message")
    field.setPlainText("Certainly")
    talk.press("Save as a version")
    edited = talk.chat.path()[-1]
    assert (edited.text, edited.is_edited) == ("Certainly", True)
    assert "edited by you" in talk.row(edited.id)._figures.text()  # type: ignore[attr-defined]
    talk.use(short_path)
    talk.press_on(edited.id, "Continue")
    talk.wait_until_quiet()
    longer = talk.chat.path()[-1]
    assert longer.id == edited.id
    assert longer.text.startswith("Certainly")
    assert len(longer.text) > len("Certainly")
    assert talk.on_disk(chat.id).message(edited.id) == longer


def test_a_stopped_answer_goes_on(talk: Talk, short_path: Path) -> None:
    make = Maker()
    chat = make.conversation().with_message(make.user_message("Why?", None))
    stopped = replace(make.answer(chat.leaf_id or "", "Tiny", "F16"), text="Because the", state=MessageState.STOPPED)
    talk.store.create(chat.with_message(stopped))
    with talk.qtbot.waitSignal(talk.store.conversation_opened, timeout=PATIENCE_MS):
        talk.page.conversation_selected.emit(chat.id)
    talk.use(short_path)
    talk.press_on(stopped.id, "Continue")
    talk.wait_until_quiet()
    answer = talk.chat.path()[-1]
    assert (answer.id, answer.state) == (stopped.id, MessageState.DONE)
    assert answer.text.startswith("Because the")


def test_a_thought_that_was_stopped_goes_on_to_its_answer(talk: Talk, thoughtful_path: Path) -> None:
    make = Maker()
    chat = make.conversation().with_message(make.user_message("Why?", None))
    answer = make.answer(chat.leaf_id or "", "Tiny", "F16")
    stopped = replace(answer, reasoning=BEGUN, state=MessageState.STOPPED)
    talk.store.create(chat.with_message(stopped))
    with talk.qtbot.waitSignal(talk.store.conversation_opened, timeout=PATIENCE_MS):
        talk.page.conversation_selected.emit(chat.id)
    talk.use(thoughtful_path)
    talk.press_on(stopped.id, "Continue")
    talk.wait_until_quiet()
    longer = talk.chat.path()[-1]
    assert (longer.id, longer.state) == (stopped.id, MessageState.DONE)
    assert longer.reasoning.startswith(BEGUN)
    assert len(longer.reasoning) > len(BEGUN)
    assert longer.text.strip()
    assert talk.on_disk(chat.id).message(stopped.id) == longer


def test_a_fork_is_a_new_chat(talk: Talk) -> None:
    chat = talk.put("One?", "Yes.", "Two?", "No.")
    talk.press_on(chat.path()[1].id, "Go on from here in a new chat")
    assert talk.path() == ["One?", "Yes."]
    assert talk.chat.id != chat.id
    talk.wait_for_store()
    assert [line for line in talk.lines() if line.startswith("Coin")] == ["Coin tosses (2)", "Coin tosses"]
    assert talk.on_disk(chat.id).path() == chat.path()


@menus
def test_nothing_is_changed_while_an_answer_is_made(talk: Talk) -> None:
    chat = talk.put("One?", "Yes.")
    talk.page.set_answering(True)
    row = talk.row(chat.path()[1].id)
    assert not next(b for b in row.findChildren(QAbstractButton) if b.accessibleName() == "Answer again").isEnabled()
    talk.press_on(chat.path()[1].id, "More with this answer")
    assert not _actions(_menu())["Delete with all that follows"].isEnabled()
    _menu().close()
    talk.page.set_answering(False)


def test_a_vague_question_gets_its_title_from_the_answer(talk: Talk, short_path: Path) -> None:
    talk.use(short_path)
    talk.say("Hi")
    talk.wait_for_store()
    title = talk.chat.title
    assert title
    assert title in talk.lines()
    talk.store.rename(talk.chat.id, "Mine")
    talk.page.rename_requested.emit(talk.chat.id, "Mine")
    talk.say("And now a longer question about something else?")
    talk.wait_for_store()
    assert talk.chat.title == "Mine"
    assert "Mine" in talk.lines()


def test_a_hit_leads_to_its_message_on_its_branch(talk: Talk) -> None:
    make = Maker()
    texts = [f"Filler {i}. " + "word " * 200 for i in range(40)]
    chat = talk.put(*texts, title="Long")
    # A branch that is not open holds the word.
    other = replace(make.answer(chat.path()[10].id, "Tiny", "F16"), text="Here is the needle.", state=MessageState.DONE)
    talk.store.save_message(chat.id, other, makes_leaf=False)
    talk.put("Another", title="Other")
    talk.page.focus_search()
    field = talk.page.focusWidget()
    with talk.qtbot.waitSignal(talk.store.conversations_listed, timeout=PATIENCE_MS):
        talk.qtbot.keyClicks(field, "needle")
    assert talk.lines() == ["1 message found", "Long", "Answer: Here is the needle."]
    talk.view.setFocus()
    talk.view.setCurrentIndex(talk.view.model().index(2, 0))
    with talk.qtbot.waitSignal(talk.store.conversation_opened, timeout=PATIENCE_MS):
        talk.qtbot.keyClick(talk.view, Qt.Key.Key_Return)
    assert talk.chat.leaf_id == other.id
    shown = [r for r in talk.page.message_list.rows if getattr(getattr(r, "message", None), "id", "") == other.id]
    assert shown
    assert talk.page.message_list.viewport().rect().intersects(shown[0].geometry())
    assert talk.page.message_list._pointer.isVisible()
    # The words are marked there as Find in the chat marks them.
    talk.qtbot.waitUntil(
        lambda: [m.cursor.selectedText() for _, v in shown[0].views() for m in v.extraSelections()] == ["needle"],
        timeout=PATIENCE_MS,
    )
    # A message far up in the open branch.
    talk.page.show_message(chat.path()[4].id)
    top = next(
        r for r in talk.page.message_list.rows if getattr(getattr(r, "message", None), "id", "") == chat.path()[4].id
    )
    assert talk.page.message_list.viewport().rect().contains(top.geometry().topLeft())


@menus
def test_chats_are_pinned_and_put_into_folders_by_keyboard(talk: Talk) -> None:
    talk.put("One?", title="Alpha")
    talk.put("Two?", title="Beta")
    talk.wait_for_lines("Today", "Beta", "Alpha")
    talk.menu_of("Alpha")
    _chosen("Pin")
    talk.wait_for_lines("Pinned", "Alpha, pinned", "Today", "Beta")
    talk.menu_of("Beta")
    _chosen("New folder")
    talk.qtbot.waitUntil(lambda: bool(talk.view.findChildren(QLineEdit)), timeout=PATIENCE_MS)
    talk.wait_for_store()  # what is being typed survives the list
    field = talk.view.findChildren(QLineEdit)[0]
    field.selectAll()
    talk.qtbot.keyClicks(field, "Maths")
    talk.qtbot.keyClick(field, Qt.Key.Key_Return)
    talk.qtbot.waitUntil(lambda: any("Maths" in line for line in talk.lines()), timeout=PATIENCE_MS)
    assert talk.lines() == ["Pinned", "Alpha, pinned", "Folders", "Folder Maths, chats: 1, unfolded", "Beta"]
    talk.view.setCurrentIndex(talk.view.model().index(3, 0))
    talk.view.setFocus()
    talk.qtbot.keyClick(talk.view, Qt.Key.Key_Left)
    talk.wait_for_lines("Folders", "Folder Maths, chats: 1, folded", start=2)
    assert talk.view.currentIndex().row() == 3
    talk.qtbot.keyClick(talk.view, Qt.Key.Key_Right)
    talk.wait_for_store()
    talk.menu_of("Beta")
    assert _actions(_menu())["Maths"].isChecked()
    _chosen("Remove from folder")
    talk.wait_for_lines("Folders", "Folder Maths, chats: 0, unfolded", "Today", "Beta", start=2)
    talk.menu_of("Beta")
    _chosen("Maths")
    talk.wait_for_store()
    talk.menu_of("Folder Maths")
    _chosen("Delete the folder, keep its chats")
    talk.wait_for_lines("Today", "Beta", start=2)
    talk.press("Undo")
    talk.wait_for_lines("Folders", "Folder Maths, chats: 1, unfolded", "Beta", start=2)


def test_every_kind_of_line_is_painted(talk: Talk, theme: ThemeManager) -> None:
    from launcher.ui.theme import DARK, HIGH_CONTRAST

    talk.put("为什么根号二是无理数？", "因为。", title="Roots")
    talk.page.focus_search()
    with talk.qtbot.waitSignal(talk.store.conversations_listed, timeout=PATIENCE_MS):
        talk.page.findChildren(SearchField)[0].setText("无理")  # an input method's work
    model = talk.view.model()
    assert isinstance(model, ConversationModel)
    row = model.row(model.index(2, 0))
    assert row is not None
    assert row.hit is not None
    assert row.hit.marks
    for look in (DARK, HIGH_CONTRAST):
        theme.force(look)
        assert not talk.view.grab().isNull()


def test_a_message_without_versions_has_no_arrows(talk: Talk) -> None:
    chat = talk.put("One?", "Yes.")
    for message in chat.path():
        row = talk.row(message.id)
        assert isinstance(row, UserRow | AnswerRow)
        assert row._versions.isHidden()
    assert isinstance(chat.path()[0], Message)
