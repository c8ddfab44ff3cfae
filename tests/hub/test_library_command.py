"""`launcher library` as a person or a script calls it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.cli.library_choice import choose
from launcher.cli.main import run_command
from launcher.core.downloads import DownloadRequest, DownloadState, Installed
from launcher.core.errors import UserError
from launcher.core.paths import data_dir, hub_cache_dir
from launcher.core.plans import MemoryUse, Placement
from launcher.downloads.disk import folders
from launcher.downloads.library import scan as library
from launcher.downloads.transfer.fetch import fetch
from launcher.store.loads import LoadHistory, LoadRecord
from tests.fakes.hub import FakeHub, serving
from tests.hub.test_library import sparse_distill
from tests.hub.test_library_verify import damage, model_bytes

REPO = "org/model-GGUF"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


def install(fake: FakeHub, folder: Path, quant: str = "Q4_0", seed: int = 0) -> Installed:
    fake.add_file(REPO, f"model-{quant}.gguf", model_bytes(folder, seed=seed))
    result = fetch(DownloadRequest("tiny", "Tiny", quant, REPO, (), 0), lambda _: None, threading.Event())
    assert result.state is DownloadState.DONE, result.error
    return next(m for m in library.installed() if m.path == result.paths[0])


def said(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> str:
    """What a command prints on stdout."""
    assert run_command(["library", *argv]) == code
    return capsys.readouterr().out


def documents(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> list[dict[str, object]]:
    return json.loads(said(capsys, *argv, "--json", code=code))


def loaded(model: Installed, path: str, ago_s: float) -> None:
    memory = MemoryUse((), "model")
    with closing(LoadHistory(data_dir() / "loads.sqlite")) as history:
        record = LoadRecord(f"{path}{ago_s}", time.time() - ago_s, model.name, model.quant, Placement(0, 4096), memory)
        history.save(replace(record, path=path))


def test_list_says_all_that_is_known(fake: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = install(fake, tmp_path)
    (entry,) = documents(capsys)
    assert {"model", "quant", "path", "bytes", "architecture", "origin", "verified"} <= set(entry)
    assert (entry["origin"], entry["verified"], entry["revision"]) == ("launcher", True, fake.commit(REPO))
    assert (entry["last_used_at"], entry["pinned"], entry["older_revision"]) == (None, False, False)
    text = said(capsys)
    assert "deepseek2" in text
    assert "never" in text
    loaded(model, model.path, 3 * 86400 + 60)
    assert "3 days ago" in said(capsys)
    assert documents(capsys)[0]["last_used_at"] is not None


def test_list_says_whether_it_runs_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sparse_distill(tmp_path / "DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf")
    folders.add_searched(str(tmp_path))
    (entry,) = documents(capsys)
    assert entry["fits"] is True
    assert isinstance(entry["decode_tokens_s"], float)
    assert "token" in said(capsys)
    assert documents(capsys, "list", "--no-fit")[0]["fits"] is None


def test_header_without_sense_does_not_hide_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sparse_distill(tmp_path / "weights.gguf", "No layer of it has tensors")
    folders.add_searched(str(tmp_path))
    (entry,) = documents(capsys)
    assert entry["fits"] is None


def test_last_use_of_a_model_that_was_moved_is_known_by_its_name(
    fake: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded(install(fake, tmp_path), str(tmp_path / "where it was.gguf"), 60)
    assert documents(capsys, "list", "--no-fit")[0]["last_used_at"] is not None


def test_broken_files_stand_below_with_their_reasons(
    fake: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fake.endpoint
    (tmp_path / "models").mkdir()
    broken = tmp_path / "models" / "half.gguf"
    broken.write_bytes(model_bytes(tmp_path)[:-500])
    folders.add_searched(str(broken.parent))
    text = said(capsys, "list", "--no-fit")
    assert "No models are installed." in text
    assert "Not usable:" in text
    assert str(broken) in text
    (entry,) = documents(capsys, "broken")
    assert (entry["path"], bool(entry["why"])) == (str(broken), True)


def test_verify_and_repair(fake: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = install(fake, tmp_path)
    assert "verified, it matches" in said(capsys, "verify")
    assert documents(capsys, "verify", "tiny")[0]["state"] == "matches"
    damage(model.path, 5000)
    assert run_command(["library", "verify", "tiny"]) == 1
    out, err = capsys.readouterr()
    assert "DAMAGED" in out
    assert f"launcher download {REPO} --quant Q4_0" in err
    assert library.installed() == ()
    assert run_command(["download", REPO, "--quant", "Q4_0"]) == 0
    damage(model.path, 5000)
    assert run_command(["library", "verify", "--repair"]) == 0
    assert library.installed()[0].verified


def test_remove_asks_and_needs_a_clear_name(fake: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = install(fake, tmp_path, "Q4_0"), install(fake, tmp_path, "Q8_0", seed=1)
    assert run_command(["library", "remove", "tiny", "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "ambiguous_model"
    assert first.path in error["why"]
    assert run_command(["library", "remove", "tiny:Q4_0"]) == 1, "nobody is there to say yes"
    assert "Nothing was removed." in capsys.readouterr().err
    assert documents(capsys, "remove", "tiny", "--quant", "q4_0", "--yes")[0]["freed_bytes"] == first.size_bytes
    assert [m.path for m in library.installed()] == [second.path]
    assert run_command(["library", "remove", "tiny:Q4_0", "--yes"]) == 1
    assert "Installed are: Tiny Q8_0." in capsys.readouterr().err


def test_remove_leaves_what_is_not_ours_and_says_so_first(
    fake: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = install(fake, tmp_path)
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "theirs.gguf").write_bytes(model_bytes(tmp_path, seed=1))
    folders.add_searched(str(folder))
    assert run_command(["library", "remove", "tiny", str(folder / "theirs.gguf"), "--yes", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not_ours"
    assert Path(ours.path).exists()


def test_adopt_and_forget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(model_bytes(tmp_path))
    (tmp_path / "no.gguf").write_bytes(b"zip")
    assert run_command(["library", "adopt", str(path), str(tmp_path / "no.gguf"), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [m["path"] for m in document["models"]] == [str(path)]
    assert [r["error"]["code"] for r in document["refused"]] == ["not_gguf"]
    assert run_command(["library", "remove", str(path), "--yes"]) == 0
    assert path.exists()
    assert library.installed() == ()


def test_move(fake: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(fake, tmp_path)
    there = tmp_path / "big disk"
    assert said(capsys, "move", "tiny", "--to", str(there)).startswith(str(there))
    assert not list(hub_cache_dir().rglob("*.gguf"))
    (entry,) = documents(capsys, "move", "tiny", "--to", str(hub_cache_dir()))
    assert str(entry["path"]).startswith(str(hub_cache_dir()))
    assert library.installed()[0].verified


def test_updates_and_pins(fake: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = install(fake, tmp_path)
    assert "No newer revisions" in said(capsys, "updates")
    fake.add_file(REPO, "model-Q4_0.gguf", model_bytes(tmp_path, seed=1))
    assert documents(capsys, "pin", "tiny")[0]["pinned"] is True
    assert documents(capsys, "updates") == []
    assert "pinned" in said(capsys, "list", "--no-fit")
    said(capsys, "unpin", "tiny")
    assert fake.commit(REPO)[:12] in said(capsys, "updates")
    assert documents(capsys, "updates", "--fetch")[0]["new_revision"] == fake.commit(REPO)
    assert len(library.installed()) == 2
    (older,) = [d for d in documents(capsys, "list", "--no-fit") if d["older_revision"]]
    assert older["path"] == old.path
    assert documents(capsys, "updates") == []


def test_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inside = tmp_path / "models" / "mine.gguf"
    inside.parent.mkdir()
    inside.write_bytes(model_bytes(tmp_path))
    assert str(inside.parent) in said(capsys, "folders", "add", str(inside.parent))
    assert [m.origin for m in library.installed()] == ["folder"]
    document = json.loads(said(capsys, "folders", "use", str(tmp_path / "big disk"), "--json"))
    assert document["downloads"] == str(tmp_path / "big disk")
    said(capsys, "folders", "forget", str(inside.parent))
    assert library.installed() == ()
    assert run_command(["library", "folders", "forget", str(inside.parent)]) == 1
    assert json.loads(said(capsys, "folders", "use", "--json"))["downloads"] == str(hub_cache_dir())


@pytest.mark.parametrize(
    "argv",
    [["remove"], ["adopt"], ["move", "x"], ["folders", "add"], ["folders", "burn", "x"], ["list", "x"], ["dance"]],
)
def test_wrong_usage(argv: list[str]) -> None:
    assert run_command(["library", *argv]) == 2


def test_every_way_to_name_a_model() -> None:
    one = Installed("r1-0528", "R1-0528", "Q4_K_M", "/m/one.gguf", 10, "x", "jan", verified=False, repo="org/one")
    two = Installed("v3", "V3", "Q4_K_M", "/m/two.gguf", 10, "x", "jan", verified=False, repo="org/two")
    for name in ("r1-0528", "deepseek-r1-0528", "R1-0528", "R1-0528 Q4_K_M", "org/one", "ORG/ONE:q4_k_m", "one.gguf"):
        assert choose((one, two), name) is one, name
    assert choose((one, two), "/m/two.gguf") is two
    assert choose((one, two), "v3", "Q4_K_M") is two
    with pytest.raises(UserError) as caught:
        choose((one, two), "v3", "Q8_0")
    assert caught.value.code == "not_installed"
    with pytest.raises(UserError) as caught:
        choose((), "v3")
    assert caught.value.why == "No model is installed yet."
