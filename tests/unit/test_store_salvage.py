"""Damaged chat files: found beside the work, salvaged row by row, kept with their date, told in numbers."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from launcher.chat.conversation import Conversation, Folder, Message, MessageState, Role, Summary
from launcher.core.errors import UserError
from launcher.store import database, salvage
from launcher.store.chats import ChatStore
from launcher.store.pages import found_rows
from tests.depth import part

PAGE = 4096
N_CHATS, N_LONG = 200, 40


class _Killed(BaseException):
    pass


def _make(path: Path) -> None:
    """Chats of one long question and an answer; every fifth question lies on overflow pages."""
    with closing(ChatStore(path)) as store:
        store.save_folder(Folder("f", "Folder"))
        for i in range(N_CHATS):
            size = 9000 if i % 5 == 0 else 900
            question = Message(f"q{i}", Role.USER, f"number {i} " + "x" * size, None, 1.0)
            answer = Message(f"a{i}", Role.ASSISTANT, f"answer {i}", f"q{i}", 1.0, "Hm.")
            summary = Summary(f"q{i}", f"Number {i}.", 1)
            store.create(
                Conversation(
                    f"c{i}",
                    f"Chat {i}",
                    1.0,
                    float(i),
                    (question, answer),
                    f"a{i}",
                    summaries=(summary,),
                    folder_id="f",
                )
            )
        store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _pages(path: Path, name: str, kind: str = "leaf") -> list[int]:
    with closing(sqlite3.connect(path)) as db:
        return [
            r[0]
            for r in db.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY path", (name, kind))
        ]


def _spoil(path: Path, *pages: int, fill: bytes = b"\xff") -> None:
    data = bytearray(path.read_bytes())
    for page in pages:
        data[(page - 1) * PAGE : page * PAGE] = fill * (PAGE // len(fill))
    path.write_bytes(bytes(data))


def _recovered(path: Path) -> tuple[ChatStore, UserError]:
    """Finds the damage and opens what is left, as the service does."""
    try:
        store = ChatStore(path)
    except sqlite3.DatabaseError:
        pytest.fail("a damaged file opens or is salvaged")
    if store.notice is None:
        assert database.is_damaged(path, lambda: False)
        store.recover(sqlite3.DatabaseError("quick_check found damage"))
    assert store.notice is not None
    assert store._db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert store._db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert not database.is_damaged(path, lambda: False)
    return store, store.notice


def _texts(store: ChatStore) -> set[str]:
    return {r["id"] for r in store._db.execute("SELECT id FROM messages")}


@pytest.mark.expected_logs("chats file is damaged")
def test_a_damaged_page_costs_its_own_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    _make(path)
    leaves = _pages(path, "messages")
    _spoil(path, leaves[10], leaves[40])  # what lies between two damaged places is read too
    store, notice = _recovered(path)
    with closing(store):
        n_lost = 2 * N_CHATS - len(_texts(store))
        assert 0 < n_lost <= 24
        assert notice.why.startswith(
            f"Read from it and here: {N_CHATS} chats with {2 * N_CHATS - n_lost} messages. {n_lost} entries"
        )
        kept = [p for p in tmp_path.iterdir() if ".corrupt-" in p.name]
        assert len(kept) == 1
        assert kept[0].name in notice.why
        listing = store.list()
        assert [e.title for e in listing.entries] == [f"Chat {i}" for i in reversed(range(N_CHATS))]
        assert {e.folder_id for e in listing.entries} == {"f"}
        for entry in listing.entries:  # a chat that lost one of its two messages shows the other
            chat = store.load(entry.id)
            assert chat is not None
            assert len(chat.path()) == len(chat.messages)
        assert store.load("c199").summaries[0].text == "Number 199."  # type: ignore[union-attr]
        assert [e.id for e in store.search("answer 199").entries] == ["c199"]
    with closing(ChatStore(path)) as store:
        assert store.notice is None


@pytest.mark.expected_logs("chats file is damaged")
@pytest.mark.parametrize(
    "name", ["messages", "chats", "sqlite_autoindex_messages_1", "chats_by_date", "messages_of_chat"]
)
def test_a_damaged_inner_page_costs_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "c.sqlite"
    _make(path)
    _spoil(path, *(_pages(path, name, "internal") or _pages(path, name)), fill=b"\0")
    store, notice = _recovered(path)
    with closing(store):
        assert f"{N_CHATS} chats with {2 * N_CHATS} messages" in notice.why
        assert "could not be read" not in notice.why
        assert store.load("c7").path()[1].text == "answer 7"  # type: ignore[union-attr]


@pytest.mark.expected_logs("chats file is damaged")
@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"SQLite format 3\0"])
def test_a_file_without_its_first_page_is_read_from_the_others(tmp_path: Path, fill: bytes) -> None:
    path = tmp_path / "c.sqlite"
    _make(path)
    _spoil(path, 1, fill=fill)
    store, notice = _recovered(path)
    with closing(store):
        assert f"{N_CHATS} chats with {2 * N_CHATS} messages" in notice.why
        chat = store.load("c10")
        assert chat is not None
        assert (chat.title, chat.path()[0].text, chat.path()[1].reasoning) == (
            "Chat 10",
            "number 10 " + "x" * 9000,
            "Hm.",
        )


@pytest.mark.expected_logs("chats file is damaged")
def test_a_cut_file_gives_its_first_part(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    _make(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    store, _ = _recovered(path)
    with closing(store):
        assert len(store.list().entries) > N_CHATS // 3
        assert "q0" in _texts(store)


@pytest.mark.expected_logs("chats file is damaged")
@pytest.mark.parametrize("seed", range(part(12)))
def test_random_damage_never_stops_the_start(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = tmp_path / "c.sqlite"
    _make(path)
    _spoil(path, rng.choice(_pages(path, "messages")))
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 6)):
        at, size = rng.randrange(len(data)), rng.choice((1, 16, 512, PAGE, 3 * PAGE))
        data[at : at + size] = rng.randbytes(min(size, len(data) - at))
    path.write_bytes(bytes(data))
    store = ChatStore(path)
    with closing(store):
        if store.notice is None and database.is_damaged(path, lambda: False):
            store.recover(sqlite3.DatabaseError("damage"))
        for entry in store.list().entries:
            try:
                store.load(entry.id)
            except sqlite3.DatabaseError as error:  # quick_check does not read overflow pages' texts
                store.recover(error)
                break
        # At most 7 pages with their neighbours were hit.
        assert len(_texts(store)) >= 2 * N_CHATS - 150


@pytest.mark.expected_logs("chats file is damaged")
def test_a_file_that_is_no_database_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is not a database, " * 2000)
    with closing(ChatStore(path)) as store:
        assert store.list().entries == ()
        assert store.notice is not None
        assert store.notice.code == "chats_damaged"
        store.create(Conversation("c", "T", 1.0, 1.0))
    kept = [p for p in tmp_path.iterdir() if ".corrupt-" in p.name]
    assert [p.read_bytes()[:4] for p in kept] == [b"this"]
    names = {p.name for p in tmp_path.iterdir()} - {"c.sqlite.lock"}
    assert names == {"c.sqlite", kept[0].name}


@pytest.mark.expected_logs("chats file is damaged")
def test_what_is_left_of_a_chat_stays_one_chat(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store:
        chat = Conversation("c", "Chat", 1.0, 1.0)
        for i in range(6):
            role = Role.ASSISTANT if i % 2 else Role.USER
            chat = chat.with_message(Message(f"m{i}", role, f"Text {i}. More.", chat.leaf_id, float(i)))
        store.create(chat)
        # As lost rows would leave them; a value that no version wrote is a damaged row, too.
        store._db.execute("PRAGMA foreign_keys = OFF")
        store._db.execute("DELETE FROM messages WHERE id = 'm3'")
        store._db.execute("UPDATE messages SET state = 'x' WHERE id = 'm5'")
        store._db.execute("DELETE FROM chats")
        store.recover(sqlite3.DatabaseError("damage"))
        found = store.load("c")
        assert found is not None
        assert [m.id for m in found.path()] == ["m0", "m1", "m2", "m4"]
        assert found.title == "Text 0"
        assert store.notice is not None
        assert "Read from it and here: 1 chat with 4 messages." in store.notice.why
        assert "1 entry could not be read" in store.notice.why


@pytest.mark.expected_logs("chats file is damaged")
def test_a_growing_answer_is_salvaged_with_its_pieces(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store:
        store.create(Conversation("c", "T", 1.0, 1.0, (Message("q", Role.USER, "Why?", None, 1.0),), "q"))
        for text in ("", "Be", "Because"):
            store.save_message("c", Message("a", Role.ASSISTANT, text, "q", 1.0, state=MessageState.STREAMING))
        store.recover(sqlite3.DatabaseError("damage"))
        chat = store.load("c")
        assert chat is not None
        assert (chat.path()[-1].text, chat.path()[-1].state) == ("Because", MessageState.STOPPED)


@pytest.mark.expected_logs("chats file is damaged")
@pytest.mark.parametrize("step", range(3))
def test_a_kill_during_the_salvage_loses_nothing(tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.sqlite"
    _make(path)
    _spoil(path, _pages(path, "messages")[10])
    moves = 0
    really = os.replace

    def replace(source: str | Path, target: str | Path) -> None:
        nonlocal moves
        if moves == step:
            raise _Killed  # the process ends between two moves
        moves += 1
        really(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(_Killed):
        ChatStore(path).recover(sqlite3.DatabaseError("damage"))
    monkeypatch.undo()
    with closing(ChatStore(path)) as store:
        if store.notice is None and database.is_damaged(path, lambda: False):
            store.recover(sqlite3.DatabaseError("damage"))
        assert len(store.list().entries) == N_CHATS
        assert len(_texts(store)) >= 2 * N_CHATS - 12
        assert (
            len(
                [
                    p
                    for p in tmp_path.iterdir()
                    if ".corrupt-" in p.name and "-wal" not in p.name and "-shm" not in p.name
                ]
            )
            == 1
        )
    assert not [p for p in tmp_path.iterdir() if ".salvag" in p.name]


def test_a_check_can_be_cancelled_and_a_sound_file_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    _make(path)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return True

    assert not database.is_damaged(path, lambda: False)
    assert not database.is_damaged(path, cancelled)
    assert asked


def test_pages_give_what_sqlite_gives(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    _make(path)
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        for table in salvage.SALVAGED_FROM_PAGES:
            rows = {r["n"]: dict(r) for r in db.execute(f"SELECT * FROM {table}")}
            assert found_rows(path, table) == rows


def test_a_full_or_locked_disk_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        store._db.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            store.create(Conversation("c", "T", 1.0, 1.0))
        assert not database.is_damage(caught.value)
        assert database.failure(path, caught.value).code == "database_unavailable"
        other.execute("ROLLBACK")
        store._db.execute("PRAGMA max_page_count = 30")
        with pytest.raises(sqlite3.OperationalError) as caught:
            store.create(Conversation("c", "T", 1.0, 1.0, (Message("m", Role.USER, "x" * 200_000),), "m"))
        assert not database.is_damage(caught.value)
        assert database.failure(path, caught.value).code == "disk_full"
        assert store.list().entries == ()
