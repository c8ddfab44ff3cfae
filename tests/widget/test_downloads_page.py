"""The Downloads page: what each state says and offers, and that nothing is deleted without being asked about once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Disk
from launcher.ui.components import Text
from launcher.ui.downloads import DownloadsPage
from launcher.ui.downloads.disk_card import DiskBar, Share, disk_shares
from launcher.ui.downloads.job_card import JobCard

GB = 10**9
REQUEST = DownloadRequest("m", "R1-Distill-Qwen-32B", "Q4_K_M", "someone/m", (), 20 * GB)
OTHER = DownloadRequest("n", "R1-0528-Qwen3-8B", "Q8_0", "someone/n", (), 8 * GB)
FULL = UserError(
    "disk_full",
    "2.5 GB too little disk space.",
    "Needs 48.6 GB more; 46.1 GB are free.",
    (NextStep("Free up space", "free_space"), NextStep("Delete other files first")),
)


def at(state: DownloadState, done_gb: float = 12.4, **rest: object) -> DownloadProgress:
    return DownloadProgress(REQUEST.key, state, round(done_gb * GB), 20 * GB, **rest)  # type: ignore[arg-type]


@pytest.fixture
def page(qtbot: QtBot) -> DownloadsPage:
    made = DownloadsPage()
    qtbot.addWidget(made)
    made.resize(1200, 770)
    made.show()
    return made


def buttons(page: QWidget) -> dict[str, QAbstractButton]:
    """Visible buttons by accessible name, else text."""
    return {b.accessibleName() or b.text(): b for b in page.findChildren(QAbstractButton) if b.isVisible()}


def says(page: QWidget) -> str:
    """Everything that is written on the page."""
    return "\n".join(label.text() for label in page.findChildren(Text) if label.isVisible())


def test_an_empty_page_leads_home(page: DownloadsPage, qtbot: QtBot) -> None:
    assert "Nothing is being downloaded." in says(page)
    with qtbot.waitSignal(page.home_requested):
        buttons(page)["Choose a model"].click()
    page.set_jobs(((REQUEST, at(DownloadState.QUEUED, 0)),))
    assert "Nothing is being downloaded." not in says(page)


def test_a_running_download_says_amount_rate_and_time_left(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.CHECKING, 0)),))
    page.set_progress(at(DownloadState.DOWNLOADING, rate_bytes_s=47.5e6, note="Continued at 2.9 GB."))
    assert "12.4 GB of 20.0 GB · 47.5 MB/s · 2 min 40 s left" in says(page)
    assert "Continued at 2.9 GB." in says(page)
    assert "1 running. If you close the app, they continue where they stopped next time." in says(page)
    assert "47.5 MB/s now" in says(page)
    with qtbot.waitSignal(page.pause_requested) as caught:
        buttons(page)["Pause R1-Distill-Qwen-32B Q4_K_M"].click()
    assert caught.args == [REQUEST.key]


@pytest.mark.parametrize(
    ("state", "words", "offered", "missing"),
    [
        (DownloadState.QUEUED, "Waiting for its turn", "Pause", "Resume"),
        (DownloadState.CHECKING, "Checking disk and server", "Pause", "Resume"),
        (DownloadState.VERIFYING, "Comparing the checksum", "Remove", "Pause"),
        (DownloadState.PAUSED, "Paused · 12.4 GB of 20.0 GB are here and stay", "Resume", "Pause"),
    ],
)
def test_each_state_in_words(page: DownloadsPage, state: DownloadState, words: str, offered: str, missing: str) -> None:
    page.set_jobs(((REQUEST, at(state)),))
    assert words in says(page)
    assert f"{offered} R1-Distill-Qwen-32B Q4_K_M" in buttons(page)
    assert f"{missing} R1-Distill-Qwen-32B Q4_K_M" not in buttons(page)


def test_a_failure_says_what_why_and_what_now(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.FAILED, 4, error=FULL)),))
    text = says(page)
    assert "2.5 GB too little disk space." in text
    # The why, what is kept, and the advice that no button can follow.
    assert "Needs 48.6 GB more; 46.1 GB are free. The 4.0 GB that are here stay. Delete other files first." in text
    assert "1 stopped." in text
    with qtbot.waitSignal(page.next_step_chosen) as caught:
        buttons(page)["Free up space: R1-Distill-Qwen-32B Q4_K_M"].click()
    assert caught.args == [REQUEST.key, FULL.next_steps[0]]
    page.set_progress(at(DownloadState.DOWNLOADING, 4))
    assert "Free up space: R1-Distill-Qwen-32B Q4_K_M" not in buttons(page)
    assert "Needs 48.6 GB more" not in says(page)


def test_removing_asks_once_where_bytes_would_be_deleted(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.PAUSED)),))
    with qtbot.assertNotEmitted(page.remove_requested):
        buttons(page)["Remove R1-Distill-Qwen-32B Q4_K_M"].click()
    assert "Removing it deletes the 12.4 GB that are already here." in says(page)
    with qtbot.assertNotEmitted(page.remove_requested):
        buttons(page)["Keep"].click()
    assert "Delete 12.4 GB" not in buttons(page)
    buttons(page)["Remove R1-Distill-Qwen-32B Q4_K_M"].click()
    with qtbot.waitSignal(page.remove_requested) as caught:
        buttons(page)["Delete 12.4 GB"].click()
    assert caught.args == [REQUEST.key]


def test_removing_what_has_no_bytes_yet_does_not_ask(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.QUEUED, 0)),))
    with qtbot.waitSignal(page.remove_requested):
        buttons(page)["Remove R1-Distill-Qwen-32B Q4_K_M"].click()


def test_the_remove_step_of_an_error_asks_too(page: DownloadsPage, qtbot: QtBot) -> None:
    error = UserError("checksum", "The file is damaged.", "", (NextStep("Delete it", "remove"),))
    page.set_jobs(((REQUEST, at(DownloadState.FAILED, error=error)),))
    names = [name for name in buttons(page) if name.endswith(": R1-Distill-Qwen-32B Q4_K_M")]
    assert names == ["Remove: R1-Distill-Qwen-32B Q4_K_M"]
    with qtbot.assertNotEmitted(page.next_step_chosen), qtbot.assertNotEmitted(page.remove_requested):
        buttons(page)[names[0]].click()
    with qtbot.waitSignal(page.remove_requested):
        buttons(page)["Delete 12.4 GB"].click()


def test_a_finished_download_moves_down_and_can_be_chatted_with(page: DownloadsPage, qtbot: QtBot) -> None:
    second = DownloadProgress(OTHER.key, DownloadState.QUEUED, 0, 8 * GB)
    page.set_jobs(((REQUEST, at(DownloadState.VERIFYING, 20)), (OTHER, second)))
    page.set_progress(at(DownloadState.DONE, 20, sha256=("ab",), paths=("/m",)))
    text = says(page)
    assert "Finished" in text
    assert "20.0 GB · finished " in text
    assert "sha256 matches" in text
    assert "1 waiting." in text
    with qtbot.waitSignal(page.chat_requested) as caught:
        buttons(page)["Chat with R1-Distill-Qwen-32B Q4_K_M"].click()
    assert caught.args == [REQUEST.key]
    assert len([c for c in page.findChildren(JobCard) if c.isVisible()]) == 1


def test_an_end_that_comes_with_the_list_is_seen_too(page: DownloadsPage) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.VERIFYING, 20)),))
    page.set_jobs(((REQUEST, at(DownloadState.DONE, 20)),))
    assert "20.0 GB · finished " in says(page)


def test_no_checksum_and_no_time_are_claimed_that_were_not_seen(page: DownloadsPage) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.DONE, 20)),))
    assert "sha256" not in says(page)
    assert "finished " not in says(page)


def test_chat_when_done_is_remembered_by_the_page(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_chat_when_done(REQUEST.key, True)
    page.set_jobs(((REQUEST, at(DownloadState.QUEUED)),))
    box = buttons(page)["Chat when R1-Distill-Qwen-32B Q4_K_M is done"]
    assert box.isChecked()
    with qtbot.waitSignal(page.chat_when_done_changed) as caught:
        box.click()
    assert caught.args == [REQUEST.key, False]


def test_all_at_once(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING)),))
    with qtbot.waitSignal(page.pause_all_requested):
        buttons(page)["Pause all"].click()
    page.set_progress(at(DownloadState.PAUSED))
    assert "Pause all" not in buttons(page)
    with qtbot.waitSignal(page.resume_all_requested):
        buttons(page)["Resume all"].click()


def test_a_tick_keeps_the_card_and_the_focus(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING, 1)),))
    page.activateWindow()
    button = buttons(page)["Pause R1-Distill-Qwen-32B Q4_K_M"]
    button.setFocus()
    for i in range(20):
        page.set_progress(at(DownloadState.DOWNLOADING, 1 + i))
    assert buttons(page)["Pause R1-Distill-Qwen-32B Q4_K_M"] is button
    assert page.focusWidget() is button


def test_items_that_are_gone_leave_no_card(page: DownloadsPage) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.PAUSED)),))
    page.set_jobs(())
    page.set_progress(at(DownloadState.DOWNLOADING))
    assert not [c for c in page.findChildren(JobCard) if c.isVisible()]
    assert "Nothing is being downloaded." in says(page)


def test_the_disk_adds_up(page: DownloadsPage, qtbot: QtBot) -> None:
    disk = Disk("/models", round(59.1 * GB), 1000 * GB, kind="SSD")
    shares = disk_shares(disk, round(45.3 * GB), 13 * GB)
    assert sum(shares.values()) == 1000 * GB
    assert shares[Share.FREE] == round(46.1 * GB)
    page.set_disk(disk, round(45.3 * GB), 13 * GB)
    bar = page.findChildren(DiskBar)[0]
    assert bar.accessibleName() == (
        "/models, 1.0 TB: Models and partial downloads 45.3 GB, Kept for running downloads 13.0 GB, "
        "Other files 895.6 GB, Free 46.1 GB"
    )
    with qtbot.waitSignal(page.open_folder_requested):
        buttons(page)["Open folder"].click()


def test_a_reserve_larger_than_the_free_space_leaves_none() -> None:
    shares = disk_shares(Disk("/", 5 * GB, None), 1 * GB, 9 * GB)
    assert (shares[Share.RESERVED], shares[Share.FREE], shares[Share.OTHER]) == (5 * GB, 0, 0)


def test_the_source_is_named(page: DownloadsPage) -> None:
    page.set_source("hf-mirror.example")
    assert "hf-mirror.example" in says(page)
    assert "idle" in says(page)


def test_a_narrow_window_shows_everything_in_one_column(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING, note="x " * 200)),))
    page.resize(840, 600)
    qtbot.waitUntil(lambda: not page.horizontalScrollBar().isVisible() and page.verticalScrollBar().isVisible())
    assert page.content.width() <= 840


def test_every_control_has_a_name(page: DownloadsPage) -> None:
    failed = replace(at(DownloadState.FAILED, error=FULL), key=OTHER.key)
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING)), (OTHER, failed)))
    controls = [w for w in page.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()]
    names = [QAccessible.queryAccessibleInterface(w).text(QAccessible.Text.Name) for w in controls]
    assert len(names) >= 7
    assert all(names)
    assert len(set(names)) == len(names)
