"""The queue: order, pause, resume, remove, restarts and damaged memory, over a hub on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from launcher.core.downloads import DownloadProgress, DownloadState, PauseReason
from launcher.core.models import ModelFile
from launcher.core.paths import data_dir, hub_cache_dir
from launcher.downloads.disk import journal
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.lock import blob_lock
from launcher.downloads.queue.queue import DownloadQueue
from tests.fakes.hub import FakeHub, Fault, serving
from tests.hub.queue_desk import FAST, QUANTS, REPO, SIZE, Listener, content, fill, request, states, until


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield fill(server)


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


def test_order_can_be_changed(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=2e6, times=1))
    listener = Listener()
    queue = DownloadQueue(listener, at_once=1, policy=FAST)
    for quant in QUANTS:
        queue.start(request(quant))
    listener.wait_for("Q4_0", DownloadState.DOWNLOADING)
    queue.move(request("Q8_0").key, 0)
    assert list(states(queue)) == ["Q8_0", "Q4_0", "Q5_0"]
    assert states(queue)["Q4_0"] is DownloadState.DOWNLOADING, "what runs goes on running"
    for quant in QUANTS:
        listener.wait_for(quant, DownloadState.DONE)
    queue.close()
    ended = [p.key for p in listener.seen if p.state is DownloadState.DONE]
    assert ended == [request(q).key for q in ("Q4_0", "Q8_0", "Q5_0")]
    again = DownloadQueue(Listener(), policy=FAST)
    assert list(states(again)) == ["Q8_0", "Q4_0", "Q5_0"]
    again.close()


def test_limits_work_at_once_and_an_items_own_is_remembered(fake: FakeHub) -> None:
    """With either limit the file would take half an hour."""
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, limit_bytes_s=1000)
    key = queue.start(request("Q4_0"))
    listener.wait_for("Q4_0", DownloadState.DOWNLOADING)
    queue.set_item_limit(key, 1000)
    queue.set_limit(None)
    assert listener.wait(lambda p: p.limit_bytes_s == 1000 and p.state is DownloadState.DOWNLOADING).done_bytes < SIZE
    queue.close()
    again_listener = Listener()
    again = DownloadQueue(again_listener, policy=FAST, resume_on_start=True)
    assert again_listener.wait_for("Q4_0", DownloadState.DOWNLOADING).limit_bytes_s == 1000
    again.set_item_limit(key, None)
    assert again_listener.wait_for("Q4_0", DownloadState.DONE).limit_bytes_s is None
    again.close()


def test_fewer_at_once_sends_the_last_back(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    listener = Listener()
    queue = DownloadQueue(listener, at_once=2, policy=FAST)
    for quant in QUANTS[:2]:
        queue.start(request(quant))
        listener.wait(lambda p, q=quant: p.key == request(q).key and p.done_bytes > 100_000)
    queue.set_at_once(1)
    back = listener.wait(
        lambda p: p.key == request("Q5_0").key and p.state is DownloadState.QUEUED and p.done_bytes > 0
    )
    assert back.done_bytes > 100_000
    assert states(queue)["Q4_0"] is DownloadState.DOWNLOADING
    fake.heal()
    assert listener.wait_for("Q5_0", DownloadState.DONE).resumed_bytes >= back.done_bytes
    queue.close()


def test_goes_on_by_itself_after_a_restart_but_not_what_the_user_paused(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    listener = Listener()
    queue = DownloadQueue(listener, at_once=2, policy=FAST)
    for quant in QUANTS:
        queue.start(request(quant))
    listener.wait(lambda p: p.key == request("Q4_0").key and p.done_bytes > 100_000)
    queue.pause(request("Q5_0").key)
    queue.close()
    fake.heal()
    resting = DownloadQueue(Listener(), policy=FAST)
    reasons = {r.quant: p.pause_reason for r, p in resting.jobs()}
    resting.close()
    assert reasons == {"Q4_0": PauseReason.CLOSED, "Q5_0": PauseReason.USER, "Q8_0": PauseReason.CLOSED}
    again_listener = Listener()
    again = DownloadQueue(again_listener, policy=FAST, resume_on_start=True)
    for quant in ("Q4_0", "Q8_0"):
        again_listener.wait_for(quant, DownloadState.DONE)
    assert states(again)["Q5_0"] is DownloadState.PAUSED
    again.pause_all()
    again.resume_all()
    again_listener.wait_for("Q5_0", DownloadState.DONE)
    again.close()


def test_list_of_the_first_version_is_read(fake: FakeHub) -> None:
    (data_dir()).mkdir(parents=True, exist_ok=True)
    (data_dir() / "downloads.json").write_text(_FIRST_VERSION)
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, resume_on_start=True)
    found = {r.quant: p for r, p in queue.jobs()}
    listener.wait_for("Q4_0", DownloadState.DONE)
    queue.close()
    assert not queue.note
    assert list(found) == ["Q4_0", "Q5_0", "Q8_0", "Q2_K"]
    assert found["Q5_0"].pause_reason is PauseReason.USER, "who paused it is not known, so nothing starts it"
    assert found["Q8_0"].pause_reason is PauseReason.DISK_FULL
    failed = found["Q2_K"]
    assert failed.error is not None
    assert (failed.state, failed.error.code, failed.error.next_steps[0].label) == (
        DownloadState.FAILED,
        "gated",
        "Open the page",
    )


_FIRST_VERSION = """{"jobs": [
 {"request": {"model": "model", "short_name": "Model", "quant": "Q4_0", "repo": "org/model-GGUF", "files": [], "file_bytes": 2000000,
   "revision": null}, "state": "downloading", "note": "Continued at 1 GB", "error": null},
 {"request": {"model": "model", "short_name": "Model", "quant": "Q5_0", "repo": "org/model-GGUF", "files": [{"name": "model-Q5_0.gguf",
   "size_bytes": 2000000, "sha256": null}], "file_bytes": 2000000, "revision": null}, "state": "paused", "note": "", "error": null},
 {"request": {"model": "model", "short_name": "Model", "quant": "Q8_0", "repo": "org/model-GGUF", "files": [],
   "file_bytes": 9000000000000000000}, "state": "paused", "error": {"code": "disk_full", "what": "The disk is full.", "why": "",
   "next_steps": [{"label": "Free up space", "action": "free_space", "argument": ""}], "detail": ""}},
 {"request": {"model": "model", "short_name": "Model", "quant": "Q2_K", "repo": "org/model-GGUF", "files": [], "file_bytes": 1},
   "state": "failed", "note": "", "error": {"code": "gated", "what": "No.", "why": "", "next_steps":
   [{"label": "Open the page", "action": "open_page", "argument": "https://example.org"}], "detail": ""}}
]}"""


def test_failed_item_does_not_stop_the_others(fake: FakeHub) -> None:
    fake.add_file("org/closed-GGUF", "model-Q4_0.gguf", b"x" * 1000)
    fake.gate("org/closed-GGUF", "hf_right")
    listener = Listener()
    queue = DownloadQueue(listener, at_once=1, policy=FAST)
    closed = queue.start(replace(request("Q4_0"), repo="org/closed-GGUF"))
    queue.start(request("Q4_0"))
    failed = listener.wait(lambda p: p.key == closed and p.state is DownloadState.FAILED)
    assert failed.error is not None
    assert failed.error.code == "gated"
    listener.wait_for("Q4_0", DownloadState.DONE)
    queue.close()


@pytest.mark.parametrize("where", ["api", "cdn"])
def test_network_trouble_is_waited_out(fake: FakeHub, where: Literal["api", "cdn"]) -> None:
    fake.fail(Fault("status", where=where, status=503, times=6))
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, look_again_s=0.05)
    queue.start(request("Q4_0"))
    listener.wait_for("Q4_0", DownloadState.DONE)
    queue.close()
    assert not [p for p in listener.seen if p.state is DownloadState.FAILED]


def test_a_wait_is_counted_down_and_can_be_ended(fake: FakeHub) -> None:
    fake.fail(Fault("status", where="api", status=503, times=None))
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, look_again_s=600)
    key = queue.start(request("Q4_0"))
    first = listener.wait(lambda p: p.retry_in_s is not None)
    assert first.state is DownloadState.QUEUED
    assert "503" in first.note
    listener.wait(lambda p: p.retry_in_s is not None and 590 < p.retry_in_s < (first.retry_in_s or 0))
    fake.heal()
    queue.retry_now(key)
    assert listener.wait_for("Q4_0", DownloadState.DONE).retry_in_s is None
    queue.close()


def test_file_that_another_program_fetches_is_waited_for(fake: FakeHub) -> None:
    listener = Listener()
    queue = DownloadQueue(listener, at_once=1, policy=FAST, look_again_s=0.05)
    sha256 = hashlib.sha256(content("Q4_0")).hexdigest()
    with blob_lock(RepoCache.of(REPO), ModelFile("model-Q4_0.gguf", SIZE, sha256)):
        key = queue.start(request("Q4_0"))
        queue.start(request("Q5_0"))
        waiting = listener.wait(lambda p: p.key == key and p.state is DownloadState.QUEUED and p.note != "")
        assert "already being fetched" in waiting.note
        assert "by itself" in waiting.note
        listener.wait_for("Q5_0", DownloadState.DONE)
        assert not [p for p in listener.seen if p.state in (DownloadState.FAILED, DownloadState.PAUSED)]
    listener.wait_for("Q4_0", DownloadState.DONE)
    queue.close()


def test_restart_begins_anew_at_its_place(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    listener = Listener()
    queue = DownloadQueue(listener, at_once=1, policy=FAST)
    key = queue.start(request("Q4_0"))
    queue.start(request("Q5_0"))
    listener.wait(lambda p: p.done_bytes > 200_000)
    fresh = random.Random(9).randbytes(SIZE)
    fake.add_file(REPO, "model-Q4_0.gguf", fresh)
    fake.heal()
    queue.restart(key)
    done = listener.wait_for("Q4_0", DownloadState.DONE)
    queue.close()
    assert Path(done.paths[0]).read_bytes() == fresh
    assert done.resumed_bytes == 0
    assert next(iter(queue.jobs()))[0].key == key


def test_close_at_any_time_and_calls_after_it(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    for moment in range(5):
        listener = Listener()
        queue = DownloadQueue(listener, policy=FAST, resume_on_start=True)
        queue.start(request(QUANTS[moment % 3]))
        if moment > 2:
            listener.wait(lambda p: p.state is DownloadState.DOWNLOADING)
        queue.close()
        queue.start(request("Q8_0"))
        queue.pause_all()
        queue.resume_all()
        queue.set_limit(5)
        queue.set_at_once(1)
        queue.close()
    assert len(jobs_file()["jobs"]) == 3


def jobs_file() -> dict[str, Any]:
    return json.loads((data_dir() / "downloads.json").read_text("utf-8"))


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_program_goes_on_by_itself(fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD], env={**os.environ, **fake.environment()}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "now"
    finally:
        child.kill()
        child.communicate()
    fake.heal()
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, resume_on_start=True)
    assert states(queue)["Q5_0"] is DownloadState.PAUSED
    done = listener.wait_for("Q4_0", DownloadState.DONE)
    listener.wait_for("Q8_0", DownloadState.DONE)
    queue.close()
    assert done.resumed_bytes > 0
    assert Path(done.paths[0]).read_bytes() == content("Q4_0")
    assert {r.quant: p.pause_reason for r, p in queue.jobs()}["Q5_0"] is PauseReason.USER


_CHILD = """
import time
from launcher.core.downloads import DownloadState
from launcher.downloads.queue.queue import DownloadQueue
from tests.hub.queue_desk import FAST, QUANTS, Listener, request
listener = Listener()
queue = DownloadQueue(listener, at_once=2, policy=FAST)
for quant in QUANTS:
    queue.start(request(quant))
queue.pause(request("Q5_0").key)
listener.wait(lambda p: p.key == request("Q4_0").key and p.done_bytes > 400_000)
listener.wait_for("Q8_0", DownloadState.DOWNLOADING)
print("now", flush=True)
time.sleep(60)
"""
