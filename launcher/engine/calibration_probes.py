"""Which small models a device is measured with, and what is timed: values that cross the pipe to the measuring worker."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from launcher.core.calibration import MAX_SPREAD
from launcher.core.codec import from_json, to_json
from launcher.core.machine import EngineDevice
from launcher.core.units import MIB
from launcher.engine.calibration_models import ProbeModel
from launcher.engine.protocol import Failure

KV_STEP = 256  # llama.cpp looks at the cache in steps of this many cells
SAMPLED_VOCABULARY = 129280  # DeepSeek V3's, the largest of the catalog's but for Qwen's
THIN = "thin"
MOE = "moe"
KV = "kv"
MLA_KV = "mla_kv"
_GPU_KINDS = ("gpu", "igpu")
# Backends that compute large batches on the card with weights streamed from RAM (`offload_op` of ggml's devices).
_STREAMING_BACKENDS = ("cuda", "rocm", "vulkan")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured; the defaults are for a processor.

    Attributes:
        weights_bytes: of each wide model, at least: beyond the processor's (or the card's) last cache.
        n_embd, n_ff, n_head: width of its layers.
        thin_layers: layers of the models that show the constants.
        kv_layers: of the dense model (half as many with MLA) whose cache grows to `depth` tokens, a multiple of 256.
        prompt_tokens: batch that shows the arithmetic rate.
        seconds: a timing is repeated for at least this long.
    """

    weights_bytes: int = 128 * MIB
    n_embd: int = 2048
    n_ff: int = 5632
    n_head: int = 32
    quants: tuple[str, ...] = ("q4_k", "q6_k", "q8_0", "f16", "iq3_s")
    thin_layers: int = 32
    kv_layers: int = 4
    depth: int = 1024
    prompt_tokens: int = 96
    seconds: float = 0.4


PROCESSOR = Extent()
# Second-level caches of cards reach 128 MiB, and their bandwidth shows in wide rows only.
CARD = Extent(weights_bytes=320 * MIB, n_embd=4096, n_ff=11008, kv_layers=16, depth=2048, prompt_tokens=512)


@dataclass(frozen=True, slots=True)
class Probe:
    """One load and what is timed with it.

    Attributes:
        key: names it among the probes of a job.
        devices: engine devices for the layers; () is the processor alone.
        n_gpu_layers: as in a placement.
        decode: time single tokens on an empty cache; `depth` then also behind that many tokens (0: not).
        prompt_tokens: time a batch of that size; 0: not.
    """

    key: str
    model: ProbeModel
    devices: tuple[str, ...] = ()
    n_gpu_layers: int = 0
    decode: bool = True
    depth: int = 0
    prompt_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ProbeJob:
    """What one worker process measures.

    Attributes:
        folder: where the models are written, one at a time.
        use_extra_bufts: see worker/processor.py; None lets the worker decide.
        sampling: time the choice of a token too.
        unaccounted: after the probe with a batch, wait so that the memory beside the engine's books can be read.
    """

    probes: tuple[Probe, ...]
    folder: str
    threads: int
    seconds: float
    use_extra_bufts: bool | None = None
    sampling: bool = False
    unaccounted: str | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """The least of all repeats, and how steady they were."""

    seconds: float
    spread: float


@dataclass(frozen=True, slots=True)
class ProbeTimes:
    """What a probe showed; None where it was not asked."""

    key: str
    decode: Timing | None = None
    deep: Timing | None = None
    prompt: Timing | None = None


# --- events of the measuring worker -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProbeStarted:
    """The model of a probe is being written and loaded.

    Attributes:
        use_extra_bufts: a crash now may be their fault.
        others_load: the share of all processors that other programs took so far.
    """

    key: str
    use_extra_bufts: bool
    others_load: float = 0.0


@dataclass(frozen=True, slots=True)
class MemoryHeld:
    """A device holds `books_bytes` by the engine's books; `own_bytes` is what the worker saw go beyond. It waits for a line."""

    device: str
    books_bytes: int
    own_bytes: int


@dataclass(frozen=True, slots=True)
class JobFinished:
    """Everything was timed. `others_load`: the share of all processors that other programs took meanwhile."""

    times: tuple[ProbeTimes, ...]
    sampling: Timing | None = None
    others_load: float = 0.0


@dataclass(frozen=True, slots=True)
class JobFailed:
    """It could not go on."""

    failure: Failure


JobEvent = ProbeStarted | MemoryHeld | JobFinished | JobFailed
_EVENTS: dict[str, type[JobEvent]] = {
    kind.__name__: kind for kind in (ProbeStarted, MemoryHeld, JobFinished, JobFailed)
}


def encode_event(event: JobEvent) -> bytes:
    """One line."""
    return json.dumps({"event": type(event).__name__, **to_json(event)}).encode() + b"\n"


def decode_event(line: bytes) -> JobEvent:
    """The event of a line.

    Raises:
        ValueError: it is none.
    """
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("not an event of the measuring worker")  # noqa: TRY004 - it is the line that is wrong
    fields = cast("dict[str, object]", data)
    kind = _EVENTS.get(str(fields.get("event")))
    if kind is None:
        raise ValueError("not an event of the measuring worker")
    return from_json(kind, fields)


# --- what to measure --------------------------------------------------------------------------------------------------


def is_gpu(device: EngineDevice) -> bool:
    """Whether layers can be put there."""
    return device.kind in _GPU_KINDS


def device_probes(device: EngineDevice, extent: Extent) -> tuple[Probe, ...]:
    """The probes of one device alone: constants first, then every quantisation, the cache, the bus."""
    thin = thin_model(extent.thin_layers)
    probes = [
        Probe(THIN, thin),
        Probe("shallow", replace(thin, n_layer=2)),
        Probe(MOE, moe_model(max(2, extent.thin_layers // 3))),
        Probe(KV, _kv_model(extent), depth=extent.depth),
        Probe(MLA_KV, moe_model(max(1, extent.kv_layers // 2)), depth=extent.depth),
    ]
    for quant in extent.quants:
        prompt = extent.prompt_tokens if quant == extent.quants[0] else 0
        probes.append(Probe(quant, wide_model(quant, extent), prompt_tokens=prompt))
    if is_gpu(device):
        probes = [replace(probe, devices=(device.name,), n_gpu_layers=-1) for probe in probes]
    if device.kind == "gpu" and device.backend in _STREAMING_BACKENDS:
        # No layer is on the card, but it is named: the engine then streams weights to it for a batch.
        probes.append(Probe("bus", wide_model("q8_0", extent), (device.name,), decode=False, prompt_tokens=64))
    return tuple(probes)


def handover_probe(devices: Sequence[EngineDevice], extent: Extent) -> Probe | None:
    """Thin layers halved over two devices: the first two cards, or processor and card; None with the processor alone."""
    cards = [d.name for d in devices if is_gpu(d)]
    if not cards:
        return None
    layers = extent.thin_layers
    model = thin_model(layers)
    if len(cards) > 1:
        return Probe("handover", model, tuple(cards[:2]), -1)
    return Probe("handover", model, (cards[0],), layers // 2 + 1)


def thin_model(n_layer: int) -> ProbeModel:
    """Dense layers so small that only their constant shows."""
    return ProbeModel("q8_0", n_layer, n_embd=128, n_ff=128, n_head=2)


def moe_model(n_layer: int) -> ProbeModel:
    """The same with MLA and 64 experts of which 6 are used, as in DeepSeek V2; heads as the kernels know them (576 wide)."""
    return ProbeModel("q8_0", n_layer, n_embd=128, n_ff=64, n_head=16, n_expert=64, n_expert_used=6)


def wide_model(quant: str, extent: Extent) -> ProbeModel:
    """Few layers with as many bytes as wanted."""
    heads_kv = max(1, extent.n_head // 4)
    one = ProbeModel(quant, 1, extent.n_embd, extent.n_ff, extent.n_head, heads_kv, extent.n_embd // extent.n_head)
    return replace(one, n_layer=max(1, math.ceil(extent.weights_bytes / one.layer_bytes)))


def _kv_model(extent: Extent) -> ProbeModel:
    """Small weights, a cache as wide as a Llama 8B's."""
    return ProbeModel("q8_0", extent.kv_layers, n_embd=256, n_ff=256, n_head=32, n_head_kv=8, head_dim=128)


def kv_cells(depth: int) -> int:
    """Cells that the attention looks at for one token behind `depth` others."""
    return (depth // KV_STEP + 1) * KV_STEP


# --- repeats ----------------------------------------------------------------------------------------------------------


def timing_of(attempts: Sequence[Sequence[float]]) -> Timing:
    """One figure of several series: the least of all; the spread is the steadiest series' lower quartile over it.

    A series that is steady but slower than another one (a neighbour that computes all the time) does not count as steady.
    """
    least = min(min(series) for series in attempts)
    quartile = min(sorted(series)[len(series) // 4] for series in attempts)
    return Timing(least, quartile / least)


def is_steady(attempts: Sequence[Sequence[float]]) -> bool:
    """Whether no further series is needed."""
    return bool(attempts) and timing_of(attempts).spread <= MAX_SPREAD
