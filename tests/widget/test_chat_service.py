"""The thread that owns the chats file: growing answers, damage found beside the work, writes that fail and are tried again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from launcher.chat.conversation import Conversation, Maker, Message, MessageState, Role
from launcher.core.errors import UserError
from launcher.core.paths import data_dir
from launcher.services import chat_service
from launcher.services.chat_service import ChatService
from tests.bench.chat_kills import kills

PATIENCE_MS = 60_000


@pytest.fixture
def path() -> Path:
    return data_dir() / "chats.sqlite"


@pytest.fixture
def start() -> Iterator[Callable[[], ChatService]]:
    owner = QObject()
    made: list[ChatService] = []

    def one() -> ChatService:
        made.append(ChatService(owner))
        return made[-1]

    yield one
    for service in made:
        service.close()
    owner.deleteLater()


def _text(path: Path, message_id: str) -> str:
    """What another process would read now."""
    with closing(sqlite3.connect(path)) as db:
        row = db.execute("SELECT text FROM messages WHERE id = ?", (message_id,)).fetchone()
        pieces = db.execute("SELECT text FROM pieces WHERE message_id = ? ORDER BY n", (message_id,)).fetchall()
        return (row[0] if row else "") + "".join(p[0] for p in pieces)


def _chat() -> Conversation:
    return Conversation("c", "Title", 1.0, 1.0, (Message("q", Role.USER, "Why?", None, 1.0),), "q")


def test_a_growing_answer_reaches_the_disk_without_another_word(
    start: Callable[[], ChatService], path: Path, qtbot: QtBot
) -> None:
    service = start()
    with qtbot.waitSignal(service.conversations_listed, timeout=PATIENCE_MS):
        service.create(_chat())
    answer = Maker().answer("q", "R1", "Q4")
    for text in ("", "B", "Be", "Because"):
        service.save_message("c", replace(answer, text=text))
    # Nothing more comes, and still the last piece is written.
    qtbot.waitUntil(lambda: path.exists() and _text(path, answer.id) == "Because", timeout=PATIENCE_MS)
    service.save_message("c", replace(answer, text="Because."))
    service.save_message("c", replace(answer, text="Because of it.", state=MessageState.DONE))
    service.close()
    assert _text(path, answer.id) == "Because of it."


def test_what_is_growing_is_written_at_the_end(start: Callable[[], ChatService], path: Path) -> None:
    service = start()
    service.create(_chat())
    answer = Maker().answer("q", "R1", "Q4")
    service.save_message("c", answer)
    service.save_message("c", replace(answer, text="Because"))
    service.close()
    assert _text(path, answer.id) == "Because"


def test_kills_leave_a_sound_file_and_earlier_chats_as_they_were(tmp_path: Path) -> None:
    # The loss in seconds is for the bench: a test must not depend on how busy the machine is.
    found = kills(tmp_path, runs=3, seed=20, longest_s=0.8, bound_s=float("inf"))
    assert sum(run.n_steps for run in found) > 3


def _damage(path: Path) -> None:
    """A leaf of messages in the middle of the file."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = db.execute("PRAGMA page_size").fetchone()[0]
        pages = [
            r[0]
            for r in db.execute("SELECT pageno FROM dbstat WHERE name = 'messages' AND pagetype = 'leaf' ORDER BY path")
        ]
    data = bytearray(path.read_bytes())
    page = pages[len(pages) // 2]
    data[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(bytes(data))


@pytest.mark.expected_logs("chats file (has damage|is damaged)")
def test_damage_is_found_beside_the_work_and_told_in_numbers(
    start: Callable[[], ChatService], path: Path, qtbot: QtBot
) -> None:
    first = start()
    for i in range(60):
        text = f"number {i} " + "x" * 900
        first.create(
            Conversation(f"c{i}", f"Chat {i}", 1.0, float(i), (Message(f"q{i}", Role.USER, text, None, 1.0),), f"q{i}")
        )
    first.close()
    _damage(path)
    service = start()
    with qtbot.waitSignal(service.store_failed, timeout=PATIENCE_MS) as told:
        service.start()
    error: UserError = told.args[0]
    assert error.code == "chats_damaged"
    assert "60 chats with " in error.why
    assert "corrupt-" in error.why
    with qtbot.waitSignal(service.conversation_opened, timeout=PATIENCE_MS) as opened:
        service.open("c3")
    assert opened.args[0].path()[0].text.startswith("number 3 ")
    service.close()
    second = start()
    with (
        qtbot.assertNotEmitted(second.store_failed),
        qtbot.waitSignal(second.conversations_listed, timeout=PATIENCE_MS) as listed,
    ):
        second.start()
    assert len(listed.args[0].entries) == 60


@pytest.mark.expected_logs("chats file is damaged")
def test_damage_that_a_read_meets_is_mended_on_the_spot(
    start: Callable[[], ChatService], path: Path, qtbot: QtBot
) -> None:
    first = start()
    for i in range(60):
        text = f"number {i} " + "x" * 900
        first.create(
            Conversation(f"c{i}", f"Chat {i}", 1.0, float(i), (Message(f"q{i}", Role.USER, text, None, 1.0),), f"q{i}")
        )
    first.close()
    _damage(path)
    service = start()  # without its check
    failures: list[UserError] = []
    service.store_failed.connect(failures.append)
    opened: list[Conversation] = []
    service.conversation_opened.connect(opened.append)
    for i in range(60):
        service.open(f"c{i}")
    qtbot.waitUntil(lambda: len(opened) == 60, timeout=PATIENCE_MS)
    assert [e.code for e in failures] == ["chats_damaged"]
    assert 0 < sum(not c.messages for c in opened) < 12


def test_a_locked_file_is_said_once_and_written_later(
    start: Callable[[], ChatService], path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_service, "_TRY_AGAIN_MS", 50)
    service = start()
    service.create(_chat())
    with qtbot.waitSignal(service.conversations_listed, timeout=PATIENCE_MS):
        service.list_conversations()
    service.run(lambda: _be_impatient(service))
    failures: list[UserError] = []
    service.store_failed.connect(failures.append)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        service.rename("c", "First")
        service.rename("c", "Second")
        service.save_message("c", Message("a", Role.ASSISTANT, "Because.", "q", 2.0))
        qtbot.waitUntil(lambda: bool(failures), timeout=PATIENCE_MS)
        with qtbot.waitSignal(service.conversations_listed, timeout=PATIENCE_MS):
            service.list_conversations()
        assert [e.code for e in failures] == ["database_unavailable"]
        with qtbot.waitSignal(service.store_recovered, timeout=PATIENCE_MS):
            other.execute("ROLLBACK")
    with qtbot.waitSignal(service.conversation_opened, timeout=PATIENCE_MS) as opened:
        service.open("c")
    chat: Conversation = opened.args[0]
    assert (chat.title, [m.text for m in chat.path()]) == ("Second", ["Why?", "Because."])


def _be_impatient(service: ChatService) -> None:
    service._databases.chats._db.execute("PRAGMA busy_timeout = 0")
