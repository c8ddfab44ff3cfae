"""Conversations, titles, the turns a model gets, export."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.chat.conversation import Conversation, Maker, Message, MessageState, Role
from launcher.chat.export import to_markdown
from launcher.chat.highlight import CodeKind, label, spans
from launcher.chat.titles import MAX_TITLE_CHARS, title_from
from launcher.chat.turns import build_turns
from launcher.core.generation import ChatTurn


def _maker() -> Maker:
    ids = count(1)
    return Maker(now=lambda: 1000.0, new_id=lambda: f"id{next(ids)}")


def _chat(*texts: str) -> Conversation:
    """A chat whose messages alternate, the user first."""
    maker = _maker()
    chat = maker.conversation()
    for i, text in enumerate(texts):
        if i % 2 == 0:
            chat = chat.with_message(maker.user_message(text, chat.leaf_id))
        else:
            done = replace(
                maker.answer(chat.leaf_id or "", "R1", "Q4"), text=text, reasoning="hm", state=MessageState.DONE
            )
            chat = chat.with_message(done)
    return chat


def test_the_open_branch_and_another_one() -> None:
    chat = _chat("a", "b", "c")
    assert [m.text for m in chat.path()] == ["a", "b", "c"]
    first = chat.path()[0]
    branch = Message("x", Role.ASSISTANT, "other", parent_id=first.id)
    forked = chat.with_message(branch)
    assert [m.text for m in forked.path()] == ["a", "other"]
    assert [m.text for m in forked.with_leaf(chat.leaf_id).path()] == ["a", "b", "c"]


def test_replacing_a_message_keeps_the_leaf() -> None:
    chat = _chat("a", "b", "c")
    first = chat.path()[0]
    changed = chat.with_message(replace(first, text="A"))
    assert [m.text for m in changed.path()] == ["A", "b", "c"]


def test_broken_links_end_the_path() -> None:
    loop = (Message("1", Role.USER, "a", parent_id="2"), Message("2", Role.ASSISTANT, "b", parent_id="1"))
    assert [m.id for m in Conversation("c", "", 0, 0, loop, "2").path()] == ["1", "2"]
    assert Conversation("c", "", 0, 0, (), "gone").path() == ()


def test_turns_carry_no_reasoning_and_alternate() -> None:
    chat = _chat("a", "", "c", "d", "e")
    turns = build_turns(chat.path(), "Be brief.", "allowed")
    assert turns == (
        ChatTurn("system", "Be brief."),
        ChatTurn("user", "a\n\nc"),
        ChatTurn("assistant", "d"),
        ChatTurn("user", "e"),
    )


def test_a_discouraged_system_prompt_goes_into_the_first_question() -> None:
    turns = build_turns(_chat("a").path(), "Be brief.", "discouraged")
    assert turns == (ChatTurn("user", "Be brief.\n\na"),)
    assert build_turns(_chat("a").path(), "  ", "discouraged") == (ChatTurn("user", "a"),)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "How many coin tosses until two heads in a row, on average? Check it.",
            "How many coin tosses until two heads in a row…",
        ),
        ("## **Sort** a list", "Sort a list"),
        ("```py\nx\n```\nExplain this", "Explain this"),
        ("```\nonly code\n```", "only code"),
        ("为什么根号二是无理数？请证明。", "为什么根号二是无理数？"),
        ("\u202eevil\u202c name", "evil name"),
        ("  \n ?! \n", ""),
        ("x" * 100, "x" * 47 + "…"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert title_from(text) == title


@given(st.text(max_size=300))
def test_titles_are_short_and_on_one_line(text: str) -> None:
    title = title_from(text)
    assert len(title) <= MAX_TITLE_CHARS
    assert "\n" not in title


def test_markdown_export() -> None:
    chat = replace(_chat("Why?", "Because."), title="Why")
    assert to_markdown(chat, zone=UTC) == "# Why\n\n1970-01-01 00:16\n\n## You\n\nWhy?\n\n## R1 Q4\n\nBecause.\n"
    assert "> hm\n\nBecause." in to_markdown(chat, with_reasoning=True, zone=UTC)


def test_code_colours() -> None:
    code = "def f():\n    return 1  # one\n"
    kinds = {code[s.start : s.end]: s.kind for s in spans("python", code)}
    assert kinds["def"] is CodeKind.KEYWORD
    assert kinds["f"] is CodeKind.FUNCTION
    assert kinds["1"] is CodeKind.NUMBER
    assert kinds["# one"] is CodeKind.COMMENT
    assert spans("no-such-language", code) == ()
    assert (label("py"), label("text"), label("Zig")) == ("Python", "", "Zig")
