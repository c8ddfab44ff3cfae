"""One item from a hub on this machine to the cache: complete, resumed, broken and refused, through the real client."""

from __future__ import annotations

import hashlib
import json
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.utils import close_session
from tqdm import tqdm

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.core.paths import hub_cache_dir
from launcher.downloads import Policy, fetch, index, journal, space
from launcher.downloads.cache import RepoCache
from tests.fakes.hub import FakeHub, Fault, serving

REPO = "org/model-GGUF"
NAME = "model-Q4_0.gguf"
SIZE = 3_000_000
FAST = Policy(attempts=4, first_delay_s=0.02, max_delay_s=0.05, connect_s=2, stall_s=0.5)
REQUEST = DownloadRequest("model", "Model", "Q4_0", REPO, (), SIZE)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(tqdm, "monitor_interval", 0)  # huggingface_hub's progress bars start a thread that never ends
    with serving(monkeypatch) as server:
        yield server


@pytest.fixture
def content() -> bytes:
    return random.Random(7).randbytes(SIZE)


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


def pause_at(fake: FakeHub, stop_at: int) -> DownloadProgress:
    """A first run that is stopped by the user on the way."""
    slow = fake.fail(Fault("throttle", rate_bytes_s=4e6, times=1))
    result = run(watcher=Watcher(stop_at))
    slow.times = 0
    assert result.state is DownloadState.PAUSED
    assert result.error is None
    return result


def part_of(sha256: str) -> Path:
    return RepoCache.of(REPO).part(sha256)


def error_of(result: DownloadProgress) -> str:
    assert result.error is not None
    assert result.error.what
    assert result.error.why
    assert result.error.next_steps
    return result.error.code


def test_complete_file_is_found_by_the_real_library(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    watcher = Watcher()
    result = run(watcher=watcher)
    assert result.state is DownloadState.DONE
    assert (result.done_bytes, result.total_bytes, result.resumed_bytes) == (SIZE, SIZE, 0)
    assert result.sha256 == (total,)
    assert Path(result.paths[0]).read_bytes() == content
    assert watcher.states == [
        DownloadState.CHECKING,
        DownloadState.DOWNLOADING,
        DownloadState.VERIFYING,
        DownloadState.DONE,
    ]

    found = huggingface_hub.hf_hub_download(REPO, NAME, local_files_only=True, cache_dir=hub_cache_dir())
    assert Path(found) == Path(result.paths[0])
    assert Path(found).is_symlink()
    assert not os.path.isabs(os.readlink(found))
    cache = huggingface_hub.scan_cache_dir(hub_cache_dir())
    assert not cache.warnings
    (repo,) = cache.repos
    (revision,) = repo.revisions
    assert (repo.repo_id, repo.size_on_disk, revision.commit_hash, revision.refs) == (
        REPO,
        SIZE,
        fake.commit(REPO),
        {"main"},
    )
    assert not list(hub_cache_dir().rglob("*.launcher.*"))


def test_the_library_does_not_fetch_again_what_we_have(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    run()
    sent = fake.sent_bytes()
    huggingface_hub.hf_hub_download(REPO, NAME, cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    assert fake.sent_bytes() == sent


def test_second_fetch_needs_no_hub(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    first = run()
    fake.log.clear()
    again = run()
    assert (again.state, again.paths, again.resumed_bytes) == (DownloadState.DONE, first.paths, SIZE)
    assert not fake.log


def test_paused_and_continued_fetches_nothing_twice(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    paused = pause_at(fake, 1_000_000)
    here = part_of(total).stat().st_size
    assert 1_000_000 <= here < SIZE
    assert paused.done_bytes == here
    assert not huggingface_hub.scan_cache_dir(hub_cache_dir()).warnings, "a partial file does not disturb other tools"
    fake.log.clear()
    result = run()
    assert (result.state, result.resumed_bytes, result.sha256) == (DownloadState.DONE, here, (total,))
    assert fake.sent_bytes() == SIZE - here
    assert fake.gets()[0].range == f"bytes={here}-"


def test_stop_is_heard_at_once(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
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
def test_connection_cut_twice_goes_on_by_itself(fake: FakeHub, content: bytes, kind: str) -> None:
    total = fake.add_file(REPO, NAME, content)
    fake.fail(Fault("cut" if kind == "cut" else "reset", after_bytes=700_000, times=2))
    watcher = Watcher()
    result = run(watcher=watcher)
    assert (result.state, result.sha256, result.done_bytes) == (DownloadState.DONE, (total,), SIZE)
    assert any("Trying again" in p.note for p in watcher.seen)
    assert result.note.startswith("The connection was lost for 1 s. Continued at")
    if kind == "cut":
        assert fake.sent_bytes() == SIZE
        assert [r.range for r in fake.gets()] == [None, "bytes=700000-", "bytes=1400000-"]


def test_stall_is_a_lost_connection(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    fake.fail(Fault("stall", after_bytes=300_000, seconds=20))
    result = run()
    assert result.state is DownloadState.DONE
    assert result.note.startswith("The connection was lost for")


def test_client_that_another_thread_renews_is_a_lost_connection(fake: FakeHub, content: bytes) -> None:
    """huggingface_hub closes its shared client after a connection error anywhere in the process."""
    total = fake.add_file(REPO, NAME, content)
    fake.fail(Fault("throttle", rate_bytes_s=3e6))
    watcher = Watcher()
    thread = threading.Thread(target=run, args=(REQUEST, watcher))
    thread.start()
    while not (watcher.seen and watcher.seen[-1].done_bytes > 200_000):
        time.sleep(0.01)
    close_session()
    thread.join()
    assert (watcher.seen[-1].state, watcher.seen[-1].sha256) == (DownloadState.DONE, (total,))


def test_gives_up_after_fruitless_tries_and_keeps_the_bytes(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    fake.fail(Fault("cut", after_bytes=400_000, times=1))
    fake.fail(Fault("cut", after_bytes=0, times=None))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "connection_lost")
    assert part_of(total).stat().st_size == 400_000
    fake.heal()
    assert run().resumed_bytes == 400_000


def test_endless_cuts_of_a_server_without_ranges_come_to_an_end(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    fake.fail(Fault("no_range", times=None))
    for _ in range(10):  # far, near, far ...: coming as far as before is no progress
        fake.fail(Fault("cut", after_bytes=2_500_000))
        fake.fail(Fault("cut", after_bytes=100_000))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "connection_lost")


def test_answer_200_to_a_range_starts_over_without_corruption(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    pause_at(fake, 1_000_000)
    fake.fail(Fault("no_range"))
    watcher = Watcher()
    result = run(watcher=watcher)
    assert (result.state, result.sha256, result.resumed_bytes, result.done_bytes) == (
        DownloadState.DONE,
        (total,),
        0,
        SIZE,
    )
    assert any("cannot continue a file" in p.note for p in watcher.seen)
    assert max(p.done_bytes for p in watcher.seen) == SIZE


def test_wrong_range_is_not_written(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    pause_at(fake, 1_000_000)
    fake.fail(Fault("wrong_range", times=2))
    assert run().sha256 == (total,)


def test_range_beyond_the_end_starts_over(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    pause_at(fake, 1_000_000)
    fake.fail(Fault("status", status=416))
    result = run()
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))


def test_wrong_bytes_are_not_installed_and_can_be_fetched_again(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    fake.fail(Fault("corrupt", after_bytes=1_234_567))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "checksum_mismatch")
    assert result.error is not None
    assert [s.action for s in result.error.next_steps] == ["retry", "remove"]
    assert not RepoCache.of(REPO).blob(total).exists()
    assert not list(hub_cache_dir().rglob(NAME))
    again = run()
    assert (again.state, again.sha256, again.resumed_bytes) == (DownloadState.DONE, (total,), 0)


def test_bytes_damaged_on_the_disk_are_noticed(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    pause_at(fake, 1_000_000)
    with part_of(total).open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"damage")
    assert error_of(run()) == "checksum_mismatch"
    assert run().sha256 == (total,)


def test_partial_longer_than_the_file_starts_over(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    pause_at(fake, 500_000)
    with part_of(total).open("ab") as stream:
        stream.write(b"\0" * SIZE)
    assert run().sha256 == (total,)


def test_waits_as_long_as_the_server_asks(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    fake.fail(Fault("status", where="resolve", status=429, retry_after=1))
    began = time.monotonic()
    assert run().state is DownloadState.DONE
    assert time.monotonic() - began >= 1


def test_a_long_rate_limit_is_said_not_waited_for(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    fake.fail(Fault("status", where="resolve", status=429, retry_after=3600))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "rate_limited")


def test_trouble_and_expired_addresses_are_tried_again(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    fake.fail(Fault("status", where="resolve", status=503))
    fake.fail(Fault("status", where="cdn", status=403))
    assert run().state is DownloadState.DONE


@pytest.mark.parametrize(
    ("status", "code", "expected"), [(403, "GatedRepo", "gated"), (404, "EntryNotFound", "file_not_found")]
)
def test_refusal_by_the_hub_is_final(fake: FakeHub, content: bytes, status: int, code: str, expected: str) -> None:
    fake.add_file(REPO, NAME, content)
    fake.fail(Fault("status", where="resolve", status=status, error_code=code, times=None))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, expected)
    assert len([r for r in fake.log if r.where == "resolve"]) == 1


def test_other_content_under_the_name_is_noticed_before_a_byte_is_written(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    pause_at(fake, 1_000_000)
    here = part_of(total).stat().st_size
    fake.fail(Fault("wrong_etag", where="resolve"))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "file_changed")
    assert part_of(total).stat().st_size == here


def test_login_page_instead_of_the_file(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    fake.fail(Fault("html", where="cdn", times=None))
    assert error_of(run()) == "hub_unexpected"


def test_what_was_begun_is_finished_though_the_hub_has_a_newer_file(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    old = fake.commit(REPO)
    pause_at(fake, 1_000_000)
    fake.add_file(REPO, NAME, b"newer" * 1000)
    result = run()
    assert result.sha256 == (total,)
    assert old in result.paths[0]


def test_newer_file_than_the_catalog_knows_is_fetched_and_said(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    known = DownloadRequest("model", "Model", "Q4_0", REPO, (ModelFile(NAME, 5, "0" * 64),), 5)
    watcher = Watcher()
    assert run(known, watcher).sha256 == (total,)
    assert any("newer files" in p.note for p in watcher.seen)


def test_version_that_is_gone_is_replaced_by_the_newest_and_said(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    watcher = Watcher()
    result = run(DownloadRequest("model", "Model", "Q4_0", REPO, (), SIZE, "c" * 40), watcher)
    assert result.sha256 == (total,)
    assert fake.commit(REPO) in result.paths[0]
    assert any("gone from the hub" in p.note for p in watcher.seen)


def test_shards_are_one_item(fake: FakeHub, content: bytes) -> None:
    names = [f"Q8_0/model-Q8_0-0000{i}-of-00003.gguf" for i in (1, 2, 3)]
    sums = [fake.add_file(REPO, n, content[: 900_000 * i] + bytes([i])) for i, n in enumerate(names)]
    request = DownloadRequest("model", "Model", "Q8_0", REPO, (), 0)
    fake.fail(Fault("cut", path="*00003-of*", after_bytes=500_000, times=1))
    fake.fail(Fault("cut", path="*00003-of*", after_bytes=0, times=None))
    watcher = Watcher()
    result = run(request, watcher)
    assert result.state is DownloadState.FAILED
    assert not [p for p in watcher.seen if p.done_bytes > p.total_bytes > 0]
    fake.heal()
    fake.log.clear()
    result = run(request)
    assert result.sha256 == tuple(sums)
    assert [Path(p).name for p in result.paths] == [Path(n).name for n in names]
    assert len({Path(p).parent for p in result.paths}) == 1, "llama.cpp looks for the other shards beside the first"
    assert {r.path for r in fake.gets()} == {names[2]}, "finished shards are not fetched again"
    assert result.resumed_bytes + fake.sent_bytes() == result.total_bytes == 2_700_003


def test_file_of_another_tool_is_verified_and_used(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    huggingface_hub.hf_hub_download(REPO, NAME, cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    fake.log.clear()
    watcher = Watcher()
    result = run(watcher=watcher)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert DownloadState.VERIFYING in watcher.states
    assert not fake.gets()
    assert index.installed_sets()[0].fetched_sha256 == (), "it is not ours to delete"


def test_damaged_file_of_another_tool_is_fetched_again(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    path = Path(
        huggingface_hub.hf_hub_download(REPO, NAME, cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    ).resolve()
    path.write_bytes(b"x" * SIZE)
    assert run().sha256 == (total,)
    assert path.read_bytes() == content


def test_without_links_the_snapshot_holds_the_bytes(
    fake: FakeHub, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("a required privilege is not held by the client")

    fake.add_file(REPO, NAME, content)
    monkeypatch.setattr(os, "symlink", refuse)
    path = Path(run().paths[0])
    assert not path.is_symlink()
    assert path.read_bytes() == content
    assert Path(huggingface_hub.hf_hub_download(REPO, NAME, local_files_only=True, cache_dir=hub_cache_dir())) == path
    assert run().paths == (str(path),)


def test_too_little_space_is_said_before_anything_is_fetched(
    fake: FakeHub, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.add_file(REPO, NAME, content)
    monkeypatch.setattr(space, "disk_usage", lambda _folder: (10**9, 3_100_000))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.PAUSED, "disk_full")
    assert result.error is not None
    assert result.error.what == "0.1 MB too little disk space."
    assert "Needs 3.0 MB more and 0.1 MB to spare. 3.1 MB are free" in result.error.why
    assert not fake.gets()


def test_space_kept_for_other_downloads_counts(fake: FakeHub, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.add_file(REPO, NAME, content)
    monkeypatch.setattr(space, "disk_usage", lambda _folder: (10**9, 10_000_000))
    watcher = Watcher()
    result = fetch(REQUEST, watcher, watcher.stop, FAST, kept_bytes=lambda: 9_000_000)
    assert error_of(result) == "disk_full"
    assert result.error is not None
    assert "9.0 MB of that are kept for other downloads" in result.error.why


def test_full_disk_pauses(fake: FakeHub, content: bytes) -> None:
    """A real ENOSPC, from the device that is always full."""
    total = fake.add_file(REPO, NAME, content)
    cache = RepoCache.of(REPO)
    cache.prepare()
    cache.part(total).symlink_to("/dev/full")
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.PAUSED, "disk_full")


def test_disk_that_refuses_on_the_way_keeps_what_it_took(fake: FakeHub, content: bytes) -> None:
    """A file size limit (SIGXFSZ ignored: the write in the middle fails with EFBIG, as FAT32 does)."""
    import resource
    import signal

    total = fake.add_file(REPO, NAME, content)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
        result = run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "file_too_big")
    here = part_of(total).stat().st_size
    assert 1_400_000 < here <= 1_500_000
    again = run()
    assert (again.resumed_bytes, again.sha256) == (here, (total,))


def test_folder_that_cannot_be_made_is_an_error_not_a_crash(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    hub_cache_dir().parent.mkdir(parents=True)
    hub_cache_dir().write_text("a file where the cache should be")
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "disk_error")


def test_two_fetches_of_one_file_do_not_meet(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
    fake.fail(Fault("throttle", rate_bytes_s=3e6))
    first = Watcher()
    thread = threading.Thread(target=run, args=(REQUEST, first))
    thread.start()
    while not (first.seen and first.seen[-1].state is DownloadState.DOWNLOADING):
        time.sleep(0.01)
    assert error_of(run()) == "already_downloading"
    thread.join()
    assert first.seen[-1].state is DownloadState.DONE


def test_progress_comes_steadily_with_rate_and_time_left(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, NAME, content)
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


@pytest.mark.parametrize(
    ("commit", "name", "sha256"),
    [("b" * 40, "../../../evil.gguf", "a" * 64), ("../..", "evil.gguf", "a" * 64), ("b" * 40, "ok.gguf", "../../evil")],
)
def test_names_and_checksums_cannot_leave_the_cache(fake: FakeHub, commit: str, name: str, sha256: str) -> None:
    evil = DownloadRequest("m", "M", "Q", REPO, (ModelFile(name, 4, sha256),), 4, commit)
    assert error_of(run(evil)) == "repo_not_found", "such a request is not believed but looked up"
    with pytest.raises(UserError) as caught:
        RepoCache.of(REPO).finished(commit, evil.files[0])
    assert caught.value.code == "unsafe_name"


def test_journal_names_the_whole_item(fake: FakeHub, content: bytes) -> None:
    total = fake.add_file(REPO, NAME, content)
    pause_at(fake, 500_000)
    (partial,) = journal.partials()
    assert partial.journal is not None
    assert partial.journal.request.revision == fake.commit(REPO)
    assert partial.journal.file.sha256 == total == hashlib.sha256(content).hexdigest()
    record = RepoCache.of(REPO).journal(total)
    record.write_text(json.dumps({"request": 1}))
    assert run().sha256 == (total,), "a damaged record costs nothing"
