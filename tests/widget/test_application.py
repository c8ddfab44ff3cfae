"""The composition root: the frame first, then everything behind it; what errors offer can be done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from launcher import __version__
from launcher.app.application import Application
from launcher.app.crash import CrashReporter
from launcher.app.workspace import Workspace
from launcher.core.errors import NextStep, StepAction, UserError

PAGES = ("home", "chat", "models", "downloads", "this-pc", "settings")


@pytest.fixture
def application(qapp: QApplication, qtbot: QtBot) -> Iterator[Application]:
    reporter = CrashReporter(qapp)
    built = Application(reporter, qapp)
    built.show()
    yield built
    built.close()
    built.deleteLater()
    reporter.deleteLater()
    qtbot.wait(50)


def started(application: Application, qtbot: QtBot) -> Workspace:
    application.start()
    qtbot.waitUntil(lambda: application.workspace is not None, timeout=20_000)
    workspace = application.workspace
    assert workspace is not None
    return workspace


def test_the_rail_is_complete_before_anything_is_loaded(application: Application) -> None:
    assert application.workspace is None
    for key in PAGES:
        application.window.show_page(key)
        assert application.window.page_key == key


def test_the_page_shown_meanwhile_is_filled_in_place(application: Application, qtbot: QtBot) -> None:
    application.window.show_page("models")
    started(application, qtbot)
    assert application.window.page_key == "models"
    assert application.window.page("models").findChildren(QWidget)


def test_the_window_can_do_whatever_an_error_offers(application: Application, qtbot: QtBot) -> None:
    of_a_download = {StepAction.RETRY, StepAction.RESTART, StepAction.REMOVE}
    assert set(StepAction) - of_a_download <= set(started(application, qtbot).actions)


def test_the_report_names_the_last_failure(application: Application, qtbot: QtBot) -> None:
    workspace = started(application, qtbot)
    workspace._engine.crashed.emit(
        UserError("engine_stopped", "The engine stopped.", "Signal 9.", (), "its last words")
    )
    workspace._steps.carry_out(NextStep("Copy report", StepAction.COPY_REPORT))
    report = QApplication.clipboard().text().splitlines()
    assert report[0] == f"launcher {__version__}"
    assert report[-3:] == ["engine_stopped", "The engine stopped. Signal 9.", "its last words"]
