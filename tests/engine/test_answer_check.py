"""The built-in model's answer as a device check: the same everywhere, told apart where it differs, fails or is late."""

from __future__ import annotations

import threading

import pytest

from launcher.catalog import builtin
from launcher.core.units import MIB
from launcher.engine import answer_check
from launcher.engine.answer_check import AnswerCheck, Said
from launcher.engine.check_models import CASES
from launcher.engine.device_check import check_devices
from launcher.engine.device_findings import DeviceFinding, Verdict
from launcher.engine.devices import engine_info
from tests.engine.conftest import rpc_server_processes

DEADLINE_S = 120.0


def right(device: str = "CPU") -> DeviceFinding:
    return DeviceFinding(device, "", "cpu", Verdict.OK, "Right.")


def test_the_processor_answers_as_itself() -> None:
    check = AnswerCheck(DEADLINE_S, None)
    check.set_reference()
    found = check.checked(right(), "", None)
    assert found.is_ok
    assert found.answer
    assert found.detail == "Right. The built-in model answers as on the processor."


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
    assert findings[0].answer


def test_another_answer_is_a_wrong_result() -> None:
    check = AnswerCheck(DEADLINE_S, None)
    check._reference = Said("Four tens and three tens are seventy. 4738")
    found = check.checked(right(), "", None)
    assert found.verdict is Verdict.WRONG
    assert "47 + 38" in found.detail
    assert "4738" in found.detail
    assert found.answer


def test_a_device_that_is_wrong_already_is_not_asked() -> None:
    check = AnswerCheck(DEADLINE_S, None)
    check._reference = Said("85")
    wrong = DeviceFinding("CUDA0", "", "cuda", Verdict.WRONG, "Wrong.")
    assert check.checked(wrong, "", None) == wrong


def test_a_device_that_is_not_there_fails_with_the_reason() -> None:
    check = AnswerCheck(DEADLINE_S, None)
    check._reference = Said("85")
    found = check.checked(right("CUDA7"), "CUDA7", None)
    assert found.verdict is Verdict.FAILED
    assert "CUDA7" in found.detail


def test_one_that_takes_too_long_and_one_that_is_stopped() -> None:
    check = AnswerCheck(0.05, None)
    check._reference = Said("85")
    assert check.checked(right(), "", None).verdict is Verdict.SLOW
    stop = threading.Event()
    stop.set()
    check = AnswerCheck(DEADLINE_S, stop)
    check._reference = Said("85")
    assert check.checked(right(), "", None).verdict is Verdict.UNCHECKED


def test_without_the_model_only_logits_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "installed", lambda: None)
    check = AnswerCheck(DEADLINE_S, None)
    check.set_reference()
    assert check.checked(right(), "", None) == right()


def test_only_the_end_of_a_long_answer_is_told() -> None:
    assert answer_check._end_of("a\nb") == "a b"
    told = answer_check._end_of("word " * MIB)
    assert told.startswith("…")
    assert len(told) < 100
