"""`launcher download` as a person or a script calls it: a real hub, real files, exit codes."""

from __future__ import annotations

import hashlib
import inspect
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher.cli.bars import DownloadBar, WorkBar, describe
from launcher.cli.main import run_command
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.models import ModelFile
from launcher.core.paths import config_dir, hub_cache_dir
from launcher.downloads.disk import folders, index
from launcher.downloads.disk.cache import RepoCache
from launcher.downloads.disk.part import present_bytes
from launcher.downloads.library import scan as library
from launcher.downloads.transfer.fetch import fetch
from launcher.downloads.transfer.retry import Policy
from launcher.store.settings import CONNECTIONS, SPEED_LIMIT_KB_S, Settings
from tests.fakes.hub import FakeHub, Fault, serving
from tests.hub.test_library_verify import model_bytes

REPO = "org/model-GGUF"
NAME = "model-Q4_0.gguf"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


@pytest.fixture
def model(tmp_path: Path) -> bytes:
    return model_bytes(tmp_path)


def test_download_command_prints_json_and_continues(
    fake: FakeHub, model: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    content = model + b"\0" * 2_000_000
    fake.add_file(REPO, "model-Q4_0.gguf", content)
    fake.fail(Fault("cut", after_bytes=1_000_000))
    assert run_command(["download", REPO, "--quant", "q4_0", "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["model"], document["quant"], document["bytes"]) == (REPO, "q4_0", len(content))
    assert document["sha256"] == [hashlib.sha256(content).hexdigest()]
    assert Path(document["paths"][0]).read_bytes() == content
    assert {"model", "quant", "paths", "bytes", "sha256", "resumed_bytes", "seconds"} <= set(document)
    (file,) = document["files"]
    assert file == {
        "name": "model-Q4_0.gguf",
        "path": document["paths"][0],
        "bytes": len(content),
        "sha256": document["sha256"][0],
    }
    assert "100 %" in err
    assert "Trying again" in err


def test_ctrl_c_keeps_what_came_and_says_how_to_go_on(fake: FakeHub, model: bytes) -> None:
    content = model + b"\0" * 3_000_000
    total = fake.add_file(REPO, "model-Q4_0.gguf", content)
    slow = fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    command = [sys.executable, "-m", "launcher", "download", REPO, "--quant", "Q4_0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        part = RepoCache.of(REPO).part(total)
        while not part.exists() or part.stat().st_size < 500_000:
            assert child.poll() is None
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    assert (child.returncode, out) == (130, "")
    assert "The download is paused." in err
    assert f"Continue: launcher download {REPO} --quant Q4_0" in err
    here = part.stat().st_size
    assert here >= 500_000
    slow.times = 0
    assert run_command(["download", REPO, "--quant", "Q4_0"]) == 0
    assert (fake.gets()[-1].range or "").startswith(f"bytes={here}-")


@pytest.mark.parametrize("form", ["{repo}:model-Q4_0.gguf", "{hub}/{repo}/resolve/main/model-Q4_0.gguf?download=true"])
def test_download_of_one_file_by_name_or_address(
    fake: FakeHub, model: bytes, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", model)
    fake.add_file(REPO, "model-Q8_0.gguf", model + b"8")
    assert run_command(["download", form.format(repo=REPO, hub=fake.endpoint)]) == 0
    assert capsys.readouterr().out.strip().endswith("model-Q4_0.gguf")


def test_download_without_a_quant_asks_which(fake: FakeHub, model: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    fake.add_file(REPO, "model-Q4_0.gguf", model)
    fake.add_file(REPO, "model-Q8_0.gguf", model)
    assert run_command(["download", REPO]) == 1
    err = capsys.readouterr().err
    assert "Which quantisation?" in err
    assert "Q4_0" in err
    assert "Q8_0" in err


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["org/none", "--quant", "Q4_0"], "repo_not_found"),
        (["no-such-model"], "unknown_model"),
        (["r1-distill-qwen-7b", "--quant", "Q9_X"], "quant_not_found"),
    ],
)
def test_download_says_what_is_wrong(
    fake: FakeHub, capsys: pytest.CaptureFixture[str], argv: list[str], code: str
) -> None:
    assert fake.endpoint
    assert run_command(["download", *argv, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_several_models_in_turn(fake: FakeHub, model: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    fake.add_file(REPO, NAME, model)
    fake.add_file("org/other-GGUF", "other-Q4_0.gguf", model + b"2")
    models = [REPO, "org/none", "org/other-GGUF"]
    assert run_command(["download", *models, "--quant", "Q4_0", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)["downloads"]
    assert [d.get("error", {}).get("code") for d in document] == [None, "repo_not_found", None]
    assert len(library.installed()) == 2


def test_another_folder(fake: FakeHub, model: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake.add_file(REPO, NAME, model)
    there = tmp_path / "big disk"
    assert run_command(["download", REPO, "--quant", "Q4_0", "--to", str(there)]) == 0
    assert capsys.readouterr().out.startswith(str(there))
    (found,) = library.installed()
    assert (found.origin, found.path.startswith(str(there))) == ("launcher", True)
    assert not list(hub_cache_dir().rglob("*.gguf"))


def test_what_began_here_goes_on_there(fake: FakeHub, tmp_path: Path) -> None:
    content = model_bytes(tmp_path, 3_000_000)
    total = fake.add_file(REPO, NAME, content)
    slow = fake.fail(Fault("throttle", rate_bytes_s=8e6, times=None))
    stop = threading.Event()

    def stop_early(progress: DownloadProgress) -> None:
        if progress.done_bytes > 4_500_000:
            stop.set()

    fetch(DownloadRequest(REPO, "model-GGUF", "Q4_0", REPO, (), 0), stop_early, stop)
    assert present_bytes(RepoCache.of(REPO), ModelFile(NAME, len(content), total)) > 4_000_000
    slow.times = 0
    there, before = tmp_path / "big disk", fake.sent_bytes()
    assert run_command(["download", REPO, "--quant", "Q4_0", "--to", str(there)]) == 0
    assert Path(index.installed_sets()[0].paths()[0]).read_bytes() == content
    assert index.installed_sets()[0].request.folder == str(there)
    assert fake.sent_bytes() - before < len(content) - 4_000_000
    assert not list(hub_cache_dir().rglob("*.launcher.*"))


def test_folder_of_the_settings_is_where_new_models_go(fake: FakeHub, model: bytes, tmp_path: Path) -> None:
    fake.add_file(REPO, NAME, model)
    folders.set_downloads(str(tmp_path / "big disk"))
    assert run_command(["download", REPO, "--quant", "Q4_0"]) == 0
    assert library.installed()[0].path.startswith(str(tmp_path / "big disk"))


def test_folder_that_cannot_be_written(fake: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert fake.endpoint
    assert run_command(["download", REPO, "--quant", "Q4_0", "--to", str(tmp_path / "file"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "folder_not_writable"


def test_revision_is_fetched_and_kept(fake: FakeHub, model: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    fake.add_file(REPO, NAME, model)
    first = fake.commit(REPO)
    fake.add_file(REPO, NAME, model + b"newer")
    assert run_command(["download", REPO, "--quant", "Q4_0", "--revision", first, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["revision"] == first
    (found,) = library.installed()
    assert found.pinned
    assert Path(found.path).read_bytes() == model


def test_sidecar_comes_with_the_model_as_one(fake: FakeHub, model: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    fake.add_file(REPO, NAME, model)
    fake.add_file(REPO, "mmproj-F16.gguf", model + b"eyes")
    assert run_command(["download", REPO, "--quant", "Q4_0", "--with", "mmproj-F16.gguf", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [f["name"] for f in document["files"]] == [NAME, "mmproj-F16.gguf"]
    (found,) = library.installed()
    assert found.path == document["paths"][0]
    assert run_command(["library", "remove", NAME, "--yes"]) == 0
    assert not list(hub_cache_dir().rglob("*.gguf"))


@pytest.mark.parametrize(
    "argv", [["--limit", "fast"], ["--limit", "0"], ["--connections", "0"], ["--connections", "x"]]
)
def test_wrong_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["download", REPO, *argv]) == 2
    assert argv[0] in capsys.readouterr().err


def test_limit_and_connections_of_the_settings_hold_where_none_are_given(
    fake: FakeHub, model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(config_dir() / "settings.toml")
    settings.set(SPEED_LIMIT_KB_S, 700)
    settings.set(CONNECTIONS, 3)
    heard: list[object] = []

    def spy(*args: object, **kwargs: Any) -> DownloadProgress:
        heard.append(args[3].connections if isinstance(args[3], Policy) else None)
        heard.append(inspect.getclosurevars(kwargs["throttle"]).nonlocals["limit"].bytes_s)
        return fetch(*args, **kwargs)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr("launcher.downloads.transfer.fetch.fetch", spy)
    fake.add_file(REPO, NAME, model)
    assert run_command(["download", REPO, "--quant", "Q4_0"]) == 0
    assert run_command(["download", REPO, "--quant", "Q4_0", "--limit", "none", "--connections", "5"]) == 0
    assert heard == [3, 700_000, 5, None]


def test_limit_and_connections_are_heard(fake: FakeHub, model: bytes) -> None:
    fake.add_file(REPO, NAME, model)
    assert run_command(["download", REPO, "--quant", "Q4_0", "--limit", "800KB/s", "--connections", "2"]) == 0


def test_the_line_says_what_happens() -> None:
    progress = DownloadProgress("k", DownloadState.DOWNLOADING, 500, 1000, rate_bytes_s=100.0)
    assert "5 s left" in describe("M", progress, 120)
    away = DownloadProgress("k", DownloadState.DOWNLOADING, 500, 1000, retry_in_s=12.0)
    assert "no connection, next try in 12 s" in describe("M", away, 120)
    full = DownloadProgress("k", DownloadState.PAUSED, 500, 1000, pause_reason=PauseReason.DISK_FULL)
    assert "paused: the disk is full" in describe("M", full, 120)
    assert describe("M", progress, 120, "2 of 5 files").endswith("2 of 5 files")
    assert len(describe("M" * 50, progress, 40)) < 40


def test_bars_are_quiet_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    bar = WorkBar("Checking")
    for done in range(1, 1001):
        bar.show(done, 1000)
    download = DownloadBar("M")
    for done in range(1000):
        download.show(DownloadProgress("k", DownloadState.DOWNLOADING, done, 1000))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Checking  [####################] 100 %")
    assert len(lines) <= 4
