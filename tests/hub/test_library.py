"""What is installed: found in the cache by header, told apart by origin, removed only when it is ours."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import gguf
import huggingface_hub
import numpy as np
import pytest
from tqdm import tqdm

from launcher.catalog import load
from launcher.core.downloads import DownloadRequest, DownloadState, Installed
from launcher.core.errors import UserError
from launcher.core.paths import data_dir, hub_cache_dir
from launcher.downloads.disk import index, journal
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.library import remove
from launcher.downloads.library import scan as library
from launcher.downloads.transfer.fetch import fetch
from launcher.downloads.transfer.retry import Policy
from tests.fakes.gguf_raw import model_bytes, shard_bytes
from tests.fakes.hub import FakeHub, Fault, serving

REPO = "org/model-GGUF"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(tqdm, "monitor_interval", 0)
    with serving(monkeypatch) as server:
        yield server


@pytest.fixture
def model() -> bytes:
    """A complete model of the true architecture, as small as one can be."""
    return model_bytes()


def install(quant: str = "Q4_0", repo: str = REPO) -> Installed:
    request = DownloadRequest("tiny", "Tiny", quant, repo, (), 0)
    result = fetch(request, lambda _: None, threading.Event())
    assert result.state is DownloadState.DONE
    return next(m for m in library.installed() if m.path == result.paths[0])


def test_nothing_yet() -> None:
    assert library.installed() == ()
    use = library.disk_use()
    assert (use.models_bytes, use.partial_bytes) == (0, 0)
    assert 0 < use.free_bytes <= use.total_bytes


def test_ours_is_known_with_all_that_we_know(fake: FakeHub, model: bytes) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", model)
    found = install()
    assert (found.model, found.name, found.quant, found.repo) == ("tiny", "Tiny", "Q4_0", REPO)
    assert (found.architecture, found.origin, found.verified, found.size_bytes) == (
        "deepseek2",
        "launcher",
        True,
        len(model),
    )
    assert library.disk_use().models_bytes == len(model)


def test_shards_are_one_model_and_sidecars_none(fake: FakeHub, model: bytes) -> None:
    shards = shard_bytes(2)
    for i, content in enumerate(shards, 1):
        fake.add_file(REPO, f"Q8_0/model-Q8_0-0000{i}-of-00002.gguf", content)
    fake.add_file(REPO, "mmproj-model-Q8_0.gguf", model)
    huggingface_hub.snapshot_download(REPO, cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    (found,) = library.installed()
    assert found.size_bytes == sum(map(len, shards))
    assert [Path(f).name for f in found.files] == [f"model-Q8_0-0000{i}-of-00002.gguf" for i in (1, 2)]
    assert (found.path, found.origin) == (found.files[0], "hf-cache")
    assert found.revision == Path(found.path).parents[1].name


def test_incomplete_set_is_not_offered(fake: FakeHub) -> None:
    for i, content in enumerate(shard_bytes(2), 1):
        fake.add_file(REPO, f"model-Q8_0-0000{i}-of-00002.gguf", content)
    huggingface_hub.hf_hub_download(
        REPO, "model-Q8_0-00001-of-00002.gguf", cache_dir=hub_cache_dir(), endpoint=fake.endpoint
    )
    assert library.installed() == ()
    (problem,) = library.broken()
    assert (Path(problem.path).name, problem.origin) == ("model-Q8_0-00001-of-00002.gguf", "hf-cache")
    assert problem.why == "1 of the 2 files of this model are missing. 0.0 MB are here."


def test_file_of_another_tool_is_listed_and_not_deleted(fake: FakeHub, model: bytes) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", model)
    huggingface_hub.hf_hub_download(REPO, "model-Q4_0.gguf", cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    (found,) = library.installed()
    assert (found.origin, found.verified, found.model, found.name) == ("hf-cache", False, REPO, "Tiny of the tests")
    with pytest.raises(UserError) as caught:
        remove.remove(found)
    assert caught.value.code == "not_ours"
    assert Path(found.path).exists()


def sparse_distill(path: Path, name: str = "DeepSeek R1 Distill Qwen 1.5B") -> None:
    """The true shape of R1-Distill-Qwen-1.5B; its bytes are a hole in the file."""
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name(name)
    writer.add_block_count(28)
    writer.add_context_length(131072)
    writer.add_embedding_length(1536)
    writer.add_feed_forward_length(8960)
    writer.add_head_count(12)
    writer.add_head_count_kv(2)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    size = 151936 * 1536 * 2
    writer.add_tensor_info("token_embd.weight", (151936, 1536), np.dtype(np.float16), size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    os.truncate(path, path.stat().st_size + size + 64)


def test_model_of_another_tool_is_recognised_by_its_header() -> None:
    snapshot = hub_cache_dir() / "models--some--one" / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    sparse_distill(snapshot / "weights.gguf")
    (found,) = library.installed()
    assert (found.model, found.name, found.quant) == ("r1-distill-qwen-1.5b", "R1-Distill-Qwen-1.5B", "F16")
    assert (found.architecture, found.origin, found.repo) == ("qwen2", "hf-cache", "some/one")


def test_a_bare_name_is_recognised_by_the_repository_it_came_from() -> None:
    known = load().find("r1-distill-qwen-1.5b")
    owner, name = known.quants[0].repo.split("/")
    snapshot = hub_cache_dir() / f"models--{owner}--{name}" / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    sparse_distill(snapshot / "weights.gguf", "Model")
    (found,) = library.installed()
    assert (found.model, found.repo) == (known.id, known.quants[0].repo)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all", b"GGUF\x03\x00\x00\x00" + b"\xff" * 64])
def test_what_is_no_model_is_said_and_not_listed(fake: FakeHub, content: bytes) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", content or b"\0")
    huggingface_hub.hf_hub_download(REPO, "model-Q4_0.gguf", cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    assert library.installed() == ()
    (problem,) = library.broken()
    assert problem.size_bytes == (len(content) or 1)
    assert problem.why.endswith(".")


def test_remove_frees_the_disk_and_leaves_a_sound_cache(fake: FakeHub, model: bytes) -> None:
    fake.add_file(REPO, "Q4_0/model-Q4_0.gguf", model)
    fake.add_file(REPO, "model-Q8_0.gguf", model + b"8")
    first, second = install("Q4_0"), install("Q8_0")
    assert remove.remove(first) == len(model)
    assert not Path(first.path).exists()
    assert Path(second.path).exists()
    assert [m.path for m in library.installed()] == [second.path]
    assert remove.remove(second) == len(model) + 1
    assert not huggingface_hub.scan_cache_dir(hub_cache_dir()).warnings
    assert not [p for p in (hub_cache_dir() / "models--org--model-GGUF").rglob("*") if p.is_file()]
    assert index.installed_sets() == ()


SHARDS = shard_bytes(2, 1_000_000)
SHARD_BYTES = sum(map(len, SHARDS))


def shard_set(fake: FakeHub) -> DownloadRequest:
    """A set whose first shard arrives and whose second does not."""
    for i, content in enumerate(SHARDS, 1):
        fake.add_file(REPO, f"Q8_0/model-Q8_0-0000{i}-of-00002.gguf", content)
    fake.fail(Fault("cut", path="*00002-of*", after_bytes=500_000))
    fake.fail(Fault("cut", path="*00002-of*", after_bytes=0, times=None))
    request = DownloadRequest("tiny", "Tiny", "Q8_0", REPO, (), 0)
    policy = Policy(attempts=2, first_delay_s=0.01)
    assert fetch(request, lambda _: None, threading.Event(), policy).state is DownloadState.FAILED
    return request


def test_finished_shards_of_an_unfinished_set_are_counted_and_go_with_it(fake: FakeHub) -> None:
    request = shard_set(fake)
    here = len(SHARDS[0]) + 500_000
    assert library.disk_use().partial_bytes == here
    assert library.scan() == ((), ()), "no model yet, and none that is broken: it is on its way"
    assert journal.delete(request) == here
    assert library.disk_use().partial_bytes == 0
    assert not [p for p in (hub_cache_dir() / "models--org--model-GGUF").rglob("*") if p.is_file() or p.is_symlink()]


def test_set_fetched_in_two_runs_is_ours_as_a_whole(fake: FakeHub) -> None:
    shard_set(fake)
    fake.heal()
    found = install("Q8_0")
    assert len(index.installed_sets()[0].fetched_sha256) == 2
    assert library.disk_use().partial_bytes == 0
    assert remove.remove(found) == SHARD_BYTES


def test_shard_of_another_tool_survives_the_removal_of_the_unfinished_set(fake: FakeHub) -> None:
    name = "Q8_0/model-Q8_0-00001-of-00002.gguf"
    for i, content in enumerate(SHARDS, 1):
        fake.add_file(REPO, name.replace("00001-of", f"0000{i}-of"), content)
    theirs = Path(huggingface_hub.hf_hub_download(REPO, name, cache_dir=hub_cache_dir(), endpoint=fake.endpoint))
    journal.delete(shard_set(fake))
    assert theirs.stat().st_size == len(SHARDS[0])


def test_bytes_that_another_snapshot_uses_stay(fake: FakeHub, model: bytes) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", model)
    found = install()
    fake.add_file(REPO, "README.md", b"new commit, same model")
    other = huggingface_hub.hf_hub_download(REPO, "model-Q4_0.gguf", cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    assert other != found.path
    assert [m.origin for m in library.installed()] == ["launcher"], "the same bytes are one model"
    assert remove.remove(found) == 0
    assert Path(other).read_bytes() == model


@pytest.mark.expected_logs("library.json could not be read")
def test_damaged_index_is_kept_aside_and_the_files_are_found(fake: FakeHub, model: bytes) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", model)
    install()
    (data_dir() / "library.json").write_text("{")
    (found,) = library.installed()
    assert (found.origin, found.architecture) == ("hf-cache", "deepseek2")
    assert len(list(data_dir().glob("library.damaged-*.json"))) == 1


def test_partials_are_counted(fake: FakeHub, model: bytes) -> None:
    total = fake.add_file(REPO, "model-Q4_0.gguf", model)
    cache = RepoCache.of(REPO)
    cache.prepare()
    cache.part(total).write_bytes(b"x" * 1234)
    assert library.disk_use().partial_bytes == 1234
