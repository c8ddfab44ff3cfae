"""How a plan sits on the machine, as a kind and its numbers; words for it are in words.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from launcher.core.plans import DeviceMemory, Plan
from launcher.core.units import GIB

SLOWEST_TOKENS_S = 1.0
"""Below this rate a model does not count as running on the PC."""

_TIGHT_BYTES = 4 * GIB  # as the planner's warning
_TIGHT_FROM_BYTES = GIB


class FitKind(Enum):
    """Where the bytes of a plan go, best first."""

    ALL_ON_CARD = "all_on_card"
    SOME_LAYERS_ON_CARD = "some_layers_on_card"
    CARD_AND_RAM = "card_and_ram"
    ALL_IN_RAM = "all_in_ram"
    RAM_NEARLY_FULL = "ram_nearly_full"
    PARTLY_FROM_DISK = "partly_from_disk"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Fit:
    """The kind and the numbers its words need.

    Attributes:
        layers_on_card: of `layers`, without the output matrix.
        n_cards: graphics devices that hold a part of the model.
        spare_bytes: RAM left (RAM_NEARLY_FULL) or memory missing (TOO_LARGE).
    """

    kind: FitKind
    layers_on_card: int
    layers: int
    n_cards: int
    spare_bytes: int = 0


def fit_of(plan: Plan) -> Fit:
    """Read a plan's placement and memory."""
    place = plan.placement
    devices = plan.memory.devices
    cards = [d for d in devices if d.kind == "gpu" and d.total_bytes]
    # llama.cpp offloads the output matrix first and counts it as a layer.
    on_card = min(plan.n_layer, max(0, place.n_gpu_layers - 1)) if cards else 0

    def fit(kind: FitKind, spare_bytes: int = 0) -> Fit:
        return Fit(kind, on_card, plan.n_layer, len(cards), spare_bytes)

    if not plan.fits:
        return fit(FitKind.TOO_LARGE, plan.missing_bytes)
    if plan.paged_bytes:
        return fit(FitKind.PARTLY_FROM_DISK)
    tight = next((d for d in devices if d.kind != "gpu" and _is_nearly_full(d)), None)
    if tight is not None:
        return fit(FitKind.RAM_NEARLY_FULL, tight.left_bytes)
    if not on_card:
        return fit(FitKind.ALL_IN_RAM)
    if on_card < plan.n_layer:
        return fit(FitKind.SOME_LAYERS_ON_CARD)
    return fit(FitKind.CARD_AND_RAM if place.expert_layers_on_cpu else FitKind.ALL_ON_CARD)


def runs(plan: Plan) -> bool:
    """It fits and answers at a speed that can be called running."""
    return plan.fits and plan.speed.decode_tokens_s >= SLOWEST_TOKENS_S


def _is_nearly_full(host: DeviceMemory) -> bool:
    """Little RAM is left, and this model is why."""
    return host.free_bytes is not None and host.total_bytes >= _TIGHT_FROM_BYTES and host.left_bytes < _TIGHT_BYTES
