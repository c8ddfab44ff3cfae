"""The machine a command works for: described by a file, or this one."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from launcher.core.errors import UserError
from launcher.core.machine import Machine, machine_from_file


def add_machine_option(parser: argparse.ArgumentParser) -> None:
    """--machine FILE."""
    parser.add_argument("--machine", metavar="FILE", help="plan for the machine that this JSON file describes")


def chosen_machine(args: argparse.Namespace) -> Machine:
    """The machine of --machine, or this one as it is now, with what was measured on it.

    Raises:
        UserError: the file does not describe a machine.
    """
    if args.machine:
        return machine_from_file(Path(args.machine))
    from launcher import hardware
    from launcher.engine.calibration_store import calibration_for
    from launcher.engine.devices import engine_info

    try:
        info = engine_info()
    except UserError as error:
        print(f"The engine's devices are not known: {error}", file=sys.stderr)
        return hardware.probe()
    return replace(hardware.probe(info.devices), calibration=calibration_for(info))
