"""`launcher plan` with the real engine and a real hub on loopback: exact plans of files, catalog models and links."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub.utils import close_session

from launcher import catalog
from launcher.cli.main import run_command
from tests.fakes.gguf_shapes import shapes, write_shape
from tests.fakes.hub import FakeHub, serving

REPO = "org/Some-DeepSeek-GGUF"
MIB = 2**20
ROOT = Path(__file__).parents[2]


def document(capsys: pytest.CaptureFixture[str], *argv: str) -> dict:
    assert run_command([*argv, "--json"]) == 0, capsys.readouterr().out
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


@pytest.fixture(scope="module")
def giant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The header of a real R1: 405 GB of hole."""
    return write_shape(tmp_path_factory.mktemp("giant") / "DeepSeek-R1-Q4_K_M.gguf", shapes()["v3"])


def test_a_file_on_this_machine(models: Callable[..., Path]) -> None:
    """In a process of its own: this one may remember devices that another test had."""
    argv = [sys.executable, "-m", "launcher", "plan", str(models()), "--exact", "--ctx", "1024"]
    done = subprocess.run([*argv, "--json"], capture_output=True, text=True, cwd=ROOT, timeout=120, check=True)
    plan = json.loads(done.stdout)
    assert plan["memory"]["source"] == "engine"
    assert plan["fits"]
    (predicted,) = plan["predicted_memory"]["devices"]
    (engine,) = plan["memory"]["devices"]
    for part in ("weights_bytes", "kv_bytes", "compute_bytes"):
        assert abs(engine[part] - predicted[part]) <= max(0.01 * engine[part], 2 * MIB)
    text = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=120, check=True).stdout
    assert "Checked by the engine's own dry run" in text


def test_a_giant_that_is_still_on_the_hub(capsys: pytest.CaptureFixture[str], hub: FakeHub, giant: Path) -> None:
    hub.add_file(REPO, giant.name, giant, sha256="a" * 64)
    plan = document(
        capsys, "plan", REPO, "--quant", "Q4_K_M", "--exact", "--ctx", "32768", "--gpu", "2x RTX 3090", "--ram", "512"
    )
    assert plan["memory"]["source"] == "engine"
    assert plan["header_fetched_bytes"] < 8 * MIB
    assert plan["file_bytes"] == giant.stat().st_size
    assert len([d for d in plan["memory"]["devices"] if d["kind"] == "gpu"]) == 2
    # llama.cpp gives V3 at 32k 2196.0 MiB of KV cache (61 layers x 576 x 2 bytes x 32,768).
    assert sum(d["kv_bytes"] for d in plan["memory"]["devices"]) == pytest.approx(2196 * MIB, abs=MIB)
    for row, guess in zip(plan["memory"]["devices"], plan["predicted_memory"]["devices"], strict=True):
        assert row["weights_bytes"] == pytest.approx(guess["weights_bytes"], rel=0.005)
        assert row["compute_bytes"] >= guess["compute_bytes"]  # stand-ins never lower it
    # By its link it is the same model, and nothing is fetched again.
    again = document(
        capsys, "plan", f"{hub.endpoint}/{REPO}/resolve/main/{giant.name}", "--gpu", "4090", "--ram", "512"
    )
    assert again["file_bytes"] == plan["file_bytes"]


def test_a_model_of_the_catalog_is_read_from_its_repository(
    capsys: pytest.CaptureFixture[str], hub: FakeHub, tmp_path: Path
) -> None:
    variant = catalog.load().find("r1-distill-qwen-1.5b")
    quant = variant.quant("Q4_K_M")
    assert quant is not None
    real = write_shape(tmp_path / Path(quant.files[0].name).name, shapes()["qwen2-1.5b"])
    hub.add_file(quant.repo, quant.files[0].name, real, sha256="b" * 64)
    plan = document(capsys, "plan", variant.id, "--quant", "Q4_K_M", "--exact", "--ctx", "4096", "--ram", "16")
    assert plan["model"] == variant.id
    assert plan["file_bytes"] == real.stat().st_size  # the file's own size, not the published one
    assert plan["quality"]["score"] == variant.score
    assert plan["memory"]["source"] == "engine"


def test_a_hub_that_is_not_there(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert run_command(["plan", "r1", "--exact", "--ram", "16", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["next"]
    close_session()
