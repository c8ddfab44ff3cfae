"""Downloads in a real window: a queue that survives a kill, a full disk, a gated repository, a proxy with a password."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.core.paths import config_dir
from tests.e2e.desktop import App
from tests.e2e.pictures import picture
from tests.e2e.robot import press_key, type_text
from tests.fakes.hub import FakeHub, Fault
from tests.fakes.proxy import ForwardProxy

Start = Callable[..., App]
OWNER = "friends"
HARDLY, FREELY = 2e5, 1e9
"""Bytes a second: what is seen while a download runs does not depend on how fast the machine looks."""
MODELS = {"R1-Distill-Qwen-7B": "Q4_K_M", "R1-0528-Qwen3-8B": "Q8_0", "Coder-V2-Lite-Instruct": "Q4_K_M"}


@pytest.fixture
def links(hub: FakeHub, model_file: Path) -> list[str]:
    """Three repositories, each a link to paste."""
    for name, quant in MODELS.items():
        hub.add_file(f"{OWNER}/{name}-GGUF", f"{name}-{quant}.gguf", model_file)
    return [f"{hub.endpoint}/{OWNER}/{name}-GGUF/resolve/main/{name}-{q}.gguf" for name, q in MODELS.items()]


def add_link(app: App, link: str) -> None:
    robot = app.robot
    robot.press("Add a link…")
    robot.wait_for("Link or name").focus()
    type_text(link)
    press_key("Return")
    robot.press(contains="Download · ", role="push button")
    assert robot.wait_until(lambda: robot.find("Link or name") is None)
    app.focus()


def test_a_queue_of_three_survives_a_kill(start: Start, hub: FakeHub, links: list[str], model_file: Path) -> None:
    slow = hub.fail(Fault("throttle_total", times=None, rate_bytes_s=HARDLY))
    app = start()
    app.robot.press("Downloads")
    for link in links:
        add_link(app, link)
    app.robot.wait_for(contains="2 running, 1 waiting")
    slow.rate_bytes_s = 6e6
    assert app.robot.wait_until(lambda: hub.sent_bytes() > 25_000_000, 60)
    slow.rate_bytes_s = HARDLY
    picture("downloads-queue")
    app.kill()

    again = start()
    robot = again.robot
    robot.press("Downloads")
    robot.wait_for(contains="2 running, 1 waiting", seconds=60)  # by themselves
    slow.rate_bytes_s = FREELY
    assert robot.wait_until(lambda: len(robot.find_all(contains="sha256 matches")) == len(MODELS), 90), robot.tree()
    assert hub.sent_bytes() < 1.15 * 3 * model_file.stat().st_size, "nothing is fetched twice"
    robot.press("Show: On this PC")
    robot.wait_for(contains="3 models")
    picture("library")
    assert again.close() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has the same name on the bus inside a user namespace")
def test_a_full_disk_pauses_until_there_is_room(start: Start, hub: FakeHub, links: list[str]) -> None:
    app = start(disk_bytes=80_000_000)
    hub_cache = Path(os.environ["HF_HOME"])
    other = app.path_inside(hub_cache) / "a film of somebody.mkv"
    other.write_bytes(bytes(48_000_000))
    robot = app.robot
    robot.press("Downloads")
    add_link(app, links[0])
    robot.wait_for(contains="too little disk space")
    robot.wait_for(contains="It goes on by itself when there is room.")
    picture("downloads-disk-full")
    other.unlink()
    robot.wait_for(contains="sha256 matches", seconds=60)
    assert app.close() == 0


def test_a_gated_repository_opens_with_a_token(start: Start, hub: FakeHub, recommended: dict[str, str]) -> None:
    hub.gate(recommended["repo"], "hf_friends")
    app = start()
    robot = app.robot
    robot.press(contains="Download and chat · ", seconds=60)
    robot.press("Downloads")
    robot.wait_for(contains="accept terms first")
    picture("downloads-gated")
    robot.press(contains="Enter access token…")
    robot.wait_for("Access token").focus()
    type_text("hf_friends")
    robot.press("Keep it and go on")
    robot.press("Close")  # it has said where the token is kept
    assert robot.wait_until(lambda: robot.find("Access token") is None)
    app.focus()
    robot.wait_for(contains=", ready", role="push button", seconds=90)
    assert not hub.leaks(), "the token goes to the hub, never to the storage host"
    assert app.close() == 0
    assert "hf_friends" not in "".join(p.read_text("utf-8", "replace") for p in config_dir().rglob("*") if p.is_file())


def test_a_proxy_that_begins_to_ask_for_a_password(start: Start, hub: FakeHub, links: list[str]) -> None:
    hub.fail(Fault("cut", after_bytes=20_000_000))
    slow = hub.fail(Fault("throttle", rate_bytes_s=HARDLY, times=None))
    with ForwardProxy() as proxy:
        (config_dir() / "settings.toml").write_text(f'[network]\nproxy = "{proxy.url}"\n', "utf-8")
        app = start(NO_PROXY="<-loopback>", no_proxy="<-loopback>")
        robot = app.robot
        robot.press("Downloads")
        add_link(app, links[0])
        robot.wait_for(contains=" left")
        proxy.user, proxy.password = "ann", "pencil"
        slow.rate_bytes_s = FREELY
        robot.wait_for(contains="asks for a password", seconds=60)
        picture("downloads-proxy")
        hub.heal()
        robot.press(contains="Enter the proxy's password")
        robot.wait_for("Proxy user").focus()
        picture("settings-proxy")
        type_text("ann\tpencil\n")
        robot.press("Downloads")
        robot.wait_for(contains="sha256 matches", seconds=60)
        assert app.close() == 0
    written = "".join(p.read_text("utf-8", "replace") for p in config_dir().rglob("*") if p.is_file())
    assert "ann" in written
    assert "pencil" not in written
