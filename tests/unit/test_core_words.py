"""Sentences of a process without a language, said again by one that has one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.core import words
from launcher.core.codec import to_json
from launcher.core.errors import NextStep, UserError
from launcher.core.words import Said, joined, listed, said_again, say
from launcher.engine.protocol import Failure, OperationFailed, StateRefused, decode_event, encode

CHINESE = {
    "The engine cannot load {name}.": "引擎无法加载 {name}。",
    "{first} {second}": "{first}{second}",
    "{n} tokens are too many.": "{n} 个 token 太多。",
    "Load with {n} context": "以 {n} 上下文加载",
    "{one}, {other}": "{one}、{other}",
}


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    words._keeps_templates = False
    words.set_translation(None)


def made_without_language() -> UserError:
    """As the engine's process makes it."""
    words.keep_templates()
    error = UserError(
        "load_failed",
        say("The engine cannot load {name}.", name=Path("/models/a {b}.gguf")),
        joined(say("{n} tokens are too many.", n=4096), listed("f16", "q8_0", "q4_0")),
        (NextStep(say("Load with {n} context", n="2,048"), "load_with_context", "2048"),),
    )
    words._keeps_templates = False
    return error


def sent(error: UserError) -> UserError:
    event = decode_event(encode(OperationFailed(3, Failure.of(error), "answer")))
    assert isinstance(event, OperationFailed)
    assert (event.id, event.answer) == (3, "answer")
    return event.failure.error()


def test_what_a_process_without_language_says_is_english_there() -> None:
    error = made_without_language()
    assert error.what == "The engine cannot load /models/a {b}.gguf."
    assert isinstance(error.what, Said)
    assert error.why == "4096 tokens are too many. f16, q8_0, q4_0"


def test_it_arrives_in_the_language_of_who_shows_it() -> None:
    error = made_without_language()
    assert str(sent(error)) == str(error)
    words.set_translation(lambda template: CHINESE.get(template, template))
    shown = sent(error)
    assert shown.what == "引擎无法加载 /models/a {b}.gguf。"
    assert shown.why == "4096 个 token 太多。f16、q8_0、q4_0"
    assert shown.next_steps == (NextStep("以 2,048 上下文加载", "load_with_context", "2048"),)
    assert type(shown.what) is str


def test_with_a_language_nothing_is_kept() -> None:
    text = say("{n} tokens are too many.", n=3)
    assert type(text) is str
    assert to_json(text) == "3 tokens are too many."


def test_plain_texts_arrive_as_they_are() -> None:
    event = StateRefused(1, "braces {like} {these}")
    assert decode_event(encode(event)) == event


@pytest.mark.parametrize(
    "parts",
    [
        {"say": "{missing}", "with": {}},
        {"say": "{0}", "with": {}},
        {"say": "{n.nothing}", "with": {"n": 1}},
        {"say": "{n:nonsense}", "with": {"n": "x"}},
        {"say": "{", "with": {}},
        {"say": 3, "with": {}},
        {"say": "x", "with": ["n"]},
        {"say": "{n[0]}", "with": {"n": 1}},
    ],
)
def test_a_sentence_that_cannot_be_said_is_a_malformed_message(parts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"sentence|format|specifier"):
        said_again(parts)
    line = json.dumps({"type": "StateRefused", "id": 1, "why": parts}).encode()
    with pytest.raises(ValueError, match=r"sentence|format|specifier"):
        decode_event(line)


def test_other_objects_are_left_alone() -> None:
    for data in ({}, {"say": "x"}, {"say": "x", "with": {}, "more": 1}, {"with": {}}):
        assert said_again(dict(data)) == data
