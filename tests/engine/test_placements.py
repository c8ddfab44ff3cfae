"""A plan that says it fits loads: random machines, models and wishes. RANDOM_LOADS=300 makes many more of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.bench.random_loads import Model, make_models, rpc_devices, run

SEEDS = (1, 2, 3)
LOADS = int(os.environ.get("RANDOM_LOADS", "15")) // len(SEEDS)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    return make_models(tmp_path_factory.mktemp("random"))


@pytest.fixture(scope="module")
def three_cards() -> Iterator[tuple[object, ...]]:
    with rpc_devices(3) as found:
        yield found


@pytest.mark.timeout(30 + 20 * LOADS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_that_says_it_fits_loads_and_answers(seed: int, models: list[Model], three_cards) -> None:
    outcome = run(LOADS, seed, models, *three_cards)
    print(outcome)
    assert not outcome.failures, "\n".join(outcome.failures)
    assert outcome.loads == outcome.answers == LOADS
