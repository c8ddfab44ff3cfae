"""SIGKILL at random moments, before file operations and in every state. More: tests/bench/download_faults.py --kills."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.fakes.hub import FakeHub, serving
from tests.hub import download_kills
from tests.hub.download_children import Children

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the children are forked, which Windows cannot")


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    with Children(tmp_path_factory.mktemp("children")) as forked:
        yield forked


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(children: Children, fake: FakeHub, seed: int) -> None:
    outcome = download_kills.run(seed, fake, children, dict(os.environ), kills=6)
    assert outcome.kills >= 3
