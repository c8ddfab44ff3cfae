"""The whole main job in a real window, driven by accessible names: see, download, load, ask, stop, come back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from tests.e2e.desktop import App
from tests.e2e.pictures import picture
from tests.e2e.robot import press_key, type_text
from tests.fakes.hub import FakeHub, Fault

Start = Callable[[], App]
Recommended = dict[str, str]
HARDLY, FREELY = 2e5, 1e9
"""Bytes a second: what is seen while a download runs does not depend on how fast the machine looks."""
QUESTION = "How do you work on my own computer?"


def download_and_load(app: App) -> None:
    app.robot.press(contains="Download and chat · ", seconds=60)
    app.robot.wait_for(contains=", ready", role="push button", seconds=60)


def ask(app: App, question: str) -> None:
    app.robot.wait_for("Message").focus()
    type_text(question)
    press_key("Return")


def answer_of(app: App) -> str:
    """What a screen reader reads of the answer, reasoning included."""
    node = app.robot.find("Answer")
    return "" if node is None else node.description


def wait_for_answer(app: App, words: int = 4) -> None:
    assert app.robot.wait_until(lambda: len(answer_of(app).split()) >= words, 60), app.robot.tree()


def test_from_first_start_to_a_chat_that_is_still_there(start: Start, hub: FakeHub, recommended: Recommended) -> None:
    slow = hub.fail(Fault("throttle", times=None, rate_bytes_s=HARDLY))
    hub.fail(Fault("cut", after_bytes=6_000_000))
    hub.fail(Fault("reset", after_bytes=9_000_000))

    app = start()
    robot = app.robot
    robot.wait_for("Your PC can run DeepSeek", seconds=60)
    robot.wait_for(contains="Download and chat · ", seconds=60)
    assert robot.find(contains=recommended["name"])
    assert robot.find(contains="tokens/s")
    picture("1-first-start")

    robot.press(contains="Download and chat · ")
    robot.wait_for(contains=" left", seconds=30)
    picture("2-downloading")
    robot.press("Downloads")
    robot.wait_for(contains="Pause all")
    picture("3-downloads")
    slow.rate_bytes_s = FREELY

    robot.wait_for(contains=", ready", role="push button", seconds=90)
    resumes = [request.range for request in hub.gets() if request.range]
    assert len(resumes) >= 2, "both cuts must be continued, not restarted"
    assert hub.sent_bytes(recommended["file"]) < 1.2 * 52_495_104
    picture("4-loaded")

    ask(app, QUESTION)
    robot.wait_for("Stop")
    wait_for_answer(app, words=12)
    assert robot.wait_until(lambda: robot.find(contains="tokens/s"), 10)
    picture("5-answering")
    assert robot.wait_until(lambda: any("KV cache" in bar.name for bar in robot.find_all(contains="RAM, ")), 10)
    robot.press("Stop")
    robot.wait_for("Send")
    robot.wait_for(contains="stopped · ")
    picture("6-stopped")
    before = answer_of(app)

    assert app.close() == 0
    assert not app.engine_pids()

    again = start()
    again.robot.press("Chat")
    title = again.robot.wait_for(contains=QUESTION.split(" on")[0], role="list item")
    title.click()
    wait_for_answer(again)
    assert answer_of(again).split()[:8] == before.split()[:8]
    picture("7-after-a-restart")
    assert again.close() == 0


def test_the_engine_killed_while_it_loads(start: Start, recommended: Recommended) -> None:
    app = start()
    app.robot.press(contains="Download and chat · ", seconds=60)
    pid = app.loading_pid(seconds=60)
    os.kill(pid, signal.SIGSTOP)
    app.robot.wait_for("Cancel loading")
    os.kill(pid, signal.SIGKILL)

    app.robot.wait_for(contains="signal 9")
    picture("8-killed-while-loading")
    assert app.process.poll() is None
    app.robot.press("Load again")
    app.robot.wait_for(contains=", ready", role="push button", seconds=60)
    assert app.close() == 0


def test_the_engine_killed_while_it_answers(start: Start, recommended: Recommended) -> None:
    app = start()
    download_and_load(app)
    ask(app, QUESTION)
    wait_for_answer(app)
    so_far = answer_of(app).split()[:4]
    os.kill(app.engine_pids()[-1], signal.SIGKILL)

    app.robot.wait_for(contains="signal 9")
    picture("9-killed-while-answering")
    assert answer_of(app).split()[:4] == so_far, "what was written stays"
    app.robot.press("Load again")
    app.robot.wait_for(contains=", ready", role="push button", seconds=60)
    ask(app, "And now?")
    app.robot.wait_for("Stop")
    wait_for_answer(app)
    app.robot.press("Stop")
    app.robot.wait_for("Send")
    assert app.close() == 0


def test_the_program_killed_in_a_download_goes_on_where_it_was(
    start: Start, hub: FakeHub, recommended: Recommended
) -> None:
    slow = hub.fail(Fault("throttle_total", times=None, rate_bytes_s=HARDLY))
    app = start()
    app.robot.press(contains="Download and chat · ", seconds=60)
    app.robot.wait_for(contains=" left", seconds=30)
    slow.rate_bytes_s = 6e6
    assert app.robot.wait_until(lambda: hub.sent_bytes(recommended["file"]) > 10_000_000, 30)
    app.kill()

    slow.rate_bytes_s = FREELY
    again = start()
    again.robot.press("Downloads")
    again.robot.wait_for(contains="sha256 matches", seconds=60)  # by itself
    assert hub.sent_bytes(recommended["file"]) < 1.3 * 52_495_104
    again.robot.press(contains="Chat with ")
    again.robot.wait_for(contains=", ready", role="push button", seconds=60)
    assert again.close() == 0
