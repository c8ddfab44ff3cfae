"""The reverse question: which hardware is enough."""

from dataclasses import replace

import pytest

from launcher import catalog
from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.units import GIB
from launcher.planner import plan
from launcher.planner.what_if import Choice, shortfall, what_hardware
from tests.unit.planner_machines import described

RAM = (8 * GIB, 16 * GIB, 32 * GIB, 64 * GIB, 128 * GIB)


def with_ram(name: str) -> Choice:
    machine = described(name)

    def build(ram_bytes: int) -> Machine:
        return replace(machine, ram=replace(machine.ram, total_bytes=ram_bytes, free_bytes=ram_bytes - 3 * GIB))

    return Choice(name, build, RAM)


def test_the_smallest_machine_that_is_enough():
    variant = catalog.load().find("r1-distill-qwen-32b")
    quant = variant.quant("Q4_K_M")
    kinds = [("one card", [with_ram(n) for n in ("gtx1650-16gb", "rtx3060-32gb", "rtx4090-64gb")])]
    (need,) = what_hardware(kinds, variant, [quant], 20.0)
    assert need.name == "rtx4090-64gb"
    assert need.plan.speed.decode_tokens_s >= 20
    # A smaller one would not have done, neither the card nor the RAM.
    for smaller, ram in (("rtx3060-32gb", RAM[-1]), ("rtx4090-64gb", RAM[RAM.index(need.ram_bytes) - 1])):
        if ram < need.ram_bytes or smaller != need.name:
            there = plan(with_ram(smaller).with_ram(ram), variant, quant)
            assert not there.fits or there.speed.decode_tokens_s < 20 or ram >= need.ram_bytes


def test_less_ram_is_found_by_halving():
    variant = catalog.load().find("r1-distill-qwen-7b")
    (need,) = what_hardware([("card", [with_ram("rtx4090-64gb")])], variant, [variant.quant("Q4_K_M")], 30.0)
    assert need.ram_bytes == 8 * GIB


def test_a_kind_that_is_not_enough_says_how_far_it_gets():
    variant = catalog.load().find("r1-distill-llama-70b")
    kinds = [("no card", [with_ram("laptop-cpu-16gb")]), ("card", [with_ram("rtx4090-64gb")])]
    slow, _ = what_hardware(kinds, variant, [variant.quant("Q4_K_M")], 500.0)
    assert slow.plan is None
    assert 0 < slow.fastest_tokens_s < 500
    assert "500" in shortfall(slow, 500.0)
    (giant,) = what_hardware(
        [("card", [Choice("small", with_ram("gtx1650-16gb").with_ram, RAM[:2])])],
        catalog.load().find("r1"), [catalog.load().find("r1").quant("Q4_K_M")], 1.0,
    )  # fmt: skip
    assert giant.plan is None
    assert shortfall(giant, 1.0) == "None of these holds it."


def test_a_model_without_files_is_an_error():
    variant = catalog.load().find("v4.1-flash")
    with pytest.raises(UserError, match="cannot be planned"):
        what_hardware([], variant, variant.quants, 1.0)


@pytest.mark.parametrize("name", ["r1", "r1-distill-qwen-32b", "v4-flash-0731", "v2-lite-chat"])
def test_the_ladder_goes_from_full_precision_down(name):
    variant = catalog.load().find(name)
    rungs = catalog.rungs(variant)
    assert [q.file_bytes for q in rungs] == sorted((q.file_bytes for q in rungs), reverse=True)
    assert len({q.name for q in rungs}) == len(rungs)
    assert {q.name for q in variant.quants} <= {q.name for q in rungs}
    assert rungs[0].quality.words == "no loss"
    assert rungs[0].bits_per_weight > rungs[-1].bits_per_weight
