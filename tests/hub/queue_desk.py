"""What the tests of the queue share: a hub with three small models, and a listener that waits."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.downloads.queue.queue import DownloadQueue
from launcher.downloads.transfer.retry import Policy
from tests.fakes.hub import FakeHub

REPO = "org/model-GGUF"
SIZE = 2_000_000
FAST = Policy(attempts=3, first_delay_s=0.02, max_delay_s=0.05, connect_s=2, stall_s=0.5)
QUANTS = ("Q4_0", "Q5_0", "Q8_0")


def fill(server: FakeHub) -> FakeHub:
    """One file for each quantisation."""
    for i, quant in enumerate(QUANTS):
        server.add_file(REPO, f"model-{quant}.gguf", random.Random(i).randbytes(SIZE))
    return server


def content(quant: str) -> bytes:
    """What its file must be in the end."""
    return random.Random(QUANTS.index(quant)).randbytes(SIZE)


def request(quant: str) -> DownloadRequest:
    return DownloadRequest("model", "Model", quant, REPO, (), SIZE)


class Listener:
    """Keeps what was reported, from whichever thread."""

    def __init__(self) -> None:
        self.seen: list[DownloadProgress] = []
        self._changed = threading.Condition()

    def __call__(self, progress: DownloadProgress) -> None:
        with self._changed:
            self.seen.append(progress)
            self._changed.notify_all()

    def wait(self, wanted: Callable[[DownloadProgress], bool], timeout_s: float = 20) -> DownloadProgress:
        def found() -> DownloadProgress | None:
            return next((p for p in self.seen if wanted(p)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, timeout_s), f"never came; last: {self.seen[-1:]}"
            result = found()
        assert result is not None
        return result

    def wait_for(self, quant: str, state: DownloadState) -> DownloadProgress:
        return self.wait(lambda p: p.key == request(quant).key and p.state is state)


def states(queue: DownloadQueue) -> dict[str, DownloadState]:
    return {r.quant: p.state for r, p in queue.jobs()}


def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
