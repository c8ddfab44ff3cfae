"""Measuring for real, with models of a few hundred kilobytes: every device gets its terms, a stop works, nothing is left."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from launcher.core.errors import UserError
from launcher.core.paths import cache_dir
from launcher.engine import calibration, quirks
from launcher.engine.calibration import Options, calibrate
from launcher.engine.calibration_probes import Extent, Probe, ProbeJob, thin_model
from launcher.engine.calibration_run import run_job
from launcher.engine.devices import engine_info

MIB = 2**20
TINY = Extent(
    weights_bytes=MIB,
    n_embd=256,
    n_ff=512,
    n_head=4,
    quants=("q4_k", "q6_k", "q8_0", "f16", "iq3_s"),
    thin_layers=6,
    kv_layers=1,
    depth=256,
    prompt_tokens=32,
    seconds=0.01,
)
ONE_TYPE = replace(TINY, quants=("q8_0",))
ROUGH = Options(TINY, TINY, keep_noisy=True, threads=1)  # one: several wait for each other where others compute


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAUNCHER_HOME", str(tmp_path))
    return tmp_path


def left_behind() -> list[Path]:
    return list(cache_dir().iterdir())


def test_the_processor_is_measured() -> None:
    steps: list[tuple[str, float]] = []
    measured = calibrate(lambda what, fraction: steps.append((what, fraction)), threading.Event(), ROUGH)
    (device,) = measured.devices
    assert device.name == "CPU"
    # On a busy machine noise outweighs a megabyte of weights, and a term of the fit is 0: which terms are found is tested
    # with known times (test_calibration_fit.py), that everything is timed here.
    assert device.bandwidth_bytes_s
    assert set(device.bandwidth_bytes_s) <= set(TINY.quants)
    assert all(1e6 < rate < 1e13 for rate in device.bandwidth_bytes_s.values())
    assert device.prefill_flops is not None
    assert device.prefill_flops > 1e7
    assert measured.token_s is not None
    assert 0 <= measured.token_s < 10
    assert (measured.handover_s, measured.pcie_bytes_s, device.unaccounted_bytes) == (None, None, None)
    assert measured.spread >= 1.0
    assert measured.engine_version == engine_info().engine_version
    fractions = [fraction for _what, fraction in steps]
    assert fractions[0] == 0.0
    assert fractions == sorted(fractions)
    assert fractions[-1] < 1.0
    assert left_behind() == []


def test_every_card_and_the_hand_over_are_measured(
    rpc_servers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAUNCHER_RPC_SERVERS", ",".join(rpc_servers))
    two = replace(ROUGH, processor=ONE_TYPE, card=ONE_TYPE)
    try:
        measured = calibrate(lambda _what, _fraction: None, threading.Event(), two)
    finally:
        monkeypatch.delenv("LAUNCHER_RPC_SERVERS")
        engine_info(fresh=True)
    assert [device.name for device in measured.devices] == ["CPU", "RPC0", "RPC1"]
    for device in measured.devices[1:]:
        assert set(device.bandwidth_bytes_s) <= {"q8_0"}
        assert device.prefill_flops is not None
        assert device.unaccounted_bytes == 0  # another computer's memory is not ours to count
        assert device.description in rpc_servers
    assert measured.handover_s is not None
    assert measured.pcie_bytes_s is None
    assert left_behind() == []


def test_a_stop_ends_it_and_leaves_nothing() -> None:
    stop = threading.Event()
    begun = threading.Event()

    def on_progress(_what: str, fraction: float) -> None:
        if fraction > 0.3:
            begun.set()

    long = replace(ROUGH, processor=replace(TINY, seconds=1.0))
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(calibrate, on_progress, stop, long)
        assert begun.wait(60)
        stop.set()
        with pytest.raises(UserError) as caught:
            job.result(30)
    assert caught.value.code == "calibration_stopped"
    assert left_behind() == []


def test_a_stop_before_the_start_counts() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(UserError) as caught:
        calibrate(lambda _what, _fraction: None, stop, ROUGH)
    assert caught.value.code == "calibration_stopped"


def test_a_busy_machine_is_refused_unless_the_user_insists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "worst_spread", lambda _jobs: 1.16)
    monkeypatch.setattr(calibration, "_HOPELESS_LOAD", 1.1)  # whatever runs beside this test
    once = replace(ROUGH, processor=ONE_TYPE)
    with pytest.raises(UserError) as caught:
        calibrate(lambda _what, _fraction: None, threading.Event(), replace(once, keep_noisy=False))
    assert caught.value.code == "machine_busy"
    assert "16 %" in caught.value.why
    kept = calibrate(lambda _what, _fraction: None, threading.Event(), once)
    assert kept.is_noisy


def test_a_hopeless_machine_is_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_HOPELESS_LOAD", -1.0)
    fractions: list[float] = []
    with pytest.raises(UserError) as caught:
        calibrate(
            lambda _what, fraction: fractions.append(fraction), threading.Event(), replace(ROUGH, keep_noisy=False)
        )
    assert caught.value.code == "machine_busy"
    assert max(fractions) < 0.3
    assert left_behind() == []


def test_too_little_disk_or_memory_is_said_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(part: str, figure: Callable[[], object]) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(f"launcher.engine.calibration.{part}", figure)
            with pytest.raises(UserError) as caught:
                calibrate(lambda _what, _fraction: None, threading.Event(), ROUGH)
        assert left_behind() == []
        return caught.value.code

    usage = type("Usage", (), {"free": MIB})
    memory = type("Memory", (), {"available": MIB})
    assert refused("shutil.disk_usage", lambda *_: usage) == "disk_full"
    assert refused("psutil.virtual_memory", lambda: memory) == "too_little_memory"


def test_leftovers_of_killed_runs_go_and_those_of_others_stay() -> None:

    old, young, foreign = (cache_dir() / name for name in ("calibration-old", "calibration-young", "ram-speed"))
    for folder in (old, young, foreign):
        folder.mkdir()
        (folder / "x.gguf").write_bytes(b"x")
    for folder in (old, foreign):
        os.utime(folder, (time.time() - 3600,) * 2)
    calibrate(lambda _what, _fraction: None, threading.Event(), replace(ROUGH, processor=ONE_TYPE))
    assert set(left_behind()) == {young, foreign}


def _job(folder: Path, use_extra_bufts: bool | None = None) -> ProbeJob:
    return ProbeJob((Probe("thin", thin_model(2)),), str(folder), 1, 0.01, use_extra_bufts)


def _kill_worker() -> None:
    for child in psutil.Process().children():
        if "calibrate" in child.cmdline():
            child.kill()


def test_a_worker_that_dies_is_an_error_with_its_cause(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        run_job(_job(tmp_path), engine_info(), lambda _event: _kill_worker(), threading.Event())
    assert caught.value.code == "engine_stopped"


def test_a_worker_that_dies_of_special_layouts_measures_without(tmp_path: Path) -> None:
    seen: list[bool] = []

    def on_event(event: object) -> None:
        seen.append(event.use_extra_bufts)  # type: ignore[attr-defined]
        if len(seen) == 1:
            for child in psutil.Process().children():
                if "calibrate" in child.cmdline():
                    child.send_signal(signal.SIGABRT)
            time.sleep(0.5)

    finished = run_job(_job(tmp_path, use_extra_bufts=True), engine_info(), on_event, threading.Event())
    assert seen == [True, False]
    assert finished.times[0].decode is not None
    info = engine_info()
    assert quirks.crashes_with_extra_buffers(info.processor, info.engine_version)


def test_what_the_worker_cannot_do_is_its_error(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        run_job(
            ProbeJob((Probe("thin", thin_model(2), ("CUDA7",), -1),), str(tmp_path), 1, 0.01),
            engine_info(),
            lambda _event: None,
            threading.Event(),
        )
    assert "CUDA7" in str(caught.value)
    assert list(tmp_path.glob("*.gguf")) == []
