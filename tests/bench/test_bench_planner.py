"""Planner timings as ratios to a plain Python loop on the same core, so that a busy machine does not matter much.

Bars of the design: the whole catalog within 100 ms, one plan within 2 ms. Run with -s to see the figures.
"""

import time

import pytest

from launcher import catalog, planner
from tests.unit.planner_machines import NAMES, described

KNOWN = catalog.load()


def cpu_seconds(work, repeat=5):
    """The best of a few runs, in processor time."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def loop_of_a_million():
    total = 0
    for i in range(1_000_000):
        total += i
    return total


@pytest.mark.parametrize("name", NAMES)
def test_ranking_and_one_plan(name):
    machine = described(name)
    variant = KNOWN.find("v4-flash-0731")
    quant = variant.quant("UD-Q4_K_XL")
    loop = cpu_seconds(loop_of_a_million)
    ranking = cpu_seconds(lambda: planner.recommend(machine, KNOWN.variants))
    one = cpu_seconds(lambda: planner.plan(machine, variant, quant), 20)
    print(
        f"{name}: catalog {ranking * 1e3:.0f} ms = {ranking / loop:.2f} loops, "
        f"one plan {one * 1e3:.2f} ms = {one / loop:.3f} loops (1 loop = {loop * 1e3:.0f} ms)"
    )
    assert planner.recommend(machine, KNOWN.variants).recommended is not None
