"""What llama.cpp allocates for a model: KV cache and compute buffers, as functions of shape, context and placement.

For llama.cpp 0c1e57098. The KV cache has formulas, exact to the byte. Compute buffers are simulated: the graph of the
architecture, the scheduler and the allocator are ported in planner/graph; against 1,560 dry runs of 18 shapes (processor,
one to four RPC devices, partial layers, experts in RAM) the results are within a few MiB, see
tests/unit/test_planner_memory.py. All results are bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from launcher.core.models import KvLayout, ModelFacts
from launcher.core.plans import EXPERT_TENSORS
from launcher.planner.graph.attention_v4 import HASH_LAYERS
from launcher.planner.graph.blocks import Batch, Place, Weights
from launcher.planner.graph.buffers import Placed, buffers, is_fused_in_place
from launcher.planner.graph.build import EMBEDDING, Kind, Shape, Steps, shortened

# Bytes per element of a K or V cache row (ggml block sizes: 32 elements per block).
KV_TYPE_BYTES: dict[str, float] = {
    "f32": 4.0,
    "f16": 2.0,
    "bf16": 2.0,
    "q8_0": 34 / 32,
    "q5_1": 24 / 32,
    "q5_0": 22 / 32,
    "q4_1": 20 / 32,
    "q4_0": 18 / 32,
    "iq4_nl": 18 / 32,
}

UNQUANTISED = ("f32", "f16", "bf16")

# Copies of every graph input when llama.cpp pipelines several GPUs (GGML_SCHED_MAX_COPIES).
PIPELINE_COPIES = 4

# One tensor of some files, two in the graph.
_ROUTED = re.compile(r"ffn_(up|down|gate|gate_up)_(?:ch|)exps\b")
_FUSED = ("ffn_up_exps.weight", "ffn_gate_exps.weight")


def padded(n: int, to: int = 256) -> int:
    """Round up to a multiple, as llama.cpp does with the context."""
    return -(-n // to) * to


@dataclass(frozen=True, slots=True)
class KvCache:
    """The KV cache at one context and type: bytes of a layer by its kind."""

    plain_bytes: int
    ratio4_bytes: int = 0
    ratio128_bytes: int = 0

    def layers_bytes(self, n: int, n_ratio4: int = 0, n_ratio128: int = 0) -> int:
        """Bytes of `n` layers, of which some are compressed (V4)."""
        return n * self.plain_bytes + n_ratio4 * self.ratio4_bytes + n_ratio128 * self.ratio128_bytes


def kv_cache(
    facts: ModelFacts, n_ctx: int, kv_type_k: str, kv_type_v: str, n_ubatch: int, n_parallel: int = 1
) -> KvCache:
    """KV cache that parallel answers share; V4 has one for each. MLA and V4 hold no values of their own: V's type is K's."""
    h = facts.hyper
    ctx = padded(n_ctx)
    size, size_v = KV_TYPE_BYTES[kv_type_k], KV_TYPE_BYTES[kv_type_v]
    if facts.kv_layout is KvLayout.COMPRESSED:
        return KvCache(
            plain_bytes=n_parallel * int(size * h.head_dim_k * padded(h.sliding_window + min(n_ubatch, ctx))),
            ratio4_bytes=n_parallel * (int(size * (h.head_dim_k + h.indexer_head_dim) * padded(ctx // 4)) + 81_920),
            ratio128_bytes=n_parallel * (int(size * h.head_dim_k * padded(ctx // 128)) + 524_288),
        )
    heads = {KvLayout.GQA: h.n_head_kv, KvLayout.MLA_LEGACY: h.n_head}.get(facts.kv_layout)
    if heads is not None:
        return KvCache(int(ctx * heads * h.head_dim_k * size) + int(ctx * heads * h.head_dim_v * size_v))
    latent = h.kv_lora_rank + h.rope_dim
    return KvCache(int(ctx * (latent + h.indexer_head_dim) * size))


@dataclass(frozen=True, slots=True)
class Load:
    """Everything the compute buffers depend on.

    Attributes:
        n_gpu_layers: as llama.cpp counts: n_layer + 1 includes the output, 0 leaves all to the processor.
        gpu_blocks: per GPU in the engine's order: the blocks [first, end) it holds; (n, n) for none. The output goes to
            the last GPU that holds any.
        backends: per GPU: "cuda", "rocm", "vulkan", "metal", "rpc" or "".
        expert_layers_on_cpu: routed experts of the first N layers stay in RAM.
        boundary_experts_on_cpu: of the next layer these expert tensors too ("up", "gate", "down").
        n_outputs: rows of logits that the context reserves.
        n_parallel: answers at once.
        unified: the GPU shares the RAM: nothing is copied over for large batches.
        pins: tensors that were put somewhere by name: (name, place of the GPU, bytes); -1 is the RAM. () where there are
            overrides and none of them matches; None without overrides.
    """

    n_ctx: int
    n_ubatch: int
    kv_type_k: str
    kv_type_v: str
    n_gpu_layers: int
    gpu_blocks: tuple[tuple[int, int], ...]
    backends: tuple[str, ...] = ()
    expert_layers_on_cpu: int = 0
    boundary_experts_on_cpu: tuple[str, ...] = ()
    flash_attention: str = "auto"
    n_outputs: int = 1
    n_parallel: int = 1
    unified: bool = False
    pins: tuple[tuple[str, int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Buffers:
    """Compute buffer bytes per device: one entry per GPU of the load, and the RAM's."""

    gpus: tuple[int, ...]
    host: int


def compute_buffers(facts: ModelFacts, load: Load) -> Buffers:
    """Compute buffers of every device for one placement, by llama.cpp's own rules (planner/graph); remembered by shape."""
    placed, batch = _placed(facts, load)
    batch = replace(batch, flash=batch.flash and keeps_flash_attention(facts, load))
    sizes = buffers(placed, batch)
    backends = (*load.backends, *[""] * placed.n_gpus)[: placed.n_gpus]
    gpus = tuple(
        max(size, _fused_experts_bytes(facts, batch, placed.copies)) if backend == "cuda" and end > first else size
        for size, backend, (first, end) in zip(sizes[:-1], backends, load.gpu_blocks, strict=True)
    )
    return Buffers(gpus, sizes[-1])


def keeps_flash_attention(facts: ModelFacts, load: Load) -> bool:
    """False where tensors that were put elsewhere make the engine give up fused attention, in all layers.

    It does so only where it may choose: not with a quantised V cache, which needs it.
    """
    if not load.pins or load.flash_attention != "auto" or load.kv_type_v not in UNQUANTISED:
        return True
    return is_fused_in_place(*_placed(facts, load))


def _placed(facts: ModelFacts, load: Load) -> tuple[Placed, Batch]:
    """What the simulation of one placement depends on."""
    h = facts.hyper
    n_gpus, layers = len(load.gpu_blocks), h.n_layer - h.nextn_layers
    devices, output = _devices(facts, load)
    pinned = _pinned(load)
    steps = _steps(
        facts.kv_layout,
        tuple(
            Place(devices[i], (*pinned.get(i, ()), *(_away(load, i, n_gpus) if layer.routed_expert_bytes else ())))
            for i, layer in enumerate(facts.layers[:layers])
        ),
        tuple(bool(layer.routed_expert_bytes) for layer in facts.layers[:layers]),
        h.compress_ratios,
    )
    everything = n_gpus > 0 and load.n_gpu_layers > h.n_layer
    overridden = bool(load.expert_layers_on_cpu or load.boundary_experts_on_cpu or load.pins is not None)
    # The reserved batch has as many tokens of every answer (llama_context::graph_reserve).
    u = padded(min(load.n_ubatch, padded(load.n_ctx)), load.n_parallel)
    streams = n_gpus > 0 and not load.unified and (load.backends or ("",))[0] != "rpc"
    placed = Placed(
        Shape(facts.architecture, facts.kv_layout, h),
        steps,
        n_gpus,
        Place(output, (*pinned.get(None, ()), (EMBEDDING, n_gpus))),
        is_offloaded=everything,
        copies=PIPELINE_COPIES if n_gpus > 1 and everything and not overridden else 1,
        weights=_copied(facts, load, devices) if streams and (not everything or overridden) else None,
    )
    batch = Batch(
        u,
        padded(load.n_ctx),
        min(load.n_outputs, u),
        load.kv_type_k,
        load.kv_type_v,
        load.flash_attention != "off" and not _lacks_flash_attention(facts, load),
        load.n_parallel,
    )
    return placed, batch


def _fused_experts_bytes(facts: ModelFacts, batch: Batch, copies: int) -> int:
    """What CUDA's fused expert operations keep alive in MLA models (they lengthen the lives of their sources).

    Formula found with devices that answer the scheduler as ggml-cuda does; to be confirmed on a real GPU.
    """
    h = facts.hyper
    if facts.kv_layout is not KvLayout.MLA or not h.n_expert:
        return 0
    inputs = 2 * batch.context + 12
    alive = 8 * h.n_embd * (1 + h.n_expert_used) + 4 * h.n_head * h.kv_lora_rank
    return batch.tokens * (copies * inputs + alive)


def _devices(facts: ModelFacts, load: Load) -> tuple[list[int], int]:
    """The device of every layer and of the output; the processor comes after the GPUs."""
    cpu = len(load.gpu_blocks)
    devices, output = [cpu] * facts.hyper.n_layer, cpu
    for i, (first, end) in enumerate(load.gpu_blocks):
        devices[first:end] = [i] * (end - first)
        if end > first:
            output = i
    return devices, max(0, cpu - 1) if load.n_gpu_layers and output == cpu else output


def _away(load: Load, i: int, cpu: int) -> tuple[tuple[str, int], ...]:
    """The routed experts of a layer that stay in RAM."""
    parts: tuple[str, ...] = EXPERT_TENSORS if i < load.expert_layers_on_cpu else ()
    if i == load.expert_layers_on_cpu:
        parts = load.boundary_experts_on_cpu
    return tuple((f"ffn_{part}_exps.weight", cpu) for part in parts)


def _pinned(load: Load) -> dict[int | None, tuple[tuple[str, int], ...]]:
    """Where tensors were put by name: those of each block, and under None those of none."""
    found: dict[int | None, tuple[tuple[str, int], ...]] = {}
    for name, gpu, _ in load.pins or ():
        block, rest = block_of(name)
        device = len(load.gpu_blocks) if gpu < 0 else gpu
        names = _FUSED if rest == "ffn_gate_up_exps.weight" else (rest,)
        found[block] = (*found.get(block, ()), *((n, device) for n in names))
    return found


def block_of(name: str) -> tuple[int | None, str]:
    """A tensor's block and its name in it: (3, "ffn_up.weight") for "blk.3.ffn_up.weight"."""
    if not name.startswith("blk."):
        return None, name
    _, block, rest = name.split(".", 2)
    return int(block), rest


@lru_cache(maxsize=4096)
def _steps(layout: KvLayout, places: tuple[Place, ...], routed: tuple[bool, ...], ratios: tuple[int, ...]) -> Steps:
    """The layers that have to be simulated."""
    last = len(places) - 1
    kinds = [
        kind_of(layout, i, place, ratios, is_routed=routed[i], is_last=i == last) for i, place in enumerate(places)
    ]
    return tuple((k, 0) for k in kinds) if layout is KvLayout.INDEXED_MLA else shortened(kinds)


def expert_part(name: str) -> str:
    """Which of a block's routed experts a tensor holds ("up", "gate", "down"); "" for all others. Fused ones count as "up"."""
    found = _ROUTED.search(name)
    return "" if found is None else "up" if found[1] == "gate_up" else found[1]


def kind_of(
    layout: KvLayout, block: int, place: Place, ratios: tuple[int, ...], *, is_routed: bool, is_last: bool = False
) -> Kind:
    """What a block is to the graph."""
    is_v4 = layout is KvLayout.COMPRESSED
    return Kind(
        place,
        is_routed,
        ratio=ratios[block] if block < len(ratios) else 0,
        hashed=is_v4 and block < HASH_LAYERS,
        last=is_last and not is_v4,
    )


def _lacks_flash_attention(facts: ModelFacts, load: Load) -> bool:
    """Old MLA files on CUDA: 192-wide keys with 128-wide values have no fused kernel (a quantised V cache forces it on)."""
    return (
        facts.kv_layout is KvLayout.MLA_LEGACY
        and "cuda" in load.backends
        and load.n_gpu_layers > 0
        and load.kv_type_v in UNQUANTISED
    )


def _copied(facts: ModelFacts, load: Load, devices: list[int]) -> Weights:
    """The largest weights in RAM of each sort: what the first GPU copies over for large batches."""
    h, cpu = facts.hyper, len(load.gpu_blocks)
    largest: dict[str, int] = {"up": 0, "gate": 0, "down": 0, "matrix": 0}
    rest = 0
    for i, (layer, device) in enumerate(zip(facts.layers, devices, strict=True)):
        in_ram = ("up", "gate", "down")
        if device != cpu and i >= load.expert_layers_on_cpu:
            in_ram = load.boundary_experts_on_cpu if i == load.expert_layers_on_cpu else ()
        parts = {"up": layer.up_exps_bytes, "gate": layer.gate_exps_bytes, "down": layer.down_exps_bytes}
        for part in in_ram:
            largest[part] = max(largest[part], parts[part])
        if device == cpu:
            largest["matrix"] = max(largest["matrix"], layer.largest_dense_bytes)
            rest = max(rest, layer.always_read_bytes - layer.largest_dense_bytes)
    for name, gpu, size in load.pins or ():
        block, of_layer = block_of(name)
        if gpu < 0 and block is not None:
            part = expert_part(of_layer) or "matrix"
            largest[part] = max(largest[part], size)
    widest = h.n_embd * max(h.n_ff, h.n_embd)
    unit = largest["matrix"] / widest
    if facts.kv_layout is KvLayout.GQA and not h.n_expert:
        heads = h.n_head * (h.head_dim_k + h.head_dim_v) + h.n_head_kv * (h.head_dim_k + h.head_dim_v)
        unit = rest / (h.n_embd * (heads + 2 * h.n_ff))
    return Weights(**largest, unit=unit, output=0 if load.n_gpu_layers else facts.output_bytes)
