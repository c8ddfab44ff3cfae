"""Where files go: `LAUNCHER_HOME` moves all of ours, the hub's variables move the weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.core import paths

_OURS = (paths.data_dir, paths.config_dir, paths.cache_dir, paths.log_dir)


def test_launcher_home_moves_everything_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAUNCHER_HOME", str(tmp_path / "portable"))
    places = {place() for place in _OURS}
    assert len(places) == len(_OURS)
    assert all(place.is_dir() and place.parent == tmp_path / "portable" for place in places)


def test_without_it_the_systems_folders_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAUNCHER_HOME")
    for place in _OURS:
        assert "launcher-for-deepseek" in place().parts
        assert place().is_relative_to(Path.home()), "the test's own home, never the person's"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HUB_CACHE": "a", "HF_HOME": "b", "LAUNCHER_HOME": "c"}, "a"),
        ({"HF_HOME": "b", "LAUNCHER_HOME": "c"}, "b/hub"),
        ({"LAUNCHER_HOME": "c"}, "c/huggingface/hub"),
        ({"XDG_CACHE_HOME": "d"}, "d/huggingface/hub"),
        ({}, "home/.cache/huggingface/hub"),
    ],
)
def test_weights_go_where_the_hub_client_would_put_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("HF_HUB_CACHE", "HF_HOME", "LAUNCHER_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    assert paths.hub_cache_dir() == tmp_path / expected


def test_resources_lie_beside_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert paths.resource("x", "y.svg") == Path(__file__).resolve().parents[2] / "resources" / "x" / "y.svg"
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert paths.resource("x") == tmp_path / "resources" / "x"
