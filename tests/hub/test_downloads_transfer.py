"""One file over a network that fails: cut, stalled, refused, confused and wrong, through the real client."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from huggingface_hub.utils import close_session

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.downloads.transfer.fetch import fetch
from launcher.downloads.transfer.retry import Policy
from tests.fakes.hub import FakeHub, Fault
from tests.hub.fetching import (
    CONTENT,
    FAST,
    NAME,
    REPO,
    REQUEST,
    SIZE,
    WIDE,
    Watcher,
    error_of,
    here_bytes,
    pause_at,
    quiet_hub,
    run,
    spans,
)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with quiet_hub(monkeypatch) as server:
        yield server


def test_stop_is_heard_at_once(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("stall", after_bytes=500_000, seconds=20))
    watcher = Watcher()
    policy = Policy(stall_s=20)
    thread = threading.Thread(target=run, args=(REQUEST, watcher, policy))
    thread.start()
    while not (watcher.seen and watcher.seen[-1].done_bytes == 500_000):
        time.sleep(0.02)
    watcher.stop.set()
    began = time.monotonic()
    thread.join(10)
    assert time.monotonic() - began < 5, "a stalled read was not interrupted"
    assert watcher.seen[-1].state is DownloadState.PAUSED
    assert watcher.seen[-1].done_bytes == 500_000


@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_connection_cut_twice_goes_on_by_itself(fake: FakeHub, kind: str) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("cut" if kind == "cut" else "reset", after_bytes=700_000, times=2))
    watcher = Watcher()
    result = run(watcher=watcher)
    assert (result.state, result.sha256, result.done_bytes) == (DownloadState.DONE, (total,), SIZE)
    assert any("Trying again" in p.note for p in watcher.seen)
    assert result.note.startswith("The connection was lost for 1 s. Continued at")
    if kind == "cut":
        assert fake.sent_bytes() == SIZE
        assert spans(fake) == [(0, SIZE), (700_000, SIZE), (1_400_000, SIZE)]


def test_stall_is_a_lost_connection(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("stall", after_bytes=300_000, seconds=20))
    result = run()
    assert result.state is DownloadState.DONE
    assert result.note.startswith("The connection was lost for")


def test_client_that_another_thread_renews_is_a_lost_connection(fake: FakeHub) -> None:
    """huggingface_hub closes its shared client after a connection error anywhere in the process."""
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("throttle", rate_bytes_s=3e6))
    watcher = Watcher()
    thread = threading.Thread(target=run, args=(REQUEST, watcher))
    thread.start()
    while not (watcher.seen and watcher.seen[-1].done_bytes > 200_000):
        time.sleep(0.01)
    close_session()
    thread.join()
    assert (watcher.seen[-1].state, watcher.seen[-1].sha256) == (DownloadState.DONE, (total,))


def test_gives_up_after_fruitless_tries_and_keeps_the_bytes(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("cut", after_bytes=400_000, times=1))
    fake.fail(Fault("cut", after_bytes=0, times=None))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "connection_lost")
    assert here_bytes(total) == 400_000
    fake.heal()
    assert run().resumed_bytes == 400_000


def test_endless_cuts_of_a_server_without_ranges_come_to_an_end(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("no_range", times=None))
    for _ in range(10):  # far, near, far ...: coming as far as before is no progress
        fake.fail(Fault("cut", after_bytes=2_500_000))
        fake.fail(Fault("cut", after_bytes=100_000))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "connection_lost")


def test_answer_200_to_a_range_loses_nothing(fake: FakeHub) -> None:
    """What is there is passed over as it comes again, not thrown away: the next cut would have to begin at nothing."""
    total = fake.add_file(REPO, NAME, CONTENT)
    here = pause_at(fake, 1_000_000).done_bytes
    fake.fail(Fault("no_range"))
    watcher = Watcher()
    result = run(watcher=watcher)
    assert (result.state, result.sha256, result.resumed_bytes, result.done_bytes) == (
        DownloadState.DONE,
        (total,),
        here,
        SIZE,
    )
    assert min(p.done_bytes for p in watcher.seen if p.state is DownloadState.DOWNLOADING) == here


def test_wrong_range_is_not_written(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    pause_at(fake, 1_000_000)
    fake.fail(Fault("wrong_range", times=2))
    assert run().sha256 == (total,)


def test_a_range_that_is_refused_is_asked_for_again(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    pause_at(fake, 1_000_000)
    fake.fail(Fault("status", status=416))
    result = run()
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))


def test_waits_as_long_as_the_server_asks(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("status", where="resolve", status=429, retry_after=1))
    began = time.monotonic()
    assert run().state is DownloadState.DONE
    assert time.monotonic() - began >= 1


def test_a_long_rate_limit_is_said_not_waited_for(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("status", where="resolve", status=429, retry_after=3600))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "rate_limited")


def test_trouble_and_expired_addresses_are_tried_again(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("status", where="resolve", status=503))
    fake.fail(Fault("status", where="cdn", status=403))
    assert run().state is DownloadState.DONE


def test_the_listing_is_asked_for_again_like_the_bytes(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("status", where="api", status=503, times=3))
    watcher = Watcher()
    result = run(watcher=watcher)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert any("Trying again" in p.note for p in watcher.seen)
    fake.add_file(REPO, NAME, CONTENT + b"x")
    fake.fail(Fault("status", where="api", status=503, times=None))
    other = replace(REQUEST, quant="Q4_0-other")
    assert error_of(fetch(other, Watcher(), threading.Event(), FAST)) == "hub_trouble"
    assert error_of(fetch(other, Watcher(), threading.Event(), replace(FAST, attempts=None))) == "hub_trouble"


@pytest.mark.parametrize(
    ("status", "code", "expected"), [(403, "GatedRepo", "gated"), (404, "EntryNotFound", "file_not_found")]
)
def test_refusal_by_the_hub_is_final(fake: FakeHub, status: int, code: str, expected: str) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("status", where="resolve", status=status, error_code=code, times=None))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, expected)
    assert len([r for r in fake.log if r.where == "resolve"]) == 1


def test_other_content_under_the_name_is_noticed_before_a_byte_is_written(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    pause_at(fake, 1_000_000)
    here = here_bytes(total)
    fake.fail(Fault("wrong_etag", where="resolve"))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "file_changed")
    assert here_bytes(total) == here


def test_login_page_instead_of_the_file(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("html", where="cdn", times=None))
    assert error_of(run()) == "hub_unexpected"


def test_progress_comes_steadily_with_rate_and_time_left(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("throttle", rate_bytes_s=1.5e6))
    watcher = Watcher()
    run(watcher=watcher)
    moving = [p for p in watcher.seen if p.state is DownloadState.DOWNLOADING]
    assert 5 <= len(moving) <= 40, "about seven a second for two seconds"
    rated = [p for p in moving if p.rate_bytes_s is not None]
    assert rated
    assert 0.7e6 < (rated[-1].rate_bytes_s or 0) < 3e6
    assert rated[-1].seconds_left is not None
    assert [p.done_bytes for p in moving] == sorted(p.done_bytes for p in moving)


def test_never_giving_up_outlasts_any_number_of_cuts(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("status", where="resolve", status=503, times=12))
    result = run(policy=replace(FAST, attempts=None, max_delay_s=0.02))
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))


def test_never_giving_up_is_no_reason_to_follow_a_server_that_makes_no_sense(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("status", where="cdn", status=403, times=None))
    result = run(policy=replace(FAST, attempts=None, max_delay_s=0.02))
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "connection_lost")


def test_the_wait_is_counted_down_and_can_be_ended(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("status", where="resolve", status=503))
    watcher, retry_now, waits = Watcher(), threading.Event(), list[float]()

    def on_progress(progress: DownloadProgress) -> None:
        watcher(progress)
        if progress.retry_in_s is not None:
            waits.append(progress.retry_in_s)
            if len(waits) == 3:
                retry_now.set()

    patient = replace(FAST, first_delay_s=300.0, max_delay_s=300.0)
    result = fetch(REQUEST, on_progress, watcher.stop, patient, retry_now=retry_now)
    assert result.state is DownloadState.DONE
    assert not retry_now.is_set()
    assert 200 < waits[2] < waits[0] <= 360
    assert result.retry_in_s is None


def test_a_wait_can_be_stopped(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("status", where="resolve", status=503))
    watcher = Watcher()

    def on_progress(progress: DownloadProgress) -> None:
        watcher(progress)
        if progress.retry_in_s is not None:
            watcher.stop.set()

    patient = replace(FAST, first_delay_s=300.0, max_delay_s=300.0)
    assert fetch(REQUEST, on_progress, watcher.stop, patient).state is DownloadState.PAUSED


def test_a_speed_limit_is_asked_for_every_byte(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    asked: list[int] = []
    watcher = Watcher()
    result = fetch(REQUEST, watcher, watcher.stop, FAST, throttle=asked.append)
    assert result.state is DownloadState.DONE
    assert SIZE - (1 << 20) <= sum(asked) <= SIZE, "all but the last piece, after which nothing is read"


def test_the_token_does_not_travel_to_the_storage_host(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fake.add_file(REPO, NAME, CONTENT)
    assert run(policy=WIDE).state is DownloadState.DONE
    assert any("hf_secret" in r.headers.get("authorization", r.headers.get("Authorization", "")) for r in fake.log)
    assert not any("hf_secret" in str(r.headers) for r in fake.gets())


def test_redirects_in_a_circle_end(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("redirect", where="resolve", times=None))
    assert error_of(run()) == "hub_unexpected"
