"""`launcher plan`: memory by device, speed and reasons of one model or local file."""

from __future__ import annotations

import argparse
from pathlib import Path

from launcher import catalog, planner
from launcher.catalog import gguf
from launcher.catalog.identify import identify
from launcher.cli.machines import add_machine_option, chosen_machine
from launcher.cli.output import print_json
from launcher.cli.plan_text import plan_lines
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Machine
from launcher.core.models import Quant, Variant
from launcher.core.plans import Goal, Plan, Wishes, plan_to_json
from launcher.planner.memory import KV_TYPE_BYTES

_DEFAULT_QUANTS = ("Q4_K_M", "UD-Q4_K_XL", "MXFP4")


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add = parser.add_argument
    add("model", help="a model of the catalog, a repository id or a local GGUF file")
    add("--quant", metavar="Q", help="quantisation; the middle one when left out")
    add("--ctx", type=int, metavar="N", help="context in tokens")
    add("--goal", type=Goal, choices=list(Goal), default=Goal.BALANCED, metavar="GOAL", help=", ".join(Goal))
    add_machine_option(parser)
    levers = parser.add_argument_group("levers fixed by hand; the rest is searched")
    levers.add_argument(
        "--gpu-layers", type=int, metavar="N", help="layers on GPUs; one more than all takes the output"
    )
    levers.add_argument("--cpu-moe", type=int, metavar="N", help="routed experts of the first N layers stay in RAM")
    levers.add_argument("--tensor-split", type=_shares, metavar="A,B", help="how GPUs share the layers")
    levers.add_argument("--kv", choices=sorted(KV_TYPE_BYTES), metavar="TYPE", help="KV cache: f16, q8_0, q4_0, ...")
    levers.add_argument("--batch", type=int, metavar="N")
    levers.add_argument("--ubatch", type=int, metavar="N")
    levers.add_argument("--threads", type=int, metavar="N")


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0 also when it does not fit, because that is an answer."""
    wishes = Wishes(
        goal=args.goal,
        context=args.ctx,
        n_gpu_layers=args.gpu_layers,
        expert_layers_on_cpu=args.cpu_moe,
        tensor_split=args.tensor_split,
        kv_type=args.kv,
        n_batch=args.batch,
        n_ubatch=args.ubatch,
        threads=args.threads,
    )
    path = Path(args.model)
    is_file = path.suffix == ".gguf" or path.is_file()
    plan = _of_file(path, args, wishes) if is_file else _of_catalog(args, wishes)
    if args.json:
        print_json(plan_to_json(plan))
    else:
        print("\n".join(plan_lines(plan)))
    return 0


def _of_catalog(args: argparse.Namespace, wishes: Wishes) -> Plan:
    variant = catalog.load().find(args.model)
    quant = _quant(variant, args.quant)
    return planner.plan(chosen_machine(args), variant, quant, wishes)


def _of_file(path: Path, args: argparse.Namespace, wishes: Wishes) -> Plan:
    headers = gguf.read_set(path)
    what = identify(catalog.load(), path, headers)
    machine: Machine = chosen_machine(args)
    size = sum(h.file_bytes for h in headers)
    return planner.plan_file(machine, what.facts, str(path), what.name, what.quant_name or "unknown", size, wishes)


def _quant(variant: Variant, name: str | None) -> Quant:
    """The quantisation asked for, or the one most people take.

    Raises:
        UserError: "unknown_quant", with the names; "not_loadable" for a model without files.
    """
    if not variant.quants:
        raise UserError("not_loadable", f"{variant.name} cannot be planned.", variant.why_not)
    if name is None:
        usual = (q for wanted in _DEFAULT_QUANTS if (q := variant.quant(wanted)))
        return next(usual, variant.quants[len(variant.quants) // 2])
    found = variant.quant(name)
    if found is None:
        offered = ", ".join(q.name for q in variant.quants)
        steps = (NextStep(f"List them: launcher models {variant.id}"),)
        raise UserError(
            "unknown_quant", f"{variant.name} is not offered as {name[:40]}.", f"Offered: {offered}.", steps
        )
    return found


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("shares look like 3,1") from None
