"""Several answers at once with DeepSeek V4, whose sequences share nothing: the plan's memory is the engine's."""

from __future__ import annotations

from pathlib import Path

from launcher import planner
from launcher.catalog.facts import facts_of
from launcher.catalog.gguf import read_header
from launcher.core.plans import Wishes
from launcher.core.units import MIB
from launcher.engine.dry_run import DryRunFile, dry_runs
from tests.bench.plan_accuracy_cases import roomy_machine
from tests.fakes.gguf_shapes import shapes, write_shape


def test_v4_takes_what_is_planned_for_many_answers_at_once(tmp_path: Path) -> None:
    path = write_shape(tmp_path / "v4-flash.gguf", shapes()["v4-flash"])
    facts, size = facts_of(read_header(path)), path.stat().st_size
    plans = [
        planner.plan_file(
            roomy_machine(1),
            facts,
            str(path),
            "V4-Flash",
            "Q4_K_M",
            size,
            Wishes(
                context=8192, kv_type="f16", n_ubatch=512, n_gpu_layers=layers, n_parallel=answers, load_mode="none"
            ),
        )
        for answers, layers in ((1, 0), (3, 0), (16, 0), (16, 44))
    ]
    taken = dry_runs([DryRunFile(path, size)], [p.placement for p in plans], ("RPC0",))
    for plan, engine in zip(plans, taken, strict=True):
        planned = {d.name: d for d in plan.memory.devices}
        for found in engine.devices:
            if found.name not in planned:
                assert found.total_bytes == 0
                continue
            row = planned[found.name]
            assert row.kv_bytes == found.kv_bytes
            assert abs(row.compute_bytes - found.compute_bytes) < MIB // 2, (plan.placement.n_parallel, found)
    assert len({p.memory.devices[-1].compute_bytes for p in plans[:3]}) == 3
