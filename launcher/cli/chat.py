"""`launcher chat`: one answer, or a conversation on the terminal; without a model the whole main job without a window."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from dataclasses import dataclass, field, replace

from launcher.catalog import builtin
from launcher.chat.chat_settings import ChatSettings
from launcher.chat.context_policy import ContextPolicy
from launcher.chat.conversation import Message
from launcher.cli import chat_request
from launcher.cli.chat_load import load, load_facts
from launcher.cli.chat_start import main_job, offer_words
from launcher.cli.chat_talk import Manner, Talk
from launcher.cli.chat_target import Target, fetch, resolve
from launcher.cli.chat_terminal import (
    Quit,
    Shown,
    TerminalEngine,
    drafting_facts,
    loaded_line,
    printable_error,
    stats_line,
)
from launcher.cli.levers import add_lever_options, wishes_of
from launcher.cli.machines import this_machine
from launcher.cli.output import print_json, print_user_error
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import Answer, Loaded
from launcher.core.paths import config_dir
from launcher.core.plans import Plan, Wishes
from launcher.core.units import whole
from launcher.services.opening import OpenRequest, Prepared
from launcher.store.settings import CONTEXT_POLICY, SYSTEM_PROMPT, Settings

_HELP = "/new starts a new chat, /continue goes on with an answer, /quit or Ctrl+D leaves, Ctrl+C stops an answer."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add(
        "model",
        nargs="?",
        metavar="MODEL",
        help="an installed model's name, a GGUF file, or tiny, the built-in one; none: what fits here",
    )
    add("prompt", nargs="?", metavar="PROMPT", help="one question; none: a conversation, or the text on stdin")
    add("--quant", metavar="Q", help="which quantisation, where several are installed")
    add(
        "--think",
        choices=("on", "off"),
        help="let the model reason first, where it has the choice (default: as new chats begin, else on)",
    )
    add("--stats", action="store_true", help="the figures of each answer, on stderr")
    add(
        "--system",
        metavar="TEXT",
        help='the system prompt, "" for none (default: the one of the settings, as in the window)',
    )
    add("--max-tokens", type=int, metavar="N", help="end an answer after N tokens")
    add(
        "--context-policy",
        choices=tuple(ContextPolicy),
        help="when the chat is longer than the context: leave out the oldest messages, summarise them, or stop "
        "(default: as in the settings)",
    )
    chat_request.configure(parser)
    add_lever_options(parser)


def run(args: argparse.Namespace) -> int:
    """Talk to a model."""
    chat_request.check(args)
    may_ask = sys.stdin.isatty() and not args.json
    machine = this_machine()
    wishes = wishes_of(args)
    offer: Plan | None = None
    try:
        if args.model is not None:
            target = resolve(args.model, args.quant, machine, wishes, may_ask=may_ask)
        else:
            chosen, offer = main_job(args, machine, wishes, may_ask=may_ask)
            if chosen is None:
                return 0
            target = chosen
        prompt = _prompt(args, may_ask=may_ask)
        while (code := _talk_to(args, target, wishes, prompt, offer)) is None and offer is not None:
            try:
                fetch(offer.model, offer.quant)
            except UserError as error:  # what answers already goes on answering
                print_user_error(error, as_json=False)
            else:
                target, offer = resolve(offer.model, offer.quant, machine, wishes, may_ask=False), None
    except Quit:
        return 130
    return code or 0


def _prompt(args: argparse.Namespace, *, may_ask: bool) -> str | None:
    """The one question; None for a conversation.

    Raises:
        UserError: nobody is there to be asked, and there is none.
    """
    prompt: str | None = args.prompt
    if prompt is None and not may_ask:
        prompt = sys.stdin.read().strip()
        if not prompt:
            raise UserError(
                "no_prompt",
                "There is no question to answer.",
                "Neither an argument nor anything on stdin.",
                (NextStep(f'Ask: launcher chat {args.model} "Hello"'),),
            )
    return prompt


def _talk_to(
    args: argparse.Namespace, target: Target, wishes: Wishes, prompt: str | None, offer: Plan | None
) -> int | None:
    """Load a model and talk. The exit code; None when the model of `offer` is wanted instead."""
    with TerminalEngine() as engine:
        prepared, loaded = load(engine, OpenRequest(target.path, wishes))
        chat = _Chat(args, engine, loaded, prepared, offer)
        if not args.json:
            chat.say(loaded_line(loaded))
            if prepared.variant is not None and prepared.variant.id == builtin.MODEL_ID:
                chat.say(f"{prepared.variant.honest_note} {builtin.knows()}.")
        for note in loaded.notes:
            chat.say(f"Note: {note}")
        if prompt is not None:
            return chat.ask_once(prompt)
        return 0 if chat.talk() else None


@dataclass
class _Chat:
    """A conversation with a loaded model."""

    args: argparse.Namespace
    engine: TerminalEngine
    loaded: Loaded
    prepared: Prepared
    offer: Plan | None = None
    settings: ChatSettings = field(init=False)
    conversation: Talk = field(init=False)
    is_talking: bool = False

    def __post_init__(self) -> None:
        args, variant = self.args, self.prepared.variant
        program = Settings(config_dir() / "settings.toml")
        self.settings = chat_request.chat_settings(args, program)
        manner = Manner(
            ContextPolicy(args.context_policy or program.get(CONTEXT_POLICY)),
            self.prepared.sampling,
            self.settings.prompt_over(program.get(SYSTEM_PROMPT)),
            variant.system_prompt if variant else "allowed",
            self.settings.thinks(self.loaded.thinking),
            self.settings.max_tokens,
            self.prepared.plan.memory,
        )
        self.conversation = Talk(self.engine, self.loaded, manner, self.say)

    def ask_once(self, prompt: str) -> int:
        """One question, one answer on stdout."""
        reasoning = sys.stdout if sys.stdout.isatty() else None
        answer = self._ask(prompt, Shown(None, None) if self.args.json else Shown(sys.stdout, reasoning))
        if self.args.json:
            print_json(_answer_json(answer, self.loaded) | load_facts(self.prepared, self.loaded))
        return 130 if answer.timings.stop_reason == "stopped" else 0

    def talk(self) -> bool:
        """Questions from the terminal until Ctrl+D; False when the offered model is wanted instead."""
        self.is_talking = True
        _enable_line_editing()
        self.say(_HELP)
        if self.offer is not None:
            self.say(offer_words(self.offer))
        interrupts = 0
        while True:
            try:
                text = input("\n> ").strip()
            except EOFError:
                print()
                return True
            except KeyboardInterrupt:
                interrupts += 1
                if interrupts > 1:
                    raise Quit from None
                self.say("\nCtrl+C again leaves.")
                continue
            interrupts = 0
            if text == "/quit":
                return True
            if text == "/download" and self.offer is not None:
                return False
            if text == "/new":
                self.conversation.clear()
                self.say("A new chat.")
            elif text == "/continue" and self.conversation.unfinished is None:
                self.say("There is no answer that can go on.")
            elif text.startswith("/") and text != "/continue":
                self.say(_HELP)
            elif text:
                self._ask_and_go_on(text)

    def _ask_and_go_on(self, text: str) -> None:
        try:
            self._ask(text, Shown(sys.stdout, sys.stdout))
        except UserError as error:
            if error.code == "engine_stopped":
                raise
            self.say(printable_error(error))

    def _ask(self, text: str, shown: Shown) -> Answer:
        """Answer a question, or go on with the last answer ("/continue")."""
        args, conversation = self.args, self.conversation
        continued: Message | None = conversation.unfinished if text == "/continue" else None
        prompt = conversation.go_on(continued) if continued is not None else conversation.ask(text)
        sampling, thinks = self.prepared.sampling, conversation.thinks
        request = chat_request.request_of(args, self.settings, prompt.turns, sampling, thinks=thinks)
        if continued is not None:
            is_thought = continued.is_only_thought
            begun = {"thought": continued.reasoning} if is_thought else {"prefix": continued.text}
            request = replace(request, thinking=thinks or is_thought, **begun)
        try:
            answer = self.engine.answer(request, shown)
        except UserError:
            if continued is None:
                conversation.take_back()
            raise
        timings = conversation.answered(answer, continued)
        if note := self._end_words(timings.stop_reason):
            self.say(note)
        if args.stats:
            self.say(stats_line(replace(answer, timings=timings), self.loaded))
        return answer

    def _end_words(self, reason: str) -> str:
        """Why an answer ended before the model did; "" where there is nothing to say."""
        if reason == "length":
            words = f"The answer ends at its limit of {whole(self.settings.max_tokens or 0)} tokens."
            return words + (" /continue goes on." if self.is_talking else "")
        if reason == "context":
            words = "The answer ends here: the context is full."
            return words + (" /continue goes on without older messages." if self.is_talking else "")
        return ""

    def say(self, text: str) -> None:
        """A remark of the program, beside the conversation."""
        print(text, file=sys.stderr, flush=True)


def _answer_json(answer: Answer, loaded: Loaded) -> dict[str, object]:
    """The `chat` document of design section 4.2, and what it was made with."""
    t = answer.timings
    return {
        "answer": answer.answer,
        "reasoning": answer.reasoning,
        "prompt_tokens": t.prompt_tokens,
        "reused_tokens": t.reused_tokens,
        "decode_tokens": t.decode_tokens,
        "reasoning_tokens": t.reasoning_tokens,
        "time_to_first_token_s": t.time_to_first_token_s,
        "prefill_tokens_s": t.prefill_tokens_s,
        "decode_tokens_s": t.decode_tokens_s,
        "context_used": t.context_used,
        "stop_reason": t.stop_reason,
        "draft": drafting_facts(t, loaded),
        "model": loaded.name,
        "quant": loaded.quant,
        "n_ctx": loaded.n_ctx,
        "gpu_layers": loaded.gpu_layers,
        **({"logprobs": chat_request.logprobs_json(answer.logprobs)} if answer.logprobs else {}),
    }


def _enable_line_editing() -> None:
    """Arrow keys and history at the prompt; Windows has its own and no such module."""
    with contextlib.suppress(ImportError):
        importlib.import_module("readline")
