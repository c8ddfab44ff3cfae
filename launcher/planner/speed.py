"""How fast a placement answers: memory bandwidth for decode, arithmetic and bus for prefill.

Decode reads every active weight once per token:

    t = sum over devices [ weights / bandwidth + max(KV / KV bandwidth, attention / its rate)
                           + dense layers * c1 + MoE or MLA layers * c2 ] + hand-overs * s + c0

and a batch of the prompt costs its arithmetic, plus the copy of the weights that are in RAM (`ubatch_seconds`).

Where the machine was not measured, the terms come from data sheets and from the constants below. They were fitted to 60
public rows and judged with 91 others (tests/bench/speed_rows.json, `python -m tests.bench.speed_errors`): builds of
llama.cpp from 2024 to 2026, so they are a middle, and the stated ranges cover what a driver, a build or a card changes.
A calibration of the machine replaces them one by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from launcher.core.calibration import Calibration, DeviceCalibration
from launcher.planner.weight_types import class_of, measured_bandwidth


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the speed formula sees it.

    Attributes:
        bandwidth_bytes_s: effective, the share already applied.
        flops: effective arithmetic rate of a large batch.
        layer_s: constant per dense layer and token.
        moe_layer_s: constant per expert or MLA layer; None is a dense layer's times `_MOE_LAYER_FACTOR`.
        kv_bytes_s: KV cache read per second; None is the rate of the weights.
        attention_macs_s: multiply-adds of the attention per second while answering.
        latent_macs_s: the same where all heads share one row of the cache (MLA, V4).
        latent_kv_bytes_s: cache of such rows read per second; None is `kv_bytes_s`.
        is_measured: the rates come from a calibration of this machine, not from data sheets.
    """

    bandwidth_bytes_s: float
    flops: float
    layer_s: float
    moe_layer_s: float | None = None
    kv_bytes_s: float | None = None
    attention_macs_s: float = math.inf
    latent_macs_s: float = math.inf
    latent_kv_bytes_s: float | None = None
    is_measured: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What one device does per token.

    Attributes:
        read_bytes: weights that every token reads: all of the always-read part, the used share of the routed experts.
        dense_layers, moe_layers: blocks with and without experts or MLA; parts of a block (its experts) count as none.
        kv_bytes: KV cache up to the position in question; it grows with the conversation.
        attention_macs: multiply-adds of all heads on that cache: keys and values, `n_head * (head_dim_k + head_dim_v)` per
            layer and position.
        is_latent: all heads read one row per position (MLA, V4).
    """

    read_bytes: float
    dense_layers: int
    moe_layers: int
    kv_bytes: float = 0.0
    attention_macs: float = 0.0
    is_latent: bool = False


class _Backend(NamedTuple):
    """What decode and prefill reach with it: shares of the data sheet, seconds per layer and token."""

    share: float
    layer_s: float
    moe_layer_s: float
    flops_share: float


_BACKENDS = {
    "cuda": _Backend(0.89, 58e-6, 70e-6, 1.00),
    "rocm": _Backend(0.70, 50e-6, 80e-6, 0.42),
    "vulkan": _Backend(0.85, 35e-6, 70e-6, 0.40),
    "metal": _Backend(0.78, 60e-6, 75e-6, 0.62),
    "rpc": _Backend(0.50, 400e-6, 800e-6, 0.40),  # another computer: its network decides, no row
}
_OTHER = _Backend(0.60, 100e-6, 200e-6, 0.40)
_MOE_LAYER_FACTOR = 1.5
_TOKEN_S = 0.5e-3
_HANDOVER_S = 60e-6

# Matrix-vector kernels saturate: on cards with HBM the 2024 rows stop at about 1 TB/s, those of 2026 at 1.9 TB/s.
_GPU_MOST_BYTES_S = 1.25e12
# Weights of 16 bits are read as they are; the low-bit types need table look-ups: 58 % of an M1 Max with IQ4_NL, 44 %
# with Q3_K_M (ggml-org/llama.cpp issue 27525).
_GPU_SHARE_OF_TYPE = {"float": 1.04, "q8": 1.0, "k": 1.0, "low_k": 0.8, "iq": 0.8}
# The cache is read by attention kernels: 537 MB more of it cost an RX 7900 XTX 0.69 ms (ggml-org/llama.cpp pull request
# 26284), 1.2 GB a GB10 6.4 ms (forums.developer.nvidia.com/t/355639): 81 and 69 % of their data sheets.
_GPU_KV_SHARE = 0.75
# With MLA every head computes on every row: 128 heads do 121 multiply-adds per byte, where a group of four heads does 2.
# No public row tells how much of a card's arithmetic that kernel reaches: a guess, worth 0.8 ms of R1's token on an RTX 4090.
_GPU_LATENT_SHARE = 0.25
# Large batches: quantised kernels stop rising at some hundred teraflops, and workstation and server cards, whose nominal
# rate is twice a GeForce's at the same clock and memory, do not exceed about 110 operations per byte of bandwidth.
_GPU_HALF_FLOPS = 200e12
_GPU_FLOPS_PER_BYTE = 115.0

_HOST_SHARE, _HOST_LAYER_S, _HOST_MOE_LAYER_S = 0.84, 40e-6, 60e-6
# The processor's part of a shared memory (Apple, Ryzen AI Max): its own links end well below what the GPU gets.
_UNIFIED_HOST_SHARE = 0.6
# One core unpacks about this many bytes per second. Measured with llama.cpp's AVX2 kernels on a Zen 4 server (one and two
# cores, generated models of 0.1-0.6 GB, layer constants taken off): Q4_K_M 8.6-10.0, Q6_K 8.9, Q8_0 11.3-13.0, F16 18-23
# (the last two near what the RAM gave), IQ3_S 2.4 GB/s per core. They meet the RAM's rate softly (`_lesser`), hence higher.
_CORE_BYTES_S = {"float": 40e9, "q8": 18e9, "k": 10.5e9, "low_k": 10.5e9, "iq": 3e9}
_CORE_FLOPS = 75e9  # quantised matrix products with AVX2 or NEON
# Attention while answering, multiply-adds per core and second on an f16 cache: bound by its conversions, not by the RAM.
# Measured on the same server, one core, from 256 to 1,280 rows: 28 heads of 128 on 4 of keys and values, 32 on 8 and 64 on
# 8: 4.6-5.4e9; 32 on 32: 2.0-3.2e9; MLA with 16, 64 and 128 heads: 8.9-10.7, 11.4 and 11.7e9 (the computer was shared).
_CORE_ATTENTION_MACS, _CORE_LATENT_MACS = 5e9, 11e9
# What the models of a calibration compute per byte of that cache: 32 heads on 8; 16 heads with MLA, 576 + 512 multiply-adds
# on a row of 1,152 bytes (core/calibration.py).
_PROBE_MACS_PER_BYTE = 2.0
_LATENT_PROBE_MACS_PER_BYTE = 16 * (576 + 512) / 1152

# Class values where nothing is known: below the slowest card still sold, and dual-channel DDR4.
UNKNOWN_GPU_BANDWIDTH = 100e9
UNKNOWN_RAM_BANDWIDTH = 25e9
UNKNOWN_PCIE = 6e9
_FLOPS_PER_BANDWIDTH = 50.0  # fp16 operations per byte of bandwidth, low end of the cards of the last ten years


def gpu_device(
    backend: str | None,
    bandwidth_bytes_s: float | None,
    fp16_flops: float | None,
    quant: str = "",
    calibration: DeviceCalibration | None = None,
) -> Device:
    """A GPU for weights of a quantisation; unknown values become the conservative class value.

    Args:
        backend: the engine's way to it ("cuda").
        bandwidth_bytes_s: by its data sheet.
        fp16_flops: dense, accumulated in FP32, by its data sheet.
        quant: as files are named ("UD-Q4_K_XL").
        calibration: measured values, which replace the data sheet's one by one.
    """
    kind = _BACKENDS.get(backend or "", _OTHER)
    sheet = bandwidth_bytes_s or UNKNOWN_GPU_BANDWIDTH
    share = min(0.97, kind.share * _GPU_SHARE_OF_TYPE[class_of(quant)])
    flops = (fp16_flops or sheet * _FLOPS_PER_BANDWIDTH) * kind.flops_share
    by_sheet = Device(
        _lesser(sheet * share, _GPU_MOST_BYTES_S, 6),
        _lesser(flops / (1 + flops / _GPU_HALF_FLOPS), sheet * _GPU_FLOPS_PER_BYTE, 6),
        kind.layer_s,
        kind.moe_layer_s,
        sheet * min(_GPU_KV_SHARE, kind.share),
    )
    device = _measured(by_sheet, quant, calibration, _GPU_SHARE_OF_TYPE)
    device = replace(device, latent_macs_s=device.flops / 2 * _GPU_LATENT_SHARE)
    if calibration is None:
        return device
    kv_bytes_s = calibration.kv_bytes_s or device.kv_bytes_s
    return replace(device, kv_bytes_s=kv_bytes_s, latent_kv_bytes_s=calibration.mla_kv_bytes_s)


def host_device(
    bandwidth_bytes_s: float | None,
    cores: int,
    quant: str,
    calibration: DeviceCalibration | None = None,
    is_unified: bool = False,
) -> Device:
    """The processor with its RAM, for weights of a quantisation.

    Args:
        bandwidth_bytes_s: what a program reads from RAM.
        cores: physical ones that compute.
        quant: as files are named.
        calibration: measured values, which replace the others one by one.
        is_unified: the bandwidth is a GPU's that shares the memory.
    """
    share = _UNIFIED_HOST_SHARE if is_unified else _HOST_SHARE
    bandwidth = (bandwidth_bytes_s or UNKNOWN_RAM_BANDWIDTH) * share
    by_sheet = Device(
        _lesser(bandwidth, cores * core_bytes_s(quant), 3),
        cores * _CORE_FLOPS,
        _HOST_LAYER_S,
        _HOST_MOE_LAYER_S,
        bandwidth,
        cores * _CORE_ATTENTION_MACS,
        cores * _CORE_LATENT_MACS,
    )
    device = _measured(by_sheet, quant, calibration, _CORE_BYTES_S)
    if calibration is None:
        return device
    gqa, mla = calibration.kv_bytes_s, calibration.mla_kv_bytes_s
    return replace(
        device,
        kv_bytes_s=max(calibration.bandwidth_bytes_s.values(), default=bandwidth),
        attention_macs_s=gqa * _PROBE_MACS_PER_BYTE if gqa else device.attention_macs_s,
        latent_macs_s=mla * _LATENT_PROBE_MACS_PER_BYTE if mla else device.latent_macs_s,
    )


def core_bytes_s(quant: str) -> float:
    """What one core unpacks of a quantisation ("UD-IQ2_XXS", "Q8_0", "BF16"); one that is not known counts as a K-quant."""
    return _CORE_BYTES_S[class_of(quant)]


def device_seconds(device: Device, work: Work) -> float:
    """Seconds that one device needs for one token."""
    moe_layer_s = _MOE_LAYER_FACTOR * device.layer_s if device.moe_layer_s is None else device.moe_layer_s
    constant = device.layer_s * work.dense_layers + moe_layer_s * work.moe_layers
    return work.read_bytes / device.bandwidth_bytes_s + _attention_seconds(device, work) + constant


def _attention_seconds(device: Device, work: Work) -> float:
    """The cache is read and computed on at the same time: the slower of both counts."""
    bytes_s = device.kv_bytes_s or device.bandwidth_bytes_s
    if work.is_latent:
        return max(work.kv_bytes / (device.latent_kv_bytes_s or bytes_s), work.attention_macs / device.latent_macs_s)
    return max(work.kv_bytes / bytes_s, work.attention_macs / device.attention_macs_s)


def token_seconds(parts: float, handovers: int, calibration: Calibration | None = None) -> float:
    """One token: the devices' seconds plus hand-overs between them plus the constant (sampling, graph)."""
    handover_s, token_s = _HANDOVER_S, _TOKEN_S
    if calibration is not None:
        handover_s = handover_s if calibration.handover_s is None else calibration.handover_s
        token_s = token_s if calibration.token_s is None else calibration.token_s
    return parts + handovers * handover_s + token_s


def ubatch_seconds(
    n_tokens: int,
    gpu_flop: float,
    gpu_flops: float,
    host_flop: float,
    host_flops: float,
    streamed_bytes: float,
    bus: float,
) -> float:
    """One batch of the prompt.

    From 32 tokens on llama.cpp copies the weights that are in RAM to the GPU, one after the other with the arithmetic,
    also where the processor would be faster (ggml-backend's op offload).

    Args:
        n_tokens: in the batch.
        gpu_flop: operations per token done on resident weights by GPUs.
        gpu_flops: effective rate of the GPUs in use (0 when none).
        host_flop: operations per token on weights in RAM.
        host_flops: effective rate of the processor.
        streamed_bytes: weights copied from RAM to a GPU for the batch; 0 means the processor does host_flop itself.
        bus: bytes per second of that copy.
    """
    seconds = n_tokens * gpu_flop / gpu_flops if gpu_flops else 0.0
    if streamed_bytes and gpu_flops:
        return seconds + streamed_bytes / bus + n_tokens * host_flop / gpu_flops
    return seconds + n_tokens * host_flop / host_flops


def likely_range(
    *, is_measured: bool, on_host: bool, has_experts: bool, is_unified: bool, is_paged: bool, is_assumed: bool
) -> tuple[float, float]:
    """Factors around the decode estimate between which four of five measurements of such a placement lie.

    From the rows of tests/bench/speed_rows.json, except the last two cases and a measured machine, for which there are
    none: disks differ by their controller and the page cache, an assumed value is a guess.

    Args:
        is_measured: every device in use was calibrated.
        on_host: the processor computes a part.
        has_experts: the model routes to experts.
        is_unified: GPU with shared memory: kernels for one maker's chips differ more between generations.
        is_paged: weights are read from disk while answering.
        is_assumed: a rate of the machine is not known.
    """
    if is_paged:
        low, high = 0.40, 1.80
    elif is_measured:
        low, high = 0.88, 1.10
    elif on_host:
        low, high = (0.68, 1.20) if has_experts else (0.80, 1.25)
    elif has_experts:
        low, high = 0.78, 1.28
    else:
        low, high = (0.74, 1.20) if is_unified else (0.88, 1.08)
    return (min(low, 0.60), max(high, 1.60)) if is_assumed and not is_measured else (low, high)


def used_expert_share(n_used: int, n_expert: int, n_tokens: int) -> float:
    """Share of a layer's experts that a batch touches when routing is even."""
    return 1.0 - (1.0 - n_used / n_expert) ** n_tokens if n_expert else 1.0


def _measured(
    by_sheet: Device, quant: str, calibration: DeviceCalibration | None, rate_of_class: dict[str, float]
) -> Device:
    """The device with what a calibration knows better, but for the cache."""
    if calibration is None:
        return by_sheet
    bandwidth = measured_bandwidth(calibration.bandwidth_bytes_s, quant, rate_of_class)
    return replace(
        by_sheet,
        bandwidth_bytes_s=bandwidth or by_sheet.bandwidth_bytes_s,
        flops=calibration.prefill_flops or by_sheet.flops,
        layer_s=by_sheet.layer_s if calibration.layer_s is None else calibration.layer_s,
        moe_layer_s=by_sheet.moe_layer_s if calibration.moe_layer_s is None else calibration.moe_layer_s,
        is_measured=bandwidth is not None,
    )


def _lesser(a: float, b: float, sharpness: int) -> float:
    """The smaller of two limits, less where they are alike: neither is reached alone."""
    return (a**-sharpness + b**-sharpness) ** (-1.0 / sharpness)
