"""The splitter of reasoning and answer, without a model: every way to cut the same text gives the same streams."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.engine.worker.text_stream import TextStream


def run(text: str, cuts: list[int] | None = None, **options: object) -> TextStream:
    stream = TextStream(**{"in_thought": False, "may_think": True, **options})  # type: ignore[arg-type]
    data = text.encode()
    edges = [0, *sorted({c % (len(data) + 1) for c in cuts or []}), len(data)]
    shown = {"answer": str(options.get("prefix", "")), "reasoning": ""}
    for begin, end in pairwise(edges):
        stream.feed(data[begin:end])
        collect(stream, shown)
    stream.finish()
    collect(stream, shown)
    assert shown == {"answer": stream.answer, "reasoning": stream.reasoning}
    return stream


def collect(stream: TextStream, shown: dict[str, str]) -> None:
    deltas, reclassified = stream.take()
    if reclassified:
        shown["reasoning"], shown["answer"] = shown["answer"], ""
    for delta in deltas:
        shown[delta.channel] += delta.text


CASES = [
    ("I think.\n</think>\n\nThe answer.", {"in_thought": True}, "I think.", "The answer."),
    ("<think>\nI think.\n</think>\n\nThe answer.", {}, "I think.", "The answer."),
    ("\n<think>a</think>b", {}, "a", "b"),
    ("no opening</think>\nThe answer.", {}, "no opening", "The answer."),
    ("Just an answer.", {}, "", "Just an answer."),
    ("Write <think> to open a thought.", {}, "", "Write <think> to open a thought."),
    ("It ends with </think>, you see.", {"may_think": False}, "", "It ends with </think>, you see."),
    ("still thinking", {"in_thought": True}, "still thinking", ""),
    ("a</think>b </think> c", {"in_thought": True}, "a", "b </think> c"),
    ("a < b and c <", {}, "", "a < b and c <"),
    ("日本語</think>答え 😀", {"in_thought": True}, "日本語", "答え 😀"),
    ("one END two", {"stops": ("END",)}, "", "one"),
    ("one\n\nUser: two", {"stops": ("\nUser:",)}, "", "one"),
    ("think END", {"in_thought": True, "stops": ("END",)}, "think", ""),
    (" more text", {"prefix": "Some"}, "", "Some more text"),
]


@pytest.mark.parametrize(("text", "options", "reasoning", "answer"), CASES)
@given(cuts=st.lists(st.integers(0, 200), max_size=40))
def test_cut_anywhere(text: str, options: dict[str, object], reasoning: str, answer: str, cuts: list[int]) -> None:
    stream = run(text, cuts, **options)
    assert (stream.reasoning, stream.answer) == (reasoning, answer)


@pytest.mark.parametrize(("text", "options", "reasoning", "answer"), CASES)
def test_byte_by_byte(text: str, options: dict[str, object], reasoning: str, answer: str) -> None:
    stream = run(text, list(range(len(text.encode()))), **options)
    assert (stream.reasoning, stream.answer) == (reasoning, answer)


@given(text=st.text(), in_thought=st.booleans(), cuts=st.lists(st.integers(0, 100), max_size=10))
def test_nothing_is_lost(text: str, in_thought: bool, cuts: list[int]) -> None:
    stream = run(text, cuts, in_thought=in_thought, may_think=False)
    whole = stream.reasoning if in_thought and "</think>" not in text else stream.reasoning + stream.answer
    assert "".join(whole.split()) == "".join(text.replace("</think>", "", 1).split() if in_thought else text.split())


def test_broken_utf8_is_replaced_not_raised() -> None:
    stream = TextStream(in_thought=False, may_think=False)
    stream.feed(b"ok \xff\xfe then \xe6\x97")
    stream.finish()
    assert stream.answer.startswith("ok ")
    assert "\ufffd" in stream.answer
