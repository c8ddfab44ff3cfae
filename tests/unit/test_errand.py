"""An errand's time: for everything, or for each step, where only heartbeats do not count as one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from launcher.engine import errand
from launcher.engine.errand import run_errand
from launcher.engine.protocol import Heartbeat, LoadProgress, LoadStarted, WorkerEvent, encode

EVENTS = (
    Heartbeat(1),
    LoadStarted(1, use_extra_bufts=False),
    Heartbeat(2),
    LoadProgress(1, "weights", 0.5),
    Heartbeat(3),
)


class Process:
    """Says its events and is gone."""

    log = ("last words",)

    def __init__(self, _rpc_servers: tuple[str, ...], libraries: object = None) -> None:
        del libraries

    def lines(self) -> Iterator[bytes]:
        return (encode(event) for event in EVENTS)

    def kill(self) -> None: ...

    def wait(self, _timeout_s: float) -> int:
        return 7


@pytest.fixture
def renewed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times that were given anew."""
    given: list[float] = []
    monkeypatch.setattr(errand, "WorkerProcess", Process)
    monkeypatch.setattr(errand._Guard, "renew", lambda _guard, seconds: given.append(seconds))
    return given


def test_every_step_but_a_heartbeat_begins_the_time_anew(renewed: list[float]) -> None:
    seen: list[WorkerEvent] = []
    ending = run_errand(lambda _: None, lambda e: bool(seen.append(e)), deadline_s=60, is_renewed=True)
    assert tuple(seen) == EVENTS
    assert renewed == [60, 60]
    assert ending is not None
    assert (ending.returncode, ending.because, ending.log) == (7, "", ("last words",))


def test_otherwise_the_time_is_for_everything(renewed: list[float]) -> None:
    assert run_errand(lambda _: None, lambda _e: False, deadline_s=60) is not None
    assert renewed == []


def test_a_renewed_time_counts_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand.time, "monotonic", lambda: 1000.0)
    guard = errand._Guard(Process(()), 1001.0, None)  # pyright: ignore[reportArgumentType] - it is killed at most
    try:
        guard.renew(50)
        assert guard._deadline == 1050
        assert not guard.is_late
    finally:
        guard.close()
