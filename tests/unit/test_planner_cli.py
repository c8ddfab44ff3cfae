import json

import pytest

from launcher.cli.main import run_command
from tests.unit.planner_machines import FOLDER
from tests.unit.test_catalog_gguf import write_model

MACHINE = str(FOLDER / "rtx4090-64gb.json")


def out_json(capsys, *argv):
    code = run_command([*argv, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_recommend(capsys):
    code, data = out_json(capsys, "recommend", "--machine", MACHINE)
    assert code == 0
    assert data["recommended"]["model"] == "r1-distill-qwen-32b"
    assert run_command(["recommend", "--machine", MACHINE, "--goal", "fastest"]) == 0
    assert "DeepSeek-R1-0528-Qwen3-8B" in capsys.readouterr().out


def test_plan_with_levers(capsys):
    code, data = out_json(
        capsys, "plan", "deepseek-r1-distill-qwen-7b", "--quant", "q8_0", "--ctx", "4096", "--gpu-layers", "10",
        "--kv", "q8_0", "--threads", "3", "--machine", MACHINE,
    )  # fmt: skip
    assert code == 0
    assert data["quant"] == "Q8_0"
    assert (data["context"], data["placement"]["n_gpu_layers"], data["placement"]["threads"]) == (4096, 10, 3)


def test_plan_of_a_local_file(capsys, tmp_path):
    code, data = out_json(capsys, "plan", str(write_model(tmp_path / "m.gguf")), "--machine", MACHINE)
    assert code == 0
    assert data["fits"]
    assert sum(d["weights_bytes"] for d in data["memory"]["devices"]) < data["file_bytes"]


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["plan", "r2", "--machine", MACHINE], "unknown_model"),
        (["plan", "r1", "--quant", "Q9", "--machine", MACHINE], "unknown_quant"),
        (["plan", "v4.1-flash", "--machine", MACHINE], "not_loadable"),
        (["plan", "r1", "--machine", "/nonexistent.json"], "bad_machine_file"),
    ],
)
def test_failures_are_user_errors(capsys, argv, code):
    status, data = out_json(capsys, *argv)
    assert status == 1
    assert data["error"]["code"] == code


def test_models(capsys):
    code, data = out_json(capsys, "models")
    assert code == 0
    assert sum(len(f["variants"]) for f in data["families"]) == 39
    assert run_command(["models", "v4-flash"]) == 0
    text = capsys.readouterr().out
    assert "Known, not offered:" in text
    assert run_command(["models"]) == 0
    assert "R1 distils" in capsys.readouterr().out
