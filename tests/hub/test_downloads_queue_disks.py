"""The queue and its disks: full ones, other ones, missing ones; over a hub on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.errors import StepAction, UserError
from launcher.core.models import ModelFile
from launcher.core.paths import hub_cache_dir
from launcher.downloads.disk import folders, journal, space
from launcher.downloads.moving import move
from launcher.downloads.queue.queue import DownloadQueue
from launcher.downloads.transfer.retry import StoppedError
from tests.fakes.hub import FakeHub, Fault, serving
from tests.hub.queue_desk import FAST, QUANTS, REPO, SIZE, Listener, content, fill, request, states, until


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield fill(server)


class Disk:
    """The one disk; `free` is what it says."""

    def __init__(self) -> None:
        self.free = 10**12
        self.asked = 0

    def __call__(self, folder: Path) -> int:
        self.asked += 1
        return self.free


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk()
    monkeypatch.setattr(space, "free_bytes", found)
    return found


def test_full_disk_is_said_and_goes_on_by_itself(fake: FakeHub, disk: Disk) -> None:
    disk.free = SIZE // 2
    listener = Listener()
    queue = DownloadQueue(listener, at_once=1, policy=FAST, look_again_s=0.05)
    key = queue.start(request("Q4_0"))
    full = listener.wait_for("Q4_0", DownloadState.PAUSED)
    assert full.pause_reason is PauseReason.DISK_FULL
    assert full.error is not None
    assert full.error.code == "disk_full"
    assert "by itself when there is room" in full.error.why
    assert (full.error.next_steps[0].action, full.error.next_steps[0].argument) == (StepAction.CHANGE_FOLDER, key)
    asked = disk.asked
    until(lambda: disk.asked > asked + 3)
    assert states(queue)["Q4_0"] is DownloadState.PAUSED, "it looks, and does not start for nothing"
    disk.free = 10**9
    again = listener.wait(lambda p: p.state is DownloadState.QUEUED and "room" in p.note)
    assert again.error is None
    listener.wait_for("Q4_0", DownloadState.DONE)
    queue.close()


def test_full_disk_stays_full_over_a_restart_and_is_watched_there(fake: FakeHub, disk: Disk) -> None:
    disk.free = 0
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, look_again_s=0.05)
    queue.start(request("Q4_0"))
    listener.wait_for("Q4_0", DownloadState.PAUSED)
    queue.close()
    again_listener = Listener()
    again = DownloadQueue(again_listener, policy=FAST, look_again_s=0.05)
    ((_, progress),) = again.jobs()
    assert progress.pause_reason is PauseReason.DISK_FULL
    assert progress.error is not None
    disk.free = 10**9
    again_listener.wait_for("Q4_0", DownloadState.DONE)
    again.close()


def test_no_disk_is_asked_while_nothing_waits_for_one(fake: FakeHub, disk: Disk) -> None:
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, look_again_s=0.01)
    queue.start(request("Q4_0"))
    listener.wait_for("Q4_0", DownloadState.DONE)
    asked = disk.asked
    queue.start(request("Q5_0"))
    listener.wait_for("Q5_0", DownloadState.DONE)
    assert disk.asked <= asked + 2, "once before the download; a look every 0.01 s would be many"
    queue.close()


def test_paused_by_the_user_is_not_started_by_room(fake: FakeHub, disk: Disk) -> None:
    disk.free = 0
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, look_again_s=0.02)
    key = queue.start(request("Q4_0"))
    listener.wait_for("Q4_0", DownloadState.PAUSED)
    queue.pause(key)
    disk.free = 10**12
    queue.start(request("Q5_0"))
    listener.wait_for("Q5_0", DownloadState.DONE)
    ((_, progress), _other) = queue.jobs()
    assert progress.pause_reason is PauseReason.USER
    queue.close()


@pytest.mark.parametrize(("is_same", "state"), [(True, DownloadState.PAUSED), (False, DownloadState.DONE)])
def test_room_is_promised_on_the_same_disk_only(
    fake: FakeHub, disk: Disk, monkeypatch: pytest.MonkeyPatch, is_same: bool, state: DownloadState
) -> None:
    def is_same_disk(one: Path, other: Path) -> bool:
        del one, other
        return is_same

    monkeypatch.setattr(space, "is_same_disk", is_same_disk)
    fake.fail(Fault("throttle", rate_bytes_s=2e5, path="*Q4_0*", times=None))
    disk.free = SIZE * 2 - 200_000
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, look_again_s=60)
    queue.start(request("Q4_0"))
    listener.wait(lambda p: p.state is DownloadState.DOWNLOADING)
    queue.start(request("Q5_0"))
    found = listener.wait(
        lambda p: p.key == request("Q5_0").key and p.state in (DownloadState.PAUSED, DownloadState.DONE)
    )
    queue.close()
    assert found.state is state


def test_new_items_go_where_the_user_wants_and_begun_ones_stay(fake: FakeHub, tmp_path: Path) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST)
    key = queue.start(request("Q4_0"))
    listener.wait(lambda p: p.done_bytes > 200_000)
    queue.cancel(key)
    until(lambda: not states(queue) and not [t for t in threading.enumerate() if t.name.startswith("download-org")])
    fake.heal()
    folders.set_downloads(str(tmp_path / "models"))
    for quant in ("Q4_0", "Q5_0"):
        queue.start(request(quant))
        listener.wait_for(quant, DownloadState.DONE)
    queue.close()
    where = {r.quant: p.paths[0] for r, p in queue.jobs()}
    assert Path(where["Q4_0"]).is_relative_to(hub_cache_dir())
    assert Path(where["Q5_0"]).is_relative_to(tmp_path / "models")


@pytest.mark.parametrize("is_running", [True, False])
def test_change_of_folder_takes_the_bytes_along(fake: FakeHub, tmp_path: Path, is_running: bool) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST)
    key = queue.start(request("Q4_0"))
    listener.wait(lambda p: p.done_bytes > 300_000)
    if not is_running:
        queue.pause(key)
        listener.wait_for("Q4_0", DownloadState.PAUSED)
    fake.heal()
    queue.change_folder(key, str(tmp_path / "other"))
    listener.wait(lambda p: p.state is DownloadState.CHECKING and p.note.startswith("Moving"))
    done = listener.wait_for("Q4_0", DownloadState.DONE)
    queue.close()
    assert done.resumed_bytes > 200_000
    assert Path(done.paths[0]).is_relative_to(tmp_path / "other")
    assert Path(done.paths[0]).read_bytes() == content("Q4_0")
    assert not list(hub_cache_dir().rglob("*.launcher.part"))
    assert tmp_path / "other" in folders.roots()


def test_change_of_folder_before_anything_is_here_and_back_to_the_cache(fake: FakeHub, tmp_path: Path) -> None:
    folders.set_downloads(str(tmp_path / "models"))
    listener = Listener()
    queue = DownloadQueue(listener, at_once=1, policy=FAST)
    queue.set_at_once(0)
    key = queue.start(request("Q4_0"))
    queue.change_folder(key, None)
    listener.wait(lambda p: p.state is DownloadState.QUEUED and p.note.startswith("Moved"))
    queue.set_at_once(1)
    done = listener.wait_for("Q4_0", DownloadState.DONE)
    queue.close()
    assert Path(done.paths[0]).is_relative_to(hub_cache_dir())


def begun(fake: FakeHub, listener: Listener) -> tuple[DownloadQueue, str, int]:
    """An item that the user paused, with some bytes."""
    fault = fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    queue = DownloadQueue(listener, policy=FAST)
    key = queue.start(request("Q4_0"))
    listener.wait(lambda p: p.done_bytes > 300_000)
    queue.pause(key)
    paused = listener.wait_for("Q4_0", DownloadState.PAUSED)
    assert fault is not None
    fake.heal()
    return queue, key, paused.done_bytes


def test_move_that_fails_loses_nothing(fake: FakeHub, tmp_path: Path) -> None:
    listener = Listener()
    queue, key, here = begun(fake, listener)
    (tmp_path / "file").write_text("in the way")
    queue.change_folder(key, str(tmp_path / "file" / "models"))
    failed = listener.wait_for("Q4_0", DownloadState.FAILED)
    assert failed.error is not None
    assert failed.done_bytes == here
    queue.resume(key)
    done = listener.wait_for("Q4_0", DownloadState.DONE)
    queue.close()
    assert done.resumed_bytes == here
    assert Path(done.paths[0]).is_relative_to(hub_cache_dir())


def test_pause_ends_a_move(fake: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_moving = threading.Event()

    def slowly(
        item: DownloadRequest, folder: str | None, on_progress: Callable[[int, int], None], stop: threading.Event
    ) -> DownloadRequest:
        del item, folder
        on_progress(1, 2)
        is_moving.set()
        assert stop.wait(20)
        raise StoppedError

    listener = Listener()
    queue, key, here = begun(fake, listener)
    monkeypatch.setattr(move, "move_partials", slowly)
    queue.change_folder(key, str(tmp_path / "other"))
    assert is_moving.wait(20)
    until(lambda: any("50 % done" in p.note for p in listener.seen))
    listener.seen.clear()
    queue.pause(key)
    paused = listener.wait_for("Q4_0", DownloadState.PAUSED)
    assert (paused.pause_reason, paused.done_bytes) == (PauseReason.USER, here)
    queue.resume(key)
    assert listener.wait_for("Q4_0", DownloadState.DONE).resumed_bytes == here
    queue.close()


def test_disk_that_was_taken_away_is_missed(fake: FakeHub, tmp_path: Path) -> None:
    folders.set_downloads(str(tmp_path / "usb"))
    listener = Listener()
    queue, _key, here = begun(fake, listener)
    queue.close()
    (tmp_path / "usb").rename(tmp_path / "away")
    again_listener = Listener()
    again = DownloadQueue(again_listener, policy=FAST)
    ((item, progress),) = again.jobs()
    assert progress.done_bytes == here
    again.resume(item.key)
    failed = again_listener.wait_for("Q4_0", DownloadState.FAILED)
    assert failed.error is not None
    assert failed.error.code == "folder_missing"
    assert failed.done_bytes == here
    assert not (tmp_path / "usb").exists(), "nothing was begun anew under its name"
    (tmp_path / "away").rename(tmp_path / "usb")
    again.resume(item.key)
    assert again_listener.wait_for("Q4_0", DownloadState.DONE).resumed_bytes == here
    again.close()


def test_file_too_large_for_the_file_system_is_told_before_the_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    def limit(folder: Path) -> int | None:
        del folder
        return space.FAT32_BYTES

    item = replace(request("Q4_0"), files=(ModelFile("a.gguf", 5 * 10**9, "a" * 64),))
    space.check_file_sizes(item)
    monkeypatch.setattr(space, "largest_file_bytes", limit)
    with pytest.raises(UserError) as caught:
        space.check_file_sizes(item)
    assert caught.value.code == "file_too_big"
    space.check_file_sizes(replace(item, files=(ModelFile("a.gguf", 4 * 10**9, "a" * 64),)))


def test_quota_and_full_disk_have_their_words(tmp_path: Path) -> None:
    import errno

    quota = space.disk_error(OSError(errno.EDQUOT, "Disk quota exceeded"), tmp_path, 10**9)
    full = space.disk_error(OSError(errno.ENOSPC, "No space left on device"), tmp_path, 0)
    assert (quota.code, full.code) == ("disk_full", "disk_full")
    assert "quota" in quota.why
    assert quota.why.count("already here stay") == 1
    assert "already here" not in full.why


def test_removed_while_its_disk_is_full_is_gone(fake: FakeHub, disk: Disk) -> None:
    disk.free = 0
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, look_again_s=0.01)
    keys = [queue.start(request(q)) for q in QUANTS]
    for quant in QUANTS:
        listener.wait_for(quant, DownloadState.PAUSED)
    for key in keys:
        queue.remove(key)
    assert not queue.jobs()
    until(lambda: not list(journal.partials()))
    disk.free = 10**12
    queue.close()
    assert not [p for p in listener.seen if p.state is DownloadState.DONE]


def progress_of(queue: DownloadQueue, quant: str) -> DownloadProgress:
    """As the queue has it now."""
    return next(p for r, p in queue.jobs() if r.quant == quant)


def test_repository_in_two_folders(fake: FakeHub, tmp_path: Path) -> None:
    """One quantisation here, another there: each knows its place."""
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST)
    queue.start(replace(request("Q4_0"), folder=str(tmp_path / "a")))
    queue.start(request("Q5_0"))
    for quant in ("Q4_0", "Q5_0"):
        listener.wait_for(quant, DownloadState.DONE)
    assert Path(progress_of(queue, "Q4_0").paths[0]).is_relative_to(tmp_path / "a")
    assert Path(progress_of(queue, "Q5_0").paths[0]).is_relative_to(hub_cache_dir())
    assert REPO.split("/")[1] in progress_of(queue, "Q4_0").paths[0]
    queue.close()


def test_two_that_start_together_do_not_stop_each_other(fake: FakeHub, disk: Disk) -> None:
    """There is room for one and a half: the first gets it, and the second waits until it is done."""
    for quant in QUANTS[:2]:
        fake.fail(Fault("throttle", rate_bytes_s=1e6, path=f"*{quant}*", times=1))
    disk.free = SIZE * 3 // 2
    listener = Listener()
    queue = DownloadQueue(listener, policy=FAST, look_again_s=0.05)
    for quant in QUANTS[:2]:
        queue.start(request(quant))
    for quant in QUANTS[:2]:
        listener.wait_for(quant, DownloadState.DONE)
    queue.close()
    first = [p.state for p in listener.seen if p.key == request("Q4_0").key]
    assert DownloadState.PAUSED not in first
