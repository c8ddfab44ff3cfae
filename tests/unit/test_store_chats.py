"""Chats on the disk: round trips, search, undo, migration, damage, a kill in the middle."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.chat.conversation import Conversation, Maker, Message, MessageState, Role, Summary
from launcher.core.errors import UserError
from launcher.core.generation import Timings
from launcher.store import chats
from launcher.store.chats import MIGRATIONS, ChatStore

TIMINGS = Timings(10, 4, 1301, 912, 0.2, 800.0, 38.1, 24.0, 1311, "end")


def _chat(chat_id: str = "c1", title: str = "Coin tosses", updated_at: float = 10.0) -> Conversation:
    question = Message(f"{chat_id}-q", Role.USER, "How many coin tosses until two heads?", None, 1.0)
    answer = Message(
        f"{chat_id}-a", Role.ASSISTANT, "On average **six**.", f"{chat_id}-q", 2.0, "Let E be", MessageState.DONE, "R1", "Q4", TIMINGS
    )  # fmt: skip
    return Conversation(chat_id, title, 1.0, updated_at, (question, answer), f"{chat_id}-a")


def test_a_chat_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite"
    with closing(ChatStore(path)) as store:
        store.create(_chat())
    with closing(ChatStore(path)) as store:
        assert store.load("c1") == _chat()
        assert [e.title for e in store.list()] == ["Coin tosses"]
        assert store.load("other") is None
        assert store.notice is None


def test_a_cut_and_its_summary_come_back(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite"
    first, second = Summary("c1-q", "They spoke of coins.", 1, "R1 Q4", 5.0), Summary("c1-a", "Six.\ud83d", 2)
    with closing(ChatStore(path)) as store:
        store.create(_chat())
        store.save_cut("c1", "c1-a", first)
        store.save_cut("c1", None, second)
        store.save_cut("c1", "c1-q")
        store.save_cut("c1", "c1-q", replace(first, text="Written again."))
    with closing(ChatStore(path)) as store:
        chat = store.load("c1")
        assert chat is not None
        assert chat.cut_id == "c1-q"
        assert chat.summaries == (replace(second, text="Six.?"), replace(first, text="Written again."))
        store.create(replace(chat, id="c2", messages=(), leaf_id=None))
        copy = store.load("c2")
        assert copy is not None
        assert copy.summaries == chat.summaries
        store.delete("c1")
        store.purge_deleted()
        assert store._db.execute("SELECT count(*) FROM summaries").fetchone()[0] == 2


def test_messages_are_added_replaced_and_order_the_list(tmp_path: Path) -> None:
    now = iter([100.0, 101.0, 102.0])
    with closing(ChatStore(tmp_path / "c.sqlite", clock=lambda: next(now, 103.0))) as store:
        store.create(_chat("c1", updated_at=5))
        store.create(_chat("c2", updated_at=6))
        assert [e.id for e in store.list()] == ["c2", "c1"]
        next_question = Maker().user_message("And three?", "c1-a")
        store.save_message("c1", next_question)
        loaded = store.load("c1")
        assert loaded is not None
        assert loaded.leaf_id == next_question.id
        assert [e.id for e in store.list()] == ["c1", "c2"]
        store.save_message("c1", replace(next_question, text="And four?"))
        loaded = store.load("c1")
        assert loaded is not None
        assert [m.text for m in loaded.path()][-1] == "And four?"
        assert len(loaded.messages) == 3
        store.set_leaf("c1", "c1-a")
        loaded = store.load("c1")
        assert loaded is not None
        assert len(loaded.path()) == 2


def test_a_streaming_answer_is_saved_twice_per_second_at_most(tmp_path: Path) -> None:
    seconds = [0.0]
    with closing(ChatStore(tmp_path / "c.sqlite", monotonic=lambda: seconds[0])) as store:
        store.create(_chat())
        answer = Maker().answer("c1-q", "R1", "Q4")
        assert store.save_message("c1", answer)
        seconds[0] = 0.4
        assert not store.save_message("c1", replace(answer, text="a"))
        seconds[0] = 0.99  # the window saves every second; one that comes early counts
        assert store.save_message("c1", replace(answer, text="ab"))
        assert store.save_message("c1", replace(answer, text="abc", state=MessageState.DONE))
        loaded = store.load("c1")
        assert loaded is not None
        assert loaded.path()[-1].text == "abc"


def test_an_answer_cut_by_a_kill_is_there_and_stopped(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    code = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from launcher.chat.conversation import Maker
from launcher.store.chats import ChatStore
store = ChatStore(Path(sys.argv[1]))
chat = Maker().conversation()
chat = chat.with_message(Maker().user_message("Why?", None))
store.create(chat)
store.save_message(chat.id, replace(Maker().answer(chat.leaf_id, "R1", "Q4"), text="Because the"))
os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=os.getcwd(), check=False, timeout=60)
    assert done.returncode == (-signal.SIGKILL if hasattr(signal, "SIGKILL") else done.returncode)
    with closing(ChatStore(path)) as store:
        chat = store.load(store.list()[0].id)
        assert chat is not None
        assert [(m.text, m.state) for m in chat.path()] == [
            ("Why?", MessageState.DONE),
            ("Because the", MessageState.STOPPED),
        ]
        assert store.search("because")


def test_deleting_can_be_undone_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store:
        store.create(_chat("c1"))
        store.create(_chat("c2"))
        store.delete("c1")
        store.delete("c2")
        assert store.list() == ()
        assert store.search("coin") == ()
        assert store.load("c1") is None
        store.restore("c2")
        assert [e.id for e in store.list()] == ["c2"]
        store.rename("c2", "Heads")
    with closing(ChatStore(path)) as store:
        store.restore("c1")
        assert [e.title for e in store.list()] == ["Heads"]
        assert [e.id for e in store.search("six")] == ["c2"]


@pytest.mark.parametrize("has_index", [True, False])
def test_search(tmp_path: Path, has_index: bool) -> None:
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        if not has_index:
            store._search.has_index = False
        store.create(_chat("c1"))
        zh = Message("z", Role.USER, "为什么根号二是无理数？", None, 1.0)
        store.create(Conversation("c2", "Roots", 1.0, 20.0, (zh,), "z"))
        store.create(_chat("c3", title="100% sure_thing"))
        assert [e.id for e in store.search("TOSS heads")] == ["c3", "c1"]
        assert store.search("toss absent") == ()
        assert [e.id for e in store.search("根号")] == ["c2"]
        assert [e.id for e in store.search("无理数")] == ["c2"]
        assert [e.id for e in store.search("roots")] == ["c2"]
        assert [e.id for e in store.search("100%")] == ["c3"]
        assert [e.id for e in store.search("e_t")] == ["c3"]
        assert store.search('"six" OR') == ()
        assert store.search("  ") == ()
        hit = store.search("six")[0]
        assert hit.message_id == "c3-a"
        assert hit.snippet == "On average **six**."


def test_an_index_made_later_finds_older_messages(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store:
        store.create(_chat())
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TABLE search")
    with closing(ChatStore(path)) as store:
        assert store._search.has_index
        assert [e.id for e in store.search("average")] == ["c1"]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_migration_from_every_earlier_version(tmp_path: Path, version: int) -> None:
    path = tmp_path / "c.sqlite"
    with closing(sqlite3.connect(path)) as db:
        for script in MIGRATIONS[:version]:
            db.executescript(script)
        db.execute("INSERT INTO chats (id, title, created_at, updated_at, leaf_id) VALUES ('old', 'Old', 1, 2, 'm')")
        db.execute(
            "INSERT INTO messages (id, chat_id, role, text, state, created_at) VALUES ('m', 'old', 'user', 'hello', 'done', 1)"
        )
        db.execute(f"PRAGMA user_version={version}")
        db.commit()
    with closing(ChatStore(path)) as store:
        chat = store.load("old")
        assert chat is not None
        assert [m.text for m in chat.path()] == ["hello"]
        assert [e.id for e in store.search("hello")] == ["old"]
        assert (chat.cut_id, chat.summaries) == (None, ())
        summary = Summary("m", "They said hello.", 1, "R1 Q4", 3.0)
        store.save_cut("old", "m", summary)
        chat = store.load("old")
        assert chat is not None
        assert (chat.cut_id, chat.summaries) == ("m", (summary,))
        store.delete("old")
        store.restore("old")
        assert [e.id for e in store.list()] == ["old"]


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=99")
        db.execute("CREATE TABLE future (x)")
        db.commit()
    before = path.read_bytes()
    with pytest.raises(UserError) as caught:
        ChatStore(path)
    assert caught.value.code == "database_newer"
    assert path.read_bytes() == before


@pytest.mark.expected_logs("chats file is damaged")
def test_a_file_that_is_no_database_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is not a database, " * 200)
    with closing(ChatStore(path)) as store:
        assert store.list() == ()
        assert store.notice is not None
        assert store.notice.code == "chats_damaged"
        store.create(_chat())
    kept = [p for p in tmp_path.iterdir() if ".corrupt-" in p.name]
    assert [p.read_bytes()[:4] for p in kept] == [b"this"]


@pytest.mark.expected_logs("chats file is damaged")
def test_what_a_damaged_file_still_holds_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store:
        for i in range(200):
            question = Message(f"m{i}", Role.USER, f"number {i} " + "x" * 900, None, 1.0)
            summary = Summary(f"m{i}", f"Number {i}.", 1)
            store.create(Conversation(f"c{i}", f"Chat {i}", 1.0, float(i), (question,), f"m{i}", summaries=(summary,)))
    # A run of pages in the middle of the messages goes bad.
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page_size = db.execute("PRAGMA page_size").fetchone()[0]
    data = bytearray(path.read_bytes())
    marker = data.index(b"number 100 ")
    start = marker // page_size * page_size
    data[start : start + page_size] = b"\xff" * page_size
    path.write_bytes(bytes(data))
    with closing(ChatStore(path)) as store:
        assert store.notice is not None
        assert "kept as" in store.notice.why
        found = store.list()
        assert len(found) >= 190
        first, last = store.load("c0"), store.load("c199")
        assert first is not None
        assert last is not None
        assert first.path()[0].text.startswith("number 0 ")
        assert last.path()[0].text.startswith("number 199 ")
        assert [s.text for s in last.summaries] == ["Number 199."]
    with closing(ChatStore(path)) as store:
        assert store.notice is None


def test_half_a_character_can_be_saved(tmp_path: Path) -> None:
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        store.create(Conversation("c", "t", 1.0, 1.0, (Message("m", Role.USER, "a\ud83d", None, 1.0),), "m"))
        chat = store.load("c")
        assert chat is not None
        assert chat.path()[0].text == "a?"


def test_released_migrations_are_not_edited() -> None:
    # A changed script would leave the files of users at a version with another shape.
    assert len(chats.MIGRATIONS) == 3
    assert "deleted_at" not in chats.MIGRATIONS[0]
    assert "cut_id" not in chats.MIGRATIONS[1]
