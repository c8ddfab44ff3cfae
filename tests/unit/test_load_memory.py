"""What loads take beside the engine's figures: the middle of the last ones, per card and engine build; and where a load was short."""

from __future__ import annotations

from dataclasses import replace

import pytest

from launcher.core.errors import NextStep, UserError
from launcher.core.machine import EngineDevice, Machine
from launcher.core.plans import DeviceMemory, MemoryUse, Plan, Wishes
from launcher.core.units import GIB, MIB
from launcher.engine.devices import EngineInfo
from launcher.engine.load_memory import KEPT_LOADS, MOST_BYTES, note_load, unaccounted_bytes
from launcher.planner.ladder import RAM
from launcher.planner.machine_view import UNACCOUNTED_BYTES, view
from launcher.planner.plans import plan_item
from launcher.services.load_failures import is_for_memory, rows_of, short_row
from tests.unit.planner_machines import described
from tests.unit.test_planner_ladder import item

CARD = EngineDevice("CUDA0", "NVIDIA GeForce RTX 4090", "CUDA", "gpu", 24 * GIB, 23 * GIB)
INFO = EngineInfo("build 1", "", "", "Ryzen", (CARD, EngineDevice("CPU", "Ryzen", "CPU", "cpu", 0, 0)), 0.1)


def load(size_bytes: int, name: str = "CUDA0") -> MemoryUse:
    rows = (DeviceMemory(name, "gpu", GIB, GIB, MIB, size_bytes), DeviceMemory("RAM", "host", GIB, 0, MIB))
    return MemoryUse(rows, "actual")


def test_the_middle_of_the_last_loads_counts_from_the_third_on() -> None:
    for size in (600, 500):
        note_load(INFO, load(size * MIB))
        assert unaccounted_bytes(INFO) == {}
    note_load(INFO, load(50 * GIB))  # another program came meanwhile
    assert unaccounted_bytes(INFO) == {"CUDA0": 600 * MIB}
    for _ in range(KEPT_LOADS):
        note_load(INFO, load(300 * MIB))
    assert unaccounted_bytes(INFO) == {"CUDA0": 300 * MIB}


def test_no_figure_is_beyond_bounds() -> None:
    for _ in range(3):
        note_load(INFO, load(90 * GIB))
    assert unaccounted_bytes(INFO) == {"CUDA0": MOST_BYTES}


def test_other_builds_cards_and_computers_have_their_own() -> None:
    for _ in range(3):
        note_load(INFO, load(700 * MIB))
    assert unaccounted_bytes(replace(INFO, engine_version="build 2")) == {}
    assert unaccounted_bytes(replace(INFO, processor="Xeon")) == {}
    other = replace(INFO, devices=(replace(CARD, description="RTX 3060"),))
    assert unaccounted_bytes(other) == {}
    note_load(other, load(100 * MIB))
    assert unaccounted_bytes(INFO) == {}  # the name is the other card's now


def test_rpc_devices_and_idle_cards_are_not_measured() -> None:
    rpc = replace(INFO, devices=(replace(CARD, name="RPC0", backend="RPC"),))
    idle = MemoryUse((DeviceMemory("CUDA0", "gpu", unaccounted_bytes=GIB),), "actual")
    for _ in range(3):
        note_load(rpc, load(GIB, "RPC0"))
        note_load(INFO, idle)
    assert unaccounted_bytes(rpc) == unaccounted_bytes(INFO) == {}


def test_a_plan_counts_on_the_measured_value() -> None:
    machine = described("rtx4090-64gb")
    card = replace(machine.gpus[0], engine_device="CUDA0")
    plain = replace(machine, gpus=(card,))
    measured = replace(plain, unaccounted_bytes={"CUDA0": 900 * MIB})
    assert view(plain, Wishes()).gpus[0].unaccounted_bytes == UNACCOUNTED_BYTES["cuda"]
    assert view(measured, Wishes()).gpus[0].unaccounted_bytes == 900 * MIB


# --- failures ---


@pytest.fixture(scope="module")
def machine() -> Machine:
    found = described("rtx4090-64gb")
    return replace(found, gpus=(replace(found.gpus[0], engine_device="CUDA0"),))


@pytest.fixture(scope="module")
def plan(machine: Machine) -> Plan:
    return plan_item(machine, item("r1-distill-qwen-7b", "Q4_K_M"), Wishes())


def failure(detail: str = "", code: str = "out_of_memory", *steps: NextStep) -> UserError:
    return UserError(code, "It failed.", "", steps, detail)


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (failure(), True),
        (failure(code="load_failed"), False),
        (failure("failed to allocate CUDA0 buffer", "load_failed"), False),
        (failure(code="engine_stopped"), False),
        (failure("CUDA error: out of memory", "engine_stopped"), True),
        (failure("", "engine_stopped", NextStep("Load with 4,096 context", "load_with_context", "4096")), True),
        (failure("ggml_gallocr_reserve_n: failed to allocate CUDA0 buffer", "decode_failed"), True),
    ],
)
def test_what_is_a_matter_of_memory(error: UserError, is_memory: bool) -> None:
    assert is_for_memory(error) is is_memory


def test_the_engine_names_the_device(machine: Machine, plan: Plan) -> None:
    row = short_row(failure("alloc_tensor_range: failed to allocate CUDA0 buffer of size 1234"), plan, machine)
    assert (row.device, row.name, row.shortage.missing_bytes) == ("CUDA0", "RTX 4090", 0)
    host = short_row(failure("failed to allocate CPU buffer of size 1234"), plan, machine)
    assert host.device == RAM
    assert short_row(failure(), plan, machine).device == RAM  # ended from outside


def test_memory_that_went_away_is_what_was_missing(machine: Machine, plan: Plan) -> None:
    need = plan.memory.devices[0].total_bytes
    poorer = replace(machine, gpus=(replace(machine.gpus[0], vram_free_bytes=need - GIB),))
    row = short_row(failure("out of memory"), plan, poorer)
    assert row.shortage.missing_bytes == GIB
    assert row.shortage.words == "1.0 GiB were missing on RTX 4090"


def test_cards_of_one_name_are_told_apart(plan: Plan) -> None:
    twins = described("rtx3090x2-128gb")
    named = replace(twins, gpus=tuple(replace(g, engine_device=f"CUDA{i}") for i, g in enumerate(twins.gpus)))
    large = plan_item(named, item("r1-distill-qwen-32b", "Q8_0"), Wishes())
    assert [r.device for r in rows_of(large, named)] == ["CUDA0", "CUDA1", RAM]
