"""The machine a command works for: described by a file or by its cards and RAM, or this one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from launcher.core.errors import UserError
from launcher.core.machine import Machine, machine_from_file
from launcher.core.units import GIB

_USUAL_RAM_BYTES = 32 * GIB


def add_machine_option(parser: argparse.ArgumentParser) -> None:
    """--machine FILE, or --gpu NAME and --ram GIB."""
    group = parser.add_argument_group("another machine than this one")
    add = group.add_argument
    add("--machine", metavar="FILE", help="that this JSON file describes (launcher hardware --json writes one)")
    add(
        "--gpu",
        metavar="NAME",
        help='with these cards: "RTX 3060", "2x RTX 3090", "RTX 4090 + RTX 3060"; none: no card',
    )
    add("--ram", type=_gib, metavar="GIB", help="with so much RAM (default with --gpu: 32)")
    add(
        "--ram-kind", metavar="KIND", help='of this kind: "DDR5-5600", "DDR4-3200, 8 channels" (default: the usual one)'
    )


def is_described(args: argparse.Namespace) -> bool:
    """The machine is another one than this."""
    return any(value is not None for value in (args.machine, args.gpu, args.ram, args.ram_kind))


def chosen_machine(args: argparse.Namespace) -> Machine:
    """The machine of the options, or this one as it is now, with what was measured on it.

    Raises:
        UserError: the file does not describe a machine; no card or RAM is called so.
    """
    if args.machine:
        return machine_from_file(Path(args.machine))
    return _described(args.gpu, args.ram, args.ram_kind) if is_described(args) else this_machine()


def this_machine() -> Machine:
    """This computer as it is now, with what was measured on it."""
    from launcher import hardware
    from launcher.engine.devices import engine_info
    from launcher.services.this_machine import machine_of

    try:
        info = engine_info()
    except UserError as error:
        print(f"The engine's devices are not known: {error}", file=sys.stderr)
        return hardware.probe()
    return machine_of(info)


def _described(cards: str | None, ram_bytes: int | None, ram_kind: str | None) -> Machine:
    from launcher.hardware.presets import described_machine, preset_gpus

    gpus = preset_gpus(cards) if cards and cards.strip().lower() != "none" else ()
    return described_machine(gpus, ram_bytes or _USUAL_RAM_BYTES, ram_kind)


def _gib(text: str) -> int:
    try:
        return int(float(text) * GIB)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("RAM is a number of GiB: 64") from None
