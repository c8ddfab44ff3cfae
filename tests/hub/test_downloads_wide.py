"""One file over several connections: shared work, one signed address, one wait, and what a pause or a crowd does to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub.utils import close_session

from launcher.catalog import network
from launcher.catalog.network import NetworkSettings
from launcher.core.downloads import DownloadState
from tests.fakes.certificates import private_ca
from tests.fakes.hub import FakeHub, Fault
from tests.hub.fetching import (
    CONTENT,
    NAME,
    REPO,
    REQUEST,
    SIZE,
    WIDE,
    Watcher,
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


def asked_of_the_hub(fake: FakeHub) -> int:
    return len([r for r in fake.log if r.where == "resolve"])


def test_every_byte_comes_once_over_several_connections(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    result = run(policy=WIDE)
    assert (result.state, result.sha256, result.done_bytes) == (DownloadState.DONE, (total,), SIZE)
    assert Path(result.paths[0]).read_bytes() == CONTENT
    assert fake.sent_bytes() == SIZE
    found = sorted(spans(fake))
    assert len(found) >= 4
    assert [a[1] for a in found[:-1]] == [b[0] for b in found[1:]]


def test_connections_work_at_the_same_time(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    crowd = fake.fail(Fault("crowded", connections=3, status=503, times=None))
    fake.fail(Fault("throttle", rate_bytes_s=2e6, times=None))
    result = run(policy=WIDE)
    assert result.state is DownloadState.DONE
    assert crowd.hits, "a fourth connection was never tried"


def test_the_hub_is_asked_once_and_its_signed_address_serves_all(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    assert run(policy=WIDE).state is DownloadState.DONE
    assert asked_of_the_hub(fake) == 1
    assert len(fake.gets()) >= 4


def test_a_signed_address_that_runs_out_is_asked_for_anew(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("expire", requests=2, times=None))
    watcher = Watcher()
    result = run(watcher=watcher, policy=WIDE)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert asked_of_the_hub(fake) >= 2
    assert not any("Trying again" in p.note for p in watcher.seen), "that is no failure"


@pytest.mark.parametrize("status", [429, 503, 0])
def test_a_server_that_takes_one_connection_gets_one(fake: FakeHub, status: int) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("crowded", connections=1, status=status, times=None))
    result = run(policy=WIDE)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))


def test_a_server_without_ranges_gets_one_connection(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("no_range", times=None))
    result = run(policy=WIDE)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert len(fake.gets()) == 1
    assert fake.sent_bytes() == SIZE


def test_paused_in_several_places_and_continued_in_all(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    paused = pause_at(fake, 1_200_000, WIDE)
    here = here_bytes(total)
    assert paused.done_bytes == here < SIZE
    fake.log.clear()
    result = run(policy=WIDE)
    assert (result.state, result.sha256, result.resumed_bytes) == (DownloadState.DONE, (total,), here)
    assert fake.sent_bytes() == SIZE - here, "a pause in the middle of blocks loses nothing"


@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_cuts_on_some_connections_are_made_good(fake: FakeHub, kind: str) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("cut" if kind == "cut" else "reset", after_bytes=200_000, times=5))
    # A reset loses what is under way, so that each of the five may be a fruitless try of its own.
    result = run(policy=replace(WIDE, attempts=6))
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    if kind == "cut":
        assert fake.sent_bytes() == SIZE


def test_an_outage_of_all_connections_is_one_failure(fake: FakeHub) -> None:
    """Four connections that break together are not four of the eight tries."""
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("stall", after_bytes=100_000, seconds=20, times=4))
    result = run(policy=replace(WIDE, attempts=2))
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))


def test_stop_is_heard_on_silent_connections(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("stall", after_bytes=100_000, seconds=20, times=None))
    watcher = Watcher()
    thread = threading.Thread(target=run, args=(REQUEST, watcher, replace(WIDE, stall_s=20)))
    thread.start()
    while not (watcher.seen and watcher.seen[-1].done_bytes == 400_000):
        time.sleep(0.02)
    watcher.stop.set()
    thread.join(10)
    assert not thread.is_alive(), "a stalled read was not interrupted"
    assert watcher.seen[-1].state is DownloadState.PAUSED
    assert here_bytes(total) == 400_000


def test_over_tls_the_bytes_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The body is read from the TLS socket itself, behind the HTTP client's back."""
    ca = private_ca(tmp_path)
    with FakeHub(tls=ca.server_context()) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        network.configure(NetworkSettings(ca_file=str(ca.ca_file)))
        try:
            total = server.add_file(REPO, NAME, CONTENT)
            server.fail(Fault("cut", after_bytes=200_000, times=2))
            result = run(policy=WIDE)
        finally:
            network.configure(NetworkSettings())
            close_session()
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert server.sent_bytes() == SIZE
