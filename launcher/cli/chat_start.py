"""`launcher chat` without a model: the whole main job on a terminal, or the built-in model until it is done."""

from __future__ import annotations

import argparse

from launcher.catalog import builtin
from launcher.cli.chat_target import Target, builtin_target, fetch, installed_targets, resolve
from launcher.cli.chat_terminal import Quit
from launcher.cli.output import print_json
from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.plans import Plan, Recommendation, Wishes, recommendation_to_json
from launcher.core.units import gb, gib, rate, whole


def main_job(
    args: argparse.Namespace, machine: Machine, wishes: Wishes, *, may_ask: bool
) -> tuple[Target | None, Plan | None]:
    """Machine, recommendation, download; where nothing is installed, the built-in model until that is done.

    Returns:
        The model to talk to, None when nobody is there to choose (everything was printed), and what `/download` fetches.

    Raises:
        UserError: nothing fits.
    """
    from launcher import catalog, planner

    found = planner.recommend(machine, catalog.load().variants)
    if args.json:
        print_json(recommendation_to_json(found))
        return None, None
    print(_machine_words(machine))
    best = found.recommended
    targets = installed_targets(machine, wishes)
    here = builtin.installed()
    if best is None and not targets and here is None:
        raise UserError("does_not_fit", "No DeepSeek model of the catalog runs on this machine.", found.why_not_bigger)
    if best is not None:
        print(_recommendation_words(best, found))
    if not may_ask:
        print(_commands(best, targets, has_builtin=here is not None))
        return None, None
    if not targets and here is not None:
        print(f"\nNo model is installed yet, so you chat with {here.name}, {gb(here.size_bytes)}.")
        return builtin_target(machine, wishes), best
    return _choose(best, targets, machine, wishes), None


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


def offer_words(best: Plan) -> str:
    """How the recommended model is had from within the chat with the built-in one."""
    return f"/download fetches {best.short_name} {best.quant} ({gb(best.file_bytes)}) and goes on with it."


def _commands(best: Plan | None, targets: list[Target], *, has_builtin: bool) -> str:
    lines = ["", "To go on:"]
    if best:
        lines += [f"  launcher download {best.model} --quant {best.quant}", f'  launcher chat {best.model} "Hello"']
    lines += [f'  launcher chat "{t.path}"' for t in targets]
    lines += [f'  launcher chat tiny "{builtin.EXAMPLES[0]}"   ({builtin.label()})'] if has_builtin else []
    return "\n".join(lines)
