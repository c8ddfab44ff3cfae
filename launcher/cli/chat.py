"""`launcher chat`: one answer, or a conversation on the terminal; without a model the whole main job without a window."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from dataclasses import dataclass, field, replace

from launcher.chat.context_policy import ContextPolicy
from launcher.chat.conversation import Message
from launcher.cli import chat_request
from launcher.cli.chat_load import load, load_facts
from launcher.cli.chat_talk import Manner, Talk
from launcher.cli.chat_target import Target, fetch, installed_targets, resolve
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
from launcher.cli.output import print_json
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import Answer, Loaded
from launcher.core.machine import Machine
from launcher.core.paths import config_dir
from launcher.core.plans import Plan, Recommendation, Wishes, recommendation_to_json
from launcher.core.units import gb, gib, rate, whole
from launcher.services.opening import OpenRequest, Prepared
from launcher.store.settings import CONTEXT_POLICY, Settings

_HELP = "/new starts a new chat, /continue goes on with an answer, /quit or Ctrl+D leaves, Ctrl+C stops an answer."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("model", nargs="?", metavar="MODEL", help="an installed model's name, or a GGUF file; none: what fits here")
    add("prompt", nargs="?", metavar="PROMPT", help="one question; none: a conversation, or the text on stdin")
    add("--quant", metavar="Q", help="which quantisation, where several are installed")
    add("--think", choices=("on", "off"), help="let the model reason first, where it has the choice (default: on)")
    add("--stats", action="store_true", help="the figures of each answer, on stderr")
    add("--system", metavar="TEXT", help="a system prompt")
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
    try:
        if args.model is not None:
            target = resolve(args.model, args.quant, machine, wishes, may_ask=may_ask)
        else:
            chosen = _main_job(args, machine, wishes, may_ask=may_ask)
            if chosen is None:
                return 0
            target = chosen
        prompt = args.prompt
        if prompt is None and not may_ask:
            prompt = sys.stdin.read().strip()
            if not prompt:
                raise UserError(
                    "no_prompt",
                    "There is no question to answer.",
                    "Neither an argument nor anything on stdin.",
                    (NextStep(f'Ask: launcher chat {args.model} "Hello"'),),
                )
        with TerminalEngine() as engine:
            prepared, loaded = load(engine, OpenRequest(target.path, wishes))
            chat = _Chat(args, engine, loaded, prepared)
            if not args.json:
                chat.say(loaded_line(loaded))
            for note in loaded.notes:
                chat.say(f"Note: {note}")
            if prompt is not None:
                return chat.ask_once(prompt)
            chat.talk()
    except Quit:
        return 130
    return 0


@dataclass
class _Chat:
    """A conversation with a loaded model."""

    args: argparse.Namespace
    engine: TerminalEngine
    loaded: Loaded
    prepared: Prepared
    conversation: Talk = field(init=False)
    is_talking: bool = False

    def __post_init__(self) -> None:
        args, variant = self.args, self.prepared.variant
        policy = args.context_policy or Settings(config_dir() / "settings.toml").get(CONTEXT_POLICY)
        manner = Manner(
            ContextPolicy(policy),
            self.prepared.sampling,
            args.system or "",
            variant.system_prompt if variant else "allowed",
            args.think != "off" and args.think_budget != 0,
            args.max_tokens,
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

    def talk(self) -> None:
        """Questions from the terminal until Ctrl+D."""
        self.is_talking = True
        _enable_line_editing()
        self.say(_HELP)
        interrupts = 0
        while True:
            try:
                text = input("\n> ").strip()
            except EOFError:
                print()
                return
            except KeyboardInterrupt:
                interrupts += 1
                if interrupts > 1:
                    raise Quit from None
                self.say("\nCtrl+C again leaves.")
                continue
            interrupts = 0
            if text == "/quit":
                return
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
        request = chat_request.request_of(args, prompt.turns, self.prepared.sampling)
        if continued is not None:
            request = replace(request, prefix=continued.text)
        try:
            answer = self.engine.answer(request, shown)
        except UserError:
            if continued is None:
                conversation.take_back()
            raise
        conversation.answered(answer, continued)
        reasons = {
            "length": "The answer ends at --max-tokens.",
            "context": "The answer ends here: the context is full."
            + (" /continue goes on without older messages." if self.is_talking else ""),
        }
        if note := reasons.get(answer.timings.stop_reason):
            self.say(note)
        if args.stats:
            self.say(stats_line(answer, self.loaded))
        return answer

    def say(self, text: str) -> None:
        """A remark of the program, beside the conversation."""
        print(text, file=sys.stderr, flush=True)


def _main_job(args: argparse.Namespace, machine: Machine, wishes: Wishes, *, may_ask: bool) -> Target | None:
    """Machine, recommendation, download. None when nobody is there to choose: everything was printed.

    Raises:
        UserError: nothing fits.
    """
    from launcher import catalog, planner

    found = planner.recommend(machine, catalog.load().variants)
    if args.json:
        print_json(recommendation_to_json(found))
        return None
    print(_machine_words(machine))
    best = found.recommended
    targets = installed_targets(machine, wishes)
    if best is None and not targets:
        raise UserError("does_not_fit", "No DeepSeek model of the catalog runs on this machine.", found.why_not_bigger)
    if best is not None:
        print(_recommendation_words(best, found))
    if not may_ask:
        print(_commands(best, targets))
        return None
    return _choose(best, targets, machine, wishes)


def _choose(best: Plan | None, targets: list[Target], machine: Machine, wishes: Wishes) -> Target | None:
    """Ask which model to chat with."""
    ready = next((t for t in targets if best and t.quant == best.quant and t.name == best.name), None)
    if ready:
        return ready
    options = [f"Download {best.short_name} {best.quant} ({gb(best.file_bytes)}) and chat"] if best else []
    options += [f"Chat with {t.name} {t.quant}, installed" for t in targets]
    print()
    for number, option in enumerate(options, 1):
        print(f"  {number}  {option}")
    try:
        reply = input(f"Which? [1-{len(options)}, Enter = 1, q = leave] ").strip().lower() or "1"
    except (EOFError, KeyboardInterrupt):
        raise Quit from None
    if not reply.isdigit() or not 1 <= int(reply) <= len(options):
        return None
    index = int(reply) - 1
    if best and index == 0:
        fetch(best.model, best.quant)
        return resolve(best.model, best.quant, machine, wishes, may_ask=False)
    return targets[index - bool(best)]


def _machine_words(machine: Machine) -> str:
    gpus = [
        f"{g.name}"
        + (f", {gib(g.vram_total_bytes)}" if g.vram_total_bytes is not None else "")
        + (f" ({gib(g.vram_free_bytes)} free)" if g.vram_free_bytes is not None else "")
        for g in machine.gpus
    ]
    disk = f", {gb(max(d.free_bytes for d in machine.disks))} of disk free" if machine.disks else ""
    return (
        f"Your PC: {machine.cpu.name}, {machine.cpu.cores} cores; {gib(machine.ram.total_bytes)} of RAM "
        f"({gib(machine.ram.free_bytes)} free); {'; '.join(gpus) or 'no graphics card that can help'}{disk}."
    )


def _recommendation_words(best: Plan, found: Recommendation) -> str:
    s = best.speed
    lines = [
        f"Recommended: {best.name} {best.quant}, {gb(best.file_bytes)}: {best.summary}.",
        f"  {rate(s.decode_tokens_s)} tokens/s (likely {rate(s.decode_low)}–{rate(s.decode_high)}), "
        f"context {whole(best.context)} tokens.",
        *(f"  {reason}" for reason in best.reasons),
    ]
    return "\n".join([*lines, *([f"  Why not bigger? {found.why_not_bigger}"] if found.why_not_bigger else [])])


def _commands(best: Plan | None, targets: list[Target]) -> str:
    lines = ["", "To go on:"]
    if best:
        lines += [f"  launcher download {best.model} --quant {best.quant}", f'  launcher chat {best.model} "Hello"']
    lines += [f'  launcher chat "{t.path}"' for t in targets]
    return "\n".join(lines)


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
