"""How fast a measured placement answers and reads: the formulas of `speed` applied to blocks on devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from launcher.core.models import KvLayout
from launcher.planner import speed

if TYPE_CHECKING:
    from launcher.core.models import HyperParameters
    from launcher.planner.layout import Layout, Loader

# Position in the context at which decode speed is quoted: a few answers into a chat.
QUOTED_POSITION = 1024
# From this many tokens on llama.cpp copies weights from RAM to the GPU instead of computing on the processor.
_STREAMS_FROM = 32
# Backends whose devices compute several batches of a prompt at once, one card each (llama.cpp asks for asynchronous work
# and events), and how much of that ideal the rows on 2 to 8 cards reach.
_PIPELINED = ("cuda", "rocm", "vulkan")
_PIPELINE_SHARE = 0.5
# One row of the cache for all heads.
_LATENT = (KvLayout.MLA, KvLayout.INDEXED_MLA, KvLayout.COMPRESSED)


class Part(NamedTuple):
    """Blocks [first, end) on one device, in bytes."""

    first: int
    end: int
    always: int
    routed: int
    kv: int


def token_seconds(loader: Loader, n_ctx: int, gpus: Sequence[Part], host: Part, crossings: int) -> float:
    """One token while answering, at the quoted position.

    Args:
        loader: model and machine.
        n_ctx: context that the KV bytes are for.
        gpus: per GPU of the view.
        host: blocks of the processor, with all experts that are in RAM.
        crossings: blocks of which a part is on another device (experts in RAM): the answer goes there and back in each.
    """
    seconds, handovers = 0.0, 2 * crossings
    for part, device in zip(gpus, loader.devices, strict=True):
        if part.always + part.routed:
            seconds += speed.device_seconds(device, _work(loader, part, n_ctx))
            handovers += 1
    if host.always + host.routed:
        seconds += speed.device_seconds(loader.host_device, _work(loader, host, n_ctx))
        handovers += 0 if crossings else 1
    return speed.token_seconds(seconds, handovers, loader.view.calibration)


def _work(loader: Loader, part: Part, n_ctx: int) -> speed.Work:
    hyper = loader.facts.hyper
    n = part.end - part.first
    has_costly_layers = hyper.kv_lora_rank or hyper.compress_ratios
    dense = 0 if has_costly_layers else max(0, min(part.end, loader.n_dense) - part.first)
    position = min(QUOTED_POSITION, n_ctx)
    return speed.Work(
        part.always + part.routed * loader.used_share,
        dense,
        n - dense,
        part.kv * position / max(1, n_ctx),
        n * attended(hyper, position) * hyper.n_head * (hyper.head_dim_k + hyper.head_dim_v),
        is_latent=loader.facts.kv_layout in _LATENT,
    )


def attended(hyper: HyperParameters, position: int) -> float:
    """Rows of the cache that a layer computes on at a position, in the mean: V4 looks at a window and at compressed rows.

    V3.2's selection is a mask in this engine: all rows are computed on (src/llama-graph.cpp).
    """
    if not hyper.compress_ratios:
        return position
    compressed = sum(1.0 / ratio for ratio in hyper.compress_ratios if ratio) / len(hyper.compress_ratios)
    return min(position, hyper.sliding_window) + position * compressed


def prefill_seconds(loader: Loader, layout: Layout, n_tokens: int) -> float:
    """Seconds to read a prompt, ubatch by ubatch."""
    n_ubatch = max(1, min(layout.setting.n_ubatch, n_tokens))
    full, rest = divmod(n_tokens, n_ubatch)
    seconds = full * _ubatch_seconds(loader, layout, n_ubatch)
    seconds += _ubatch_seconds(loader, layout, rest) if rest else 0.0
    return seconds / _pipeline_gain(loader, layout, n_tokens / n_ubatch)


def _pipeline_gain(loader: Loader, layout: Layout, n_ubatches: float) -> float:
    """How much faster a prompt of some ubatches is read because several GPUs work on them at once.

    llama.cpp does so with all layers on GPUs and no expert override (src/llama-context.cpp). m equal ubatches on n GPUs
    ideally take (m + n - 1) / (m * n) of the time; about half of the gain is seen (rows of kind "gpus").
    """
    s = layout.setting
    used = [g.backend for g, b in zip(loader.view.gpus, layout.gpus, strict=True) if b.weights]
    everything = s.n_gpu_layers > loader.n_layer and not s.expert_layers_on_cpu and not s.boundary
    if len(used) < 2 or not everything or not all(backend in _PIPELINED for backend in used):
        return 1.0
    m, n = max(1.0, n_ubatches), len(used)
    return 1.0 + _PIPELINE_SHARE * (m * n / (m + n - 1) - 1.0)


def _ubatch_seconds(loader: Loader, layout: Layout, n_tokens: int) -> float:
    facts, h = loader.facts, loader.facts.hyper
    params = 2 * _params_per_byte(loader)
    used = loader.used_share
    host_always = layout.host.weights - loader.rest.token_embd_bytes - layout.host_routed
    host_active = host_always + layout.host_routed * used
    routed = sum(layer.routed_expert_bytes for layer in facts.layers)
    active = loader.weights_bytes - facts.token_embd_bytes - routed + routed * used
    gpu_flops = _gpu_flops(loader, layout)
    streamed = 0.0
    if gpu_flops and not loader.view.unified and n_tokens >= _STREAMS_FROM:
        share = speed.used_expert_share(h.n_expert_used, h.n_expert, n_tokens)
        streamed = host_always + layout.host_routed * share
    return speed.ubatch_seconds(
        n_tokens,
        params * (active - host_active),
        gpu_flops,
        params * host_active,
        loader.host_device.flops,
        streamed,
        loader.view.bus_bytes_s,
    )


def _gpu_flops(loader: Loader, layout: Layout) -> float:
    """Rate of the GPUs one after another, each with its share of the weights; 0 when none is used."""
    held = [(b.weights, d.flops) for b, d in zip(layout.gpus, loader.devices, strict=True) if b.weights]
    seconds = sum(weights / flops for weights, flops in held)
    return sum(weights for weights, _ in held) / seconds if seconds else 0.0


def disk_seconds(loader: Loader, layout: Layout) -> float | None:
    """Extra seconds per token when the part that RAM cannot hold is read from disk.

    None without a known disk, or when not even the cache and the buffers fit.

    Experts are picked token by token: a missing share is read at about half the disk's rate (small pages). Dense
    weights are read in the same order every token, the worst case for the page cache: twice the missing share.
    """
    if loader.view.disk_bytes_s is None or layout.missing_host_bytes > layout.host.weights:
        return None  # only weights can be read again from the file
    weights = max(1, layout.host.weights - loader.rest.token_embd_bytes)
    share = min(1.0, layout.missing_host_bytes / weights)
    if not loader.used_share:
        return min(1.0, 2 * share) * weights / loader.view.disk_bytes_s
    always = max(0, weights - layout.host_routed)
    active = layout.host_routed * loader.used_share
    active += always if layout.missing_host_bytes > layout.host_routed else 0
    return share * active / (loader.view.disk_bytes_s * 0.5)


def is_measured(loader: Loader, layout: Layout) -> bool:
    """Every device that the placement reads from was measured on this machine."""
    used = [d for d, b in zip(loader.devices, layout.gpus, strict=True) if b.weights]
    if layout.host.weights > loader.rest.token_embd_bytes:
        used.append(loader.host_device)
    return bool(used) and all(d.is_measured for d in used)


def _params_per_byte(loader: Loader) -> float:
    """Parameters per byte of weights, from the shape; close enough for arithmetic of prefill."""
    h = loader.facts.hyper
    dense = h.leading_dense if h.n_expert else h.n_layer
    attention = h.n_embd * h.n_head * h.head_dim_v * 2
    if h.kv_lora_rank:
        attention = h.n_embd * h.n_head * 128 * 2
    experts = 3 * h.n_embd * h.n_ff_exp * (h.n_expert + h.n_expert_shared)
    params = h.n_layer * attention + dense * 3 * h.n_embd * h.n_ff + (h.n_layer - dense) * experts
    params += h.n_embd * h.n_vocab
    return params / max(1, loader.weights_bytes - loader.facts.token_embd_bytes)
