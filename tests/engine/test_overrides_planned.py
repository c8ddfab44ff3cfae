"""Tensors put somewhere by name and layers split by hand: what a plan predicts of them is what the engine takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from launcher import planner
from launcher.catalog.facts import facts_of
from launcher.catalog.gguf import read_header
from launcher.core.plans import Wishes
from launcher.core.units import MIB
from launcher.engine.dry_run import DryRunFile, dry_runs
from tests.bench.plan_accuracy_cases import roomy_machine
from tests.fakes.gguf_shapes import shapes, write_shape

CARDS = ("RPC0", "RPC1")
PATTERNS = {
    "up in RAM": ((r"blk\.[0-3]\.ffn_up", "CPU"),),
    "attention of a block on the other card": ((r"blk\.1\.attn", "RPC1"),),
    "experts on a card, the rest of the feed-forward in RAM": ((r"ffn_(up|down)_exps", "RPC1"), (r"\.ffn_", "CPU")),
    "output in RAM, token table on a card": ((r"^output\.", "CPU"), ("token_embd", "RPC0")),
    "first match wins": ((r"blk\.2\.ffn_down", "RPC0"), (r"blk\.(1|2|5)\.", "RPC1"), (r"attn_k", "CPU")),
    "nothing matches": (("no such tensor", "CPU"),),
}
# (GPU layers less than all with the output, split, expert layers in RAM)
SPLITS = ((0, (1.0, 1.0), 0), (0, (3.0, 1.0), 2), (15, (1.0, 2.0), 0))
CLOSE_BYTES = MIB // 2
# Without flash attention, on three devices: scores are handed over in an order that is simulated a little otherwise.
CLOSE_WITHOUT_FLASH_BYTES = 13 * MIB


def wished(layers: int, split: tuple[float, ...], experts: int, overrides: tuple[tuple[str, str], ...]) -> Wishes:
    return Wishes(
        context=4096,
        n_gpu_layers=layers,
        expert_layers_on_cpu=experts,
        tensor_split=split,
        tensor_overrides=overrides,
        kv_type="f16",
        n_ubatch=512,
        load_mode="none",
    )


@pytest.mark.parametrize("shape", ["v2-lite", "qwen2-1.5b", "llama-8b"])
def test_a_plan_predicts_what_the_engine_takes(shape: str, tmp_path: Path) -> None:
    """Weights and cache to the byte, on two cards and in RAM."""
    path = write_shape(tmp_path / f"{shape}.gguf", shapes()[shape])
    facts = facts_of(read_header(path))
    n = facts.hyper.n_layer
    wishes = [
        wished(n + 1 - less, split, experts if facts.hyper.n_expert else 0, overrides)
        for overrides in PATTERNS.values()
        for less, split, experts in SPLITS
    ]
    size = path.stat().st_size
    plans = [planner.plan_file(roomy_machine(2), facts, str(path), shape, "Q4_K_M", size, w) for w in wishes]
    taken = dry_runs([DryRunFile(path, size)], [p.placement for p in plans], CARDS)
    without_flash = 0
    for plan, engine in zip(plans, taken, strict=True):
        has_flash = not any("flash attention" in w for w in plan.warnings)
        without_flash += not has_flash
        planned = {d.name: d for d in plan.memory.devices}
        for found in engine.devices:
            row = planned[found.name]
            case = (plan.placement.tensor_overrides, plan.placement.tensor_split, found.name)
            assert (row.weights_bytes, row.kv_bytes) == (found.weights_bytes, found.kv_bytes), case
            close = CLOSE_BYTES if has_flash else CLOSE_WITHOUT_FLASH_BYTES
            assert abs(row.compute_bytes - found.compute_bytes) <= close, (case, row.compute_bytes, found.compute_bytes)
    # Blocks 1, 2 and 5 are in RAM in the last split, with their caches.
    assert without_flash == 2


def test_overrides_and_levers_that_mean_the_same_plan_the_same(tmp_path: Path) -> None:
    path = write_shape(tmp_path / "v2-lite.gguf", shapes()["v2-lite"])
    facts = facts_of(read_header(path))
    machine = roomy_machine(2)

    def planned(wishes: Wishes):
        return planner.plan_file(machine, facts, str(path), "v2-lite", "Q4_K_M", path.stat().st_size, wishes)

    lever = planned(wished(28, (1.0, 1.0), 27, ()))
    by_name = planned(wished(28, (1.0, 1.0), 0, (("_exps", "CPU"),)))
    assert by_name.memory == lever.memory
    assert by_name.speed == lever.speed
    # The same where no header was read: the names are those of the graph.
    unread = replace(facts, tensors=())
    guessed = planner.plan_file(
        machine,
        unread,
        str(path),
        "v2-lite",
        "Q4_K_M",
        path.stat().st_size,
        wished(28, (1.0, 1.0), 0, (("_exps", "CPU"),)),
    )
    assert guessed.memory == lever.memory
