"""The engine's own dry run: the same bytes as a real load, from headers alone, on GPUs that are not there; and its ends."""

from __future__ import annotations

import functools
import re
import resource
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from gguf import GGUFReader, GGUFWriter

from launcher.core.errors import UserError
from launcher.core.plans import DeviceMemory, MemoryUse, Placement
from launcher.engine import dry_run as module
from launcher.engine.dry_run import DryRunFile, DryRunRequest, DryRunStopped, dry_run, dry_runs
from tests.engine.conftest import PATIENCE_S, Engine
from tests.fakes import gguf_models
from tests.fakes.gguf_shapes import shapes, write_shape

Models = Callable[..., Path]
TWO = ("RTX 3060", "RTX 4090")


def place(n_gpu_layers: int = 0, **levers: object) -> Placement:
    """Read into memory: the row of a mapped file counts the mapped range."""
    return Placement(n_gpu_layers, **{"n_ctx": 1024, "threads": 1, "load_mode": "none", **levers})  # type: ignore[arg-type]


def whole(path: Path) -> tuple[DryRunFile, ...]:
    return (DryRunFile(path, path.stat().st_size),)


def header_of(path: Path, folder: Path, name: str = "", cut: int = 0) -> DryRunFile:
    """Only what comes before the tensor data (less `cut` bytes)."""
    header = folder / (name or path.name)
    header.write_bytes(path.read_bytes()[: int(GGUFReader(path).data_offset) - cut])
    return DryRunFile(header, path.stat().st_size)


def figures(memory: MemoryUse) -> list[tuple[str, int, int, int]]:
    return [(d.kind, d.weights_bytes, d.kv_bytes, d.compute_bytes) for d in memory.devices]


def weights(device: DeviceMemory) -> int:
    return device.weights_bytes


# --- the same as a real load ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arch", ["deepseek2", "qwen2", "llama"])
def test_a_dry_run_says_what_a_real_load_takes(
    arch: str,
    models: Models,
    make_engine: Callable[..., Engine],
    rpc_servers: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To the byte, the compute buffers of the second GPU too (llama.cpp's own dry run has 8 % more there)."""
    path = models(arch, n_vocab=3000)
    placements = [
        place(),
        place(kv_type_k="q8_0", kv_type_v="q8_0", flash_attention="on"),
        place(5, devices=("RPC1",), split_mode="none"),
        place(5, tensor_split=(1.0, 1.0)),
        place(5, tensor_split=(1.0, 1.0), n_ubatch=128, n_outputs=64),
        place(3, tensor_split=(1.0, 2.0)),
        place(5, tensor_split=(3.0, 2.0), expert_layers_on_cpu=2, boundary_experts_on_cpu=("gate", "down")),
    ]
    monkeypatch.setenv("LAUNCHER_RPC_SERVERS", ",".join(rpc_servers))
    dry = dry_runs(whole(path), placements)
    for placement, expected in zip(placements, dry, strict=True):
        engine = make_engine(rpc_servers=rpc_servers)
        real = engine.load(path, placement).memory
        engine.client.close()
        assert figures(expected) == figures(real), placement
        assert [d.name for d in expected.devices] == [d.name for d in real.devices]
        assert all(d.free_bytes is None and d.capacity_bytes is None for d in expected.devices)
        assert expected.source == "engine"


def test_the_other_levers_too(
    models: Models, make_engine: Callable[..., Engine], rpc_servers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several answers at once, tensors by name, and tensor parallelism, whose small tensors every device holds whole."""
    path, dense = models("deepseek2", n_vocab=3000), models("llama", n_vocab=3000)
    by_name = ((r"blk\.1\.ffn_up_exps", "RPC1"), (r"blk\.2\.attn", "CPU"))
    cases = [
        (path, place(n_parallel=4)),
        (path, place(5, tensor_split=(1.0, 1.0), n_parallel=3, threads_batch=2, load_mode="direct_io")),
        (path, place(5, tensor_split=(1.0, 1.0), tensor_overrides=by_name, expert_layers_on_cpu=2)),
        (dense, place(5, split_mode="tensor")),
        (dense, place(5, split_mode="tensor", tensor_split=(3.0, 1.0))),
    ]
    monkeypatch.setenv("LAUNCHER_RPC_SERVERS", ",".join(rpc_servers))
    for file, placement in cases:
        expected = dry_run(DryRunRequest(whole(file), placement))
        engine = make_engine(rpc_servers=rpc_servers)
        real = engine.load(file, placement).memory
        engine.client.close()
        if placement.split_mode != "tensor":
            assert figures(expected) == figures(real), placement
            continue
        for found, wanted in zip(expected.devices, real.devices, strict=True):
            assert abs(found.total_bytes - wanted.total_bytes) < 2**16, placement
    # The same on cards that are not there, by the plan's names of them.
    renamed = replace(
        cases[2][1], devices=("CUDA0", "CUDA1"), tensor_overrides=((r"blk\.1\.ffn_up_exps", "CUDA1"), by_name[1])
    )
    assert figures(dry_run(DryRunRequest(whole(path), renamed, TWO))) == figures(
        dry_run(DryRunRequest(whole(path), cases[2][1]))
    )


def test_a_mapped_load_takes_the_same_within_a_page_table(engine: Engine, models: Models) -> None:
    placement = place(load_mode="mmap")
    dry, real = dry_run(DryRunRequest(whole(models()), placement)), engine.load(models(), placement).memory
    assert abs(dry.total_bytes - real.total_bytes) < 2**20


def test_stand_ins_take_what_real_servers_take(
    models: Models, rpc_servers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    placement = place(5, tensor_split=(3.0, 2.0), expert_layers_on_cpu=2)
    stand_ins = dry_run(DryRunRequest(whole(models()), placement, TWO))
    assert [d.name for d in stand_ins.devices] == [*TWO, "RAM"]
    monkeypatch.setenv("LAUNCHER_RPC_SERVERS", ",".join(rpc_servers))
    assert figures(dry_run(DryRunRequest(whole(models()), placement))) == figures(stand_ins)


# --- levers -----------------------------------------------------------------------------------------------------------


def test_parts_of_one_layer_s_experts_stay_in_ram(models: Models) -> None:
    """One part of a layer here: 8 experts x 128 x 256 numbers of 2 bytes."""
    part = 8 * 128 * 256 * 2
    none, down, two, layer, wrong = (
        place(5, expert_layers_on_cpu=2, boundary_experts_on_cpu=("down",) * i)
        if i < 2
        else place(5, expert_layers_on_cpu=2 + (i == 3), boundary_experts_on_cpu=("up", "gate") * (i == 2))
        for i in range(5)
    )
    found = dry_runs(whole(models()), [none, down, two, layer, wrong], ("GPU",))
    gpu = [weights(m.devices[0]) for m in found]
    ram = [weights(m.devices[-1]) for m in found]
    assert [gpu[0] - g for g in gpu] == [0, part, 2 * part, 3 * part, 0]
    assert [r - ram[0] for r in ram] == [0, part, 2 * part, 3 * part, 0]
    with pytest.raises(UserError) as caught:
        dry_run(DryRunRequest(whole(models()), place(boundary_experts_on_cpu=("side",))))
    assert caught.value.code == "bad_placement"


def test_levers_of_the_context(models: Models) -> None:
    path = models("qwen2", n_vocab=30_000)
    plain, rows, mixed = dry_runs(
        whole(path),
        [
            place(),
            place(n_outputs=512),
            place(kv_type_k="q8_0", kv_type_v="q4_0", flash_attention="on"),
        ],
    )
    (before, after) = (m.devices[0].compute_bytes for m in (plain, rows))
    assert after - before > 400 * 30_000 * 4  # rows of logits, of float
    assert (
        mixed.devices[0].kv_bytes
        == plain.devices[0].kv_bytes // 2 * 34 // 64 + plain.devices[0].kv_bytes // 2 * 18 // 64
    )


def test_multi_token_prediction_is_loaded_or_left_out(make_engine: Callable[..., Engine], tmp_path: Path) -> None:
    """Its block counts for n_gpu_layers; it takes weights only when asked for, and no cache of an ordinary context."""
    path = gguf_models.make_model(tmp_path / "mtp.gguf", shape=gguf_models.Shape(n_layer=5, nextn_layers=1))
    without, with_mtp = dry_runs(whole(path), [place(), place(mtp=True)])
    joint = 256 * 512 * 2 + 2 * 256 * 4  # of both inputs, with its norms; the rest is a layer like others
    assert weights(with_mtp.devices[0]) - weights(without.devices[0]) > joint + 3 * 8 * 128 * 256 * 2
    assert with_mtp.devices[0].kv_bytes == without.devices[0].kv_bytes == 4 * 1024 * (128 + 32) * 2
    for placement, expected in ((place(), without), (place(mtp=True), with_mtp)):
        engine = make_engine()
        assert figures(engine.load(path, placement).memory) == figures(expected)
        assert engine.ask("Where do the layers go?").answer
        engine.client.close()


# MiB of KV cache and compute buffer at 32k context, ubatch 512, all rows of logits, on the processor (facts on llama.cpp).
REFERENCE = {
    "llama-8b": (4096.0, 266.5),
    "v2-lite": (972.0, 240.4),
    "v3": (2196.0, 440.0),
    "v32": (2684.0, 798.1),
    "v4-flash": (258.9, 300.5),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_true_shapes_take_what_is_known_of_them(name: str, tmp_path: Path) -> None:
    path = write_shape(tmp_path / f"{name}.gguf", shapes()[name])
    ram = dry_run(DryRunRequest(whole(path), place(n_ctx=32_768, n_outputs=512), ())).devices[-1]
    found = ram.kv_bytes / 2**20, ram.compute_bytes / 2**20
    assert found == pytest.approx(REFERENCE[name], rel=0.001)  # printed figures, another vocabulary
    assert ram.weights_bytes > 0.99 * path.stat().st_size


def test_types_that_the_model_refuses(models: Models) -> None:
    with pytest.raises(UserError) as caught:
        dry_run(DryRunRequest(whole(models()), place(kv_type_k="q8_0", kv_type_v="f16", flash_attention="on")))
    assert caught.value.code == "bad_placement"


# --- GPUs that are not there ------------------------------------------------------------------------------------------


def test_what_if_machines(models: Models) -> None:
    files = whole(models())
    same = dry_run(
        DryRunRequest(files, place(5, tensor_split=(1.0, 1.0), devices=("CUDA0", "CUDA1")), ("RTX 3090",) * 2)
    )
    assert [(d.name, d.kind) for d in same.devices] == [("RTX 3090", "gpu"), ("RTX 3090", "gpu"), ("RAM", "host")]
    assert all(weights(d) > 0 for d in same.devices[:2])
    # A card with a share of 0 needs no stand-in; the plan does not list it either.
    skipped = dry_run(DryRunRequest(files, place(5, tensor_split=(1.0, 0.0, 1.0)), ("RTX 3090",) * 2))
    assert figures(skipped) == figures(same)
    alone = dry_run(DryRunRequest(files, place(), ()))
    assert figures(alone) == figures(dry_run(DryRunRequest(files, place(), TWO)))
    assert [d.name for d in alone.devices] == ["RAM"]
    with pytest.raises(UserError) as caught:
        dry_run(DryRunRequest(files, place(5, tensor_split=(1.0, 1.0)), ("RTX 3090",)))
    assert caught.value.code == "bad_placement"


# --- headers alone ----------------------------------------------------------------------------------------------------


def test_a_header_is_enough(models: Models, tmp_path: Path) -> None:
    path = models()
    placements = [place(), place(n_ctx=4096), place(5, tensor_split=(1.0, 1.0))]
    header = header_of(path, tmp_path)
    assert header.path.stat().st_size < path.stat().st_size // 10
    from_header, from_file = (dry_runs(files, placements, TWO) for files in ((header,), whole(path)))
    assert from_header == from_file
    assert from_header[1].devices[0].kv_bytes == 4 * from_header[0].devices[0].kv_bytes


def test_headers_of_shards_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = gguf_models.make_model(tmp_path / "one.gguf")
    monkeypatch.setattr(gguf_models, "GGUFWriter", functools.partial(GGUFWriter, split_max_tensors=30))
    gguf_models.make_model(tmp_path / "set.gguf")
    shards = sorted(tmp_path.glob("set-*.gguf"))
    assert len(shards) > 2
    headers = tuple(header_of(s, tmp_path, f"cached-{i}") for i, s in enumerate(shards))
    expected = dry_run(DryRunRequest(whole(one), place()))
    assert dry_run(DryRunRequest(headers, place())) == expected
    # Some are here already, the others are not.
    mixed = (headers[0], DryRunFile(shards[1], shards[1].stat().st_size), *headers[2:])
    assert dry_run(DryRunRequest(mixed, place())) == expected


def test_nothing_is_left_in_the_temporary_folder(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    dry_run(DryRunRequest((header_of(models(), tmp_path),), place()))
    assert list(folder.iterdir()) == []


def test_a_disk_that_cannot_hold_the_hole(models: Models, tmp_path: Path) -> None:
    header = header_of(models(), tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 2**20, before[1]))
    try:
        with pytest.raises(UserError) as caught:
            dry_run(DryRunRequest((DryRunFile(header.path, 10**12),), place()))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.code == "dry_run_failed"
    assert "1000.0 GB" in caught.value.why
    assert "File too large" in caught.value.why


# --- broken files -----------------------------------------------------------------------------------------------------


def test_a_broken_header(models: Models, tmp_path: Path) -> None:
    cut = header_of(models(), tmp_path, "cut.gguf", cut=2000)
    with pytest.raises(UserError) as caught:
        dry_run(DryRunRequest((cut,), place()))
    assert "cut.gguf" in caught.value.what
    assert caught.value.detail
    assert not any("launcher-dry-run" in f"{s.argument}{caught.value.why}" for s in caught.value.next_steps)


def test_a_file_that_says_too_little_about_itself(models: Models, tmp_path: Path) -> None:
    short = DryRunFile(header_of(models(), tmp_path).path, models().stat().st_size // 2)
    with pytest.raises(UserError) as caught:
        dry_run(DryRunRequest((short,), place()))
    assert caught.value.code == "load_failed"


def test_what_is_no_model(tmp_path: Path) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("not a model")
    with pytest.raises(UserError) as caught:
        dry_run(DryRunRequest((DryRunFile(text, 10**9),), place()))
    assert caught.value.code == "bad_model_file"
    with pytest.raises(UserError) as caught:
        dry_run(DryRunRequest((DryRunFile(tmp_path / "gone.gguf", 10**9),), place()))
    assert caught.value.code == "model_missing"
    assert "gone.gguf" in caught.value.what


# --- how it ends ------------------------------------------------------------------------------------------------------


def child_of_ours() -> psutil.Process:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for child in psutil.Process().children():
            if "engine-worker" in child.cmdline():
                return child
        time.sleep(0.01)
    raise AssertionError("no worker")


def test_a_stop_ends_it_at_once(models: Models) -> None:
    stop = threading.Event()
    seen: list[psutil.Process] = []

    def stop_it() -> None:
        seen.append(child_of_ours())
        stop.set()

    thread = threading.Thread(target=stop_it)
    thread.start()
    with pytest.raises(DryRunStopped):
        dry_run(DryRunRequest(whole(models()), place(), TWO), stop)
    thread.join()
    assert not seen[0].is_running()
    with pytest.raises(DryRunStopped):
        dry_run(DryRunRequest(whole(models()), place()), stop)


def test_a_child_that_is_killed(models: Models, tmp_path: Path) -> None:
    thread = threading.Thread(target=lambda: child_of_ours().kill())
    thread.start()
    with pytest.raises(UserError) as caught:
        dry_run(DryRunRequest((header_of(models(), tmp_path),), place()))
    thread.join()
    assert caught.value.code == "dry_run_failed"
    assert "signal 9" in caught.value.why
    assert any(s.action == "retry" for s in caught.value.next_steps)


def test_a_child_that_hangs(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DEADLINE_S", 1.0)
    monkeypatch.setattr(module, "_DEADLINE_PER_PLACEMENT_S", 0.0)
    thread = threading.Thread(target=lambda: child_of_ours().suspend())
    thread.start()
    with pytest.raises(UserError) as caught:
        dry_run(DryRunRequest(whole(models()), place()))
    thread.join()
    assert caught.value.code == "dry_run_failed"
    assert re.search(r"did not answer within \d+ s", caught.value.why)


def test_no_placement_needs_no_engine(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launcher.engine.dry_run.run_errand", pytest.fail)
    assert dry_runs(whole(models()), []) == []
