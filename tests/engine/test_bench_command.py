"""`launcher bench` on real llama.cpp: shape of the document, levers, depths, several answers, and its ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from launcher.cli.main import run_command
from launcher.core.errors import UserError
from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement
from launcher.engine.bench import BenchOptions, BenchStopped, run_bench
from launcher.engine.bench_meters import EnergyMeter, cached_share
from tests.engine.conftest import PATIENCE_S
from tests.fakes.gguf_models import Shape, make_model

Models = Callable[..., Path]
SHORT = ("--prompt", "24", "--tokens", "6", "--repeat", "2", "--threads", "1", "--ctx", "512")


def bench_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run_command(["bench", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_document(models: Models, capsys: pytest.CaptureFixture[str]) -> None:
    path = models()
    found = bench_json(capsys, str(path), *SHORT, "--depth", "0", "--depth", "64")
    assert (found["threads"], found["prompt_tokens"], found["decode_tokens"]) == (1, 24, 6)
    assert found["prefill_tokens_s"] > 0  # type: ignore[operator]
    assert found["decode_tokens_s"] > 0  # type: ignore[operator]
    assert found["load_seconds"] > 0  # type: ignore[operator]
    assert 0 < found["cached_share"] <= 1  # type: ignore[operator]
    memory: dict[str, dict[str, object]] = found["memory"]  # type: ignore[assignment]
    (planned,), (actual,) = (memory[k]["devices"] for k in ("predicted", "actual"))  # type: ignore[misc]
    assert planned["kv_bytes"] == actual["kv_bytes"] > 0
    assert planned["compute_bytes"] == pytest.approx(actual["compute_bytes"], abs=2 * 2**20)
    depths: list[dict[str, dict[str, object]]] = found["depths"]  # type: ignore[assignment]
    assert [d["depth"] for d in depths] == [0, 64]
    for depth in depths:
        for phase in ("prefill", "decode"):
            runs: list[float] = depth[phase]["runs"]  # type: ignore[assignment]
            assert len(runs) == 2
            assert min(runs) > 0
            assert min(runs) <= depth[phase]["tokens_s"] <= max(runs)  # type: ignore[operator]
    assert not found["stopped"]


def test_the_levers_reach_the_engine(models: Models, capsys: pytest.CaptureFixture[str]) -> None:
    levers = ("--load-mode", "none", "--ubatch", "16", "--threads-batch", "2", "--parallel", "2", "--kv", "q8_0")
    override = ("--override", r"blk\.1\.ffn_up=CPU")
    found = bench_json(capsys, str(models()), *SHORT, *levers, *override, "--depth", "0")
    placement: dict[str, object] = found["placement"]  # type: ignore[assignment]
    assert {k: placement[k] for k in ("load_mode", "n_ubatch", "threads_batch", "n_parallel", "kv_type_k")} == {
        "load_mode": "none",
        "n_ubatch": 16,
        "threads_batch": 2,
        "n_parallel": 2,
        "kv_type_k": "q8_0",
    }
    assert placement["tensor_overrides"] == [[r"blk\.1\.ffn_up", "CPU"]]
    assert found["parallel"] == 2


def test_the_table(models: Models, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["bench", str(models()), *SHORT]) == 0
    shown = capsys.readouterr().out
    for words in ("1 threads", "Loaded in", "predicted", "prefill 24", "decode 6", "256", "Planned:", "measured"):
        assert words in shown, words


def test_a_depth_that_does_not_fit(models: Models, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["bench", str(models()), *SHORT, "--depth", "500"]) == 1
    assert "the depth can be 480 at most" in capsys.readouterr().err


def test_what_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "page.gguf").write_text("<html>")
    assert run_command(["bench", str(tmp_path / "page.gguf")]) == 1
    assert run_command(["bench", "--depth", "-1", "x"]) == 2
    assert run_command(["bench"]) == 1  # nothing is installed here


def test_a_stop_keeps_what_was_measured(models: Models) -> None:
    stop = threading.Event()
    request = LoadRequest(str(models()), "Tiny", "F16", Placement(0, 512, threads=1))
    seen: list[str] = []

    def tell(what: str, _fraction: float) -> None:
        seen.append(what)
        if what.startswith("decode"):
            stop.set()

    report = run_bench(request, BenchOptions(16, 4, (0, 32), 2), tell, stop)
    assert report.was_stopped
    assert [(d.depth, d.prefill is not None, d.decode) for d in report.depths] == [(0, True, None)]
    with pytest.raises(BenchStopped):
        run_bench(request, BenchOptions(16, 4), tell, stop)  # set before the load


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c(models: Models) -> None:
    command = [sys.executable, "-P", "-m", "launcher", "bench", str(models(slow=True)), "--json"]
    command += ["--threads", "1", "--ctx", "32768", "--prompt", "30000", "--depth", "0"]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    ) as process:
        worker = _wait_for_worker(process.pid)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode in (1, 130), err
    assert json.loads(out)
    assert not worker.is_running()


def _wait_for_worker(pid: int) -> psutil.Process:
    """The one that holds the model: another one before it only lists the devices."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for child in psutil.Process(pid).children():
            with contextlib.suppress(psutil.Error):
                if any("gguf" in Path(m.path).suffix for m in child.memory_maps()):
                    return child
        time.sleep(0.02)
    raise AssertionError("no worker")


def test_an_answer_that_fails_ends_the_measurement(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.Random.randrange", lambda _self, n: n)  # beyond the vocabulary
    request = LoadRequest(str(models()), "Tiny", "F16", Placement(0, 512, threads=1))
    with pytest.raises(UserError) as caught:
        run_bench(request, BenchOptions(16, 4), lambda _what, _part: None, threading.Event())
    assert caught.value.code == "bad_request"


def test_energy_of_processor_packages(tmp_path: Path) -> None:
    package = tmp_path / "intel-rapl:0"
    package.mkdir()
    (package / "max_energy_range_uj").write_text("10000000")
    counter = package / "energy_uj"
    counter.write_text("9000000")
    meter = EnergyMeter(with_gpus=False, rapl=tmp_path)
    counter.write_text("9500000")
    assert meter.joules == pytest.approx(0.5)
    counter.write_text("500000")  # it began anew
    assert meter.joules == pytest.approx(1.5)
    assert meter.sources == ("cpu",)
    nothing = EnergyMeter(with_gpus=False, rapl=tmp_path / "none")
    assert (nothing.joules, nothing.sources) == (None, ())


class Cards:
    """Meters of two cards, the second of which tells no power."""

    def __init__(self, watts: float | None) -> None:
        self.watts = watts
        self.is_closed = False

    def sample(self) -> SimpleNamespace:
        return SimpleNamespace(gpus=[SimpleNamespace(power_w=self.watts), SimpleNamespace(power_w=None)])

    def close(self) -> None:
        self.is_closed = True


def test_energy_of_cards_counts_runs_shorter_than_a_look(tmp_path: Path) -> None:
    now, cards = [50.0], Cards(200.0)
    meter = EnergyMeter(with_gpus=True, rapl=tmp_path, meters=lambda: cards, clock=lambda: now[0])  # type: ignore[arg-type, return-value]
    try:
        assert meter.joules == 0.0  # known from the first run on
        assert meter.sources == ("gpu",)
        now[0] += 0.02
        assert meter.joules == pytest.approx(4.0)
        now[0] += 1.0
        assert meter.joules == pytest.approx(204.0)
    finally:
        meter.close()
    assert cards.is_closed
    silent = EnergyMeter(with_gpus=True, rapl=tmp_path, meters=lambda: Cards(None))  # type: ignore[arg-type, return-value]
    try:
        assert (silent.joules, silent.sources) == (None, ())
    finally:
        silent.close()


def test_a_draft_is_loaded_and_in_the_memory_and_guesses_nothing(
    models: Models, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large = make_model(tmp_path / "large.gguf", "llama", shape=Shape(n_layer=6), template="v3")
    small = make_model(tmp_path / "small.gguf", "llama", shape=Shape(n_layer=1), template="v3")
    found = bench_json(capsys, str(large), *SHORT, "--depth", "0", "--draft", str(small))
    assert found["drafting"]
    memory: dict[str, dict[str, object]] = found["memory"]  # type: ignore[assignment]
    (planned,), (actual,) = (memory[k]["devices"] for k in ("predicted", "actual"))  # type: ignore[misc]
    assert planned["kv_bytes"] == actual["kv_bytes"]
    assert planned["weights_bytes"] == actual["weights_bytes"]
    assert found["decode_tokens_s"] > 0  # type: ignore[operator]
    assert run_command(["bench", str(large), *SHORT, "--depth", "0", "--draft", str(small)]) == 0
    assert "guesses nothing here" in capsys.readouterr().out
    assert run_command(["bench", str(large), *SHORT, "--draft", str(tmp_path / "none.gguf")]) == 1
    assert "none.gguf cannot be read" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="mincore")
def test_the_page_cache_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(2**20))
    assert cached_share(path) == 1.0
    assert cached_share(tmp_path / "gone") is None
