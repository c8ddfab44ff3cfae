"""Sentences of a recommendation: what each alternative gains and costs, and why something larger is not offered."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.models import Quant, Variant
from launcher.core.plans import Goal, Rejection
from launcher.core.units import gb, gib, rate, whole
from launcher.core.words import joined, say
from launcher.planner import words
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
        return {
            Goal.SMARTEST.value: say("The recommended model is also the smartest that runs well here."),
            Goal.FASTEST.value: say("The recommended model is also the fastest that runs well here."),
        }.get(role, say("The recommended model is also the biggest that runs well here."))
    if role == Goal.SMARTEST.value:
        return _smartest(own, recommended, same_model=same_model)
    if role == Goal.FASTEST.value:
        return _fastest(own, recommended, same_model=same_model)
    return _biggest(own)


def _longest(own: Side) -> str:
    if own.context >= _BOOK_TOKENS:
        return say("{n} tokens: a whole book at once.", n=whole(own.context))
    pages = round(own.context * _WORDS_PER_TOKEN / _WORDS_PER_PAGE, -1)
    return say("{n} tokens: about {pages} pages.", n=whole(own.context), pages=f"{pages:.0f}")


def _smartest(own: Side, recommended: Side, *, same_model: bool) -> str:
    a, b = own.variant.benchmarks.get("GPQA_D"), recommended.variant.benchmarks.get("GPQA_D")
    if same_model:
        gain = say("Least loss of this model: {loss}", loss=_loss(own))
    elif a is not None and b is not None and a > b:
        gain = say("Best science score here (GPQA {own}, not {other})", own=f"{a:.1f}", other=f"{b:.1f}")
    else:
        gain = say(
            "Best score here ({own}, not {other} of 100)", own=f"{own.quality:.0f}", other=f"{recommended.quality:.0f}"
        )
    return _with_cost(gain, recommended.speed / own.speed)


def _fastest(own: Side, recommended: Side, *, same_model: bool) -> str:
    times = own.speed / recommended.speed
    gain = (
        say("{n}\u00d7 faster", n=f"{times:.0f}")
        if times >= 1.95
        else say("{n} % faster", n=f"{(times - 1) * 100:.0f}")
    )
    if same_model:
        return say("{gain}: a smaller file of the same model, {loss}.", gain=gain, loss=_loss(own))
    a, b = own.variant.benchmarks.get("AIME24"), recommended.variant.benchmarks.get("AIME24")
    if a is not None and b is not None and a > b:
        return say(
            "{gain}, better at contest maths ({own}, not {other}), knows less.",
            gain=gain,
            own=f"{a:.1f}",
            other=f"{b:.1f}",
        )
    return say(
        "{gain}, but weaker answers (score {own}, not {other} of 100).",
        gain=gain,
        own=f"{own.quality:.0f}",
        other=f"{recommended.quality:.0f}",
    )


def _biggest(own: Side) -> str:
    size = f"{own.variant.params_total / 1e9:.0f}B"
    if own.loss >= 0.03:
        bits = f"{own.quant.bits_per_weight:.0f}"
        return (
            say("{size} squeezed to {bits} bits: clearly more mistakes than the full model.", size=size, bits=bits)
            if own.loss >= 0.10
            else say(
                "{size} squeezed to {bits} bits: somewhat more mistakes than the full model.", size=size, bits=bits
            )
        )
    active = own.variant.params_active
    if active < own.variant.params_total:
        return say(
            "{size} parameters, {active} of them active per token, {loss}.",
            size=size,
            active=f"{active / 1e9:.0f}B",
            loss=_loss(own),
        )
    return say("{size} parameters, {loss}.", size=size, loss=_loss(own))


def _with_cost(gain: str, times: float) -> str:
    """The sentence, with how much slower it is where that is notable."""
    if times >= 1.95:
        return say("{gain}, but {n}\u00d7 slower.", gain=gain, n=f"{times:.0f}")
    if times >= _NOTABLE:
        return say("{gain}, but {n} % slower.", gain=gain, n=f"{(1 - 1 / times) * 100:.0f}")
    return say("{words}.", words=gain)


def _loss(own: Side) -> str:
    return words.loss(own.quant.quality.words)


def rejection(variant: Variant, smallest: Quant, room_bytes: int, slow_tokens_s: float | None) -> Rejection:
    """Why no file of a model is offered here."""
    if slow_tokens_s is not None:
        return Rejection(variant.id, say("It would answer at {rate} tokens/s.", rate=rate(slow_tokens_s)))
    if smallest.file_bytes <= room_bytes:
        why = say(
            "Its smallest file, {quant} with {size}, leaves too little of the {room} that can be used here for the KV "
            "cache and buffers.",
            quant=smallest.name,
            size=gb(smallest.file_bytes),
            room=gib(room_bytes),
        )
        return Rejection(variant.id, why)
    why = say(
        "Its smallest file, {quant} with {size}, needs {missing} more memory than the {room} that can be used here.",
        quant=smallest.name,
        size=gb(smallest.file_bytes),
        missing=gib(smallest.file_bytes - room_bytes),
        room=gib(room_bytes),
    )
    return Rejection(variant.id, why)


def no_disk(variant: Variant, smallest: Quant, free_bytes: int) -> Rejection:
    """Why no file of a model can be downloaded."""
    why = say(
        "Its smallest file, {quant}, needs {size} of disk; {free} are free.",
        quant=smallest.name,
        size=gb(smallest.file_bytes),
        free=gb(free_bytes),
    )
    return Rejection(variant.id, why)


def why_not_bigger(variant: Variant, quant: Quant, found: Found, speed_now: float) -> str:
    """The next model up, with what it needs, what fits and how fast it would be."""
    loader, layout = found.loader, found.layout
    seen = loader.view
    need = layout.ram_bytes + sum(b.total for b in layout.gpus)
    start = say(
        "The next model up, {name}, needs {need} ({quant}).", name=variant.short_name, need=gib(need), quant=quant.name
    )
    on_cards = sum(b.total for b in layout.gpus)
    if not found.fits:
        return joined(start, say("{room} can be used here.", room=gib(seen.room_bytes)))
    times = say("{there} instead of {here} tokens/s", there=rate(found.decode_tokens_s), here=rate(speed_now))
    if found.disk_s:
        rest = say(
            "{size} of it would be read from the disk for every answer: {times}.",
            size=gib(layout.missing_host_bytes),
            times=times,
        )
    elif seen.gpus and layout.host.weights > loader.rest.token_embd_bytes and not seen.unified:
        slower = max(d.bandwidth_bytes_s for d in loader.devices) / loader.host_device.bandwidth_bytes_s
        fit = (
            say("Only {size} of it fit on your card;", size=gib(on_cards))
            if len(seen.gpus) == 1
            else say("Only {size} of it fit on your cards;", size=gib(on_cards))
        )
        rest = say(
            "{fit} the other {size} would sit in RAM, which is {n} times slower to read: {times}.",
            fit=fit,
            size=gib(need - on_cards),
            n=f"{slower:.0f}",
            times=times,
        )
    else:
        rest = say("It would answer more slowly: {times}.", times=times)
    return joined(start, rest)
