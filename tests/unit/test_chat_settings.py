"""Settings of a chat: what they change, which numbers are values, the library of prompts, and answers that are JSON."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.chat.chat_settings import (
    BUDGET_LIMIT,
    SAMPLING_LIMITS,
    TOKENS_LIMIT,
    ChatSettings,
    SamplingChanges,
)
from launcher.chat.conversation import Maker, MessageState
from launcher.chat.export import to_markdown
from launcher.chat.export_formulas import Formulas
from launcher.chat.export_html import markdown_html
from launcher.chat.json_text import as_listing, is_json, laid_out, may_be_json
from launcher.chat.prompts import LANGUAGES, library
from launcher.chat.turns import prompt_alone
from launcher.core.codec import from_json, to_json
from launcher.core.errors import UserError
from launcher.core.generation import ChatTurn, GenerateRequest
from launcher.core.models import Sampling
from launcher.engine.worker.sampler import check_sampling
from launcher.engine.worker.schema_grammar import grammar_of_schema
from launcher.store.prompts import PromptStore

RECOMMENDED = Sampling(temperature=0.6, top_p=0.95)


def test_changes_go_over_the_recommendation_one_by_one() -> None:
    settings = ChatSettings().with_sampling("temperature", 0.0).with_sampling("top_k", 40)
    request = settings.applied(GenerateRequest((ChatTurn("user", "Hi"),), RECOMMENDED))
    assert request.sampling == replace(RECOMMENDED, temperature=0.0, top_k=40)
    other = settings.applied(GenerateRequest((), Sampling(temperature=1.0, top_p=1.0)))
    assert (other.sampling.temperature, other.sampling.top_p) == (0.0, 1.0)
    assert settings.with_sampling("temperature", None).with_sampling("top_k", None) == ChatSettings()


def test_lengths_and_schema_reach_the_request() -> None:
    settings = ChatSettings(thinking_budget=0, max_tokens=9, json_schema="{}")
    request = settings.applied(GenerateRequest((), RECOMMENDED))
    assert (request.thinking_budget, request.max_tokens, request.json_schema) == (0, 9, "{}")
    assert request.sampling == RECOMMENDED


def test_the_prompt_of_a_chat_and_of_the_program() -> None:
    assert ChatSettings().prompt_over("Be kind.") == "Be kind."
    assert ChatSettings(system_prompt="").prompt_over("Be kind.") == ""
    assert prompt_alone("  ", "allowed") == ()
    assert [t.role for t in prompt_alone("Be brief.", "allowed")] == ["system", "user"]
    assert prompt_alone("Be brief.", "discouraged") == (ChatTurn("user", "Be brief."),)


def test_nothing_is_sent_with_a_schema_that_cannot_be_used() -> None:
    ChatSettings(json_schema="{}").check()
    with pytest.raises(UserError) as caught:
        ChatSettings(json_schema_draft="{").check()
    assert caught.value.code == "unfinished_schema"
    assert caught.value.next_steps[0].action == "chat_settings"


def test_new_chats_do_not_inherit_model_prompt_or_draft() -> None:
    whole = ChatSettings("/m.gguf", "M", "Hi", SamplingChanges(seed=3), False, 5, 6, "{}", "{")
    assert whole.for_new_chats() == ChatSettings(
        sampling=SamplingChanges(seed=3), thinking=False, thinking_budget=5, max_tokens=6, json_schema="{}"
    )


def test_settings_written_before_there_were_single_changes_are_read() -> None:
    assert from_json(ChatSettings, {"system_prompt": "Hi", "sampling": None}) == ChatSettings(system_prompt="Hi")
    settings = ChatSettings(sampling=SamplingChanges(top_p=0.5), json_schema_draft="[")
    assert from_json(ChatSettings, json.loads(json.dumps(to_json(settings)))) == settings


def test_every_sampling_value_has_limits_that_the_engine_takes() -> None:
    assert set(SAMPLING_LIMITS) == {f.name for f in fields(Sampling)} == {f.name for f in fields(SamplingChanges)}
    for name, limit in SAMPLING_LIMITS.items():
        for end in (limit.low, limit.high):
            value = int(end) if limit.is_whole else float(end)
            check_sampling(replace(Sampling(), **{name: value}))


@pytest.mark.parametrize(
    ("text", "value"), [("1,000", 1000), (" 7 ", 7), ("12 345", 12345), ("0", None), ("0,5", None)]
)
def test_whole_numbers_are_read(text: str, value: int | None) -> None:
    if value is None:
        with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
            TOKENS_LIMIT.read(text)
    else:
        assert TOKENS_LIMIT.read(text) == value


def test_numbers_are_read_with_point_or_comma_and_refused_outside() -> None:
    temperature = SAMPLING_LIMITS["temperature"]
    assert (temperature.read("0,25"), temperature.read("1.5"), BUDGET_LIMIT.read("0")) == (0.25, 1.5, 0)
    for text in ("", "x", "nan", "inf", "-0.1", "6", "1.2.3"):
        with pytest.raises(ValueError):  # noqa: PT011
            temperature.read(text)


def test_the_library_is_whole_in_both_languages() -> None:
    by_language = {code: {p.id: p for p in library() if p.language == code} for code in LANGUAGES}
    assert by_language["en"].keys() == by_language["zh"].keys()
    assert len(by_language["en"]) >= 6
    assert all(p.name.strip() and p.text.strip() and not p.is_own for p in library())
    assert len({p.name for p in by_language["en"].values()}) == len(by_language["en"])


def test_own_prompts_stay_on_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "prompts.json"
    store = PromptStore(file)
    poet, cook = store.add("  Poet\n ", "Rhyme."), store.add("Cook", "只说做法。")
    store.rename(cook.id, "Poet")  # taken
    store.rename(cook.id, "Chef")
    store.add("Poet", "Rhyme well.")
    again = PromptStore(file)
    assert [(p.id, p.name, p.text) for p in again.all()] == [
        (poet.id, "Poet", "Rhyme well."),
        (cook.id, "Chef", "只说做法。"),
    ]
    again.delete(poet.id)
    assert [p.name for p in PromptStore(file).all()] == ["Chef"]
    with pytest.raises(UserError) as caught:
        again.add(" ", "x")
    assert caught.value.code == "bad_prompt"


@pytest.mark.expected_logs("cannot be read")
@pytest.mark.parametrize("text", ["{", '"x"', "\x80", "[" * 100_000])
def test_a_file_of_prompts_that_cannot_be_read_is_kept(tmp_path: Path, text: str) -> None:
    file = tmp_path / "prompts.json"
    file.write_bytes(text.encode("latin-1"))
    store = PromptStore(file)
    assert store.all() == ()
    assert store.notice is not None
    kept = [f for f in tmp_path.iterdir() if ".broken-" in f.name]
    assert [f.read_bytes() for f in kept] == [text.encode("latin-1")]


@pytest.mark.expected_logs("A preset of .* is left out")
def test_a_wrong_entry_is_left_out_alone(tmp_path: Path) -> None:
    file = tmp_path / "prompts.json"
    good = {"id": "a", "name": "A", "text": "Do.", "language": "zh"}
    file.write_text(json.dumps([1, {"id": "b"}, {**good, "name": " "}, good]), "utf-8")
    found = PromptStore(file).all()
    assert [(p.name, p.is_own) for p in found] == [("A", True)]


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ('{\n "type": "object"\n "required": []}', "line 3, column 2"),
        ('{"type": "strin"}', '"strin"'),
        ('{"properties": {"age": {"type": "integer", "multipleOf": 2}}}', '"multipleOf" (in "age")'),
        ("[1]", '"top"'),
    ],
)
def test_why_a_schema_is_refused_says_where(schema: str, place: str) -> None:
    with pytest.raises(UserError) as caught:
        grammar_of_schema(schema)
    assert caught.value.code == "bad_schema"
    assert place in caught.value.why


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=3) | st.dictionaries(st.text(max_size=6), _JSON, max_size=3))
def test_json_is_laid_out_without_another_meaning(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, separators=(",", ":"))):
        assert json.loads(laid_out(text)) == value
        listing = as_listing(text, is_whole=True)
        assert json.loads(listing.removeprefix("```json\n").removesuffix("\n```\n")) == value
        assert is_json(text) == may_be_json(text)


@pytest.mark.parametrize(
    "text", ["", "Hello", "[link](https://x)", "[1] says", "{x}", '{"a": 1} and more', "42", "[x] done"]
)
def test_other_answers_are_no_listing(text: str) -> None:
    assert not is_json(text)


def test_an_answer_that_is_json_is_exported_as_a_listing() -> None:
    make = Maker()
    chat = make.conversation().with_message(make.user_message("Describe a book", None))
    answer = replace(make.answer(chat.leaf_id or "", "R1", "Q4"), text='{"year":1925}', state=MessageState.DONE)
    chat = chat.with_message(answer)
    assert '```json\n{\n  "year": 1925\n}\n```' in to_markdown(chat)
    assert "<pre" in markdown_html(answer.text, Formulas())
