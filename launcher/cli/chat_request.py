"""What `launcher chat` asks the engine for: sampling, the length of a thought, and the form of the answer.

Its chats begin as new chats in the window do; an option wins over what the settings say.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from launcher.chat.chat_settings import ChatSettings, SamplingChanges
from launcher.chat.prompts import library
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import ChatTurn, GenerateRequest, TokenLogprob
from launcher.core.models import Sampling
from launcher.core.paths import config_dir
from launcher.services.new_chats import settings_of_new_chats
from launcher.store.prompts import PromptStore
from launcher.store.settings import Settings

_SAMPLING = {
    "temperature": ("T", float, "0 always takes the likeliest word (default: the family's value)"),
    "top_k": ("N", int, "draw from the N likeliest words only"),
    "top_p": ("P", float, "draw from the likeliest words that together have the probability P"),
    "min_p": ("P", float, "draw from words with at least P times the probability of the likeliest"),
    "repeat_penalty": ("X", float, "make words that came before rarer; 1 is off"),
    "frequency_penalty": ("X", float, "the same, by how often they came; 0 is off"),
    "presence_penalty": ("X", float, "the same, once for any that came; 0 is off"),
    "dry_multiplier": ("X", float, "make repeated sequences of words rarer (DRY); 0 is off"),
    "seed": ("N", int, "the same seed and question give the same answer"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that concern one answer."""
    group = parser.add_argument_group(
        "the answer",
        "What is not given here is as new chats begin in the window (settings of a chat, Use for new chats).",
    )
    add = group.add_argument
    for name, (metavar, kind, text) in _SAMPLING.items():
        add(f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=text)
    add("--think-budget", type=int, metavar="N", help="end the thought after N tokens and answer; 0: no thought")
    add(
        "--preset",
        metavar="NAME",
        help="as --system, one of the library or of your own (in the window: settings of a chat)",
    )
    add(
        "--json-schema",
        "--schema",
        metavar="FILE|TEXT",
        help='the answer is JSON of this schema; {} is any JSON, "" is free text',
    )
    add("--grammar", metavar="FILE", help="the answer follows this grammar (GBNF)")
    add("--stop", action="append", metavar="TEXT", help="end the answer before this text; may be given again")
    add(
        "--logprobs",
        type=int,
        metavar="N",
        help="with --json: the N likeliest tokens at each place, with probabilities",
    )


def check(args: argparse.Namespace) -> None:
    """Refuse what does not go together, before a model is loaded.

    Raises:
        UserError: "bad_option", or a file that cannot be read.
    """
    if args.logprobs is not None and not args.json:
        raise UserError("bad_option", "--logprobs needs --json.", "Probabilities are only printed as JSON.")
    if args.logprobs is not None and not 0 <= args.logprobs <= 20:
        raise UserError("bad_option", "--logprobs is a number from 0 to 20.", f"It is {args.logprobs}.")
    if args.think_budget is not None and args.think_budget < 0:
        raise UserError("bad_option", "--think-budget is a number of tokens.", f"It is {args.think_budget}.")
    if args.grammar and args.json_schema:
        raise UserError(
            "bad_option", "An answer follows a grammar or a JSON schema, not both.", "Both options were given."
        )
    if args.preset and args.system is not None:
        raise UserError("bad_option", "A chat has one system prompt.", "Both --system and --preset were given.")
    system_prompt(args)
    _grammar(args)
    if schema := _schema(args):
        # By the engine's own rules, before a model is loaded for nothing.
        from launcher.engine.worker.schema_grammar import grammar_of_schema

        grammar_of_schema(schema)


def system_prompt(args: argparse.Namespace) -> str | None:
    """What --system or --preset says, "" for none at all; None where neither is given.

    Raises:
        UserError: "unknown_preset", with the names there are.
    """
    if not args.preset:
        given: str | None = args.system
        return given
    presets = (*PromptStore(config_dir() / "prompts.json").all(), *library())
    wanted = args.preset.strip().lower()
    found = next((p.text for p in presets if wanted in (p.name.lower(), p.id)), None)
    if found is None:
        names = ", ".join(p.name for p in presets)
        raise UserError("unknown_preset", f"There is no preset called {args.preset[:80]}.", f"There are: {names}.")
    return found


def chat_settings(args: argparse.Namespace, program: Settings) -> ChatSettings:
    """What this chat wants of its answers: what new chats begin with, and over that what the options say.

    Raises:
        UserError: as for `check`.
    """
    begun = settings_of_new_chats(program)
    for name in _SAMPLING:
        if (value := getattr(args, name)) is not None:
            begun = replace(begun, sampling=replace(begun.sampling or SamplingChanges(), **{name: value}))
    given = {
        "system_prompt": system_prompt(args),
        "thinking": None if args.think is None else args.think == "on",
        "thinking_budget": args.think_budget,
        "max_tokens": args.max_tokens,
        # An answer has one form.
        "json_schema": "" if args.grammar else _schema(args),
    }
    return replace(begun, **{name: value for name, value in given.items() if value is not None})


def request_of(
    args: argparse.Namespace, chat: ChatSettings, turns: tuple[ChatTurn, ...], sampling: Sampling, *, thinks: bool
) -> GenerateRequest:
    """The question as the chat wants it, with what only the terminal has; `sampling` is the family's."""
    request = chat.applied(GenerateRequest(turns, sampling, thinks))
    return replace(request, stops=tuple(args.stop or ()), grammar=_grammar(args), logprobs=args.logprobs or 0)


def logprobs_json(places: tuple[TokenLogprob, ...]) -> list[dict[str, object]]:
    """The `logprobs` of the `chat` document."""
    return [
        {"token": p.text, "logprob": p.logprob, "top": [{"token": c.text, "logprob": c.logprob} for c in p.top]}
        for p in places
    ]


def _schema(args: argparse.Namespace) -> str | None:
    given: str | None = args.json_schema
    return given if not given or given.lstrip().startswith("{") else _read(given)


def _grammar(args: argparse.Namespace) -> str:
    return _read(args.grammar) if args.grammar else ""


def _read(name: str) -> str:
    try:
        return Path(name).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "file_unreadable", f"{name} cannot be read.", f"{error}.", (NextStep("Check the path"),)
        ) from error
