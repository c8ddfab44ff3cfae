"""A fresh machine without any network: the window opens, "Try it now" is pressed, a question is asked and answered rightly."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from launcher.catalog import builtin
from tests.e2e.desktop import App
from tests.e2e.pictures import picture
from tests.e2e.robot import press_key, type_text

Start = Callable[..., App]
TRY = builtin.try_words(builtin.require().size_bytes)


def answers_of(app: App) -> list[str]:
    """What a screen reader reads of each answer, thoughts included."""
    return [node.description for node in app.robot.find_all("Answer")]


def wait_for_answer(app: App, number: int, part: str) -> None:
    """Until the answer of that number (from 1) is complete and holds a text."""
    robot = app.robot
    done = robot.wait_until(lambda: robot.find("Send") and len(answers_of(app)) >= number, 60)
    assert done, robot.tree()
    assert robot.wait_until(lambda: part in answers_of(app)[number - 1], 10), robot.tree()


def test_from_a_start_without_network_to_an_answered_question(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    # The hub is the real one, which nothing can reach.
    app = start(has_network=False, HF_ENDPOINT="https://huggingface.co")
    seconds: dict[str, float] = {"window": time.monotonic() - began}
    robot = app.robot
    robot.wait_for("No connection to the model hub", seconds=60)
    robot.wait_for(TRY, role="push button", seconds=60)
    assert len(robot.find_all(TRY, role="push button")) == 1
    seconds["Try it now can be pressed"] = time.monotonic() - began
    picture("offline-1-home")

    robot.press(TRY)
    robot.wait_for(builtin.PROOF.question, role="push button", seconds=60)
    robot.wait_for(builtin.knows(), seconds=60)
    picture("offline-2-chat")
    robot.press(builtin.PROOF.question)
    # A screen reader's press shows the button pressed for a moment before it counts.
    assert robot.wait_until(lambda: robot.wait_for("Message").text == builtin.PROOF.question, 10), robot.tree()
    robot.wait_for("Message").focus()
    press_key("Return")
    wait_for_answer(app, 1, builtin.PROOF.answer)
    seconds["first question answered"] = time.monotonic() - began
    picture("offline-3-answered")

    robot.wait_for("Message").focus()
    type_text(builtin.EXAMPLES[0])
    press_key("Return")
    wait_for_answer(app, 2, "4")
    picture("offline-4-guide")
    assert robot.find(contains=builtin.knows()), "the label stays"
    with capsys.disabled():
        print("\nFirst start without a network, seconds from the start of the process:")
        print("\n".join(f"  {what:28} {taken:5.1f}" for what, taken in seconds.items()))
    assert app.close() == 0
