"""Computers that can be bought, smallest first in each kind: what `launcher plan --what-hardware` chooses from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from launcher.core.machine import Machine
from launcher.core.units import GIB
from launcher.hardware.presets import described_machine, preset_gpus
from launcher.planner.what_if import Choice

_DESKTOP = tuple(n * GIB for n in (8, 16, 32, 48, 64, 96, 128, 192, 256))
_SERVER = tuple(n * GIB for n in (64, 128, 256, 384, 512, 768, 1024, 1536))

# Smallest first: by memory, then by its speed.
_ONE_CARD = (
    "GTX 1650",
    "GTX 1660 Ti",
    "RTX 4060",
    "RTX 5060",
    "RTX 3060 12 GB",
    "RTX 5070",
    "RTX 4060 Ti 16 GB",
    "RTX 5060 Ti 16 GB",
    "RTX 5070 Ti",
    "RX 7900 XT",
    "RX 7900 XTX",
    "RTX 3090",
    "RTX 4090",
    "RTX 5090",
)
_TWO_CARDS = ("2x RTX 3060 12 GB", "2x RTX 5060 Ti 16 GB", "2x RTX 3090", "2x RTX 4090", "2x RTX 5090")
_WORKSTATION = (
    "RTX 6000 Ada Generation",
    "RTX PRO 6000 Blackwell Workstation Edition",
    "2x RTX PRO 6000 Blackwell Workstation Edition",
    "4x RTX PRO 6000 Blackwell Workstation Edition",
)
_DATA_CENTRE = ("H100 80GB HBM3", "2x H100 80GB HBM3", "4x H100 80GB HBM3", "8x H100 80GB HBM3", "8x H200", "8x B200")
_APPLE = {"M4": (16, 24, 32), "M4 Pro": (24, 48, 64), "M4 Max": (36, 48, 64, 128), "M3 Ultra": (96, 256, 512)}


def shops() -> tuple[tuple[str, Sequence[Choice]], ...]:
    """Kinds of computers and what can be had of each, smallest first."""
    desktop = [_processor(f"Desktop, {ram}", _DESKTOP, ram) for ram in ("DDR4-3200", "DDR5-5600")]
    server = [_processor(f"Server, {ram}", _SERVER, ram) for ram in ("DDR4-3200, 8 channels", "DDR5-4800, 12 channels")]
    return (
        ("no graphics card", desktop),
        ("server processor", server),
        ("one card", [_cards(n, _DESKTOP) for n in _ONE_CARD]),
        ("two cards", [_cards(n, _DESKTOP) for n in _TWO_CARDS]),
        ("workstation cards", [_cards(n, _SERVER, "DDR5-4800, 8 channels") for n in _WORKSTATION]),
        ("data centre", [_cards(n, _SERVER, "DDR5-4800, 8 channels") for n in _DATA_CENTRE]),
        ("Apple", [_cards(n, tuple(g * GIB for g in sizes)) for n, sizes in _APPLE.items()]),
    )


def _processor(name: str, ram_bytes: tuple[int, ...], ram_kind: str) -> Choice:
    return Choice(name, partial(_built, "", ram_kind), ram_bytes)


def _cards(name: str, ram_bytes: tuple[int, ...], ram_kind: str | None = None) -> Choice:
    return Choice(name, partial(_built, name, ram_kind), ram_bytes)


def _built(cards: str, ram_kind: str | None, ram_bytes: int) -> Machine:
    return described_machine(preset_gpus(cards) if cards else (), ram_bytes, ram_kind)
