"""The queue: order, pause, resume, remove, restarts and damaged memory, over a hub on this machine."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.paths import data_dir, hub_cache_dir
from launcher.downloads import DownloadQueue, Policy, journal
from tests.fakes.hub import FakeHub, Fault, serving

REPO = "org/model-GGUF"
SIZE = 2_000_000
FAST = Policy(attempts=3, first_delay_s=0.02, max_delay_s=0.05, connect_s=2, stall_s=0.5)
QUANTS = ("Q4_0", "Q5_0", "Q8_0")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        for i, quant in enumerate(QUANTS):
            server.add_file(REPO, f"model-{quant}.gguf", random.Random(i).randbytes(SIZE))
        yield server


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


def test_all_are_fetched_and_no_more_than_two_at_once(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=4e6, times=None))
    listener = Listener()
    queue = DownloadQueue(listener, at_once=2, policy=FAST)
    keys = [queue.start(request(q)) for q in QUANTS]
    assert states(queue)["Q8_0"] is DownloadState.QUEUED
    for quant in QUANTS:
        listener.wait_for(quant, DownloadState.DONE)
    queue.close()
    running: set[str] = set()
    for progress in listener.seen:
        (running.discard if progress.state in (DownloadState.DONE, DownloadState.QUEUED) else running.add)(progress.key)
        assert len(running) <= 2
    assert [r.key for r, _ in queue.jobs()] == keys
    for key in keys:
        assert len([p for p in listener.seen if p.key == key and p.state is DownloadState.DONE]) == 1


def test_pause_and_resume(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=2e6, times=1))
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST)
    key = queue.start(request("Q4_0"))
    listener.wait(lambda p: p.done_bytes > 300_000)
    queue.pause(key)
    paused = listener.wait_for("Q4_0", DownloadState.PAUSED)
    assert 300_000 < paused.done_bytes < SIZE
    queue.resume(key)
    done = listener.wait_for("Q4_0", DownloadState.DONE)
    assert done.resumed_bytes == paused.done_bytes
    queue.close()


def test_waiting_item_can_be_paused_and_the_next_goes_on(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=2e6, times=1))
    listener = Listener()
    queue = DownloadQueue(listener, at_once=1, policy=FAST)
    for quant in QUANTS:
        queue.start(request(quant))
    listener.wait_for("Q4_0", DownloadState.DOWNLOADING)
    queue.pause(request("Q5_0").key)
    listener.wait_for("Q8_0", DownloadState.DONE)
    assert states(queue)["Q5_0"] is DownloadState.PAUSED
    queue.close()


def test_remove_deletes_the_partial_and_cancel_keeps_it(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=2e6, times=None))
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST)
    keys = [queue.start(request(q)) for q in QUANTS[:2]]
    for key in keys:
        listener.wait(lambda p, key=key: p.key == key and p.done_bytes > 200_000)
    queue.remove(keys[0])
    queue.cancel(keys[1])
    assert not queue.jobs(), "what the user does not want is not shown, however long the thread takes"
    until(lambda: [p.journal.request.quant for p in journal.partials() if p.journal] == ["Q5_0"])
    queue.close()
    assert sum(p.size_bytes for p in journal.partials()) >= 200_000
    again = DownloadQueue(listener, policy=FAST)
    assert not again.jobs()
    fake.heal()
    again.start(request("Q5_0"))
    done = listener.wait_for("Q5_0", DownloadState.DONE)
    assert done.resumed_bytes >= 200_000
    again.close()


def test_removing_a_finished_item_keeps_the_model(fake: FakeHub) -> None:
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST)
    key = queue.start(request("Q4_0"))
    path = listener.wait_for("Q4_0", DownloadState.DONE).paths[0]
    queue.remove(key)
    queue.close()
    assert Path(path).stat().st_size == SIZE
    assert not queue.jobs()


def test_items_are_found_again_after_a_restart(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    listener = Listener()
    queue = DownloadQueue(listener, at_once=1, policy=FAST)
    for quant in QUANTS[:2]:
        queue.start(request(quant))
    listener.wait(lambda p: p.done_bytes > 300_000)
    began = time.monotonic()
    queue.close()
    assert time.monotonic() - began < 3
    fake.heal()
    again_listener = Listener()
    again = DownloadQueue(again_listener, policy=FAST)
    found = {r.quant: p for r, p in again.jobs()}
    assert [p.state for p in found.values()] == [DownloadState.PAUSED] * 2
    assert found["Q4_0"].done_bytes > 300_000
    assert found["Q4_0"].total_bytes == SIZE
    for quant in found:
        again.resume(request(quant).key)
    assert again_listener.wait_for("Q4_0", DownloadState.DONE).resumed_bytes == found["Q4_0"].done_bytes
    again_listener.wait_for("Q5_0", DownloadState.DONE)
    again.close()
    last = DownloadQueue(Listener(), policy=FAST)
    assert set(states(last).values()) == {DownloadState.DONE}
    assert all(Path(p.paths[0]).exists() for _, p in last.jobs())
    last.close()


def test_failure_is_remembered_with_its_words(fake: FakeHub) -> None:
    fake.fail(Fault("status", where="api", status=403, error_code="GatedRepo", times=None))
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST)
    queue.start(request("Q4_0"))
    failed = listener.wait_for("Q4_0", DownloadState.FAILED)
    queue.close()
    assert failed.error is not None
    again = DownloadQueue(Listener(), policy=FAST)
    ((_, progress),) = again.jobs()
    again.close()
    assert progress.state is DownloadState.FAILED
    assert progress.error is not None
    assert (progress.error.code, progress.error.why, progress.error.next_steps) == (
        "gated",
        failed.error.why,
        failed.error.next_steps,
    )


@pytest.mark.expected_logs("downloads.json could not be read")
@pytest.mark.parametrize("damage", ['{"jobs": [{"request"', '{"jobs": 5}', "\x00\x00\x00", "[]"])
def test_damaged_list_is_kept_aside_and_the_partials_are_found(fake: FakeHub, damage: str) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=1))
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST)
    queue.start(request("Q4_0"))
    listener.wait(lambda p: p.done_bytes > 200_000)
    queue.close()
    (data_dir() / "downloads.json").write_text(damage)
    again_listener = Listener()
    again = DownloadQueue(again_listener, policy=FAST)
    assert "damaged" in again.note
    assert "1 unfinished" in again.note
    (kept,) = data_dir().glob("downloads.damaged-*.json")
    assert kept.read_text() == damage
    ((found, progress),) = again.jobs()
    assert progress.done_bytes > 200_000
    again.resume(found.key)
    assert again_listener.wait_for("Q4_0", DownloadState.DONE).resumed_bytes == progress.done_bytes
    again.close()


def test_calls_for_unknown_items_do_nothing(fake: FakeHub) -> None:
    queue = DownloadQueue(Listener(), policy=FAST)
    for call in (queue.pause, queue.resume, queue.cancel, queue.remove):
        call("org/none::Q4_0")
    queue.pause_all()
    queue.close()
    assert not fake.log
    assert not hub_cache_dir().exists()


def test_listener_may_call_the_queue(fake: FakeHub) -> None:
    """A window that starts the next item when one ends must not deadlock."""
    seen = Listener()

    def on_progress(progress: DownloadProgress) -> None:
        if progress.state is DownloadState.DONE and progress.key == request("Q4_0").key:
            queue.start(request("Q5_0"))
        seen(progress)

    queue = DownloadQueue(on_progress, at_once=1, policy=FAST)
    queue.start(request("Q4_0"))
    seen.wait_for("Q5_0", DownloadState.DONE)
    queue.close()


def test_started_again_while_it_stops(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=2e6, times=1))
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST)
    key = queue.start(request("Q4_0"))
    listener.wait(lambda p: p.done_bytes > 200_000)
    queue.pause(key)
    queue.start(request("Q4_0"))
    assert listener.wait_for("Q4_0", DownloadState.DONE).resumed_bytes > 0
    queue.close()
