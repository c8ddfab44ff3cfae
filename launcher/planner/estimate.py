"""Compute buffers by short formulas: what the search tries placements with. The chosen one is measured by `memory`.

The exact figures come from a simulation of the engine's graph allocator, which takes milliseconds; a search asks hundreds
of times. The formulas were found by dry runs and real loads of llama.cpp 0c1e57098 and are mostly within a few MiB for one
GPU. Symbols as there: U = tokens per ubatch, C = context padded to 256, E = n_embd, V = n_vocab, F = n_ff, H = heads,
k = experts used. All results are bytes.
"""

from __future__ import annotations

from itertools import pairwise

from launcher.core.models import KvLayout, ModelFacts
from launcher.core.units import MIB
from launcher.planner.memory import Buffers, Load, kv_cache, padded

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


class Estimator:
    """Compute buffers of one model; what depends on its layers alone is worked out once."""

    def __init__(self, facts: ModelFacts) -> None:
        self._facts = facts
        self._largest_routed = max([layer.routed_expert_bytes for layer in facts.layers], default=0)
        self._largest_always = max([layer.always_read_bytes for layer in facts.layers], default=0)

    def buffers(self, load: Load, *, host_experts: bool) -> Buffers:
        """Compute buffers of every device for one placement, in microseconds.

        Args:
            load: the placement.
            host_experts: routed experts of layers that are on GPUs stay in RAM.
        """
        host_layers = load.n_gpu_layers <= self._facts.hyper.n_layer
        copies = PIPELINE_COPIES if len(load.gpu_blocks) > 1 and not host_layers and not host_experts else 1
        with_output = self._gpu(load, copies, host_layers, host_experts, n_outputs=load.n_outputs)
        without = (
            self._gpu(load, copies, host_layers, host_experts, n_outputs=0) if len(load.gpu_blocks) > 1 else with_output
        )
        used = [i for i, (a, b) in enumerate(load.gpu_blocks) if b > a]
        if load.n_gpu_layers and not used and load.gpu_blocks:
            used = [len(load.gpu_blocks) - 1]
        gpus = [0] * len(load.gpu_blocks)
        for i in used:
            gpus[i] = with_output if i == used[-1] else without
        if gpus and not load.unified and not gpus[0]:
            gpus[0] = without
        return Buffers(tuple(gpus), self._host(load, copies, host_layers, host_experts))

    def _gpu(self, load: Load, copies: int, host_layers: bool, host_experts: bool, n_outputs: int) -> int:
        """Of a GPU that holds layers."""
        facts = self._facts
        u, mask, x, ids = _inputs(facts, load)
        logits = 4 * min(n_outputs, u) * (facts.hyper.n_embd + facts.hyper.n_vocab)
        need = copies * (mask + ids) + (copies - 1) * x + max(_layer_compute(facts, load, u, x, host_experts), logits)
        if load.gpu_blocks and not load.unified and (host_experts or host_layers):
            need = max(need, mask + ids + self._streamed_bytes(load, u, x, host_layers))
        return need

    def _host(self, load: Load, copies: int, host_layers: bool, host_experts: bool) -> int:
        """In RAM."""
        facts = self._facts
        h = facts.hyper
        u, mask, x, ids = _inputs(facts, load)
        inputs = copies * (x + mask + ids + 4 * u) + x
        if facts.kv_layout is KvLayout.COMPRESSED:
            inputs = 2 * x + MIB + _V4_HOST_BYTES_PER_TOKEN * padded(load.n_ctx) * u // 512 * copies
        experts = 8 * u * h.n_expert_used * h.n_embd
        if host_experts and not host_layers:
            return mask + ids + 2 * x + experts
        if not host_layers and load.n_gpu_layers:
            return inputs
        own = mask + ids + _layer_compute(facts, load, u, x, host_experts) + x
        if h.n_expert:
            own = max(own + x + 2 * MIB, mask + ids + 2 * x + experts + 8 * u * h.n_expert_used * h.n_ff_exp)
        if facts.kv_layout is KvLayout.COMPRESSED:
            own += 6 * x
        return max(own, inputs)

    def _streamed_bytes(self, load: Load, u: int, x: int, host_layers: bool) -> int:
        """What a GPU holds while it works on weights copied from RAM (op offload, 32 tokens or more at once)."""
        facts = self._facts
        h = facts.hyper
        routed = self._largest_routed
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
            layer = self._largest_always
            need = 3 * x + 12 * u * h.n_ff + int(layer * h.n_embd * h.n_ff / params * _LARGEST_DENSE_FACTOR)
        if host_layers:
            need += kv_cache(facts, load.n_ctx, load.kv_type_k, load.kv_type_v, u).plain_bytes
        return need


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


def _layer_compute(facts: ModelFacts, load: Load, u: int, x: int, host_experts: bool) -> int:
    """Largest set of intermediate tensors alive at once in a layer, without the graph inputs."""
    h = facts.hyper
    ctx = padded(load.n_ctx)
    dense = 3 * x + 12 * u * h.n_ff
    if facts.kv_layout is KvLayout.COMPRESSED:
        # Measured on V4-Flash; the wider V4-Pro is scaled by its heads.
        grown = _V4_BYTES_PER_TOKEN * max(ctx, _V4_FLAT_UP_TO) * u // 512
        # What the attention of a layer sees of every sequence is put together.
        seen = 2 * h.head_dim_k * (padded(h.sliding_window + u) + padded(ctx // 4))
        grown += (load.n_parallel - 1) * seen
        return int(_V4_BASE_MIB * MIB * h.n_head / 64 * u / 512) + grown + (2 * x if host_experts else 0)
    if facts.kv_layout is KvLayout.INDEXED_MLA:
        return int(_between(_INDEXED_MLA_MIB, ctx) * MIB * u / 512) - 4 * ctx * u
    if facts.kv_layout is KvLayout.MLA:
        latent = h.kv_lora_rank + h.rope_dim
        attention = 3 * x + 4 * u * h.n_head * (_NOPE + h.rope_dim + h.kv_lora_rank + h.rope_dim + latent)
        experts = 2 * x + 8 * u * h.n_expert_used * h.n_embd + 4 * u * h.n_head * h.kv_lora_rank
        if h.n_head < 64:  # V2-Lite: the dense first layer is the widest
            return max(attention, dense)
        # Results of experts that were computed in RAM are copied in beside the attention's.
        copied = x + 4 * u * h.n_expert_used * h.n_ff_exp if host_experts else 0
        return max(attention + copied, experts)
    if facts.kv_layout is KvLayout.MLA_LEGACY:
        # 192-wide keys with 128-wide values: no flash attention on GPUs, the score matrix is written out.
        scores = 4 * u * h.n_head * ctx
        return dense + scores + scores // 8
    return dense


def _between(points: tuple[tuple[int, float], ...], at: int) -> float:
    """Straight lines between measured points; flat below the first, continued beyond the last."""
    if at <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if at <= x1 or x1 == points[-1][0]:
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return points[-1][1]
