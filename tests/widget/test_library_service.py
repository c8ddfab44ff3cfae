"""The library service with real files and a hub on loopback: verify, move, remove, updates, pins, adopting, last use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from launcher.app.flow import ChatFlow
from launcher.app.library_presenter import LibraryPresenter
from launcher.core.downloads import DownloadRequest, DownloadState, Installed, Origin
from launcher.downloads.transfer.fetch import fetch
from launcher.services.chat_service import ChatService
from launcher.services.download_service import DownloadService
from launcher.services.library_service import LibraryService
from launcher.services.library_values import CheckState, Library, LibraryEntry
from launcher.services.plan_service import PlanService
from launcher.store.loads import LastLoad
from tests.fakes.gguf_raw import model_bytes
from tests.fakes.hub import FakeHub, serving

REPO = "org/model-GGUF"
WAIT_MS = 30_000


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


class Rig:
    """The service with the two it listens to, and what it said last."""

    def __init__(self) -> None:
        self.owner = QObject()
        self.downloads = DownloadService(self.owner)
        self.plans = PlanService(self.owner)
        self.library = LibraryService(self.downloads, self.plans, self.owner)
        self.seen: list[Library] = []
        self.library.listed.connect(self.seen.append)

    def entry(self, path: str = "") -> LibraryEntry | None:
        entries = self.seen[-1].entries if self.seen else ()
        return next((e for e in entries if not path or e.model.path == path), None)

    def close(self) -> None:
        self.library.close()
        self.downloads.close()
        self.plans.close()
        self.owner.deleteLater()


@pytest.fixture
def rig(qtbot: QtBot) -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()
    qtbot.wait(10)


def installed(hub: FakeHub, content: bytes | None = None) -> str:
    hub.add_file(REPO, "model-Q4_0.gguf", content or model_bytes())
    request = DownloadRequest("tiny", "Tiny", "Q4_0", REPO, (), 0)
    result = fetch(request, lambda _: None, threading.Event())
    assert result.state is DownloadState.DONE, result.error
    return result.paths[0]


def listed(rig: Rig, qtbot: QtBot, path: str) -> LibraryEntry:
    rig.downloads.rescan()
    qtbot.waitUntil(lambda: rig.entry(path) is not None, timeout=WAIT_MS)
    entry = rig.entry(path)
    assert entry is not None
    return entry


def test_verify_says_what_it_found_and_it_stays_known(hub: FakeHub, rig: Rig, qtbot: QtBot) -> None:
    path = installed(hub)
    entry = listed(rig, qtbot, path)
    with qtbot.waitSignals([rig.library.verified, rig.library.work_ended], timeout=WAIT_MS):
        rig.library.verify(entry.model)
    assert not rig.library.works

    def is_known() -> bool:
        entry = rig.entry(path)
        return entry is not None and entry.check is not None and entry.check.state is CheckState.MATCHES

    qtbot.waitUntil(is_known, timeout=WAIT_MS)


def test_a_damaged_model_of_ours_is_told_and_fetched_again(hub: FakeHub, rig: Rig, qtbot: QtBot) -> None:
    path = installed(hub)
    entry = listed(rig, qtbot, path)
    with Path(path).open("r+b") as stream:
        stream.seek(-3, 2)
        stream.write(b"\xff\xff\xff")
    with qtbot.waitSignal(rig.library.verified, timeout=WAIT_MS) as caught:
        rig.library.verify(entry.model)
    assert caught.args is not None
    assert caught.args[1].state == "differs"
    with qtbot.waitSignal(rig.library.fetch_wanted, timeout=WAIT_MS) as caught:
        rig.library.fetch_again(path)
    assert caught.args is not None
    request = caught.args[0]
    assert (request.repo, request.quant) == (REPO, "Q4_0")
    assert fetch(request, lambda _: None, threading.Event()).state is DownloadState.DONE
    listed(rig, qtbot, path)


def test_a_newer_version_is_offered_unless_the_old_one_is_kept(hub: FakeHub, rig: Rig, qtbot: QtBot) -> None:
    path = installed(hub)
    entry = listed(rig, qtbot, path)
    newer = model_bytes("Tiny of the tests, again", elements=512)
    hub.add_file(REPO, "model-Q4_0.gguf", newer)
    hub.commit = "b" * 40
    with qtbot.waitSignal(rig.library.updates_looked_for, timeout=WAIT_MS) as caught:
        rig.library.look_for_updates()
    assert caught.args == [1]
    found = rig.entry(path)
    assert found is not None
    assert found.update is not None
    assert found.update.file_bytes == len(newer)
    updating = found.update.request
    rig.library.pin(entry.model, True)

    def is_pinned() -> bool:
        entry = rig.entry(path)
        return entry is not None and entry.model.pinned and entry.update is None

    qtbot.waitUntil(is_pinned, timeout=WAIT_MS)
    with qtbot.waitSignal(rig.library.updates_looked_for, timeout=WAIT_MS) as caught:
        rig.library.look_for_updates()
    assert caught.args == [0]
    rig.library.pin(entry.model, False)
    qtbot.waitUntil(lambda: not is_pinned() and not rig.seen[-1].entries[0].model.pinned, timeout=WAIT_MS)
    with qtbot.waitSignal(rig.library.updates_looked_for, timeout=WAIT_MS) as caught:
        rig.library.look_for_updates()
    assert caught.args == [1]
    # Once it is here it is offered no more, and the old one is still there.
    assert fetch(updating, lambda _: None, threading.Event()).state is DownloadState.DONE
    rig.downloads.rescan()
    qtbot.waitUntil(lambda: len(rig.seen[-1].entries) == 2, timeout=WAIT_MS)
    assert not [e for e in rig.seen[-1].entries if e.update is not None]


def test_moving_and_removing(hub: FakeHub, rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    path = installed(hub)
    entry = listed(rig, qtbot, path)
    other = tmp_path / "other disk"
    with qtbot.waitSignal(rig.library.moved, timeout=WAIT_MS) as caught:
        rig.library.move(entry.model, str(other))
    assert caught.args is not None
    moved: Installed = caught.args[0]
    assert Path(moved.path).is_relative_to(other)
    assert not Path(path).exists()
    entry = listed(rig, qtbot, moved.path)
    assert entry.model.is_ours
    with qtbot.waitSignal(rig.library.removed, timeout=WAIT_MS) as caught:
        rig.library.remove(entry.model)
    assert caught.args is not None
    assert caught.args[1] == entry.model.size_bytes
    qtbot.waitUntil(lambda: rig.entry(moved.path) is None, timeout=WAIT_MS)


def test_what_is_not_ours_is_not_removed(rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(model_bytes())
    with qtbot.waitSignal(rig.library.adopted, timeout=WAIT_MS):
        rig.library.adopt((str(file),))
    entry = listed(rig, qtbot, str(file))
    assert entry.model.origin == Origin.FILE
    rig.library.remove(entry.model)  # of an opened file this only takes it off the list, or says no
    qtbot.waitUntil(lambda: not rig.library.works, timeout=WAIT_MS)
    assert file.exists()


def test_stopping_ends_without_an_error(hub: FakeHub, rig: Rig, qtbot: QtBot) -> None:
    entry = listed(rig, qtbot, installed(hub))
    failures: list[object] = []
    rig.library.failed.connect(lambda path, error: failures.append((path, error)))
    with qtbot.waitSignal(rig.library.work_ended, timeout=WAIT_MS):
        rig.library.verify(entry.model)
        rig.library.cancel(entry.model.path)
    assert not failures


def test_last_use_is_found_by_path_and_after_a_move_by_name(hub: FakeHub, rig: Rig, qtbot: QtBot) -> None:
    path = installed(hub)
    listed(rig, qtbot, path)

    def last_use(*loads: LastLoad) -> float | None:
        rig.library.set_last_loads(loads)
        entry = rig.entry(path)
        assert entry is not None
        return entry.model.last_used_unix_s

    assert last_use() is None
    assert last_use(LastLoad("x", "y", path, 5.0)) == 5.0
    assert last_use(LastLoad("Tiny", "Q4_0", "", 4.0), LastLoad("Tiny", "Q4_0", "/gone.gguf", 7.0)) == 7.0
    assert last_use(LastLoad("Tiny", "Q8_0", "", 4.0)) is None


def test_dropped_files_are_listed_and_others_say_why_not(qtbot: QtBot, rig: Rig, tmp_path: Path) -> None:
    class Engine:
        installed = None

        def open(self, installed: Installed, wishes: object, expected: object = None) -> None:
            opened.append(installed)

    opened: list[Installed] = []
    store = ChatService(rig.owner)
    flow = ChatFlow(rig.downloads, Engine(), rig.plans, rig.owner)  # type: ignore[arg-type]
    presenter = LibraryPresenter(rig.library, rig.downloads, store, flow, rig.owner)
    page = presenter.page
    qtbot.addWidget(page)
    page.show()
    good, text, cut = tmp_path / "good.gguf", tmp_path / "notes.txt", tmp_path / "cut.gguf"
    content = model_bytes(elements=4096)
    good.write_bytes(content)
    text.write_text("hello")
    cut.write_bytes(content[:-100])
    shard = tmp_path / "big-00002-of-00003.gguf"
    shard.write_bytes(content)
    with qtbot.waitSignal(rig.library.adopted, timeout=WAIT_MS):
        presenter.add((str(good), str(text), str(cut)))
    what, why = page.message.texts
    assert what.endswith("is in the library now.")
    assert "notes.txt is not a GGUF model." in why
    assert "cut.gguf is not complete." in why
    listed(rig, qtbot, str(good))
    page.message.step_chosen.emit(page.message._steps[next(iter(page.message._steps))])  # pyright: ignore
    assert [m.path for m in opened] == [str(good)]
    with qtbot.waitSignal(rig.library.adopted, timeout=WAIT_MS):
        presenter.add((str(shard),))
    assert "big-00002-of-00003.gguf" in page.message.texts[0]
    # A double click opens what is listed already, and explains what cannot be opened.
    with qtbot.waitSignal(rig.library.adopted, timeout=WAIT_MS):
        presenter.open_file(str(good))
    assert [m.path for m in opened] == [str(good)] * 2
    with qtbot.waitSignal(presenter.page_wanted, timeout=WAIT_MS):
        presenter.open_file(str(text))
    assert page.message.texts[0] == "notes.txt is not a GGUF model."
    store.close()
