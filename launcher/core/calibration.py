"""What a machine was measured to do: replaces data-sheet values in plans (source of the terms: facts on speed, design section 6)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DeviceCalibration:
    """One device of the engine, measured with a small generated model.

    Attributes:
        name: the engine's name ("CUDA0", "CPU").
        bandwidth_bytes_s: weight bytes read per second while answering, by quantisation type ("q4_K", "q8_0", "f16").
        layer_s: constant per dense layer and token; `moe_layer_s` per expert or MLA layer.
        kv_bytes_s: KV cache bytes read per second; None when not measured.
        prefill_flops: arithmetic of a large batch, operations per second; None when not measured.
        unaccounted_bytes: taken beside the engine's own figures (driver context, workspaces); None when not measured.
    """

    name: str
    bandwidth_bytes_s: dict[str, float] = field(default_factory=dict[str, float])
    layer_s: float | None = None
    moe_layer_s: float | None = None
    kv_bytes_s: float | None = None
    prefill_flops: float | None = None
    unaccounted_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A whole machine, measured once.

    Attributes:
        engine_version: build it was measured with; another build makes it void.
        measured_at: ISO 8601, UTC.
        token_s: constant per token (sampling, graph); `handover_s` per change of device.
        pcie_bytes_s: RAM to GPU copies; None without a discrete GPU.
        threads: processor threads it was measured with.
        spread: q25 / min of the repeats: 1.0 is perfectly steady; a noisy run (over 1.15) is not kept.
    """

    engine_version: str
    measured_at: str
    devices: tuple[DeviceCalibration, ...]
    token_s: float | None = None
    handover_s: float | None = None
    pcie_bytes_s: float | None = None
    threads: int | None = None
    spread: float = 1.0

    def device(self, name: str | None) -> DeviceCalibration | None:
        """The measured device of that engine name, or None."""
        return next((d for d in self.devices if d.name == name), None)
