"""`launcher chats` beside a running window: what the window is writing stays its own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.chat.conversation import Conversation, Maker, Message, MessageState
from launcher.core.paths import data_dir
from launcher.store.chats import ChatStore
from launcher.store.ownership import Ownership

_HOLD = """
import sys
from pathlib import Path
from launcher.store.ownership import Ownership
assert Ownership(Path(sys.argv[1])).try_claim()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path() -> Path:
    folder = data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "chats.sqlite"


def _growing(store: ChatStore) -> tuple[Conversation, Message]:
    chat = Maker().conversation()
    chat = chat.with_message(Maker().user_message("Why?", None))
    store.create(chat)
    answer = replace(Maker().answer(chat.leaf_id or "", "R1", "Q4"), text="Because")
    store.save_message(chat.id, answer)
    return chat, answer


def _command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launcher", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ,
    )


def test_an_answer_goes_on_growing_while_the_command_looks_in(path: Path, tmp_path: Path) -> None:
    with closing(ChatStore(path)) as window:
        chat, answer = _growing(window)
        done = _command("chats", "export", chat.id, "--to", str(tmp_path / "c.md"))
        assert done.returncode == 0, done.stderr
        assert "Because" in (tmp_path / "c.md").read_text()
        window.save_message(chat.id, replace(answer, text="Because it"))
        kept = window.load(chat.id)
        assert kept is not None
        assert (kept.path()[-1].text, kept.path()[-1].state) == ("Because it", MessageState.STREAMING)


def test_without_a_window_the_command_ends_what_a_kill_left(path: Path) -> None:
    killed = ChatStore(path)
    chat, _ = _growing(killed)
    killed._db.close()
    killed._ownership.release()  # as the system does for a process that is gone
    with closing(ChatStore(path, is_guest=True)) as store:
        kept = store.load(chat.id)
        assert kept is not None
        assert (kept.path()[-1].text, kept.path()[-1].state) == ("Because", MessageState.STOPPED)


def test_a_damaged_file_is_left_to_the_window(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    with closing(_Claimed(path)):
        done = _command("chats", "list")
        assert done.returncode == 1
        assert "chats.sqlite cannot be opened" in done.stderr
        assert path.read_bytes() == b"no database" * 1000
    done = _command("chats", "list")
    assert done.returncode == 0, done.stderr
    assert path.read_bytes()[:6] == b"SQLite"


@pytest.mark.expected_logs("is held by another program")
def test_the_window_opens_although_a_command_holds_on(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert not Ownership(path).try_claim()
        with closing(ChatStore(path)) as window:
            assert window.list().entries == ()
        other.communicate("")
    free = Ownership(path)
    assert free.try_claim()
    free.release()


class _Claimed:
    """A window that has not opened its file yet."""

    def __init__(self, path: Path) -> None:
        self._ownership = Ownership(path)
        assert self._ownership.try_claim()

    def close(self) -> None:
        self._ownership.release()
