"""Search over all chats: any part of a word in any language, places of the hits, what is deleted or changed."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.chat.attachments import Attachment
from launcher.chat.conversation import Conversation, Maker, Message, MessageState, Role
from launcher.store.chats import HITS_PER_CHAT, ChatStore
from launcher.store.search import FILL_MESSAGES, Words
from tests.depth import part


@pytest.fixture(params=[True, False], ids=["index", "no index"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ChatStore]:
    with closing(ChatStore(tmp_path / "c.sqlite")) as chats:
        chats._search.has_index = request.param
        yield chats


def _add(
    store: ChatStore, chat_id: str, *texts: str, title: str = "", updated_at: float = 1.0, reasoning: str = ""
) -> None:
    chat = Conversation(chat_id, title, 1.0, updated_at)
    for i, text in enumerate(texts):
        role = Role.ASSISTANT if i % 2 else Role.USER
        chat = chat.with_message(Message(f"{chat_id}-{i}", role, text, chat.leaf_id, 1.0, reasoning if i % 2 else ""))
    store.create(chat)


def _found(store: ChatStore, words: str) -> list[str]:
    return [e.id for e in store.search(words).entries]


def test_any_part_of_a_word_in_any_language(store: ChatStore) -> None:
    _add(store, "c1", "How many coin tosses until two heads?", "On average **six**: `E_0 = 6`", title="Coin tosses")
    _add(store, "c2", "为什么根号二是无理数？", "因为", title="Roots", updated_at=2.0)
    _add(store, "c3", "Почему Ёлка?", "C", title="100% sure_thing", updated_at=3.0)
    cases = {
        "TOSS heads": ["c1"], "oin": ["c1"], "toss absent": [], "根号": ["c2"], "无理数": ["c2"], "数": ["c2"], "因为": ["c2"],
        "为": ["c2"], "roots": ["c2"], "100%": ["c3"], "e_t": ["c3"], "E_0": ["c1"], "ПОЧЕМУ": ["c3"], "ёл": ["c3"], "C": ["c3", "c1"],
        '"two heads"': ["c1"], '"heads two"': [], '"six" OR': [], "  ": [], '"': [], "*": ["c1"], "q": [], "zzz": [], "二数": [],
    }  # fmt: skip
    assert {words: _found(store, words) for words in cases} == cases


def test_hits_have_marks_and_lie_in_answer_or_thought(store: ChatStore) -> None:
    _add(
        store,
        "c1",
        "x " * 60 + "Two heads, two tails " + "y " * 60,
        "Six",
        title="Coins",
        reasoning="Let heads be H. Heads again",
    )
    entry = store.search("heads").entries[0]
    assert (entry.n_hits, [h.message_id for h in entry.hits]) == (2, ["c1-1", "c1-0"])
    thought, question = entry.hits
    assert (thought.is_reasoning, thought.role, thought.snippet) == (
        True,
        Role.ASSISTANT,
        "Let heads be H. Heads again",
    )
    assert [thought.snippet[a:b] for a, b in thought.marks] == ["heads", "Heads"]
    assert not question.is_reasoning
    assert question.snippet.startswith("…x x")
    assert question.snippet.endswith("y y…") or question.snippet.endswith("y…") or question.snippet.endswith("…")
    assert [question.snippet[a:b] for a, b in question.marks] == ["heads"]
    # One word in the answer, the other in the thought of the same message.
    assert [h.message_id for h in store.search("six heads").entries[0].hits] == ["c1-1"]
    assert store.search("coins").entries[0].hits == ()


def test_many_hits_are_counted_and_cut(store: ChatStore) -> None:
    _add(store, "c1", *["apple"] * 30, updated_at=1.0)
    _add(store, "c2", *["apple"] * 5, updated_at=2.0)
    listing = store.search("apple", limit=20)
    assert [(e.id, len(e.hits), e.n_hits) for e in listing.entries] == [
        ("c2", HITS_PER_CHAT, 5),
        ("c1", HITS_PER_CHAT, 15),
    ]
    assert (listing.is_cut, listing.words) == (True, "apple")
    assert not store.search("apple", limit=35).is_cut


def test_the_index_follows_every_change(store: ChatStore) -> None:
    _add(store, "c1", "first words", title="T")
    answer = Maker().answer("c1-0", "R1", "Q4")
    store.save_message("c1", replace(answer, text="streaming now"))
    store.save_message("c1", replace(answer, text="finally Zebra", state=MessageState.DONE))
    assert _found(store, "zebra") == ["c1"]
    store.save_message("c1", replace(answer, text="finally Okapi", state=MessageState.STOPPED))
    assert (_found(store, "zebra"), _found(store, "okapi"), _found(store, "ze")) == ([], ["c1"], [])
    store.delete("c1")
    assert _found(store, "okapi") == []
    store.restore("c1")
    assert _found(store, "okapi") == ["c1"]
    store.delete("c1")
    store.purge_deleted()
    assert _found(store, "okapi") == []
    if store._search.has_index:
        assert store._db.execute("SELECT count(*) FROM temp.index_terms").fetchone()[0] == 0


def test_index_and_reading_find_the_same(tmp_path: Path) -> None:
    rng = random.Random(7)
    letters = "abcAB 根号二数ёЁß\n"
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        for i in range(120):
            _add(
                store,
                f"c{i:03}",
                *("".join(rng.choices(letters, k=rng.randint(0, 12))) for _ in range(2)),
                updated_at=i,
            )
        for _ in range(part(400)):
            words = "".join(rng.choices(letters, k=rng.randint(1, 4)))
            store._search.has_index = True
            with_index = _found(store, words)
            store._search.has_index = False
            assert with_index == _found(store, words), words


def test_an_index_made_later_finds_older_messages(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store:
        _add(store, "c1", "average")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TABLE text_index")
        # Also written by an SQLite without FTS5: no trigger of the file stands in the way.
        db.execute(
            "INSERT INTO messages (id, chat_id, role, text, state, created_at) VALUES ('m', 'c1', 'user', 'median', 'done', 1)"
        )
    with closing(ChatStore(path)) as store:
        assert store._search.has_index
        assert (_found(store, "average"), _found(store, "median")) == (["c1"], ["c1"])


@pytest.mark.expected_logs("chats file is damaged")
def test_a_damaged_index_is_made_anew_and_nothing_else(tmp_path: Path) -> None:
    with closing(ChatStore(tmp_path / "c.sqlite")) as store:
        _add(store, "c1", "average " * 500)
        store._db.execute("UPDATE text_index_data SET block = x'0011223344' WHERE id > 10")
        with pytest.raises(sqlite3.DatabaseError) as caught:
            store.search("average")
        store.recover(caught.value)
        assert store.notice is None
        assert _found(store, "average") == ["c1"]


@pytest.mark.expected_logs("search index was damaged")
def test_an_index_that_cannot_be_read_at_all_is_made_anew_when_the_file_opens(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with closing(ChatStore(path)) as store:
        _add(store, "c1", "average " * 500)
        store._db.execute("UPDATE text_index_data SET block = x'00112233445566778899'")
    with closing(ChatStore(path)) as store:
        assert store.notice is None
        assert _found(store, "average") == ["c1"]
        assert store._db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_words_and_phrases() -> None:
    assert Words('a  "b c" a "" d"').all == ("a", "b c", 'd"')
    assert not Words(' "" ')
    assert not Words("").are_in("anything")
    assert Words('"b c"').are_in("xB\n C")
    assert Words("a.c").snippet("abc") is None
    assert Words("straße").snippet("Eine STRASSE, eine Straße") == ("Eine STRASSE, eine Straße", ((19, 25),))


def _with_file(chat_id: str, name: str, text: str, question: str = "What is it?") -> Conversation:
    message = Message(f"{chat_id}-0", Role.USER, question, attachments=(Attachment(name, text),))
    return Conversation(chat_id, chat_id, 1.0, 1.0).with_message(message)


def test_texts_and_names_of_files_are_found(store: ChatStore) -> None:
    store.create(_with_file("c1", "数据.csv", "state;tosses\n无理数;4"))
    store.create(_with_file("c2", "notes.md", "Another thing", "Which tosses?"))
    cases = {
        "tosses": ["c2", "c1"],
        "无理": ["c1"],
        "数据": ["c1"],
        "notes.md": ["c2"],
        "which thing": ["c2"],
        "absent": [],
    }
    assert {words: sorted(_found(store, words), reverse=True) for words in cases} == cases
    hit = next(e for e in store.search("tosses").entries if e.id == "c1").hits[0]
    assert (hit.file_name, hit.snippet, hit.role) == ("数据.csv", "state;tosses 无理数;4", Role.USER)
    # Files that are taken away, or are damaged, are found no more; the message stays.
    store.save_message("c1", Message("c1-0", Role.USER, "What is it?"))
    store._db.execute("UPDATE messages SET attachments = '[{\"name\": 5}' WHERE id = 'c2-0'")
    assert (_found(store, "无理"), _found(store, "notes.md"), _found(store, "what")) == ([], [], ["c1"])


def _file_of_the_version_before(path: Path, n_messages: int) -> None:
    """A file with the index of texts and thoughts alone, made as that version made it."""
    with closing(ChatStore(path)) as store:
        _add(store, "c1", *(f"message {i} of many" for i in range(n_messages)))
        store.create(_with_file("c2", "data.csv", "needle in a file"))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TABLE text_index")
        db.execute(
            "CREATE VIRTUAL TABLE message_index USING fts5(text, reasoning, content='', tokenize='trigram', detail=none)"
        )
        db.execute("INSERT INTO message_index (rowid, text, reasoning) SELECT n, text, reasoning FROM messages")


def test_a_file_of_the_version_before_opens_at_once_and_is_indexed_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    n_messages = 2 * FILL_MESSAGES + 5
    _file_of_the_version_before(path, n_messages)
    with closing(ChatStore(path)) as store:

        def indexed() -> int:
            return int(store._db.execute("SELECT count(*) FROM text_index_docsize").fetchone()[0])

        def check() -> None:
            # Whatever is in and whatever is not, everything is found once.
            assert _found(store, "needle") == ["c2"]
            found = store.search("many", limit=10 * n_messages)
            assert [e.n_hits for e in found.entries] == [n_messages]
            assert [h.message_id for h in found.entries[0].hits] == [
                f"c1-{n_messages - 1 - i}" for i in range(HITS_PER_CHAT)
            ]
            assert _found(store, "7") == ["c1"]
            assert _found(store, "zq") == []

        assert indexed() == 0
        check()
        # Changed, deleted and added before they are in.
        store.save_message("c1", Message("c1-3", Role.ASSISTANT, "changed early, one of many", "c1-2"))
        store._db.execute("DELETE FROM messages WHERE id = 'c1-4'")
        _add(store, "c3", "a late one")
        steps = 0
        while store.fill_index():
            steps += 1
            assert indexed() <= 2 + FILL_MESSAGES * steps
            assert _found(store, "needle") == ["c2"]
            assert _found(store, "changed early") == ["c1"]
            assert _found(store, "late") == ["c3"]
        assert steps >= 3
        assert indexed() == n_messages + 1  # without the deleted one, with the late one and the file
        assert not store._db.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'message_index%'").fetchone()
        store._db.execute("INSERT INTO text_index (text_index) VALUES ('integrity-check')")
        store._db.execute("DELETE FROM messages WHERE chat_id = 'c1'")
        assert _found(store, "many") == []
        assert (_found(store, "needle"), _found(store, "late")) == (["c2"], ["c3"])
    with closing(ChatStore(path)) as store:
        assert not store.fill_index()
        assert _found(store, "needle") == ["c2"]
