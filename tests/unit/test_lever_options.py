"""Levers by hand reach the placement, wrong ones are refused in words, and fast cores are told from slow ones."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from launcher.cli.levers import add_lever_options, wishes_of
from launcher.core.errors import UserError
from launcher.core.models import ModelFacts
from launcher.core.plans import Wishes
from launcher.hardware.cpu import _performance_cores
from launcher.planner.wish_check import check


def wished(*arguments: str) -> Wishes:
    parser = argparse.ArgumentParser()
    add_lever_options(parser)
    return wishes_of(parser.parse_args(arguments))


def test_options_become_wishes() -> None:
    found = wished(
        *("--split-mode", "tensor", "--load-mode", "mmap+mlock", "--numa", "isolate", "--threads-batch", "6"),
        *("--parallel", "4", "--override", "a=b=CUDA1", "--override", r"blk\.1=CPU"),
    )
    assert (found.split_mode, found.load_mode, found.numa) == ("tensor", "mmap+mlock", "isolate")
    assert (found.threads_batch, found.n_parallel) == (6, 4)
    assert found.tensor_overrides == (("a=b", "CUDA1"), (r"blk\.1", "CPU"))


@pytest.mark.parametrize("wrong", ["=CPU", "ffn", "ffn=", "ffn= "])
def test_what_is_no_override(wrong: str) -> None:
    with pytest.raises(SystemExit):
        wished("--override", wrong)


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(n_parallel=0),
        Wishes(n_parallel=257),
        Wishes(threads=0),
        Wishes(threads_batch=513),
        Wishes(split_mode="diagonal"),
        Wishes(load_mode="floppy"),
        Wishes(numa="mirror"),
    ],
)
def test_wishes_that_no_engine_obeys(wishes: Wishes) -> None:
    facts = _facts()
    check(Wishes(), facts)
    with pytest.raises(UserError) as caught:
        check(wishes, facts)
    assert caught.value.code == "bad_wish"


def _facts() -> ModelFacts:
    from launcher import catalog

    return next(q.facts for v in catalog.load().variants for q in v.quants if q.facts is not None)


@pytest.mark.parametrize(
    ("clocks", "fast"),
    [
        ([5000] * 4 + [3800] * 4, 2),  # two fast cores with two threads each, four slow ones
        ([5800, 5800, 5700, 5700] * 2, None),  # favoured cores are no other kind
    ],
)
def test_slow_cores_beside_fast_ones(tmp_path: Path, clocks: list[int], fast: int | None) -> None:
    folder = tmp_path / "sys/devices/system/cpu"
    for i, clock in enumerate(clocks):
        cpu = folder / f"cpu{i}"
        (cpu / "cpufreq").mkdir(parents=True)
        (cpu / "topology").mkdir()
        (cpu / "cpufreq/cpuinfo_max_freq").write_text(f"{clock}000\n")
        pair = f"{i - i % 2}-{i - i % 2 + 1}" if i < 4 else str(i)
        (cpu / "topology/thread_siblings_list").write_text(f"{pair}\n")
    assert _performance_cores(tmp_path, 6) == fast
    assert _performance_cores(tmp_path / "none", 6) is None
