"""The Downloads page: what each state says and offers, and that nothing is deleted without being asked about once."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAccessible, QAction, QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QMenu, QWidget
from pytestqt.qtbot import QtBot

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.machine import Disk
from launcher.downloads.disk import space
from launcher.ui.components import Text
from launcher.ui.downloads import DownloadsPage
from launcher.ui.downloads.disk_card import DiskBar, Share, disk_shares
from launcher.ui.downloads.job_card import JobCard
from launcher.ui.downloads.job_menu import JobMenu
from launcher.ui.theme import ThemeManager

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
        buttons(page)["Free up space…: R1-Distill-Qwen-32B Q4_K_M"].click()
    assert caught.args is not None
    assert (caught.args[0], caught.args[1].action) == (REQUEST.key, StepAction.FREE_SPACE)
    page.set_progress(at(DownloadState.DOWNLOADING, 4))
    assert "Free up space…: R1-Distill-Qwen-32B Q4_K_M" not in buttons(page)
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


# --- states beyond the usual ------------------------------------------------------------------------------------------

NAME = "R1-Distill-Qwen-32B Q4_K_M"
GATED = UserError(
    "gated",
    "The owner asks you to accept terms first.",
    "huggingface.co answered 401, access restricted.",
    (NextStep("Open the page", "open_page", "https://hub/x"), NextStep("Enter access token…", "enter_token", "hub")),
)
NO_ROOM = space.going_on(
    UserError(
        "disk_full",
        "2.5 GB too little disk space.",
        "Needs 48.6 GB more and 59.1 GB are free. The 12.4 GB already here stay.",
        (NextStep("Free up space…", "free_space"), NextStep("Delete it", "remove")),
    ),
    REQUEST.key,
)
PROXY = UserError(
    "proxy_failed",
    "The proxy did not let us through to huggingface.co.",
    "proxy.example:3128 answered 407.",
    (NextStep("Check proxy", "network_settings"), NextStep("Try again", "retry")),
)


def steps_of(page: DownloadsPage) -> list[str]:
    """The step buttons of the first card, in order."""
    card = page.findChildren(JobCard)[0]
    return [
        b.text()
        for b in card.findChildren(QAbstractButton)
        if b.isVisible() and b.accessibleName().endswith(f": {NAME}")
    ]


def test_paused_for_space_says_so_and_goes_on_by_itself(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.PAUSED, pause_reason=PauseReason.DISK_FULL, error=NO_ROOM)),))
    text = says(page)
    assert "Paused: 2.5 GB too little disk space" in text
    assert "Needs 48.6 GB more and 59.1 GB are free. The 12.4 GB already here stay. It goes on by itself" in text
    assert text.count("12.4 GB already here stay") == text.count("It goes on by itself") == 1
    assert steps_of(page) == ["Free up space…", "Use another disk…", "Remove"]
    assert "1 waiting." in text
    assert f"Resume {NAME}" not in buttons(page)
    with qtbot.waitSignal(page.next_step_chosen) as caught:
        buttons(page)[f"Use another disk…: {NAME}"].click()
    assert caught.args is not None
    assert caught.args[1].action == StepAction.CHANGE_FOLDER
    assert caught.args[1].argument == REQUEST.key


def test_paused_by_closing_is_told_from_paused_by_hand(page: DownloadsPage) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.PAUSED, pause_reason=PauseReason.CLOSED)),))
    assert "Paused when the app was closed · 12.4 GB of 20.0 GB are here and stay" in says(page)


def test_gated_waits_for_the_user_and_offers_an_open_copy(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.FAILED, 0, error=GATED)),))
    page.set_copies(REQUEST.key, (NextStep("Use the open copy by unsloth · 8.5 GB", "use_copy", "unsloth/m::Q4_K_M"),))
    assert "Waiting for you: the owner asks you to accept terms first" in says(page)
    assert "1 waiting." in says(page)
    assert steps_of(page) == ["Open the page", "Enter access token…", "Use the open copy by unsloth · 8.5 GB", "Remove"]
    with qtbot.waitSignal(page.next_step_chosen) as caught:
        buttons(page)[f"Use the open copy by unsloth · 8.5 GB: {NAME}"].click()
    assert caught.args is not None
    assert caught.args[1].argument == "unsloth/m::Q4_K_M"
    page.set_progress(at(DownloadState.QUEUED, 0))
    assert steps_of(page) == []


def test_copies_known_before_the_card_are_shown(page: DownloadsPage) -> None:
    page.set_copies(REQUEST.key, (NextStep("Use the open copy", "use_copy", "a/b::Q"),))
    page.set_jobs(((REQUEST, at(DownloadState.FAILED, 0, error=GATED)),))
    assert "Use the open copy" in steps_of(page)


def test_a_proxy_error_leads_to_the_settings(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.FAILED, 4, error=PROXY)),))
    assert "The proxy did not let us through" in says(page)
    assert steps_of(page) == ["Check proxy", "Try again", "Remove"]
    with qtbot.waitSignal(page.next_step_chosen) as caught:
        buttons(page)[f"Check proxy: {NAME}"].click()
    assert caught.args == [REQUEST.key, PROXY.next_steps[0]]


def test_a_lost_connection_counts_down_and_can_be_tried_now(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_source("huggingface.co")
    page.set_installed_count(2)
    second = DownloadProgress(OTHER.key, DownloadState.DOWNLOADING, GB, 8 * GB, rate_bytes_s=1e6)
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING, retry_in_s=28.2)), (OTHER, second)))
    assert "No connection to huggingface.co. Next try in 28 s · 12.4 GB of 20.0 GB are here and stay" in says(page)
    assert "Chats and the 2 installed models" not in says(page), "one still comes: no bar"
    button = buttons(page)[f"Try now: {NAME}"]
    page.set_progress(at(DownloadState.DOWNLOADING, retry_in_s=27.1))
    assert "Next try in 27 s" in says(page)
    assert buttons(page)[f"Try now: {NAME}"] is button, "a button under the finger is not replaced"
    with qtbot.waitSignal(page.next_step_chosen) as caught:
        button.click()
    assert caught.args is not None
    assert (caught.args[0], caught.args[1].action) == (REQUEST.key, StepAction.RETRY)
    page.set_progress(replace(second, retry_in_s=3.0))
    text = says(page)
    assert (
        "Chats and the 2 installed models work as always. Downloads wait and go on by themselves. Next try in 3 s."
        in text
    )
    assert "waiting" in text


@pytest.mark.parametrize(
    ("button", "action"),
    [
        ("Try now", StepAction.RETRY),
        ("Use a mirror…", StepAction.NETWORK_SETTINGS),
        ("Check proxy", StepAction.NETWORK_SETTINGS),
    ],
)
def test_the_bar_of_a_lost_connection(page: DownloadsPage, qtbot: QtBot, button: str, action: StepAction) -> None:
    page.set_source("huggingface.co")
    page.set_jobs(((REQUEST, at(DownloadState.CHECKING, retry_in_s=9)),))
    assert "No connection to huggingface.co" in says(page)
    with qtbot.waitSignal(page.next_step_chosen) as caught:
        buttons(page)[button].click()
    assert caught.args is not None
    assert (caught.args[0], caught.args[1].action) == ("", action)
    page.set_progress(at(DownloadState.DOWNLOADING))
    assert button not in buttons(page)


def test_the_reason_of_a_wait_is_said_and_its_first_length_is_not(page: DownloadsPage) -> None:
    note = "The server answered 503. Trying again in 30 s."
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING, 0, retry_in_s=12, note=note)),))
    assert "The server answered 503\n" in says(page), "the bar's title says what it is, too"
    assert "The server answered 503. Next try in 12 s" in says(page)
    assert "30 s" not in says(page)


def test_what_is_held_up_says_by_what(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.QUEUED, note="Another program has the file.")),))
    assert "Waiting · 12.4 GB of 20.0 GB are here and stay" in says(page)
    assert "Another program has the file." in says(page)
    page.set_progress(at(DownloadState.QUEUED, note="Another program has the file.", retry_in_s=40.2))
    assert "Next try in 40 s · 12.4 GB of 20.0 GB are here and stay" in says(page)
    with qtbot.waitSignal(page.next_step_chosen):
        buttons(page)[f"Try now: {NAME}"].click()


def test_offline_mode_has_a_bar_and_a_way_out(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_installed_count(1)
    page.set_offline(True)
    assert "Offline mode is on" in says(page)
    assert "Chats and the installed model work as always." in says(page)
    with qtbot.waitSignal(page.next_step_chosen) as caught:
        buttons(page)["Go online"].click()
    assert caught.args is not None
    assert caught.args[1].action == StepAction.GO_ONLINE
    page.set_offline(False)
    assert "Go online" not in buttons(page)


def test_a_note_about_the_list_stays_until_it_is_read(page: DownloadsPage) -> None:
    page.set_note("The list of downloads was damaged.")
    page.set_jobs(((REQUEST, at(DownloadState.QUEUED, 0)),))
    assert "The list of downloads was damaged." in says(page)
    buttons(page)["Understood"].click()
    assert "The list of downloads was damaged." not in says(page)


def test_an_own_limit_and_the_checksum_are_mentioned(page: DownloadsPage) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING, rate_bytes_s=5e6, limit_bytes_s=5 * 10**6)),))
    assert "limited to 5 MB/s · checksum computed while writing" in says(page)


# The off-screen platform, of every menu.
menus = pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)


def settle(page: DownloadsPage, qtbot: QtBot) -> None:
    """Until the layouts have come to rest."""
    seen: list[list[QRect]] = []

    def is_at_rest() -> bool:
        seen.append([w.geometry() for w in page.findChildren(QWidget)])
        return len(seen) > 3 and seen[-1] == seen[-2] == seen[-3]

    qtbot.waitUntil(is_at_rest)


# --- the menu and the order -------------------------------------------------------------------------------------------


def open_menu(page: DownloadsPage, name: str = NAME) -> dict[str, QAction]:
    """The actions of a card's menu, its submenu's with it."""
    buttons(page)[f"More for {name}"].click()
    menu = next(m for m in page.findChildren(JobMenu) if m.isVisible())
    found = {a.text(): a for a in menu.actions() if not a.isSeparator()}
    for sub in menu.findChildren(QMenu):
        found |= {a.text(): a for a in sub.actions()}
    return found


def close_menus(page: DownloadsPage, qtbot: QtBot) -> None:
    for menu in page.findChildren(JobMenu):
        menu.close()
    qtbot.waitUntil(lambda: not page.findChildren(JobMenu))


def three(page: DownloadsPage) -> None:
    third = replace(REQUEST, repo="someone/third", short_name="Third")
    page.set_jobs(
        (
            (REQUEST, at(DownloadState.DOWNLOADING)),
            (OTHER, DownloadProgress(OTHER.key, DownloadState.QUEUED, 0, 8 * GB)),
            (third, DownloadProgress(third.key, DownloadState.QUEUED, 0, 8 * GB)),
        )
    )


THIRD = "someone/third::Q4_K_M"


@menus
def test_the_menu_sets_limits_and_shows_the_one_in_force(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING, limit_bytes_s=10**7)),))
    actions = open_menu(page)
    assert [text for text, action in actions.items() if action.isChecked()] == ["10 MB/s"]
    with qtbot.waitSignal(page.item_limit_chosen) as caught:
        actions["2 MB/s"].trigger()
    assert caught.args == [REQUEST.key, 2 * 10**6]
    with qtbot.waitSignal(page.item_limit_chosen) as caught:
        actions["None"].trigger()
    assert caught.args == [REQUEST.key, None]
    with qtbot.waitSignal(page.other_item_limit_requested) as caught:
        actions["Other…"].trigger()
    assert caught.args == [REQUEST.key]
    close_menus(page, qtbot)


@menus
def test_the_menu_knows_link_folder_and_disk(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING)),))
    actions = open_menu(page)
    assert not actions["Move up"].isEnabled()
    assert not actions["Move down"].isEnabled()
    with qtbot.waitSignal(page.link_requested) as caught:
        actions["Copy the link"].trigger()
    assert caught.args == [REQUEST.key]
    with qtbot.waitSignal(page.reveal_requested) as caught:
        actions["Show in the folder"].trigger()
    assert caught.args == [REQUEST.key]
    with qtbot.waitSignal(page.next_step_chosen) as caught:
        actions["Use another disk…"].trigger()
    assert caught.args is not None
    assert caught.args[1].action == StepAction.CHANGE_FOLDER
    close_menus(page, qtbot)


@menus
@pytest.mark.parametrize(
    ("name", "move", "result"),
    [
        ("R1-0528-Qwen3-8B Q8_0", "Move up", [OTHER.key, REQUEST.key]),
        ("Third Q4_K_M", "Move to the top", [THIRD, REQUEST.key]),
        ("Third Q4_K_M", "Move up", [THIRD, OTHER.key]),
        (NAME, "Move down", [REQUEST.key, THIRD]),
        ("R1-0528-Qwen3-8B Q8_0", "Move down", [OTHER.key, ""]),
    ],
)
def test_the_menu_moves(page: DownloadsPage, qtbot: QtBot, name: str, move: str, result: list[str]) -> None:
    three(page)
    with qtbot.waitSignal(page.moved) as caught:
        open_menu(page, name)[move].trigger()
    assert caught.args == result
    close_menus(page, qtbot)


def test_alt_and_arrows_move_the_card_with_the_focus(page: DownloadsPage, qtbot: QtBot) -> None:
    three(page)
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    button = buttons(page)["Pause R1-0528-Qwen3-8B Q8_0"]
    button.setFocus()
    with qtbot.waitSignal(page.moved) as caught:
        qtbot.keyClick(button, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert caught.args == [OTHER.key, REQUEST.key]
    with qtbot.waitSignal(page.moved) as caught:
        qtbot.keyClick(button, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert caught.args == [OTHER.key, ""]
    top = buttons(page)[f"Pause {NAME}"]
    top.setFocus()
    with qtbot.assertNotEmitted(page.moved):
        qtbot.keyClick(top, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)


def test_a_new_order_keeps_cards_and_focus(page: DownloadsPage, qtbot: QtBot) -> None:
    three(page)
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    button = buttons(page)["Pause R1-0528-Qwen3-8B Q8_0"]
    button.setFocus()
    second = DownloadProgress(OTHER.key, DownloadState.QUEUED, 0, 8 * GB)
    page.set_jobs(((OTHER, second), (REQUEST, at(DownloadState.DOWNLOADING))))
    assert buttons(page)["Pause R1-0528-Qwen3-8B Q8_0"] is button
    assert page.focusWidget() is button
    settle(page, qtbot)
    assert [card.request.key for card in cards_of(page)] == [OTHER.key, REQUEST.key]


def drag(card: JobCard, to: QPoint, qtbot: QtBot) -> None:
    """Press on the card's left edge and move; the button stays down."""
    qtbot.mousePress(card, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    for share in (0.5, 1.0):
        place = QPointF(card.mapFromGlobal(to)) * share
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            QPointF(card.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(card, event)


def cards_of(page: DownloadsPage) -> list[JobCard]:
    return sorted((c for c in page.findChildren(JobCard) if c.isVisible()), key=lambda c: c.y())


def test_the_mouse_drags_a_card_to_another_place(page: DownloadsPage, qtbot: QtBot) -> None:
    three(page)
    settle(page, qtbot)
    first, second, third = cards_of(page)
    drag(first, second.mapToGlobal(QPoint(8, second.height() - 4)), qtbot)
    with qtbot.waitSignal(page.moved) as caught:
        qtbot.mouseRelease(first, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert caught.args == [REQUEST.key, third.request.key]
    drag(third, first.mapToGlobal(QPoint(8, 2)), qtbot)
    qtbot.keyClick(third, Qt.Key.Key_Escape)
    with qtbot.assertNotEmitted(page.moved):
        qtbot.mouseRelease(third, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))


# --- the head and the side --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("button", "signal"),
    [
        ("Add a link…", "add_link_requested"),
        ("Open folder", "open_folder_requested"),
        ("Change the folder of new models…", "change_folder_requested"),
        ("Test connection", "test_requested"),
        ("Mirror, proxy…", "network_settings_requested"),
    ],
)
def test_buttons_of_the_page(page: DownloadsPage, qtbot: QtBot, button: str, signal: str) -> None:
    with qtbot.waitSignal(getattr(page, signal)):
        buttons(page)[button].click()


def combo(page: DownloadsPage, name: str) -> QComboBox:
    return next(c for c in page.findChildren(QComboBox) if c.accessibleName() == name)


def choose(box: QComboBox, text: str) -> None:
    index = box.findText(text)
    assert index >= 0, [box.itemText(i) for i in range(box.count())]
    box.setCurrentIndex(index)
    box.activated.emit(index)


def test_the_speed_limit(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_limit(1_500_000)
    box = combo(page, "Speed limit")
    assert box.currentText() == "1.5 MB/s"
    with qtbot.waitSignal(page.limit_chosen) as caught:
        choose(box, "20 MB/s")
    assert caught.args == [2 * 10**7]
    with qtbot.waitSignal(page.other_limit_requested), qtbot.assertNotEmitted(page.limit_chosen):
        choose(box, "Other…")
    assert box.currentText() == "20 MB/s"
    with qtbot.waitSignal(page.limit_chosen) as caught:
        choose(box, "None")
    assert caught.args == [None]


def test_how_many_at_a_time(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_at_once(3)
    box = combo(page, "Downloads at a time")
    assert box.currentText() == "3 files"
    with qtbot.waitSignal(page.at_once_chosen) as caught:
        choose(box, "1 file")
    assert caught.args == [1]
    page.set_at_once(8)
    assert box.currentText() == "8 files"


def test_finished_items_are_told_apart_by_day(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_finished_times({REQUEST.key: time.time(), OTHER.key: time.time() - 3 * 86400})
    finished = DownloadProgress(OTHER.key, DownloadState.DONE, 8 * GB, 8 * GB, sha256=("ab",))
    page.set_jobs(((REQUEST, at(DownloadState.DONE, 20)), (OTHER, finished)))
    text = says(page)
    assert "Finished today" in text
    assert "Finished earlier" in text
    assert re.search(r"8\.0 GB · finished .*, .* · sha256 matches", text)
    with qtbot.waitSignal(page.remove_requested) as caught:
        buttons(page)["Take R1-0528-Qwen3-8B Q8_0 off this list; the model stays"].click()
    assert caught.args == [OTHER.key]


def test_the_folder_card_tells_whose_folder_it_is(page: DownloadsPage) -> None:
    page.set_disk(Disk("/big/models", 5 * GB, 9 * GB), GB, 0, is_shared=False)
    assert "A folder that you chose" in says(page)
    page.set_disk(Disk("/cache", 5 * GB, 9 * GB), GB, 0)
    assert "Folder shared with other programs" in says(page)


def test_the_server_follows_the_setting(page: DownloadsPage) -> None:
    page.set_source("huggingface.co")
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING, retry_in_s=5)),))
    page.set_source("hf-mirror.example")
    assert "No connection to hf-mirror.example. Next try" in says(page)
    assert "huggingface.co" not in says(page)


# --- all of it --------------------------------------------------------------------------------------------------------


def crowded(page: DownloadsPage, name: str = "") -> None:
    """A card in every state."""
    states: list[dict[str, object]] = [
        {"state": DownloadState.DOWNLOADING, "rate_bytes_s": 47e6, "note": "The connection was lost for 41 s. " * 3},
        {"state": DownloadState.PAUSED, "pause_reason": PauseReason.DISK_FULL, "error": NO_ROOM},
        {"state": DownloadState.FAILED, "error": GATED},
        {"state": DownloadState.FAILED, "error": PROXY},
        {"state": DownloadState.VERIFYING},
        {"state": DownloadState.DONE, "sha256": ("ab",)},
    ]
    jobs: list[tuple[DownloadRequest, DownloadProgress]] = []
    for i, state in enumerate(states):
        request = replace(REQUEST, repo=f"someone/{i}", short_name=name or f"Model {i}")
        jobs.append((request, replace(at(DownloadState.QUEUED), key=request.key, **state)))  # type: ignore[arg-type]
    page.set_jobs(tuple(jobs))
    page.set_offline(True)
    page.set_disk(Disk("/models", 59 * GB, 1000 * GB, kind="SSD"), 45 * GB, 13 * GB)


@pytest.mark.parametrize("width", [840, 1200])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_cut_at_any_width_and_text_size(
    page: DownloadsPage, qtbot: QtBot, theme: ThemeManager, width: int, scale: float
) -> None:
    theme.set_text_scale(scale)
    page.resize(width, 640)
    crowded(page)
    settle(page, qtbot)
    assert page.horizontalScrollBar().maximum() == 0
    for button in buttons(page).values():
        left = button.mapTo(page.content, QPoint(0, 0)).x()
        assert left >= 0, button.text()
        assert left + button.width() <= page.content.width(), button.accessibleName() or button.text()
        assert button.height() >= button.sizeHint().height()


@pytest.mark.parametrize(
    "name", ["<b>bold</b><img src='file:///etc/passwd'>", "x" * 4000, "\u202egpj.exe", "a\nb\tc", "&File"]
)
def test_hostile_names_are_only_text(page: DownloadsPage, qtbot: QtBot, name: str) -> None:
    crowded(page, name)
    settle(page, qtbot)
    assert name in says(page)
    assert page.horizontalScrollBar().maximum() == 0
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in page.findChildren(Text))


def test_tab_goes_in_reading_order(page: DownloadsPage, qtbot: QtBot) -> None:
    crowded(page)
    page.set_progress(replace(at(DownloadState.FAILED, error=PROXY), key="someone/0::Q4_K_M"))  # buttons made late
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    first = buttons(page)["Pause all"]
    first.setFocus()
    seen: list[str] = []
    widget = page.focusWidget()
    while widget is not None and len(seen) < 80:
        seen.append(widget.accessibleName() or getattr(widget, "text", str)())
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
        widget = page.focusWidget()
        if widget is first:
            break
    wanted = [
        "Pause all", "Add a link…", "Go online", "More for Model 0 Q4_K_M", "Check proxy: Model 0 Q4_K_M",
        "Remove: Model 0 Q4_K_M", "More for Model 1 Q4_K_M", "Free up space…: Model 1 Q4_K_M",
        "Chat with Model 5 Q4_K_M", "Open folder", "Speed limit", "Test connection",
    ]  # fmt: skip
    places = [seen.index(name) for name in wanted]
    assert places == sorted(places), list(zip(wanted, places, strict=True))


def test_a_tick_is_cheap(page: DownloadsPage) -> None:
    """A tick that changes nothing but figures makes no widget and touches no layout beyond its own words."""
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING, 1)),))
    before = page.findChildren(QWidget)
    for i in range(50):
        page.set_progress(at(DownloadState.DOWNLOADING, 1 + i / 10, rate_bytes_s=1e6 * i))
    assert page.findChildren(QWidget) == before


def test_pause_hands_the_focus_to_resume(page: DownloadsPage, qtbot: QtBot) -> None:
    page.set_jobs(((REQUEST, at(DownloadState.DOWNLOADING)),))
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    buttons(page)[f"Pause {NAME}"].setFocus()
    page.set_progress(at(DownloadState.PAUSED))
    assert page.focusWidget() is buttons(page)[f"Resume {NAME}"]
