"""The window's way to the queue: real threads, a real hub on this machine, signals in the GUI thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from launcher.catalog import listing
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.paths import data_dir
from launcher.services.copies import copies
from launcher.services.download_service import DownloadService
from tests.fakes.hub import FakeHub, Fault, serving
from tests.hub.queue_desk import QUANTS, fill, request

PATIENCE_MS = 20_000


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield fill(server)


class Desk:
    """A service and what it said."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.root = QObject()
        self.service = DownloadService(self.root)
        self.seen: list[DownloadProgress] = []
        self.orders: list[list[str]] = []
        self.finished: list[str] = []
        self.notes: list[str] = []
        self.is_foreign = False
        self.service.progressed.connect(self._on_progressed)
        self.service.jobs_changed.connect(self._on_jobs_changed)
        self.service.finished.connect(self._on_finished)
        self.service.note_changed.connect(self.notes.append)

    def _on_progressed(self, progress: DownloadProgress) -> None:
        self.is_foreign |= QThread.currentThread() is not self.root.thread()
        self.seen.append(progress)

    def _on_jobs_changed(self, jobs: tuple[tuple[DownloadRequest, DownloadProgress], ...]) -> None:
        self.orders.append([item.quant for item, _progress in jobs])

    def _on_finished(self, progress: DownloadProgress) -> None:
        self.finished.append(progress.key)

    def state(self, key: str) -> DownloadState | None:
        return next((p.state for r, p in self.service.jobs() if r.key == key), None)

    def wait_for(self, key: str, state: DownloadState) -> None:
        self.qtbot.waitUntil(lambda: any(p.key == key and p.state is state for p in self.seen), timeout=PATIENCE_MS)

    def wait_until_read(self) -> None:
        with self.qtbot.waitSignal(self.service.library_changed, timeout=PATIENCE_MS):
            self.service.rescan()


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    found = Desk(qtbot)
    yield found
    found.service.close()


def test_asked_before_the_list_is_read(desk: Desk, fake: FakeHub) -> None:
    desk.service.set_at_once(1)
    desk.service.set_connections(1)
    desk.service.start(request("Q4_0"))
    assert desk.service.jobs() == ()
    desk.service.start_service()
    key = request("Q4_0").key
    desk.wait_for(key, DownloadState.DONE)
    desk.qtbot.waitUntil(lambda: desk.finished == [key], timeout=PATIENCE_MS)
    assert not desk.is_foreign
    assert desk.orders == [["Q4_0"]]


def test_order_pause_and_limits(desk: Desk, fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    desk.service.set_at_once(1)
    desk.service.start_service()
    for quant in QUANTS:
        desk.service.start(request(quant))
    first, last = request("Q4_0").key, request("Q8_0").key
    desk.wait_for(first, DownloadState.DOWNLOADING)
    desk.service.move(last, 0)
    assert desk.orders[-1] == ["Q8_0", "Q4_0", "Q5_0"]
    desk.service.set_item_limit(first, 1000)
    desk.service.set_limit(1000)
    desk.qtbot.waitUntil(lambda: any(p.limit_bytes_s == 1000 for p in desk.seen), timeout=PATIENCE_MS)
    desk.service.pause_all()
    desk.wait_for(first, DownloadState.PAUSED)
    desk.qtbot.waitUntil(
        lambda: {p.state for _r, p in desk.service.jobs()} == {DownloadState.PAUSED}, timeout=PATIENCE_MS
    )
    fake.heal()
    desk.service.set_limit(None)
    desk.service.set_item_limit(first, None)
    desk.service.resume_all()
    for quant in QUANTS:
        desk.wait_for(request(quant).key, DownloadState.DONE)


def test_restart_of_the_program(qtbot: QtBot, fake: FakeHub) -> None:
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    before = Desk(qtbot)
    before.service.start_service()
    key = request("Q4_0").key
    before.service.start(request("Q4_0"))
    before.wait_for(key, DownloadState.DOWNLOADING)
    before.service.close()
    fake.heal()
    resting = Desk(qtbot)
    resting.service.start_service(resume_on_start=False)
    resting.wait_until_read()
    assert resting.state(key) is DownloadState.PAUSED
    resting.service.close()
    after = Desk(qtbot)
    after.service.start_service()
    after.wait_for(key, DownloadState.DONE)
    after.service.close()


@pytest.mark.expected_logs("downloads.json could not be read")
def test_damaged_list_is_told(desk: Desk, fake: FakeHub) -> None:
    data_dir().mkdir(parents=True, exist_ok=True)
    (data_dir() / "downloads.json").write_text("nothing")
    desk.service.start_service()
    desk.qtbot.waitUntil(lambda: bool(desk.notes), timeout=PATIENCE_MS)
    assert "damaged" in desk.notes[0]


@pytest.mark.parametrize("moment", ["at once", "while it reads", "while it fetches"])
def test_closed_at_any_time(qtbot: QtBot, fake: FakeHub, moment: str) -> None:
    """The guards of every test see to it that no thread is left."""
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    desk = Desk(qtbot)
    desk.service.start(request("Q4_0"))
    if moment != "at once":
        desk.service.start_service()
    if moment == "while it fetches":
        desk.wait_for(request("Q4_0").key, DownloadState.DOWNLOADING)
    desk.service.close()
    seen = len(desk.seen)
    desk.service.start(request("Q5_0"))
    desk.service.resume_all()
    desk.service.move(request("Q4_0").key, 3)
    desk.service.remove(request("Q4_0").key)
    desk.service.close()
    qtbot.wait(50)
    assert len(desk.seen) == seen


def of_catalog(model: str, quant: str) -> DownloadRequest:
    variant = listing.load().find(model)
    found = next(q for q in variant.quants if q.name == quant)
    return DownloadRequest(variant.id, variant.short_name, quant, found.repo, found.files, found.file_bytes)


def test_copies_are_of_the_same_model_and_nearly_the_same_size() -> None:
    count = 0
    for variant in listing.load().variants:
        for quant in variant.quants:
            for copy in copies(of_catalog(variant.id, quant.name)):
                count += 1
                assert copy.model == variant.id
                assert copy.repo != quant.repo
                assert 0.8 <= copy.file_bytes / quant.file_bytes <= 1.05
    assert count > 50
    (copy,) = copies(of_catalog("v4-flash", "MXFP4"))
    assert copy.quant == "UD-Q4_K_XL"
    assert copies(request("Q4_0")) == ()


def test_copy_of_another_publisher_takes_the_place(desk: Desk, fake: FakeHub) -> None:
    closed = of_catalog("r1-distill-qwen-32b", "Q4_K_M")
    for file in closed.files:
        fake.add_file(closed.repo, file.name, b"x" * 100)
    fake.gate(closed.repo, "hf_right")
    desk.service.start_service()
    desk.service.start(closed)
    desk.service.start(request("Q4_0"))
    desk.wait_for(closed.key, DownloadState.FAILED)
    copy = desk.service.alternatives(closed.key)[0]
    assert copy.repo.startswith("bartowski/")
    desk.service.use_copy(closed.key, copy.key)
    assert [r.key for r, _ in desk.service.jobs()] == [copy.key, request("Q4_0").key]
    desk.service.use_copy("unknown", copy.key)
    assert len(desk.service.jobs()) == 2


def test_entering_a_token_starts_only_what_waited_for_it(desk: Desk, fake: FakeHub) -> None:
    closed = replace(request("Q4_0"), repo="org/closed-GGUF")
    fake.add_file(closed.repo, "m-Q4_0.gguf", b"x" * 1000)
    fake.gate(closed.repo, "hf_right")
    fake.fail(Fault("throttle", rate_bytes_s=1e6, times=None))
    desk.service.start_service()
    desk.service.start(closed)
    desk.service.start(request("Q5_0"))
    desk.wait_for(request("Q5_0").key, DownloadState.DOWNLOADING)
    desk.service.pause(request("Q5_0").key)
    desk.wait_for(request("Q5_0").key, DownloadState.PAUSED)
    desk.wait_for(closed.key, DownloadState.FAILED)
    fake.gates.clear()
    desk.service.retry_failed("gated", "token_refused")
    desk.wait_for(closed.key, DownloadState.DONE)
    assert desk.state(request("Q5_0").key) is DownloadState.PAUSED
