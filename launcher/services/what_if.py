"""What-if machines: computers that are not here, named by their cards and RAM, or described in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from launcher.core.machine import Machine, machine_from_file
from launcher.core.units import GIB


@dataclass(frozen=True, slots=True)
class MachineWish:
    """A computer to plan for: a file, or cards by name and RAM.

    Attributes:
        gpus: names as people say them ("RTX 3060 12 GB"); the same name twice for two cards.
        path: of a machine description; then the rest is not used.
    """

    gpus: tuple[str, ...] = ()
    ram_bytes: int = 0
    path: str = ""


# What people have or think of buying.
COMMON: tuple[MachineWish, ...] = (
    MachineWish(("RTX 3060 12 GB",), 32 * GIB),
    MachineWish(("RTX 4060 Ti 16 GB",), 64 * GIB),
    MachineWish(("RTX 4090",), 64 * GIB),
    MachineWish(("RTX 3090", "RTX 3090"), 128 * GIB),
    MachineWish(("RX 7900 XTX",), 64 * GIB),
    MachineWish(("M3 Max",), 64 * GIB),
    MachineWish((), 16 * GIB),
)


def build(wish: MachineWish) -> Machine:
    """The machine of a wish.

    Raises:
        UserError: the file does not describe a machine, or no card has such a name (with the nearest names).
    """
    if wish.path:
        return machine_from_file(Path(wish.path))
    from launcher.hardware.presets import described_machine, preset_gpu

    return described_machine([preset_gpu(name) for name in wish.gpus], wish.ram_bytes)
