"""Places of a wish in the messages of a chat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from launcher.chat.conversation import Message, MessageState, Role
from launcher.chat.finding import MOST_PLACES, ChatFinder, FindPlace, FindWish, nearest


def _answer(text: str, message_id: str = "a", thought: str = "") -> Message:
    return Message(message_id, Role.ASSISTANT, text, reasoning=thought)


@pytest.mark.parametrize(
    ("wish", "text", "starts"),
    [
        ("two heads", "two heads, **two** heads, two\n> heads, two  *heads*", [0, 13, 26, 39]),
        ("a_b (c)", r"a\_b (c) a_b \(c\)", [0, 9]),
        ("E_0", "`E_0` is e_0", [1, 9]),
        ("python", "```python\nimport python\n```", [17]),
        ("org", "[org](http://a.org) org", [1, 20]),
        (".*", "a.*b", [1]),
        ("根号", "为什么根号二", [3]),
        ("  ", "two", []),
    ],
)
def test_places_are_in_the_source_but_of_what_is_shown(wish: str, text: str, starts: list[int]) -> None:
    found = ChatFinder().find(FindWish(wish), [_answer(text)])
    assert found is not None
    assert [p.start for p in found.places] == starts


def test_thoughts_come_before_answers_and_only_new_texts_are_read() -> None:
    finder = ChatFinder()
    first = _answer("six six", "a", "\n  Six.")
    found = finder.find(FindWish("six"), [first])
    assert found is not None
    assert found.places == (FindPlace("a", True, 0), FindPlace("a", False, 0), FindPlace("a", False, 4))
    grown = replace(first, text="six six six")
    found = finder.find(FindWish("six"), [grown, _answer("6 six", "b")])
    assert found is not None
    assert [p[1:] for p in found.places] == [(True, 0), (False, 0), (False, 4), (False, 8), (False, 2)]
    minds = finder.find(FindWish("six", minds_case=True), [grown])
    assert minds is not None
    assert not any(p.is_reasoning for p in minds.places)
    assert finder.find(FindWish("six"), [grown], lambda: True) is None


def test_words_of_a_search_are_each_a_place_and_there_is_an_end() -> None:
    found = ChatFinder().find(FindWish('heads "two tails"', is_words=True), [_answer("two tails, two, Heads")])
    assert found is not None
    assert [p.start for p in found.places] == [0, 16]
    many = ChatFinder().find(FindWish("e"), [_answer("e" * 3 * MOST_PLACES)])
    assert many is not None
    assert (len(many.places), many.is_cut) == (MOST_PLACES, True)


def test_the_nearest_place_is_at_or_after() -> None:
    places = (FindPlace("a", False, 3), FindPlace("c", True, 1), FindPlace("c", False, 0), FindPlace("c", False, 9))
    order = {"a": 0, "b": 1, "c": 2, "d": 3}
    assert [nearest(places, order, m) for m in "abcd"] == [0, 1, 1, 0]
    assert nearest(places, order, "c", 0) == 2
    assert nearest(places, order, "c", 4) == 3


def test_of_json_what_is_found_is_what_is_shown_laid_out() -> None:
    text = '{"title":"see [words](http://b.org)","year":1925}'
    for wish, shown in (
        ('"year": 19', '{\n  "title": "see [words](http://b.org)",\n  '),
        ("b.org", '{\n  "title": "see [words](http://'),
    ):
        found = ChatFinder().find(FindWish(wish), [_answer(text)])
        assert found is not None
        assert [p.start for p in found.places] == [len(shown)]
    # While it grows it stands as it comes; the same text is looked through again when it is whole.
    finder = ChatFinder()
    growing = replace(_answer(text), state=MessageState.STREAMING)
    for message, n_places in ((growing, 0), (replace(growing, state=MessageState.DONE), 1)):
        found = finder.find(FindWish('"year": 19'), [message])
        assert found is not None
        assert len(found.places) == n_places
    asked = ChatFinder().find(FindWish('"year":19'), [Message("q", Role.USER, text)])
    assert asked is not None
    assert [p.start for p in asked.places] == [text.index('"year"')]
