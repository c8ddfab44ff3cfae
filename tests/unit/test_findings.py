"""Small files of what was found out about the computer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launcher.core.paths import data_dir
from launcher.engine.findings import keep_finding, read_finding, write_json

NAME = "found.json"


def test_a_finding_is_read_as_it_was_kept() -> None:
    assert read_finding(NAME, dict[str, int]) is None
    keep_finding(NAME, {"a": 1})
    keep_finding(NAME, {"a": 2, "ß": 3})
    assert read_finding(NAME, dict[str, int]) == {"a": 2, "ß": 3}
    assert [p.name for p in data_dir().iterdir()] == [NAME]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": "1"}', "[" * 100_000, "\udcff"])
def test_a_damaged_file_counts_as_none(text: str) -> None:
    (data_dir() / NAME).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read_finding(NAME, dict[str, int]) is None


def test_a_write_that_fails_leaves_the_old_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    keep_finding(NAME, {"a": 1})
    monkeypatch.setattr(os, "replace", no_room)
    with pytest.raises(OSError, match="No space"):
        write_json(data_dir() / NAME, {"a": 2})
    keep_finding(NAME, {"a": 3})  # only logged
    assert read_finding(NAME, dict[str, int]) == {"a": 1}
    assert [p.name for p in data_dir().iterdir()] == [NAME]
