"""The built-in model's answer as a device check: the same everywhere, told apart where it differs, is wrong, fails or is late."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.catalog import builtin
from launcher.core.generation import Answer, Timings
from launcher.core.units import MIB
from launcher.engine import answer_check
from launcher.engine.answer_check import Said, judged
from launcher.engine.check_models import CASES
from launcher.engine.device_check import check_devices
from launcher.engine.device_findings import DeviceFinding, Verdict
from launcher.engine.device_run import DeviceRun, Steps, Target, run_device
from launcher.engine.devices import engine_info
from launcher.engine.protocol import ComputeLogits, Load
from tests.engine.conftest import rpc_server_processes
from tests.engine.spoilt_device import SpoiltDevice

DEADLINE_S = 120.0
RIGHT = DeviceFinding("CPU", "", "cpu", Verdict.OK, "Right.")
SAID = Said("7+8=15\n47 + 38 = 85", True)


def test_every_device_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with rpc_server_processes(1) as servers:
        monkeypatch.setenv("LAUNCHER_RPC_SERVERS", ",".join(servers))
        info = engine_info(fresh=True)
        findings = check_devices(info, cases=CASES[3:4])
    monkeypatch.delenv("LAUNCHER_RPC_SERVERS")
    engine_info(fresh=True)
    assert [f.device for f in findings] == ["RPC0", "CPU"]
    assert all(f.is_ok for f in findings), findings
    assert len({f.answer for f in findings}) == 1
    assert "85" in findings[0].answer
    assert all(f.detail.endswith("The built-in model answers as on the processor.") for f in findings)


def test_a_device_that_errs_in_the_answer_only_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its logits come back as those of the tokens beside them; those of the small models, which have another vocabulary, do not."""
    facts = builtin.variant().quants[0].facts
    assert facts is not None
    row_bytes = facts.hyper.n_vocab * 4
    assert row_bytes != CASES[0].model.n_vocab * 4

    def spoil(answer: bytes) -> bytes:
        return answer[4:] + answer[:4] if len(answer) == row_bytes else answer

    with rpc_server_processes(1) as servers:
        proxy = SpoiltDevice(next(iter(servers)), spoil)
        try:
            monkeypatch.setenv("LAUNCHER_RPC_SERVERS", proxy.endpoint)
            device, processor = check_devices(engine_info(fresh=True), cases=CASES[:1])
        finally:
            proxy.close()
    monkeypatch.delenv("LAUNCHER_RPC_SERVERS")
    engine_info(fresh=True)
    assert not any(c.is_wrong for c in device.cases)
    assert device.verdict is Verdict.WRONG
    assert device.answer != processor.answer
    assert "on the processor with" in device.detail
    assert processor.is_ok


@pytest.mark.parametrize(
    ("here", "there", "verdict", "words"),
    [
        (SAID, SAID, Verdict.OK, "Right. The built-in model answers as on the processor."),
        (Said("4738", False), SAID, Verdict.WRONG, "47 + 38 with “4738”, on the processor"),
        (Said("4738", False), Said("4738", False), Verdict.WRONG, "with “4738”, not with 85"),
        (SAID, None, Verdict.OK, "Right."),
        (None, None, Verdict.OK, "Right."),
    ],
)
def test_another_answer_and_a_wrong_one_are_wrong_results(
    here: Said | None, there: Said | None, verdict: Verdict, words: str
) -> None:
    found = judged(RIGHT, here, there)
    assert found.verdict is verdict
    assert words in found.detail
    assert found.answer == (here.text if here else "")


def test_a_device_that_is_wrong_already_stays_so() -> None:
    wrong = replace(RIGHT, verdict=Verdict.WRONG, detail="Wrong.")
    assert judged(wrong, SAID, SAID) == wrong


@pytest.mark.parametrize(("answer", "is_right"), [("47 + 38 = 85.", True), ("It is 850.", False), ("", False)])
def test_only_the_sum_itself_is_right(answer: str, is_right: bool) -> None:
    timings = Timings(1, 0, 1, 0, 0.1, 1.0, 1.0, 0.0, 2, "end")
    assert Said.of(Answer(answer, "85", timings)) == Said(f"85\n{answer}".strip(), is_right)


# --- one device's worker ----------------------------------------------------------------------------------------------


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    made = Steps(CASES[:1], tmp_path, 1)
    made.write_models(None)
    return made


def go_through(
    steps: Steps, target: Target, seconds: float = DEADLINE_S, stop: threading.Event | None = None
) -> DeviceRun:
    return run_device(steps, target, deadline_s=seconds, stop=stop, on_step=lambda _run: None)


def test_a_device_that_is_not_there_fails_with_the_reason(steps: Steps) -> None:
    run = go_through(steps, Target("CUDA7"))
    assert run.error is not None
    assert "CUDA7" in f"{run.error.what} {run.error.why}"
    assert run.step == CASES[0].key
    assert not run.is_sound


def test_one_that_takes_too_long_and_one_that_is_stopped(steps: Steps) -> None:
    late = go_through(steps, Target(), 0.05).ending
    assert late is not None
    assert late.because
    stop = threading.Event()
    stop.set()
    stopped = go_through(steps, Target(), stop=stop).ending
    assert stopped is not None
    assert stopped.was_stopped


def test_without_the_model_only_logits_are_compared(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "installed", lambda: None)
    run = go_through(steps, Target(use_extra_bufts=False))
    assert run.is_sound
    assert run.names == (CASES[0].key,)
    assert run.answer is None


def test_a_software_card_computes_latent_attention_without_its_flash_kernels() -> None:
    def flash(target: Target) -> dict[str, str]:
        commands = Steps(CASES, Path("folder"), 1).commands(target)
        [logits] = [c for c in commands if isinstance(c, ComputeLogits)]
        [load] = [c for c in commands if isinstance(c, Load)]
        requests = {r.name: r.placement.flash_attention for r in logits.requests}
        return {**requests, load.request.name: load.request.placement.flash_attention}

    latent = {c.key for c in CASES if c.is_latent} | {builtin.variant().name}
    assert 1 < len(latent) < 1 + len(CASES)
    assert {key for key, on in flash(Target("Vulkan0", is_software=True)).items() if on == "off"} == latent
    assert set(flash(Target("Vulkan0")).values()) == set(flash(Target()).values()) == {"auto"}


def test_only_the_end_of_a_long_answer_is_told() -> None:
    assert answer_check._end_of("a\nb") == "a b"
    told = answer_check._end_of("word " * MIB)
    assert told.startswith("…")
    assert len(told) < 100
