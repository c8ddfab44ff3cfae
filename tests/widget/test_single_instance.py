"""One window per user, with real processes: files are handed over, also while the first one opens, ends or was killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from pytestqt.qtbot import QtBot

from launcher.app.single_instance import Instance
from launcher.app.start_channel import server_name
from launcher.app.start_request import Start, start_of

ROOT = Path(__file__).resolve().parents[2]

# Claims as the program does and says what came of it; while it is the one it prints what others start with.
CHILD = """
import json, sys
from PySide6.QtCore import QCoreApplication
from launcher.app.single_instance import Instance
from launcher.app.start_request import start_of
app = QCoreApplication([])
instance = Instance()
def say(what): print(json.dumps(what), flush=True)
is_first = instance.claim(start_of(sys.argv[1:]))
say(is_first)
if is_first:
    instance.other_started.connect(lambda start: say([list(start.files), start.activation_token]))
    instance.listen()
    app.exec()
"""


class Child:
    """One start of the program, without a window."""

    def __init__(self, *arguments: str, cwd: Path = ROOT, **variables: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        command = [sys.executable, "-c", CHILD, *arguments]
        self.process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True)

    @property
    def _out(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def says(self) -> object:
        """The next thing that it says; a test that waits in vain ends by its time limit."""
        line = self._out.readline()
        assert line, "it ended without a word"
        return json.loads(line)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(30)
        self._out.close()


@pytest.fixture
def start(own_home: Path) -> Iterator[Callable[..., Child]]:
    del own_home
    children: list[Child] = []

    def begin(*arguments: str, cwd: Path = ROOT, **variables: str) -> Child:
        child = Child(*arguments, cwd=cwd, **variables)
        children.append(child)
        return child

    yield begin
    for child in children:
        child.end()


def test_a_second_start_gives_its_files_to_the_first(start: Callable[..., Child], tmp_path: Path) -> None:
    first = start()
    assert first.says() is True
    names = ["a model.gguf", (tmp_path / "ü 100%.gguf").as_uri(), "../up.gguf"]
    second = start(*names, cwd=tmp_path, XDG_ACTIVATION_TOKEN="token of the desktop")
    assert second.says() is False
    expected = [str(tmp_path / "a model.gguf"), str(tmp_path / "ü 100%.gguf"), f"{tmp_path}/../up.gguf"]
    assert first.says() == [expected, "token of the desktop"]
    assert second.process.wait(30) == 0


def test_of_many_starts_at_once_one_opens(start: Callable[..., Child]) -> None:
    children = [start(f"/{n}.gguf") for n in range(6)]
    answers = [child.says() for child in children]
    assert sorted(map(str, answers)) == ["False"] * 5 + ["True"]
    winner = answers.index(True)
    taken = [children[winner].says() for _ in range(5)]
    assert sorted(map(str, taken)) == [f"[['/{n}.gguf'], '']" for n in range(6) if n != winner]


def test_a_killed_one_is_no_obstacle(start: Callable[..., Child]) -> None:
    first = start()
    assert first.says() is True
    first.end()
    assert start().says() is True


def test_two_homes_are_two_programs(start: Callable[..., Child], tmp_path: Path) -> None:
    assert start().says() is True
    assert start(LAUNCHER_HOME=str(tmp_path / "portable")).says() is True


def test_while_one_ends_the_next_waits_for_its_turn(start: Callable[..., Child], own_home: Path, qtbot: QtBot) -> None:
    del own_home, qtbot
    ending = Instance()
    assert ending.claim(Start())
    ending.close()  # it takes no more starts, and still writes
    next_one = start()
    with pytest.raises(subprocess.TimeoutExpired):
        next_one.process.wait(2)
    ending.release()
    assert next_one.says() is True
    ending.deleteLater()


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", "nonsense", '{"v": 1, "arguments": ["/x.gguf"]}', '{"v": 2, "files": 3}']
)
def test_what_is_no_start_is_not_answered(line: str, own_home: Path, qtbot: QtBot) -> None:
    from PySide6.QtNetwork import QLocalSocket

    del own_home
    instance = Instance()
    seen: list[Start] = []
    instance.other_started.connect(seen.append)
    assert instance.claim(Start())
    instance.listen()
    stranger = QLocalSocket()

    def is_connected() -> bool:
        if stranger.state() is QLocalSocket.LocalSocketState.UnconnectedState:
            stranger.connectToServer(server_name())
        return stranger.state() is QLocalSocket.LocalSocketState.ConnectedState

    qtbot.waitUntil(is_connected, timeout=10_000)
    with qtbot.waitSignal(stranger.disconnected, timeout=10_000):
        stranger.write(line.encode() + b"\n")
    assert (seen, stranger.readAll().data()) == ([], b"")
    instance.close()
    instance.release()
    instance.deleteLater()


def test_names_are_taken_from_where_the_program_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XDG_ACTIVATION_TOKEN", raising=False)
    assert start_of(["x.gguf"]) == Start((str(tmp_path / "x.gguf"),), "")
    assert start_of([]) == Start()
