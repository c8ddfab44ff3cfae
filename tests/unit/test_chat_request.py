"""The options of `launcher chat` that concern one answer."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from launcher.chat.prompts import library
from launcher.cli import chat
from launcher.cli.chat_request import check, logprobs_json, request_of, system_prompt
from launcher.core.errors import UserError
from launcher.core.generation import ChatTurn, TokenChance, TokenLogprob
from launcher.core.models import Sampling
from launcher.core.paths import config_dir
from launcher.store.prompts import PromptStore

TURNS = (ChatTurn("user", "Hello"),)
FAMILY = Sampling(temperature=0.6, top_p=0.95, repeat_penalty=1.1)


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")  # the commands' common option
    chat.configure(parser)
    return parser.parse_args(["model", "Hello", *options])


def test_without_options_the_family_decides() -> None:
    request = request_of(parsed(), TURNS, FAMILY)
    assert request.sampling == FAMILY
    assert request.thinking_budget is None
    assert (request.grammar, request.json_schema, request.logprobs, request.stops) == ("", "", 0, ())


def test_options_replace_the_familys_values_and_leave_the_others() -> None:
    options = ("--temperature", "0", "--top-k", "40", "--seed", "7", "--dry-multiplier", "0.8", "--think-budget", "0")
    request = request_of(parsed(*options, "--stop", "END", "--stop", "FIN"), TURNS, FAMILY)
    assert request.sampling == Sampling(
        temperature=0, top_p=0.95, repeat_penalty=1.1, top_k=40, seed=7, dry_multiplier=0.8
    )
    assert request.thinking_budget == 0
    assert request.stops == ("END", "FIN")


def test_a_schema_is_text_or_a_file_and_a_grammar_a_file(tmp_path: Path) -> None:
    schema, grammar = tmp_path / "schema.json", tmp_path / "yes.gbnf"
    schema.write_text('{"type": "null"}', "utf-8")
    grammar.write_text('root ::= "ja"', "utf-8")
    assert request_of(parsed("--json-schema", str(schema)), TURNS, FAMILY).json_schema == '{"type": "null"}'
    assert request_of(parsed("--json-schema", " {}"), TURNS, FAMILY).json_schema == " {}"
    assert request_of(parsed("--grammar", str(grammar)), TURNS, FAMILY).grammar == 'root ::= "ja"'


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
    assert (system_prompt(parsed("--system", "Hi")), system_prompt(parsed())) == ("Hi", "")


def test_log_probabilities_as_json() -> None:
    place = TokenLogprob("a", -0.5, (TokenChance("a", -0.5), TokenChance("b", -1.5)))
    top = [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]
    assert logprobs_json((place,)) == [{"token": "a", "logprob": -0.5, "top": top}]
