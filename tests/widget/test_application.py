"""The composition root: everything is built and connected, and what errors offer can be done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from launcher.app.application import Application
from launcher.app.crash import CrashReporter
from launcher.core.errors import StepAction


@pytest.fixture
def application(qapp: QApplication, qtbot: QtBot) -> Iterator[Application]:
    reporter = CrashReporter(qapp)
    built = Application(reporter, qapp)
    yield built
    built.close()
    built.deleteLater()
    reporter.deleteLater()
    qtbot.wait(50)


def test_the_window_can_do_whatever_an_error_offers(application: Application) -> None:
    of_a_download = {StepAction.RETRY, StepAction.RESTART, StepAction.REMOVE}
    assert set(StepAction) - of_a_download <= set(application.actions)


def test_every_page_of_the_rail_is_there(application: Application) -> None:
    application.show()
    for key in ("home", "chat", "models", "downloads", "this-pc", "settings"):
        application.show_page(key)
        assert application.page_key == key
