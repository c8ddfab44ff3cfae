"""What a machine was measured to do: replaces data-sheet values in plans (source of the terms: facts on speed, design section 6)."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_SPREAD = 1.15


@dataclass(frozen=True, slots=True)
class DeviceCalibration:
    """One device of the engine, measured with a small generated model.

    Attributes:
        name: the engine's name ("CUDA0", "CPU").
        bandwidth_bytes_s: weight bytes read per second while answering, constants taken off. The keys are ggml type names
            in lower case, the types of tensors, not of mixtures: "q4_k", "q6_k", "q8_0", "f16", "iq3_s".
        layer_s: constant per dense layer and token; `moe_layer_s` per layer with experts and MLA.
        kv_bytes_s: KV cache bytes (f16, grouped-query attention) read per second; None when not measured.
        mla_kv_bytes_s: the same for MLA's latent cache (1152 bytes per layer and token) with 16 heads, as V2-Lite has; on a
            processor the rate falls as heads grow. Much lower than `kv_bytes_s`: every head computes on every byte.
        prefill_flops: arithmetic of a large batch (2 per weight and token, "q4_k"), operations per second; None when not measured.
        unaccounted_bytes: taken beside the engine's own figures (driver context, workspaces); None when not measured.
        description: what the engine calls it: another card under the same name makes the entry void.
    """

    name: str
    bandwidth_bytes_s: dict[str, float] = field(default_factory=dict[str, float])
    layer_s: float | None = None
    moe_layer_s: float | None = None
    kv_bytes_s: float | None = None
    prefill_flops: float | None = None
    unaccounted_bytes: int | None = None
    description: str = ""
    mla_kv_bytes_s: float | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A whole machine, measured once.

    Attributes:
        engine_version: build it was measured with; another build makes it void.
        measured_at: ISO 8601, UTC.
        token_s: constant per token (graph, sampling among 129,280 tokens); `handover_s` per change of device.
        pcie_bytes_s: weights streamed from RAM to a GPU for a large batch; None without a GPU that does this.
        threads: processor threads it was measured with.
        spread: q25 / min of the repeats, the worst of all measurements: 1.0 is perfectly steady; a noisy run (over
            `MAX_SPREAD`) is only kept when the user insists.
    """

    engine_version: str
    measured_at: str
    devices: tuple[DeviceCalibration, ...]
    token_s: float | None = None
    handover_s: float | None = None
    pcie_bytes_s: float | None = None
    threads: int | None = None
    spread: float = 1.0

    @property
    def is_noisy(self) -> bool:
        """Whether something disturbed it."""
        return self.spread > MAX_SPREAD

    def device(self, name: str | None) -> DeviceCalibration | None:
        """The measured device of that engine name, or None."""
        return next((d for d in self.devices if d.name == name), None)
