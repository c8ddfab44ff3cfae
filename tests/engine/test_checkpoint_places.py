"""Where ways back are made in a cache that cannot go back by itself, which of them stay, and how many: the rules, without an engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from launcher.core.plans import MOST_CHECKPOINTS
from launcher.engine.worker import checkpoints
from launcher.engine.worker.checkpoints import BEFORE_END_TOKENS, LEAST_TOKENS, STEP_TOKENS, Checkpoints
from launcher.planner import checkpoints as planned


class FakeLlama:
    """Counts; a state is `size` bytes."""

    def __init__(self, size: int, n_swa: int = 64) -> None:
        self.size, self.n_swa, self.end = size, n_swa, 0
        self.restored = 0

    def llama_model_n_swa(self, _model: object) -> int:
        return self.n_swa

    def llama_model_is_recurrent(self, _model: object) -> bool:
        return False

    llama_model_is_hybrid = llama_model_is_recurrent

    def llama_state_seq_get_size_ext(self, *_: object) -> int:
        return self.size

    def llama_state_seq_get_data_ext(self, *_: object) -> int:
        return self.size

    def llama_state_seq_set_data_ext(self, *_: object) -> int:
        self.restored += 1
        return self.size

    def llama_memory_seq_rm(self, _memory: object, _sequence: int, start: int, _end: int) -> bool:
        self.end = start
        return True

    def llama_memory_seq_pos_max(self, *_: object) -> int:
        return self.end - 1


def made_by(llama: FakeLlama, n_parallel: int = 1) -> Checkpoints:
    native: Any = SimpleNamespace(
        binding=SimpleNamespace(llama=llama),
        model=None,
        context=None,
        memory=None,
        placement=SimpleNamespace(n_parallel=n_parallel),
    )
    return Checkpoints(native, 0)


def places(made: Checkpoints, most: int) -> list[int]:
    """Where it can go back to, the last place first."""
    found: list[int] = []
    while most := made.restore(most):
        found.append(most)
        most -= 1
    return found


def read(made: Checkpoints, start: int, end: int) -> list[int]:
    """Read a prompt as a slot does."""
    stops: list[int] = []
    while start < end:
        start = made.next_stop(start, end)
        if start < end:
            made.make(start)
            stops.append(start)
    return stops


def test_they_are_made_at_steps_and_before_the_end() -> None:
    made = made_by(FakeLlama(10))
    end = 2 * STEP_TOKENS + 500
    assert read(made, 0, end) == [STEP_TOKENS, 2 * STEP_TOKENS, end - BEFORE_END_TOKENS]
    # A later turn: nothing again where one is, and none so close that it saves nothing.
    assert read(made, end, end + LEAST_TOKENS // 2) == []
    assert read(made, end, end + 100) == [end + 100 - BEFORE_END_TOKENS]
    assert read(made_by(FakeLlama(10)), 0, LEAST_TOKENS) == []
    assert read(made_by(FakeLlama(10)), 0, STEP_TOKENS + 10) == [STEP_TOKENS + 10 - BEFORE_END_TOKENS]


def test_a_cache_that_goes_back_by_itself_gets_none() -> None:
    llama = FakeLlama(10, n_swa=0)
    made = made_by(llama)
    assert read(made, 0, 5 * STEP_TOKENS) == []
    made.make(1000)
    assert made.restore(1000) == 0
    assert llama.restored == 0


def test_a_cut_takes_the_later_ones() -> None:
    made = made_by(FakeLlama(10))
    read(made, 0, 4 * STEP_TOKENS)
    made.drop_after(2 * STEP_TOKENS + 1)
    assert places(made, 4 * STEP_TOKENS) == [2 * STEP_TOKENS, STEP_TOKENS]


def test_bytes_and_number_are_bounded_and_what_stays_is_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 100
    monkeypatch.setattr(checkpoints, "MOST_CHECKPOINT_BYTES", 8 * size)
    made = made_by(FakeLlama(size))
    read(made, 0, 40 * STEP_TOKENS)
    found = places(made, 40 * STEP_TOKENS)
    assert len(found) == 8
    assert found[0] == 40 * STEP_TOKENS - BEFORE_END_TOKENS
    gaps = [a - b for a, b in zip(found, [*found[1:], 0], strict=True)]
    assert max(gaps) <= 10 * STEP_TOKENS
    many = made_by(FakeLlama(1))
    read(many, 0, 100 * STEP_TOKENS)
    assert len(places(many, 100 * STEP_TOKENS)) == MOST_CHECKPOINTS
    # Four slots share the bytes; one that is larger than its share is not kept.
    shared = made_by(FakeLlama(size), n_parallel=4)
    read(shared, 0, 10 * STEP_TOKENS)
    assert len(places(shared, 10 * STEP_TOKENS)) == 2
    too_big = made_by(FakeLlama(checkpoints.MOST_CHECKPOINT_BYTES + 1))
    too_big.make(100)
    assert places(too_big, 100) == []


@pytest.mark.parametrize("n_parallel", [1, 4])
@pytest.mark.parametrize("size", [1, 40, 100, 400, 1600])
def test_a_plan_knows_how_many_there_are_at_most(size: int, n_parallel: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each slot's series grows until it drops as many as it makes; one that is larger than its share is not kept."""
    for module in (checkpoints, planned):
        monkeypatch.setattr(module, "MOST_CHECKPOINT_BYTES", 1599)
    made = made_by(FakeLlama(size), n_parallel)
    read(made, 0, 50 * STEP_TOKENS)
    assert len(made.made) == planned.most_kept(size, n_parallel)
