"""Bytes that are not what they should be: wrong on the disk, wrong from the network, without their map, in the wrong length."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.core.paths import hub_cache_dir
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.transfer.fetch import fetch
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
    part_of,
    pause_at,
    quiet_hub,
    run,
    spans,
)

BLOCK = WIDE.block_bytes


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with quiet_hub(monkeypatch) as server:
        yield server


def map_of(sha256: str) -> Path:
    return RepoCache.of(REPO).map(sha256)


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(data)


def test_wrong_bytes_from_the_network_are_found_and_replaced(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("corrupt", after_bytes=1_234_567, length=9))
    watcher = Watcher()
    result = run(watcher=watcher, policy=WIDE)
    assert (result.state, result.sha256, result.done_bytes) == (DownloadState.DONE, (total,), SIZE)
    assert Path(result.paths[0]).read_bytes() == CONTENT
    assert any("compared" in p.note for p in watcher.seen) or "damaged pieces" in result.note
    assert not list(hub_cache_dir().rglob("*.launcher.*"))


def test_places_where_a_connection_broke_are_looked_at_first(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("cut", after_bytes=2_000_000))
    fake.fail(Fault("corrupt", after_bytes=1_999_000))
    assert run(policy=replace(FAST, block_bytes=BLOCK)).state is DownloadState.DONE
    assert fake.sent_bytes() < SIZE + 8 * BLOCK, "not everything was fetched again"


def test_several_wrong_places_are_all_replaced(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    for place in (10, 900_000, 2_999_999):
        fake.fail(Fault("corrupt", after_bytes=place))
    result = run(policy=WIDE)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))


def test_a_second_answer_that_is_wrong_does_not_spoil_what_was_right(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("corrupt", after_bytes=2_500_000))
    fake.fail(Fault("corrupt", after_bytes=1_000, skip=1))
    result = run(policy=FAST)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))


def test_a_server_that_has_other_bytes_is_said_after_a_second_pass(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("corrupt", after_bytes=1_234_567, times=None))
    result = run(policy=WIDE)
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "checksum_mismatch")
    assert result.error is not None
    assert [s.action for s in result.error.next_steps] == ["retry", "remove"]
    assert not RepoCache.of(REPO).blob(total).exists()
    assert not list(hub_cache_dir().rglob(NAME))
    assert here_bytes(total) == SIZE, "the bytes stay"
    assert fake.sent_bytes() < 3 * SIZE
    fake.heal()
    fake.log.clear()
    again = run(policy=WIDE)
    assert (again.state, again.sha256, again.resumed_bytes) == (DownloadState.DONE, (total,), SIZE)
    assert fake.sent_bytes() <= SIZE + BLOCK, "what is wrong was found by comparing, not by starting over"


def test_repair_outlasts_a_cut_and_hears_a_stop(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("corrupt", after_bytes=2_900_000))
    fake.fail(Fault("cut", after_bytes=1_000_000, skip=1))
    assert run(policy=FAST).sha256 == (total,)


def test_bytes_damaged_on_the_disk_are_found_and_only_they_are_fetched_again(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    paused = pause_at(fake, 1_000_000, WIDE)
    overwrite(part_of(total), 1000, b"damage")
    fake.log.clear()
    watcher = Watcher()
    result = run(watcher=watcher, policy=WIDE)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert fake.sent_bytes() == SIZE - paused.done_bytes + BLOCK
    assert any("not what had arrived" in p.note for p in watcher.seen)
    assert result.resumed_bytes == paused.done_bytes - BLOCK


def test_a_hole_that_a_power_cut_left_is_filled(fake: FakeHub) -> None:
    """The record reached the disk, its bytes did not."""
    total = fake.add_file(REPO, NAME, CONTENT)
    pause_at(fake, 1_000_000, WIDE)
    overwrite(part_of(total), 2 * BLOCK, bytes(BLOCK))
    with part_of(total).open("r+b") as stream:
        stream.truncate(part_of(total).stat().st_size - 1000)
    assert run(policy=WIDE).sha256 == (total,)


def test_a_partial_file_of_the_version_without_maps_is_continued(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    RepoCache.of(REPO).prepare()
    part_of(total).write_bytes(CONTENT[:1_500_001])
    assert here_bytes(total) == 1_500_001
    result = run(policy=WIDE)
    assert (result.state, result.sha256, result.resumed_bytes) == (DownloadState.DONE, (total,), 1_500_001)
    assert fake.sent_bytes() == SIZE - 1_500_001
    assert min(start for start, _ in spans(fake)) == 1_500_001


@pytest.mark.parametrize("damage", ["gone", "noise", "short"])
def test_a_lost_map_costs_at_most_the_gaps(fake: FakeHub, damage: str) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    pause_at(fake, 1_500_000, WIDE)
    path = map_of(total)
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"noise" * 20 if damage == "noise" else path.read_bytes()[:-3])
    fake.log.clear()
    result = run(policy=WIDE)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert fake.sent_bytes() < SIZE, "what was there served"


def test_partial_longer_than_the_file_is_cut(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    paused = pause_at(fake, 500_000)
    with part_of(total).open("ab") as stream:
        stream.write(b"\0" * SIZE)
    fake.log.clear()
    result = run()
    assert (result.sha256, result.resumed_bytes) == ((total,), paused.done_bytes)
    assert Path(result.paths[0]).stat().st_size == SIZE


@pytest.mark.parametrize("delta", [-1000, 1000])
def test_a_body_of_the_wrong_length_is_continued_or_cut(fake: FakeHub, delta: int) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("wrong_body", delta=delta, times=2))
    assert run(policy=WIDE).sha256 == (total,)


@pytest.mark.parametrize("kind", ["chunked", "no_size"])
def test_answers_without_a_length_are_read_to_their_end(fake: FakeHub, kind: str) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("chunked" if kind == "chunked" else "no_size", times=None))
    assert run(policy=WIDE).sha256 == (total,)


@pytest.mark.parametrize("is_address_short_lived", [True, False])
def test_a_file_that_is_replaced_under_way_is_never_mixed_with_the_old_one(
    fake: FakeHub, is_address_short_lived: bool
) -> None:
    """Under the same name and commit, which no sound hub does. When the right file is back, so is the download.

    With an address that holds the hub is asked again only when the sum is wrong.
    """
    total = fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("throttle_total", rate_bytes_s=2e6, times=None))
    if is_address_short_lived:
        fake.fail(Fault("expire", requests=1, times=None))
    watcher = Watcher()
    is_replaced = threading.Event()

    def on_progress(progress: DownloadProgress) -> None:
        watcher(progress)
        if progress.done_bytes > SIZE // 10 and not is_replaced.is_set():
            is_replaced.set()
            fake.rewrite(REPO, NAME, CONTENT[::-1])

    result = fetch(REQUEST, on_progress, watcher.stop, WIDE)
    assert is_replaced.is_set()
    assert result.state is DownloadState.FAILED
    assert error_of(result) == "file_changed"
    assert here_bytes(total) > SIZE // 10
    assert not list(hub_cache_dir().glob("models--*/snapshots/*/*"))
    fake.heal()
    fake.rewrite(REPO, NAME, CONTENT)
    result = run(policy=WIDE)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert Path(result.paths[0]).read_bytes() == CONTENT
