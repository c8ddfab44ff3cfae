"""The options of `launcher chat` that concern one answer."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from launcher.chat.chat_settings import ChatSettings, SamplingChanges
from launcher.chat.prompts import library
from launcher.cli import chat
from launcher.cli.chat_request import chat_settings, check, logprobs_json, request_of, system_prompt
from launcher.core.errors import UserError
from launcher.core.generation import ChatTurn, GenerateRequest, TokenChance, TokenLogprob
from launcher.core.models import Sampling, Thinking
from launcher.core.paths import config_dir
from launcher.services.new_chats import settings_of_new_chats, text_of
from launcher.store.prompts import PromptStore
from launcher.store.settings import CHAT_DEFAULTS, SYSTEM_PROMPT, Settings

TURNS = (ChatTurn("user", "Hello"),)
FAMILY = Sampling(temperature=0.6, top_p=0.95, repeat_penalty=1.1)


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")  # the commands' common option
    chat.configure(parser)
    return parser.parse_args(["model", "Hello", *options])


def program() -> Settings:
    return Settings(config_dir() / "settings.toml")


def asked(*options: str) -> GenerateRequest:
    args = parsed(*options)
    chat = chat_settings(args, program())
    return request_of(args, chat, TURNS, FAMILY, thinks=chat.thinks(Thinking.SWITCH))


def prompt_sent(*options: str) -> str:
    """As the terminal and the window find it."""
    return chat_settings(parsed(*options), program()).prompt_over(program().get(SYSTEM_PROMPT))


def test_without_options_the_family_decides() -> None:
    request = asked()
    assert request.thinking
    assert request.sampling == FAMILY
    assert request.thinking_budget is None
    assert (request.grammar, request.json_schema, request.logprobs, request.stops) == ("", "", 0, ())


def test_options_replace_the_familys_values_and_leave_the_others() -> None:
    options = ("--temperature", "0", "--top-k", "40", "--seed", "7", "--dry-multiplier", "0.8", "--think-budget", "0")
    request = asked(*options, "--stop", "END", "--stop", "FIN")
    assert request.sampling == Sampling(
        temperature=0, top_p=0.95, repeat_penalty=1.1, top_k=40, seed=7, dry_multiplier=0.8
    )
    assert request.thinking_budget == 0
    assert request.stops == ("END", "FIN")


def test_a_schema_is_text_or_a_file_and_a_grammar_a_file(tmp_path: Path) -> None:
    schema, grammar = tmp_path / "schema.json", tmp_path / "yes.gbnf"
    schema.write_text('{"type": "null"}', "utf-8")
    grammar.write_text('root ::= "ja"', "utf-8")
    assert asked("--json-schema", str(schema)).json_schema == '{"type": "null"}'
    assert asked("--json-schema", " {}").json_schema == " {}"
    assert asked("--grammar", str(grammar)).grammar == 'root ::= "ja"'


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--logprobs", "3"), "bad_option"),
        (("--json", "--logprobs", "21"), "bad_option"),
        (("--think-budget", "-1"), "bad_option"),
        (("--grammar", "no/such.gbnf"), "file_unreadable"),
        (("--json-schema", "no/such.json"), "file_unreadable"),
        (("--json-schema", "{}", "--grammar", "x"), "bad_option"),
        (("--schema", '{"type": "objec"}'), "bad_schema"),
        (("--preset", "nobody"), "unknown_preset"),
        (("--preset", "Brief", "--system", "Hi"), "bad_option"),
        (("--preset", "Brief", "--system", ""), "bad_option"),
    ],
)
def test_what_cannot_be_is_refused_before_a_model_is_loaded(options: tuple[str, ...], code: str) -> None:
    with pytest.raises(UserError) as caught:
        check(parsed(*options))
    assert caught.value.code == code


def test_a_preset_is_a_system_prompt_own_ones_first() -> None:
    brief = next(p for p in library() if p.name == "Brief")
    assert system_prompt(parsed("--preset", "brief")) == brief.text
    assert system_prompt(parsed("--preset", "简明")).startswith("回答")
    PromptStore(config_dir() / "prompts.json").add("Brief", "One word.")
    check(parsed("--preset", "Brief", "--schema", "{}"))
    assert system_prompt(parsed("--preset", "Brief")) == "One word."
    assert [system_prompt(parsed(*o)) for o in (("--system", "Hi"), ("--system", ""), ())] == ["Hi", "", None]


def test_the_settings_prompt_is_sent_as_in_the_window_and_an_option_wins() -> None:
    assert prompt_sent() == ""
    program().set(SYSTEM_PROMPT, "You are a pirate.")
    assert prompt_sent() == ChatSettings().prompt_over(program().get(SYSTEM_PROMPT)) == "You are a pirate."
    brief = next(p for p in library() if p.name == "Brief")
    assert prompt_sent("--preset", "brief") == brief.text
    assert prompt_sent("--system", "Be a parrot.") == "Be a parrot."
    assert prompt_sent("--system", "") == ""


def test_a_chat_begins_as_new_ones_in_the_window_and_options_win() -> None:
    begun = ChatSettings(
        model_path="/m.gguf",
        system_prompt="Mine",
        sampling=SamplingChanges(temperature=0.1, top_k=5),
        thinking=False,
        thinking_budget=100,
        max_tokens=300,
        json_schema="{}",
    )
    program().set(CHAT_DEFAULTS, text_of(begun))
    chat = chat_settings(parsed(), program())
    assert chat == settings_of_new_chats(program())
    request = asked()
    assert (request.sampling.temperature, request.sampling.top_k, request.sampling.top_p) == (0.1, 5, 0.95)
    assert (request.thinking, request.thinking_budget, request.max_tokens) == (False, 100, 300)
    assert request.json_schema == "{}"
    options = ("--temperature", "1", "--think", "on", "--think-budget", "9", "--max-tokens", "7", "--schema", "")
    request = asked(*options)
    assert (request.sampling.temperature, request.sampling.top_k) == (1, 5)
    assert (request.thinking, request.thinking_budget, request.max_tokens, request.json_schema) == (True, 9, 7, "")


def test_a_grammar_takes_the_place_of_a_schema_of_new_chats(tmp_path: Path) -> None:
    program().set(CHAT_DEFAULTS, text_of(ChatSettings(json_schema="{}")))
    grammar = tmp_path / "yes.gbnf"
    grammar.write_text('root ::= "ja"', "utf-8")
    request = asked("--grammar", str(grammar))
    assert (request.grammar, request.json_schema) == ('root ::= "ja"', "")


@pytest.mark.parametrize(("ability", "wanted"), [(Thinking.ALWAYS, True), (Thinking.NEVER, False)])
def test_the_switch_is_for_models_that_have_one(ability: Thinking, wanted: bool) -> None:
    assert [ChatSettings(thinking=t).thinks(ability) for t in (None, True, False)] == [wanted] * 3
    assert [ChatSettings(thinking=t).thinks(Thinking.SWITCH) for t in (None, True, False)] == [True, True, False]
    assert not ChatSettings().thinks(Thinking.SWITCH, False), "as it was last"


def test_log_probabilities_as_json() -> None:
    place = TokenLogprob("a", -0.5, (TokenChance("a", -0.5), TokenChance("b", -1.5)))
    top = [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]
    assert logprobs_json((place,)) == [{"token": "a", "logprob": -0.5, "top": top}]
