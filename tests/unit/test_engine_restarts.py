"""An engine that keeps dying is given pauses, and is not started for ever."""

import pytest

from launcher.core.errors import UserError
from launcher.engine.restarts import MOST_CRASHES, WINDOW_S, Restarts


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_pauses_grow_and_then_the_user_decides() -> None:
    clock = _Clock()
    restarts = Restarts(clock)
    assert restarts.pause_s() == 0
    restarts.note_crash()
    assert restarts.pause_s() == 0
    clock.now += 10
    restarts.note_crash()
    assert restarts.pause_s() == 5
    clock.now += 3
    assert restarts.pause_s() == 2
    clock.now += 10
    assert restarts.pause_s() == 0
    restarts.note_crash()
    with pytest.raises(UserError) as caught:
        restarts.pause_s()
    assert caught.value.code == "engine_unstable"
    assert caught.value.why == "It stopped 3 times within 2 minutes."
    assert [s.action for s in caught.value.next_steps] == ["load_again", "choose_model", "copy_report"]


def test_old_crashes_are_forgotten() -> None:
    clock = _Clock()
    restarts = Restarts(clock)
    for _ in range(2 * MOST_CRASHES):
        restarts.note_crash()
    clock.now += WINDOW_S + 1
    assert restarts.pause_s() == 0
