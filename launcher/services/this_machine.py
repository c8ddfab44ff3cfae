"""This computer with everything that was ever measured on it: one reading for the window, the command line and a load."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from launcher.core.machine import Machine

if TYPE_CHECKING:
    from launcher.engine.devices import EngineInfo


def machine_of(info: EngineInfo) -> Machine:
    """What is here and free now (20-100 ms), with its calibration and what loads took beside the engine's figures."""
    from launcher import hardware
    from launcher.engine.calibration_store import calibration_for
    from launcher.engine.load_memory import unaccounted_bytes

    return replace(
        hardware.probe(info.devices), calibration=calibration_for(info), unaccounted_bytes=unaccounted_bytes(info)
    )
