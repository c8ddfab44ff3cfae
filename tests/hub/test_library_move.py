"""Moving models and unfinished downloads: whole at one of the two places at every moment, whatever happens on the way."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from launcher.core.downloads import DownloadRequest, Installed
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.core.paths import data_dir, hub_cache_dir
from launcher.downloads.disk import folders, index, journal
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.journal import Journal
from launcher.downloads.disk.lock import blob_lock
from launcher.downloads.moving import copying, move
from launcher.downloads.moving import record as moving
from launcher.downloads.transfer.retry import StoppedError

REPO = "org/model-GGUF"
# Every seventh step here; with EVERY_STEP=1 in the environment all of them.
STEP_FIRST, STEP_EACH = (0, 1) if os.environ.get("EVERY_STEP") else (1, 7)
COMMIT, OTHER_COMMIT = "c" * 40, "d" * 40


def never() -> threading.Event:
    return threading.Event()


def quiet(_done: int, _total: int) -> None:
    """Nobody watches."""


def name_of(i: int, n: int) -> str:
    return f"Q8_0/model-Q8_0-{i:05d}-of-{n:05d}.gguf"


def a_request(contents: list[bytes], folder: str | None = None) -> DownloadRequest:
    files = tuple(
        ModelFile(name_of(i, len(contents)), len(c), hashlib.sha256(c).hexdigest()) for i, c in enumerate(contents, 1)
    )
    return DownloadRequest("tiny", "Tiny", "Q8_0", REPO, files, sum(map(len, contents)), COMMIT, folder)


def put(cache: RepoCache, commit: str, file: ModelFile, content: bytes) -> Path:
    cache.prepare()
    cache.blob(file.sha256 or "").write_bytes(content)
    return cache.link(commit, file)


def install(contents: list[bytes], *, ours: int | None = None) -> Installed:
    """A complete set in the hub cache; the first `ours` of its files are recorded as fetched by us."""
    request = a_request(contents)
    cache = RepoCache.for_request(request)
    for file, content in zip(request.files, contents, strict=True):
        put(cache, COMMIT, file, content)
    cache.write_ref(COMMIT, is_newest=True)
    index.record(request, tuple(f.sha256 or "" for f in request.files[:ours]))
    path = str(cache.pointer(COMMIT, request.files[0].name))
    return Installed("tiny", "Tiny", "Q8_0", path, request.file_bytes, "qwen2", "launcher", verified=True, repo=REPO)


def begin(contents: list[bytes], here: int) -> DownloadRequest:
    """An unfinished download: all files but the last are complete, of the last one the first and last `here` bytes are there."""
    request = a_request(contents)
    cache = RepoCache.for_request(request)
    for file, content in zip(request.files[:-1], contents[:-1], strict=True):
        put(cache, COMMIT, file, content)
        journal.write(Journal(request, file))
    last, content = request.files[-1], contents[-1]
    cache.prepare()
    with cache.part(last.sha256 or "").open("wb") as stream:
        stream.write(content[:here])
        stream.seek(len(content) - here)
        stream.write(content[-here:])
    cache.map(last.sha256 or "").write_bytes(b"which bytes are sure")
    journal.write(Journal(request, last))
    return request


def contents_of(request: DownloadRequest) -> list[bytes]:
    cache = RepoCache.for_request(request)
    return [cache.pointer(COMMIT, f.name).read_bytes() for f in request.files]


def files_in(root: Path) -> list[str]:
    """What takes room in a folder: no locks, no empty folders."""
    kept = (p for p in root.rglob("*") if (p.is_file() or p.is_symlink()) and ".locks" not in p.parts)
    return sorted(p.relative_to(root).as_posix() for p in kept)


@pytest.fixture
def same_disk(own_home: Path) -> Path:
    return own_home / "other folder"


@pytest.fixture
def other_disk() -> Iterator[Path]:
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == hub_cache_dir().parent.parent.parent.stat().st_dev:
        pytest.skip("needs a second file system")
    folder = Path(tempfile.mkdtemp(dir=shared, prefix="launcher-move-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["same_disk", "other_disk", "no_second_names"])
def target(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the same disk, on another one, and on one that knows only renaming."""
    if request.param == "no_second_names":

        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
        return request.getfixturevalue("same_disk")
    return request.getfixturevalue(request.param)


def some(seed: int, *sizes: int) -> list[bytes]:
    chance = random.Random(seed)
    return [chance.randbytes(n) for n in sizes]


# --- Models -----------------------------------------------------------------------------------------------------------


def test_model_goes_as_a_whole_and_leaves_nothing_behind(target: Path) -> None:
    contents = some(1, 5_000_000, 123_457)
    model = install(contents)
    steps: list[tuple[int, int]] = []
    moved = move.move(model, str(target), lambda done, total: steps.append((done, total)), never())
    assert moved.path.startswith(str(target))
    assert [Path(p).read_bytes() for p in moved.files] == contents
    assert files_in(hub_cache_dir()) == []
    (owner,) = index.installed_sets()
    assert (owner.request.folder, owner.is_complete()) == (str(target), True)
    assert len(owner.fetched_sha256) == 2
    assert target in folders.roots()
    assert moving.moves() == ()
    assert steps == sorted(steps)
    assert steps[-1] == (model.size_bytes, model.size_bytes)


def test_and_back_again(target: Path) -> None:
    contents = some(2, 3_000_000)
    there = move.move(install(contents), str(target), quiet, never())
    here = move.move(there, None, quiet, never())
    assert Path(here.path).read_bytes() == contents[0]
    assert files_in(target) == []
    assert index.installed_sets()[0].request.folder is None
    assert (RepoCache.of(REPO).folder / "refs" / "main").read_text() == COMMIT


def test_files_of_other_tools_stay_and_are_copied(target: Path) -> None:
    contents = some(3, 1_000_000, 1_000_001)
    model = install(contents, ours=1)
    moved = move.move(model, str(target), quiet, never())
    theirs = RepoCache.of(REPO).pointer(COMMIT, name_of(2, 2))
    assert theirs.read_bytes() == contents[1]
    assert [Path(p).read_bytes() for p in moved.files] == contents


def test_model_of_another_tool_is_not_moved(same_disk: Path) -> None:
    model = install(some(4, 1000))
    index.forget(index.installed_sets()[0])
    with pytest.raises(UserError) as caught:
        move.move(model, str(same_disk), quiet, never())
    assert caught.value.code == "not_ours"
    assert Path(model.path).exists()


def test_blob_that_another_snapshot_links_to_stays_there(target: Path) -> None:
    contents = some(5, 1_000_000)
    model = install(contents)
    cache = RepoCache.of(REPO)
    other = cache.link(OTHER_COMMIT, index.installed_sets()[0].request.files[0])
    moved = move.move(model, str(target), quiet, never())
    assert other.read_bytes() == Path(moved.path).read_bytes() == contents[0]
    assert not Path(model.path).exists()


@pytest.mark.parametrize("is_sound", [True, False])
def test_bytes_that_are_there_already_are_used_when_they_are_right(target: Path, is_sound: bool) -> None:
    contents = some(6, 1_000_000)
    model = install(contents)
    file = index.installed_sets()[0].request.files[0]
    theirs = put(RepoCache.of(REPO, str(target)), OTHER_COMMIT, file, contents[0] if is_sound else b"x" * 1_000_000)
    moved = move.move(model, str(target), quiet, never())
    assert Path(moved.path).read_bytes() == theirs.read_bytes() == contents[0]
    assert index.installed_sets()[0].fetched_sha256 == (() if is_sound else (file.sha256,))


@pytest.mark.parametrize("disk", ["same_disk", "other_disk"])
def test_what_is_known_of_the_files_goes_with_them(disk: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(disk)
    model = install(some(25, 1000))
    assert move.move(model, str(folder), quiet, never()).verified
    model = replace(model, path=str(index.installed_sets()[0].paths()[0]))
    Path(model.path).write_bytes(bytes(1000))
    if disk == "same_disk":  # nothing is read: a changed file is not verified for having moved
        os.utime(model.path, (1e9, 1e9))
        assert not move.move(model, f"{folder} 2", quiet, never()).verified


def test_holes_stay_holes(other_disk: Path) -> None:
    contents = [b"GGUF" + bytes(64 << 20) + b"end"]
    model = install(contents)
    blob = Path(model.path).resolve()
    with blob.open("r+b") as stream:
        stream.truncate(4)
        stream.seek(len(contents[0]) - 3)
        stream.write(b"end")
    moved = move.move(model, str(other_disk), quiet, never())
    assert Path(moved.path).read_bytes() == contents[0]
    assert copying.data_bytes(Path(moved.path).resolve()) < 2 << 20


def test_stopped_on_the_way_nothing_has_changed(other_disk: Path) -> None:
    contents = some(7, 9_000_000)
    model = install(contents)
    stop = threading.Event()

    def stop_early(done: int, _total: int) -> None:
        if done:
            stop.set()

    with pytest.raises(StoppedError):
        move.move(model, str(other_disk), stop_early, stop)
    assert Path(model.path).read_bytes() == contents[0]
    assert files_in(other_disk) == []
    assert moving.moves() == ()


def test_damaged_model_is_not_moved(other_disk: Path) -> None:
    model = install(some(8, 1_000_000))
    with Path(model.path).open("r+b") as stream:
        stream.write(b"???")
    with pytest.raises(UserError) as caught:
        move.move(model, str(other_disk), quiet, never())
    assert caught.value.code == "copy_damaged"
    assert Path(model.path).exists()
    assert files_in(other_disk) == []


def test_disk_that_fills_up_on_the_way(other_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = some(9, 9_000_000)
    model = install(contents)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(copying, "_write_all", full)
    with pytest.raises(UserError) as caught:
        move.move(model, str(other_disk), quiet, never())
    assert caught.value.code == "disk_full"
    assert Path(model.path).read_bytes() == contents[0]
    assert files_in(other_disk) == []


def test_too_little_space_is_said_before_anything_is_copied(other_disk: Path) -> None:
    model = install(some(10, 1000))
    owner = index.installed_sets()[0]
    huge = 10**15
    file = replace(owner.request.files[0], size_bytes=huge)
    os.truncate(Path(model.path).resolve(), 10**12)
    index.forget(owner)
    request = replace(owner.request, files=(replace(file, size_bytes=10**12),), file_bytes=10**12)
    index.record(request, owner.fetched_sha256)
    with pytest.raises(UserError) as caught:
        move.move(model, str(other_disk), quiet, never())
    assert caught.value.code == "disk_full"
    assert files_in(other_disk) == []


def test_two_moves_at_once_are_refused(same_disk: Path) -> None:
    model = install(some(11, 1000))
    with moving.one_at_a_time(), pytest.raises(UserError) as caught:
        move.move(model, str(same_disk), quiet, never())
    assert caught.value.code == "move_running"


# --- Unfinished downloads ---------------------------------------------------------------------------------------------


def test_unfinished_download_goes_with_its_map_and_finished_shards(target: Path) -> None:
    contents = some(12, 1_000_000, 40_000_000)
    before = begin(contents, 2_000_000)
    after = move.move_partials(before, str(target), quiet, never())
    assert after == replace(before, folder=str(target))
    cache, last = RepoCache.for_request(after), after.files[-1].sha256 or ""
    part = cache.part(last)
    assert part.read_bytes() == contents[1][:2_000_000] + bytes(36_000_000) + contents[1][-2_000_000:]
    assert copying.data_bytes(part) < 10_000_000, "holes stay holes"
    assert cache.map(last).read_bytes() == b"which bytes are sure"
    assert cache.pointer(COMMIT, after.files[0].name).read_bytes() == contents[0]
    assert files_in(hub_cache_dir()) == []
    assert journal.begun(before.key) == after
    assert journal.fetched(after) == tuple(f.sha256 for f in after.files)


def test_shard_of_another_tool_is_copied(target: Path) -> None:
    contents = some(14, 1_000_000, 1_000_000)
    before = begin(contents, 1000)
    source = RepoCache.for_request(before)
    source.journal(before.files[0].sha256 or "").unlink()
    after = move.move_partials(before, str(target), quiet, never())
    assert source.pointer(COMMIT, before.files[0].name).read_bytes() == contents[0]
    assert RepoCache.for_request(after).pointer(COMMIT, before.files[0].name).read_bytes() == contents[0]


def test_nothing_begun_is_only_another_place(same_disk: Path) -> None:
    request = DownloadRequest("tiny", "Tiny", "Q8_0", REPO, (ModelFile("a.gguf"),), 0)
    assert move.move_partials(request, str(same_disk), quiet, never()) == replace(request, folder=str(same_disk))
    assert files_in(same_disk) == []


def test_disk_too_small_for_the_rest_is_refused(other_disk: Path) -> None:
    before = begin(some(15, 1_000_000), 1000)
    huge = replace(before, files=(replace(before.files[0], size_bytes=10**15),), file_bytes=10**15)
    journal.write(Journal(huge, huge.files[0]))
    with pytest.raises(UserError) as caught:
        move.move_partials(huge, str(other_disk), quiet, never())
    assert caught.value.code == "disk_full"
    assert files_in(other_disk) == []


def test_what_somebody_is_fetching_is_not_moved(same_disk: Path) -> None:
    before = begin(some(16, 1_000_000), 1000)
    with blob_lock(RepoCache.for_request(before), before.files[0]), pytest.raises(UserError) as caught:
        move.move_partials(before, str(same_disk), quiet, never())
    assert caught.value.code == "already_downloading"
    assert journal.begun(before.key) == before


# --- Killed on the way ------------------------------------------------------------------------------------------------

CHILD = """
import sys, threading, time
from launcher.core.downloads import Installed
from launcher.downloads.disk import index, journal
from launcher.downloads.moving import move, copying
copying._BLOCK = 256 * 1024
copying._ZEROS = bytes(copying._BLOCK)
def slow(done, total):
    print(done, flush=True)
    time.sleep(0.002)
folder = sys.argv[1]
if sys.argv[2] == "model":
    owner = index.installed_sets()[0]
    path = str(owner.paths()[0])
    model = Installed("tiny", "Tiny", "Q8_0", path, owner.request.file_bytes, "qwen2", "launcher", True)
    move.move(model, folder, slow, threading.Event())
else:
    move.move_partials(journal.begun("org/model-GGUF::Q8_0"), folder, slow, threading.Event())
"""


def killed(folder: Path, what: str, chance: random.Random) -> None:
    """Kill a move at a random moment; the last reports are close to the switch, so they are favoured."""
    command = [sys.executable, "-c", CHILD, str(folder), what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ.copy()) as child:
        assert child.stdout is not None
        for _ in range(chance.choice((1, 10, 60, 75, 200))):
            if not child.stdout.readline():
                break
        time.sleep(chance.uniform(0, 0.01))
        child.send_signal(signal.SIGKILL)
        child.stdout.read()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("disk", ["same_disk", "other_disk"])
def test_killed_model_move(disk: str, seed: int, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(disk)
    chance = random.Random(seed)
    contents = some(seed, 6_000_000, 3_000_000)
    model = install(contents)
    killed(folder, "model", chance)
    owner = index.installed_sets()[0]
    assert owner.is_complete(), "whole at the place that the list names, before anything is tidied"
    assert contents_of(owner.request) == contents
    if seed % 2:
        move.tidy()
        assert len([f for f in files_in(hub_cache_dir()) + files_in(folder) if "/blobs/" in f]) == 2
    owner = index.installed_sets()[0]
    moved = move.move(replace(model, path=str(owner.paths()[0])), str(folder), quiet, never())
    assert [Path(p).read_bytes() for p in replace(owner, request=index.installed_sets()[0].request).paths()] == contents
    assert moved.path.startswith(str(folder))
    assert files_in(hub_cache_dir()) == []
    assert not list(folder.rglob("*.launcher.*"))
    assert moving.moves() == ()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("disk", ["same_disk", "other_disk"])
def test_killed_move_of_an_unfinished_download(disk: str, seed: int, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(disk)
    chance = random.Random(100 + seed)
    contents = some(seed, 3_000_000, 12_000_000)
    before = begin(contents, 3_000_000)
    killed(folder, "partials", chance)
    moved = move.tidy()
    there = journal.begun(before.key)
    assert there is not None
    assert moved in ((), (there,))
    assert len({p.journal.request.folder for p in journal.partials() if p.journal}) == 1
    after = move.move_partials(there, str(folder), quiet, never())
    cache = RepoCache.for_request(after)
    assert cache.part(after.files[1].sha256 or "").read_bytes() == (
        contents[1][:3_000_000] + bytes(6_000_000) + contents[1][-3_000_000:]
    )
    assert cache.map(after.files[1].sha256 or "").exists()
    assert cache.pointer(COMMIT, after.files[0].name).read_bytes() == contents[0]
    assert files_in(hub_cache_dir()) == []
    assert moving.moves() == ()


_WRITES = frozenset({"os.rename", "os.remove", "os.link", "os.symlink", "os.mkdir", "os.rmdir", "os.truncate", "open"})


def run_until(step: int, work: Callable[[], object]) -> bool:
    """Do something in a forked process that dies at its n-th change of the disk. False when it ended before."""
    pid = os.fork()
    if pid == 0:
        left = step

        def count(event: str, args: tuple[object, ...]) -> None:
            nonlocal left
            is_write = event in _WRITES and (event != "open" or "r" not in str(args[1]) or "+" in str(args[1]))
            if is_write:
                left -= 1
                if left < 0:
                    os._exit(9)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("disk", ["same_disk", "other_disk"])
@pytest.mark.parametrize("what", ["model", "partials"])
def test_died_before_any_change_of_the_disk(disk: str, what: str, request: pytest.FixtureRequest) -> None:
    """One step after the other: at each the item is whole at one place, and tidying leaves nothing of the other."""
    folder: Path = request.getfixturevalue(disk)
    contents = some(24, 300_000, 500_000)
    step, is_done = STEP_FIRST, False
    while not is_done:
        shutil.rmtree(hub_cache_dir(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        for path in data_dir().glob("*.json"):
            path.unlink()
        if what == "model":
            model = install(contents)
            is_done = not run_until(step, partial(move.move, model, str(folder), quiet, never()))
            assert index.installed_sets()[0].is_complete(), step
        else:
            before = begin(contents, 100_000)
            is_done = not run_until(step, partial(move.move_partials, before, str(folder), quiet, never()))
            assert journal.begun(before.key) is not None, step
        move.tidy()
        assert moving.moves() == (), step
        places = [root for root in (hub_cache_dir(), folder) if any("blobs/" in f for f in files_in(root))]
        assert len(places) == 1, (step, places)
        assert not list(places[0].rglob("*.launcher.moving"))
        if what == "model":
            assert contents_of(index.installed_sets()[0].request) == contents, step
        else:
            check_partials(contents, places[0], step)
        step += STEP_EACH
    assert step > 30, "it was killed at many steps"


def check_partials(contents: list[bytes], place: Path, step: int) -> None:
    """The unfinished download is whole at its place."""
    there = journal.begun(f"{REPO}::Q8_0")
    assert there is not None
    cache = RepoCache.for_request(there)
    assert cache.root == place, step
    assert cache.pointer(COMMIT, there.files[0].name).read_bytes() == contents[0], step
    last = there.files[1].sha256 or ""
    assert cache.part(last).read_bytes() == contents[1][:100_000] + bytes(300_000) + contents[1][-100_000:], step
    assert cache.map(last).read_bytes() == b"which bytes are sure", step


def test_half_a_copy_is_gone_on_with(other_disk: Path) -> None:
    """What a killed move had copied is not read again."""
    contents = some(22, 40_000_000)
    model = install(contents)
    owner = index.installed_sets()[0]
    target = RepoCache.of(REPO, str(other_disk))
    target.prepare()
    waiting = Path(f"{target.blob(owner.request.files[0].sha256 or '')}{moving.WAITING_SUFFIX}")
    waiting.write_bytes(contents[0][:30_000_000])
    steps: list[int] = []
    moved = move.move(model, str(other_disk), lambda done, _: steps.append(done), never())
    assert steps[0] >= 12_000_000, "the half that is there counts at once"
    assert Path(moved.path).read_bytes() == contents[0]


def test_half_a_copy_that_is_wrong_is_noticed(other_disk: Path) -> None:
    contents = some(23, 12_000_000)
    model = install(contents)
    owner = index.installed_sets()[0]
    target = RepoCache.of(REPO, str(other_disk))
    target.prepare()
    waiting = Path(f"{target.blob(owner.request.files[0].sha256 or '')}{moving.WAITING_SUFFIX}")
    waiting.write_bytes(bytes(9_000_000))
    with pytest.raises(UserError) as caught:
        move.move(model, str(other_disk), quiet, never())
    assert caught.value.code == "copy_damaged"
    assert Path(move.move(model, str(other_disk), quiet, never()).path).read_bytes() == contents[0]


def test_killed_where_files_can_only_be_renamed(same_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One shard was renamed already, the other not: tidying gives the first its old name."""
    contents = some(20, 1000, 2000)
    model = install(contents)
    owner = index.installed_sets()[0]
    after = replace(owner.request, folder=str(same_disk))
    RepoCache.for_request(after).prepare()
    pieces = tuple(
        moving.Piece(
            str(p.resolve()), str(RepoCache.for_request(after).blob(f.sha256 or "")), f.size_bytes or 0, f.sha256
        )
        for p, f in zip(owner.paths(), owner.request.files, strict=True)
    )
    moving.write(moving.Move(owner.request, after, pieces, is_installed=True))
    os.replace(pieces[0].source, pieces[0].waiting)
    assert move.tidy() == ()
    assert contents_of(owner.request) == contents
    assert files_in(same_disk) == []
    assert Path(model.path).exists()


def test_disk_that_is_away_keeps_the_record(same_disk: Path, own_home: Path) -> None:
    install(some(21, 1000))
    owner = index.installed_sets()[0]
    after = replace(owner.request, folder=str(own_home / "unplugged"))
    found = moving.Move(owner.request, after, (), is_installed=True)
    moving.write(found)
    move.tidy()
    assert moving.moves() == (found,)
    (own_home / "unplugged").mkdir()
    move.tidy()
    assert moving.moves() == ()
