"""Export and import in the window: the menu, the file dialogs, what is said, and what is on the disk then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from launcher.app.chat_files_presenter import ChatFilesPresenter
from launcher.chat.conversation import ChatList
from launcher.services.chat_service import ChatService
from launcher.ui.chat import ChatPage
from launcher.ui.components import Banner
from launcher.ui.theme import ThemeManager
from tests.unit.test_chat_export import full_chat
from tests.unit.test_chat_imports import chatgpt_chat

# The off-screen platform, of every menu and dialog.
QUIET = pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagateSizeHints)", extend=True)
PATIENCE_MS = 60_000


class _Desk:
    def __init__(self, qtbot: QtBot, page: ChatPage, parent: QObject) -> None:
        self.qtbot, self.page = qtbot, page
        self.store = ChatService(parent)
        self.presenter = ChatFilesPresenter(page, self.store, parent)
        self.store.conversation_opened.connect(page.set_conversation)
        self.listed: ChatList | None = None
        self.store.conversations_listed.connect(self._on_listed)
        self.store.start()
        qtbot.waitUntil(lambda: self.listed is not None, timeout=PATIENCE_MS)

    def _on_listed(self, listing: ChatList) -> None:
        self.listed = listing

    def choose(self, *names: str) -> None:
        """Open the menu and its sub-menus by the words of the entries."""
        next(b for b in self.page.findChildren(QAbstractButton) if b.accessibleName() == "More").click()
        menu = next(m for m in self.page.findChildren(QMenu) if m.isVisible())
        for name in names[:-1]:
            menu = next(a.menu() for a in menu.actions() if a.text() == name)  # pyright: ignore[reportAssignmentType]
        action = next(a for a in menu.actions() if a.text() == names[-1])
        assert action.isEnabled()
        action.trigger()
        for left in (m for m in self.page.findChildren(QMenu) if m.isVisible()):
            left.close()

    def answer(self, path: Path) -> None:
        """Take a file or folder in the dialog."""
        dialog = self.page.findChildren(QFileDialog)[-1]
        if dialog.fileMode() is QFileDialog.FileMode.ExistingFiles:
            dialog.filesSelected.emit([str(path)])
        else:
            dialog.fileSelected.emit(str(path))
        dialog.reject()

    def said(self) -> str:
        """What stands above the messages now."""
        return " ".join(" ".join(b.texts) for b in self.page.findChildren(Banner) if b.isVisible())

    def wait_listed(self, *titles: str) -> None:
        """Until the list holds these."""
        self.qtbot.waitUntil(lambda: self.titles() == list(titles), timeout=PATIENCE_MS)

    def titles(self) -> list[str]:
        return [entry.title for entry in self.listed.entries] if self.listed else []

    def wait_said(self, words: str) -> None:
        self.qtbot.waitUntil(lambda: words in self.said(), timeout=PATIENCE_MS)


@pytest.fixture
def desk(qtbot: QtBot, theme: ThemeManager) -> Iterator[_Desk]:
    parent = QObject()
    page = ChatPage()
    qtbot.addWidget(page)
    page.resize(1100, 700)
    page.show()
    made = _Desk(qtbot, page, parent)
    yield made
    page.shut_down()
    made.presenter.close()
    made.store.close()
    page.close()
    parent.deleteLater()


@QUIET
def test_a_chat_goes_out_and_comes_in_again(desk: _Desk, tmp_path: Path) -> None:
    chat = full_chat()
    desk.store.create(chat)
    desk.page.set_conversation(chat)
    desk.choose("Export chat", "Everything, to import again (JSON)…")
    desk.answer(tmp_path / "chat.json")
    desk.wait_said("1 chat was written")
    desk.choose("Export all chats", "Markdown…")
    desk.answer(tmp_path / "all")
    desk.wait_said(str(tmp_path / "all"))
    assert [p.name for p in (tmp_path / "all").iterdir()] == ["Coins & tosses.md"]
    desk.choose("Import chats…")
    desk.answer(tmp_path / "chat.json")
    desk.wait_said("1 chat was here already.")
    desk.wait_listed("Coins & <tosses>")


@QUIET
def test_chats_of_another_program_are_opened_and_what_is_left_out_is_said(desk: _Desk, tmp_path: Path) -> None:
    (tmp_path / "conversations.json").write_text(json.dumps([chatgpt_chat()]), "utf-8")
    desk.choose("Import chats…")
    desk.answer(tmp_path / "conversations.json")
    desk.wait_said("Added from ChatGPT: 1 chat with 4 messages.")
    assert "2 calls of tools" in desk.said()
    desk.wait_listed("Coin tosses")
    (tmp_path / "no.json").write_text("{}", "utf-8")
    desk.choose("Import chats…")
    desk.answer(tmp_path / "no.json")
    desk.wait_said("no.json holds no chats that can be read.")
