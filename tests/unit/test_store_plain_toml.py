"""The small reader of settings: what it reads is what TOML means, and what the program writes it reads."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.store import plain_toml
from launcher.store.settings import REGISTRY, Settings
from tests.depth import part

# Pieces that come close to what the program writes, and go wrong at every place.
PIECES = st.sampled_from(
    ["[", "]", "a", "b", "a.b", "-", "1", "0", "_", ".", "e", "=", " = ", '"', "\\", "\\n", "\\u00e9", "#", "\n", "\r\n", "\r",
     "\t", "true", "false", "é", "\u00a0", "\u2028", "\x00", "'", "{", "[[a]]", "[a]\n", "[b]\n", 'a = "x"\n', "b = 1.50\n"]
)  # fmt: skip


@settings(max_examples=part(3000))
@given(st.lists(PIECES, max_size=14).map("".join))
def test_it_never_reads_anything_else_than_toml_says(text: str) -> None:
    found = plain_toml.tables(text)
    if found is not None:
        assert found == tomllib.loads(text)
        assert [type(v) for t in found.values() for v in t.values()] == [
            type(v) for t in tomllib.loads(text).values() for v in t.values()
        ]


def test_it_reads_what_the_program_writes(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    written = Settings(path)
    for setting in REGISTRY:
        other = {str: 'two\nlines, "quoted", \\ and ü', int: 3, float: 2.25, bool: not setting.default}[
            type(setting.default)
        ]
        written.set(setting, setting.choices[-1] if setting.choices else other)
    found = plain_toml.tables(path.read_text("utf-8"))
    assert found == tomllib.loads(path.read_text("utf-8"))
    assert sum(map(len, found.values())) == len(REGISTRY)


@pytest.mark.parametrize(
    "text", ["a = 1", "[a]\nb = 1\nb = 2", "[a]\n[a]", '[a]\nb = "x" # why', "[a]\nb = -1", "[a]\nb = 010"]
)
def test_the_rest_is_left_to_the_whole_parser(text: str) -> None:
    assert plain_toml.tables(text) is None
