"""One virtual desktop for all end-to-end tests; a hub and a home of its own for each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.desktop import ROOT, App, Desktop, desktop_session
from tests.fakes.gguf_models import SLOW, make_model
from tests.fakes.hub import FakeHub


@pytest.fixture(scope="session")
def desktop() -> Iterator[Desktop]:
    with desktop_session() as session:
        yield session


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A true deepseek2 (MLA, experts) with a real tokenizer and an R1 chat template, slow enough to be stopped."""
    return make_model(tmp_path_factory.mktemp("model") / "model.gguf", shape=SLOW, end_weight=0.0)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub() as server:
        yield server


@pytest.fixture
def environment(desktop: Desktop, hub: FakeHub, own_home: Path) -> dict[str, str]:
    """What the program is started with: its own home, the local hub, the virtual desktop."""
    del own_home  # conftest has pointed LAUNCHER_HOME and HF_HOME there
    kept = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM"}
    return {**kept, **desktop.environment, **hub.environment(), "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}


@pytest.fixture
def recommended(environment: dict[str, str], hub: FakeHub, model_file: Path) -> dict[str, str]:
    """What the planner recommends on this very machine, served by the hub (with our small model's bytes)."""
    answer = subprocess.run(
        [sys.executable, "-m", "launcher", "recommend", "--json"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    plan = json.loads(answer.stdout)["recommended"]
    assert plan, "no model fits the test machine"
    for file in plan["files"]:
        hub.add_file(plan["repo"], file["name"], model_file)
    return {"repo": plan["repo"], "name": plan["short_name"], "quant": plan["quant"], "file": plan["files"][0]["name"]}


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., App]]:
    """Starts the program, `start(disk_bytes=..., has_network=..., NAME=value)`; what is still running at the end of the test is ended."""
    apps: list[App] = []

    def start_app(disk_bytes: int | None = None, has_network: bool = True, **variables: str) -> App:
        app = App({**environment, **variables}, disk_bytes=disk_bytes, has_network=has_network)
        apps.append(app)
        app.wait_for_window()
        return app

    yield start_app
    for app in apps:
        app.kill()
