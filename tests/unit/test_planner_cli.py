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


def test_the_ladder_of_a_model(capsys):
    code, data = out_json(capsys, "plan", "r1", "--table", "--gpu", "RTX 4090", "--ram", "192", "--ctx", "8192")
    assert code == 0
    rungs = data["rungs"]
    assert rungs[0]["quant"] == "BF16"
    assert not rungs[0]["fits"]
    assert rungs[0]["missing_bytes"] > 10**12
    assert [r["bits_per_weight"] for r in rungs] == sorted((r["bits_per_weight"] for r in rungs), reverse=True)
    assert any(r["fits"] for r in rungs)
    assert run_command(["plan", "r1", "--table", "--gpu", "RTX 4090", "--ram", "192"]) == 0
    assert "full precision" in capsys.readouterr().out


def test_the_hardware_that_a_speed_needs(capsys):
    code, data = out_json(capsys, "plan", "r1-distill-qwen-32b", "--what-hardware", "--min-speed", "20")
    assert code == 0
    by_kind = {n["kind"]: n for n in data["needs"]}
    assert by_kind["one card"]["plan"]["speed"]["decode_tokens_s"] >= 20
    assert by_kind["no graphics card"]["hardware"] is None
    assert "20" in by_kind["no graphics card"]["why_not"]
    assert run_command(["plan", "r1", "--what-hardware", "--min-speed", "100000"]) == 1
    assert "Not fast enough" in capsys.readouterr().out
    assert out_json(capsys, "plan", "r1", "--what-hardware", "--min-speed", "nan")[0] == 1


def test_another_machine_by_its_parts(capsys):
    code, data = out_json(capsys, "plan", "r1-distill-qwen-7b", "--gpu", "2x RTX 3060 12 GB", "--ram", "64")
    assert code == 0
    assert data["memory"]["devices"][0]["name"] == "RTX 3060"
    assert out_json(capsys, "plan", "r1", "--gpu", "RTX 30600")[1]["error"]["code"] == "unknown_gpu"
    assert out_json(capsys, "plan", "r1", "--ram", "0.1")[1]["error"]["code"] == "bad_machine"


def test_levers_fixed_by_hand_are_printed_as_options(capsys):
    fixed = ["--gpu-layers", "62", "--cpu-moe", "59", "--cpu-moe-part", "up,gate", "--kv", "q8_0", "--ubatch", "256"]
    argv = ["plan", "r1-0528", "--gpu", "RTX 4090", "--ram", "512", "--ctx", "16384", *fixed]
    code, data = out_json(capsys, *argv)
    assert code == 0
    placed = data["placement"]
    assert (placed["expert_layers_on_cpu"], placed["boundary_experts_on_cpu"]) == (59, ["up", "gate"])
    assert (placed["n_gpu_layers"], placed["kv_type_k"], placed["n_ubatch"]) == (62, "q8_0", 256)
    assert run_command(argv) == 0
    assert "--gpu-layers 62 --cpu-moe 59 --cpu-moe-part up,gate" in capsys.readouterr().out


@pytest.mark.parametrize("option", [("--kv", "q9"), ("--vram-cap", "x"), ("--cpu-moe-part", "head"), ("--ram", "inf")])
def test_wrong_options_are_wrong_usage(capsys, option):
    assert run_command(["plan", "r1", *option]) == 2
    assert option[0] in capsys.readouterr().err


def test_the_memory_of_snapshots_has_a_column_where_there_are_any(capsys):
    argv = ["plan", "v4-flash-0731", "--gpu", "RTX 4090", "--ram", "256", "--ctx", "8192"]
    assert run_command(argv) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.startswith("RAM"))
    assert "Checkpoints" in next(line for line in lines if line.startswith("Device"))
    assert "  0.2 GiB  " in row
    assert run_command(["plan", "r1-distill-qwen-7b", *argv[2:]]) == 0
    assert "Checkpoints" not in capsys.readouterr().out
