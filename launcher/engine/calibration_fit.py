"""From timings to the terms of the speed formula: pure arithmetic.

One token takes, on a device (facts on speed, section 6):

    t = sum over types [ bytes / bandwidth ] + dense layers * c1 + MLA and expert layers * c2 + c0

The wide models show the bandwidths, the thin ones the constants; all are solved for together, by least squares of the
relative errors under the condition that nothing is negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from launcher.core.calibration import DeviceCalibration
from launcher.core.machine import EngineDevice
from launcher.engine.calibration_probes import KV, MLA_KV, JobFinished, Probe, ProbeTimes, Timing, kv_cells

_DENSE, _MOE_LAYER, _TOKEN = "dense", "moe", "token"


@dataclass(frozen=True, slots=True)
class DeviceFit:
    """A device's terms; `token_s` is without the choice of the token."""

    calibration: DeviceCalibration
    token_s: float
    pcie_bytes_s: float | None = None

    def seconds(self, probe: Probe, layers: int) -> float:
        """What the formula gives for that many layers of a dense probe, its output and the token's constant left out."""
        bandwidth = self.calibration.bandwidth_bytes_s.get(probe.model.quant)
        read = probe.model.layer_bytes / probe.model.n_layer * layers
        return (read / bandwidth if bandwidth else 0.0) + layers * (self.calibration.layer_s or 0.0)


def fit_device(
    device: EngineDevice,
    probes: Sequence[Probe],
    times: Mapping[str, ProbeTimes],
    unaccounted_bytes: int | None,
) -> DeviceFit:
    """The terms of one device.

    Args:
        device: what was measured.
        probes: of `device_probes`.
        times: by the probes' keys.
        unaccounted_bytes: read from outside.
    """
    timed = [(probe, decode) for probe in probes if (decode := times[probe.key].decode)]
    rows = [_terms(probe) for probe, _decode in timed]
    solution = non_negative_fit(rows, [decode.seconds for _probe, decode in timed])
    types = dict.fromkeys(probe.model.quant for probe, _decode in timed)
    bandwidths = {kind: 1.0 / solution[kind] for kind in types if solution[kind] > 0}
    flops = next((_flops(p, t.prompt) for p in probes if p.decode and (t := times[p.key]).prompt), None)
    calibration = DeviceCalibration(
        name=device.name,
        bandwidth_bytes_s=bandwidths,
        layer_s=solution[_DENSE],
        moe_layer_s=solution[_MOE_LAYER],
        kv_bytes_s=_kv_rate(next(p for p in probes if p.key == KV), times),
        mla_kv_bytes_s=_kv_rate(next(p for p in probes if p.key == MLA_KV), times),
        prefill_flops=flops,
        unaccounted_bytes=unaccounted_bytes,
        description=device.description,
    )
    bus = next((p for p in probes if not p.decode), None)
    pcie = _bus_rate(bus, times[bus.key].prompt, flops) if bus else None
    return DeviceFit(calibration, solution[_TOKEN], pcie)


def handover_seconds(probe: Probe, decode: Timing, first: DeviceFit, second: DeviceFit) -> float:
    """What changing the device costs in a split model: what is left after both halves and the token's constant."""
    half = probe.model.n_layer // 2
    parts = first.seconds(probe, half) + second.seconds(probe, probe.model.n_layer - half)
    return max(0.0, decode.seconds - parts - max(first.token_s, second.token_s))


def worst_spread(jobs: Sequence[JobFinished]) -> float:
    """The least steady timing of all; where other programs took a share of the processors, at least what that costs."""
    timings = [timing for job in jobs for t in job.times for timing in (t.decode, t.deep, t.prompt)]
    spreads = [t.spread for t in (*timings, *(job.sampling for job in jobs)) if t]
    return max(1.0, *spreads, *(1.0 / (1.0 - min(0.9, job.others_load)) for job in jobs))


def _terms(probe: Probe) -> dict[str, float]:
    layer = _MOE_LAYER if probe.model.n_expert else _DENSE
    return {probe.model.quant: probe.model.read_bytes, layer: probe.model.n_layer, _TOKEN: 1.0}


def _flops(probe: Probe, prompt: Timing | None) -> float | None:
    return 2.0 * probe.model.layer_params * probe.prompt_tokens / prompt.seconds if prompt else None


def _kv_rate(probe: Probe, times: Mapping[str, ProbeTimes]) -> float | None:
    """Cache bytes per second, from what more of it costs; None when that cannot be told from nothing."""
    decode, deep = times[probe.key].decode, times[probe.key].deep
    if decode is None or deep is None:
        return None
    more_s = deep.seconds - decode.seconds
    more_bytes = probe.model.kv_token_bytes * (kv_cells(probe.depth) - kv_cells(0))
    return more_bytes / more_s if more_s > 0.02 * decode.seconds else None


def _bus_rate(probe: Probe, prompt: Timing | None, flops: float | None) -> float | None:
    """Bytes per second of the copies, the arithmetic taken off; None when the arithmetic alone takes that long."""
    if prompt is None:
        return None
    arithmetic = 2.0 * probe.model.layer_params * probe.prompt_tokens / flops if flops else 0.0
    copying = prompt.seconds - arithmetic
    return probe.model.layer_bytes / copying if copying > 0.2 * prompt.seconds else None


# --- least squares ----------------------------------------------------------------------------------------------------


def non_negative_fit(rows: Sequence[Mapping[str, float]], values: Sequence[float]) -> dict[str, float]:
    """Non-negative factors x with `sum(row[name] * x[name]) ~ value`, in the least squares of the relative errors.

    Whatever comes out negative is set to nothing and the rest is solved again. Every name must occur in as many
    independent rows as there are names.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    scaled = [{name: row[name] / value for name in row} for row, value in zip(rows, values, strict=True)]
    active = list(names)
    while active:
        found = _least_squares(scaled, active)
        worst = min(active, key=lambda name: found[name] * _scale(scaled, name))
        if found[worst] >= 0.0:
            return {name: found.get(name, 0.0) for name in names}
        active.remove(worst)
    return dict.fromkeys(names, 0.0)


def _scale(rows: Sequence[Mapping[str, float]], name: str) -> float:
    """The size of a column, so that factors of different units can be compared."""
    return max(row.get(name, 0.0) for row in rows)


def _least_squares(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """Ordinary least squares of `row * x = 1`, through the normal equations of scaled columns."""
    scales = {name: _scale(rows, name) for name in names}
    columns = [[row.get(name, 0.0) / scales[name] for row in rows] for name in names]
    matrix = [[sum(a * b for a, b in zip(x, y, strict=True)) for y in columns] + [sum(x)] for x in columns]
    return {name: value / scales[name] for name, value in zip(names, _solved(matrix), strict=True)}


def _solved(matrix: list[list[float]]) -> list[float]:
    """Gauss's elimination with the largest pivot; each row holds its right side last."""
    size = len(matrix)
    for step in range(size):
        pivot = max(range(step, size), key=lambda i: abs(matrix[i][step]))
        matrix[step], matrix[pivot] = matrix[pivot], matrix[step]
        for row in range(size):
            if row != step:
                factor = matrix[row][step] / matrix[step][step]
                matrix[row] = [a - factor * b for a, b in zip(matrix[row], matrix[step], strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(matrix)]
