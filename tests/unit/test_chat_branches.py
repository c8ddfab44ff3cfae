"""Versions of a message, deleting with all that follows, forks; titles of a first exchange."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import count

import pytest

from launcher.chat.branches import Place, branch_ids, forked, newest_leaf, numbered, places, showing, without
from launcher.chat.conversation import Conversation, Maker, Message, MessageState, Role, Summary
from launcher.chat.titles import title_from_exchange
from launcher.core.generation import Timings


def _maker() -> Maker:
    ids = count(1)
    return Maker(now=lambda: 1000.0, new_id=lambda: f"new{next(ids)}")


def _chat(*links: str) -> Conversation:
    """Messages "child<parent" in order; ids that begin with q are questions."""
    chat = Conversation("c", "Chat", 1.0, 1.0, folder_id="f", is_pinned=True)
    for link in links:
        child, _, parent = link.partition("<")
        role = Role.USER if child.startswith("q") else Role.ASSISTANT
        chat = chat.with_message(Message(child, role, child.upper(), parent or None, 1.0))
    return chat


TREE = ("q1", "a1<q1", "q2<a1", "a2<q2", "b1<q1", "q3<b1", "b2<q2", "q9")


def _path(chat: Conversation) -> str:
    return " ".join(m.id for m in chat.path())


def test_places_of_the_open_branch() -> None:
    chat = _chat(*TREE[:-1]).with_leaf("b2")
    assert _path(chat) == "q1 a1 q2 b2"
    assert places(chat) == {"a1": Place(1, 2, None, "b1"), "b2": Place(2, 2, "a2", None)}
    edited = _chat(*TREE)  # another first question
    assert places(edited) == {"q9": Place(2, 2, "q1", None)}
    assert places(Conversation("c", "", 0, 0)) == {}


def test_a_switch_leads_to_the_newest_end() -> None:
    chat = _chat(*TREE)
    assert newest_leaf(chat, "q1") == "b2"
    assert newest_leaf(chat, "a1") == "b2"
    assert newest_leaf(chat, "b1") == "q3"
    assert branch_ids(chat, "a1") == ("a1", "q2", "a2", "b2")
    assert branch_ids(chat, "none") == ()
    assert showing(chat, "a2").leaf_id == "a2"
    assert showing(chat.with_leaf("b2"), "q2").leaf_id == "b2"
    assert showing(chat, "none") is chat


def test_deleting_shows_the_nearest_version_or_ends_before_it() -> None:
    chat = _chat(*TREE)
    assert _path(without(chat.with_leaf("a2"), "a2")) == "q1 a1 q2 b2"
    assert _path(without(chat.with_leaf("a2"), "a1")) == "q1 b1 q3"
    assert _path(without(chat.with_leaf("q3"), "q3")) == "q1 b1"
    assert _path(without(chat.with_leaf("q3"), "q1")) == "q9"
    assert _path(without(without(chat, "q9"), "q1")) == ""
    assert _path(without(chat.with_leaf("a2"), "b1")) == "q1 a1 q2 a2"  # another branch
    assert without(chat, "none") == chat


def test_a_fork_is_a_copy_that_goes_on_by_itself() -> None:
    timings = Timings(10, 4, 1301, 912, 0.2, 800.0, 38.1, 24.0, 1311, "end")
    chat = _chat(*TREE).with_leaf("b2").with_cut("q2", Summary("a1", "Sum.", 2))
    chat = chat.with_message(replace(chat.message("a1"), timings=timings, reasoning="Hm."))  # type: ignore[type-var]
    fork = forked(chat, "q2", _maker())
    assert [m.text for m in fork.path()] == ["Q1", "A1", "Q2"]
    assert {m.id for m in fork.messages}.isdisjoint(m.id for m in chat.messages)
    assert (fork.path()[1].timings, fork.path()[1].reasoning) == (timings, "Hm.")
    assert (fork.title, fork.folder_id, fork.is_pinned) == ("Chat (2)", "f", False)
    assert fork.cut_id == fork.path()[2].id
    assert [(s.until_id, s.text) for s in fork.summaries] == [(fork.path()[1].id, "Sum.")]
    assert [m.text for m in forked(chat, "q3", _maker()).path()] == ["Q1", "B1", "Q3"]
    assert forked(chat, "q3", _maker()).cut_id is None
    assert [numbered(t) for t in ("", "A", "A (2)", "A (99)", "f(x) (a)")] == [
        "",
        "A (2)",
        "A (3)",
        "A (100)",
        "f(x) (a) (2)",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_any_tree_holds_together(seed: int) -> None:
    rng = random.Random(seed)
    chat = Conversation("c", "", 0.0, 0.0)
    for i in range(40):
        parent = rng.choice([None, *chat.messages, *chat.messages])
        role = Role.USER if parent is None or parent.role is Role.ASSISTANT else Role.ASSISTANT
        chat = chat.with_message(Message(f"m{i}", role, "x", parent.id if parent else None))
    for message in chat.messages:
        leaf = newest_leaf(chat, message.id)
        assert not any(m.parent_id == leaf for m in chat.messages)
        shown = showing(chat, message.id)
        assert message in shown.path()
        for message_id, place in places(shown).items():
            assert (place.before_id is None) == (place.number == 1)
            assert (place.after_id is None) == (place.number == place.count)
            if place.after_id:
                other = places(showing(chat, place.after_id))[place.after_id]
                assert (other.number, other.before_id) == (place.number + 1, message_id)
        rest = without(shown, message.id)
        assert all(m.parent_id is None or rest.message(m.parent_id) for m in rest.messages)
        assert rest.leaf_id is None or rest.message(rest.leaf_id)
        assert (
            not any(m.parent_id == rest.leaf_id for m in rest.messages)
            or not rest.path()
            or rest.leaf_id == message.parent_id
        )


def test_an_edited_answer_is_another_version_without_the_old_figures() -> None:
    timings = Timings(10, 4, 1301, 912, 0.2, 800.0, 38.1, 24.0, 1311, "end")
    old = Message("a", Role.ASSISTANT, "old", "q", 1.0, "Hm.", MessageState.STOPPED, "R1", "Q4", timings)
    new = _maker().edited_answer(old, "new")
    assert (new.text, new.parent_id, new.model, new.state) == ("new", "q", "R1", MessageState.DONE)
    assert (new.timings, new.reasoning, new.is_edited) == (None, "", True)
    assert new.id != old.id


@pytest.mark.parametrize(
    ("question", "answer", "title"),
    [
        ("How many coin tosses until two heads?", "## Markov chains", "How many coin tosses until two heads?"),
        ("Hi", "Hello! How can I help you today?", "Hi"),
        ("你好", "你好！有什么可以帮你？", "你好"),
        ("Hello, why is the sky blue?", "Rayleigh", "Hello, why is the sky blue?"),
        ("Explain this:\n```py\nprint(1)\n```\n" + "x" * 60, "## List comprehensions\nThey ...", "List comprehensions"),
        ("Fix it", "The **off-by-one error** in line 3", "off-by-one error"),
        ("Why does this code fail?\n" + "a" * 100, "The list is changed while it is iterated. Use a copy.", "The list is changed while it is iterated"),
        ("解释这段代码：\n" + "a" * 100, "### 快速排序\n…", "快速排序"),
        ("为什么根号二是无理数？", "**反证法**", "为什么根号二是无理数？"),
        ("Go?", "", "Go?"),
        ("Solve it", "$x = 2$", "Solve it"),
    ],
)  # fmt: skip
def test_titles_of_a_first_exchange(question: str, answer: str, title: str) -> None:
    assert title_from_exchange(question, answer) == title
