"""What llama.cpp allocates for a model: KV cache and compute buffers, as functions of shape, context and placement.

Formulas for llama.cpp 0c1e57098, found by dry runs and real loads of 19 model shapes (byte-exact for KV; compute mostly
within a few MiB). Symbols as there: U = tokens per ubatch, C = context padded to 256, E = n_embd, V = n_vocab, F = n_ff,
H = heads, k = experts used. All results are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from launcher.core.models import KvLayout, ModelFacts
from launcher.core.units import MIB

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

# Compute buffer of the sparse-attention model at ubatch 512, measured by dry run: (context, MiB).
_INDEXED_MLA_MIB = ((8192, 627.1), (32768, 784.1), (131072, 1123.1))
# V4-Flash, ubatch 512: MiB without the part that grows, and bytes per token of context (dry runs at 32k and 131k).
_V4_BASE_MIB, _V4_BYTES_PER_TOKEN, _V4_HOST_BYTES_PER_TOKEN = 177.0, 1893, 520
_V4_FLAT_UP_TO = 21_504

# Share of the largest routed-expert tensor in its layer: down is Q6_K beside Q4_K gate and up in the K mixtures; V4's
# experts are nearly alike. Dense feed-forward: Q6_K down against the layer's average.
_LARGEST_EXPERT_SHARE = {"deepseek4": 0.36}
_LARGEST_EXPERT_SHARE_OTHER = 0.42
_LARGEST_DENSE_FACTOR = 1.3
_NOPE = 128  # width of the part of an MLA head without position


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


def kv_cache(facts: ModelFacts, n_ctx: int, kv_type_k: str, kv_type_v: str, n_ubatch: int) -> KvCache:
    """KV cache of one sequence. MLA and V4 caches hold no values of their own: their V type is their K type."""
    h = facts.hyper
    ctx = padded(n_ctx)
    size, size_v = KV_TYPE_BYTES[kv_type_k], KV_TYPE_BYTES[kv_type_v]
    if facts.kv_layout is KvLayout.COMPRESSED:
        return KvCache(
            plain_bytes=int(size * h.head_dim_k * padded(h.sliding_window + min(n_ubatch, ctx))),
            ratio4_bytes=int(size * (h.head_dim_k + h.indexer_head_dim) * padded(ctx // 4)) + 81_920,
            ratio128_bytes=int(size * h.head_dim_k * padded(ctx // 128)) + 524_288,
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
    """Compute buffers of every device for one placement."""
    gpus = [0] * len(load.gpu_blocks)
    used = [i for i, (first, end) in enumerate(load.gpu_blocks) if end > first]
    streams = bool(load.gpu_blocks) and not load.unified
    if load.n_gpu_layers and not used and gpus:
        used = [len(gpus) - 1]
    for i in used:
        gpus[i] = gpu_compute_bytes(facts, load, has_output=i == used[-1])
    if streams and not gpus[0]:
        gpus[0] = gpu_compute_bytes(facts, load, has_output=False)
    return Buffers(tuple(gpus), _host_compute_bytes(facts, load))


def _host_layers(facts: ModelFacts, load: Load) -> bool:
    return load.n_gpu_layers <= facts.hyper.n_layer


def _host_experts(facts: ModelFacts, load: Load) -> bool:
    """Routed experts of offloaded layers stay in RAM."""
    first = max(0, facts.hyper.n_layer + 1 - load.n_gpu_layers)
    end = min(len(facts.layers), load.expert_layers_on_cpu + bool(load.boundary_experts_on_cpu))
    return load.n_gpu_layers > 0 and any(layer.routed_expert_bytes for layer in facts.layers[first:end])


def _copies(facts: ModelFacts, load: Load) -> int:
    overridden = _host_layers(facts, load) or _host_experts(facts, load)
    return PIPELINE_COPIES if len(load.gpu_blocks) > 1 and not overridden else 1


def gpu_compute_bytes(facts: ModelFacts, load: Load, *, has_output: bool = True) -> int:
    """Compute buffer of one GPU that holds layers: a quick guide for searches, close to what `compute_buffers` says."""
    h = facts.hyper
    u, mask, x, ids = _inputs(facts, load)
    logits = 4 * min(load.n_outputs, u) * (h.n_embd + h.n_vocab) if has_output else 0
    host_experts, host_layers, copies = _host_experts(facts, load), _host_layers(facts, load), _copies(facts, load)
    own = _layer_compute(facts, load, u, x)
    need = copies * (mask + ids) + (copies - 1) * x + max(own, logits)
    if load.gpu_blocks and not load.unified and (host_experts or host_layers):
        need = max(need, mask + ids + _streamed_bytes(facts, load, u, x))
    return need


def _host_compute_bytes(facts: ModelFacts, load: Load) -> int:
    """Compute buffer in RAM."""
    h = facts.hyper
    u, mask, x, ids = _inputs(facts, load)
    host_experts, host_layers, copies = _host_experts(facts, load), _host_layers(facts, load), _copies(facts, load)
    inputs = copies * (x + mask + ids + 4 * u) + x
    if facts.kv_layout is KvLayout.COMPRESSED:
        inputs = 2 * x + MIB + _V4_HOST_BYTES_PER_TOKEN * padded(load.n_ctx) * u // 512 * copies
    experts = 8 * u * h.n_expert_used * h.n_embd
    if host_experts and not host_layers:
        return mask + ids + 2 * x + experts
    if not host_layers and load.n_gpu_layers:
        return inputs
    own = mask + ids + _layer_compute(facts, load, u, x) + x
    if h.n_expert:
        own = max(own + x + 2 * MIB, mask + ids + 2 * x + experts + 8 * u * h.n_expert_used * h.n_ff_exp)
    if facts.kv_layout is KvLayout.COMPRESSED:
        own += 6 * x
    return max(own, inputs)


def _inputs(facts: ModelFacts, load: Load) -> tuple[int, int, int, int]:
    """(U, mask, one activation of the ubatch, index inputs)."""
    ctx = padded(load.n_ctx)
    u = min(load.n_ubatch, ctx)
    mask = 2 * ctx * u
    if facts.kv_layout is KvLayout.INDEXED_MLA:
        mask *= 2
    elif facts.kv_layout is KvLayout.COMPRESSED:
        mask = 0  # part of the measured figure per token of context
    ids = {KvLayout.MLA: 12 * u, KvLayout.INDEXED_MLA: 20 * u + 65_536}.get(facts.kv_layout, 20 * u)
    return u, mask, 4 * u * facts.hyper.n_embd, ids


def _layer_compute(facts: ModelFacts, load: Load, u: int, x: int) -> int:
    """Largest set of intermediate tensors alive at once in a layer, without the graph inputs."""
    h = facts.hyper
    ctx = padded(load.n_ctx)
    dense = 3 * x + 12 * u * h.n_ff
    if facts.kv_layout is KvLayout.COMPRESSED:
        # Measured on V4-Flash; the wider V4-Pro is scaled by its heads.
        grown = _V4_BYTES_PER_TOKEN * max(ctx, _V4_FLAT_UP_TO) * u // 512
        return int(_V4_BASE_MIB * MIB * h.n_head / 64 * u / 512) + grown + (2 * x if _host_experts(facts, load) else 0)
    if facts.kv_layout is KvLayout.INDEXED_MLA:
        return int(_between(_INDEXED_MLA_MIB, ctx) * MIB * u / 512) - 4 * ctx * u
    if facts.kv_layout is KvLayout.MLA:
        latent = h.kv_lora_rank + h.rope_dim
        attention = 3 * x + 4 * u * h.n_head * (_NOPE + h.rope_dim + h.kv_lora_rank + h.rope_dim + latent)
        experts = 2 * x + 8 * u * h.n_expert_used * h.n_embd + 4 * u * h.n_head * h.kv_lora_rank
        if h.n_head < 64:  # V2-Lite: the dense first layer is the widest
            return max(attention, dense)
        # Results of experts that were computed in RAM are copied in beside the attention's.
        copied = x + 4 * u * h.n_expert_used * h.n_ff_exp if _host_experts(facts, load) else 0
        return max(attention + copied, experts)
    if facts.kv_layout is KvLayout.MLA_LEGACY:
        # 192-wide keys with 128-wide values: no flash attention on GPUs, the score matrix is written out.
        scores = 4 * u * h.n_head * ctx
        return dense + scores + scores // 8
    return dense


def _streamed_bytes(facts: ModelFacts, load: Load, u: int, x: int) -> int:
    """What a GPU holds while it works on weights copied from RAM (op offload, 32 tokens or more at once)."""
    h = facts.hyper
    routed = max(layer.routed_expert_bytes for layer in facts.layers)
    if routed:
        share = _LARGEST_EXPERT_SHARE.get(facts.architecture, _LARGEST_EXPERT_SHARE_OTHER)
        activations = 6 * x if facts.kv_layout is KvLayout.COMPRESSED else 2 * x
        need = activations + int(routed * share) + 4 * u * h.n_expert_used * (h.n_embd + h.n_ff_exp)
        if facts.kv_layout is KvLayout.COMPRESSED:
            need += _V4_BYTES_PER_TOKEN * padded(load.n_ctx) * u // 512
    else:
        params = (
            h.n_embd * (h.n_head * h.head_dim_k * 2 + h.n_head_kv * (h.head_dim_k + h.head_dim_v))
            + 3 * h.n_embd * h.n_ff
        )
        layer = max(layer.always_read_bytes for layer in facts.layers)
        need = 3 * x + 12 * u * h.n_ff + int(layer * h.n_embd * h.n_ff / params * _LARGEST_DENSE_FACTOR)
    if _host_layers(facts, load):
        need += kv_cache(facts, load.n_ctx, load.kv_type_k, load.kv_type_v, u).plain_bytes
    return need


def _between(points: tuple[tuple[int, float], ...], at: int) -> float:
    """Straight lines between measured points; flat below the first, continued beyond the last."""
    if at <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if at <= x1 or x1 == points[-1][0]:
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return points[-1][1]
