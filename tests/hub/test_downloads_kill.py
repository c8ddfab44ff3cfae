"""SIGKILL at random moments: the next run goes on from there; a kill costs at most the block under way of each connection."""

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
from launcher.downloads.disk import index, journal
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.transfer.fetch import fetch
from tests.fakes.hub import FakeHub, Fault, serving

REPO = "org/model-GGUF"
SIZES = (1_500_000, 2_500_001)

CONNECTIONS = 4
BLOCK = 64 << 10

CHILD = f"""
import json, sys, threading
from launcher.core.downloads import DownloadRequest
from launcher.downloads.transfer.retry import Policy
from launcher.downloads.transfer.fetch import fetch
request = DownloadRequest("m", "M", "Q8_0", "org/model-GGUF", (), 0)
policy = Policy(connections={CONNECTIONS}, run_bytes=300_000, block_bytes={BLOCK})
r = fetch(request, lambda p: print(p.state.value, p.done_bytes, flush=True), threading.Event(), policy)
print(json.dumps(dict(state=r.state.value, sha256=r.sha256, resumed=r.resumed_bytes, error=str(r.error or ""))))
"""


DIES_BEFORE_REF = """
import os, sys
def hook(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith("main"):
        os.kill(os.getpid(), 9)
sys.addaudithook(hook)
"""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


def start(before: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", before + CHILD], stdout=subprocess.PIPE, text=True, env=os.environ.copy()
    )


def on_disk() -> int:
    """Bytes of the model that are there: of partial and of finished files."""
    return sum(p.size_bytes for p in journal.partials())


def kill_on_the_way(chance: random.Random) -> int:
    """Kill a run at a random moment after its first report (python's start is not what is tested). Returns what it had counted."""
    with start() as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.uniform(0, 0.5))
        child.send_signal(signal.SIGKILL)
        counts = [line.split()[1] for line in child.stdout.read().splitlines() if line.count(" ") == 1]
    return max(map(int, filter(str.isdecimal, counts)), default=0)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_moments(fake: FakeHub, seed: int) -> None:
    chance = random.Random(seed)
    sums = [
        fake.add_file(REPO, f"model-Q8_0-0000{i}-of-00002.gguf", chance.randbytes(size))
        for i, size in enumerate(SIZES, 1)
    ]
    # Eight seconds for all of it: none of the four runs, killed after half a second at most, can come to the end.
    slow = fake.fail(Fault("throttle_total", rate_bytes_s=sum(SIZES) / 8, times=None))
    kills = 4
    before = 0
    for _ in range(kills):
        kill_on_the_way(chance)
        assert on_disk() >= before, "bytes on the disk never get fewer"
        before = on_disk()
        assert before <= sum(SIZES)
    slow.times = 0
    with start() as child:
        assert child.stdout is not None
        result = json.loads(child.stdout.read().splitlines()[-1])
    assert (result["state"], result["sha256"], result["error"]) == ("done", sums, "")
    assert result["resumed"] == before
    assert len(index.installed_sets()) == 1
    assert not list(hub_cache_dir().rglob("*.launcher.*"))


def test_a_kill_costs_at_most_the_block_under_way_of_each_connection(fake: FakeHub) -> None:
    chance = random.Random(3)
    content = chance.randbytes(4_000_000)
    total = fake.add_file(REPO, "model-Q8_0.gguf", content)
    slow = fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    for _ in range(3):
        counted = kill_on_the_way(chance)
        assert on_disk() >= counted - CONNECTIONS * BLOCK
    before = on_disk()
    slow.times = 0
    fake.log.clear()
    with start() as child:
        assert child.stdout is not None
        result = json.loads(child.stdout.read().splitlines()[-1])
    assert (result["state"], result["sha256"], result["resumed"]) == ("done", [total], before)
    assert fake.sent_bytes() == len(content) - before, "what is there is not fetched again"
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


@pytest.mark.parametrize("has_older", [False, True])
def test_killed_while_the_reference_is_written(fake: FakeHub, has_older: bool) -> None:
    """Everything is in place but what "main" is: the next run leaves nothing of the one that was killed."""
    content = random.Random(5).randbytes(300_000)
    total = fake.add_file(REPO, "model-Q8_0.gguf", content)
    refs = RepoCache.of(REPO).folder / "refs"
    if has_older:
        refs.mkdir(parents=True)
        refs.joinpath("main").write_text("a" * 40)
    with start(DIES_BEFORE_REF) as child:
        assert child.wait(60) == -signal.SIGKILL
    assert len(list(refs.glob("*.tmp"))) == 1
    fake.log.clear()
    with start() as child:
        assert child.stdout is not None
        result = json.loads(child.stdout.read().splitlines()[-1])
    assert (result["state"], result["sha256"]) == ("done", [total])
    assert not fake.gets()
    assert [p.name for p in refs.iterdir()] == ["main"]
