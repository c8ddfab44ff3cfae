"""What the tests of a fetch share: a hub, a file on it, a watcher of the reports, and a first run that is stopped on the way."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tqdm import tqdm

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.models import ModelFile
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.part import present_bytes
from launcher.downloads.transfer.fetch import fetch
from launcher.downloads.transfer.retry import Policy
from tests.fakes.hub import FakeHub, Fault, serving

REPO = "org/model-GGUF"
NAME = "model-Q4_0.gguf"
SIZE = 3_000_000
FAST = Policy(attempts=4, first_delay_s=0.02, max_delay_s=0.05, connect_s=2, stall_s=0.5)
WIDE = replace(FAST, run_bytes=500_000, block_bytes=64 << 10)
"""Several connections for a file as small as those of the tests."""
REQUEST = DownloadRequest("model", "Model", "Q4_0", REPO, (), SIZE)


CONTENT = random.Random(7).randbytes(SIZE)


@contextmanager
def quiet_hub(monkeypatch: pytest.MonkeyPatch) -> Generator[FakeHub]:
    """A hub; huggingface_hub's progress bars start no thread that never ends."""
    monkeypatch.setattr(tqdm, "monitor_interval", 0)
    with serving(monkeypatch) as server:
        yield server


class Watcher:
    """Keeps every report and can stop the fetch at a byte count."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.seen: list[DownloadProgress] = []
        self.stop = threading.Event()
        self._stop_at = stop_at

    def __call__(self, progress: DownloadProgress) -> None:
        self.seen.append(progress)
        if self._stop_at is not None and progress.done_bytes >= self._stop_at:
            self.stop.set()

    @property
    def states(self) -> list[DownloadState]:
        states = [p.state for p in self.seen]
        return [s for i, s in enumerate(states) if i == 0 or states[i - 1] is not s]


def run(request: DownloadRequest = REQUEST, watcher: Watcher | None = None, policy: Policy = FAST) -> DownloadProgress:
    watcher = watcher or Watcher()
    result = fetch(request, watcher, watcher.stop, policy)
    assert watcher.seen[-1] is result, "the result is the last report"
    return result


def pause_at(fake: FakeHub, stop_at: int, policy: Policy = FAST) -> DownloadProgress:
    """A first run that is stopped by the user on the way, however late a loaded machine hears that."""
    slow = fake.fail(Fault("throttle", rate_bytes_s=4e6, times=None))
    stop, lock, received = threading.Event(), threading.Lock(), 0

    def count(read_bytes: int) -> None:
        nonlocal received
        with lock:
            received += read_bytes
        if received >= stop_at:
            slow.rate_bytes_s = 1.0  # nothing more is sent
            stop.set()
            time.sleep(0.2)  # nor is what is under way read before the stop is heard

    result = fetch(REQUEST, lambda _: None, stop, policy, throttle=count)
    slow.times = 0
    assert result.state is DownloadState.PAUSED
    assert result.error is None
    assert result.pause_reason is PauseReason.USER
    return result


def part_of(sha256: str) -> Path:
    return RepoCache.of(REPO).part(sha256)


def here_bytes(sha256: str, size: int = SIZE) -> int:
    """What the disk holds of a partial file."""
    return present_bytes(RepoCache.of(REPO), ModelFile(NAME, size, sha256))


def spans(fake: FakeHub) -> list[tuple[int, int]]:
    """The ranges that were asked for, in order of the requests; the whole file where none was named."""
    found = [re.fullmatch(r"bytes=(\d+)-(\d+)", r.range or f"bytes=0-{SIZE - 1}") for r in fake.gets()]
    return [(int(m[1]), int(m[2]) + 1) for m in found if m]


def error_of(result: DownloadProgress) -> str:
    assert result.error is not None
    assert result.error.what
    assert result.error.why
    assert result.error.next_steps
    return result.error.code
