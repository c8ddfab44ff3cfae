"""The dialogs of downloads: what they say, what they offer, and what comes out of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QLineEdit, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from launcher.catalog.connection import ConnectionReport, ConnectionStep
from launcher.core.downloads import DownloadRequest
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.machine import Disk
from launcher.services.offers import Choice, Offer
from launcher.ui.components import Text
from launcher.ui.downloads.add_link_dialog import AddLinkDialog
from launcher.ui.downloads.connection_dialog import ConnectionDialog
from launcher.ui.downloads.folder_dialog import FolderDialog
from launcher.ui.downloads.limit_dialog import LimitDialog
from launcher.ui.settings.controls import NumberField
from launcher.ui.token_dialog import TokenDialog

GB = 10**9


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    yield made
    for dialog in made.findChildren(QWidget):
        if dialog.isWindow():
            dialog.close()
    qtbot.waitUntil(lambda: not [d for d in made.findChildren(QWidget) if d.isWindow() and d.isVisible()])


def buttons(part: QWidget) -> dict[str, QAbstractButton]:
    return {b.text(): b for b in part.findChildren(QAbstractButton) if b.isVisible()}


def says(part: QWidget) -> str:
    return "\n".join(label.text() for label in part.findChildren(Text) if label.isVisible())


def rows(part: QWidget) -> dict[str, QRadioButton]:
    return {row.accessibleName(): row for row in part.findChildren(QRadioButton) if row.isVisible()}


def field(part: QWidget) -> QLineEdit:
    return next(f for f in part.findChildren(QLineEdit) if f.isVisible())


# --- a link -----------------------------------------------------------------------------------------------------------


def request(quant: str, size_gb: float) -> DownloadRequest:
    return DownloadRequest("m", "Model", quant, "owner/m-GGUF", (), round(size_gb * GB))


OFFER = Offer(
    "DeepSeek-Model",
    "Good at everything.",
    (
        Choice(request("Q2_K", 3.2), "all 28 layers on RTX 4090", fits=True),
        Choice(request("Q4_K_M", 4.7), "all 28 layers on RTX 4090", fits=True),
        Choice(request("F16", 15.2), "needs 3.3 GiB more memory", fits=False),
    ),
    1,
)


@pytest.fixture
def link(window: QWidget) -> AddLinkDialog:
    dialog = AddLinkDialog(window)
    dialog.open()
    return dialog


def test_a_link_is_looked_up_and_the_choice_is_downloaded(link: AddLinkDialog, qtbot: QtBot) -> None:
    assert not buttons(link)["Look it up"].isEnabled()
    assert not buttons(link)["Download"].isEnabled()
    qtbot.keyClicks(field(link), "  owner/m-GGUF ")
    with qtbot.waitSignal(link.look_up_requested) as caught:
        qtbot.keyClick(field(link), Qt.Key.Key_Return)
    assert caught.args == ["owner/m-GGUF"]
    qtbot.waitUntil(lambda: "Asking the hub…" in says(link))
    link.show_offer(OFFER)
    assert "DeepSeek-Model" in says(link)
    assert "Asking" not in says(link)
    assert list(rows(link)) == [
        "Q2_K, all 28 layers on RTX 4090, 3.2 GB",
        "Q4_K_M, all 28 layers on RTX 4090, 4.7 GB",
        "F16, needs 3.3 GiB more memory, 15.2 GB",
    ]
    assert rows(link)["Q4_K_M, all 28 layers on RTX 4090, 4.7 GB"].isChecked()
    assert "Download · 4.7 GB" in buttons(link)
    rows(link)["Q2_K, all 28 layers on RTX 4090, 3.2 GB"].click()
    buttons(link)["Chat when done"].click()
    with qtbot.waitSignal(link.download_requested) as caught:
        buttons(link)["Download · 3.2 GB"].click()
    assert caught.args == [OFFER.choices[0].request, True]


def test_a_wrong_link_is_explained_in_place_and_can_be_mended(link: AddLinkDialog, qtbot: QtBot) -> None:
    link.set_text("owner/none")
    buttons(link)["Look it up"].click()
    retry = NextStep("Test the connection", StepAction.TEST_CONNECTION)
    link.show_error(UserError("repo_not_found", "owner/none was not found.", "hub answered 404.", (retry,)))
    assert "owner/none was not found." in says(link)
    assert "hub answered 404." in says(link)
    assert field(link).hasFocus()
    with qtbot.waitSignal(link.step_chosen) as caught:
        buttons(link)["Test the connection"].click()
    assert caught.args == [retry]
    qtbot.keyClicks(field(link), "x")
    assert "was not found" not in says(link)
    assert link.isVisible()


def test_try_again_looks_it_up_again_and_settings_close_the_dialog(link: AddLinkDialog, qtbot: QtBot) -> None:
    link.set_text("owner/m-GGUF")
    retry = NextStep("Try again", StepAction.RETRY)
    mirror = NextStep("Use a mirror…", StepAction.NETWORK_SETTINGS)
    link.show_error(UserError("hub_unreachable", "The hub could not be reached.", "", (retry, mirror)))
    with qtbot.waitSignal(link.look_up_requested) as caught, qtbot.assertNotEmitted(link.step_chosen):
        buttons(link)["Try again"].click()
    assert caught.args == ["owner/m-GGUF"]
    link.show_error(UserError("hub_unreachable", "The hub could not be reached.", "", (retry, mirror)))
    with qtbot.waitSignals([link.step_chosen, link.rejected]):
        buttons(link)["Use a mirror…"].click()


def test_another_text_takes_the_offer_away(link: AddLinkDialog, qtbot: QtBot) -> None:
    link.set_text("owner/m-GGUF")
    link.show_offer(OFFER)
    qtbot.keyClicks(field(link), "2")
    assert rows(link) == {}
    assert not buttons(link)["Download"].isEnabled()


def test_a_repository_with_many_files_scrolls(link: AddLinkDialog) -> None:
    many = Offer("m", "", tuple(Choice(request(f"Q{i}_K <b>{'x' * 300}", i + 1)) for i in range(40)), 39)
    link.show_offer(many)
    assert len(rows(link)) == 40
    assert link.height() < 900
    assert link.width() < 900


# --- disks ------------------------------------------------------------------------------------------------------------

DISKS = (
    Disk("/home/me/models", 50 * GB, 500 * GB, kind="SSD"),
    Disk("/mnt/big", 900 * GB, 2000 * GB, kind="HDD"),
    Disk("/media/stick", 5 * GB, 8 * GB),
)


def test_a_disk_for_new_models(window: QWidget, qtbot: QtBot) -> None:
    dialog = FolderDialog(DISKS, "/home/me/models", window)
    dialog.open()
    assert "Where new models go" in says(dialog)
    assert list(rows(dialog)) == [
        "/home/me/models, in use now, 50.0 GB free",
        "/mnt/big, HDD, 900.0 GB free",
        "/media/stick, 5.0 GB free",
    ]
    assert rows(dialog)["/home/me/models, in use now, 50.0 GB free"].isChecked()
    rows(dialog)["/mnt/big, HDD, 900.0 GB free"].click()
    with qtbot.waitSignal(dialog.folder_chosen) as caught:
        buttons(dialog)["Use this disk"].click()
    assert caught.args == ["/mnt/big"]


def test_a_disk_for_an_item_tells_which_have_room(window: QWidget, qtbot: QtBot) -> None:
    dialog = FolderDialog(DISKS, "/home/me/models", window, about="V4-Flash", needed_bytes=70 * GB)
    dialog.open()
    assert "It needs 70.0 GB more." in says(dialog)
    able = [row.isEnabled() for row in rows(dialog).values()]
    assert able == [False, True, False]
    assert "/media/stick, 5.0 GB free, 65.0 GB too little" in rows(dialog)
    with qtbot.waitSignal(dialog.folder_chosen) as caught:
        buttons(dialog)["Move it there"].click()
    assert caught.args == ["/mnt/big"]


def test_no_disk_with_room_leaves_another_folder(
    window: QWidget, qtbot: QtBot, tmp_path: Path, qapp: QGuiApplication
) -> None:
    qapp.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    dialog = FolderDialog(DISKS, str(tmp_path / "cache"), window, about="V4-Flash", needed_bytes=7000 * GB)
    dialog.open()
    assert not buttons(dialog)["Move it there"].isEnabled()
    buttons(dialog)["Other folder…"].click()
    qtbot.waitUntil(lambda: bool(dialog.findChildren(QFileDialog)))
    chooser = dialog.findChildren(QFileDialog)[0]
    with qtbot.waitSignal(dialog.folder_chosen) as caught:
        chooser.fileSelected.emit(str(tmp_path))
    assert caught.args == [str(tmp_path)]


# --- speed ------------------------------------------------------------------------------------------------------------


def test_a_typed_limit(window: QWidget, qtbot: QtBot) -> None:
    dialog = LimitDialog(1_500_000, "V4-Flash AD-IQ1_M", window)
    dialog.open()
    assert "Speed limit of V4-Flash AD-IQ1_M" in says(dialog)
    number = dialog.findChildren(NumberField)[0]
    assert number.value == 1.5
    number.set_value(12.3)
    with qtbot.waitSignal(dialog.limit_chosen) as caught:
        buttons(dialog)["Set the limit"].click()
    assert caught.args == [12_300_000]


def test_no_limit(window: QWidget, qtbot: QtBot) -> None:
    dialog = LimitDialog(None, "", window)
    dialog.open()
    with qtbot.waitSignal(dialog.limit_chosen) as caught:
        buttons(dialog)["No limit"].click()
    assert caught.args == [None]


# --- the connection ---------------------------------------------------------------------------------------------------

WAY = ConnectionStep("way", "The way there", "ok", "Directly, 104.18.0.1.", 0.04)
HUB = ConnectionStep("hub", "The hub", "failed", "It did not answer.", 10.0)
CUT = UserError(
    "hub_unreachable", "huggingface.co did not answer.", "", (NextStep("Check proxy", StepAction.NETWORK_SETTINGS),)
)


@pytest.fixture
def connection(window: QWidget) -> ConnectionDialog:
    dialog = ConnectionDialog("huggingface.co", window)
    dialog.open()
    return dialog


def test_the_steps_appear_while_they_are_taken(connection: ConnectionDialog, qtbot: QtBot) -> None:
    connection.show_step(ConnectionStep("way", "The way there", "running"))
    assert "asking…" in says(connection)
    connection.show_step(WAY)
    assert "Directly, 104.18.0.1." in says(connection)
    assert "asking…" not in says(connection)
    assert not buttons(connection)["Test again"].isEnabled()
    with qtbot.waitSignal(connection.stop_requested):
        buttons(connection)["Stop"].click()


def test_a_failure_says_what_helps(connection: ConnectionDialog, qtbot: QtBot) -> None:
    rest = ConnectionStep("file", "A model file", "skipped")
    connection.show_report(ConnectionReport((WAY, HUB, rest), CUT))
    text = says(connection)
    assert "huggingface.co did not answer." in text
    assert "10.0 s" in text
    buttons(connection)["Copy report"].click()
    assert "The hub: failed, 10.0 s. It did not answer." in QGuiApplication.clipboard().text()
    with qtbot.waitSignal(connection.step_chosen) as caught, qtbot.assertNotEmitted(connection.stop_requested):
        buttons(connection)["Check proxy"].click()
    assert caught.args == [CUT.next_steps[0]]


@pytest.mark.parametrize("action", [StepAction.RETRY, StepAction.TEST_CONNECTION])
def test_steps_that_mean_once_more_test_again(connection: ConnectionDialog, qtbot: QtBot, action: StepAction) -> None:
    error = UserError("hub_unreachable", "It did not answer.", "", (NextStep("Once more", action),))
    connection.show_report(ConnectionReport((HUB,), error))
    with qtbot.waitSignal(connection.test_requested), qtbot.assertNotEmitted(connection.step_chosen):
        buttons(connection)["Once more"].click()
    assert connection.isVisible()


def test_success_and_once_more(connection: ConnectionDialog, qtbot: QtBot) -> None:
    connection.show_report(ConnectionReport((WAY,), None))
    assert "The connection works" in says(connection)
    with qtbot.waitSignal(connection.test_requested):
        buttons(connection)["Test again"].click()
    assert "The connection works" not in says(connection)
    assert "Directly" not in says(connection)
    with qtbot.waitSignal(connection.stop_requested):
        buttons(connection)["Close"].click()


def test_a_stopped_test_claims_nothing(connection: ConnectionDialog) -> None:
    connection.show_report(ConnectionReport((WAY, ConnectionStep("file", "A model file", "skipped")), None))
    assert "The test was stopped." in says(connection)


# --- the token --------------------------------------------------------------------------------------------------------


def test_a_token_is_handed_on_and_the_place_is_said(window: QWidget, qtbot: QtBot) -> None:
    dialog = TokenDialog("huggingface.co", window)
    dialog.open()
    assert field(dialog).echoMode() == QLineEdit.EchoMode.Password
    assert "It is sent to huggingface.co and to nobody else." in says(dialog)
    assert not buttons(dialog)["Keep it and go on"].isEnabled()
    qtbot.keyClicks(field(dialog), " hf_secret ")
    with qtbot.waitSignal(dialog.entered) as caught:
        buttons(dialog)["Keep it and go on"].click()
    assert caught.args == ["huggingface.co", "hf_secret"]
    assert not buttons(dialog)["Keep it and go on"].isEnabled()
    dialog.show_kept("other.example", "elsewhere")
    assert "elsewhere" not in says(dialog)
    dialog.show_kept("huggingface.co", "It is kept in the system keyring (KDE Wallet).")
    assert "It is kept in the system keyring (KDE Wallet)." in says(dialog)
    assert field(dialog).text() == ""
    buttons(dialog)["Close"].click()


def test_a_refused_token_can_be_entered_again(window: QWidget, qtbot: QtBot) -> None:
    dialog = TokenDialog("huggingface.co", window)
    dialog.open()
    qtbot.keyClicks(field(dialog), "no token")
    buttons(dialog)["Keep it and go on"].click()
    dialog.show_refused(UserError("bad_token", "This is not an access token.", "It must be one word."))
    assert "This is not an access token. It must be one word." in says(dialog)
    assert field(dialog).isEnabled()
    assert buttons(dialog)["Keep it and go on"].isEnabled()
    buttons(dialog)["Cancel"].click()
