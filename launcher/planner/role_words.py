"""Sentences of a recommendation: what each alternative gains and costs, and why something larger is not offered."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.models import Quant, Variant
from launcher.core.plans import Goal, Rejection
from launcher.core.units import gb, gib, rate, whole
from launcher.planner.layout import Loader
from launcher.planner.search import Found

_WORDS_PER_TOKEN = 0.75
_BOOK_TOKENS = 100_000
_WORDS_PER_PAGE = 400
_NOTABLE = 1.3


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison."""

    variant: Variant
    quant: Quant
    speed: float
    context: int
    quality: float
    loss: float


def reason(role: str, own: Side, recommended: Side) -> str:
    """One sentence: what the role's plan gains and costs against the recommended plan."""
    same_model = own.variant.id == recommended.variant.id
    if role == Goal.LONGEST_CONTEXT.value:
        return _longest(own)
    if same_model and own.quant.name == recommended.quant.name and own.quant.repo == recommended.quant.repo:
        return f"The recommended model is also the {role} that runs well here."
    if role == Goal.SMARTEST.value:
        return _smartest(own, recommended, same_model=same_model)
    if role == Goal.FASTEST.value:
        return _fastest(own, recommended, same_model=same_model)
    return _biggest(own)


def _longest(own: Side) -> str:
    if own.context >= _BOOK_TOKENS:
        return f"{whole(own.context)} tokens: a whole book at once."
    pages = round(own.context * _WORDS_PER_TOKEN / _WORDS_PER_PAGE, -1)
    return f"{whole(own.context)} tokens: about {pages:.0f} pages."


def _smartest(own: Side, recommended: Side, *, same_model: bool) -> str:
    a, b = own.variant.benchmarks.get("GPQA_D"), recommended.variant.benchmarks.get("GPQA_D")
    if same_model:
        gain = f"Least loss of this model: {own.quant.quality.words}"
    elif a is not None and b is not None and a > b:
        gain = f"Best science score here (GPQA {a:.1f}, not {b:.1f})"
    else:
        gain = f"Best score here ({own.quality:.0f}, not {recommended.quality:.0f} of 100)"
    return gain + _slower(own, recommended) + "."


def _fastest(own: Side, recommended: Side, *, same_model: bool) -> str:
    times = own.speed / recommended.speed
    gain = f"{times:.0f}\u00d7 faster" if times >= 1.95 else f"{(times - 1) * 100:.0f} % faster"
    if same_model:
        return f"{gain}: a smaller file of the same model, {own.quant.quality.words}."
    a, b = own.variant.benchmarks.get("AIME24"), recommended.variant.benchmarks.get("AIME24")
    if a is not None and b is not None and a > b:
        return f"{gain}, better at contest maths ({a:.1f}, not {b:.1f}), knows less."
    return f"{gain}, but weaker answers (score {own.quality:.0f}, not {recommended.quality:.0f} of 100)."


def _biggest(own: Side) -> str:
    size = f"{own.variant.params_total / 1e9:.0f}B"
    if own.loss >= 0.03:
        how = "clearly" if own.loss >= 0.10 else "somewhat"
        return f"{size} squeezed to {own.quant.bits_per_weight:.0f} bits: {how} more mistakes than the full model."
    active = own.variant.params_active
    used = f", {active / 1e9:.0f}B of them active per token" if active < own.variant.params_total else ""
    return f"{size} parameters{used}, {own.quant.quality.words}."


def _slower(own: Side, recommended: Side) -> str:
    times = recommended.speed / own.speed
    if times >= 1.95:
        return f", but {times:.0f}\u00d7 slower"
    return f", but {(1 - 1 / times) * 100:.0f} % slower" if times >= _NOTABLE else ""


def rejection(variant: Variant, smallest: Quant, room_bytes: int, slow_tokens_s: float | None) -> Rejection:
    """Why no file of a model is offered here."""
    if slow_tokens_s is not None:
        return Rejection(variant.id, f"It would answer at {rate(slow_tokens_s)} tokens/s.")
    if smallest.file_bytes <= room_bytes:
        why = (
            f"Its smallest file, {smallest.name} with {gb(smallest.file_bytes)}, leaves too little of the "
            f"{gib(room_bytes)} that can be used here for the KV cache and buffers."
        )
        return Rejection(variant.id, why)
    missing = smallest.file_bytes - room_bytes
    return Rejection(
        variant.id,
        f"Its smallest file, {smallest.name} with {gb(smallest.file_bytes)}, needs {gib(missing)} more memory than "
        f"the {gib(room_bytes)} that can be used here.",
    )


def why_not_bigger(variant: Variant, quant: Quant, loader: Loader, found: Found, speed_now: float) -> str:
    """The next model up, with what it needs, what fits and how fast it would be."""
    layout, seen = found.layout, loader.view
    need = layout.host.total + sum(b.total for b in layout.gpus)
    start = f"The next model up, {variant.short_name}, needs {gib(need)} ({quant.name})."
    on_cards = sum(b.total for b in layout.gpus)
    times = f"{rate(found.decode_tokens_s)} instead of {rate(speed_now)} tokens/s"
    if not found.fits:
        room = seen.ram_budget_bytes + (0 if seen.unified else sum(g.budget_bytes for g in seen.gpus))
        return f"{start} {gib(room)} can be used here."
    if found.disk_s:
        return f"{start} {gib(layout.missing_host_bytes)} of it would be read from the disk for every answer: {times}."
    if seen.gpus and layout.host.weights > loader.facts.token_embd_bytes and not seen.unified:
        slower = seen.gpus[0].device.bandwidth_bytes_s / loader.host_device.bandwidth_bytes_s
        cards = "your card" if len(seen.gpus) == 1 else "your cards"
        return (
            f"{start} Only {gib(on_cards)} of it fit on {cards}; the other {gib(need - on_cards)} would sit in RAM, "
            f"which is {slower:.0f} times slower to read: {times}."
        )
    return f"{start} It would answer more slowly: {times}."
