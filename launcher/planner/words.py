"""A plan in words: where the model is, why, and what it costs. Short true sentences with numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from launcher.core.models import KvLayout, QuantQuality
from launcher.core.plans import Wishes, layers_on_gpu
from launcher.core.units import gb, gib, rate, whole
from launcher.core.words import joined, say
from launcher.planner.layout import Layout, Loader
from launcher.planner.search import Found
from launcher.planner.worth import TARGET_CONTEXT

_TIGHT_RAM_BYTES = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Subject:
    """What the sentences are about."""

    short_name: str
    quant: str
    file_bytes: int
    bits_per_weight: float | None
    quality: QuantQuality
    thinks: bool


def card_names(names: Iterable[str]) -> str:
    """Names of cards in order, equal ones counted: "2\u00d7 RTX 3090", "RTX 4090 + RTX 3060"."""
    counts = Counter(names)
    return " + ".join(name if n == 1 else f"{n}\u00d7 {name}" for name, n in counts.items())


def summary(found: Found) -> str:
    """The placement in words: "all 64 layers on RTX 4090"."""
    loader, s = found.loader, found.layout.setting
    n = loader.n_layer
    cards = card_names(g.name for g, b in zip(loader.view.gpus, found.layout.gpus, strict=True) if b.weights)
    blocks = layers_on_gpu(s.n_gpu_layers, n)
    if not cards or (not blocks and not s.n_gpu_layers):
        return say("on the processor")
    if blocks < n:
        if loader.facts.hyper.n_expert and s.expert_layers_on_cpu >= n:
            return say("{n} of {all} layers on {cards}, no experts on it", n=blocks, all=n, cards=cards)
        return say("{n} of {all} layers on {cards}", n=blocks, all=n, cards=cards)
    experts = loader.expert_layers(found.layout.setting)
    if experts:
        return say("attention on {cards}, experts of {n} of {all} layers in RAM", cards=cards, n=experts, all=n)
    return say("all {n} layers on {cards}", n=n, cards=cards)


def reasons(found: Found, wishes: Wishes) -> tuple[str, ...]:
    """Why the plan is as it is, lever by lever.

    Args:
        found: the placement.
        wishes: what was fixed by hand needs no reason.
    """
    loader, layout = found.loader, found.layout
    view, facts, s = loader.view, loader.facts, layout.setting
    out: list[str] = []
    used = [(g, b) for g, b in zip(view.gpus, layout.gpus, strict=True) if b.weights]
    cards = card_names(g.name for g, _ in used)
    host_weights = layout.host.weights - loader.rest.token_embd_bytes
    if used:
        need = gib(sum(b.total for _, b in used))
        free = gib(sum(g.free_bytes for g, _ in used))
        out.append(_held(cards, need, free, is_one=len(used) == 1, is_shared=view.unified))
    experts = loader.expert_layers(found.layout.setting)
    if used and experts:
        share = facts.hyper.n_expert_used / facts.hyper.n_expert
        stay = (
            say("Attention and the KV cache stay on the card.")
            if len(used) == 1
            else say("Attention and the KV cache stay on the cards.")
        )
        read = say(
            "The experts of {n} layers, {size}, are read from RAM: {part} per token.",
            n=experts,
            size=gib(host_weights),
            part=gb(host_weights * share),
        )
        out.append(joined(stay, read))
    elif used and host_weights > 0:
        slower = fastest(loader, layout) / loader.host_device.bandwidth_bytes_s
        out.append(
            say(
                "{size} of the layers are in RAM, which is {n} times slower to read.",
                size=gib(host_weights),
                n=f"{slower:.0f}",
            )
        )
    elif not used:
        out.append(
            say(
                "The processor does the work and reads {size} from RAM for every token.",
                size=gb(_active_host_bytes(loader, found)),
            )
        )
    is_squeezed = wishes.kv_type is None and s.kv_type != "f16"
    if is_squeezed:
        out.append(_squeezed(found))
    if found.fits and wishes.context is None and s.n_ctx < min(TARGET_CONTEXT, facts.context_train) and not is_squeezed:
        out.append(
            say(
                "Context {n} of {all} tokens: more does not fit or costs speed.",
                n=whole(s.n_ctx),
                all=whole(facts.context_train),
            )
        )
    if facts.kv_layout is KvLayout.MLA_LEGACY:
        per_token = loader.kv_bytes(loader.cache(256, s.kv_type, s.n_ubatch), 0, loader.n_layer) / 256
        latent = facts.hyper.n_layer * (facts.hyper.kv_lora_rank + facts.hyper.rope_dim) * 2
        out.append(
            say(
                "This file has the old layout of attention: {old} kB of cache per token instead of {new} kB in newer files.",
                old=f"{per_token / 1e3:.0f}",
                new=f"{latent / 1e3:.0f}",
            )
        )
    return tuple(out)


def warnings(found: Found, subject: Subject, wishes: Wishes) -> tuple[str, ...]:
    """What the user should know before the download."""
    loader, layout = found.loader, found.layout
    view = loader.view
    out: list[str] = []
    if not found.fits:
        out.append(misfit(found))
    if found.disk_s:
        out.append(
            say(
                "{size} of the weights do not fit in RAM and are read from the disk while it answers: slow, and only on a "
                "fast SSD.",
                size=gib(layout.missing_host_bytes),
            )
        )
    if subject.quality.loss is not None and subject.quality.loss >= 0.03:
        out.append(_mistakes(subject, is_clear=subject.quality.loss >= 0.10))
    left = view.ram_budget_bytes + wishes.ram_reserve_bytes - layout.ram_bytes
    left -= sum(b.total for b in layout.gpus) if view.unified else 0
    if found.fits and not found.disk_s and left < _TIGHT_RAM_BYTES:
        out.append(say("Only {size} of memory are left for other programs.", size=gib(max(0, left))))
    if found.fits and subject.thinks and found.decode_tokens_s < 3:
        out.append(
            say(
                "It thinks before it answers: at {rate} tokens/s that takes many minutes.",
                rate=rate(found.decode_tokens_s),
            )
        )
    trained = loader.facts.context_train
    if layout.setting.n_ctx > max(trained, 256):
        out.append(say("The model was made for {n} tokens; beyond that its answers get worse.", n=whole(trained)))
    out += [*view.assumed, *view.unusable]
    return tuple(out)


def misfit(found: Found) -> str:
    """What is missing, in one sentence."""
    layout = found.layout
    need = layout.ram_bytes + sum(b.total for b in layout.gpus)
    room = found.loader.view.room_bytes
    if layout.missing_gpu_bytes and not layout.missing_host_bytes:
        return say("Needs {size} more memory on the graphics card than is free.", size=gib(layout.missing_gpu_bytes))
    return say("Needs {need} of memory; {room} can be used here.", need=gib(need), room=gib(room))


def _held(cards: str, need: str, free: str, *, is_one: bool, is_shared: bool) -> str:
    if is_shared:
        return say(
            "{cards} holds {need} of the model, its KV cache and buffers; {free} of the shared memory can be used by it.",
            cards=cards,
            need=need,
            free=free,
        )
    return (
        say(
            "{cards} holds {need} of the model, its KV cache and buffers; {free} are free there.",
            cards=cards,
            need=need,
            free=free,
        )
        if is_one
        else say(
            "{cards} hold {need} of the model, its KV cache and buffers; {free} are free there.",
            cards=cards,
            need=need,
            free=free,
        )
    )


def _mistakes(subject: Subject, *, is_clear: bool) -> str:
    """What a squeezed file costs, and whether that was measured on this model."""
    bits = (
        say("At {n} bits", n=f"{subject.bits_per_weight:.0f}")
        if subject.bits_per_weight
        else say("As {quant}", quant=subject.quant)
    )
    words = (
        say("{bits} this model makes clearly more mistakes than the full {name}", bits=bits, name=subject.short_name)
        if is_clear
        else say(
            "{bits} this model makes somewhat more mistakes than the full {name}", bits=bits, name=subject.short_name
        )
    )
    if subject.quality.measured:
        return say("{words}.", words=words)
    return say("{words} (carried over from another model, not measured).", words=words)


def _squeezed(found: Found) -> str:
    """Why the cache is quantised."""
    s = found.layout.setting
    values = {
        "type": s.kv_type,
        "now": gib(found.layout.kv_bytes),
        "before": gib(f16_bytes(found)),
        "n": whole(s.n_ctx),
    }
    if s.kv_type == "q8_0":
        return say(
            "KV cache {type} instead of f16: {now} instead of {before} for {n} tokens, with hardly any loss.", **values
        )
    return say("KV cache {type} instead of f16: {now} instead of {before} for {n} tokens, with some loss.", **values)


def f16_bytes(found: Found) -> int:
    """What the cache of the same context would take in f16."""
    loader, s = found.loader, found.layout.setting
    return loader.kv_bytes(loader.cache(s.n_ctx, "f16", s.n_ubatch), 0, loader.n_layer)


def loss(name: str) -> str:
    """A quantisation's loss in words."""
    names = {
        "no loss": say("no loss"),
        "slight loss": say("slight loss"),
        "clear loss": say("clear loss"),
        "strong loss": say("strong loss"),
    }
    return names.get(name, say("unknown loss"))


def fastest(loader: Loader, layout: Layout) -> float:
    """Bandwidth of the fastest card that holds something; the processor's when none has room for anything."""
    held = (d.bandwidth_bytes_s for d, b in zip(loader.devices, layout.gpus, strict=True) if b.weights)
    return max(held, default=loader.host_device.bandwidth_bytes_s)


def _active_host_bytes(loader: Loader, found: Found) -> float:
    h = loader.facts.hyper
    routed = found.layout.host_routed
    rest = found.layout.host.weights - loader.rest.token_embd_bytes - routed
    return rest + (routed * h.n_expert_used / h.n_expert if h.n_expert else 0)
