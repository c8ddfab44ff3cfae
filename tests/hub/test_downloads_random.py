"""Random downloads from a hub that fails at random: the right bytes or a clear error, and nothing lost. More: tests/bench/download_faults.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.hub import FakeHub, serving
from tests.hub import download_runs

SEEDS = (2, 4, 5, 7, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19)
WIDE_SEED = 2  # a slow hub and large files: there is time to see every connection


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setenv("HF_TOKEN", download_runs.TOKEN)
    with serving(monkeypatch) as server:
        yield server


@pytest.mark.parametrize("seed", SEEDS)
def test_right_bytes_or_a_clear_error_and_nothing_lost(fake: FakeHub, seed: int) -> None:
    outcome = download_runs.run(seed, fake)
    assert outcome.ends[-1] == "done"
    if seed == WIDE_SEED:
        assert outcome.connections >= 3, "these runs are meant to use several connections"
