"""Functions in threads: results in order, errors where they belong, and an end that does not wait for what hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from launcher.core.errors import UserError
from launcher.services.tasks import TaskRunner


@pytest.fixture
def owner(qtbot: QtBot) -> Iterator[QObject]:
    made = QObject()
    yield made
    made.deleteLater()


def test_serial_tasks_keep_their_order_and_end_before_close_returns(owner: QObject, qtbot: QtBot) -> None:
    tasks, seen, told = TaskRunner("test", owner, serial=True), [], []
    for i in range(20):
        tasks.run(lambda i=i: seen.append(i) or i, told.append)
    qtbot.waitUntil(lambda: len(told) == 20)
    assert seen == told == list(range(20))
    release = threading.Event()
    tasks.run(release.wait)
    tasks.run(lambda: seen.append("last"), told.append)
    threading.Timer(0.05, release.set).start()
    tasks.close()
    assert seen[-1] == "last", "what was asked for is done, for tasks that write"
    tasks.run(lambda: seen.append("late"))
    tasks.close()
    qtbot.wait(20)
    assert seen[-1] == "last"
    assert len(told) == 20, "nobody is told after the end"


def test_two_tasks_run_at_once(owner: QObject, qtbot: QtBot) -> None:
    tasks, met, told = TaskRunner("test", owner), threading.Barrier(2), []
    tasks.run(lambda: met.wait(30), told.append)
    tasks.run(lambda: met.wait(30), told.append)
    qtbot.waitUntil(lambda: len(told) == 2)
    tasks.close()


def test_a_user_error_goes_to_its_own_handler(owner: QObject, qtbot: QtBot) -> None:
    tasks, told = TaskRunner("test", owner), []

    def fail() -> None:
        raise UserError("no", "It did not work.")

    tasks.run(fail, told.append, lambda error: told.append(error.code))
    qtbot.waitUntil(lambda: told == ["no"])
    tasks.close()


def test_closing_does_not_wait_for_what_hangs(owner: QObject, qtbot: QtBot) -> None:
    tasks, release, told = TaskRunner("test", owner, serial=True, patience_s=0.0), threading.Event(), []
    began = threading.Event()

    def hang() -> str:
        began.set()
        release.wait()
        return "late"

    tasks.run(hang, told.append)
    assert began.wait(30)
    (thread,) = [t for t in threading.enumerate() if t.name.startswith("launcher-test")]
    tasks.close()
    assert thread.is_alive(), "it is left behind"
    assert thread.daemon, "and does not hold the program up"
    release.set()
    thread.join(30)
    qtbot.wait(20)
    assert not thread.is_alive()
    assert told == [], "its answer comes to nobody"
