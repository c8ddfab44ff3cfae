"""What llama.cpp allocates for a model: KV cache and compute buffers, as functions of shape, context and placement.

For llama.cpp 0c1e57098. The KV cache has formulas, exact to the byte. Compute buffers are simulated: the graph of the
architecture, the scheduler and the allocator are ported in planner/graph; against 1,560 dry runs of 18 shapes (processor,
one to four RPC devices, partial layers, experts in RAM) the results are within a few MiB, see
tests/unit/test_planner_memory.py. All results are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from launcher.core.models import KvLayout, ModelFacts
from launcher.planner.graph.attention_v4 import HASH_LAYERS
from launcher.planner.graph.blocks import Batch, LayerPlace, Weights
from launcher.planner.graph.buffers import Placed, buffers
from launcher.planner.graph.build import Kind, Shape, Steps, shortened

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

# Copies of every graph input when llama.cpp pipelines several GPUs (GGML_SCHED_MAX_COPIES).
PIPELINE_COPIES = 4


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
        unified: the GPU shares the RAM: nothing is copied over for large batches.
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
    unified: bool = False


@dataclass(frozen=True, slots=True)
class Buffers:
    """Compute buffer bytes per device: one entry per GPU of the load, and the RAM's."""

    gpus: tuple[int, ...]
    host: int


def compute_buffers(facts: ModelFacts, load: Load) -> Buffers:
    """Compute buffers of every device for one placement, by llama.cpp's own rules (planner/graph); remembered by shape."""
    h = facts.hyper
    n_gpus, layers = len(load.gpu_blocks), h.n_layer - h.nextn_layers
    devices, output = _devices(facts, load)
    steps = _steps(
        facts.kv_layout,
        tuple(
            _place(load, i, devices[i], n_gpus) if layer.routed_expert_bytes else LayerPlace(*(devices[i],) * 4)
            for i, layer in enumerate(facts.layers[:layers])
        ),
        tuple(bool(layer.routed_expert_bytes) for layer in facts.layers[:layers]),
        h.compress_ratios,
    )
    everything = n_gpus > 0 and load.n_gpu_layers > h.n_layer
    overridden = bool(load.expert_layers_on_cpu or load.boundary_experts_on_cpu)
    u = min(load.n_ubatch, padded(load.n_ctx))
    streams = n_gpus > 0 and not load.unified and (load.backends or ("",))[0] != "rpc"
    placed = Placed(
        Shape(facts.architecture, facts.kv_layout, h),
        steps,
        n_gpus,
        output,
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
    )
    sizes = buffers(placed, batch)
    gpus = tuple(
        max(size, _fused_experts_bytes(facts, batch, placed.copies)) if backend == "cuda" and end > first else size
        for size, backend, (first, end) in zip(
            sizes[:-1], (*load.backends, *[""] * n_gpus)[:n_gpus], load.gpu_blocks, strict=True
        )
    )
    return Buffers(gpus, sizes[-1])


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


def _place(load: Load, i: int, device: int, cpu: int) -> LayerPlace:
    """Where a layer and its experts lie."""
    if i < load.expert_layers_on_cpu:
        return LayerPlace(device, cpu, cpu, cpu)
    if i == load.expert_layers_on_cpu and load.boundary_experts_on_cpu:
        up, gate, down = (cpu if p in load.boundary_experts_on_cpu else device for p in ("up", "gate", "down"))
        return LayerPlace(device, up, gate, down)
    return LayerPlace(device, device, device, device)


@lru_cache(maxsize=4096)
def _steps(
    layout: KvLayout, places: tuple[LayerPlace, ...], routed: tuple[bool, ...], ratios: tuple[int, ...]
) -> Steps:
    """The layers that have to be simulated."""
    is_v4 = layout is KvLayout.COMPRESSED
    last = len(places) - 1
    kinds = [
        Kind(
            place,
            routed[i],
            ratio=ratios[i] if i < len(ratios) else 0,
            hashed=is_v4 and i < HASH_LAYERS,
            last=i == last and not is_v4,
        )
        for i, place in enumerate(places)
    ]
    return tuple((k, 0) for k in kinds) if layout is KvLayout.INDEXED_MLA else shortened(kinds)


def _lacks_flash_attention(facts: ModelFacts, load: Load) -> bool:
    """Old MLA files on CUDA: 192-wide keys with 128-wide values have no fused kernel (a quantised V cache forces it on)."""
    return (
        facts.kv_layout is KvLayout.MLA_LEGACY
        and "cuda" in load.backends
        and load.n_gpu_layers > 0
        and load.kv_type_v in ("f32", "f16", "bf16")
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
    widest = h.n_embd * max(h.n_ff, h.n_embd)
    unit = largest["matrix"] / widest
    if facts.kv_layout is KvLayout.GQA and not h.n_expert:
        heads = h.n_head * (h.head_dim_k + h.head_dim_v) + h.n_head_kv * (h.head_dim_k + h.head_dim_v)
        unit = rest / (h.n_embd * (heads + 2 * h.n_ff))
    return Weights(**largest, unit=unit, output=0 if load.n_gpu_layers else facts.output_bytes)
