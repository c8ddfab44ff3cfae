"""`launcher bench`: what a model really does here: load time, memory against the plan, prefill and decode at several depths."""

from __future__ import annotations

import argparse
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path

from launcher.cli.chat_target import installed_targets, resolve
from launcher.cli.levers import add_lever_options, wishes_of
from launcher.cli.machines import this_machine
from launcher.cli.output import print_json, table
from launcher.cli.stoppable import run_stoppable
from launcher.core.codec import to_json
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import LoadRequest
from launcher.core.machine import Machine
from launcher.core.plans import DeviceMemory, MemoryUse, Plan, Wishes
from launcher.core.units import gib, rate, whole
from launcher.engine.bench import BenchOptions, BenchReport, DepthResult, Rate, deepest, run_bench
from launcher.services.drafts import draft_model, with_file

# Without --depth: nothing in the context, and this much where it fits and reading it takes no longer than that.
_DEEPER = 4096
_FILL_S = 20.0
_QUOTED_AT = 1000  # plans quote decode at this depth


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add(
        "model", nargs="?", metavar="MODEL", help="an installed model's name, or a GGUF file; none: the first that fits"
    )
    add("--quant", metavar="Q", help="which quantisation, where several are installed")
    add("--prompt", type=_count, default=512, metavar="N", help="tokens to read (default: 512)")
    add("--tokens", type=_count, default=128, metavar="N", help="tokens to write (default: 128)")
    add(
        "--depth",
        type=_depth,
        action="append",
        metavar="N",
        help="tokens in the context before; may be given several times (default: 0, and a deeper one that fits)",
    )
    add("--repeat", type=_count, default=3, metavar="N", help="runs of each (default: 3)")
    add(
        "--greedy",
        action="store_true",
        help="take the likeliest token instead of drawing one, as other programs measure",
    )
    add_lever_options(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and print; 130 when it was stopped, with what was measured before."""
    machine, wishes = this_machine(), wishes_of(args)
    request, plan = _planned(args, machine, wishes)
    options = _options(args, plan)
    line = _Line()

    def work(stop: threading.Event) -> BenchReport:
        return run_bench(request, options, line.show, stop)

    try:
        report = run_stoppable(work)
    finally:
        line.end()
    if args.json:
        print_json(_document(request, plan, options, report))
    else:
        print("\n".join(_lines(request, plan, options, report)))
    return 130 if report.was_stopped else 0


def _planned(args: argparse.Namespace, machine: Machine, wishes: Wishes) -> tuple[LoadRequest, Plan]:
    """The model's file and its plan with the levers of the command line. Nothing smaller is taken in its place.

    Raises:
        UserError: unknown, not installed, or it does not fit.
    """
    from launcher import catalog, planner
    from launcher.catalog import builtin, gguf
    from launcher.catalog.identify import identify

    path, wishes = _path(args, machine, wishes), with_file(wishes)
    wishes = builtin.wishes_for(wishes) if builtin.is_builtin(path) else wishes
    headers = gguf.read_set(path)
    what = identify(catalog.load(), path, headers)
    quant, size = what.quant_name or "unknown", sum(h.file_bytes for h in headers)
    plan = planner.plan_file(machine, what.facts, str(path), what.name, quant, size, wishes)
    if not plan.fits:
        raise UserError(
            "does_not_fit",
            f"{what.name} {quant} does not fit this machine like this.",
            " ".join((*plan.warnings, *plan.reasons)) or plan.summary,
            (NextStep("Try a shorter context with --ctx"), NextStep("See what fits: launcher recommend")),
        )
    return LoadRequest(str(path), what.name, quant, plan.placement, draft_model(machine, wishes, plan)), plan


def _path(args: argparse.Namespace, machine: Machine, wishes: Wishes) -> Path:
    if args.model is not None:
        return Path(resolve(args.model, args.quant, machine, wishes, may_ask=False).path)
    targets = installed_targets(machine, wishes)
    if not targets:
        raise UserError(
            "not_installed",
            "There is no model to measure.",
            "None is installed that fits this machine.",
            (NextStep("Download one: launcher recommend"), NextStep("Measure a file: launcher bench FILE.gguf")),
        )
    return Path(targets[0].path)


def _options(args: argparse.Namespace, plan: Plan) -> BenchOptions:
    parallel = plan.placement.n_parallel
    depths = tuple(args.depth or (0,))
    options = BenchOptions(args.prompt, args.tokens, depths, args.repeat, parallel, is_greedy=args.greedy)
    if args.depth:
        return options
    quick = int(plan.speed.prefill_tokens_s * _FILL_S / parallel)
    deeper = min(_DEEPER, deepest(plan.placement.n_ctx, options), quick) // 256 * 256
    return replace(options, depths=(0, deeper)) if deeper > 0 else options


class _Line:
    """One line on a terminal, redrawn; nothing elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()

    def show(self, what: str, fraction: float) -> None:
        """Draw a step."""
        if self._is_terminal:
            text = f"{100 * fraction:3.0f} %  {what}"[: shutil.get_terminal_size().columns - 1]
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the line away."""
        if self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


# --- JSON ---------------------------------------------------------------------------------------------------------------


def _document(request: LoadRequest, plan: Plan, options: BenchOptions, report: BenchReport) -> dict[str, object]:
    """The `bench` document of design section 4.2. The two speeds on top are those of the first depth."""
    first = report.depths[0] if report.depths else DepthResult(0, None, None)
    loaded = report.loaded
    return {
        "model": request.name,
        "quant": request.quant,
        "path": request.path,
        "architecture": loaded.architecture,
        "engine_version": loaded.engine_version,
        "threads": loaded.threads or request.placement.threads,
        "prompt_tokens": options.prompt_tokens,
        "decode_tokens": options.decode_tokens,
        "parallel": options.parallel,
        "repeat": options.repeat,
        "greedy": options.is_greedy,
        "prefill_tokens_s": first.prefill.median if first.prefill else None,
        "decode_tokens_s": first.decode.median if first.decode else None,
        "load_seconds": loaded.load_seconds,
        "cached_share": report.cached_share,
        "gpu_layers": loaded.gpu_layers,
        "drafting": loaded.drafting,
        "memory": {"predicted": _memory_json(plan.memory), "actual": _memory_json(loaded.memory)},
        "depths": [
            {"depth": d.depth, "prefill": _rate_json(d.prefill), "decode": _rate_json(d.decode)} for d in report.depths
        ],
        "energy_sources": list(report.energy_sources),
        "predicted_speed": to_json(plan.speed),
        "placement": to_json(request.placement),
        "notes": list(loaded.notes),
        "stopped": report.was_stopped,
    }


def _memory_json(memory: MemoryUse) -> dict[str, object]:
    devices = [{**to_json(d), "total_bytes": d.total_bytes} for d in memory.devices]
    return {"devices": devices, "total_bytes": memory.total_bytes, "source": memory.source}


def _rate_json(found: Rate | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "tokens_s": found.median,
        "spread": found.spread,
        "runs": list(found.runs),
        "tokens_per_joule": found.tokens_per_joule,
    }


# --- text ---------------------------------------------------------------------------------------------------------------


def _lines(request: LoadRequest, plan: Plan, options: BenchOptions, report: BenchReport) -> list[str]:
    loaded = report.loaded
    cached = report.cached_share
    where = "" if cached is None else f", {cached:.0%} of the file was in the page cache"
    at_once = f", {options.parallel} answers at once" if options.parallel > 1 else ""
    threads = loaded.threads or request.placement.threads
    lines = [
        f"{request.name} {request.quant}: {plan.summary}; {threads} threads{at_once}",
        f"Loaded in {loaded.load_seconds:.1f} s{where}.",
        "",
        _memory_table(plan.memory, loaded.memory),
        "",
        _speed_table(options, report),
    ]
    if quoted := _against_plan(plan, options, report):
        lines += ["", quoted]
    if loaded.drafting:
        lines.append(
            f"Note: {loaded.drafting} is loaded and in the memory above, but guesses nothing here: nobody can guess random text. "
            "What it gains in true answers: launcher chat --draft ... --stats"
        )
    lines += [f"Note: {note}" for note in loaded.notes]
    return [*lines, "Stopped: not everything was measured."] if report.was_stopped else lines


def _memory_table(planned: MemoryUse, actual: MemoryUse) -> str:
    """The engine's own figures, by kind and place: plans call a card by its name, the engine by its own."""
    rows: list[tuple[str, str, str, str]] = []
    for kind in ("gpu", "host"):
        before, after = ([d for d in m.devices if d.kind == kind] for m in (planned, actual))
        for i in range(max(len(before), len(after))):
            a = before[i] if i < len(before) else None
            b = after[i] if i < len(after) else None
            name = (a or b or before[0]).name
            off = f"{(_books(b) - _books(a)) / 2**20:+,.1f} MiB" if a and b else ""
            rows.append((name, gib(_books(a), 2) if a else "-", gib(_books(b), 2) if b else "-", off))
    return table(("Memory", "predicted", "actual", ""), rows, frozenset({1, 2, 3}))


def _books(device: DeviceMemory) -> int:
    """Without what drivers and the process take beside: only some systems tell that after a load."""
    return device.total_bytes - device.unaccounted_bytes


def _speed_table(options: BenchOptions, report: BenchReport) -> str:
    has_energy = bool(report.energy_sources)
    rows: list[tuple[str, ...]] = []
    for found in report.depths:
        for name, speed in (
            (f"prefill {whole(options.prompt_tokens)}", found.prefill),
            (f"decode {whole(options.decode_tokens)}", found.decode),
        ):
            if speed is not None:
                joule = speed.tokens_per_joule
                energy = (f"{joule:.3g}" if joule else "-",) if has_energy else ()
                rows.append((name, whole(found.depth), f"{speed.median:.2f}", f"{speed.spread:.1%}", *energy))
    header = ("Speed", "depth", "tokens/s", "spread", *(("tokens/J",) if has_energy else ()))
    return table(header, rows, frozenset(range(1, len(header))))


def _against_plan(plan: Plan, options: BenchOptions, report: BenchReport) -> str:
    """The plan's decode speed beside the measured one; plans are about one answer at a time."""
    measured = [(d.depth, d.decode) for d in report.depths if d.decode]
    if not measured or options.parallel > 1:
        return ""
    depth, found = min(measured, key=lambda m: abs(m[0] - _QUOTED_AT))
    assert found is not None  # noqa: S101 - only measured ones are looked at
    s = plan.speed
    off = found.median / s.decode_tokens_s - 1
    return (
        f"Planned: {rate(s.decode_tokens_s)} tokens/s (likely {rate(s.decode_low)}–{rate(s.decode_high)}, {s.basis}) "
        f"at a depth of {whole(_QUOTED_AT)}; measured {rate(found.median)} at {whole(depth)}: {off:+.0%}."
    )


def _count(text: str) -> int:
    return _number(text, 1)


def _depth(text: str) -> int:
    return _number(text, 0)


def _number(text: str, least: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= 10**7:
        raise argparse.ArgumentTypeError(f"a number of {least} or more is needed")
    return int(text)
