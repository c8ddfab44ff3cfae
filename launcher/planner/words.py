"""A plan in words: where the model is, why, and what it costs. Short true sentences with numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from launcher.core.models import KvLayout, QuantQuality
from launcher.core.plans import Wishes
from launcher.core.units import gb, gib, rate, whole
from launcher.planner.layout import Loader
from launcher.planner.search import Found

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


def summary(loader: Loader, found: Found) -> str:
    """The placement in words: "all 64 layers on RTX 4090"."""
    s, n = found.layout.setting, loader.n_layer
    cards = card_names(g.name for g, b in zip(loader.view.gpus, found.layout.gpus, strict=True) if b.weights)
    blocks = min(n, max(0, s.n_gpu_layers - 1))
    if not cards or (not blocks and not s.n_gpu_layers):
        return "on the processor"
    if blocks < n:
        rest = ", no experts on it" if loader.facts.hyper.n_expert and s.expert_layers_on_cpu >= n else ""
        return f"{blocks} of {n} layers on {cards}{rest}"
    experts = _expert_layers(loader, found)
    if experts:
        return f"attention on {cards}, experts of {experts} of {n} layers in RAM"
    return f"all {n} layers on {cards}"


def reasons(loader: Loader, found: Found, subject: Subject, f16_context: int | None) -> tuple[str, ...]:
    """Why the plan is as it is, lever by lever.

    Args:
        loader: model and machine.
        found: the placement.
        subject: names and sizes.
        f16_context: the context that an f16 cache would have allowed, where q8_0 was chosen for that.
    """
    layout, view, facts = found.layout, loader.view, loader.facts
    s = layout.setting
    out: list[str] = []
    used = [(g, b) for g, b in zip(view.gpus, layout.gpus, strict=True) if b.weights]
    cards = card_names(g.name for g, _ in used)
    host_weights = layout.host.weights - facts.token_embd_bytes
    if used:
        need = sum(b.total for _, b in used)
        free = sum(g.free_bytes for g, _ in used)
        verb = "holds" if len(used) == 1 else "hold"
        there = "of the shared memory can be used by it" if view.unified else "are free there"
        out.append(f"{cards} {verb} {gib(need)} of the model, its KV cache and buffers; {gib(free)} {there}.")
    experts = _expert_layers(loader, found)
    if used and experts:
        share = facts.hyper.n_expert_used / facts.hyper.n_expert
        out.append(
            f"Attention and the KV cache stay on the {'card' if len(used) == 1 else 'cards'}. The experts of {experts} layers, {gib(host_weights)}, "
            f"are read from RAM: {gb(host_weights * share)} per token."
        )
    elif used and host_weights > 0:
        slower = used[0][0].device.bandwidth_bytes_s / loader.host_device.bandwidth_bytes_s
        out.append(f"{gib(host_weights)} of the layers are in RAM, which is {slower:.0f} times slower to read.")
    elif not used:
        out.append(
            f"The processor does the work and reads {gb(_active_host_bytes(loader, found))} from RAM for every token."
        )
    if f16_context is not None:
        out.append(
            f"KV cache q8_0 instead of f16: {whole(s.n_ctx)} instead of {whole(f16_context)} tokens of context, "
            "with hardly any loss."
        )
    if found.fits and s.n_ctx < min(32_768, facts.context_train) and f16_context is None:
        out.append(
            f"Context {whole(s.n_ctx)} of {whole(facts.context_train)} tokens: more does not fit or costs speed."
        )
    if facts.kv_layout is KvLayout.MLA_LEGACY:
        per_token = loader.kv_bytes(loader.cache(256, s.kv_type, s.n_ubatch), 0, loader.n_layer) / 256
        latent = facts.hyper.n_layer * (facts.hyper.kv_lora_rank + facts.hyper.rope_dim) * 2
        out.append(
            f"This file has the old layout of attention: {per_token / 1e3:.0f} kB of cache per token "
            f"instead of {latent / 1e3:.0f} kB in newer files."
        )
    return tuple(out)


def warnings(loader: Loader, found: Found, subject: Subject, wishes: Wishes) -> tuple[str, ...]:
    """What the user should know before the download."""
    layout, view = found.layout, loader.view
    out: list[str] = []
    if not found.fits:
        out.append(misfit(loader, found))
    if found.disk_s:
        out.append(
            f"{gib(layout.missing_host_bytes)} of the weights do not fit in RAM and are read from the disk while it "
            "answers: slow, and only on a fast SSD."
        )
    if subject.quality.loss is not None and subject.quality.loss >= 0.03:
        bits = f"At {subject.bits_per_weight:.0f} bits" if subject.bits_per_weight else f"As {subject.quant}"
        how = "clearly more" if subject.quality.loss >= 0.10 else "somewhat more"
        measured = "" if subject.quality.measured else " (carried over from another model, not measured)"
        out.append(f"{bits} this model makes {how} mistakes than the full {subject.short_name}{measured}.")
    left = view.ram_budget_bytes + wishes.ram_reserve_bytes - layout.host.total
    left -= sum(b.total for b in layout.gpus) if view.unified else 0
    if found.fits and not found.disk_s and left < _TIGHT_RAM_BYTES:
        out.append(f"Only {gib(max(0, left))} of memory are left for other programs.")
    if found.fits and subject.thinks and found.decode_tokens_s < 3:
        out.append(f"It thinks before it answers: at {rate(found.decode_tokens_s)} tokens/s that takes many minutes.")
    trained = loader.facts.context_train
    if layout.setting.n_ctx > max(trained, 256):
        out.append(f"The model was made for {whole(trained)} tokens; beyond that its answers get worse.")
    out += [*view.assumed, *view.unusable]
    return tuple(out)


def misfit(loader: Loader, found: Found) -> str:
    """What is missing, in one sentence."""
    layout, view = found.layout, loader.view
    need = layout.host.total + sum(b.total for b in layout.gpus)
    room = view.ram_budget_bytes + (0 if view.unified else sum(g.budget_bytes for g in view.gpus))
    if layout.missing_gpu_bytes and not layout.missing_host_bytes:
        return f"Needs {gib(layout.missing_gpu_bytes)} more memory on the graphics card than is free."
    return f"Needs {gib(need)} of memory; {gib(room)} can be used here."


def _expert_layers(loader: Loader, found: Found) -> int:
    """Blocks on a GPU whose routed experts are in RAM."""
    s = found.layout.setting
    if not loader.facts.hyper.n_expert:
        return 0
    first = loader.first_offloaded(s.n_gpu_layers)
    return sum(
        1 for i in range(first, min(s.expert_layers_on_cpu, loader.n_layer)) if loader.routed_bytes(i, i + 1) > 0
    )


def _active_host_bytes(loader: Loader, found: Found) -> float:
    h = loader.facts.hyper
    routed = loader.routed_bytes(0, loader.n_layer)
    rest = found.layout.host.weights - loader.facts.token_embd_bytes - routed
    return rest + (routed * h.n_expert_used / h.n_expert if h.n_expert else 0)
