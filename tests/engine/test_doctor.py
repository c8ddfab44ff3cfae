"""The device check: right results pass, wrong ones, crashes and silence are told apart; and its models really depend on everything."""

from __future__ import annotations

import base64
import importlib.metadata
import json
import math
import threading
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from launcher.core.errors import UserError
from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement
from launcher.engine import check_models, device_check
from launcher.engine.calibration_models import Tensor, write_model
from launcher.engine.check_models import CASES, N_CTX, N_PROMPT, N_SINGLE, sound_weights
from launcher.engine.device_check import DEADLINE_S, check_devices, compare, stretched
from launcher.engine.device_findings import CaseError, DeviceFinding, Verdict, percent
from launcher.engine.devices import engine_info
from launcher.engine.errand import run_errand
from launcher.engine.protocol import ComputeLogits, LogitsComputed, WorkerEvent
from tests.engine.conftest import rpc_server_processes
from tests.engine.spoilt_device import SpoiltDevice
from tests.engine.test_commands import command

ONE_CASE = CASES[:1]
_ROW_BYTES = ONE_CASE[0].model.n_vocab * 4


# --- the models -------------------------------------------------------------------------------------------------------


def logits_of(requests: list[LoadRequest]) -> dict[str, array[float]]:
    """What a worker computes on the processor with plain kernels."""
    found: dict[str, array[float]] = {}

    def take(event: WorkerEvent) -> bool:
        if isinstance(event, LogitsComputed):
            found[event.name] = array("f", base64.b64decode(event.logits))
        return isinstance(event, LogitsComputed) and event.done

    asked = ComputeLogits(1, tuple(requests), N_PROMPT, N_SINGLE, use_extra_bufts=False)
    assert run_errand(lambda _: asked, take, deadline_s=120) is None
    return found


def request(path: Path, name: str) -> LoadRequest:
    return LoadRequest(str(path), name, "", Placement(n_gpu_layers=0, n_ctx=N_CTX, threads=1))


@pytest.mark.parametrize("case", [CASES[0], CASES[3]], ids=lambda c: c.key)
def test_every_tensor_shows_in_the_logits(case: check_models.CheckCase, tmp_path: Path) -> None:
    names = [t[0] for t in case.model.tensors() if not t[0].startswith("blk.0.")]
    requests = []
    for i, name in enumerate(["", *names]):
        maker = sound_weights()

        def content(tensor: Tensor, name: str = name, maker: Callable[[Tensor], bytes] = maker) -> bytes:
            right = maker(tensor)
            return bytes(len(right)) if tensor[0] == name else right

        write_model(case.model, tmp_path / f"{i}.gguf", content)
        requests.append(request(tmp_path / f"{i}.gguf", name))
    found = logits_of(requests)
    errors = {name: compare(found[""], found[name]) for name in names}
    assert min(errors.values()) > 1.5 * case.tolerance, errors


def test_the_processor_computes_what_the_formulas_say(tmp_path: Path) -> None:
    """The reference itself: a llama in numpy, in double precision (the engine's cache is in half)."""
    model = CASES[0].model
    tensors: dict[str, np.ndarray] = {}
    maker = sound_weights()

    def content(tensor: Tensor) -> bytes:
        data = maker(tensor)
        tensors[tensor[0]] = np.frombuffer(data, "<f4").astype(np.float64).reshape(tensor[1][::-1])
        return data

    write_model(model, tmp_path / "m.gguf", content)
    found = logits_of([request(tmp_path / "m.gguf", "m")])["m"]
    count = N_PROMPT + N_SINGLE
    x = tensors["token_embd.weight"][[i * 7919 % model.n_vocab for i in range(count)]]
    for layer in range(model.n_layer):
        part = {n.split(".", 2)[2]: t for n, t in tensors.items() if n.startswith(f"blk.{layer}.")}
        x = x + _attention(_norm(x, part["attn_norm.weight"]), part, model.n_head, model.n_head_kv)
        h = _norm(x, part["ffn_norm.weight"])
        gate = h @ part["ffn_gate.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ part["ffn_up.weight"].T)) @ part["ffn_down.weight"].T
    expected = _norm(x, tensors["output_norm.weight"]) @ tensors["output.weight"].T
    assert compare(expected[N_PROMPT - 1 :].ravel().tolist(), list(found)) < 0.002


def _norm(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * weight


def _attention(x: np.ndarray, part: dict[str, np.ndarray], n_head: int, n_kv: int) -> np.ndarray:
    count = len(x)
    q = _rope((x @ part["attn_q.weight"].T).reshape(count, n_head, -1))
    k = _rope((x @ part["attn_k.weight"].T).reshape(count, n_kv, -1)).repeat(n_head // n_kv, axis=1)
    v = (x @ part["attn_v.weight"].T).reshape(count, n_kv, -1).repeat(n_head // n_kv, axis=1)
    scores = np.einsum("qhd,khd->hqk", q, k) / math.sqrt(q.shape[-1])
    scores[:, np.triu(np.ones((count, count), bool), 1)] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("hqk,khd->qhd", weights, v).reshape(count, -1) @ part["attn_output.weight"].T


def _rope(x: np.ndarray) -> np.ndarray:
    """Pairs of neighbours are turned, as the llama architecture does."""
    half = x.shape[-1] // 2
    angle = np.arange(len(x))[:, None, None] * 10000.0 ** (-np.arange(half) / half)
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = np.empty_like(x)
    turned[..., 0::2] = even * np.cos(angle) - odd * np.sin(angle)
    turned[..., 1::2] = even * np.sin(angle) + odd * np.cos(angle)
    return turned


@pytest.mark.parametrize(
    ("found", "error"),
    [([1.0, 2.0], 0.0), ([1.0, 2.1], 0.1 / math.sqrt(5)), ([2.0, 1.0], math.sqrt(2 / 5))],
)
def test_the_error_is_relative(found: list[float], error: float) -> None:
    assert compare([1.0, 2.0], found) == pytest.approx(error)


def test_what_is_no_number_is_infinitely_wrong() -> None:
    assert all(compare([1.0, 2.0], bad) == math.inf for bad in ([1.0], [math.nan, 2.0], [math.inf, 2.0], []))


# --- devices ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[DeviceFinding]]]:
    """Runs the check on one RPC device whose answers are spoilt, then on the processor."""
    proxies: list[SpoiltDevice] = []
    with rpc_server_processes(1) as servers:

        def run(spoil: Callable[[bytes], bytes | None]) -> list[DeviceFinding]:
            proxies.append(SpoiltDevice(next(iter(servers)), spoil))
            monkeypatch.setenv("LAUNCHER_RPC_SERVERS", proxies[-1].endpoint)
            return list(check_devices(engine_info(fresh=True), cases=ONE_CASE))

        yield run
        for proxy in proxies:
            proxy.close()
    monkeypatch.delenv("LAUNCHER_RPC_SERVERS")
    engine_info(fresh=True)


def test_progress_names_devices_and_models_and_only_grows() -> None:
    told: list[tuple[str, float]] = []
    found: list[DeviceFinding] = []
    checked = check_devices(
        engine_info(), found.append, on_progress=lambda what, share: told.append((what, share)), cases=CASES[:2]
    )
    assert list(checked) == found
    assert [what for what, _ in told] == ["CPU: dense F32", "CPU: dense Q4_K", "CPU: Launcher Tiny"] * 2
    assert [share for _, share in told] == pytest.approx([i / 6 for i in range(6)])


def test_a_slow_computer_gets_more_time() -> None:
    assert stretched(0) == stretched(2.5) == DEADLINE_S
    assert DEADLINE_S < stretched(10) < stretched(12) < stretched(10**6) == stretched(10**7)


def test_a_stop_ends_it_and_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with rpc_server_processes(2) as servers:
        monkeypatch.setenv("LAUNCHER_RPC_SERVERS", ",".join(servers))
        stop = threading.Event()

        def on_finding(finding: DeviceFinding) -> None:
            del finding
            stop.set()

        found = check_devices(engine_info(fresh=True), on_finding, cases=ONE_CASE, stop=stop)
        assert [f.verdict for f in found] == [Verdict.OK]
        assert check_devices(engine_info(), cases=ONE_CASE, stop=stop) == ()
    monkeypatch.delenv("LAUNCHER_RPC_SERVERS")
    engine_info(fresh=True)


def test_no_room_for_the_models_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(UserError) as failed:
        check_devices(engine_info(), cases=ONE_CASE)
    assert failed.value.code == "check_not_written"
    assert str(tmp_path) in failed.value.why
    assert failed.value.next_steps


def test_errors_in_words() -> None:
    assert [percent(e) for e in (0.0, 0.00712, 0.167, 3.0, math.inf)] == [
        "0.01 %",
        "0.71 %",
        "17 %",
        "300 %",
        "not a number",
    ]


def test_the_worst_model_is_the_one_nearest_to_what_is_allowed() -> None:
    near, far = CaseError("near", 0.019, 0.02, 0.1), CaseError("far", 0.03, 0.08, 0.1)
    finding = DeviceFinding("CPU", "", "cpu", Verdict.OK, "", (far, near))
    assert finding.worst is near
    broken = replace(finding, cases=(near, replace(far, error=math.inf)))
    assert broken.worst is not None
    assert broken.worst.case == "far"
    assert replace(finding, cases=()).worst is None


@pytest.mark.parametrize("backend", ["cpu", "rpc", "vulkan"])
def test_every_trouble_has_its_advice(backend: str) -> None:
    for verdict in Verdict:
        finding = DeviceFinding("X", "", backend, verdict, "")
        assert bool(finding.advice) == finding.is_bad


def test_a_device_that_computes_rightly(check: Callable[..., list[DeviceFinding]]) -> None:
    device, processor = check(lambda answer: answer)
    assert (device.verdict, processor.verdict) == (Verdict.OK, Verdict.OK)
    assert device.backend == "rpc"
    assert device.cases[0].error < 1e-3


def test_a_device_that_computes_wrongly_is_found(check: Callable[..., list[DeviceFinding]]) -> None:
    def spoil(answer: bytes) -> bytes:
        if len(answer) != _ROW_BYTES:
            return answer
        logits = np.frombuffer(answer, "<f4").copy()
        logits[::8] *= 1.2  # every eighth is a fifth too large: 6.7 % all in all
        return logits.tobytes()

    device, processor = check(spoil)
    assert device.verdict is Verdict.WRONG
    assert 0.05 < device.cases[0].error < 0.1
    assert "differ from the processor's by 6." in device.detail
    assert processor.is_ok


def test_a_device_that_breaks_off_crashes_its_own_worker_only(check: Callable[..., list[DeviceFinding]]) -> None:
    device, processor = check(lambda answer: None if len(answer) == _ROW_BYTES else answer)
    assert device.verdict is Verdict.CRASHED
    assert "dense F32" in device.detail
    assert device.last_words
    assert processor.is_ok


def test_a_silent_device_is_too_slow(
    check: Callable[..., list[DeviceFinding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    given_s: list[float] = []

    def little(reference_seconds: float) -> float:
        """Enough for this computer, however busy it is."""
        given_s.append(max(8.0, 3 * reference_seconds))
        return given_s[-1]

    monkeypatch.setattr(device_check, "stretched", little)
    released = threading.Event()

    def spoil(answer: bytes) -> bytes:
        if len(answer) == _ROW_BYTES:
            released.wait()
        return answer

    try:
        device, processor = check(spoil)
    finally:
        released.set()
    assert device.verdict is Verdict.SLOW
    assert f"no result within {given_s[0]:.0f} s (dense F32)" in device.detail
    assert processor.is_ok


def test_without_a_reference_nothing_is_called_right(monkeypatch: pytest.MonkeyPatch) -> None:
    with rpc_server_processes(1) as servers:
        monkeypatch.setenv("LAUNCHER_RPC_SERVERS", next(iter(servers)))
        info = engine_info(fresh=True)
        too_many = [replace(ONE_CASE[0], model=replace(ONE_CASE[0].model, n_head_kv=3))]  # no divisor of 8
        device, processor = check_devices(info, cases=too_many)
    monkeypatch.delenv("LAUNCHER_RPC_SERVERS")
    engine_info(fresh=True)
    assert device.verdict is Verdict.UNCHECKED
    assert processor.verdict is Verdict.CRASHED
    assert "GGML_ASSERT" in " ".join(processor.last_words)


def test_doctor_tells_packs_and_results() -> None:
    done = command("doctor", "--json", HF_HUB_OFFLINE="1")
    document = json.loads(done.stdout)
    steps = [line.split("CPU: ")[1] for line in done.stderr.splitlines() if "CPU: " in line]
    assert steps == [*(c.key for c in CASES), "Launcher Tiny"] * 2
    version = importlib.metadata.version("llama-cpp-python")
    assert [(p["name"], p["use"], p["version"]) for p in document["packs"]] == [("built-in", "in use", version)]
    [processor] = document["results"]
    assert (processor["device"], processor["verdict"]) == ("CPU", "ok")
    assert [c["case"] for c in processor["cases"]] == [c.key for c in CASES]
    assert all(c["ok"] and c["error"] <= c["tolerance"] for c in processor["cases"])
    assert "85" in processor["answer"]
    assert processor["is_software"] is False
    quick = json.loads(command("doctor", "--json", "--quick", HF_HUB_OFFLINE="1").stdout)
    assert quick["results"] == []
