"""Comparing models with their publishers' checksums: told apart, remembered until the file changes, repaired by the bad part alone."""

from __future__ import annotations

import hashlib
import json
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest

from launcher.core.downloads import DownloadRequest, DownloadState, Installed
from launcher.core.errors import UserError
from launcher.core.paths import data_dir, hub_cache_dir
from launcher.downloads.disk import folders, index, journal
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.checks import Known
from launcher.downloads.library import adopt, remove, verify
from launcher.downloads.library import scan as library
from launcher.downloads.transfer.fetch import fetch
from launcher.downloads.transfer.retry import StoppedError
from tests.fakes.hub import FakeHub, serving

REPO = "org/model-GGUF"


def never() -> threading.Event:
    return threading.Event()


def quiet(_done: int, _total: int) -> None:
    """Nobody watches."""


def model_bytes(folder: Path, tail: int = 4096, seed: int = 0) -> bytes:
    """A whole GGUF file with one tensor of `tail` random values."""
    path = folder / "made.gguf"
    writer = gguf.GGUFWriter(path, "deepseek2")
    writer.add_name("Tiny of the tests")
    writer.add_block_count(1)
    writer.add_tensor("token_embd.weight", np.random.default_rng(seed).random(tail, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


def install(quant: str = "Q4_0") -> Installed:
    result = fetch(DownloadRequest("tiny", "Tiny", quant, REPO, (), 0), lambda _: None, never())
    assert result.state is DownloadState.DONE, result.error
    return next(m for m in library.installed() if m.path == result.paths[0])


def damage(path: str, at: int, size: int = 3) -> None:
    with Path(path).open("r+b") as stream:
        stream.seek(at)
        before = stream.read(size)
        stream.seek(at)
        stream.write(bytes(b ^ 255 for b in before))


def in_hub_cache(content: bytes, commit: str = "a" * 40, repo: str = REPO) -> Path:
    """As another tool leaves a file: blob and link."""
    folder = RepoCache.of(repo).folder
    blob = folder / "blobs" / hashlib.sha256(content).hexdigest()
    pointer = folder / "snapshots" / commit / "model-Q4_0.gguf"
    for parent in (blob.parent, pointer.parent):
        parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    return pointer


# --- What is compared with what ---------------------------------------------------------------------------------------


def test_ours_matches_what_was_noted_at_the_download(fake: FakeHub, tmp_path: Path) -> None:
    content = model_bytes(tmp_path)
    total = fake.add_file(REPO, "model-Q4_0.gguf", content)
    model = install()
    steps: list[int] = []
    verdict = verify.verify(model, lambda done, _: steps.append(done), never())
    assert (verdict.state, verdict.sha256, verdict.bad_files) == ("matches", (total,), ())
    assert REPO in verdict.expected_from
    assert steps[-1] == len(content)


def test_file_of_the_hub_cache_matches_its_name(tmp_path: Path) -> None:
    pointer = in_hub_cache(model_bytes(tmp_path))
    (model,) = library.installed()
    assert verify.verify(model, quiet, never()).state == "matches"
    assert Known().is_verified([pointer])
    damage(model.path, 5000)
    assert not Known().is_verified([pointer]), "it changed: nothing is known of it any more"
    verdict = verify.verify(model, quiet, never())
    assert (verdict.state, verdict.bad_files) == ("differs", (model.path,))
    assert pointer.exists(), "another tool's file stays where it is"


@pytest.mark.parametrize("is_right", [True, False])
def test_loose_file_is_compared_with_the_listing_of_its_repository(
    fake: FakeHub, tmp_path: Path, is_right: bool
) -> None:
    content = model_bytes(tmp_path)
    fake.add_file(REPO, "deep/model-Q4_0.gguf", content)
    path = tmp_path / "model-Q4_0.gguf"
    path.write_bytes(content)
    if not is_right:
        damage(str(path), 5000)
    model = Installed("m", "M", "Q4_0", str(path), len(content), "x", "lm-studio", verified=False, repo=REPO)
    verdict = verify.verify(model, quiet, never())
    assert verdict.state == ("matches" if is_right else "differs")
    assert REPO in verdict.expected_from


def test_without_a_published_checksum_the_header_is_all(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(model_bytes(tmp_path))
    model = adopt.adopt(path)
    verdict = verify.verify(model, quiet, never())
    assert (verdict.state, verdict.expected_from) == ("no_checksum", "")
    assert not Known().is_verified([path])
    os.truncate(path, path.stat().st_size - 100)
    verdict = verify.verify(model, quiet, never())
    assert (verdict.state, verdict.bad_files) == ("differs", (str(path),))


def test_server_that_cannot_be_reached_is_not_needed(fake: FakeHub, tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(model_bytes(tmp_path))
    assert fake.endpoint
    model = Installed("m", "M", "", str(path), 1, "x", "jan", verified=False, repo="org/not-there")
    assert verify.verify(model, quiet, never()).state == "no_checksum"


def test_stopped(tmp_path: Path) -> None:
    in_hub_cache(model_bytes(tmp_path))
    (model,) = library.installed()
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        verify.verify(model, quiet, stop)


def test_vanished_file_is_an_error(tmp_path: Path) -> None:
    model = Installed("m", "M", "", str(tmp_path / "gone.gguf"), 1, "x", "jan", verified=False)
    with pytest.raises(UserError) as caught:
        verify.verify(model, quiet, never())
    assert caught.value.code == "cannot_read"


# --- Remembered -------------------------------------------------------------------------------------------------------


def test_verified_until_it_changes(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", model_bytes(tmp_path))
    model = install()
    (owner,) = index.installed_sets()
    assert Known().is_verified(owner.paths(), owner.installed_unix_s)
    damage(model.path, 5000)
    os.utime(model.path, (owner.installed_unix_s + 60, owner.installed_unix_s + 60))
    assert not Known().is_verified(owner.paths(), owner.installed_unix_s)


def test_index_of_an_older_version_is_read_and_its_files_count_as_verified(tmp_path: Path) -> None:
    content = model_bytes(tmp_path)
    pointer = in_hub_cache(content)
    total = hashlib.sha256(content).hexdigest()
    changed = pointer.stat().st_mtime
    (data_dir() / "library.json").write_text(
        '{"sets": [{"request": {"model": "tiny", "short_name": "Tiny", "quant": "Q4_0", "repo": "org/model-GGUF", "files": '
        f'[{{"name": "model-Q4_0.gguf", "size_bytes": {len(content)}, "sha256": "{total}"}}], "file_bytes": {len(content)}, '
        f'"revision": "{"a" * 40}"}}, "fetched_sha256": ["{total}"], "installed_unix_s": {changed + 1}}}]}}'
    )
    (owner,) = index.installed_sets()
    assert (owner.is_pinned, owner.request.folder, owner.is_complete()) == (False, None, True)
    assert Known().is_verified(owner.paths(), owner.installed_unix_s)
    os.utime(pointer, (changed + 100, changed + 100))
    assert not Known().is_verified(owner.paths(), owner.installed_unix_s)


@pytest.mark.expected_logs("verified.json could not be read")
def test_damaged_memory_is_kept_aside(tmp_path: Path) -> None:
    in_hub_cache(model_bytes(tmp_path))
    (model,) = library.installed()
    verify.verify(model, quiet, never())
    (data_dir() / "verified.json").write_text("[")
    assert not Known().is_verified([Path(model.path)])
    assert list(data_dir().glob("verified.damaged-*"))


def test_deleted_files_are_forgotten(tmp_path: Path) -> None:
    pointer = in_hub_cache(model_bytes(tmp_path))
    (model,) = library.installed()
    verify.verify(model, quiet, never())
    pointer.resolve().unlink()
    other = tmp_path / "other.gguf"
    other.write_bytes(model_bytes(tmp_path, seed=1))
    verify.verify(adopt.adopt(other), quiet, never())
    paths = [c["path"] for c in json.loads((data_dir() / "verified.json").read_text())["files"]]
    assert paths == [str(other)]


# --- Damaged ----------------------------------------------------------------------------------------------------------


def test_damaged_model_of_ours_leaves_the_library_and_comes_back_by_its_bad_part(fake: FakeHub, tmp_path: Path) -> None:
    content = model_bytes(tmp_path, 3_000_000)
    total = fake.add_file(REPO, "model-Q4_0.gguf", content)
    model = install()
    damage(model.path, 7_000_000)
    assert verify.verify(model, quiet, never()).state == "differs"
    assert library.installed() == ()
    assert index.installed_sets() == ()
    before = fake.sent_bytes()
    request = verify.repair(model)
    assert request.files[0].sha256 == total
    result = fetch(request, lambda _: None, never())
    assert (result.state, result.sha256) == (DownloadState.DONE, (total,))
    assert Path(model.path).read_bytes() == content
    assert fake.sent_bytes() - before < 4 << 20, "only about the bad block, of 12 MB"
    (again,) = library.installed()
    assert again.verified


def test_sound_shards_wait_for_the_damaged_one(fake: FakeHub, tmp_path: Path) -> None:
    contents = [random.Random(i).randbytes(2_000_000) for i in (1, 2)]
    for i, content in enumerate(contents, 1):
        fake.add_file(REPO, f"model-Q8_0-0000{i}-of-00002.gguf", content)
    request = DownloadRequest("tiny", "Tiny", "Q8_0", REPO, (), 0)
    result = fetch(request, lambda _: None, never())
    model = Installed("tiny", "Tiny", "Q8_0", result.paths[0], 4_000_000, "", "launcher", verified=True, repo=REPO)
    damage(result.paths[1], 10)
    assert verify.verify(model, quiet, never()).bad_files == (result.paths[1],)
    assert len(list(journal.partials())) == 2
    before = fake.sent_bytes("*00001*")
    again = fetch(verify.repair(model), lambda _: None, never())
    assert [Path(p).read_bytes() for p in again.paths] == contents
    assert fake.sent_bytes("*00001*") == before
    assert len(index.installed_sets()[0].fetched_sha256) == 2
    assert not list(hub_cache_dir().rglob("*.launcher.*"))


def test_damaged_file_of_another_tool_can_be_fetched_again_from_its_repository(tmp_path: Path) -> None:
    in_hub_cache(model_bytes(tmp_path), "b" * 40)
    (model,) = library.installed()
    request = verify.repair(model)
    assert (request.repo, request.revision, [f.name for f in request.files]) == (REPO, "b" * 40, ["model-Q4_0.gguf"])


def test_what_came_from_nowhere_cannot_be_repaired(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(model_bytes(tmp_path))
    with pytest.raises(UserError) as caught:
        verify.repair(adopt.adopt(path))
    assert caught.value.code == "cannot_repair"


# --- Removing ---------------------------------------------------------------------------------------------------------


def test_what_the_system_holds_on_to_stays_whole(
    fake: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", model_bytes(tmp_path))
    model = install()

    def refuse(self: Path, missing_ok: bool = False) -> None:  # as Windows does while the engine has it open
        raise PermissionError(13, "The process cannot access the file", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(UserError) as caught:
            remove.remove(model)
    assert caught.value.code == "in_use"
    assert Path(model.path).exists()
    assert remove.remove(model) == model.size_bytes


def test_map_of_a_removed_model_goes_too(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", model_bytes(tmp_path))
    model = install()
    assert len(list((data_dir() / "block-maps").iterdir())) == 1
    remove.remove(model)
    assert not list((data_dir() / "block-maps").iterdir())


def test_opened_file_is_only_taken_off_the_list(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(model_bytes(tmp_path))
    model = adopt.adopt(path)
    assert remove.remove(model) == 0
    assert library.installed() == ()
    assert path.exists()


# --- Adopting ---------------------------------------------------------------------------------------------------------


def test_whole_file_is_listed_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(model_bytes(tmp_path))
    model = adopt.adopt(path)
    assert (model.path, model.origin, model.architecture) == (str(path), "file", "deepseek2")
    assert not list(hub_cache_dir().rglob("*.gguf"))
    with pytest.raises(UserError) as caught:
        adopt.adopt(path)
    assert caught.value.code == "already_listed"


def split_model(folder: Path) -> list[Path]:
    """Three shards as llama.cpp's gguf-split writes them."""
    paths: list[Path] = []
    for i in range(3):
        path = folder / f"big-{i + 1:05d}-of-00003.gguf"
        writer = gguf.GGUFWriter(path, "deepseek2")
        if i == 0:
            writer.add_name("Big of the tests")
            writer.add_block_count(1)
        writer.add_uint16("split.no", i)
        writer.add_uint16("split.count", 3)
        writer.add_int32("split.tensors.count", 3)
        writer.add_tensor(f"blk.{i}.weight", np.zeros(64, dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        paths.append(path)
    return paths


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_no_model_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    with pytest.raises(UserError) as caught:
        adopt.adopt(tmp_path / "pipe.gguf")
    assert caught.value.code == "file_not_found"


def test_any_shard_stands_for_its_set(tmp_path: Path) -> None:
    paths = split_model(tmp_path)
    model = adopt.adopt(paths[1])
    assert (model.path, model.files) == (str(paths[0]), tuple(map(str, paths)))


def test_shards_dropped_together_are_one_model(tmp_path: Path) -> None:
    paths = split_model(tmp_path)
    result = adopt.adopt_all(paths)
    assert ([m.path for m in result.models], result.refused) == ([str(paths[0])], ())


def test_set_with_a_gap_is_refused(tmp_path: Path) -> None:
    paths = split_model(tmp_path)
    paths[1].unlink()
    with pytest.raises(UserError) as caught:
        adopt.adopt(paths[0])
    assert caught.value.code == "incomplete_model"
    assert "1 of the 3" in caught.value.why
    assert folders.read().files == ()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_gguf"),
        (b"PK\3\4 a zip file", "not_gguf"),
        (bytes(100_000), "incomplete_model"),
        (None, "incomplete_model"),
    ],
)
def test_what_is_no_whole_model_is_refused_with_the_reason(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(model_bytes(tmp_path)[:-200] if content is None else content)
    with pytest.raises(UserError) as caught:
        adopt.adopt(path)
    assert caught.value.code == code
    assert caught.value.why


def test_several_things_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    inside = tmp_path / "folder" / "inside.gguf"
    inside.write_bytes(model_bytes(tmp_path))
    loose = tmp_path / "loose.gguf"
    loose.write_bytes(model_bytes(tmp_path, seed=1))
    (tmp_path / "empty").mkdir()
    result = adopt.adopt_all([inside.parent, loose, tmp_path / "empty", tmp_path / "not there.gguf"])
    assert {m.path for m in result.models} == {str(inside), str(loose)}
    assert [(Path(p).name, e.code) for p, e in result.refused] == [
        ("empty", "no_models"),
        ("not there.gguf", "file_not_found"),
    ]
    assert folders.read().searched == (str(inside.parent),)
