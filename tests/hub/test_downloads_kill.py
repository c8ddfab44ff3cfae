"""SIGKILL at random moments: the next run goes on from there, and nothing but the last piece crosses the network twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.core.downloads import DownloadRequest, DownloadState
from launcher.core.paths import hub_cache_dir
from launcher.downloads import fetch, index
from launcher.downloads.cache import RepoCache
from tests.fakes.hub import FakeHub, Fault, serving

REPO = "org/model-GGUF"
SIZES = (1_500_000, 2_500_001)

CHILD = """
import json, sys, threading
from launcher.core.downloads import DownloadRequest
from launcher.downloads import fetch
request = DownloadRequest("m", "M", "Q8_0", "org/model-GGUF", (), 0)
result = fetch(request, lambda p: print(p.state.value, p.done_bytes, flush=True), threading.Event())
print(json.dumps({"state": result.state.value, "sha256": result.sha256, "resumed": result.resumed_bytes, "error": str(result.error or "")}))
"""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


def start() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, env=os.environ.copy())


def on_disk() -> int:
    """Bytes of the model: partial and finished files, without our notes about them."""
    blobs = hub_cache_dir().glob("models--*/blobs/*")
    return sum(p.stat().st_size for p in blobs if p.suffix not in (".json", ".tmp"))


def kill_on_the_way(chance: random.Random) -> None:
    """Kill a run at a random moment after its first report (python's start is not what is tested)."""
    with start() as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.uniform(0, 0.5))
        child.send_signal(signal.SIGKILL)
        child.stdout.read()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_moments(fake: FakeHub, seed: int) -> None:
    chance = random.Random(seed)
    sums = [
        fake.add_file(REPO, f"model-Q8_0-0000{i}-of-00002.gguf", chance.randbytes(size))
        for i, size in enumerate(SIZES, 1)
    ]
    fake.fail(Fault("throttle", rate_bytes_s=6e6, times=None))
    kills = 4
    before = 0
    for _ in range(kills):
        kill_on_the_way(chance)
        assert on_disk() >= before, "bytes on the disk never get fewer"
        before = on_disk()
        assert before <= sum(SIZES)
    with start() as child:
        assert child.stdout is not None
        result = json.loads(child.stdout.read().splitlines()[-1])
    assert (result["state"], result["sha256"], result["error"]) == ("done", sums, "")
    assert result["resumed"] == before
    assert len(index.installed_sets()) == 1
    assert not list(hub_cache_dir().rglob("*.launcher.*"))


def test_a_kill_costs_no_more_than_what_was_under_way(fake: FakeHub) -> None:
    """Each request after a kill begins exactly where the file on the disk ended."""
    chance = random.Random(3)
    content = chance.randbytes(4_000_000)
    fake.add_file(REPO, "model-Q8_0.gguf", content)
    fake.fail(Fault("throttle", rate_bytes_s=4e6, times=None))
    ends = [0]
    for _ in range(3):
        kill_on_the_way(chance)
        ends.append(on_disk())
    with start() as child:
        assert child.stdout is not None
        child.stdout.read()
    asked = [int(r.range.removeprefix("bytes=").rstrip("-")) if r.range else 0 for r in fake.gets()]
    assert set(asked) <= set(ends)
    (path,) = index.installed_sets()[0].paths()
    assert Path(path).read_bytes() == content


def test_killed_between_rename_and_link(fake: FakeHub) -> None:
    """The blob is in place and nothing points to it yet: the next run checks it and links it, without fetching."""
    content = random.Random(4).randbytes(1_000_000)
    total = fake.add_file(REPO, "model-Q8_0.gguf", content)
    cache = RepoCache.of(REPO)
    cache.prepare()
    cache.blob(total).write_bytes(content)
    request = DownloadRequest("m", "M", "Q8_0", REPO, (), 0)
    result = fetch(request, lambda _: None, threading.Event())
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert Path(result.paths[0]).read_bytes() == content
    assert not fake.gets()
