"""How fast a placement answers: memory bandwidth for decode, arithmetic and bus for prefill.

Decode reads every active weight once per token:

    t = sum over devices [ bytes / (bandwidth * share) + layers * constant ] + hand-overs + a constant per token

Shares and constants are set so that known rows hold (tests/unit/test_planner_speed.py): an 8B alone reaches 57-60 % of a
card's data sheet, V4-Flash with all experts in RAM 13.7 tokens/s on an RTX 5090 with 62.7 GB/s RAM, a 7B Q4_K_M about
8 tokens/s on a laptop with 45 GB/s, MoE and MLA layers cost twice a dense one. Without a measurement of the machine all
of it is an estimate, hence the range.
"""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.calibration import Calibration, DeviceCalibration


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the speed formula sees it.

    Attributes:
        bandwidth_bytes_s: effective, the share already applied.
        flops: effective arithmetic rate of a large batch.
        layer_s: constant per dense layer and token.
        moe_layer_s: constant per expert or MLA layer; None is twice a dense one.
        kv_bytes_s: KV cache read per second; None is the rate of the weights.
        is_measured: the rates come from a calibration of this machine, not from data sheets.
    """

    bandwidth_bytes_s: float
    flops: float
    layer_s: float
    moe_layer_s: float | None = None
    kv_bytes_s: float | None = None
    is_measured: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What one device does per token.

    Attributes:
        read_bytes: weights that every token reads: all of the always-read part, the used share of the routed experts.
        dense_layers, moe_layers: blocks with and without experts or MLA; parts of a block (its experts) count as none.
        kv_bytes: KV cache up to the position in question; it grows with the conversation.
    """

    read_bytes: float
    dense_layers: int
    moe_layers: int
    kv_bytes: float = 0.0


# Share of the data-sheet bandwidth that decode reaches (matrix-vector kernels), and seconds per dense layer.
_BACKEND_SHARE = {"cuda": 0.87, "rocm": 0.75, "vulkan": 0.72, "metal": 0.80, "rpc": 0.50}
_BACKEND_LAYER_S = {"cuda": 60e-6, "rocm": 65e-6, "vulkan": 75e-6, "metal": 80e-6, "rpc": 400e-6}
_OTHER_SHARE, _OTHER_LAYER_S = 0.60, 100e-6
_HOST_SHARE, _HOST_LAYER_S = 0.87, 100e-6
# One core unpacks about this many bytes per second. Measured with llama.cpp's AVX2 kernels on a Zen 4 server (one and two
# cores, generated models of 0.1-0.6 GB, layer constants taken off): Q4_K_M 8.6-10.0, Q6_K 8.9, Q8_0 11.3-13.0, F16 18-23
# (all that the RAM gave), IQ3_S 2.4 GB/s per core: the low-bit IQ types need table look-ups per weight.
_CORE_BYTES_S, _CORE_IQ_BYTES_S, _CORE_Q8_BYTES_S, _CORE_FLOAT_BYTES_S = 9e9, 3e9, 11e9, 18e9
_CORE_FLOPS = 35e9  # quantised matrix products with AVX2 or NEON
_GPU_FLOPS_SHARE = 0.40
_MOE_LAYER_FACTOR = 2.0
_TOKEN_S = 0.7e-3
_HANDOVER_S = 20e-6

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
    """A GPU for weights of a quantisation; unknown values become the conservative class value."""
    name = backend or ""
    bandwidth = bandwidth_bytes_s or UNKNOWN_GPU_BANDWIDTH
    return Device(
        bandwidth * _BACKEND_SHARE.get(name, _OTHER_SHARE),
        (fp16_flops or bandwidth * _FLOPS_PER_BANDWIDTH) * _GPU_FLOPS_SHARE,
        _BACKEND_LAYER_S.get(name, _OTHER_LAYER_S),
    )


def host_device(
    bandwidth_bytes_s: float | None,
    cores: int,
    quant: str,
    calibration: DeviceCalibration | None = None,
    is_unified: bool = False,
) -> Device:
    """The processor with its RAM, for weights of a quantisation."""
    bandwidth = (bandwidth_bytes_s or UNKNOWN_RAM_BANDWIDTH) * _HOST_SHARE
    return Device(min(bandwidth, cores * core_bytes_s(quant)), cores * _CORE_FLOPS, _HOST_LAYER_S)


def core_bytes_s(quant: str) -> float:
    """What one core unpacks of a quantisation ("UD-IQ2_XXS", "Q8_0", "BF16"); one that is not known counts as a K-quant."""
    name = quant.upper().removeprefix("UD-").removeprefix("AD-")
    if name.startswith(("IQ1", "IQ2", "IQ3", "TQ1")):
        return _CORE_IQ_BYTES_S
    if name.startswith(("F16", "BF16", "F32")):
        return _CORE_FLOAT_BYTES_S
    return _CORE_Q8_BYTES_S if name.startswith("Q8") else _CORE_BYTES_S


def device_seconds(device: Device, work: Work) -> float:
    """Seconds that one device needs for one token."""
    moe_layer_s = _MOE_LAYER_FACTOR * device.layer_s if device.moe_layer_s is None else device.moe_layer_s
    constant = device.layer_s * work.dense_layers + moe_layer_s * work.moe_layers
    return (
        work.read_bytes / device.bandwidth_bytes_s
        + work.kv_bytes / (device.kv_bytes_s or device.bandwidth_bytes_s)
        + constant
    )


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

    Args:
        n_tokens: in the batch.
        gpu_flop: operations per token done on resident weights by GPUs.
        gpu_flops: effective rate of the slowest GPU in use (0 when none).
        host_flop: operations per token on weights in RAM.
        host_flops: effective rate of the processor.
        streamed_bytes: weights copied from RAM to a GPU for the batch; 0 means the processor does host_flop itself.
        bus: bytes per second of that copy.
    """
    seconds = n_tokens * gpu_flop / gpu_flops if gpu_flops else 0.0
    if streamed_bytes:
        copied = streamed_bytes / bus + (n_tokens * host_flop / gpu_flops if gpu_flops else 0.0)
        return seconds + min(copied, n_tokens * host_flop / host_flops)
    return seconds + n_tokens * host_flop / host_flops


def used_expert_share(n_used: int, n_expert: int, n_tokens: int) -> float:
    """Share of a layer's experts that a batch touches when routing is even."""
    return 1.0 - (1.0 - n_used / n_expert) ** n_tokens if n_expert else 1.0
