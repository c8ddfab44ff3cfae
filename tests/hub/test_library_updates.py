"""Newer revisions: offered, never forced, and only what changed is fetched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
from tqdm import tqdm

from launcher.core.downloads import DownloadRequest, DownloadState, Installed
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.core.paths import hub_cache_dir
from launcher.downloads.disk import index
from launcher.downloads.library import remove, updates
from launcher.downloads.library import scan as library
from launcher.downloads.transfer.fetch import fetch
from tests.fakes.hub import FakeHub, Fault, serving
from tests.hub.test_library_verify import model_bytes

REPO = "org/model-GGUF"
NAME = "model-Q4_0.gguf"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(tqdm, "monitor_interval", 0)
    with serving(monkeypatch) as server:
        yield server


def get(request: DownloadRequest) -> Installed:
    result = fetch(request, lambda _: None, threading.Event())
    assert result.state is DownloadState.DONE, result.error
    return next(m for m in library.installed() if m.path == result.paths[0])


def install(quant: str = "Q4_0", revision: str | None = None, *, keeps: bool = False) -> Installed:
    return get(DownloadRequest("tiny", "Tiny", quant, REPO, (), 0, revision, keeps_revision=keeps))


def look(models: tuple[Installed, ...] | None = None) -> tuple[updates.Update, ...]:
    return updates.look_for_updates(library.installed() if models is None else models, threading.Event())


def test_newer_file_is_offered_and_the_old_one_stays(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, NAME, model_bytes(tmp_path))
    old = install()
    assert look() == ()
    content = model_bytes(tmp_path, seed=1)
    fake.add_file(REPO, NAME, content)
    (update,) = look()
    assert (update.model.path, update.revision) == (old.path, fake.commit(REPO))
    assert (update.file_bytes, update.request.quant) == (len(content), "Q4_0")
    new = get(update.request)
    assert {m.path for m in library.installed()} == {old.path, new.path}
    assert Path(new.path).read_bytes() == content
    assert index.installed_sets()[0].request.revision == update.revision
    assert not index.pinned(), "an update is no wish to stay there"
    assert look() == (), "the newest is here"
    assert remove.remove(old) == old.size_bytes
    assert [m.path for m in library.installed()] == [new.path]


def test_other_files_of_the_repository_are_no_reason(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, NAME, model_bytes(tmp_path))
    install()
    fake.add_file(REPO, "README.md", b"new words")
    assert look() == ()


def test_unchanged_shards_are_not_fetched_again(fake: FakeHub, tmp_path: Path) -> None:
    for i in (1, 2):
        fake.add_file(REPO, f"model-Q8_0-0000{i}-of-00002.gguf", bytes([i]) * 1_000_000)
    first = fetch(DownloadRequest("tiny", "Tiny", "Q8_0", REPO, (), 0), lambda _: None, threading.Event())
    model = Installed("tiny", "Tiny", "Q8_0", first.paths[0], 2_000_000, "", "launcher", verified=True, repo=REPO)
    fake.add_file(REPO, "model-Q8_0-00002-of-00002.gguf", b"3" * 1_000_000)
    (update,) = look((model,))
    assert update.file_bytes == 1_000_000
    before = fake.sent_bytes("*00001*")
    second = fetch(update.request, lambda _: None, threading.Event())
    assert second.state is DownloadState.DONE
    assert fake.sent_bytes("*00001*") == before
    # Whichever goes first, the shard that both have stays as long as one needs it, and goes with the other.
    assert remove.remove(model) == 1_000_000
    assert [Path(p).stat().st_size for p in second.paths] == [1_000_000, 1_000_000]
    newer = Installed("tiny", "Tiny", "Q8_0", second.paths[0], 2_000_000, "", "launcher", verified=True, repo=REPO)
    assert remove.remove(newer) == 2_000_000
    assert not list(hub_cache_dir().rglob("*.gguf"))


def test_pinned_models_are_left_in_peace(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, NAME, model_bytes(tmp_path))
    model = install()
    updates.pin(model, pinned=True)
    fake.add_file(REPO, NAME, model_bytes(tmp_path, seed=1))
    assert library.installed()[0].pinned
    asked = len(fake.log)
    assert look() == ()
    assert len(fake.log) == asked, "nothing is asked about it"
    updates.pin(model, pinned=False)
    assert len(look()) == 1


def test_explicit_revision_is_pinned(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, NAME, model_bytes(tmp_path))
    first = fake.commit(REPO)
    fake.add_file(REPO, NAME, model_bytes(tmp_path, seed=1))
    model = install(revision=first, keeps=True)
    assert model.pinned
    assert look() == ()


def test_model_of_another_tool_is_offered_one_too(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, NAME, model_bytes(tmp_path))
    huggingface_hub.hf_hub_download(REPO, NAME, cache_dir=hub_cache_dir(), endpoint=fake.endpoint)
    fake.add_file(REPO, NAME, model_bytes(tmp_path, seed=1))
    (update,) = look()
    assert update.request.repo == REPO
    (model,) = library.installed()
    updates.pin(model, pinned=True)
    assert library.installed()[0].pinned
    assert look() == ()


def test_renamed_and_withdrawn_files_are_not_offered(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, NAME, model_bytes(tmp_path))
    model = install()
    fake.add_file("org/other", "else.gguf", b"x")
    owner = index.installed_sets()[0]
    index.forget(owner)
    moved = DownloadRequest(
        "tiny", "Tiny", "Q4_0", "org/model-GGUF", (ModelFile("gone.gguf", 1, "a" * 64),), 1, owner.request.revision
    )
    index.record(moved, ())
    assert look((model,)) == ()


def test_unreachable_server_is_said(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, NAME, model_bytes(tmp_path))
    install()
    fake.fail(Fault("status", where="api", status=503, times=None))
    with pytest.raises(UserError):
        look()


def test_one_listing_for_each_repository(fake: FakeHub, tmp_path: Path) -> None:
    fake.add_file(REPO, NAME, model_bytes(tmp_path))
    fake.add_file(REPO, "model-Q8_0.gguf", model_bytes(tmp_path, seed=2))
    install("Q4_0")
    install("Q8_0")
    before = sum(r.where == "api" for r in fake.log)
    assert look() == ()
    assert sum(r.where == "api" for r in fake.log) == before + 1
