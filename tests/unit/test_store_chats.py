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

from launcher.chat.attachments import Attachment, AttachmentKind
from launcher.chat.chat_settings import ChatSettings
from launcher.chat.conversation import Conversation, Folder, Maker, Message, MessageState, Role, Summary
from launcher.core.errors import UserError
from launcher.core.generation import Timings
from launcher.store.chat_schema import MIGRATIONS
from launcher.store.chats import ChatStore

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
        assert [e.title for e in store.list().entries] == ["Coin tosses"]
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
        assert [e.id for e in store.list().entries] == ["c2", "c1"]
        next_question = Maker().user_message("And three?", "c1-a")
        store.save_message("c1", next_question)
        loaded = store.load("c1")
        assert loaded is not None
        assert loaded.leaf_id == next_question.id
        assert [e.id for e in store.list().entries] == ["c1", "c2"]
        store.save_message("c1", replace(next_question, text="And four?"))
        loaded = store.load("c1")
        assert loaded is not None
        assert [m.text for m in loaded.path()][-1] == "And four?"
        assert len(loaded.messages) == 3
        store.set_leaf("c1", "c1-a")
        loaded = store.load("c1")
        assert loaded is not None
        assert len(loaded.path()) == 2


def test_a_streaming_answer_is_written_in_pieces_and_is_whole_at_every_moment(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    killed = ChatStore(path)
    with closing(killed._db):  # as a kill would
        store = killed
        store.create(_chat())
        answer = Maker().answer("c1-q", "R1", "Q4")
        store.save_message("c1", answer)
        written = store._db.total_changes
        for text, reasoning in (("", "Let"), ("", "Let me\ud83d"), ("Six", "Let me\ud83d"), ("Six.", "Let me\ud83d")):
            store.save_message("c1", replace(answer, text=text, reasoning=reasoning))
            assert store._db.total_changes == written + 1  # one small row, not the whole text again
            written += 1
            loaded = store.load("c1")
            assert loaded is not None
            assert (loaded.path()[-1].text, loaded.path()[-1].reasoning) == (text, reasoning.replace("\ud83d", "?"))
        # What was taken for the answer was the thought.
        store.save_message("c1", replace(answer, text="", reasoning="Let me Six."))
        assert store.load("c1").path()[-1].reasoning == "Let me Six."  # type: ignore[union-attr]
        store.save_message("c1", replace(answer, text="Seven", reasoning="Let me Six."))
    with closing(ChatStore(path)) as store:
        loaded = store.load("c1")
        assert loaded is not None
        last = loaded.path()[-1]
        assert (last.text, last.reasoning, last.state) == ("Seven", "Let me Six.", MessageState.STOPPED)
        assert [e.id for e in store.search("seven").entries] == ["c1"]
        assert store._db.execute("SELECT count(*) FROM pieces").fetchone()[0] == 0


def test_a_finished_answer_replaces_its_pieces(tmp_path: Path) -> None:
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        store.create(_chat())
        answer = Maker().answer("c1-q", "R1", "Q4")
        for text in ("", "S", "Si"):
            store.save_message("c1", replace(answer, text=text))
        store.save_message("c1", replace(answer, text="Six", state=MessageState.DONE))
        assert store._db.execute("SELECT count(*) FROM pieces").fetchone()[0] == 0
        assert store.load("c1").path()[-1].text == "Six"  # type: ignore[union-attr]
        # It goes on later.
        store.save_message("c1", replace(answer, text="Six", state=MessageState.STREAMING))
        store.save_message("c1", replace(answer, text="Six tosses", state=MessageState.STREAMING))
        assert store.load("c1").path()[-1].text == "Six tosses"  # type: ignore[union-attr]


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
        chat = store.load(store.list().entries[0].id)
        assert chat is not None
        assert [(m.text, m.state) for m in chat.path()] == [
            ("Why?", MessageState.DONE),
            ("Because the", MessageState.STOPPED),
        ]
        assert store.search("because").entries


def test_deleting_can_be_undone_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store:
        store.create(_chat("c1"))
        store.create(_chat("c2"))
        store.delete("c1")
        store.delete("c2")
        assert store.list().entries == ()
        assert store.search("coin").entries == ()
        assert store.load("c1") is None
        store.restore("c2")
        assert [e.id for e in store.list().entries] == ["c2"]
        store.rename("c2", "Heads")
    with closing(ChatStore(path)) as store:
        store.restore("c1")
        assert [e.title for e in store.list().entries] == ["Heads"]
        assert [e.id for e in store.search("six").entries] == ["c2"]


def test_pins_folders_and_titles(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    maths, art = Folder("f1", "Maths"), Folder("f2", "art")
    with closing(ChatStore(path)) as store:
        store.create(_chat("c1"))
        store.create(replace(_chat("c2"), folder_id="f1", is_pinned=True))
        store.save_folder(maths)
        store.save_folder(art)
        store.move("c1", "f2")
        store.pin("c1", True)
        store.pin("c2", False)
        listing = store.list()
        assert [f.name for f in listing.folders] == ["art", "Maths"]
        assert [(e.id, e.folder_id, e.is_pinned) for e in listing.entries] == [("c2", "f1", False), ("c1", "f2", True)]
        store.save_folder(replace(maths, name="Mathematics", is_folded=True))
        store.set_title("c1", "Made")
        store.rename("c2", "Mine")
        store.set_title("c2", "Made")
        assert [e.title for e in store.list().entries] == ["Mine", "Made"]
        store.delete_folder("f1")
        store.delete_folder("f2")
        assert [e.folder_id for e in store.list().entries] == [None, None]
        store.restore_folder("f1")
        assert [e.folder_id for e in store.list().entries] == ["f1", None]
    with closing(ChatStore(path)) as store:
        listing = store.list()
        assert listing.folders == (Folder("f1", "Mathematics", is_folded=True),)
        store.restore_folder("f2")  # too late
        assert [(e.id, e.folder_id, e.is_pinned) for e in listing.entries] == [("c2", "f1", False), ("c1", None, True)]
        chat = store.load("c2")
        assert chat is not None
        assert (chat.title, chat.is_named, chat.is_pinned, chat.folder_id) == ("Mine", True, False, "f1")


def test_messages_are_hidden_come_back_and_go_for_good(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store:
        store.create(_chat())
        store.hide_messages("c1", ["c1-a"], "c1-q")
        chat = store.load("c1")
        assert chat is not None
        assert [m.id for m in chat.messages] == ["c1-q"]
        assert chat.leaf_id == "c1-q"
        assert not store.search("average").entries
        store.show_messages("c1", ["c1-a"], "c1-a")
        assert store.load("c1") == _chat()
        assert store.search("average").entries
        store.hide_messages("c1", ["c1-a"], "c1-q")
    with closing(ChatStore(path)) as store:
        assert store._db.execute("SELECT count(*) FROM messages").fetchone()[0] == 1
        assert store._db.execute("SELECT count(*) FROM text_index_docsize").fetchone()[0] == 1


def test_a_message_of_a_chat_that_a_damaged_file_lost_is_kept(tmp_path: Path) -> None:
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        store.save_message("lost", Message("m", Role.USER, "still here", None, 1.0))
        chat = store.load("lost")
        assert chat is not None
        assert [m.text for m in chat.path()] == ["still here"]


@pytest.mark.expected_logs("Message c1-a cannot be read")
def test_a_message_that_no_version_wrote_is_left_out(tmp_path: Path) -> None:
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        store.create(_chat())
        store._db.execute("UPDATE messages SET role = 'oracle' WHERE id = 'c1-a'")
        chat = store.load("c1")
        assert chat is not None
        assert [m.id for m in chat.messages] == ["c1-q"]


# -- files of every version

FILES = Path(__file__).parent / "chat_files"


def test_there_is_a_file_of_every_version() -> None:
    assert sorted(p.name for p in FILES.iterdir()) == [f"version_{n}.sql" for n in range(1, len(MIGRATIONS) + 1)]


def _written_by(version: int, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript((FILES / f"version_{version}.sql").read_text(encoding="utf-8"))
        assert db.execute("PRAGMA user_version").fetchone()[0] == version


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_a_file_of_every_version_opens_with_all_it_holds(tmp_path: Path, version: int) -> None:
    path = tmp_path / "c.sqlite"
    _written_by(version, path)
    with closing(ChatStore(path)) as store:
        listing = store.list()
        assert [e.id for e in listing.entries] == ["c1", "c2"]
        chat = store.load("c1")
        assert chat is not None
        question, answer, cut = chat.messages[:3]
        assert question.text == "How many coin tosses until two heads?\n它是多少？"
        assert (answer.text, answer.reasoning) == ("On average **six**.", "Let E be it's expectation")
        assert answer.timings is not None
        assert answer.timings.decode_tokens == 1301
        assert (cut.text, cut.state) == ("Six, cut short" if version >= 4 else "Six, cut", MessageState.STOPPED)
        assert [m.id for m in chat.path()] == ["q", "b"]
        assert (chat.cut_id, [s.text for s in chat.summaries]) == (
            ("q", ["They spoke of coins."]) if version >= 3 else (None, [])
        )
        for words in ("average", "expectation", "无理数", "是", "无理", "cut"):
            assert store.search(words).entries, words
        assert not store.search("gone").entries
        if version >= 4:
            assert (chat.messages[3].text, chat.messages[3].is_edited, len(chat.messages)) == ("Exactly six.", True, 4)
            assert [(e.title, e.is_pinned, e.folder_id) for e in listing.entries] == [
                ("Coin tosses", False, "f"),
                ("Wurzel", True, None),
            ]
            assert listing.folders == (Folder("f", "Maths", is_folded=True),)
        if version >= 5:
            assert question.attachments == (Attachment("tosses.csv", "1,6", AttachmentKind.TABLE, 3),)
            assert chat.settings == ChatSettings(system_prompt="Be brief.", thinking=False, thinking_budget=512)
        # What this version can is possible with it.
        store.save_message("c1", Message("new", Role.USER, "And three?", "b", 5.0))
        store.rename("c2", "Other")
        store.pin("c2", True)
        if version >= 2:
            store.restore("c3")
            assert store.search("gone").entries
        assert store._db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert store._db.execute("PRAGMA foreign_key_check").fetchall() == []
    with closing(ChatStore(path)) as store:
        assert store.load("c1").path()[-1].text == "And three?"  # type: ignore[union-attr]
        while store.fill_index():  # the indexes of earlier versions go with it
            pass
        fresh = tmp_path / "fresh.sqlite"
        with closing(ChatStore(fresh)) as new:
            assert _columns(store) == _columns(new)


def _columns(store: ChatStore) -> dict[str, list[str]]:
    tables = [r["name"] for r in store._db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
    return {t: sorted(r["name"] for r in store._db.execute(f"PRAGMA table_info({t})")) for t in tables}


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


def test_half_a_character_can_be_saved(tmp_path: Path) -> None:
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        store.create(Conversation("c", "t", 1.0, 1.0, (Message("m", Role.USER, "a\ud83d", None, 1.0),), "m"))
        chat = store.load("c")
        assert chat is not None
        assert chat.path()[0].text == "a?"
