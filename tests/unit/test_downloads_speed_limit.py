"""Speed limits: the rate over time, fairness, live changes and early returns, on a clock that the tests wind."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.core.errors import BugError
from launcher.downloads.queue.speed_limit import SpeedLimit


class Clock:
    """Time passes only while somebody waits."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Stop(threading.Event):
    """A stop whose waiting winds the clock; set at `at_s`, and calls `then` before each wait."""

    def __init__(self, clock: Clock, at_s: float = float("inf")) -> None:
        super().__init__()
        self._clock, self._at_s, self.waits = clock, at_s, 0

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert timeout > 0, "a busy loop"
        self.waits += 1
        self._clock.now_s += timeout
        if self._clock.now_s >= self._at_s:
            self.set()
        return self.is_set()


@given(
    rate=st.integers(1_000, 10**9),
    pieces=st.lists(st.integers(1, 10**7), min_size=1, max_size=40),
)
def test_rate_is_kept_whatever_the_pieces(rate: int, pieces: list[int]) -> None:
    clock = Clock()
    limit, stop, began = SpeedLimit(rate, clock=clock), Stop(clock), clock.now_s
    if sum(pieces) / rate > 500:
        pieces = pieces[:1]
    for piece in pieces:
        limit.take(piece, stop)
    passed = clock.now_s - began
    # The last piece need not be paid for yet, and a quarter of a second may be saved up.
    assert passed >= sum(pieces[:-1]) / rate - 0.25 - 0.002
    assert passed <= sum(pieces[:-1]) / rate + 1e-6


def test_no_limit_never_waits() -> None:
    clock = Clock()
    stop = Stop(clock)
    limit = SpeedLimit(None, parent=SpeedLimit(None, clock=clock), clock=clock)
    for _ in range(1000):
        limit.take(10**9, stop)
    assert stop.waits == 0


def test_idle_time_is_not_saved_up() -> None:
    clock = Clock()
    limit, stop = SpeedLimit(1_000_000, clock=clock), Stop(clock)
    clock.now_s += 3600
    began = clock.now_s
    for _ in range(20):
        limit.take(100_000, stop)
    assert clock.now_s - began >= 1.6


def test_limit_of_the_parent_holds_for_all_children_together() -> None:
    clock = Clock()
    stop, began = Stop(clock), clock.now_s
    parent = SpeedLimit(1_000_000, clock=clock)
    children = [SpeedLimit(None, parent, clock), SpeedLimit(800_000, parent, clock)]
    for i in range(40):
        children[i % 2].take(100_000, stop)
    assert 3.6 <= clock.now_s - began <= 4.0


def test_change_reaches_who_is_waiting() -> None:
    clock = Clock()
    limit = SpeedLimit(1_000, clock=clock)

    class Impatient(Stop):
        def wait(self, timeout: float | None = None) -> bool:
            if self.waits == 4:
                limit.set(None)
            return super().wait(timeout)

    stop, began = Impatient(clock), clock.now_s
    limit.take(1_000_000, stop)
    limit.take(1, stop)
    assert clock.now_s - began <= 1.5, "it would have been 1000 s"
    limit.set(1_000_000)
    for _ in range(5):
        limit.take(1_000_000, stop)
    assert clock.now_s - began >= 4


def test_stopped_returns_early_and_takes_nothing_from_the_others() -> None:
    clock = Clock()
    limit = SpeedLimit(1_000, clock=clock)
    limit.take(2_000, Stop(clock))
    began = clock.now_s
    limit.take(10**9, Stop(clock, at_s=began + 1))
    assert clock.now_s - began <= 1.3
    limit.take(1, Stop(clock))
    assert clock.now_s - began <= 2.1, "only the first piece had to be paid for"


def test_stopped_before_it_asks() -> None:
    clock = Clock()
    limit = SpeedLimit(1, clock=clock)
    limit.take(10**9, Stop(clock))
    stop = Stop(clock, at_s=0)
    limit.take(10**9, stop)
    assert stop.waits == 1


@pytest.mark.parametrize("wrong", [0, -1])
def test_limit_of_nothing_is_a_bug(wrong: int) -> None:
    with pytest.raises(BugError):
        SpeedLimit(wrong)


def test_threads_get_equal_shares() -> None:
    limit, stop = SpeedLimit(8_000_000), threading.Event()
    taken = [0] * 4

    def take(i: int) -> None:
        while not stop.is_set():
            limit.take(20_000, stop)
            taken[i] += 20_000

    threads = [threading.Thread(target=take, args=(i,)) for i in range(4)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while sum(taken) < 4_000_000:
        time.sleep(0.01)
    seconds = time.monotonic() - began
    stop.set()
    for thread in threads:
        thread.join()
    assert seconds > 0.2, "half a second's worth, a quarter of it saved up"
    assert min(taken) > 0.5 * max(taken)
