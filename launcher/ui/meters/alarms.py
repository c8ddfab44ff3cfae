"""What is wrong with a load, in words with numbers: the processor does the card's work, or video memory spills into RAM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from launcher.core.errors import NextStep
from launcher.core.generation import Loaded
from launcher.core.machine import Sample
from launcher.core.plans import Plan, layers_on_gpu
from launcher.core.units import gib, rate
from launcher.core.words import joined

translate = QCoreApplication.translate

_SPILL_FROM_BYTES = 256 * 2**20
_SPILL_FROM_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something the user should know about a running load. `is_bad`: it stays until the user has read it."""

    what: str
    why: str
    steps: tuple[NextStep, ...]
    is_bad: bool = False


def fallback_alarm(loaded: Loaded, predicted: Plan | None, card: str, intended: Plan | None = None) -> Alarm | None:
    """Less of the model is on the card than was meant to be.

    The engine put fewer layers there than it was told to, or there was no memory and the processor does all of it.

    Args:
        loaded: what the engine reports.
        predicted: the plan it was given.
        card: name of the graphics card.
        intended: the plan before anything had to be given up.
    """
    told = min(loaded.placement.n_gpu_layers, loaded.n_layer + 1)
    wanted = min(intended.placement.n_gpu_layers, loaded.n_layer + 1) if intended is not None else told
    planned = max(told, wanted) if loaded.gpu_layers == 0 else told
    if loaded.gpu_layers >= planned:
        return None
    why = translate("Alarms", "Planned: {planned} of {all} layers on {card}. Actual: {actual}.").format(
        planned=layers_on_gpu(planned, loaded.n_layer),
        all=loaded.n_layer,
        card=card,
        actual=layers_on_gpu(loaded.gpu_layers, loaded.n_layer),
    )
    again = NextStep(translate("Alarms", "Load again"), "load_again")
    if loaded.gpu_layers == 0:
        what = translate("Alarms", "This answer is being made by the processor, not by your graphics card")
        smaller = NextStep(translate("Alarms", "Choose a smaller model"), "choose_model")
        return Alarm(what, f"{why} {_expected(predicted, intended or predicted, told)}".strip(), (again, smaller), True)
    what = translate("Alarms", "Less of the model is on your graphics card than planned")
    return Alarm(what, f"{why} {_expected(None, predicted, told)}".strip(), (again,))


def _expected(predicted: Plan | None, intended: Plan | None, told: int) -> str:
    """What to expect of the speed; a plan for the processor knows it, the engine's own fallback does not."""
    if intended is None:
        return ""
    planned = rate(intended.speed.decode_tokens_s)
    if predicted is None or told:
        return translate("Alarms", "Expect less than the planned {rate} tokens/s.").format(rate=planned)
    words = translate("Alarms", "Expect about {now} instead of {planned} tokens/s.")
    return words.format(now=rate(predicted.speed.decode_tokens_s), planned=planned)


def load_notice(notes: Sequence[str], *, is_less: bool) -> Alarm | None:
    """What a load has to say: what had to be given up and why (`is_less`), and the engine's own notes."""
    if not notes:
        return None
    what = (
        translate("Alarms", "Loaded with less than planned")
        if is_less
        else translate("Alarms", "Notes about this load")
    )
    return Alarm(what, joined(*notes), (NextStep(translate("Alarms", "Load again"), "load_again"),) if is_less else ())


def spilled_bytes(loaded: Loaded, sample: Sample) -> int:
    """How much of what the engine allocated on the cards is not in video memory; 0 when that cannot be told.

    Our own share where the driver tells it, else everything in use, which can only be more.
    """
    if not sample.gpus:
        return 0
    expected = sum(d.weights_bytes + d.kv_bytes + d.compute_bytes for d in loaded.memory.devices if d.kind == "gpu")
    used = 0
    for gpu in sample.gpus:
        on_card = gpu.vram_used_by_app_bytes if gpu.vram_used_by_app_bytes is not None else gpu.vram_used_bytes
        if on_card is None:
            return 0
        used += on_card
    missing = expected - used
    return missing if missing > max(_SPILL_FROM_BYTES, _SPILL_FROM_SHARE * expected) else 0


def spill_alarm(size_bytes: int, rate_tokens_s: float | None, predicted: Plan | None) -> Alarm:
    """Video memory spills into RAM."""
    why = translate(
        "Alarms", "The driver moved {size} of the model to RAM, because another program needs the graphics card."
    )
    why = why.format(size=gib(size_bytes))
    if rate_tokens_s is not None and predicted is not None and rate_tokens_s < predicted.speed.decode_low:
        slower = translate("Alarms", "{actual} instead of {planned} tokens/s.")
        why += " " + slower.format(actual=rate(rate_tokens_s), planned=rate(predicted.speed.decode_tokens_s))
    what = translate("Alarms", "Video memory spills into RAM: {size}").format(size=gib(size_bytes))
    return Alarm(what, why, (NextStep(translate("Alarms", "Plan and load again"), "load_again"),))
