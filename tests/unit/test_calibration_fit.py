"""The arithmetic of the calibration: known constants come back from timings, and noise is told from steadiness."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from gguf import GGUFReader
from hypothesis import given
from hypothesis import strategies as st

from launcher.catalog.facts import facts_of
from launcher.catalog.gguf import read_set
from launcher.core.calibration import MAX_SPREAD
from launcher.core.machine import EngineDevice
from launcher.engine.calibration import measurable
from launcher.engine.calibration_fit import fit_device, handover_seconds, non_negative_fit, worst_spread
from launcher.engine.calibration_models import write_model
from launcher.engine.calibration_probes import (
    CARD,
    PROCESSOR,
    Extent,
    JobFailed,
    JobFinished,
    MemoryHeld,
    Probe,
    ProbeStarted,
    ProbeTimes,
    Timing,
    decode_event,
    device_probes,
    encode_event,
    handover_probe,
    kv_cells,
    moe_model,
    timing_of,
    wide_model,
)
from launcher.engine.protocol import Failure

MIB = 2**20
BANDWIDTH = {"q4_k": 40e9, "q6_k": 43e9, "q8_0": 48e9, "f16": 52e9, "iq3_s": 21e9}
LAYER_S, MOE_LAYER_S, TOKEN_S, KV_BYTES_S, FLOPS, PCIE = 60e-6, 150e-6, 400e-6, 22e9, 0.9e12, 12e9


def device(name: str = "CPU", kind: str = "cpu", backend: str = "cpu", free: int = 8 * 2**30) -> EngineDevice:
    return EngineDevice(name, f"a {backend} device", backend, kind, 16 * 2**30, free)


def seconds(probe: Probe) -> float:
    """What a machine of the constants above needs."""
    constant = MOE_LAYER_S if probe.model.n_expert else LAYER_S
    return probe.model.read_bytes / BANDWIDTH[probe.model.quant] + probe.model.n_layer * constant + TOKEN_S


def timings(probes: Sequence[Probe], noise: float = 0.0, seed: int = 1) -> Mapping[str, ProbeTimes]:
    chance = random.Random(seed)

    def timing(exact_s: float) -> Timing:
        return Timing(exact_s * (1.0 + chance.uniform(0.0, noise)), 1.0 + noise)

    def times(probe: Probe) -> ProbeTimes:
        deep = prompt = None
        if probe.depth:
            more = probe.model.kv_token_bytes * (kv_cells(probe.depth) - kv_cells(0))
            deep = timing(seconds(probe) + more / KV_BYTES_S)
        if probe.prompt_tokens:
            copied = 0.0 if probe.decode else probe.model.layer_bytes / PCIE
            prompt = timing(2.0 * probe.model.layer_params * probe.prompt_tokens / FLOPS + copied)
        return ProbeTimes(probe.key, timing(seconds(probe)) if probe.decode else None, deep, prompt)

    return {probe.key: times(probe) for probe in probes}


@pytest.mark.parametrize(("noise", "tolerance"), [(0.0, 1e-6), (0.02, 0.06)])
def test_known_constants_come_back(noise: float, tolerance: float) -> None:
    probes = device_probes(device(), PROCESSOR)
    fit = fit_device(device(), probes, timings(probes, noise), None)
    found = fit.calibration
    assert found.bandwidth_bytes_s == pytest.approx(BANDWIDTH, rel=tolerance)
    assert found.layer_s == pytest.approx(LAYER_S, rel=tolerance)
    assert found.moe_layer_s == pytest.approx(MOE_LAYER_S, rel=tolerance)
    assert fit.token_s == pytest.approx(TOKEN_S, rel=max(tolerance, 3 * noise))
    assert found.kv_bytes_s == pytest.approx(KV_BYTES_S, rel=max(tolerance, 5 * noise))
    assert found.mla_kv_bytes_s == pytest.approx(KV_BYTES_S, rel=max(tolerance, 15 * noise))
    assert found.prefill_flops == pytest.approx(FLOPS, rel=tolerance)
    assert (found.unaccounted_bytes, fit.pcie_bytes_s, found.description) == (None, None, "a cpu device")


def test_a_card_shows_its_bus_and_what_it_holds_beside_the_books() -> None:
    card = device("CUDA0", "gpu", "cuda")
    probes = device_probes(card, CARD)
    assert {probe.devices for probe in probes} == {("CUDA0",)}
    assert [probe.n_gpu_layers for probe in probes] == [-1] * (len(probes) - 1) + [0]
    fit = fit_device(card, probes, timings(probes), 412 * MIB)
    assert fit.pcie_bytes_s == pytest.approx(PCIE, rel=1e-6)
    assert fit.calibration.unaccounted_bytes == 412 * MIB
    assert fit.calibration.bandwidth_bytes_s == pytest.approx(BANDWIDTH, rel=1e-6)


def test_a_bus_hidden_by_the_arithmetic_is_unknown() -> None:
    card = device("CUDA0", "gpu", "cuda")
    probes = device_probes(card, CARD)
    times = dict(timings(probes))
    bus = probes[-1]
    times["bus"] = ProbeTimes("bus", None, None, Timing(2.1 * bus.model.layer_params * bus.prompt_tokens / FLOPS, 1.0))
    assert fit_device(card, probes, times, 0).pcie_bytes_s is None


def test_a_cache_that_costs_nothing_has_no_rate() -> None:
    probes = device_probes(device(), PROCESSOR)
    times = dict(timings(probes))
    times["kv"] = ProbeTimes("kv", times["kv"].decode, times["kv"].decode)
    assert fit_device(device(), probes, times, None).calibration.kv_bytes_s is None


def test_only_cards_of_this_computer_have_a_bus() -> None:
    for other in (device("RPC0", "gpu", "rpc"), device("MTL0", "gpu", "mtl"), device("Vulkan0", "igpu", "vulkan")):
        assert "bus" not in {probe.key for probe in device_probes(other, CARD)}


def test_the_hand_over_is_what_two_halves_do_not_explain() -> None:
    probes = device_probes(device(), PROCESSOR)
    fit = fit_device(device(), probes, timings(probes), None)
    probe = handover_probe([device(), device("CUDA0", "gpu", "cuda")], PROCESSOR)
    assert probe is not None
    assert (probe.devices, probe.n_gpu_layers) == (("CUDA0",), PROCESSOR.thin_layers // 2 + 1)
    layers = probe.model.layer_bytes / BANDWIDTH["q8_0"] + probe.model.n_layer * LAYER_S
    assert handover_seconds(probe, Timing(layers + TOKEN_S + 35e-6, 1.0), fit, fit) == pytest.approx(35e-6, rel=1e-3)
    assert handover_seconds(probe, Timing(layers / 2, 1.0), fit, fit) == 0.0
    both = handover_probe([device(), device("CUDA0", "gpu"), device("CUDA1", "gpu")], PROCESSOR)
    assert both is not None
    assert (both.devices, both.n_gpu_layers) == (("CUDA0", "CUDA1"), -1)
    assert handover_probe([device()], PROCESSOR) is None


@given(
    st.dictionaries(st.sampled_from("abcd"), st.floats(1e-6, 1e3), min_size=1),
    st.lists(st.dictionaries(st.sampled_from("abcd"), st.floats(0.1, 1e6)), min_size=4, max_size=8),
)
def test_factors_are_never_negative_and_exact_ones_fit(truth: dict[str, float], extra: list[dict[str, float]]) -> None:
    rows = [{name: 1.0} for name in truth]  # so that each is determined
    rows += [row for more in extra if (row := {n: v for n, v in more.items() if n in truth})]
    values = [sum(row[name] * truth[name] for name in row) for row in rows]
    found = non_negative_fit(rows, values)
    assert min(found.values()) >= 0.0
    for row, value in zip(rows, values, strict=True):
        assert sum(row[name] * found[name] for name in row) == pytest.approx(value, rel=1e-3)


def test_a_factor_that_would_be_negative_is_nothing() -> None:
    found = non_negative_fit([{"a": 1.0}, {"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 2.0}], [3.0, 2.9, 2.8])
    assert found["b"] == 0.0
    assert found["a"] == pytest.approx(2.9, rel=0.02)


def test_the_least_counts_and_the_steadiest_series_tells_the_noise() -> None:
    quiet = [1.00, 1.01, 1.02, 1.02, 1.30, 1.02, 1.01, 1.03]
    assert timing_of([quiet]).seconds == 1.0
    assert timing_of([quiet]).spread <= 1.02
    rough = [1.0, 1.6, 1.7, 1.6, 1.9, 2.0, 1.5, 1.6]
    assert timing_of([rough]).spread > MAX_SPREAD
    assert timing_of([rough, quiet]) == timing_of([quiet])
    # Steady but slower than another series: the neighbour did not pause.
    assert timing_of([[0.5] + [2.0] * 7, [2.0] * 8]).spread == 4.0


def test_the_worst_timing_counts_and_so_does_a_neighbour_that_never_pauses() -> None:
    calm = ProbeTimes("a", Timing(1.0, 1.02), None, Timing(1.0, 1.05))
    assert worst_spread([JobFinished((calm,))]) == 1.05
    assert worst_spread([JobFinished((calm,), Timing(1.0, 1.4))]) == 1.4
    assert worst_spread([JobFinished((calm,), None, 0.5)]) == 2.0
    assert worst_spread([JobFinished((calm,), None, 1.0)]) < 11


@pytest.mark.parametrize(
    "event",
    [
        ProbeStarted("thin", True, 0.25),
        MemoryHeld("CUDA0", 5, 7),
        JobFinished((ProbeTimes("q4_k", Timing(1.0, 1.1)),), Timing(0.001, 1.0), 0.1),
        JobFailed(Failure("x", "It failed.")),
    ],
)
def test_events_cross_the_pipe(event: ProbeStarted | MemoryHeld | JobFinished | JobFailed) -> None:
    assert decode_event(encode_event(event)) == event


@pytest.mark.parametrize(
    "line", [b"[]\n", b"{}\n", b'{"event": "Nothing"}\n', b"nonsense\n", b'{"event": "MemoryHeld"}\n']
)
def test_what_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"event|key|Expecting"):
        decode_event(line)


@pytest.mark.parametrize("quant", PROCESSOR.quants)
def test_a_written_model_is_what_it_says(tmp_path: Path, quant: str) -> None:
    model = wide_model(quant, Extent(weights_bytes=MIB, n_embd=256, n_ff=512, n_head=4))
    assert model.layer_bytes >= MIB
    write_model(model, tmp_path / "m.gguf")
    reader = GGUFReader(tmp_path / "m.gguf")
    assert sum(int(t.n_bytes) for t in reader.tensors) == model.file_bytes
    assert {t.tensor_type.name.lower() for t in reader.tensors} == {quant, "f32"}
    assert sum(int(t.n_elements) for t in reader.tensors if t.name.startswith("blk.")) == model.layer_params
    for tensor in reader.tensors[:3]:
        assert len(set(tensor.data.reshape(-1)[:4096].tolist())) > 100  # real weights on real pages


def test_the_catalog_counts_the_same_bytes_as_the_fit(tmp_path: Path) -> None:
    model = moe_model(2)
    write_model(model, tmp_path / "m.gguf")
    facts = facts_of(read_set(tmp_path / "m.gguf"))
    assert (facts.architecture, facts.hyper.n_expert, facts.hyper.kv_lora_rank) == ("deepseek2", 64, 512)
    assert facts.weights_bytes == model.file_bytes
    used = sum(layer.always_read_bytes + layer.routed_expert_bytes * 6 / 64 for layer in facts.layers)
    assert used + facts.output_bytes == pytest.approx(model.read_bytes, rel=1e-9)


def test_all_models_of_a_run_are_small() -> None:
    for extent, least in ((PROCESSOR, 128 * MIB), (CARD, 320 * MIB)):
        sizes = [probe.model.file_bytes for probe in device_probes(device(), extent)]
        assert max(sizes) < 512 * MIB
        assert all(wide_model(quant, extent).layer_bytes >= least for quant in extent.quants)
    assert sum(p.model.file_bytes for p in device_probes(device(), PROCESSOR)) < 10**9


def test_cards_without_free_memory_are_left_alone() -> None:
    full, idle = device("CUDA0", "gpu", "cuda", free=MIB), device("CUDA1", "gpu", "cuda")
    assert measurable([full, idle, device(), device("BLAS", "accel")]) == (device(), idle)
