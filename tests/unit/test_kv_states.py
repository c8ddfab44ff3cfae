"""The folder of saved states: names that stay inside, a cap, and who goes first."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.engine import kv_states
from launcher.engine.kv_states import LEFT_FREE_BYTES, PART_SUFFIX, StateFolder


def put(folder: StateFolder, chat: str, size: int, used_at: float) -> Path:
    path = folder.path(chat)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (used_at, used_at))
    return path


@given(st.text(), st.text())
def test_a_name_stays_in_the_folder_and_belongs_to_one_chat(one: str, other: str) -> None:
    folder = StateFolder(Path("/data/states"), 0)
    path = folder.path(one)
    assert path.parent == folder.folder
    assert path.name.isascii()
    assert (path == folder.path(other)) == (one == other)


def test_those_longest_unused_make_room(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "states", 1000)
    a, b, c = (put(folder, chat, 400, used_at) for chat, used_at in (("a", 30), ("b", 10), ("c", 20)))
    stranger = tmp_path / "states" / "notes.txt"
    stranger.write_text("not ours")
    left_over = tmp_path / "states" / f"61{PART_SUFFIX}"
    left_over.write_bytes(b"half a state")
    assert folder.make_room(500, folder.path("d"))
    assert [f.exists() for f in (a, b, c)] == [True, False, False]
    assert stranger.exists()
    assert not left_over.exists()


def test_the_one_that_is_written_anew_does_not_count(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "states", 1000)
    a, b = put(folder, "a", 400, 10), put(folder, "b", 400, 20)
    assert folder.make_room(600, a)
    assert (a.exists(), b.exists()) == (True, True)


def test_what_is_larger_than_the_cap_is_not_written_and_costs_nobody(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "states", 1000)
    a = put(folder, "a", 400, 10)
    assert not folder.make_room(1001, folder.path("b"))
    assert a.exists()


def test_a_small_disk_lowers_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = StateFolder(tmp_path / "states", 10**12)
    usage = shutil.disk_usage(tmp_path)
    free = LEFT_FREE_BYTES + 1000

    def nearly_full(path: object) -> object:
        return usage._replace(free=free)

    monkeypatch.setattr(kv_states.shutil, "disk_usage", nearly_full)
    assert folder.make_room(1000, folder.path("a"))
    assert folder.missing_bytes(1000) == 0
    assert not folder.make_room(1001, folder.path("a"))  # the last GiB is for others
    assert folder.missing_bytes(1001) == 1
    free = 3000
    assert not folder.make_room(800, folder.path("a"))
    assert folder.missing_bytes(800) == LEFT_FREE_BYTES + 800 - 3000
    free = 10 * LEFT_FREE_BYTES
    assert folder.missing_bytes(3 * LEFT_FREE_BYTES) == 2 * LEFT_FREE_BYTES, "a quarter of the disk"
    assert StateFolder(tmp_path / "states", 700).missing_bytes(800) == 0, "the cap is a wish, not a lack"
    monkeypatch.undo()
    assert StateFolder(tmp_path / "away", 10**12).missing_bytes(800) == 0


def test_forgetting(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "states", 1000)
    folder.forget("a")  # nothing there: nothing to complain about
    folder.clear()
    assert (folder.total_bytes(), folder.count()) == (0, 0)
    paths = [put(folder, chat, 100, 10) for chat in "abcd"]
    secret = tmp_path / "states" / "secret"
    secret.write_bytes(b"s" * 32)
    assert (folder.total_bytes(), folder.count()) == (400, 4)
    folder.forget("a")
    folder.keep_only({"b", "c", "z"})
    assert [p.exists() for p in paths] == [False, True, True, False]
    StateFolder(folder.folder, 150).trim()
    assert folder.count() == 1
    folder.clear()
    assert folder.count() == 0
    assert secret.exists()


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
def test_only_the_user_may_look(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "a" / "states", 1000)
    assert folder.make_room(1, folder.path("a"))
    assert folder.folder.stat().st_mode & 0o777 == 0o700
