"""Whether more connections would help: the line's waits against the machine's work."""

from __future__ import annotations

import pytest

from launcher.downloads.transfer.pace import Pace


@pytest.mark.parametrize(
    ("waited_s", "worked_s", "expected"), [(0.01, 0.001, True), (0.001, 0.01, False), (0.01, 0.01, False)]
)
def test_more_connections_help_only_against_a_slow_line(waited_s: float, worked_s: float, expected: bool) -> None:
    pace = Pace()
    now_s = 0.0
    pace.opened(now_s)
    for _ in range(100):
        now_s += waited_s + worked_s
        pace.add(waited_s, worked_s, now_s)
    assert pace.is_line_slower(now_s) is expected


def test_nothing_is_known_at_the_start() -> None:
    pace = Pace()
    assert not pace.is_line_slower(100.0)
    pace.opened(100.0)
    pace.add(0.05, 0.0, 100.05)
    assert not pace.is_line_slower(100.1)


def test_silence_is_a_slow_line() -> None:
    pace = Pace()
    pace.opened(0.0)
    pace.add(0.01, 0.3, 0.31)
    assert not pace.is_line_slower(0.4)
    assert pace.is_line_slower(2.0), "nothing came any more"


def test_a_line_that_becomes_slow_is_noticed() -> None:
    pace = Pace()
    for i in range(1000):
        pace.add(0.001, 0.1, i * 0.1)
    assert not pace.is_line_slower(100.0)
    for i in range(200):
        pace.add(0.1, 0.001, 100.0 + i * 0.1)
    assert pace.is_line_slower(120.0)
