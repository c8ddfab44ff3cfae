"""`launcher plan`: memory by device, speed and reasons of one model, file or link; on this machine or any other."""

from __future__ import annotations

import argparse
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from launcher import catalog, planner
from launcher.catalog import builtin
from launcher.cli.levers import add_lever_options, wishes_of
from launcher.cli.machines import add_machine_option, chosen_machine, is_described
from launcher.cli.output import print_json
from launcher.cli.plan_text import plan_lines, verified_lines
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Machine
from launcher.core.models import Quant, QuantQuality, Variant
from launcher.core.plans import Plan, Wishes, plan_to_json
from launcher.services import exact, linked
from launcher.services.exact import Headers, Verified


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add = parser.add_argument
    add("model", help="a model of the catalog, a local GGUF file, a link to one, or OWNER/REPO")
    add("--quant", metavar="Q", help="quantisation; a usual one when left out")
    add(
        "--exact", action="store_true", help="read the file's own header, and let the engine itself check the placement"
    )
    add("--table", action="store_true", help="every quantisation from full precision to 1 bit on the machine")
    add("--what-hardware", action="store_true", help="the smallest hardware that reaches --min-speed")
    add(
        "--min-speed", type=float, default=10.0, metavar="N", help="tokens per second for --what-hardware (default: 10)"
    )
    add_lever_options(parser)
    add_machine_option(parser)


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0 also when it does not fit, because that is an answer."""
    if args.table or args.what_hardware:
        from launcher.cli import plan_tables

        variant = catalog.load().find(args.model)
        quant = _quant(variant, args.quant) if args.quant else None
        return plan_tables.run_ladder(args, variant) if args.table else plan_tables.run_needs(args, variant, quant)
    subject = _subject(args)
    machine, wishes = chosen_machine(args), wishes_of(args)
    if subject.variant is not None and subject.variant.id == builtin.MODEL_ID:
        wishes = builtin.wishes_for(wishes)
    if args.exact:
        _print_exact(args, subject, machine, wishes)
    elif args.json:
        print_json(plan_to_json(subject.plan(machine, wishes)))
    else:
        print("\n".join(plan_lines(subject.plan(machine, wishes))))
    return 0


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is planned. `variant` None: a file on the disk that is no model of the catalog; `headers` of a file, at `path`."""

    variant: Variant | None
    quant: Quant
    name: str
    path: str = ""
    headers: Headers | None = None

    def plan(self, machine: Machine, wishes: Wishes, quant: Quant | None = None) -> Plan:
        q = quant or self.quant
        if self.variant is not None:
            return planner.plan(machine, self.variant, q, wishes)
        assert q.facts is not None  # noqa: S101 - of a file's own header
        return planner.plan_file(machine, q.facts, self.path, self.name, q.name, q.file_bytes, wishes)


def _print_exact(args: argparse.Namespace, subject: _Subject, machine: Machine, wishes: Wishes) -> None:
    stop = threading.Event()
    headers = subject.headers or _read_headers(subject, stop)
    own = exact.with_header(subject.quant, headers)
    print("Asking the engine …", file=sys.stderr, flush=True)
    found: Verified = exact.plan_exactly(
        lambda asked: subject.plan(machine, asked, own), wishes, headers.files, stop, is_what_if=is_described(args)
    )
    if args.json:
        document = plan_to_json(found.after)
        document["predicted_memory"] = plan_to_json(found.before)["memory"]
        document["header_fetched_bytes"] = headers.fetched_bytes
        print_json(document)
    else:
        print("\n".join((*plan_lines(found.after), "", *verified_lines(found, headers.fetched_bytes))))


def _read_headers(subject: _Subject, stop: threading.Event) -> Headers:
    q = subject.quant
    path = exact.installed_path(subject.variant, q) if subject.variant else ""
    if not path:
        print(f"Reading the header of {subject.name} {q.name} …", file=sys.stderr, flush=True)
    return exact.read_headers(q.repo, q.name, q.revision, path, stop)


def _subject(args: argparse.Namespace) -> _Subject:
    name: str = args.model
    path = Path(name).expanduser()
    if path.is_file() or (path.suffix == ".gguf" and "://" not in name):
        return _of_file(path)
    if builtin.is_named(name):
        return _of_file(Path(builtin.require().path))
    known = catalog.load()
    try:
        variant = known.find(name)
    except UserError:
        if not linked.is_link(name):
            raise
        variant, quant = linked.read_linked(name if "://" in name or not args.quant else f"{name}:{args.quant}")
        return _Subject(variant, quant, variant.name)
    return _Subject(variant, _quant(variant, args.quant), variant.name)


def _of_file(path: Path) -> _Subject:
    """A file on the disk: its own header gives the facts, the catalog what is known of the model."""
    from launcher.catalog.identify import identify

    headers = exact.read_headers("", "", None, str(path))
    what = identify(catalog.load(), path, headers.parsed)
    size = sum(f.total_bytes for f in headers.files)
    known = what.quant
    quant = Quant(
        name=what.quant_name or "unknown",
        repo="",
        files=(),
        file_bytes=size,
        size_basis="published",
        bits_per_weight=round(size * 8 / what.variant.params_total, 2) if what.variant else 0.0,
        facts=what.facts,
        quality=known.quality if known else QuantQuality("unknown"),
    )
    return _Subject(what.variant, quant, what.name, str(path), headers)


def _quant(variant: Variant, name: str | None) -> Quant:
    """The quantisation asked for, or the one most people take.

    Raises:
        UserError: "unknown_quant", with the names; "not_loadable" for a model without files.
    """
    if not variant.quants:
        raise UserError("not_loadable", f"{variant.name} cannot be planned.", variant.why_not)
    if name is None:
        usual = (q for wanted in catalog.USUAL_QUANTS if (q := variant.quant(wanted)))
        return next(usual, variant.quants[len(variant.quants) // 2])
    found = variant.quant(name)
    if found is None:
        offered = ", ".join(q.name for q in variant.quants)
        steps = (NextStep(f"List them: launcher models {variant.id}"),)
        raise UserError(
            "unknown_quant", f"{variant.name} is not offered as {name[:40]}.", f"Offered: {offered}.", steps
        )
    return found
