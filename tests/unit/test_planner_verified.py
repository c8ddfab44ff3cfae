"""A plan with the engine's own figures: which row is which, whether it still fits, what is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from launcher import catalog, planner
from launcher.core.plans import DeviceMemory, Lever, MemoryUse, Placement, Plan, Quality, SpeedEstimate
from launcher.planner.verified import differences, verified
from tests.unit.planner_machines import described

MIB, GIB = 2**20, 2**30


def row(name: str, kind: str, weights_bytes: int, free_bytes: int) -> DeviceMemory:
    return DeviceMemory(name, kind, weights_bytes, GIB, GIB // 2, 300 * MIB, free_bytes, 2 * free_bytes)


def engine_rows(plan: Plan, *more: int, idle: int = 0) -> MemoryUse:
    """What the engine would say: its own names, nothing it does not know, and so many more bytes of compute per device."""
    gpus = [d for d in plan.memory.devices if d.kind == "gpu"]
    hosts = [d for d in plan.memory.devices if d.kind == "host"]
    extra = (*more, *(0,) * 9)
    rows = [
        DeviceMemory(
            f"CUDA{i}" if d.kind == "gpu" else "RAM", d.kind, d.weights_bytes, d.kv_bytes, d.compute_bytes + extra[i]
        )
        for i, d in enumerate([*gpus, *hosts])
    ]
    unused = [DeviceMemory(f"CUDA{8 + i}", "gpu") for i in range(idle)]
    return MemoryUse((*unused, *rows), "engine")


@pytest.fixture
def plan() -> Plan:
    """Two cards of one name and the RAM."""
    rows = (
        row("RTX 3090", "gpu", 18 * GIB, 22 * GIB),
        row("RTX 3090", "gpu", 16 * GIB, 20 * GIB),
        row("RAM", "host", 9 * GIB, 30 * GIB),
    )
    return Plan(
        model="r1-distill-llama-70b",
        name="DeepSeek-R1-Distill-Llama-70B",
        short_name="R1-Distill-Llama-70B",
        quant="Q4_K_M",
        repo="",
        files=(),
        file_bytes=43 * GIB,
        fits=True,
        context=8192,
        placement=Placement(81, 8192, tensor_split=(43.0, 38.0)),
        memory=MemoryUse(rows, "model"),
        speed=SpeedEstimate(12.0, 10.0, 14.0, 300.0, 3.0),
        quality=Quality(None, "slight loss"),
        n_layer=80,
        warnings=("Only 3.2 GiB of memory are left for other programs.",),
    )


def test_the_same_figures_change_nothing_but_the_source(plan: Plan) -> None:
    assert verified(plan, engine_rows(plan)) == replace(plan, memory=replace(plan.memory, source="engine"))
    assert [d.difference_bytes for d in differences(plan, engine_rows(plan))] == [0, 0, 0]


def test_rows_keep_what_the_engine_does_not_know(plan: Plan) -> None:
    more = verified(plan, engine_rows(plan, 10 * MIB, -5 * MIB, 3 * MIB))
    for before, after, grown in zip(plan.memory.devices, more.memory.devices, (10, -5, 3), strict=True):
        assert after.total_bytes - before.total_bytes == grown * MIB
        assert (after.name, after.unaccounted_bytes) == (before.name, before.unaccounted_bytes)
        assert (after.free_bytes, after.capacity_bytes) == (before.free_bytes, before.capacity_bytes)
    assert more.memory.source == "engine"
    assert more.fits
    assert more.missing_bytes == 0


def test_differences_in_words(plan: Plan) -> None:
    first, second, ram = differences(plan, engine_rows(plan, GIB, -GIB))
    names = [d.name for d in plan.memory.devices]
    assert [first.name, second.name, ram.name] == names
    assert [first.difference_bytes, second.difference_bytes, ram.difference_bytes] == [GIB, -GIB, 0]
    assert first.text.startswith(f"Verified: {names[0]} ")
    assert "GiB" in first.text
    assert first.engine_bytes == plan.memory.devices[0].total_bytes - plan.memory.devices[0].unaccounted_bytes + GIB


def test_devices_that_hold_nothing_are_not_confused_with_others(plan: Plan) -> None:
    assert differences(plan, engine_rows(plan, MIB, idle=2)) == differences(plan, engine_rows(plan, MIB))
    only = replace(plan, memory=MemoryUse((plan.memory.devices[0], plan.memory.devices[2]), "model"))
    found = differences(only, engine_rows(plan))
    assert [d.name for d in found] == [plan.memory.devices[0].name, "CUDA1", "RAM"]
    assert found[1].predicted_bytes == 0
    assert verified(only, engine_rows(plan)).memory.total_bytes > only.memory.total_bytes


def test_a_plan_that_does_not_fit_after_all(plan: Plan) -> None:
    card = plan.memory.devices[0]
    worse = verified(plan, engine_rows(plan, card.left_bytes + 100 * MIB))
    assert not worse.fits
    assert worse.missing_bytes == 100 * MIB
    assert worse.warnings[0] == f"The engine needs 100 MiB more on {card.name} than is free there."
    assert worse.warnings[1:] == plan.warnings
    # What was free beyond the plan's reserve may be used up to the last byte: the verdict is about what is free.
    assert verified(plan, engine_rows(plan, card.left_bytes)).fits


def test_a_plan_that_fits_after_all() -> None:
    """A real plan: the sentence about what is missing must be the one that goes."""
    variant = catalog.load().find("r1-0528")
    plan = planner.plan(described("gtx1650-16gb"), variant, next(q for q in variant.quants if q.loadable))
    assert not plan.fits
    assert plan.missing_bytes > 0
    empty = MemoryUse(tuple(DeviceMemory(d.name, d.kind) for d in plan.memory.devices), "engine")
    better = verified(plan, empty)
    assert better.fits
    assert better.missing_bytes == 0
    assert better.warnings == plan.warnings[1:]
    less = verified(plan, engine_rows(plan, -50 * MIB))
    assert not less.fits
    assert less.missing_bytes >= plan.missing_bytes - 50 * MIB
    assert less.warnings == plan.warnings
    other = verified(replace(plan, missing_bytes=0), empty)
    assert not other.fits  # whatever else it failed for is still so


def test_weights_that_stay_on_the_disk_are_not_counted(plan: Plan) -> None:
    paged = replace(plan, paged_bytes=7 * GIB)
    host = engine_rows(plan).devices[-1]
    whole = MemoryUse(
        (*engine_rows(plan).devices[:-1], replace(host, weights_bytes=host.weights_bytes + 7 * GIB)), "engine"
    )
    assert verified(paged, whole).memory.devices[-1] == plan.memory.devices[-1]
    assert [d.difference_bytes for d in differences(paged, whole)] == [0, 0, 0]


def test_a_draft_model_s_bytes_are_not_lost(plan: Plan) -> None:
    drafting = replace(plan, levers=(Lever("draft", "R1-Distill-Qwen-1.5B", ""),))
    assert verified(drafting, engine_rows(plan, -50 * MIB)).memory.devices == plan.memory.devices
    more = verified(drafting, engine_rows(plan, 50 * MIB))
    assert more.memory.total_bytes == plan.memory.total_bytes + 50 * MIB


def test_stand_ins_never_lower_a_compute_buffer(plan: Plan):
    """They do not stream weights over a bus: what they need less, a real card may still need."""
    engine = engine_rows(plan, -300 * MIB, 40 * MIB)
    first, second, _ = verified(plan, engine, by_stand_ins=True).memory.devices
    assert first.compute_bytes == plan.memory.devices[0].compute_bytes
    assert second.compute_bytes == plan.memory.devices[1].compute_bytes + 40 * MIB
    assert verified(plan, engine).memory.devices[0].compute_bytes == first.compute_bytes - 300 * MIB
