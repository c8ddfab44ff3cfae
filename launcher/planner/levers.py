"""What the search did to make a model fit or run faster, lever by lever, each with its gain and its cost in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from launcher.core.models import QuantQuality
from launcher.core.plans import Lever, Wishes
from launcher.core.units import gb, gib, rate, whole
from launcher.core.words import listed, say
from launcher.planner import pace, words
from launcher.planner.draft import Draft, can_draft_itself
from launcher.planner.machine_view import View
from launcher.planner.search import Found
from launcher.planner.wanted import DEFAULT_UBATCH
from launcher.planner.worth import PROMPT_TOKENS, TARGET_CONTEXT

_FULL_BITS = 16.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What was planned, and the machine as it was before cards were left out."""

    wishes: Wishes
    view: View
    quant: str
    file_bytes: int
    bits_per_weight: float | None
    quality: QuantQuality
    draft: Draft | None
    mtp_bytes: int


def pulled(found: Found, asked: Asked) -> tuple[Lever, ...]:
    """All levers in the order of the search; none where everything fits as it is."""
    makers = (_quantisation, _context, _kv_type, _layers, _experts, _split, _cap, _ubatch, _paging, _extras)
    return tuple(lever for make in makers for lever in make(found, asked))


def _quantisation(found: Found, asked: Asked) -> Iterator[Lever]:
    bits = asked.bits_per_weight
    if not bits or bits >= _FULL_BITS - 1:
        return
    full = asked.file_bytes * _FULL_BITS / bits
    on_cards = sum(g.budget_bytes for g in found.loader.view.gpus)
    if full <= (on_cards if _is_whole(found) else asked.view.room_bytes):
        return
    loss = asked.quality
    cost = say("{words} ({figure})", words=words.loss(loss.words), figure=loss.figure) if loss.figure else ""
    yield Lever(
        "quantisation",
        asked.quant,
        say("{size} instead of {full} at 16 bits", size=gb(asked.file_bytes), full=gb(full)),
        cost or words.loss(loss.words),
    )


def _context(found: Found, asked: Asked) -> Iterator[Lever]:
    s, loader = found.layout.setting, found.loader
    target = min(TARGET_CONTEXT, loader.facts.context_train)
    if asked.wishes.context is not None or s.n_ctx >= target:
        return
    long = loader.cache(target, s.kv_type, s.n_ubatch, s.kv_type_v)
    saved = loader.kv_bytes(long, 0, loader.n_layer) - found.layout.kv_bytes
    yield Lever(
        "context",
        say("{n} tokens", n=whole(s.n_ctx)),
        say("{size} less cache than with {n} tokens", size=gib(saved), n=whole(target)),
        say("the model could read {n} tokens", n=whole(loader.facts.context_train)),
    )


def _kv_type(found: Found, asked: Asked) -> Iterator[Lever]:
    s = found.layout.setting
    if asked.wishes.kv_type is not None or s.kv_type == "f16":
        return
    yield Lever(
        "kv_type",
        s.kv_type,
        say("{size} instead of {full} of cache", size=gib(found.layout.kv_bytes), full=gib(words.f16_bytes(found))),
        say("hardly any loss") if s.kv_type == "q8_0" else say("some loss in long answers"),
    )


def _layers(found: Found, asked: Asked) -> Iterator[Lever]:
    del asked
    loader, layout = found.loader, found.layout
    blocks = layout.setting.n_gpu_layers - 1
    if not layout.setting.n_gpu_layers or blocks >= loader.n_layer:
        return
    on_cards = sum(b.weights for b in layout.gpus)
    yield Lever(
        "layers",
        say("{n} of {all} layers", n=blocks, all=loader.n_layer),
        say("{size} of the model are on the graphics card", size=gib(on_cards)),
        _from_ram(found),
    )


def _experts(found: Found, asked: Asked) -> Iterator[Lever]:
    del asked
    s, loader = found.layout.setting, found.loader
    n = loader.expert_layers(s)
    if not n or not s.n_gpu_layers:
        return
    setting = say("experts of {n} of {all} layers in RAM", n=n, all=loader.n_layer)
    if s.boundary:
        parts = listed(*s.boundary)
        setting = say(
            "experts of {n} of {all} layers in RAM, of the last one only {parts}", n=n, all=loader.n_layer, parts=parts
        )
    gain = say("{size} less on the graphics card", size=gib(found.layout.host_routed))
    yield Lever("experts", setting, gain, _from_ram(found))


def _from_ram(found: Found) -> str:
    """What is read from RAM for every token, and how much slower that is."""
    loader, layout = found.loader, found.layout
    read = layout.host.weights - loader.rest.token_embd_bytes - layout.host_routed
    read += layout.host_routed * loader.used_share
    slower = words.fastest(loader, layout) / loader.host_device.bandwidth_bytes_s
    return say("{size} per token are read from RAM, {n} times slower", size=gb(read), n=f"{slower:.0f}")


def _split(found: Found, asked: Asked) -> Iterator[Lever]:
    loader, s = found.loader, found.layout.setting
    used = [(g, b, c) for g, b, c in zip(loader.view.gpus, found.layout.gpus, s.counts, strict=False) if c]
    left = [g.name for g in asked.view.gpus if g.index not in {u.index for u, _, _ in used}]
    if not used or len(asked.view.gpus) < 2:
        return
    cards = words.card_names(g.name for g, _, _ in used)
    if len(used) == 1:
        yield Lever(
            "split",
            say("{card} alone", card=cards),
            say("no hand-overs between cards"),
            say("{cards}: not used", cards=words.card_names(left)),
        )
        return
    most = max(b.total for _, b, _ in used)
    cost = say("{n} hand-overs per token", n=len(used) - 1)
    if left:
        cost = say("{cost}; {cards}: not used", cost=cost, cards=words.card_names(left))
    yield Lever(
        "split",
        say("{shares} layers on {cards}", shares=" + ".join(str(c) for _, _, c in used), cards=cards),
        say(
            "room for {size}, of which one card holds {most}",
            size=gib(sum(b.total for _, b, _ in used)),
            most=gib(most),
        ),
        cost,
    )


def _cap(found: Found, asked: Asked) -> Iterator[Lever]:
    del found
    for gpu in asked.view.gpus:
        unused = gpu.free_bytes - asked.wishes.vram_reserve_bytes - (gpu.cap_bytes or 0)
        if gpu.cap_bytes is not None and unused > 0:
            yield Lever(
                "cap",
                say("{name}: at most {size}", name=gpu.name, size=gib(gpu.cap_bytes)),
                say("{size} more stay free for other programs", size=gib(unused)),
            )


def _ubatch(found: Found, asked: Asked) -> Iterator[Lever]:
    loader, layout = found.loader, found.layout
    s = layout.setting
    if asked.wishes.n_ubatch is not None or asked.wishes.n_batch is not None or s.n_ubatch == DEFAULT_UBATCH:
        return
    plain = replace(s, n_ubatch=DEFAULT_UBATCH)
    buffers = loader.buffers(plain, exact=True)
    other = sum(buffers.gpus) + buffers.host - sum(b.compute for b in layout.gpus) - layout.host.compute
    if s.n_ubatch < DEFAULT_UBATCH:
        gain = say("{size} less for buffers", size=gib(max(0, other)))
        yield Lever("ubatch", whole(s.n_ubatch), gain, say("prompts are read a little more slowly"))
        return
    now = PROMPT_TOKENS / pace.prefill_seconds(loader, layout, PROMPT_TOKENS)
    before = PROMPT_TOKENS / pace.prefill_seconds(loader, replace(layout, setting=plain), PROMPT_TOKENS)
    yield Lever(
        "ubatch",
        whole(s.n_ubatch),
        say("prompts at {now} instead of {before} tokens/s", now=rate(now), before=rate(before)),
        say("{size} more for buffers", size=gib(max(0, -other))),
    )


def _paging(found: Found, asked: Asked) -> Iterator[Lever]:
    del asked
    if not found.disk_s:
        return
    yield Lever(
        "paging",
        say("{size} stay on the disk", size=gib(found.layout.missing_host_bytes)),
        say("it runs although the memory is too small"),
        say(
            "{now} tokens/s; with enough memory {better}",
            now=rate(found.decode_tokens_s),
            better=rate(1 / found.layout.token_s),
        ),
    )


def _extras(found: Found, asked: Asked) -> Iterator[Lever]:
    if asked.draft is not None:
        d = asked.draft
        yield Lever(
            "draft",
            say("{name} {quant} on {device}", name=d.name, quant=d.quant, device=d.device_name),
            say("proposes tokens that the model only checks; how much that helps is measured, not promised"),
            say("{size} of memory", size=gib(d.held.total)),
        )
    if asked.mtp_bytes:
        yield Lever(
            "mtp",
            say("on"),
            say("the model's own layers propose tokens; how much that helps is measured, not promised")
            if can_draft_itself(found.loader.facts)
            else say("they are loaded only: the engine does not draft with them"),
            say("{size} of memory", size=gib(asked.mtp_bytes)),
        )


def _is_whole(found: Found) -> bool:
    return found.layout.host.weights <= found.loader.rest.token_embd_bytes
