"""What a full disk does to downloads, on two tiny file systems in memory: `test_downloads_full_disk` makes them and runs this file there.

Not collected with the others (its name does not begin with `test_`): without the two disks there is nothing to test.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.paths import data_dir, hub_cache_dir
from launcher.downloads.queue.queue import DownloadQueue
from launcher.downloads.transfer.fetch import fetch
from launcher.downloads.transfer.retry import Policy
from tests.fakes.hub import FakeHub, Fault, serving
from tests.hub import download_checks as checks
from tests.hub.download_checks import REPO

DISKS = os.environ["TINY_DISKS"]
DISK_BYTES = 8 << 20
SIZE = 3_000_000
REQUEST = DownloadRequest("m", "M", "Q8_0", REPO, (), 0)


class Disk:
    """One of the two."""

    def __init__(self, name: str) -> None:
        self.folder = Path(DISKS) / name
        self._others = self.folder / "other-program"

    def fill(self, leave_bytes: int = 0) -> None:
        """Another program writes until nothing more goes."""
        self._others.mkdir(exist_ok=True)
        with self._others.joinpath(f"data-{time.monotonic_ns()}").open("wb", buffering=0) as stream:
            left = shutil.disk_usage(self.folder).free - leave_bytes
            try:
                while left > 0:
                    left -= stream.write(bytes(min(left, 64 * 1024)))
            except OSError:
                pass

    def fill_with_files(self) -> None:
        """Until there is no room for another name."""
        self._others.mkdir(exist_ok=True)
        try:
            for i in range(1000):
                self._others.joinpath(f"empty-{i}").touch()
        except OSError:
            return
        pytest.fail("never full")

    def free(self) -> None:
        """The other program deletes its files."""
        shutil.rmtree(self._others, ignore_errors=True)

    def clear(self) -> None:
        """Everything away."""
        for path in self.folder.iterdir():
            shutil.rmtree(path)


@pytest.fixture
def other_disk() -> Iterator[Disk]:
    disk = Disk("b")
    yield disk
    disk.clear()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """The disk with the models; the program's own notes lie elsewhere."""
    disk = Disk("a")
    monkeypatch.setenv("HF_HOME", str(disk.folder / "huggingface"))
    yield disk
    disk.clear()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        server.add_file(REPO, "model-Q8_0.gguf", checks.gguf_bytes()[0] + random.Random(1).randbytes(SIZE))
        yield server


def run(on_progress: Callable[[DownloadProgress], None] = lambda _: None) -> DownloadProgress:
    return fetch(REQUEST, on_progress, threading.Event(), Policy(**checks.policy_fields()))


def check_full(result: DownloadProgress) -> None:
    """Paused for the disk, said with numbers."""
    assert (result.state, result.pause_reason) == (DownloadState.PAUSED, PauseReason.DISK_FULL), result
    assert result.error is not None
    assert result.error.code == "disk_full"
    assert any(c.isdigit() for c in result.error.why)
    assert result.error.next_steps


def check_goes_on(fake: FakeHub, kept: DownloadProgress) -> None:
    """With room again it continues where it was."""
    result = run()
    checks.check_done(fake, result)
    assert result.resumed_bytes >= kept.done_bytes


class Once:
    """A listener that does something at the first report of which a condition holds."""

    def __init__(self, condition: Callable[[DownloadProgress], bool], action: Callable[[], None]) -> None:
        self._condition, self._action = condition, action
        self.has_happened = False

    def __call__(self, progress: DownloadProgress) -> None:
        if not self.has_happened and self._condition(progress):
            self.has_happened = True
            self._action()


def test_too_small_from_the_beginning(fake: FakeHub, disk: Disk) -> None:
    fake.add_file(REPO, "model-Q8_0.gguf", checks.gguf_bytes()[0] + bytes(DISK_BYTES))
    result = run()
    check_full(result)
    assert result.error is not None
    assert "8.4 MB" in result.error.why
    assert not fake.gets()
    fake.add_file(REPO, "model-Q8_0.gguf", checks.gguf_bytes()[0] + bytes(SIZE))
    disk.fill(SIZE)
    check_full(run())
    assert not fake.gets(), "5 % to spare are wanted too"
    disk.free()
    checks.check_done(fake, run())


def test_filled_by_another_program_on_the_way(fake: FakeHub, disk: Disk) -> None:
    fake.fail(Fault("throttle_total", rate_bytes_s=4e6, times=None))
    result = run(Once(lambda p: p.done_bytes > SIZE // 3, disk.fill))
    check_full(result)
    assert SIZE // 3 < result.done_bytes < SIZE
    checks.check_visible(fake)
    assert not list(hub_cache_dir().glob("models--*/snapshots/*/*"))
    fake.heal()
    again = run()
    check_full(again)
    assert again.done_bytes == result.done_bytes
    disk.free()
    check_goes_on(fake, result)


def test_queue_goes_on_by_itself_when_there_is_room(fake: FakeHub, disk: Disk) -> None:
    slow = fake.fail(Fault("throttle_total", rate_bytes_s=4e6, times=None))
    fill = Once(lambda p: p.done_bytes > SIZE // 3, disk.fill)
    seen: list[DownloadProgress] = []
    changed = threading.Condition()

    def on_progress(progress: DownloadProgress) -> None:
        fill(progress)
        with changed:
            seen.append(progress)
            changed.notify_all()

    queue = DownloadQueue(on_progress, policy=Policy(**checks.policy_fields()), look_again_s=0.3)
    try:
        queue.start(REQUEST)
        with changed:
            assert changed.wait_for(lambda: fill.has_happened and seen[-1].state is DownloadState.PAUSED, 60), seen[-1]
        check_full(seen[-1])
        kept = seen[-1].done_bytes
        slow.times = 0
        disk.free()
        with changed:
            assert changed.wait_for(lambda: seen[-1].state is DownloadState.DONE, 60), seen[-1]
        assert seen[-1].resumed_bytes >= kept
    finally:
        queue.close()
    checks.check_done(fake, seen[-1])


@pytest.fixture
def notes_on_disk(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program's own notes lie on the same disk as the models; it was started there before."""
    monkeypatch.setenv("LAUNCHER_HOME", str(disk.folder / "launcher"))
    assert data_dir().is_dir()


@pytest.mark.usefixtures("notes_on_disk")
@pytest.mark.parametrize("fill", [Disk.fill, Disk.fill_with_files])
@pytest.mark.parametrize("state", [DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING])
def test_full_when_a_state_begins(
    fake: FakeHub, disk: Disk, state: DownloadState, fill: Callable[[Disk], None]
) -> None:
    """The records, the map, the links and the library's index lie on the full disk as well."""
    result = run(Once(lambda p: p.state is state, lambda: fill(disk)))
    if result.state is not DownloadState.DONE:  # what is left to be written may need no room
        check_full(result)
        checks.check_visible(fake)
        disk.free()
        check_goes_on(fake, result)
    disk.free()
    checks.check_done(fake, run())


_EVENTS = ("open", "os.rename", "os.symlink", "os.mkdir", "os.truncate")
_hooks: list[Callable[[str, tuple[object, ...]], None]] = []


def _on_event(event: str, arguments: tuple[object, ...]) -> None:
    for hook in tuple(_hooks):
        hook(event, arguments)


@pytest.fixture
def before_file_event() -> Iterator[Callable[[int, Disk, Callable[[], None]], list[str]]]:
    """Do something before the nth file operation on a disk. Python has no way to take an audit hook off again."""
    if not hasattr(_on_event, "is_installed"):
        sys.addaudithook(_on_event)
        _on_event.__dict__["is_installed"] = True

    def arm(number: int, disk: Disk, action: Callable[[], None]) -> list[str]:
        happened: list[str] = []

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            if event in _EVENTS and str(disk.folder) in str(arguments[0]) and "other-program" not in str(arguments[0]):
                happened.append(event)
                if len(happened) == number:
                    action()

        _hooks.append(hook)
        return happened

    yield arm
    _hooks.clear()


@pytest.mark.usefixtures("notes_on_disk")
@pytest.mark.parametrize("number", range(1, 40, 4))
def test_full_before_any_file_operation(
    fake: FakeHub,
    disk: Disk,
    before_file_event: Callable[[int, Disk, Callable[[], None]], list[str]],
    number: int,
) -> None:

    def fill() -> None:
        disk.fill()
        disk.fill_with_files()

    happened = before_file_event(number, disk, fill)
    result = run()
    _hooks.clear()
    assert happened
    if result.state is not DownloadState.DONE:
        check_full(result)
        checks.check_visible(fake)
        disk.free()
        check_goes_on(fake, result)
    disk.free()
    checks.check_done(fake, run())


@pytest.mark.usefixtures("notes_on_disk")
@pytest.mark.expected_logs("The list of downloads could not be written")
def test_list_of_downloads_is_written_when_there_is_room(fake: FakeHub, disk: Disk) -> None:
    ended = threading.Event()

    def on_progress(progress: DownloadProgress) -> None:
        if progress.state in (DownloadState.PAUSED, DownloadState.DONE):
            ended.set()

    disk.fill()
    queue = DownloadQueue(on_progress, policy=Policy(**checks.policy_fields()))
    try:
        queue.start(REQUEST)
        assert ended.wait(30)
        check_full(queue.jobs()[0][1])
        time.sleep(0.1)
        disk.free()
        queue.resume(REQUEST.key)
        deadline = time.monotonic() + 60
        while queue.jobs()[0][1].state is not DownloadState.DONE:
            assert time.monotonic() < deadline, queue.jobs()
            time.sleep(0.02)
    finally:
        queue.close(timeout_s=10)
    checks.check_done(fake, queue.jobs()[0][1])
    again = DownloadQueue(lambda _: None)
    assert [(r.key, p.state) for r, p in again.jobs()] == [(REQUEST.key, DownloadState.DONE)]
    again.close()


@pytest.mark.usefixtures("notes_on_disk")
def test_a_disk_without_room_for_another_name_does_not_keep_the_queue_from_starting(disk: Disk) -> None:
    disk.fill_with_files()
    queue = DownloadQueue(lambda _: None)
    queue.close()
    assert queue.jobs() == ()


def test_another_disk_is_chosen(fake: FakeHub, disk: Disk, other_disk: Disk) -> None:
    fake.fail(Fault("throttle_total", rate_bytes_s=4e6, times=None))
    fill = Once(lambda p: p.done_bytes > SIZE // 3, disk.fill)
    queue = DownloadQueue(fill, policy=Policy(**checks.policy_fields()))

    def until(condition: Callable[[DownloadProgress], bool]) -> DownloadProgress:
        deadline = time.monotonic() + 60
        while not condition(progress := queue.jobs()[0][1]):
            assert time.monotonic() < deadline, progress
            time.sleep(0.02)
        return progress

    try:
        queue.start(REQUEST)
        paused = until(lambda p: p.state is DownloadState.PAUSED)
        check_full(paused)
        fake.heal()
        queue.change_folder(REQUEST.key, str(other_disk.folder / "models"))
        done = until(lambda p: p.state is DownloadState.DONE)
        assert done.resumed_bytes >= paused.done_bytes
    finally:
        queue.close()
    found = fake.find(REPO, "main")
    assert found is not None
    (path,) = map(Path, done.paths)
    assert path.is_relative_to(other_disk.folder)
    assert checks.sha256_of(path) == found[1]["model-Q8_0.gguf"].sha256
    assert not [p for p in hub_cache_dir().glob("models--*/blobs/*") if p.is_file()], "left behind on the full disk"
