"""One item from a hub on this machine to the cache: complete, resumed, broken and refused, through the real client."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from launcher.core.downloads import DownloadRequest, DownloadState
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.core.paths import hub_cache_dir
from launcher.downloads.disk import index, journal, space
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
    Watcher,
    error_of,
    here_bytes,
    part_of,
    pause_at,
    quiet_hub,
    run,
    spans,
)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with quiet_hub(monkeypatch) as server:
        yield server


def test_complete_file_is_found_by_the_real_library(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    watcher = Watcher()
    result = run(watcher=watcher)
    assert result.state is DownloadState.DONE
    assert (result.done_bytes, result.total_bytes, result.resumed_bytes) == (SIZE, SIZE, 0)
    assert result.sha256 == (total,)
    assert Path(result.paths[0]).read_bytes() == CONTENT
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


def test_the_library_does_not_fetch_again_what_we_have(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    run()
    sent = fake.sent_bytes()
    huggingface_hub.hf_hub_download(REPO, NAME, cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    assert fake.sent_bytes() == sent


def test_second_fetch_needs_no_hub(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    first = run()
    fake.log.clear()
    again = run()
    assert (again.state, again.paths, again.resumed_bytes) == (DownloadState.DONE, first.paths, SIZE)
    assert not fake.log


def test_paused_and_continued_fetches_nothing_twice(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    paused = pause_at(fake, 1_000_000)
    here = here_bytes(total)
    assert 1_000_000 <= here < SIZE
    assert paused.done_bytes == here
    assert not huggingface_hub.scan_cache_dir(hub_cache_dir()).warnings, "a partial file does not disturb other tools"
    fake.log.clear()
    result = run()
    assert (result.state, result.resumed_bytes, result.sha256) == (DownloadState.DONE, here, (total,))
    assert fake.sent_bytes() == SIZE - here
    assert spans(fake) == [(here, SIZE)]


def test_what_was_begun_is_finished_though_the_hub_has_a_newer_file(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    old = fake.commit(REPO)
    pause_at(fake, 1_000_000)
    fake.add_file(REPO, NAME, b"newer" * 1000)
    result = run()
    assert result.sha256 == (total,)
    assert old in result.paths[0]


def test_newer_file_than_the_catalog_knows_is_fetched_and_said(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    known = DownloadRequest("model", "Model", "Q4_0", REPO, (ModelFile(NAME, 5, "0" * 64),), 5)
    watcher = Watcher()
    assert run(known, watcher).sha256 == (total,)
    assert any("newer files" in p.note for p in watcher.seen)


def test_version_that_is_gone_is_replaced_by_the_newest_and_said(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    watcher = Watcher()
    result = run(DownloadRequest("model", "Model", "Q4_0", REPO, (), SIZE, "c" * 40), watcher)
    assert result.sha256 == (total,)
    assert fake.commit(REPO) in result.paths[0]
    assert any("gone from the hub" in p.note for p in watcher.seen)


def test_shards_are_one_item(fake: FakeHub) -> None:
    names = [f"Q8_0/model-Q8_0-0000{i}-of-00003.gguf" for i in (1, 2, 3)]
    sums = [fake.add_file(REPO, n, CONTENT[: 900_000 * i] + bytes([i])) for i, n in enumerate(names)]
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


def test_file_of_another_tool_is_verified_and_used(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    huggingface_hub.hf_hub_download(REPO, NAME, cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    fake.log.clear()
    watcher = Watcher()
    result = run(watcher=watcher)
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert DownloadState.VERIFYING in watcher.states
    assert not fake.gets()
    assert index.installed_sets()[0].fetched_sha256 == (), "it is not ours to delete"


def test_damaged_file_of_another_tool_is_fetched_again(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    path = Path(
        huggingface_hub.hf_hub_download(REPO, NAME, cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    ).resolve()
    path.write_bytes(b"x" * SIZE)
    assert run().sha256 == (total,)
    assert path.read_bytes() == CONTENT


def test_without_links_the_snapshot_holds_the_bytes(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("a required privilege is not held by the client")

    fake.add_file(REPO, NAME, CONTENT)
    monkeypatch.setattr(os, "symlink", refuse)
    path = Path(run().paths[0])
    assert not path.is_symlink()
    assert path.read_bytes() == CONTENT
    assert Path(huggingface_hub.hf_hub_download(REPO, NAME, local_files_only=True, cache_dir=hub_cache_dir())) == path
    assert run().paths == (str(path),)


def test_too_little_space_is_said_before_anything_is_fetched(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    monkeypatch.setattr(space, "disk_usage", lambda _folder: (10**9, 3_100_000))
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.PAUSED, "disk_full")
    assert result.error is not None
    assert result.error.what == "0.1 MB too little disk space."
    assert "Needs 3.0 MB more and 0.1 MB to spare. 3.1 MB are free" in result.error.why
    assert not fake.gets()


def test_space_kept_for_other_downloads_counts(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    monkeypatch.setattr(space, "disk_usage", lambda _folder: (10**9, 10_000_000))
    watcher = Watcher()
    result = fetch(REQUEST, watcher, watcher.stop, FAST, kept_bytes=lambda: 9_000_000)
    assert error_of(result) == "disk_full"
    assert result.error is not None
    assert "9.0 MB of that are kept for other downloads" in result.error.why


def test_full_disk_pauses(fake: FakeHub) -> None:
    """A real ENOSPC, from the device that is always full."""
    total = fake.add_file(REPO, NAME, CONTENT)
    cache = RepoCache.of(REPO)
    cache.prepare()
    cache.part(total).symlink_to("/dev/full")
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.PAUSED, "disk_full")


def test_disk_that_refuses_on_the_way_keeps_what_it_took(fake: FakeHub) -> None:
    """A file size limit (SIGXFSZ ignored: the write in the middle fails with EFBIG, as FAT32 does)."""
    import resource
    import signal

    total = fake.add_file(REPO, NAME, CONTENT)
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


def test_folder_that_cannot_be_made_is_an_error_not_a_crash(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    hub_cache_dir().parent.mkdir(parents=True)
    hub_cache_dir().write_text("a file where the cache should be")
    result = run()
    assert (result.state, error_of(result)) == (DownloadState.FAILED, "disk_error")


def test_two_fetches_of_one_file_do_not_meet(fake: FakeHub) -> None:
    fake.add_file(REPO, NAME, CONTENT)
    fake.fail(Fault("throttle", rate_bytes_s=3e6))
    first = Watcher()
    thread = threading.Thread(target=run, args=(REQUEST, first))
    thread.start()
    while not (first.seen and first.seen[-1].state is DownloadState.DOWNLOADING):
        time.sleep(0.01)
    assert error_of(run()) == "already_downloading"
    thread.join()
    assert first.seen[-1].state is DownloadState.DONE


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


def test_journal_names_the_whole_item(fake: FakeHub) -> None:
    total = fake.add_file(REPO, NAME, CONTENT)
    pause_at(fake, 500_000)
    (partial,) = journal.partials()
    assert partial.journal is not None
    assert partial.journal.request.revision == fake.commit(REPO)
    assert partial.journal.file.sha256 == total == hashlib.sha256(CONTENT).hexdigest()
    record = RepoCache.of(REPO).journal(total)
    record.write_text(json.dumps({"request": 1}))
    assert run().sha256 == (total,), "a damaged record costs nothing"
